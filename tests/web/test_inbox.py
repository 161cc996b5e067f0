"""The inbox: what a person can answer now, and nothing else."""

from datetime import timedelta
from typing import Any

from firedoor.incidents import NoAnswer
from firedoor.protocol import View
from firedoor.web.inbox import urgency
from firedoor.web.messages import InboxLine
from tests.web.house import House


def asks(house: House, person: str) -> list[str]:
    return [ask["kind"] for ask in house.get("/api/inbox", person)["asks"]]


def test_policy_sees_the_approval_and_nobody_else_does(house: House) -> None:
    incident = house.launch()
    (ask,) = house.get("/api/inbox", "omar")["asks"]
    assert (ask["incident"], ask["kind"], ask["step"], ask["severity"]) == (incident, "approval", "ratify", "sev2")
    assert ask["document"] == house.ask(incident)["document"]
    assert asks(house, "ravi") == asks(house, "ana") == []


def test_a_manager_sees_it_once_it_was_escalated(house: House) -> None:
    house.launch()
    assert asks(house, "priya") == []
    house.clock.pass_(minutes=31)
    assert asks(house, "priya") == ["approval"]


def test_the_task_is_for_whoever_is_on_shift(house: House) -> None:
    incident = house.launch()
    house.answer(incident, "omar", "approve")
    assert asks(house, "luis") == ["task"]
    assert asks(house, "omar") == []
    house.clock.pass_(hours=12)
    assert asks(house, "luis") == [], "it is night in Los Angeles"


def test_the_most_urgent_comes_first_and_what_is_silent_is_named(house: House) -> None:
    first = house.launch()
    house.clock.pass_(minutes=5)
    second = house.launch()
    found = house.get("/api/inbox", "omar")
    assert [ask["incident"] for ask in found["asks"]] == [first, second]
    assert found["silent"] == []

    view = house.engine.view

    async def stuck(incident: str, since: int = 0) -> View:
        if incident == first:
            raise NoAnswer("The engine did not answer in time.", "Try again.")
        return await view(incident, since)

    house.engine.view = stuck  # type: ignore[method-assign]
    found = house.get("/api/inbox", "omar")
    assert [ask["incident"] for ask in found["asks"]] == [second]
    assert found["silent"] == [first]


def test_what_a_run_waits_for_comes_before_what_a_review_does_and_a_question_before_all(house: House) -> None:
    line: dict[str, Any] = {
        "incident": "inc-x",
        "title": "",
        "severity": "sev1",
        "words": "",
        "choices": (),
        "document": "",
    }
    late, soon = house.clock() - timedelta(hours=1), house.clock() + timedelta(minutes=1)
    lines = [
        InboxLine(**line, kind="review", ask="late review", deadline=late),
        InboxLine(**line, kind="task", ask="some time"),
        InboxLine(**line, kind="approval", ask="soon", deadline=soon),
        InboxLine(**line, kind="question", ask="failure"),
    ]
    assert [one.ask for one in sorted(lines, key=urgency)] == ["failure", "soon", "some time", "late review"]
