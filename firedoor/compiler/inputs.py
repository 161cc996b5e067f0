"""Reads the inputs of a playbook: what the launch form asks."""

from __future__ import annotations

from typing import Any, Literal, cast

from firedoor.compiler import kinds, literals, schema, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.kinds import ANYTHING, Kind
from firedoor.compiler.names import Bound
from firedoor.compiler.nodes import Mapping, Node, Scalar
from firedoor.compiler.shape import Fields, as_mapping, fields
from firedoor.plan.expression import InputValue
from firedoor.plan.model import Input


def read(section: Mapping | None, findings: Findings) -> tuple[tuple[Input, ...], dict[str, Bound]]:
    """The inputs, and what their names mean. A broken one keeps its name, so that nothing cascades."""
    inputs: list[Input] = []
    bound: dict[str, Bound] = {}
    for key, value in section.entries if section is not None else ():
        name = values.identifier(key, "an input", findings)
        node = as_mapping(value, f'input "{key.text}"', findings, _typed(value))
        kind, made = None, None
        if node is not None:
            kind, made = _input(key, fields(node, schema.INPUT, findings, key, f'input "{key.text}"'), findings)
        if made is not None and name is not None:
            inputs.append(made)
        known = kind is not None and name is not None
        expr = InputValue(name=name, type=kind.value, listed=kind.listed) if known and kind and name else None
        bound[key.text] = Bound(expr, kind or ANYTHING)
        if name is None:
            bound.setdefault(values.as_identifier(key.text), bound[key.text])
    return tuple(inputs), bound


def _typed(value: Node) -> str | None:
    """What to write for an input that is given its type alone."""
    if isinstance(value, Scalar) and value.text.removeprefix("list of ") in kinds.INPUT_TYPES:
        return f"write {{type: {value.text}}}"
    return None


def _input(key: Scalar, found: Fields, findings: Findings) -> tuple[Kind | None, Input | None]:
    before = findings.errors
    type_ = found.text("type")
    kind = kinds.read(type_, findings) if type_ is not None else None
    if kind is None:
        return None, None
    kind = _choices(key, found, kind, findings)
    optional = found.text("optional")
    may_lack = values.yes_no(optional, findings) if optional is not None else False
    bounds = {name: _bound(name, found, kind, findings) for name in ("at_least", "at_most")}
    least, most = bounds["at_least"], bounds["at_most"]
    if least is not None and most is not None and least > most:
        findings.add("FD114", found.key_place("at_most"), "`at_most` is less than `at_least`", fix="swap the two")
    default = _default(key, found, kind, findings)
    if default is not None and may_lack:
        message = "an input with a default is never left out, so it cannot be optional"
        findings.add("FD114", found.key_place("optional"), message, fix="keep one of the two")
    sensitive = found.text("sensitive")
    word = (
        values.choice(sensitive, values.SENSITIVITIES, "kind of sensitive data", findings)
        if sensitive is not None
        else None
    )
    ask = found.text("ask")
    if findings.errors != before:
        return kind, None
    return kind, Input(
        name=key.text,
        type=kind.value,
        listed=kind.listed,
        ask=ask.text if ask is not None else None,
        optional=bool(may_lack),
        default=default,
        at_least=least,
        at_most=most,
        choices=kind.choices,
        sensitive=cast("Literal['personal', 'graphic'] | None", word),
    )


def _choices(key: Scalar, found: Fields, kind: Kind, findings: Findings) -> Kind:
    listed = tuple(scalar.text for scalar in found.texts("choices", findings))
    if kind.base == "choice" and not listed and "choices" not in found.broken:
        findings.add(
            "FD114", found.place, f'the choice "{key.text}" needs `choices`', fix="add choices: [ONE, ANOTHER]"
        )
    if kind.base != "choice" and listed:
        message = f"only a choice has choices, and this is {kind}"
        findings.add("FD114", found.key_place("choices"), message, fix="write type: choice")
        return Kind("choice", kind.listed, listed)
    return Kind(kind.base, kind.listed, listed)


def _bound(name: str, found: Fields, kind: Kind, findings: Findings) -> float | None:
    scalar = found.text(name)
    if scalar is None:
        return None
    if kind.listed:
        return values.whole(scalar, findings, least=0)
    if kind.base == "number":
        return values.number(scalar, findings)
    if kind.base == "duration":
        return values.seconds(scalar, findings, zero=True)
    message = f"`{name}` is for numbers, durations and lists, and this is {kind}"
    findings.add("FD114", found.key_place(name), message, fix="remove it")
    return None


def _default(key: Scalar, found: Fields, kind: Kind, findings: Findings) -> Any:
    node = found.values.get("default")
    if node is None:
        return None
    return literals.literal(node, kind, f'the default of "{key.text}"', findings)
