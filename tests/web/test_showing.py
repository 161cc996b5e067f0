"""Lists, one incident, its record: live where the engine answers, and by what was written down where it does not."""

from firedoor.incidents import CutOff, Live, Stuck, Unreachable
from firedoor.protocol import Row
from tests.web.house import BEGAN, House


def test_a_list_while_the_engine_is_away_shows_what_was_written_down(house: House) -> None:
    incident = house.launch()
    found = house.get("/api/incidents")
    assert found["live"]
    (line,) = found["incidents"]
    assert (line["incident"], line["severity"], line["waiting_on"]) == (incident, "sev2", "policy")
    house.engine.trouble = Unreachable()
    found = house.get("/api/incidents")
    assert not found["live"]
    assert found["incidents"][0]["incident"] == incident
    health = house.get("/api/health", "")
    assert (health["ok"], health["server"]) == (False, False)


def test_a_run_whose_code_cannot_go_on_is_listed_as_stuck(house: House) -> None:
    incident, other = house.launch(), house.launch()
    house.engine.failing = {incident}
    phases = {line["incident"]: line["phase"] for line in house.get("/api/incidents")["incidents"]}
    assert phases == {incident: "stuck", other: "responding"}


def test_a_stuck_run_says_whom_to_call(house: House) -> None:
    incident = house.launch()
    house.engine.trouble = Stuck(incident)
    problem = house.get(f"/api/incidents/{incident}", status=503)
    assert problem["error"] == "stuck"
    assert "its code cannot go on. What is contained stays contained" in problem["says"]
    assert "restart the worker with the right version" in problem["next"]


def test_a_run_that_was_not_launched_here_is_listed_as_such(house: House) -> None:
    async def listed(*, everything: bool = False) -> list[Live]:
        return [Live(incident="inc-home", playbook="mine", phase="responding", launched_at=BEGAN)]

    house.engine.listed = listed  # type: ignore[method-assign]
    (line,) = house.get("/api/incidents")["incidents"]
    assert line["title"] == "(not launched through this front door)"


def test_a_run_that_had_closed_and_was_reset_is_listed_as_ours(house: House) -> None:
    incident = house.launch()
    house.records.incidents.progressed(incident, phase="closed", closed_at=BEGAN)
    (line,) = house.get("/api/incidents")["incidents"]
    assert (line["title"], line["phase"], line["launched_by"]) == ("High-profile account takeover", "responding", "ana")


def test_a_run_that_was_ended_by_force_says_that_nobody_is_asked(house: House) -> None:
    incident = house.launch()
    house.engine.forced = {incident: "terminated"}
    (line,) = house.get("/api/incidents")["incidents"]
    assert (line["phase"], line["waiting_on"], line["next_due"]) == ("terminated", None, None)
    view = house.get(f"/api/incidents/{incident}")
    assert (view["ended"], view["asks"], view["waiting_on"]) == ("terminated", [], [])
    for says in (line["says"], view["next_act"]):
        assert says.startswith("terminated: nobody is asked any more")
        assert f"temporal workflow reset --workflow-id {incident}" in says


def test_a_run_that_was_cut_off_says_that_its_record_is_what_there_is(house: House) -> None:
    incident = house.launch()
    house.engine.trouble = CutOff(incident, "terminated")
    problem = house.get(f"/api/incidents/{incident}", status=409)
    assert "terminated in the middle of a step" in problem["says"]
    assert f"temporal workflow reset --workflow-id {incident}" in problem["says"]
    assert problem["next"].endswith(f"firedoor export {incident}")
    assert not house.get(f"/api/incidents/{incident}/export")["complete"], "what the run had not written is not there"


def test_rows_that_the_run_let_go_come_from_the_record(house: House) -> None:
    incident = house.launch()
    _, state = house.engine.runs[incident]
    rows = [*state.recent, *state.pending]
    house.records.timeline.write(incident, rows)
    state.pending, state.recent = [], rows[-2:]
    view = house.get(f"/api/incidents/{incident}")
    assert [row["seq"] for row in view["rows"]] == [row.seq for row in rows]
    assert [row["seq"] for row in house.get(f"/api/incidents/{incident}?since=3")["rows"]] == [
        row.seq for row in rows if row.seq > 3
    ]


def test_an_incident_that_there_is_not(house: House) -> None:
    assert house.get("/api/incidents/inc-nothing", status=404)["error"] == "not-found"
    incident = house.launch()
    assert house.get(f"/api/incidents/{incident}/review", status=404)["says"].endswith("has no review.")
    assert house.get(f"/api/incidents/{incident}/documents/approve:9:1", status=404)["error"] == "not-found"
    house.engine.runs.clear()
    assert "never started" in house.get(f"/api/incidents/{incident}", status=409)["says"]
    house.records.incidents.progressed(incident, phase="closed")
    assert "is closed" in house.get(f"/api/incidents/{incident}", status=409)["says"]


def test_the_record_holds_every_decision_with_its_signature(house: House) -> None:
    incident = house.launch()
    house.answer(incident, "ravi", "approve", 403)
    house.answer(incident, "omar", "approve", reason="True `enough` | for me")
    record = house.get(f"/api/incidents/{incident}/export")
    assert record["complete"]
    assert [row["seq"] for row in record["timeline"]] == list(range(1, len(record["timeline"]) + 1))
    (decision,) = [row for row in record["timeline"] if row["kind"] == "approval.signed"]
    assert decision["signed"]["signature"]
    assert record["keys"][decision["signed"]["key"]]
    assert record["refused"][0]["person"] == "ravi"

    markdown = house.client.get(
        f"/api/incidents/{incident}/export?format=md", headers={"authorization": f"Bearer {house.tokens['omar']}"}
    ).text
    assert decision["signed"]["signature"].replace("_", "\\_") in markdown
    assert decision["signed"]["body"] in markdown
    assert "True \\`enough\\` \\| for me" in markdown
    assert "## Refused" in markdown
    assert "- Severity: sev2" in markdown, "the run knows it, whatever was written down"


def test_the_record_without_the_engine_says_that_there_may_be_more(house: House) -> None:
    incident = house.launch()
    _, state = house.engine.runs[incident]
    house.records.timeline.write(incident, [state.recent[0] if state.recent else state.pending[0]])
    house.records.timeline.write(
        incident, [Row(seq=1_000_001, at=BEGAN, kind="review.task", words="How did they get in?")]
    )
    house.engine.trouble = Unreachable()
    record = house.get(f"/api/incidents/{incident}/export")
    assert not record["complete"]
    assert [row["seq"] for row in record["timeline"]] == [1]
    assert [row["seq"] for row in record["review"]] == [1]
    assert record["missing_rows"] == []
    house.get("/api/incidents/inc-nothing/export", status=404)
    house.get(f"/api/incidents/{incident}/export?format=pdf", status=422)
