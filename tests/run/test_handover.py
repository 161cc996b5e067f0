"""Handing over: whoever is named is asked, and commands once they accept; until then whoever hands over does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from firedoor.run import validity
from tests.run.driver import Run
from tests.run.plans import MINUTE, contain, given, plan, task

LADDER = 5 * MINUTE


def offered(to: str = "zoe") -> Run:
    run = Run(plan(contain(name="lock", targets=given("accounts")), task(name="after"))).launch()
    receipt = run.command("offer", value=to, reason="my shift ends")
    assert receipt.says == f"{to} is asked; until {to} accepts, you command."
    return run.settle()


def commander(run: Run) -> str | None:
    return run.state.commander


def refused(code: str, what: Callable[[], object]) -> None:
    with pytest.raises(validity.Refused) as caught:
        what()
    assert caught.value.code == code


def test_who_is_named_commands_once_they_have_accepted() -> None:
    run = offered()
    ask = run.ask("", why="handover")
    assert [str(who) for who in ask.to] == ["zoe"]
    assert commander(run) is None
    assert run.told("question.asked")[-1].words.startswith("ana hands the command over to zoe: my shift ends")
    refused("role", partial(run.command, "pause", by="zoe"))
    run.command("pause")
    run.wait(MINUTE)
    assert run.answer(ask, "accept", by="zoe").says == "Decided: take the command over."
    assert commander(run) == "zoe"
    run.command("resume", by="zoe")
    refused("role", partial(run.command, "pause", by="ana", holds=("crt",)))
    (row,) = run.told("handover.accepted")
    assert row.data == {"ask": ask.id, "offered_by": "ana", "offered_to": "zoe", "after": MINUTE}


def test_who_declines_leaves_it_as_it_was_and_whoever_hands_over_is_told() -> None:
    run = offered()
    run.answer(run.ask("", why="handover"), "decline", by="zoe", reason="I am away")
    assert commander(run) is None
    assert run.told("handover.declined")[0].words == "zoe does not take the command over: I am away"
    notice = next(act.notice for act in run.state.acts.values() if act.kind == "notify")
    assert notice is not None
    assert [str(who) for who in notice.audience] == ["ana"]
    assert not run.asks("", why="handover")


def test_silence_asks_whoever_hands_over_again_and_the_ladder() -> None:
    run = offered()
    wait = run.plan.commander.answers_within
    run.wait(wait)
    ask = run.ask("", why="handover")
    rung = str(run.plan.commander.then[0])
    assert [str(who) for who in ask.to] == ["zoe", rung, "ana"]
    assert commander(run) is None, "somebody commands all the while: whoever hands over"
    refused("giver", partial(run.answer, ask, "accept", by="ana"))
    run.answer(ask, "accept", by="sam")
    assert commander(run) == "sam"


def test_whoever_hands_over_takes_it_back_by_declining() -> None:
    run = offered()
    run.wait(run.plan.commander.answers_within)
    run.answer(run.ask("", why="handover"), "decline", by="ana")
    assert not run.asks("", why="handover")
    assert commander(run) is None


def test_another_offer_takes_the_place_of_the_first_and_so_does_at_once() -> None:
    run = offered()
    refused("state", partial(run.command, "offer", value="zoe"))
    run.command("offer", value="li")
    assert [ask.about for ask in run.asks("", why="handover")] == ["li"]
    run.command("hand_over", value="omar", reason="an emergency")
    assert commander(run) == "omar"
    assert not run.asks("", why="handover")


def test_at_once_needs_a_reason_and_nobody_asks_themselves() -> None:
    run = Run(plan(task())).launch()
    refused("reason", partial(run.command, "hand_over", value="zoe", reason=None))
    refused("value", partial(run.command, "offer", value="ana"))
    refused("value", partial(run.command, "offer", value="legal.on_shift"))
    refused("role", partial(run.command, "offer", value="zoe", by="omar"))


def test_what_was_accepted_gives_the_right_to_act_and_the_offer_alone_does_not() -> None:
    run = offered()
    refused("role", partial(run.command, "add", value={"accounts": ["@b"]}, by="zoe"))
    run.answer(run.ask("", why="handover"), "accept", by="zoe")
    run.command("add", value={"accounts": ["@b"]}, by="zoe", holds=("comms",))
    run.settle()
    assert run.holds()["@b"] == "applied", "the act was checked against the offer and the acceptance"


def test_an_offer_outlives_a_stop_crosses_and_does_not_keep_a_run_open() -> None:
    run = offered()
    run.command("stop")
    run.settle()
    run.cross()
    assert run.asks("", why="handover")
    run.keep()
    assert run.phase == "closed"
    assert not run.asks("", why="handover")
