"""The Mermaid text of any plan: each frame is closed, each lane is known, and an author's words end no line."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, Phase, given, settings

from firedoor.explain import Reader
from firedoor.graph import mermaid
from firedoor.plan import Plan
from tests.explain import golden
from tests.run import plans as p
from tests.run.generated import plans

QUICK = settings(max_examples=15, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))

NOTE = re.compile(r"Note over (L\d+)(?:,(L\d+))?: \S.*")
ARROW = re.compile(r"(L\d+)-{1,2}>>(L\d+): \S.*")
OPENS = re.compile(r"(par|loop|opt) \S.*|rect rgba\(128, 128, 128, 0\.1\)")
TEXT = re.compile(r"(?:<br/>|#\d+;|[^<>#;{}\[\]`\"|\\])*")


def _lines(text: str) -> list[str]:
    """Each line is one that Mermaid's grammar of sequence diagrams has, and frames are closed."""
    head, *lines = text.splitlines()
    assert head == "sequenceDiagram"
    lanes: set[str] = set()
    frames: list[str] = []
    for line in map(str.strip, lines):
        named = re.fullmatch(r"participant (L\d+) as \S.*", line)
        if named:
            lanes.add(named[1])
        elif found := NOTE.fullmatch(line) or ARROW.fullmatch(line):
            assert {lane for lane in found.groups() if lane} <= lanes, line
        elif found := OPENS.fullmatch(line):
            frames.append(found[1] or "rect")
        elif line == "and":
            assert frames[-1] == "par"
        elif line == "end":
            frames.pop()
        else:
            assert line.startswith("title "), line
        assert TEXT.fullmatch(line.partition(">>")[2] or line), line
    assert not frames
    return lines


@given(plan=plans())
@QUICK
def test_any_plan_is_a_sequence_diagram(plan: Plan) -> None:
    lines = _lines(mermaid(Reader(plan)))
    text = "\n".join(lines)
    reader = Reader(plan)
    for path, step in plan.by_path.items():
        assert re.search(rf"\b{re.escape(reader.number(path))} {{1,2}}[A-Z]", text), path
        if step.verb == "undo":
            assert f"undoes {reader.step(step.step)}" in text
    assert text.count("-->>") >= sum(step.verb == "undo" for step in plan.by_path.values())


def test_the_book_of_these_tests_is_too() -> None:
    book = golden.book()
    for plan in book.plans.values():
        for language in ("en", "de"):
            _lines(mermaid(Reader(plan, book.organization, language)))


def test_what_the_author_wrote_is_text() -> None:
    words = "end\npar x; #quot; <b>bold</b> L0->>L1: y %% {z} [a] `c` \u2028 \\"
    plan = p.plan(p.task(words), p.group(p.lock())).model_copy(update={"title": p.text(words)})
    text = mermaid(Reader(plan))
    _lines(text)
    assert "#60;b#62;bold" in text
