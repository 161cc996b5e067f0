"""Reads clocks.yaml: time limits as data, each with the law that it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from firedoor.compiler import schema, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.nodes import Node, Scalar
from firedoor.compiler.shape import Fields, as_mapping, fields


@dataclass(frozen=True)
class ClockRow:
    """A row of clocks.yaml; `limit` in seconds, the law's own for a fixed clock and our aim for a standard one."""

    name: str
    kind: Literal["fixed", "standard"]
    limit: int
    law: str
    may_pause: tuple[str, ...] = ()
    after_pause: Literal["the rest", "anew"] = "the rest"
    wording: str | None = None
    source: tuple[str, ...] = ()
    checked: str | None = None
    then: tuple[str, ...] = ()


Clocks = dict[str, ClockRow | None]
"""By name. A row with mistakes is None: its name is known, and what it says is not."""


def read(root: Node | None, findings: Findings) -> Clocks | None:
    node = as_mapping(root, "clocks.yaml", findings)
    if node is None:
        return None
    rows: Clocks = {}
    mapping = fields(node, schema.CLOCKS, findings).mapping("clocks")
    for key, value in mapping.entries if mapping else ():
        name = values.kebab(key, "a clock", findings)
        body = as_mapping(value, f'"{key.text}"', findings)
        row = None
        if body is not None:
            row = _row(key, fields(body, schema.CLOCK, findings, key, f'clock "{key.text}"'), findings)
        rows[key.text] = row if name else None
    return rows


def _row(key: Scalar, found: Fields, findings: Findings) -> ClockRow | None:
    kind, law = found.text("kind"), found.text("law")
    word = values.choice(kind, ("fixed", "standard"), "kind of clock", findings) if kind is not None else None
    span = None
    if word is not None:
        span = _span(key, word, found, findings)
    may_pause = tuple(scalar.text for scalar in found.texts("may_pause", findings))
    after = _after_pause(found, findings)
    if word not in ("fixed", "standard") or law is None or span is None:
        return None
    wording, checked = found.text("wording"), found.text("checked")
    return ClockRow(
        key.text,
        "fixed" if word == "fixed" else "standard",
        span,
        law.text,
        may_pause,
        after,
        wording=wording.text if wording is not None else None,
        source=tuple(scalar.text for scalar in found.texts("source", findings)),
        checked=checked.text if checked is not None else None,
        then=tuple(scalar.text for scalar in found.texts("then", findings)),
    )


def _after_pause(found: Fields, findings: Findings) -> Literal["the rest", "anew"]:
    scalar = found.text("after_pause")
    if scalar is None:
        return "the rest"
    word = values.choice(scalar, ("the rest", "anew"), "way for a clock to go on", findings)
    if "may_pause" not in found:
        message = "`after_pause` says how a pause ends, and nothing says on which grounds this clock may be paused"
        findings.add(
            "FD501", found.key_place("after_pause"), message, fix="add may_pause: [the ground that the law names]"
        )
    return "anew" if word == "anew" else "the rest"


def _span(key: Scalar, kind: str, found: Fields, findings: Findings) -> int | None:
    needs, other = ("limit", "target") if kind == "fixed" else ("target", "limit")
    if other in found:
        fix = f"write {needs}, or kind: {'standard' if kind == 'fixed' else 'fixed'}"
        message = f"a {kind} clock has a `{needs}`, and no `{other}`"
        findings.add("FD501", found.key_place(other), message, fix=fix)
        return None
    scalar = found.text(needs)
    if scalar is not None:
        return values.seconds(scalar, findings)
    if needs not in found.broken:
        message = f'the {kind} clock "{key.text}" needs `{needs}`'
        findings.add("FD501", found.place, message, fix=f"add {needs}: 24h")
    return None
