"""What compiling costs: a long playbook against PyYAML's own C parse of the same file, and proofs as plans grow.

Parsing is `yaml.load` with CSafeLoader: what anyone gets who reads the file, libyaml's events made into nodes, and these
into Python's own values. `yaml.compose` stops at the nodes, every scalar still text, as the compiler's own reading leaves
it. Times are the processor's. Expressions that were read before are forgotten before each compile, as a check begins in a
process of its own. The collector of cycles is as Python has it; the compiler lets it rest while it works.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import yaml

from bench.measures import Figure, Spread, ratio
from firedoor.compiler import grammar
from firedoor.compiler.book import compile_book
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.proofs.proving import prove
from firedoor.compiler.scope import settle
from firedoor.plan.expression import And, InputValue, Prose, RunField, StepIs
from firedoor.plan.model import Action, Clock, Commander, Input, Plan, SeverityRule
from firedoor.plan.steps import Approve, Consequence, Contain, Seat, Step, Task
from firedoor.plan.text import Text
from firedoor.plan.time import Span
from firedoor.plan.who import Who

LINES: Final = 4_000
SIZES: Final = (100, 1_000, 10_000)
"""Steps of plans; one in 25 is an approval."""

BOOK: Final = {
    path.relative_to(Path(__file__).parent / "book").as_posix(): path.read_bytes()
    for path in sorted((Path(__file__).parent / "book").rglob("*.yaml"))
    if path.name in ("organization.yaml", "actions.yaml")
}
_HEAD = """playbook: long
version: "1"
owner: crt
title: A long response
use_when: Never.
inputs:
  accounts: {type: list of account, at_least: 1, at_most: 100}
  kind: {type: choice, choices: [fraud, threat], default: fraud}
  live: {type: yes_no, default: no}
severity:
  sev1: live or accounts | count > 10
  sev2: kind is threat
  sev3: otherwise
steps:
"""
_PART = """  - notify: [crt.on_shift, policy]
    say: "Part {n} begins: {{{{ accounts | count }}}} accounts, {{{{ severity }}}}"
  - approve: Lock part {n}
    id: lock_{n}
    needs: [{{team: policy}}, {{role: commander, when: severity is sev1}}]
    show: [accounts, kind]
    deadline: 1h
    escalate: 30m
    on_reject: continue
    on_timeout: ask policy.manager
  - contain: lock_account
    id: locked_{n}
    targets: accounts
    with: {{reason: "Part {n}, {{{{ kind }}}}", level: 2}}
    expires: 14 days
    on_expiry: ask policy
    when: lock_{n} is approved and not live
  - parallel: Do part {n}
    steps:
      - task: Find out how they got in
        assign: crt.on_shift
        due: 4h
        on_timeout: ask crt.manager
      - {{wait: 10m, when: kind is threat and locked_{n} is done}}
"""


def long_book(lines: int) -> dict[str, bytes]:
    """A book with one playbook of at least so many lines."""
    parts = -(-(lines - _HEAD.count("\n")) // _PART.count("\n"))
    return {**BOOK, "long.yaml": (_HEAD + "".join(_PART.format(n=n) for n in range(parts))).encode()}


def long_plan(steps: int) -> Plan:
    """A plan of so many steps, one in 25 an approval that the acts behind it require; a clock is met by the last."""
    legal, words = Who(kind="team", name="legal"), Text(by_language={"*": Prose(of=("so",))})
    ask = Consequence(kind="ask", asks=legal)
    freeze = Action(name="freeze", does="so", connector="c", call="c", undo="u", requires=(Seat(who=legal),))
    lock = Action(name="lock", does="so", target="account", connector="c", call="c", undo="u")
    accounts = InputValue(name="accounts", type="account", listed=True)
    made: list[Step] = []
    approval = 0
    for number in range(steps):
        path, at, approved = str(number), f"p:{number}", StepIs(step=str(approval), outcome="approved")
        kind = "task" if number == steps - 1 else ("freeze", "lock", "task")[number % 3] if number % 25 else "approve"
        match kind:
            case "approve":
                approval = number
                go_on, needs = Consequence(kind="continue"), (Seat(who=legal),)
                made.append(
                    Approve(path=path, at=at, question=words, needs=needs, deadline=60, on_reject=go_on, on_timeout=ask)
                )
            case "freeze":
                made.append(Contain(path=path, at=at, action="freeze", when=approved))
            case "lock":
                when = And(of=(approved, InputValue(name="live", type="yes_no")))
                made.append(Contain(path=path, at=at, action="lock", targets=accounts, when=when))
            case _:
                meets = ("breach",) if number == steps - 1 else ()
                due = Span(seconds=60)
                made.append(Task(path=path, at=at, words=words, assign=legal, due=due, on_timeout=ask, meets=meets))
    actions = {"freeze": freeze, "lock": lock}
    return Plan(
        playbook="long",
        version="1",
        owner="crt",
        title=words,
        use_when="Never.",
        at="p:1",
        languages=("en",),
        zones={},
        inputs=(Input(name="accounts", type="account", listed=True, at_least=1), Input(name="live", type="yes_no")),
        severity=(SeverityRule(severity="sev3"),),
        clocks=(Clock(name="breach", kind="standard", limit=10**8, law="so", starts=RunField(field="aware_at")),),
        steps=settle(tuple(made), actions, lambda *_: None),
        commander=Commander(source=legal, answers_within=300),
        actions=actions,
    )


class Compiling:
    """Measures in rounds, one of each thing in turn."""

    def __init__(self, lines: int = LINES, sizes: Sequence[int] = SIZES) -> None:
        self.lines, self.sizes = lines, sizes
        self.book = long_book(lines)
        self.plans = [long_plan(size) for size in sizes]
        self.compiled: list[float] = []
        self.loaded: list[float] = []
        self.composed: list[float] = []
        self.proved: list[list[float]] = [[] for _ in sizes]

    def round(self) -> None:
        text = self.book["long.yaml"].decode()
        self.loaded.append(_milliseconds(lambda: yaml.load(text, Loader=yaml.CSafeLoader)))
        self.composed.append(_milliseconds(lambda: yaml.compose(text, Loader=yaml.CSafeLoader)))
        grammar.parse.cache_clear()
        self.compiled.append(_milliseconds(lambda: compile_book(Path("book"), self.book)))
        for plan, found in zip(self.plans, self.proved, strict=True):
            found.append(_milliseconds(partial(_prove, plan)))

    def figures(self) -> tuple[Figure, ...]:
        rows = [
            Figure(name=f"compile {self.lines:,} lines, ms", value=Spread.of(self.compiled)),
            Figure(name="yaml.load of them, in C, ms", value=Spread.of(self.loaded)),
            Figure(name="compile ÷ yaml.load", value=ratio(self.compiled, self.loaded)),
            Figure(name="compile ÷ yaml.compose", value=ratio(self.compiled, self.composed)),
        ]
        for size, found in zip(self.sizes, self.proved, strict=True):
            rows.append(Figure(name=f"proofs of {size:,} steps, ms", value=Spread.of(found)))
        for number in range(1, len(self.sizes)):
            before, size = self.sizes[number - 1], self.sizes[number]
            grown = [value * before / size for value in self.proved[number]]
            name = f"a step's proof, {size:,} ÷ {before:,}"
            rows.append(Figure(name=name, value=ratio(grown, self.proved[number - 1])))
        return tuple(rows)


def _prove(plan: Plan) -> None:
    settle(plan.steps, plan.actions, lambda *_: None)
    prove(plan, None, {}, Findings())


def _milliseconds(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1_000
