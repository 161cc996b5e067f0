"""The record of an incident as a report: every row, and every decision with who made it and how to check that.

Pure: rows in, text out. The signatures are whole, so a reader who has the front door's public key needs nobody's word.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from firedoor.plan.lists import references
from firedoor.protocol import Row, Signed
from firedoor.records.ledger import Entry
from firedoor.records.rounds import Round
from firedoor.records.timeline import AFTER_THE_RUN, identity

NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the rows."""

    incident: str
    title: str
    playbook: str
    plan: str
    severity: str
    phase: str
    launched_by: str
    launched_at: datetime
    drill: bool
    written_at: datetime
    keys: dict[str, str]
    """Public keys (base64 of the raw Ed25519 key) by the ids that signatures name."""
    gaps: tuple[int, ...] = ()
    """Numbers of rows that are missing from the record."""
    asked: bool = True
    """Whether the run could be asked for what it had not written down yet."""
    unwritten: int = 0
    """Rows that only the run knew, as they were not written down yet."""


def merged(*parts: Iterable[Row]) -> list[Row]:
    """Rows of several sources in one order, each that says something new; the first source's stay as they are.

    A run that was reset counts anew: what it says under a number that another row has goes behind the others. A row
    that a view had to cut stands for the whole one.
    """
    found: dict[int, Row] = {}
    said: set[str] = set()
    for part in parts:
        for row in part:
            name = identity(row)
            if name in said or (row.data.get("cut") and row.seq in found):
                continue
            said.add(name)
            seq = row.seq if row.seq not in found else max(found) + 1
            found[seq] = row.model_copy(update={"seq": seq})
    return [found[seq] for seq in sorted(found)]


