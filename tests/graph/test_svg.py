"""The picture of any plan: it is well formed, everything is in it, and nothing leaves its box or lies over another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from firedoor.compiler import load_book
from firedoor.explain import Reader
from firedoor.graph import svg
from firedoor.graph.drawn import scene
from firedoor.graph.layout import Picture, Rect, picture
from firedoor.graph.measure import width
from firedoor.graph.scene import FIREDOOR, arranged, leaves
from firedoor.graph.words import Block
from firedoor.plan import Group, Plan, Prose, Step, Text
from firedoor.plan.expression import StepIs
from tests.docs.pages import ROOT
from tests.explain import golden
from tests.run import plans as p
from tests.run.generated import plans

QUICK = settings(max_examples=15, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
SPACE = "{http://www.w3.org/2000/svg}"

BOOK = golden.book()
SHIPPED = load_book(ROOT / "playbooks")


def large() -> Plan:
    """Some 70 steps of every kind, for nine teams."""
    teams = ("policy", "legal", "engineering", "comms", "execs", "privacy", "security", "wellness", "crt")

    def part(n: int) -> Group:
        one, other = teams[n % 9], teams[(n + 4) % 9]
        return p.group(
            p.parallel(
                p.lock(f"lock{n}", expires=p.DAY, on_expiry="undo"),
                p.task(f"Work through the reports about part {n}", f"{other}.on_shift", due=p.HOUR, on_timeout="stop"),
                p.notify(f"{one}.on_shift", "It is contained."),
            ),
            p.approve("Go on with this?", one, other, name=f"ok{n}", on_reject=f"undo #lock{n}", unlocks=(f"#act{n}",)),
            p.contain("freeze", name=f"act{n}", when=p.is_(f"#ok{n}", "approved")),
            p.undo(f"#lock{n}"),
            name=f"part{n}",
        )

    return p.plan(*[part(n) for n in range(8)], clocks=(p.clock("law"),))


def test_every_playbook_is_drawn() -> None:
    for book in (BOOK, SHIPPED):
        for plan in book.plans.values():
            _holds(Reader(plan, book.organization))


@given(plan=plans())
@QUICK
def test_any_plan_is_drawn(plan: Plan) -> None:
    _holds(Reader(plan))


def test_a_large_playbook_is_drawn_and_names_its_lanes_again() -> None:
    plan = large()
    assert len(plan.by_path) > 60
    _holds(Reader(plan))
    drawn = picture(scene(Reader(plan)))
    assert len(drawn.bands) >= drawn.height // 2_500
    assert len(drawn.names) == len(drawn.bands) * len(drawn.lanes)


def _holds(reader: Reader) -> None:
    drawn = picture(scene(reader))
    text = svg(reader)
    _everything_is_there(reader.plan, drawn, ElementTree.fromstring(text))  # noqa: S314  # our own
    _texts_keep_inside(drawn)
    _nothing_overlaps(drawn)
    _frames_hold_what_is_theirs(drawn)
    _lines_lead_from_box_to_box(drawn)


def _everything_is_there(plan: Plan, drawn: Picture, root: ElementTree.Element) -> None:
    steps = {group.get("id") for group in root.iter(f"{SPACE}g") if group.get("id")}
    reader = Reader(plan)
    boxed = [step for step in plan.by_path.values() if step.verb not in ("parallel", "group", "for_each")]
    assert steps == {f"step-{reader.number(step.path)}" for step in boxed}
    assert len(drawn.frames) == len(plan.by_path) - len(boxed)
    assert {clock.clock.name for clock in drawn.clocks} == {clock.name for clock in plan.clocks}
    title, desc = root.find(f"{SPACE}title"), root.find(f"{SPACE}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert not [
        one.tag for one in root.iter() if one.tag in (f"{SPACE}script", f"{SPACE}image", f"{SPACE}foreignObject")
    ]
    unlocked = [line for line in drawn.lines if line.kind == "unlocks"]
    assert len(unlocked) == sum(len(step.unlocks) for step in boxed if step.verb == "approve")
    undone = [line for line in drawn.lines if line.kind == "undoes"]
    assert len(undone) >= sum(step.verb == "undo" for step in boxed)


def _texts_keep_inside(drawn: Picture) -> None:
    for placed in drawn.boxes.values():
        assert all(_inside(block, placed.rect) for block in placed.blocks)
        for chip in placed.chips:
            assert _inside(chip.block, chip.rect)
            assert _contains(placed.rect, chip.rect)
    for frame in drawn.frames:
        assert all(_inside(block, frame.rect) for block in frame.blocks)
    whole = Rect(0, 0, drawn.width, drawn.height)
    for block in [*drawn.head, *drawn.foot, *drawn.names, *(block for one in drawn.clocks for block in one.blocks)]:
        assert _inside(block, whole)


def _inside(block: Block, rect: Rect) -> bool:
    """By the bounds of the widest font."""
    sizes = [sum(width(run.text, block.size, bold=run.bold) for run in line) for line in block.lines]
    right = block.x + max(sizes, default=0)
    return rect.x <= block.x and right <= rect.right + 0.01 and rect.y <= block.y and block.bottom <= rect.bottom + 0.01


def _contains(rect: Rect, other: Rect) -> bool:
    return (
        rect.x <= other.x
        and rect.y <= other.y
        and other.right <= rect.right + 0.01
        and other.bottom <= rect.bottom + 0.01
    )


def _nothing_overlaps(drawn: Picture) -> None:
    for one, other in combinations([placed.rect for placed in drawn.boxes.values()], 2):
        assert one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


def _frames_hold_what_is_theirs(drawn: Picture) -> None:
    for frame in drawn.frames:
        mine = {box.path for box in leaves(frame.frame.children)}
        for path, placed in drawn.boxes.items():
            if path in mine:
                assert _contains(frame.rect, placed.rect)
                assert all(placed.rect.y >= block.bottom for block in frame.blocks)
            else:
                r, f = placed.rect, frame.rect
                assert r.right <= f.x or f.right <= r.x or r.bottom <= f.y or f.bottom <= r.y


def _lines_lead_from_box_to_box(drawn: Picture) -> None:
    edges = [placed.rect for placed in drawn.boxes.values()] + [placed.rect for placed in drawn.frames]
    bars = [clock.bar for clock in drawn.clocks]
    for line in drawn.lines:
        assert any(_touches(line.points[0], rect) for rect in edges), line
        assert any(_touches(line.points[-1], rect) for rect in [*edges, *bars]), line
        for (x, y), (x2, y2) in zip(line.points, line.points[1:], strict=False):
            assert abs(x - x2) < 0.01 or abs(y - y2) < 0.01  # never slanted


def _touches(point: tuple[float, float], rect: Rect) -> bool:
    x, y = point
    beside = min(abs(x - rect.x), abs(x - rect.right)) < 0.01 and rect.y - 0.01 <= y <= rect.bottom + 0.01
    above = min(abs(y - rect.y), abs(y - rect.bottom)) < 0.01 and rect.x - 0.01 <= x <= rect.right + 0.01
    return beside or above


# --- order ------------------------------------------------------------------------------------------------------------


def test_what_follows_stands_below_and_what_is_parallel_beside() -> None:
    plan = p.plan(p.lock(), p.parallel(p.approve(name="ok"), p.task(assign="legal", name="work")), p.undo(name="back"))
    boxes = picture(scene(Reader(plan))).boxes
    lock, ok, work, back = (boxes[plan.by_id[name].path].rect for name in ("lock", "ok", "work", "back"))
    assert lock.bottom < ok.y == work.y
    assert max(ok.bottom, work.bottom) < back.y
    assert ok.right < work.x or work.right < ok.x


def test_those_who_decide_together_stand_side_by_side() -> None:
    plan = p.plan(
        p.task(assign="crt"), p.approve("?", "policy"), p.task(assign="comms"), p.approve("?", "policy", "execs")
    )
    lanes = arranged([*leaves(scene(Reader(plan)).nodes)])
    assert abs(lanes.index("Policy") - lanes.index("Execs")) == 1
    assert FIREDOOR not in lanes


def test_an_undo_leads_back_to_its_act_and_an_approval_to_what_it_unlocks() -> None:
    plan = p.plan(
        p.lock(),
        p.approve(name="ok", on_reject="undo #lock", unlocks=("#act",)),
        p.contain("freeze", name="act", when=StepIs(step="1", outcome="approved")),
        p.undo(name="back"),
    )
    drawn = picture(scene(Reader(plan)))
    lock, ok, act, back = (drawn.boxes[path] for path in ("0", "1", "2", "3"))
    (unlocks,) = (line for line in drawn.lines if line.kind == "unlocks")
    assert _touches(unlocks.points[0], ok.rect)
    assert _touches(unlocks.points[-1], act.rect)
    undoes = [line for line in drawn.lines if line.kind == "undoes"]
    assert all(_touches(line.points[-1], lock.rect) for line in undoes)
    assert {back.rect.x, ok.rect.x} == {line.points[0][0] for line in undoes}
    refused = next(line.points[0][1] for line in undoes if line.points[0][0] == ok.rect.x)
    assert ok.outcomes_at[1] < refused < ok.outcomes_at[2]


def test_a_clock_runs_from_its_start_to_the_step_that_meets_it() -> None:
    plan = p.plan(p.lock(), p.task(name="told", meets="law"), p.undo(), clocks=(p.clock("law"),))
    drawn = picture(scene(Reader(plan)))
    (clock,) = drawn.clocks
    assert drawn.lanes_from < clock.bar.y
    assert drawn.boxes["0"].rect.bottom < clock.bar.bottom <= drawn.boxes["1"].rect.y


def test_a_clock_that_a_group_meets_runs_to_the_end_of_its_frame() -> None:
    plan = p.plan(p.lock(), p.group(p.task(), p.notify(), meets="law"), p.undo(), clocks=(p.clock("law"),))
    drawn = picture(scene(Reader(plan)))
    (clock,), (frame,) = drawn.clocks, drawn.frames
    assert frame.rect.bottom - 6 == clock.bar.bottom
    assert any("when all of it is done" in note for note in frame.frame.notes)


# --- what an author writes stays text ---------------------------------------------------------------------------------

LONG = {
    "de": "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz und Datenschutzaufsichtsbehördenbenachrichtigung",
    "ja": "所有者が本人確認を完了するまで、これらのアカウントをロックしたままにしてよいですか。「緊急対応」として承認してください。",
    "en": "WWWWWWWWWWMMMMMMMMMMWWWWWWWWWWMMMMMMMMMM mmmmmmmmmmwwwwwwwwww@@@@@@@@@@",
}


@pytest.mark.parametrize("language", LONG)
def test_long_words_stay_in_their_boxes(language: str) -> None:
    long = Text(by_language={language: Prose(of=(LONG[language],))})
    steps: list[Step] = [
        p.approve(name="ok").model_copy(update={"question": long}),
        p.task().model_copy(update={"words": long, "proof": LONG[language]}),
        p.parallel(p.notify().model_copy(update={"say": long})).model_copy(update={"name": long}),
    ]
    plan = p.plan(*steps).model_copy(update={"title": long, "use_when": LONG[language]})
    _holds(Reader(plan, None, language))
    assert LONG[language][:12] in svg(Reader(plan, None, language))


def test_what_the_author_wrote_is_text() -> None:
    words = "</text><script>alert(1)</script> & \u202eevil\u0007 “quoted” \"'"
    plan = p.plan(p.task(words)).model_copy(update={"title": p.text(words), "playbook": 'a"><b'})
    text = svg(Reader(plan))
    root = ElementTree.fromstring(text)  # noqa: S314  # our own
    assert "<script" not in text
    assert "\u202e" not in text
    assert any("alert(1)" in "".join(one.itertext()) for one in root.iter(f"{SPACE}text"))


def test_it_is_the_same_every_time_and_fetches_nothing() -> None:
    reader = Reader(BOOK.plans["everything"], BOOK.organization)
    text = svg(reader)
    assert text == svg(reader)
    assert [found for found in re.findall(r"https?://[^\"' ]+", text) if "w3.org" not in found] == []
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_each_kind_of_line_has_a_pattern_of_its_own() -> None:
    """On black and white paper a colour says nothing."""
    text = svg(Reader(BOOK.plans["everything"], BOOK.organization))
    patterns = [_pattern(text, kind) for kind in ("then", "unlocks", "undoes", "meets")]
    assert len(set(patterns)) == 4


def _pattern(text: str, kind: str) -> str:
    found = re.search(rf'<polyline class="([^"]*)"[^>]*{"#[^)]*-" + kind if kind != "meets" else ""}', text)
    assert found is not None
    names = "line meets dotted" if kind == "meets" else found[1]
    return "".join(sorted(_dashes(text, names.split())))


def _dashes(text: str, names: list[str]) -> Iterator[str]:
    for name in names:
        rule = re.search(rf"\.{name} {{[^}}]*stroke-dasharray: ([^;]*);", text)
        if rule is not None:
            yield rule[1]
