"""Pages of long lists: worked through target by target, reported as counts, and gone on with from the ledger."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError

from activities.listing import answered
from activities.reading import MOST_BYTES
from firedoor.connectors.errors import Refused, Unavailable
from firedoor.plan import ReadAction
from firedoor.plan.lists import INLINE, Question, reference
from firedoor.protocol import ContainOrder, Page, PageReport, ReleaseOrder
from firedoor.records.ledger import EntryState
from tests.activities.orders import Scene, contain, environment, make_scene, read, release

MANY = [f"@user-{number:03}:x" for number in range(250)]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def page(scene: Scene, first: int = 0, count: int = len(MANY), **changes: Any) -> Page:
    ref = scene.records.lists.keep(MANY)
    return Page(list=ref.digest, of=len(MANY), first=first, count=count, **changes)


def paged(scene: Scene, *, ordinal: int = 1, **changes: Any) -> ContainOrder:
    return contain(ordinal=ordinal).model_copy(update={"targets": (), "page": page(scene, last=ordinal, **changes)})


def released(scene: Scene, **changes: Any) -> ReleaseOrder:
    return release().model_copy(update={"targets": None, "page": page(scene, **changes)})


async def contained(scene: Scene, order: ContainOrder, **info: Any) -> PageReport:
    report = await scene.contain(order, **info)
    assert not report.outcomes
    assert report.page is not None
    return report.page


async def let_go(scene: Scene, order: ReleaseOrder) -> PageReport:
    report = await scene.release(order)
    assert report.page is not None
    return report.page


async def test_a_page_is_contained_and_let_go_and_no_other_target(scene: Scene) -> None:
    found = await contained(scene, paged(scene, first=100, count=120))
    assert (found.applied, found.left, found.problems) == (120, 0, ())
    assert found.last_at is not None
    assert {effect.target for effect in scene.platform.effects()} == set(MANY[100:220])
    undone = await let_go(scene, released(scene, first=100, count=100))
    assert (undone.undone, undone.undo_failed) == (100, 0)
    left = scene.records.ledger.held("one")
    assert [entry.target for entry in left] == MANY[200:220]


async def test_it_goes_on_from_the_ledger(scene: Scene) -> None:
    await contained(scene, paged(scene, count=120))
    found = await contained(scene, paged(scene), attempt=2)
    assert found.applied == 250
    assert Counter(effect.target for effect in scene.platform.effects()) == Counter(MANY)


async def test_what_fails_is_counted_and_the_first_few_are_named(scene: Scene) -> None:
    for target in MANY[10:20]:
        scene.platform.missing(target)
    scene.platform.fail(Refused, target=MANY[5])
    found = await contained(scene, paged(scene))
    assert (found.applied, found.refused) == (239, 11)
    assert [outcome.target for outcome in found.problems] == [MANY[5], *MANY[10:14]]


async def test_only_what_failed_is_tried_again_and_let_go_by_itself(scene: Scene) -> None:
    scene.platform.fail(Refused, target=MANY[5])
    await contained(scene, paged(scene))
    again = await contained(scene, paged(scene, ordinal=2, since=2, failed=True))
    assert again.applied == 1
    assert Counter(effect.target for effect in scene.platform.effects()) == Counter(MANY)
    undone = await let_go(scene, released(scene, since=2, last=2))
    assert undone.undone == 1
    assert (await let_go(scene, released(scene))).undone == 249
    assert not scene.records.ledger.held("one")


async def test_what_was_let_go_by_name_is_not_counted_again(scene: Scene) -> None:
    await contained(scene, paged(scene))
    (outcome,) = (await scene.release(release().model_copy(update={"targets": (MANY[3],)}))).outcomes
    assert (outcome.state, outcome.number) == ("undone", 1)
    again = release(ordinal=2).model_copy(update={"targets": None, "page": page(scene)})
    assert (await let_go(scene, again)).undone == 249


async def test_an_attempt_that_is_ended_leaves_the_rest_for_the_same_page(scene: Scene) -> None:
    scene.platform.delay = 0.01
    running = environment()
    task = asyncio.ensure_future(running.run(scene.containing.contain, paged(scene)))
    while len(scene.platform.effects()) < 20:
        await asyncio.sleep(0.01)
    running.cancel(ActivityCancellationDetails(cancel_requested=True))
    report = (await task).page
    assert report is not None
    assert report.applied == len(scene.platform.effects()) < 250
    assert report.applied + report.left == 250
    states = {entry.state for entry in scene.records.ledger.of_step("one", "0")}
    assert states <= {EntryState.APPLIED, EntryState.ENTERED}, "nothing was refused for the lack of time"
    scene.platform.delay = 0
    assert (await contained(scene, paged(scene))).applied == 250
    assert Counter(effect.target for effect in scene.platform.effects()) == Counter(MANY)


async def test_another_attempt_mends_what_may_be_mended(scene: Scene) -> None:
    scene.platform.fail(Unavailable, target=MANY[7])
    with pytest.raises(ApplicationError) as caught:
        await scene.contain(paged(scene))
    assert not caught.value.non_retryable
    assert (await contained(scene, paged(scene), attempt=2)).applied == 250
    assert Counter(effect.target for effect in scene.platform.effects()) == Counter(MANY)


@pytest.mark.parametrize("bent", [{"list": "0" * 64}, {"of": 249}, {"first": 200, "count": 100}, {"first": -1}])
async def test_a_page_that_is_none_of_a_list_that_is_here_is_not_acted_on(scene: Scene, bent: dict[str, Any]) -> None:
    order = paged(scene)
    bad = order.model_copy(update={"page": page(scene).model_copy(update=bent)})
    with pytest.raises(ApplicationError) as caught:
        await scene.contain(bad)
    assert (caught.value.type, caught.value.non_retryable) == ("NoList", True)
    assert not scene.platform.effects()
    assert not scene.records.ledger.of_incident("one")


COPIES = ReadAction(name="copies", gives="content", gives_list=True, connector="memory", call="copies")
COUNTS = ReadAction(name="counts", gives="number", gives_list=True, connector="memory", call="copies")


async def test_a_long_answer_is_written_down_and_a_long_argument_is_opened(scene: Scene) -> None:
    scene.platform.answer("copies", [f"mxc://{number}" for number in range(INLINE + 1)])
    found = reference((await environment().run(scene.containing.read, read(COPIES, None))).value)
    assert found is not None
    assert found.count == INLINE + 1
    assert scene.records.lists.get(found.digest)[INLINE] == f"mxc://{INLINE}"
    scene.platform.answer("copies", ["mxc://1"] * INLINE)
    assert (await environment().run(scene.containing.read, read(COPIES, None))).value == ["mxc://1"] * INLINE
    scene.platform.answer("copies", list(range(INLINE + 1)))
    assert len((await environment().run(scene.containing.read, read(COUNTS, None))).value) == INLINE + 1
    scene.platform.answer("copies", ["mxc://" + "1" * 100] * (MOST_BYTES // 100))
    assert reference((await environment().run(scene.containing.read, read(COPIES, None))).value) is not None


def test_what_a_run_needs_to_know_of_lists(scene: Scene) -> None:
    lists, ledger = scene.records.lists, scene.records.ledger
    some, more = lists.keep(["@a", "@b", "@a"]), lists.keep(["@b", "@c"])

    def ask(asks: Any, *refs: Any, argument: Any = None, step: str = "") -> Any:
        return answered(lists, ledger, "one", Question(asks=asks, lists=refs, argument=argument, step=step))

    assert ask("whole", some) == ["@a", "@b", "@a"]
    assert ask("unique", some) == ["@a", "@b"]
    assert ask("last", more) == "@c"
    assert (ask("in", some, argument="@b"), ask("in", some, argument="@c")) == (True, False)
    assert ask("joined", some, more, argument=["@d", "@a"]) == ["@a", "@b", "@c", "@d"]
    assert ask("beyond", some, more, argument={"of": None, "but": ["@x"]}) == ["@a"]
    assert ask("beyond", more, argument={"of": ["@b", "@d"], "but": []}) == ["@d"]
    assert ask("held", step="0", argument=[1]) == []
    with pytest.raises(ValueError, match="not the one"):
        ask("whole", some.model_copy(update={"count": 2}))
