"""Sound books, made at random as an author would write them: every verb, every type of input, expressions, clocks,
sub-playbooks, loops, messages, several languages.

A made playbook stands in the book of the corpus (`tests.compiler.corpus`), beside its `statement`. Whatever is drawn
compiles without a finding: conditions on one path are about different things, silences ask, and clocks are met first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from tests.compiler.corpus import BASE

MADE = "made.yaml"
SHARED = {name: data for name, data in BASE.items() if name not in ("takeover.yaml", "order.yaml")}

_DEFAULTS = {
    "text": "Something",
    "number": "3",
    "yes_no": "no",
    "choice": "fraud",
    "date_time": "2026-03-04T02:45:00+00:00",
    "duration": "30m",
    "url": "https://platform.example/x",
    "email": "someone@platform.example",
    "document": "CASE-1",
    "country": "IE",
    "language": "de",
    "account": "'@a'",
    "content": "post-1",
    "person": "ana",
}
GIVEN: dict[str, object] = {
    **{kind: text.strip("'") for kind, text in _DEFAULTS.items()},
    "number": 3,
    "yes_no": True,
    "duration": 1800,
}
"""A value of each type, as a launch gives it."""
_CONDITIONS = {
    "text": ["{} == 'Something'", "{} | lower == 'something'", "{} != 'x'"],
    "number": ["{} > 3", "{} + 1 <= 40", "not {} == 7", "2 < {} < 90", "{} % 2 == 0"],
    "yes_no": ["{}", "not {}"],
    "choice": ["{} is threat", "{} != fraud", "{} in [fraud, other]"],
    "date_time": ['{} < run.launched_at - "2h"', "{} > run.aware_at", '{} + "1h" > "2026-03-04T02:45:00+00:00"'],
    "duration": ['{} > "30m"', '{} * 2 < "2 days"'],
    "country": ["{} is IN", "{} in [US, DE]", "{} != NZ"],
    "language": ["{} == en", "{} in [de, ja]"],
}
_OF_A_LIST = ["{} | count > 2", "{} | first == {} | last", "{} | unique | count != 1"]
_ENDS = ["ask commander", "ask legal.manager", "leave", "stop", "undo all"]
_WORDS = ["Verify the owner", "Tell them: now", "Ask, and write it down", "Look {{ severity }}", "日本に知らせる"]


@dataclass
class Book:
    files: dict[str, bytes]
    inputs: dict[str, tuple[str, bool]]
    """Name → type, whether it is a list."""

    @property
    def text(self) -> str:
        return self.files[MADE].decode()

    def given(self) -> dict[str, object]:
        """What a launch gives."""
        return {name: [GIVEN[kind]] if listed else GIVEN[kind] for name, (kind, listed) in self.inputs.items()}


@dataclass(frozen=True)
class _Place:
    """Where steps are written: what they may use there."""

    indent: int
    used: frozenset[str] = frozenset()
    """Inputs that a condition around is about."""
    decided: tuple[str, ...] = ()
    """Approvals among the siblings before, that happen wherever these steps do."""
    held: tuple[str, ...] = ()
    """Contain steps that have ended."""
    item: str | None = None
    depth: int = 0
    beside: bool = False
    """Whether the steps run at the same time."""


@dataclass
class _Writer:
    draw: st.DrawFn
    inputs: dict[str, tuple[str, bool]] = field(default_factory=dict)
    optional: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    ids: int = 0
    runs: int = 0

    def one(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def often(self) -> bool:
        return self.draw(st.booleans())

    def say(self, indent: int, text: str) -> None:
        self.lines.append(" " * indent + text)

    def id(self, word: str) -> str:
        self.ids += 1
        return f"{word}_{self.ids}"

    # --- above the steps

    def head(self) -> None:
        self.say(0, "playbook: made")
        self.say(0, 'version: "1"')
        self.say(0, "owner: crt")
        self.say(0, self.one("title: Made", "title: {en: Made, de: Gemacht}", "title: 'Made: by chance'"))
        self.say(
            0, self.one("use_when: Never.", 'use_when: "Never: it is a test."', "use_when: >\n  Only\n  in tests.")
        )
        self.say(0, "inputs:")
        self.input("accounts", "account", listed=True)
        self.input("links", "content", listed=True)
        self.input("live", "yes_no", listed=False)
        self.input("kind", "choice", listed=False)
        for kind in self.draw(st.lists(st.sampled_from([*_DEFAULTS]), max_size=5, unique=True)):
            self.input(f"{kind}_given", kind, listed=self.draw(st.integers(0, 3)) == 0)
        self.say(2, "first_reporter: {type: email, sensitive: personal, optional: yes}")
        self.say(0, "severity:")
        self.say(2, f"sev1: {quoted(self.about('live'))}")
        self.say(2, f"sev2: {quoted(self.about('kind'))}")
        self.say(2, "sev3: otherwise")
        self.say(0, "clocks:")
        self.say(2, "- {clock: prompt, starts: run.aware_at}")
        self.say(2, "- {clock: breach, when: live, starts: run.aware_at}")
        if self.often():
            self.say(0, "updates:")
            self.say(2, "every: {sev1: 30m, sev2: 2h}")
            self.say(2, self.one("to: comms", "to: [comms, policy.manager]"))
            self.say(2, self.one("say: holding", 'say: "{{ accounts | count }} accounts, {{ severity }}"'))

    def input(self, name: str, kind: str, *, listed: bool) -> None:
        options = [f"type: {'list of ' * listed}{kind}"]
        if kind == "choice":
            options.append("choices: [fraud, threat, other]")
        if listed:
            options += ["at_least: 1", "at_most: 50"]
        elif kind == "number" and self.often():
            options += ["at_least: 0", "at_most: 1000"]
        elif self.often() and kind not in ("account", "content"):
            options.append(f"default: {_DEFAULTS[kind]}")
        if self.often():
            options.append(self.one("ask: What is it?", 'ask: "What, and where?"'))
        self.inputs[name] = (kind, listed)
        if self.often():
            self.say(2, f"{name}: {{{', '.join(options)}}}")
        else:
            self.say(2, f"{name}:")
            for option in options:
                self.say(4, option)

    # --- expressions

    def about(self, name: str) -> str:
        """A condition about one input."""
        kind, listed = self.inputs[name]
        shapes = _OF_A_LIST if listed else _CONDITIONS.get(kind, ["{} == 'x'", "{} is given"])
        if listed and kind in ("text", "content"):
            shapes = [*shapes, "not 'x' in {}"]
        return self.draw(st.sampled_from(shapes)).replace("{}", name)

    def condition(self, at: _Place) -> tuple[str, frozenset[str]]:
        """A condition that can hold there, and the inputs that it is about."""
        free = sorted(self.inputs.keys() - at.used - {"accounts"})
        if at.decided and self.often():
            name = self.draw(st.sampled_from(at.decided))
            return f"{name} is approved", frozenset()
        if not free:
            return "run.region == 'emea'", frozenset()
        names = self.draw(st.lists(st.sampled_from(free), min_size=1, max_size=2, unique=True))
        joined = self.one(" and ", " or ").join(self.about(name) for name in names)
        return joined, frozenset(names)

    # --- steps

    def steps(self, at: _Place, least: int = 1) -> None:
        for _ in range(self.draw(st.integers(least, 4 if at.depth == 0 else 2))):
            at = self.step(at)

    def step(self, at: _Place) -> _Place:
        verbs = ["notify", "approve", "contain", "task", "wait", "parallel", "group"]
        if not at.beside:
            verbs.append("freeze")
        if at.depth < 2:
            verbs += ["for_each"] if at.item is None else []
            verbs += ["run"] if self.runs < 2 else []
        else:
            verbs = [verb for verb in verbs if verb not in ("parallel", "group")]
        if at.held and not at.beside:
            verbs += ["undo", "undo"]
        verb = self.draw(st.sampled_from(verbs))
        return getattr(self, verb)(at) or at

    def options(self, at: _Place, *options: str) -> None:
        """The options of a step, in any order."""
        for option in self.draw(st.permutations(options)):
            self.say(at.indent + 2, option)

    def when(self, at: _Place) -> tuple[list[str], frozenset[str]]:
        if not self.often():
            return [], frozenset()
        condition, names = self.condition(at)
        return [f"when: {quoted(condition)}"], names

    def end(self, at: _Place) -> str:
        held = [f"undo {name}" for name in at.held]
        return self.one(*_ENDS, *held)

    def notify(self, at: _Place) -> None:
        shapes = [
            ("crt.on_shift", '"{{ accounts | count }} of them, {{ severity }}"'),
            ("[policy, region.manager, zoe]", "{en: 'Look: {{ kind }}', de: 'Sieh: {{ kind }}'}"),
            ("crt.on_shift", '"{{ first_reporter }} has told us"'),
            ("[users, police, hotline]", "holding"),
            ("launcher", "|\n" + " " * (at.indent + 4) + "Two lines,\n" + " " * (at.indent + 4) + "{{ live }}"),
        ]
        if at.item is not None:
            shapes = [*shapes[:2], (f"owner_of({at.item})", "item-removed")]
        whom, words = self.draw(st.sampled_from(shapes))
        self.say(at.indent, f"- notify: {whom}")
        self.options(at, f"say: {words}", *self.when(at)[0])

    def approve(self, at: _Place) -> _Place:
        name = self.id("ok")
        self.say(
            at.indent, f"- approve: {quoted(self.one('Go on', 'Go on: with {{ accounts | count }}', 'Is it so?'))}"
        )
        needs = self.one(
            "[{team: policy}]", "[{team: policy}]", "[{team: legal, seats: 2}]", "[{team: comms}, {team: policy}]"
        )
        more = ["show: [accounts, kind]"] if self.often() else []
        on_reject = self.end(at)  # never `continue`: a no that changes nothing is a finding of its own
        self.options(
            at,
            f"id: {name}",
            f"needs: {needs}",
            *more,
            "deadline: 1h",
            "escalate: 30m",
            f"on_reject: {on_reject}",
            f"on_timeout: {self.end(at)}",
        )
        return replace(at, decided=(*at.decided, name))

    def contain(self, at: _Place) -> _Place:
        action, targets = self.draw(
            st.sampled_from(
                [("lock_account", "accounts"), ("hide_item", at.item or "links"), ("hide_item", "copies_of(links)")]
            )
        )
        name = self.id("held")
        self.say(at.indent, f"- contain: {action}")
        more = ['with: {reason: "Case {{ kind }}", level: 2}'] if self.often() else []
        more += ["expires: 14 days", "on_expiry: ask commander"] if self.often() else []
        more += [f"on_failure: {self.one('undo', 'ask commander', 'continue')}"] if self.often() else []
        self.options(at, f"id: {name}", f"targets: {targets}", *more, *self.when(at)[0])
        return replace(at, held=(*at.held, name))

    def freeze(self, at: _Place) -> _Place:
        """An act that requires signatures, behind the approval that gives them."""
        name = self.id("freeze_ok")
        self.say(at.indent, "- approve: Freeze all posting")
        self.options(
            at,
            f"id: {name}",
            "needs: [{team: policy}, {team: legal}]",
            "deadline: 20m",
            "on_reject: continue",
            "on_timeout: ask commander",
        )
        self.say(at.indent, "- contain: freeze_posting")
        self.options(at, f"when: {name} is approved", "expires: 2 days", "on_expiry: ask policy")
        return replace(at, decided=(*at.decided, name))

    def undo(self, at: _Place) -> None:
        """Somebody has signed for it, whatever stands before."""
        name = self.id("calm")
        self.say(at.indent, "- approve: It is over, let it go")
        self.options(
            at,
            f"id: {name}",
            "needs: [{team: policy}]",
            "deadline: 2h",
            "on_reject: continue",
            "on_timeout: ask commander",
        )
        self.say(at.indent, f"- undo: {self.draw(st.sampled_from(at.held))}")
        self.options(at, f"when: {name} is approved")

    def task(self, at: _Place) -> None:
        self.say(at.indent, f"- task: {quoted(self.one(*_WORDS))}")
        more = ["proof: case number"] if self.often() else []
        self.options(
            at,
            f"id: {self.id('task')}",
            f"assign: {self.one('crt.on_shift', 'legal', 'zoe', 'commander')}",
            "due: 4h",
            f"on_timeout: {self.end(at)}",
            *more,
            *self.when(at)[0],
        )

    def wait(self, at: _Place) -> None:
        if self.often():
            self.say(at.indent, f"- wait: {self.one('10m', '1h 30m', '2 days')}")
            self.options(at, *self.when(at)[0])
            return
        self.say(at.indent, "- wait: reports_per_hour < 20")
        more = ["held_for: 1h", "check_every: 15m"] if self.often() else []
        self.options(at, "at_most: 24h", f"on_timeout: {self.end(at)}", *more)

    def parallel(self, at: _Place) -> None:
        self.inner(at, "parallel: At the same time")

    def group(self, at: _Place) -> None:
        self.inner(at, self.one("group: One after another", "group: {en: In order, de: Der Reihe nach}"))

    def inner(self, at: _Place, head: str) -> None:
        when, names = self.when(at)
        self.say(at.indent, f"- {head}")
        self.options(at, *when)
        self.say(at.indent + 2, "steps:")
        beside = head.startswith("parallel")
        inside = replace(
            at, indent=at.indent + 4, used=at.used | names, depth=at.depth + 1, decided=(), held=(), beside=beside
        )
        if beside:
            for _ in range(self.draw(st.integers(1, 2))):
                self.step(inside)
        else:
            self.steps(inside)

    def for_each(self, at: _Place) -> None:
        items = self.one("links", "links | unique", "copies_of(links)", "[links | first, links | last]")
        self.say(at.indent, f"- for_each: {quoted(f'item in {items}')}")
        more = ["at_once: 10", "ask_above: 500"] if self.often() else []
        self.options(at, *more)
        self.say(at.indent + 2, "steps:")
        used = at.used | {"links"}
        self.steps(
            replace(
                at, indent=at.indent + 4, used=used, depth=at.depth + 1, decided=(), held=(), item="item", beside=False
            )
        )

    def run(self, at: _Place) -> None:
        self.runs += 1
        line = self.one("holding", '"We know of {{ kind }}"')
        self.say(at.indent, "- run: statement")
        self.options(at, f'with: {{line: {line}, urgent: "{{{{ live }}}}"}}', *self.when(at)[0])

    # --- the whole

    def first(self) -> None:
        """What meets the clocks, before anything can keep the flow from it."""
        self.say(0, "steps:")
        self.say(2, "- notify: crt.on_shift")
        self.say(4, "say: Something has happened")
        self.say(4, "meets: prompt")
        self.say(2, "- task: Report it, or say why not")
        self.options(_Place(2), "assign: legal", "due: 8h", "on_timeout: ask legal.manager", "meets: breach")

    def last(self) -> None:
        if self.often():
            self.say(0, "review:")
            self.say(2, "owner: commander")
            self.say(2, "meeting_within: {sev1: 3 days, sev2: 5 business days}")
            self.say(2, "tasks:")
            self.say(4, "- {task: Look again, assign: policy, due: 5 business days}")


def quoted(text: str) -> str:
    """Text as a YAML value: in quotes where it needs them."""
    plain = all(sign not in text for sign in (": ", " #", "'", '"', "{", "[", ">", "|", "%", "*", "&", "!"))
    return text if plain else "'" + text.replace("'", "''") + "'"


@st.composite
def books(draw: st.DrawFn) -> Book:
    writer = _Writer(draw)
    writer.head()
    writer.first()
    writer.steps(_Place(2), least=2)
    writer.last()
    text = "\n".join(writer.lines) + "\n"
    return Book({**SHARED, MADE: text.encode()}, writer.inputs)
