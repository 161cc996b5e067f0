"""One function for each verb: the options of a step, checked and lowered."""

from __future__ import annotations

import re
from typing import Any

from firedoor.compiler import actions, expressions, grammar, literals, prose, roster, suggest, values
from firedoor.compiler.consequences import held_step
from firedoor.compiler.inlining import inline
from firedoor.compiler.kinds import ANYTHING, TEXT, Kind
from firedoor.compiler.lowering import Body, Common, Lower
from firedoor.compiler.names import Bound, Scope
from firedoor.compiler.nodes import Node, Scalar, Sequence
from firedoor.compiler.playbook import Playbook
from firedoor.compiler.shape import Fields, as_text
from firedoor.compiler.showing import shown
from firedoor.plan.expression import Expr, Item, Listing
from firedoor.plan.model import Action
from firedoor.plan.steps import Approve, Contain, ForEach, Group, Notify, Parallel, Step, Task, Undo, Wait
from firedoor.plan.who import Who

_LASTS = re.compile(r"\s*\d[^<>=()|]*$")
"""A wait that begins with a digit and compares nothing is a length of time."""
_UNTIL = re.compile(r"\s*(until|for)\s+(?=\S)", re.IGNORECASE)
_EACH = re.compile(r"\s*(?P<item>\S+)\s+in\s+(?P<list>\S.*)", re.DOTALL)


