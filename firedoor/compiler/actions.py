"""Reads actions.yaml: what a playbook may do to a system, and what it may ask one."""

from __future__ import annotations

from dataclasses import dataclass, field

from firedoor.compiler import expressions, kinds, roster, schema, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.names import Scope, Sites, Vocabulary
from firedoor.compiler.nodes import Node, Scalar
from firedoor.compiler.roster import Roster
from firedoor.compiler.shape import Fields, as_mapping, fields
from firedoor.plan.model import Action, ReadAction
from firedoor.plan.steps import Seat
from firedoor.plan.who import Who


@dataclass
class Catalog:
    """Actions and reads by name. One that has mistakes is None: its name is known, and what it says is not."""

    actions: dict[str, Action | None] = field(default_factory=dict)
    reads: dict[str, ReadAction | None] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    """Sections that are not whole, which has been told: any name passes there."""

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(
            self.actions if "actions" not in self.unread else None, self.reads if "reads" not in self.unread else None
        )


def read(root: Node | None, names: Roster, findings: Findings) -> Catalog | None:
    """What actions.yaml says; None where it cannot be read at all."""
    node = as_mapping(root, "actions.yaml", findings)
    if node is None:
        return None
    top = fields(node, schema.ACTIONS, findings)
    catalog = Catalog()
    for section, make in (("actions", _action), ("reads", _read)):
        mapping = top.mapping(section)
        if mapping.refused if mapping is not None else section in top.broken or top.strange:
            catalog.unread.add(section)
        for key, value in mapping.entries if mapping else ():
            name = values.identifier(key, "an action" if section == "actions" else "a read", findings)
            body = as_mapping(value, f'"{key.text}"', findings)
            shape = schema.ACTION if section == "actions" else schema.READ
            made = None
            if body is not None:
                found = fields(body, shape, findings, key, f'{section[:-1]} "{key.text}"')
                made = make(key, found, names, findings)
            if section == "actions":
                catalog.actions[key.text] = made if name and isinstance(made, Action) else None
            else:
                catalog.reads[key.text] = made if name and isinstance(made, ReadAction) else None
            if name is None:  # what uses the name that was meant is not wrong for that
                (catalog.actions if section == "actions" else catalog.reads)[values.as_identifier(key.text)] = None
    for name in catalog.reads.keys() & catalog.actions.keys():
        reads = top.mapping("reads")
        twice = reads.key(name) if reads else None
        if twice is not None:
            findings.add("FD209", twice.place, f'"{name}" is an action and a read', fix="give the read another name")
    return catalog


def _action(key: Scalar, found: Fields, names: Roster, findings: Findings) -> Action | None:
    before = findings.errors
    does, connector, call = found.text("does"), found.text("connector"), found.text("call")
    target, undo = found.text("target"), found.text("undo")
    kind = kinds.read(target, findings) if target is not None else None
    if target is not None and kind is not None and kind.listed:
        fix = f"write {kind.base}: a step may give it any number"
        findings.add("FD217", target.place, "an action names the type of one target", fix=fix)
    irreversible = found.text("irreversible")
    forever = values.yes_no(irreversible, findings) if irreversible is not None else False
    if undo is None and forever is False and not {"undo", "irreversible"} & found.broken:
        message = f'"{key.text}" has no undo, and does not say that it is irreversible'
        findings.add("FD402", key.place, message, fix="add undo: CALL, or irreversible: yes")
    if undo is not None and forever:
        message = f'"{key.text}" has an undo, and says that it is irreversible'
        findings.add("FD402", found.key_place("irreversible"), message, fix="keep one of the two")
    retries = found.text("retries_for")
    retries_for = values.seconds(retries, findings) if retries is not None else 300
    scope = Scope(Vocabulary({}, {}), Sites())
    required = seats(found.items("requires"), scope, names, findings)
    if findings.errors != before or does is None or connector is None or call is None or retries_for is None:
        return None
    return Action(
        name=key.text,
        does=does.text,
        target=kind.value if kind is not None else None,
        connector=connector.text,
        call=call.text,
        undo=undo.text if undo is not None else None,
        irreversible=bool(forever),
        requires=required,
        retries_for=retries_for,
    )


def _read(key: Scalar, found: Fields, names: Roster, findings: Findings) -> ReadAction | None:
    connector, call, gives = found.text("connector"), found.text("call"), found.text("gives")
    answer = kinds.read(gives, findings) if gives is not None else None
    takes = [kinds.read(scalar, findings) for scalar in found.texts("takes", findings)]
    if connector is None or call is None or answer is None or any(kind is None for kind in takes):
        return None
    return ReadAction(
        name=key.text,
        takes=tuple((kind.value, kind.listed) for kind in takes if kind is not None),
        gives=answer.value,
        gives_list=answer.listed,
        connector=connector.text,
        call=call.text,
    )


def seats(nodes: list[Node], scope: Scope, names: Roster, findings: Findings) -> tuple[Seat, ...]:
    """Seats of an approval, or those that an action requires. What is wrong is told and left out."""
    found = [_seat(node, scope, names, findings) for node in nodes]
    return tuple(seat for seat in found if seat is not None)


def _seat(node: Node, scope: Scope, names: Roster, findings: Findings) -> Seat | None:
    fix = None
    if isinstance(node, Scalar) and roster.is_name(node.text):
        key = "team" if node.text in (names.teams or ()) else "role"
        fix = f"write {{{key}: {node.text}}}"
    mapping = as_mapping(node, "a seat", findings, fix)
    if mapping is None:
        return None
    found = fields(mapping, schema.SEAT, findings)
    number, when = found.text("seats"), found.text("when")
    count = values.whole(number, findings) if number is not None else 1
    condition = expressions.condition(when, scope, findings) if when is not None else None
    team, role = found.text("team"), found.text("role")
    if (team is None) == (role is None):
        if not found.broken and len(found.values) == len(found.node.entries):
            message = "a seat names a team or a role" if team is None else "a seat names a team or a role, not both"
            findings.add("FD301", found.place, message, fix="write {team: NAME} or {role: commander}")
        return None
    who: Who | None
    if team is not None:
        name = roster.team(team, names, findings)
        who = Who(kind="team", name=name) if name else None
    else:
        who = _role(role, names, findings) if role is not None else None
    if who is None or count is None or (when is not None and condition is None):
        return None
    return Seat(who=who, seats=count, when=condition)


def _role(scalar: Scalar, names: Roster, findings: Findings) -> Who | None:
    found = roster.find(scalar.text, names)
    if found is not None and found.kind == "launcher":
        fix = "name a team, or the commander beside another seat"
        findings.add("FD304", scalar.place, "the launcher fills no seat", fix=fix)
        return None
    if found is not None and found.kind == "team" and names.teams is not None:
        findings.add("FD203", scalar.place, f'"{scalar.text}" is a team, and no role', fix=f"write team: {scalar.text}")
        return None
    return roster.who(scalar, names, findings)
