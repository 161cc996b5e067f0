"""Contain and release, on the platform in memory: what is done, what is reported, what is tried again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import reading
from activities.attempt import FIRST_BEAT_SECONDS
from activities.containing import Containing
from firedoor.connectors.errors import BadSettings, Refused, Unavailable
from firedoor.connectors.memory import MemoryPlatform
from firedoor.plan import ReadAction
from firedoor.protocol import Order
from firedoor.records.ledger import EntryState
from tests.activities.orders import (
    DISCLOSE,
    FREEZE,
    LAST,
    LOCK,
    MAYOR,
    PRESERVE,
    Scene,
    anyone,
    attempt_info,
    contain,
    environment,
    make_scene,
    read,
    release,
    row,
)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def states(scene: Scene, incident: str = "one") -> list[str]:
    return [entry.state.value for entry in scene.records.ledger.of_incident(incident)]


# --- holding and letting go -----------------------------------------------------------------------------------------


async def test_an_act_is_entered_done_and_reported(scene: Scene) -> None:
    report = await scene.contain(contain(expires=3600))
    (outcome,) = report.outcomes
    assert (outcome.target, outcome.state, outcome.number, outcome.error) == (MAYOR, "applied", 1, None)
    (entry,) = scene.records.ledger.of_incident("one")
    assert entry.state == EntryState.APPLIED
    assert entry.applied_at == outcome.at
    assert entry.until is not None
    assert outcome.at is not None
    assert entry.until - outcome.at == timedelta(hours=1)
    assert scene.held()


async def test_a_release_lets_go_newest_first(scene: Scene) -> None:
    scene.platform.at_once = 1
    await scene.contain(contain("@a:x", "@b:x", "@c:x"))
    report = await scene.release(release())
    assert [(outcome.target, outcome.state) for outcome in report.outcomes] == [
        ("@c:x", "undone"),
        ("@b:x", "undone"),
        ("@a:x", "undone"),
    ]
    undone = [effect.target for effect in scene.platform.effects() if effect.moment == "restore"]
    assert undone == ["@c:x", "@b:x", "@a:x"]


async def test_named_targets_alone_are_let_go(scene: Scene) -> None:
    await scene.contain(contain("@a:x", "@b:x"))
    report = await scene.release(release("@a:x", "@never:x"))
    assert {outcome.target: outcome.state for outcome in report.outcomes} == {"@a:x": "undone", "@never:x": "undone"}
    assert scene.held("@b:x")
    assert not scene.held("@a:x")


async def test_the_same_order_again_does_nothing_again(scene: Scene) -> None:
    first = await scene.contain(contain())
    assert await scene.contain(contain()) == first
    undone = await scene.release(release())
    assert await scene.release(release()) == undone
    assert scene.moments() == ["apply", "restore"]


async def test_an_act_that_arrives_after_its_release_does_nothing(scene: Scene) -> None:
    await scene.contain(contain())
    await scene.release(release())
    (outcome,) = (await scene.contain(contain())).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_a_retry_by_a_person_is_a_new_ordinal(scene: Scene) -> None:
    await scene.contain(contain())
    await scene.release(release())
    (outcome,) = (await scene.contain(contain(ordinal=2))).outcomes
    assert outcome.state == "applied"
    assert scene.held()
    (undone,) = (await scene.release(release(ordinal=2))).outcomes
    assert undone.state == "undone"
    assert not scene.held()


async def test_the_same_target_twice_in_an_order_is_one(scene: Scene) -> None:
    report = await scene.contain(contain(MAYOR, MAYOR))
    assert len(report.outcomes) == 1
    assert scene.moments() == ["apply"]


async def test_what_someone_else_had_locked_stays_locked(scene: Scene) -> None:
    scene.platform.hold("lock_user", MAYOR)
    await scene.contain(contain())
    (outcome,) = (await scene.release(release())).outcomes
    assert outcome.state == "kept"
    assert scene.held()
    assert scene.moments() == []


@pytest.mark.parametrize(("first", "second"), [("one", "two"), ("two", "one")])
async def test_two_incidents_on_one_account(scene: Scene, first: str, second: str) -> None:
    await scene.contain(contain(incident="one"))
    await scene.contain(contain(incident="two"))
    assert scene.moments() == ["apply"]

    (outcome,) = (await scene.release(release(incident=first))).outcomes
    assert outcome.state == "kept"
    assert scene.held()
    (outcome,) = (await scene.release(release(incident=second))).outcomes
    assert outcome.state == "undone"
    assert not scene.held()
    assert scene.moments() == ["apply", "restore"]


async def test_two_steps_of_one_incident_hold_apart(scene: Scene) -> None:
    await scene.contain(contain(step="0"))
    await scene.contain(contain(step="3[1].0"))
    await scene.release(release(step="0"))
    assert scene.held()
    await scene.release(release(step="3[1].0"))
    assert not scene.held()


async def test_the_newest_holds_arguments_are_what_the_platform_shows(scene: Scene) -> None:
    def kept() -> object:
        return [effect.arguments for effect in scene.platform.effects()][-1]

    await scene.contain(contain("mxc://a/1", action=PRESERVE, arguments={"days": 90}))
    await scene.contain(contain("mxc://a/1", action=PRESERVE, arguments={"days": 180}, incident="two"))
    assert kept() == {"days": 180}
    await scene.release(release(action=PRESERVE, incident="two"))
    assert kept() == {"days": 90}
    assert scene.platform.held("POST /v1/holds", "mxc://a/1")
    await scene.release(release(action=PRESERVE))
    assert not scene.platform.held("POST /v1/holds", "mxc://a/1")


async def test_without_a_target_the_arguments_say_what_is_held(scene: Scene) -> None:
    await scene.contain(contain("", action=FREEZE, arguments={"class": "verified"}))
    await scene.contain(contain("", action=FREEZE, arguments={"class": "new"}, incident="two"))
    await scene.release(release(action=FREEZE))
    assert not scene.platform.held("POST /v1/freezes", '{"class": "verified"}')
    assert scene.platform.held("POST /v1/freezes", '{"class": "new"}')


async def test_a_deed_is_done_once_for_each_order_and_cannot_be_taken_back(scene: Scene) -> None:
    scene.platform.looks = False
    for incident in ("one", "two", "one"):
        (done,) = (await scene.contain(contain(action=DISCLOSE, incident=incident))).outcomes
        assert done.state == "applied"
    assert scene.moments() == ["apply", "apply"]
    (outcome,) = (await scene.release(release(action=DISCLOSE))).outcomes
    assert (outcome.state, outcome.error_type) == ("undo_failed", "Irreversible")


async def test_eight_at_once_on_one_account_are_one_effect(scene: Scene) -> None:
    orders = [contain(incident=f"incident-{number}") for number in range(8)]
    await asyncio.gather(*(scene.contain(order) for order in orders))
    assert scene.moments() == ["apply"]
    outcomes = await asyncio.gather(*(scene.release(release(incident=f"incident-{number}")) for number in range(8)))
    assert scene.moments() == ["apply", "restore"]
    assert not scene.held()
    assert sorted(report.outcomes[0].state for report in outcomes).count("undone") >= 1


async def test_a_drill_touches_nothing_real_and_shares_no_hold(scene: Scene) -> None:
    (outcome,) = (await scene.contain(contain(drill=True))).outcomes
    assert outcome.state == "applied"
    assert not scene.held()
    await scene.contain(contain(incident="real"))
    (outcome,) = (await scene.release(release(drill=True))).outcomes
    assert outcome.state == "undone"
    assert scene.held()


# --- failures -------------------------------------------------------------------------------------------------------


async def test_one_that_fails_holds_up_no_other(scene: Scene) -> None:
    scene.platform.missing("@gone:x")
    scene.platform.fail(Refused, target="@staff:x", times=9)
    report = await scene.contain(contain("@a:x", "@gone:x", "@staff:x", "@b:x"))
    assert [(outcome.state, outcome.error_type) for outcome in report.outcomes] == [
        ("applied", None),
        ("refused", "TargetMissing"),
        ("refused", "Refused"),
        ("applied", None),
    ]
    assert sorted(states(scene)) == ["applied", "applied", "refused", "refused"]


async def test_a_passing_failure_is_retried_for_those_that_are_left(scene: Scene) -> None:
    scene.platform.fail(Unavailable, target="@b:x", retry_after=timedelta(seconds=17))
    with pytest.raises(ApplicationError) as caught:
        await scene.contain(contain("@a:x", "@b:x"))
    assert caught.value.type == "Unavailable"
    assert not caught.value.non_retryable
    assert caught.value.next_retry_delay == timedelta(seconds=17)

    report = await scene.contain(contain("@a:x", "@b:x"), attempt=2)
    assert [outcome.state for outcome in report.outcomes] == ["applied", "applied"]
    assert scene.moments("@a:x") == ["apply"]


async def test_when_no_attempt_is_left_it_reports_what_was_not_done(scene: Scene) -> None:
    scene.platform.fail(Unavailable, target="@b:x", times=9)
    report = await scene.contain(contain("@a:x", "@b:x"), **LAST)
    assert [(outcome.state, outcome.error_type) for outcome in report.outcomes] == [
        ("applied", None),
        ("failed", "Unavailable"),
    ]
    assert sorted(states(scene)) == ["applied", "refused"]
    assert not scene.held("@b:x")


async def test_a_bound_on_attempts_ends_it_too(scene: Scene) -> None:
    scene.platform.fail(Unavailable, times=9)
    (outcome,) = (await scene.contain(contain(), attempt=3, most_attempts=3)).outcomes
    assert outcome.state == "failed"


async def test_without_a_bound_the_actions_own_budget_counts_from_the_entry(scene: Scene) -> None:
    brief = LOCK.model_copy(update={"retries_for": 0})
    scene.platform.fail(Unavailable, times=99)
    for attempt in (1, 2):
        with pytest.raises(ApplicationError):
            await scene.contain(contain(action=brief), attempt=attempt, budget=None)
    (outcome,) = (await scene.contain(contain(action=brief), attempt=3, budget=None)).outcomes
    assert outcome.state == "failed"


@pytest.mark.parametrize("looks", [True, False])
async def test_an_act_of_unknown_outcome_stays_held_and_is_undone(tmp_path: Path, looks: bool) -> None:
    scene = make_scene(tmp_path, MemoryPlatform(looks=looks))
    scene.platform.fail(Unavailable, times=9, after=True)
    (outcome,) = (await scene.contain(contain(), **LAST)).outcomes
    assert outcome.state == "unknown"
    assert states(scene) == ["unknown"]
    assert scene.held()

    (outcome,) = (await scene.release(release())).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_a_refusal_after_a_lost_answer_is_not_taken_for_nothing_done(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, MemoryPlatform(looks=False))
    scene.platform.fail(Unavailable, after=True)
    with pytest.raises(ApplicationError):
        await scene.contain(contain())
    scene.platform.fail(BadSettings)  # the secret was changed meanwhile
    (outcome,) = (await scene.contain(contain(), attempt=2)).outcomes
    assert (outcome.state, outcome.error_type) == ("unknown", "BadSettings")
    (outcome,) = (await scene.release(release())).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_a_refused_act_is_not_undone(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, MemoryPlatform(looks=False))
    scene.platform.fail(Refused)
    await scene.contain(contain())
    assert (await scene.release(release())).outcomes == ()
    assert scene.moments() == []


async def test_a_failed_undo_is_reported_and_tried_again_with_a_new_number(scene: Scene) -> None:
    await scene.contain(contain())
    scene.platform.fail(Refused, on="restore")
    (outcome,) = (await scene.release(release())).outcomes
    assert (outcome.state, outcome.error_type) == ("undo_failed", "Refused")
    (entry,) = scene.records.ledger.of_incident("one")
    failed_number = entry.release_number
    (again,) = (await scene.release(release())).outcomes  # the same order again, after a crash: the same answer
    assert again.state == "undo_failed"

    (outcome,) = (await scene.release(release(ordinal=2))).outcomes
    assert outcome.state == "undone"
    (entry,) = scene.records.ledger.of_incident("one")
    assert entry.release_number is not None
    assert failed_number is not None
    assert entry.release_number > failed_number
    assert not scene.held()


async def test_a_hold_on_what_failed_to_be_undone_takes_it_over(scene: Scene) -> None:
    await scene.contain(contain())
    scene.platform.fail(Refused, on="restore")
    await scene.release(release())
    await scene.contain(contain(incident="two"))
    (outcome,) = (await scene.release(release(ordinal=2))).outcomes
    assert outcome.state == "kept"
    assert scene.held()
    (outcome,) = (await scene.release(release(incident="two"))).outcomes
    assert outcome.state == "undone"
    assert not scene.held()


async def test_an_undo_whose_budget_ends_is_reported(scene: Scene) -> None:
    await scene.contain(contain())
    scene.platform.fail(Unavailable, on="restore", times=9)
    with pytest.raises(ApplicationError) as caught:
        await scene.release(release())
    assert not caught.value.non_retryable
    (outcome,) = (await scene.release(release(), **LAST)).outcomes
    assert (outcome.state, outcome.error_type) == ("undo_failed", "Unavailable")


def not_set_up(scene: Scene) -> Containing:
    problem = "connector memory: base_url_from names the environment variable MEMORY_URL, which is not set"
    records = scene.records
    problems = {"memory": problem}
    return Containing({}, records.ledger, records.timeline, anyone, lists=records.lists, problems=problems)


async def test_a_connector_that_is_not_set_up_is_a_refusal_that_says_what_to_set(scene: Scene) -> None:
    report = await environment().run(not_set_up(scene).contain, contain("@a:x", "@b:x", rows=(row(1),)))
    assert report.recorded == 1
    assert [(outcome.target, outcome.state) for outcome in report.outcomes] == [
        ("@a:x", "refused"),
        ("@b:x", "refused"),
    ]
    (said,) = {outcome.error for outcome in report.outcomes}
    assert said is not None
    assert said.startswith("nothing was touched: ")
    assert "MEMORY_URL, which is not set" in said
    assert not scene.records.ledger.of_incident("one")

    (outcome,) = (await scene.contain(contain(ordinal=2))).outcomes  # by a worker that has it
    assert outcome.state == "applied"


async def test_what_a_worker_that_has_the_connector_had_begun_is_reported_as_it_is(scene: Scene) -> None:
    scene.platform.fail(Unavailable, after=True)
    with pytest.raises(ApplicationError):
        await scene.contain(contain("@a:x"))
    report = await environment().run(not_set_up(scene).contain, contain("@a:x", "@b:x"))
    assert {outcome.target: outcome.state for outcome in report.outcomes} == {"@a:x": "unknown", "@b:x": "refused"}


async def test_a_connector_that_nobody_knows_is_a_refusal(scene: Scene) -> None:
    report = await scene.contain(contain(action=LOCK.model_copy(update={"connector": "nowhere"})))
    assert [(outcome.state, outcome.error_type) for outcome in report.outcomes] == [("refused", "BadSettings")]
    assert "no connector is set up as nowhere" in str(report.outcomes[0].error)


async def test_what_cannot_be_let_go_because_of_the_worker_says_what_to_set(scene: Scene) -> None:
    await scene.contain(contain())
    with pytest.raises(ApplicationError, match="MEMORY_URL, which is not set") as caught:
        await environment().run(not_set_up(scene).release, release())
    assert (caught.value.type, caught.value.non_retryable) == ("BadSettings", True)
    assert states(scene) == ["applied"]


async def test_another_order_under_the_same_entry_is_refused(scene: Scene) -> None:
    await scene.contain(contain())
    with pytest.raises(ApplicationError) as caught:
        await scene.contain(contain(arguments={"days": 3}))
    assert (caught.value.type, caught.value.non_retryable) == ("EntryConflict", True)


# --- warrants and rows ----------------------------------------------------------------------------------------------


async def test_without_a_warrant_nothing_is_done_or_written(scene: Scene) -> None:
    def refuse(order: Order) -> None:
        raise ValueError("nobody signed this")

    records = scene.records
    containing = Containing({"memory": scene.platform}, records.ledger, records.timeline, refuse, lists=records.lists)
    order = contain(rows=(row(1),))
    with pytest.raises(ApplicationError) as caught:
        await environment().run(containing.contain, order)
    assert (caught.value.type, caught.value.non_retryable) == ("NoWarrant", True)
    assert str(caught.value) == "NoWarrant: nobody signed this"
    assert scene.records.timeline.recorded("one") == 0
    assert states(scene) == []
    with pytest.raises(ApplicationError):
        await environment().run(containing.release, release())
    assert scene.moments() == []


async def test_a_verifier_that_breaks_lets_nothing_through(scene: Scene) -> None:
    def broken(order: Order) -> None:
        raise KeyError("oops")

    records = scene.records
    containing = Containing({"memory": scene.platform}, records.ledger, records.timeline, broken, lists=records.lists)
    with pytest.raises(KeyError):
        await environment().run(containing.contain, contain())
    assert states(scene) == []


async def test_rows_that_travel_with_an_order_are_recorded_once(scene: Scene) -> None:
    order = contain(rows=(row(1), row(2)))
    assert (await scene.contain(order)).recorded == 2
    assert (await scene.contain(order)).recorded == 2
    assert (await scene.release(release(rows=(row(3),)))).recorded == 3
    assert [found.seq for found in scene.records.timeline.read("one")] == [1, 2, 3]


# --- stopping -------------------------------------------------------------------------------------------------------


def details(**given: bool) -> activity.ActivityCancellationDetails:
    return activity.ActivityCancellationDetails(**given)


class Gate:
    """The first act that is on its way to the platform waits here; the others go one after the other behind it."""

    def __init__(self, platform: MemoryPlatform) -> None:
        platform.at_once = 1
        platform.interpose = self._pass
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def _pass(self, _moment: str, _order: object) -> None:
        self.reached.set()
        await self.go.wait()


async def test_a_cancelled_act_finishes_what_it_began_and_says_what_became_of_each(scene: Scene) -> None:
    gate = Gate(scene.platform)
    running = environment()
    task = asyncio.ensure_future(running.run(scene.containing.contain, contain("@a:x", "@b:x", "@c:x")))
    await gate.reached.wait()
    running.cancel(details(cancel_requested=True))
    gate.go.set()
    report = await task
    assert [(outcome.state, outcome.error_type) for outcome in report.outcomes] == [
        ("applied", None),
        ("failed", "NotTried"),
        ("failed", "NotTried"),
    ]
    assert states(scene) == ["applied"]
    assert len(scene.platform.effects()) == 1


@pytest.mark.parametrize("why", [{"worker_shutdown": True}, {"timed_out": True}])
async def test_an_interrupted_act_goes_on_in_another_attempt(scene: Scene, why: dict[str, bool]) -> None:
    gate = Gate(scene.platform)
    running = environment()
    task = asyncio.ensure_future(running.run(scene.containing.contain, contain("@a:x", "@b:x")))
    await gate.reached.wait()
    running.cancel(details(**why))
    gate.go.set()
    with pytest.raises(ApplicationError) as caught:
        await task
    assert (caught.value.type, caught.value.non_retryable) == ("Interrupted", False)
    report = await scene.contain(contain("@a:x", "@b:x"), attempt=2)
    assert [outcome.state for outcome in report.outcomes] == ["applied", "applied"]
    assert len(scene.platform.effects()) == 2


async def test_a_cancelled_release_says_what_it_still_holds(scene: Scene) -> None:
    await scene.contain(contain("@a:x", "@b:x"))
    gate = Gate(scene.platform)
    running = environment()
    task = asyncio.ensure_future(running.run(scene.containing.release, release()))
    await gate.reached.wait()
    running.cancel(details(cancel_requested=True))
    gate.go.set()
    report = await task
    assert [(outcome.target, outcome.state) for outcome in report.outcomes] == [
        ("@b:x", "undone"),
        ("@a:x", "undo_failed"),
    ]
    assert scene.held("@a:x")


async def test_a_platform_that_hangs_does_not_take_the_attempt_with_it(scene: Scene) -> None:
    scene.platform.delay = 60
    with pytest.raises(ApplicationError) as caught:
        await scene.contain(contain(), start_to_close=1.3)
    assert caught.value.type == "Unavailable"
    scene.platform.delay = 0
    (outcome,) = (await scene.contain(contain(), attempt=2)).outcomes
    assert outcome.state == "applied"


async def test_it_beats_while_it_works(scene: Scene) -> None:
    beats: list[float] = []
    running = ActivityEnvironment()
    running.info = attempt_info()
    running.on_heartbeat = lambda *_: beats.append(1)
    scene.platform.delay = 2 * FIRST_BEAT_SECONDS
    await running.run(scene.containing.contain, contain())
    assert beats


async def test_an_act_that_is_over_at_once_does_not_beat(scene: Scene) -> None:
    beats: list[float] = []
    running = ActivityEnvironment()
    running.info = attempt_info()
    running.on_heartbeat = lambda *_: beats.append(1)
    await running.run(scene.containing.contain, contain())
    assert not beats


# --- reads ----------------------------------------------------------------------------------------------------------

MATCHES = ReadAction(
    name="matches_of", takes=(("content", True),), gives="content", gives_list=True, connector="memory", call="GET /m"
)
BLOCKED = ReadAction(name="blocked", gives="number", connector="memory", call="GET /b")


async def test_a_read_gives_what_the_system_says(scene: Scene) -> None:
    scene.platform.answer("GET /m", ["mxc://a/1"])
    scene.platform.answer("GET /b", 17)
    asked = await environment().run(scene.containing.read, read(MATCHES, ["mxc://a/0"], rows=(row(1),)))
    assert (asked.value, asked.recorded) == (["mxc://a/1"], 1)
    assert (await environment().run(scene.containing.read, read(BLOCKED))).value == 17


@pytest.mark.parametrize("answer", ["17", True, [17], {"n": 17}, float("inf")])
async def test_an_answer_of_another_type_is_refused(scene: Scene, answer: object) -> None:
    scene.platform.answer("GET /b", answer)
    with pytest.raises(ApplicationError) as caught:
        await environment().run(scene.containing.read, read(BLOCKED))
    assert (caught.value.type, caught.value.non_retryable) == ("Refused", True)


async def test_a_read_is_retried_when_the_system_is_away(scene: Scene) -> None:
    scene.platform.fail(Unavailable, on="read", retry_after=timedelta(seconds=3))
    with pytest.raises(ApplicationError) as caught:
        await environment().run(scene.containing.read, read(BLOCKED))
    assert (caught.value.non_retryable, caught.value.next_retry_delay) == (False, timedelta(seconds=3))


async def test_an_answer_that_is_too_long_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LIST_BYTES", 1024 * 1024)
    scene.platform.answer("GET /m", ["mxc://a/" + "1" * 100] * 12_000)
    with pytest.raises(ApplicationError, match="bytes"):
        await environment().run(scene.containing.read, read(MATCHES, []))