def notify(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    told = [body.audience(scalar, scope) for scalar in entry.texts("notify", body.findings)]
    say = body.say(entry, scope)
    audience = tuple(one for one in told if one is not None)
    if say is None or not audience or len(audience) < len(told):
        return None
    return Notify(**_common(common), audience=audience, say=say)


def approve(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    question = body.text("approve", entry, scope)
    needs = actions.seats(entry.items("needs"), scope, body.shelf.roster, body.findings)
    not_by = [_not_by(body, scalar, scope) for scalar in entry.texts("not_by", body.findings)]
    show: list[tuple[str, Expr]] = []
    for scalar in entry.texts("show", body.findings):
        show += shown(scalar, scope, body.shelf.messages, body.findings)
    deadline, escalate = _seconds(body, entry, "deadline"), _seconds(body, entry, "escalate")
    if deadline is not None and escalate is not None and escalate >= deadline:
        place = entry.values["escalate"].place
        message = "`escalate` is not before `deadline`, so nobody would be told in time"
        body.findings.add("FD303", place, message, fix="escalate earlier, or give more time to decide")
    on_reject = body.consequence("on_reject", "approve", entry, scope)
    on_timeout = body.consequence("on_timeout", "approve", entry, scope)
    if question is None or not needs or deadline is None or on_reject is None or on_timeout is None:
        return None
    return Approve(
        **_common(common),
        question=question,
        needs=needs,
        not_by=tuple(who for who in not_by if who is not None),
        show=tuple(show),
        deadline=deadline,
        escalate=escalate,
        on_reject=on_reject,
        on_timeout=on_timeout,
    )


def _not_by(body: Body, scalar: Scalar, scope: Scope) -> Who | None:
    """Someone of the organization: whom an input names is known only to the run."""
    if scope.value(scalar.text.strip()) is not None and roster.find(scalar.text.strip(), body.shelf.roster) is None:
        message = f'"{scalar.text.strip()}" is an input, and `not_by` names people, teams and roles of the organization'
        fix = "let those sign who cannot be meant, under `needs`, such as TEAM.manager"
        body.findings.add("FD203", scalar.place, message, fix=fix)
        return None
    return roster.who(scalar, body.shelf.roster, body.findings)


def contain(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    name = entry.text("contain")
    catalog = body.shelf.catalog
    action = None
    if name is not None and catalog is not None:
        if name.text in catalog.actions:
            action = catalog.actions[name.text]
        elif "actions" not in catalog.unread:
            fix = suggest.fix(name.text, catalog.actions, "declare it in actions.yaml")
            message = f'no action is called "{name.text}"'
            body.findings.add("FD204", name.place, message, fix=fix, name=f"action {name.text}")
    kind = Kind(action.target) if action is not None and action.target is not None else ANYTHING
    targets = body.targets(entry, kind, scope)
    if action is not None:
        _target_option(body, entry, action)
    arguments = _arguments(body, entry, scope)
    expires = _seconds(body, entry, "expires")
    _expiry(body, entry, action is not None and action.irreversible)
    on_expiry = body.consequence("on_expiry", "contain", entry, scope)
    ask_above = _whole(body, entry, "ask_above")
    if action is None or (action.target is not None and targets is None):
        return None
    body.made.actions.add(action.name)
    return Contain(
        **_common(common),
        action=action.name,
        targets=targets,
        arguments=arguments,
        expires=expires,
        on_expiry=on_expiry,
        ask_above=ask_above,
    )


def _target_option(body: Body, entry: Fields, action: Action) -> None:
    if action.target is None and "targets" in entry.written:
        message = f"{action.name} takes no targets"
        body.findings.add("FD404", entry.key_place("targets"), message, fix="remove `targets`")
    elif action.target is not None and entry.lacks("targets"):
        message = f"{action.name} needs `targets`: what it acts on"
        fix = f"add targets: an expression for {Kind(action.target).many}"
        body.findings.add("FD401", entry.place, message, fix=fix)


def _expiry(body: Body, entry: Fields, irreversible: bool) -> None:
    if "expires" in entry.written and entry.lacks("on_expiry"):
        message = "a containment that `expires` needs `on_expiry`: undo, or ask …"
        body.findings.add("FD401", entry.place, message, fix="add on_expiry: undo")
    elif "on_expiry" in entry.written and entry.lacks("expires"):
        message = "`on_expiry` without `expires` never happens"
        body.findings.add("FD401", entry.place, message, fix="add expires: 14 days")
    elif irreversible and "expires" in entry.written:
        message = "nothing takes this action back, so it cannot expire"
        body.findings.add("FD403", entry.key_place("expires"), message, fix="remove `expires` and `on_expiry`")


def _arguments(body: Body, entry: Fields, scope: Scope) -> dict[str, Expr]:
    mapping = entry.mapping("with")
    found: dict[str, Expr] = {}
    for key, node in mapping.entries if mapping is not None else ():
        values.kebab(key, "an argument", body.findings)
        expr = _argument(body, node, key, scope)
        if expr is not None:
            found[key.text] = expr
    return found


def _argument(body: Body, node: Node, key: Scalar, scope: Scope) -> Expr | None:
    if isinstance(node, Sequence):
        parts = [_argument(body, item, key, scope) for item in node.items]
        return Listing(of=tuple(part for part in parts if part is not None))
    scalar = as_text(node, f"`{key.text}`", body.findings)
    typed = prose.value(scalar, scope, body.findings) if scalar is not None else None
    return typed.expr if typed is not None else None


def undo(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    name = entry.text("undo")
    ref = held_step(name, 0, scope, body.findings) if name is not None else None
    kind = scope.kind_held(ref) if ref is not None else ANYTHING
    targets = body.targets(entry, kind, scope)
    if ref is None or ("targets" in entry and targets is None):
        return None
    return Undo(**_common(common), step=ref.path, targets=targets)


def task(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    words, assign = body.text("task", entry, scope), body.who("assign", entry)
    due = entry.text("due")
    span = values.span(due, body.findings) if due is not None else None
    _silence(body, entry, "due", "a task that is `due` needs `on_timeout`: what silence means", "FD601")
    on_timeout = body.consequence("on_timeout", "task", entry, scope)
    proof = entry.text("proof")
    if words is None or assign is None:
        return None
    said = proof.text if proof is not None else None
    return Task(**_common(common), words=words, assign=assign, due=span, on_timeout=on_timeout, proof=said)


def wait(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    head = entry.text("wait")
    if head is None:
        return None
    worded = _UNTIL.match(head.text)
    if worded is not None:
        message = f'"{head.text}" is neither a length of time nor a condition'
        body.findings.add("FD501", head.place, message, fix=_awaited(head.text[worded.end() :].strip()))
        return None
    lasts = bool(_LASTS.match(head.text))
    duration = values.seconds(head, body.findings) if lasts else None
    until = expressions.condition(head, scope, body.findings) if not lasts else None
    only = [name for name in ("held_for", "check_every", "at_most") if name in entry]
    if lasts and only:
        message = f"`{only[0]}` is for a wait until something holds, and this one is a length of time"
        body.findings.add("FD501", entry.key_place(only[0]), message, fix="remove it, or wait for a condition")
    if until is not None and entry.lacks("at_most"):
        message = "this wait has no `at_most`: what it waits for may never come"
        body.findings.add("FD502", entry.place, message, fix="add at_most: 72h, and on_timeout: ask commander")
    else:
        _silence(body, entry, "at_most", "a wait with `at_most` needs `on_timeout`: what happens then", "FD501")
    held_for, check_every = _seconds(body, entry, "held_for"), _seconds(body, entry, "check_every")
    at_most = _seconds(body, entry, "at_most")
    on_timeout = body.consequence("on_timeout", "wait", entry, scope)
    if duration is None and until is None:
        return None
    return Wait(
        **_common(common),
        duration=duration,
        until=until,
        held_for=held_for or 0,
        check_every=check_every or 60,
        at_most=at_most,
        on_timeout=on_timeout,
    )


def _awaited(text: str) -> str:
    """What to write for `wait: until …` or `wait: for …`."""
    if values.seconds_of(text) is not None or (not text[:1].isdigit() and grammar.is_expression(text)):
        return f"write {text} alone"
    return (
        "write a length of time, such as 2h, or a condition, such as proof is given; what is due at an hour is a task"
    )


def _silence(body: Body, entry: Fields, name: str, message: str, code: str) -> None:
    if name in entry.written and entry.lacks("on_timeout"):
        body.findings.add(code, entry.place, message, fix="add on_timeout: ask commander")
    elif "on_timeout" in entry.written and entry.lacks(name):
        message = f"`on_timeout` without `{name}` never happens"
        body.findings.add(code, entry.place, message, fix=f"add {name}: 4h")


def parallel(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    name, steps = body.text("parallel", entry, scope), _inner(body, entry, common, scope)
    return Parallel(**_common(common), name=name, steps=steps) if name is not None and steps else None


def group(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    name, steps = body.text("group", entry, scope), _inner(body, entry, common, scope)
    return Group(**_common(common), name=name, steps=steps) if name is not None and steps else None


def _inner(body: Body, entry: Fields, common: Common, scope: Scope) -> tuple[Step, ...]:
    return body.inside(common).steps(entry.items("steps"), f"{common.path}.", scope)


def for_each(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    head = entry.text("for_each")
    at_once, ask_above = _whole(body, entry, "at_once"), _whole(body, entry, "ask_above")
    item: str | None = None
    bound = Bound(None, ANYTHING)
    items: Expr | None = None
    found = _EACH.fullmatch(head.text) if head is not None else None
    if head is not None and found is None:
        message = f'"{head.text}" does not say what it goes through'
        body.findings.add("FD210", head.place, message, fix=_each(head.text, scope))
        scope = scope.inside_unnamed()
    elif head is not None and found is not None:
        item = _item_name(body, head, found["item"], scope)
        typed = expressions.expression(head, scope, body.findings, found.start("list"))
        if typed.expr is not None and not typed.kind.listed:
            place = head.at(found.start("list"), len(head.text.rstrip()))
            body.findings.add(
                "FD217", place, f"for_each goes through a list, and this is {typed.kind}", fix="name a list"
            )
        elif typed.expr is not None:
            items = typed.expr
            kind = typed.kind.one
            bound = Bound(Item(loop=common.path, type=kind.value), kind)
        scope = scope.inside(found["item"], bound)
    steps = _inner(body, entry, common, scope)
    if item is None or items is None or not steps:
        return None
    return ForEach(**_common(common), item=item, items=items, steps=steps, at_once=at_once or 1, ask_above=ask_above)


def _each(text: str, scope: Scope) -> str:
    """What was probably meant: the item and its list."""
    words = text.split()
    of = scope.value(words[-1])
    if of is None or not of.kind.listed:
        return "write NAME in EXPRESSION, such as: account in accounts"
    item = words[0] if len(words) > 1 else words[0].removesuffix("s") if words[0].endswith("s") else "item"
    return f"write {item} in {words[-1]}"


def _item_name(body: Body, head: Scalar, name: str, scope: Scope) -> str | None:
    start = head.text.index(name)
    part = Scalar(name, "plain", head.source, head.start + start, head.start + start + len(name))
    if head.style != "plain":
        part = Scalar(name, "plain", head.source, head.start, head.end)
    if values.identifier(part, "a loop's item", body.findings) is None:
        return None
    taken = "an input" if name in scope.inputs else "another loop's item" if name in scope.items else None
    taken = taken or ("a step" if scope.step(name) is not None else None)
    if taken is not None:
        message = f'"{name}" is {taken} already'
        body.findings.add("FD209", head.at(start, start + len(name)), message, fix="give the loop's item another name")
        return None
    return name


def run(body: Body, entry: Fields, common: Common, scope: Scope) -> Step | None:
    name = entry.text("run")
    if name is None:
        return None
    playbook = body.shelf.playbooks.get(name.text)
    if playbook is None:
        if name.text not in body.shelf.unread:
            fix = suggest.fix(name.text, body.shelf.playbooks, "write it as a file of the book")
            message = f'no playbook is called "{name.text}"'
            body.findings.add("FD201", name.place, message, fix=fix, name=f"playbook {name.text}")
        return None
    around = (*body.running, body.playbook.name)
    if playbook.name in around:
        members = around[around.index(playbook.name) :]
        if playbook.name != min(members):
            return None  # told where the first of them, by name, is compiled
        circle = " → ".join([*members, playbook.name])
        message = f"this runs {playbook.name} within itself: {circle}"
        body.findings.add(
            "FD219", name.place, message, fix="remove one of the runs, or move the shared part into a third playbook"
        )
        return None
    title, steps = inline(body, playbook, _passed(body, entry, playbook, scope), common, scope, name)
    if title is None or not steps:
        return None
    return Group(**_common(common), name=title, steps=steps, playbook=playbook.name)


def _passed(body: Body, entry: Fields, playbook: Playbook, scope: Scope) -> dict[str, Bound]:
    """What each input of the playbook stands for: what is passed, its default, or nothing."""
    given: dict[str, Bound] = {}
    mapping = entry.mapping("with")
    for key, node in mapping.entries if mapping is not None else ():
        wanted = playbook.bound.get(key.text)
        if wanted is None and playbook.unsure:
            continue
        if wanted is None:
            fix = suggest.fix(key.text, playbook.bound, "remove it: it has no inputs")
            message = f'{playbook.name} has no input "{key.text}"'
            body.findings.add("FD221", key.place, message, fix=fix)
            continue
        given[key.text] = Bound(_pass(body, node, key, wanted.kind, scope), wanted.kind, node.place)
    misspelt = len(mapping.entries) > len(given) if mapping is not None else "with" in entry.broken
    for input_ in playbook.inputs:
        kind = playbook.bound[input_.name].kind
        if input_.name in given:
            continue
        if input_.default is None and not input_.optional and not misspelt:
            message = f'{playbook.name} needs "{input_.name}", and is not given it'
            body.findings.add("FD221", entry.place, message, fix=f"add with: {{{input_.name}: …}}")
        given[input_.name] = Bound(literals.constant(input_.default, kind), kind)
    for name, bound in playbook.bound.items():
        given.setdefault(name, bound)
    return given


def _pass(body: Body, node: Node, key: Scalar, kind: Kind, scope: Scope) -> Expr | None:
    what = f'"{key.text}"'
    if isinstance(node, Scalar):
        holes = prose.holes(node, body.findings)
        if holes is None:
            return None
        if holes:
            return _typed(body, node, key, kind, scope)
    if isinstance(node, Sequence) and kind.listed:
        parts = [_pass(body, item, key, kind.one, scope) for item in node.items]
        return Listing(of=tuple(part for part in parts if part is not None)) if None not in parts else None
    found = literals.literal(node, kind, what, body.findings) if kind.base != "anything" else None
    return literals.constant(found, kind) if found is not None else None


def _typed(body: Body, node: Scalar, key: Scalar, kind: Kind, scope: Scope) -> Expr | None:
    """Text with holes: a lone one passes its typed value."""
    typed = prose.value(node, scope, body.findings)
    if typed is None or typed.expr is None:
        return None
    same = typed.kind.base in (kind.base, "anything") or (kind.base in ("text", "anything") and typed.kind != TEXT)
    if kind.base == "text" and not kind.listed and not typed.kind.listed:
        same = True
    if same and typed.kind.listed == kind.listed:
        return typed.expr
    if same and kind.listed:
        return Listing(of=(typed.expr,))
    message = f'"{key.text}" is {kind}, and this is {typed.kind}'
    body.findings.add("FD217", node.place, message, fix=f"pass {kind}")
    return None


# --- options


def _common(common: Common) -> dict[str, Any]:
    return common.options


def _seconds(body: Body, entry: Fields, name: str) -> int | None:
    scalar = entry.text(name)
    return values.seconds(scalar, body.findings) if scalar is not None else None


def _whole(body: Body, entry: Fields, name: str) -> int | None:
    scalar = entry.text(name)
    return values.whole(scalar, body.findings) if scalar is not None else None


VERBS: dict[str, Lower] = {
    "notify": notify,
    "approve": approve,
    "contain": contain,
    "undo": undo,
    "task": task,
    "wait": wait,
    "parallel": parallel,
    "group": group,
    "for_each": for_each,
    "run": run,
}