def apart(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """The rows of the run, and those of its review, which stand behind them in the same timeline, counted anew."""
    run: list[Row] = []
    review: list[Row] = []
    for row in rows:
        if row.seq > AFTER_THE_RUN:
            review.append(row.model_copy(update={"seq": row.seq - AFTER_THE_RUN}))
        else:
            run.append(row)
    return run, review


def gaps(told: Iterable[int]) -> tuple[int, ...]:
    """The numbers of the run's rows that are missing below the highest that was told."""
    there = {seq for seq in told if seq < AFTER_THE_RUN}
    return tuple(seq for seq in range(1, max(there, default=0)) if seq not in there)


def as_json(
    head: Head,
    rows: Sequence[Row],
    review: Sequence[Row] = (),
    refusals: Sequence[dict[str, Any]] = (),
    documents: Mapping[str, str] = NONE,
    entries: Sequence[Entry] = (),
    lists: Mapping[str, Sequence[str] | None] = MappingProxyType({}),
    rounds: Sequence[tuple[str, Round]] = (),
) -> dict[str, Any]:
    """For machines."""
    return {
        "incident": head.incident,
        "title": head.title,
        "playbook": head.playbook,
        "plan": head.plan,
        "severity": head.severity,
        "phase": head.phase,
        "launched_by": head.launched_by,
        "launched_at": _iso(head.launched_at),
        "drill": head.drill,
        "written_at": _iso(head.written_at),
        "keys": head.keys,
        "missing_rows": list(head.gaps),
        "unwritten_rows": head.unwritten,
        "timeline": [row.model_dump(mode="json") for row in rows],
        "review": [row.model_dump(mode="json") for row in review],
        "refused": list(refusals),
        "documents": dict(documents),
        "ledger": [_entry(entry) for entry in entries],
        "rounds": [_round(step, one) for step, one in rounds],
        "lists": {digest: None if items is None else list(items) for digest, items in lists.items()},
    }


def _round(step: str, one: Round) -> dict[str, Any]:
    """What a step of a long loop did for an item."""
    return {"step": step, "item": one.item, "state": one.state, "targets": list(one.targets), "error": one.error}


def _entry(entry: Entry) -> dict[str, Any]:
    """What was done to one target, and when it was let go."""
    moments = {name: getattr(entry, name) for name in ("entered_at", "applied_at", "until", "released_at", "undone_at")}
    return {
        "step": entry.step,
        "target": entry.target,
        "ordinal": entry.ordinal,
        "number": entry.number,
        "action": entry.action,
        "connector": entry.connector,
        "call": entry.call,
        "state": entry.state,
        "error": entry.error,
        **{name: _iso(moment) if moment else None for name, moment in moments.items()},
    }


def as_markdown(
    head: Head,
    rows: Sequence[Row],
    review: Sequence[Row] = (),
    refusals: Sequence[dict[str, Any]] = (),
    documents: Mapping[str, str] = NONE,
    entries: Sequence[Entry] = (),
    rounds: Sequence[tuple[str, Round]] = (),
) -> str:
    """For people: the timeline, then each signed word with all that is needed to check it."""
    lines = [
        *_head(head),
        "## Timeline",
        "",
        *_table(rows),
        *_section("## Review", _table(review), bool(review)),
        *_section("## Ledger", _ledger(entries), bool(entries)),
        *_section("## Long loops", _rounds(rounds), bool(rounds)),
        *_section("## Refused", _refused(refusals), bool(refusals)),
        *_signatures([*rows, *review], documents),
        *_keys(head),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _head(head: Head) -> list[str]:
    drill = " (drill)" if head.drill else ""
    lines = [
        f"# {_text(head.title)}{drill}",
        "",
        f"- Incident: `{head.incident}`",
        f"- Playbook: {_text(head.playbook)}, plan `{head.plan}`",
        f"- Severity: {head.severity}",
        f"- State: {head.phase}",
        f"- Launched by {_text(head.launched_by)} at {_moment(head.launched_at)}",
        f"- Written at {_moment(head.written_at)}",
    ]
    if head.phase != "closed":
        lines.append("- **The run has not closed: this is its record until now, and more may follow**")
    if not head.asked:
        lines.append("- **The run could not be asked: what it had not written down yet is missing**")
    if head.unwritten:
        lines.append(f"- The last {head.unwritten} rows come from the run itself, as they were not written down yet")
    if head.gaps:
        missing = ", ".join(str(seq) for seq in head.gaps[:20])
        lines.append(f"- **Rows are missing from this record: {missing}**")
    return [*lines, ""]


def _table(rows: Sequence[Row]) -> list[str]:
    if not rows:
        return ["Nothing has been recorded.", ""]
    lines = ["| # | UTC | What happened | By | Kind |", "|---:|---|---|---|---|"]
    for row in rows:
        mark = f" [signed](#{_anchor(row)})" if row.signed else ""
        lines.append(
            f"| {row.seq} | {_moment(row.at)} | {_text(row.words)}{mark} | {_text(row.by or '')} | `{row.kind}` |"
        )
    return [*lines, ""]


def _ledger(entries: Sequence[Entry]) -> list[str]:
    lines = [
        "How many targets of each step are in which state. The targets are in the export as JSON.",
        "",
        "| Step | Action | State | Targets |",
        "|---|---|---|---:|",
    ]
    counts = Counter((entry.step, entry.action, entry.state.value) for entry in entries)
    lines += [f"| {step} | {_text(action)} | {state} | {count} |" for (step, action, state), count in counts.items()]
    return [*lines, ""]


def _rounds(rounds: Sequence[tuple[str, Round]]) -> list[str]:
    lines = [
        "For how many items of a long loop each step was done. The items are in the export as JSON.",
        "",
        "| Step | State | Items |",
        "|---|---|---:|",
    ]
    counts = Counter((step, one.state) for step, one in rounds)
    lines += [f"| {step} | {state.replace('_', ' ')} | {count} |" for (step, state), count in counts.items()]
    return [*lines, ""]


def _refused(refusals: Sequence[dict[str, Any]]) -> list[str]:
    lines = ["Words that were not counted.", "", "| UTC | By | Asked | Why not |", "|---|---|---|---|"]
    for refusal in refusals:
        cells = (_text(str(refusal[name])) for name in ("at", "person", "asked", "says"))
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def signed_documents(rows: Iterable[Row]) -> list[str]:
    """The hashes of the documents that were signed, each once."""
    found = (_body(row.signed).get("document") for row in rows if row.signed)
    return list(dict.fromkeys(str(document) for document in found if document))


def signed_lists(rows: Iterable[Row], documents: Iterable[str]) -> list[str]:
    """The digests of the long lists that signed words, and the documents that they are about, refer to, each once."""
    said = [*(_body(row.signed) for row in rows if row.signed), *(json.loads(document) for document in documents)]
    return list(dict.fromkeys(ref.digest for value in said for ref in references(value)))


def _signatures(rows: Sequence[Row], documents: Mapping[str, str]) -> list[str]:
    signed = [row for row in rows if row.signed]
    if not signed:
        return []
    lines = [
        "## Signed words",
        "",
        "Each was signed with Ed25519 by the front door for the person it names: over the line `firedoor/KIND/v1`,",
        "a line break, and the body exactly as it stands here. An answer names the document that was shown by its SHA-256:",
        "that of the document's text exactly as it stands below the body, in UTF-8, without a line break at its end.",
        "",
    ]
    for row in signed:
        assert row.signed is not None  # noqa: S101  # chosen so above
        lines += _signature(row, row.signed, documents)
    return lines


def _signature(row: Row, signed: Signed, documents: Mapping[str, str]) -> list[str]:
    said = _body(signed)
    facts = [
        ("Person", said.get("person")),
        ("Kind", said.get("kind")),
        ("Choice", said.get("choice") or said.get("command")),
        ("Ask", said.get("ask") or said.get("step")),
        ("Document (SHA-256)", said.get("document")),
        ("Reason", said.get("reason")),
        ("Proof", said.get("proof")),
        ("Was then", ", ".join(said.get("holds") or ())),
        ("Issued", said.get("issued")),
        ("Key", signed.key),
        ("Signature", signed.signature),
    ]
    return [
        f'### <a id="{_anchor(row)}"></a>{row.seq}. {_text(row.words)}',
        "",
        *(f"- {name}: {_text(str(value))}" for name, value in facts if value),
        "",
        *_exactly(signed.body),
        *_document(said.get("document"), documents),
    ]


def _document(hash_: Any, documents: Mapping[str, str]) -> list[str]:
    if not hash_:
        return []
    if hash_ not in documents:
        return ["**The document was not kept here: only its SHA-256 is known.**", ""]
    return ["The document:", "", *_exactly(documents[hash_])]


def _exactly(text: str) -> list[str]:
    """JSON as it is, whatever stands in it."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return [f"{fence}json", text, fence, ""]


def _keys(head: Head) -> list[str]:
    if not head.keys:
        return []
    return ["## Keys", "", *(f"- `{name}`: `{raw}`" for name, raw in sorted(head.keys.items())), ""]


def _section(title: str, lines: list[str], shown: bool) -> list[str]:
    return [title, "", *lines] if shown else []


def _body(signed: Signed) -> dict[str, Any]:
    said = json.loads(signed.body)
    return said if isinstance(said, dict) else {}


def _anchor(row: Row) -> str:
    return f"{row.kind.split('.')[0]}-{row.seq}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _text(text: str) -> str:
    """Text as it is, and nothing else: no markup, no link, no table's end, one line."""
    one_line = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>|#" else char for char in one_line)


def _longest_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    return longest
