"""What does not work in a rehearsal, and what the systems answer that a playbook asks."""

from __future__ import annotations

from typing import Any, get_args

from firedoor.compiler import literals, suggest, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.kinds import Kind
from firedoor.compiler.nodes import Mapping, Node, Scalar
from firedoor.compiler.rehearsals import schema
from firedoor.compiler.rehearsals.script import Fault, How, Reply
from firedoor.compiler.shape import Fields, as_mapping, fields
from firedoor.people.organization import Organization
from firedoor.plan import Plan, ReadAction

HOWS: tuple[How, ...] = get_args(How)
OTHERWISE = "otherwise"


def read(node: Node, organization: Organization, plan: Plan, findings: Findings) -> Fault | None:
    """`{down: synapse, from: 0m, to: 10m}`, `{refuses: undo lock_account}`, `{missing: "@a:x"}`."""
    mapping = as_mapping(node, "a fault", findings)
    if mapping is None:
        return None
    found = fields(mapping, schema.FAULT, findings)
    said = [how for how in HOWS if how in found]
    if len(said) != 1:
        if not any(how in found.broken for how in HOWS) and not mapping.refused:
            message = "a fault says one of down, refuses and missing" + (f"; this says {len(said)}" if said else "")
            findings.add("FD807", mapping.place, message, fix="write down: NAME, refuses: NAME, or missing: TARGET")
        return None
    start, until = _moment(found, "from", findings), _moment(found, "to", findings)
    if start is not None and until is not None and until <= start:
        end = found.text("to")
        if end:
            findings.add("FD809", end.place, "it is over before it begins", fix=f"write a time after {_written(found)}")
        return None
    once = found.text("once")
    fault = Fault(
        line=str(mapping.place),
        text=_text(found, said[0]),
        how=said[0],
        start=start or 0,
        until=until,
        once=bool(once and values.yes_no(once, findings)),
        of=tuple(scalar.text for scalar in found.texts("of", findings)) if "of" in found else (),
    )
    if said[0] == "missing":
        targets = tuple(scalar.text for scalar in found.texts("missing", findings))
        return fault.model_copy(update={"of": targets, "platforms": tuple(_platforms(plan))})
    name = found.text(said[0])
    return _named(fault, name, organization, plan, findings) if name else None


def _moment(found: Fields, key: str, findings: Findings) -> int | None:
    scalar = found.text(key)
    return values.seconds(scalar, findings, zero=True) if scalar else None


def _written(found: Fields) -> str:
    start = found.text("from")
    return start.text if start else "0m"


def _text(found: Fields, how: How) -> str:
    named = ", ".join(node.text for node in found.items(how) if isinstance(node, Scalar))
    only = ", ".join(node.text for node in found.items("of") if isinstance(node, Scalar))
    verb = {"down": "is down", "refuses": "refuses", "missing": "is missing"}[how]
    return f"{named} {verb}" + (f" for {only}" if only else "")


def _platforms(plan: Plan) -> dict[str, None]:
    acts = (action.connector for action in plan.actions.values())
    return dict.fromkeys([*acts, *(one.connector for one in plan.reads.values())])


def _named(fault: Fault, name: Scalar, organization: Organization, plan: Plan, findings: Findings) -> Fault | None:
    """Where the fault is: an action, its undo, a read, a connector, or a channel. One name may be several of these."""
    undo = name.text.startswith("undo ")
    action = plan.actions.get(name.text.removeprefix("undo ").strip() if undo else name.text)
    if action is not None:
        where: dict[str, Any] = {"platforms": (action.connector,), "call": action.call}
        return fault.model_copy(update={**where, "moment": "restore" if undo else "apply"})
    question = plan.reads.get(name.text)
    if question is not None:
        where = {"platforms": (question.connector,), "call": question.call, "moment": "read"}
        return fault.model_copy(update=where)
    platforms = tuple(one for one in _platforms(plan) if one == name.text)
    channels = tuple(one for one in organization.channels if one == name.text)
    if not platforms and not channels:
        known = [*plan.actions, *plan.reads, *_platforms(plan), *organization.channels]
        message = f'{plan.playbook} uses no action, read, connector or channel called "{name.text}"'
        findings.add("FD807", name.place, message, fix=suggest.fix(name.text, dict.fromkeys(known)))
        return None
    return fault.model_copy(update={"platforms": platforms, "channels": channels})


def replies(read: ReadAction, node: Node, findings: Findings) -> list[Reply]:
    """A value; values by moments (`{0m: 500, 6h: 12}`); or values by what is asked about (`{"@a": …, otherwise: …}`)."""
    kind = Kind(read.gives, read.gives_list)
    if not isinstance(node, Mapping):
        value = literals.literal(node, kind, f"the answer of {read.name}", findings)
        return [] if value is None else [Reply(read=read.name, value=value)]
    moments = {key.text: values.seconds_of(key.text) for key, _ in node}
    if all(moment is not None for moment in moments.values()):
        return [
            reply.model_copy(update={"at": moments[key.text] or 0})
            for key, inner in node
            for reply in replies(read, inner, findings)
        ]
    return _each(read, node, kind, findings)


def _each(read: ReadAction, node: Mapping, kind: Kind, findings: Findings) -> list[Reply]:
    if not read.takes:
        message = f"{read.name} is asked about nothing, so its answers cannot differ by what it is asked about"
        findings.add("FD807", node.place, message, fix="write one answer, or answers by moments: {0m: 500, 6h: 12}")
        return []
    found: dict[str, Any] = {}
    for key, inner in node:
        value = literals.literal(inner, kind, f"the answer of {read.name}", findings)
        if value is None:
            return []
        found[key.text] = value
    otherwise = found.pop(OTHERWISE, None)
    return [Reply(read=read.name, value=otherwise, each=found)]
