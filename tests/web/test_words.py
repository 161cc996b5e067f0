"""Answers and commands: signed about what was seen, counted once, and refused in plain words."""

from firedoor.incidents import NoAnswer, Unreachable
from firedoor.protocol import Answer, Command
from tests.web.house import House, nonce


def test_policy_looks_signs_and_gets_a_receipt(house: House) -> None:
    incident = house.launch()
    ask = house.ask(incident)
    shown = house.get(f"/api/incidents/{incident}/documents/{ask['id']}", "omar")
    assert shown["document"] == ask["document"]
    assert '"question":"approval “Keep these accounts locked”"' in shown["text"]
    assert shown["about"]["silence"].startswith("after 1h")

    receipt = house.answer(incident, "omar", "approve", reason="It is true")
    assert receipt["says"].endswith("is approved.")
    said = Answer.model_validate_json(house.engine.sent[-1].body)
    assert (said.person, said.choice, said.reason) == ("omar", "approve", "It is true")
    assert set(said.holds) == {"policy", "policy.on_shift"}
    assert (said.expires - said.issued).total_seconds() == 15 * 60
    rows = house.get(f"/api/incidents/{incident}")["rows"]
    assert any(row["kind"] == "approval.signed" and row["signed"]["key"] == house.door.key.id for row in rows)


def test_the_wrong_person_the_launcher_and_a_second_time(house: House) -> None:
    incident = house.launch("ana")
    wrong = house.answer(incident, "ravi", "approve", 403)
    assert (wrong["error"], wrong["says"]) == ("refused-seat", "No seat here is yours: it waits for policy.")
    assert house.answer(incident, "ana", "approve", 403)["error"] == "refused-launcher"
    shown = house.ask(incident)
    house.answer(incident, "omar", "approve")
    late = house.answer(incident, "omar", "approve", 409, ask=shown["id"], document=shown["document"])
    assert late["error"] == "refused-closed"
    refusals = [(one.person, one.why) for one in house.door.journal.refusals(incident)]
    assert refusals == [("ravi", "refused-seat"), ("ana", "refused-launcher"), ("omar", "refused-closed")]


def test_who_has_left_since_or_is_nobody_gets_nowhere(house: House) -> None:
    reply = house.client.get("/api/incidents", headers={"authorization": "Bearer fd_wrong"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert house.client.get("/api/incidents").status_code == 401
    del house.door.organization.people["omar"]
    house.get("/api/me", "omar", 401)


def test_a_document_that_changed_is_not_signed_and_says_what_changed(house: House) -> None:
    incident = house.launch()
    seen = house.ask(incident)
    house.get(f"/api/incidents/{incident}/documents/{seen['id']}", "omar")
    house.command(incident, "ana", "severity", value="sev1")
    problem = house.answer(incident, "omar", "approve", 409, ask=seen["id"], document=seen["document"])
    assert problem["error"] == "changed"
    assert problem["changed"] == ["severity was sev2, and is sev1"]
    assert problem["document"] == house.ask(incident)["document"]
    assert not any(word.body.find('"kind":"answer"') >= 0 for word in house.engine.sent), "nothing was signed"
    house.answer(incident, "omar", "approve")


def test_the_same_word_again_is_one_decision(house: House) -> None:
    incident = house.launch()
    ask = house.ask(incident)
    body = {"ask": ask["id"], "document": ask["document"], "choice": "approve", "nonce": nonce()}
    path = f"/api/incidents/{incident}/answers"
    first = house.post(path, body, "omar")
    assert house.post(path, body, "omar") == first
    assert len(house.engine.sent) == 1
    assert house.post(path, {**body, "choice": "reject"}, "omar", 409)["error"] == "conflict"


def test_a_word_whose_receipt_was_lost_goes_out_again_unchanged(house: House) -> None:
    incident = house.launch()
    ask = house.ask(incident)
    body = {"ask": ask["id"], "document": ask["document"], "choice": "approve", "nonce": nonce()}
    path = f"/api/incidents/{incident}/answers"
    house.engine.deaf = NoAnswer("No worker is running.", "Your word may still be counted. Send the same again.")
    assert "may still be counted" in house.post(path, body, "omar", 503)["next"]
    house.engine.deaf = None
    house.clock.pass_(minutes=1)
    assert house.post(path, body, "omar")["says"].endswith("is approved.")
    first, second = house.engine.sent
    assert first == second
    assert house.door.journal.refusals() == []


def test_the_server_is_down(house: House) -> None:
    incident = house.launch()
    ask = house.ask(incident)
    house.engine.trouble = Unreachable()
    body = {"ask": ask["id"], "document": ask["document"], "choice": "approve", "nonce": nonce()}
    problem = house.post(f"/api/incidents/{incident}/answers", body, "omar", 503)
    assert problem["error"] == "server-down"
    house.get(f"/api/incidents/{incident}", status=503)
    house.engine.trouble = None
    house.post(f"/api/incidents/{incident}/answers", body, "omar")


def test_a_choice_that_there_is_not(house: House) -> None:
    incident = house.launch()
    problem = house.answer(incident, "omar", "maybe", 409)
    assert "it is one of approve, reject, need_fact" in problem["says"]


def test_commands_are_typed_before_they_are_signed(house: House) -> None:
    incident = house.launch()
    house.command(incident, "ana", "add", value={"accounts": "@c:x, @d:x"})
    assert Command.model_validate_json(house.engine.sent[-1].body).value == {"accounts": ["@c:x", "@d:x"]}
    house.command(incident, "ana", "extend", step="ratify", value="30m")
    assert Command.model_validate_json(house.engine.sent[-1].body).value == 1800
    house.command(incident, "ana", "note", reason="Someone called")
    sent = len(house.engine.sent)
    assert "acounts" in house.command(incident, "ana", "add", 422, value={"acounts": "@c:x"})["problems"][0]["name"]
    assert house.command(incident, "ana", "extend", 422, step="identity", value="soon")["error"] == "inputs"
    assert house.command(incident, "ana", "hand_over", 422, value="omarr")["problems"][0]["give"] == 'write "omar"'
    assert (
        "legal.on_shift"
        in house.command(incident, "ana", "reassign", 422, step="identity", value="legl.on_shift")["problems"][0][
            "give"
        ]
    )
    assert len(house.engine.sent) == sent


def test_words_that_show_as_others_are_refused(house: House) -> None:
    incident = house.launch()
    problem = house.command(incident, "ana", "note", 422, reason="fine \x1b[2J")
    assert problem["problems"][0]["give"] == "holds a character that cannot be seen (U+001B)"


def test_only_the_commander_commands(house: House) -> None:
    incident = house.launch()
    assert house.command(incident, "ravi", "stop", 403)["error"] == "refused-role"
    house.command(incident, "luis", "pause")
    assert house.get(f"/api/incidents/{incident}")["paused"]


def test_a_review_task_is_done_and_verified_by_someone_else(house: House) -> None:
    incident = house.launch()
    house.answer(incident, "omar", "reject", reason="The owner is posting it on purpose")
    (task,) = house.get("/api/inbox", "ravi")["asks"]
    assert (task["kind"], task["words"], task["choices"]) == ("review", "How did they get in?", ["done"])
    shown = house.get(f"/api/incidents/{incident}/documents/{task['ask']}?review=true", "ravi")
    assert shown["document"] == task["document"]
    word = {"ask": task["ask"], "document": task["document"], "review": True}
    house.answer(incident, "ravi", "done", proof="DOC-7", **word)
    assert house.get("/api/inbox", "ravi")["asks"] == []
    (check,) = house.get("/api/inbox", "li")["asks"]
    assert check["kind"] == "verify"
    house.answer(incident, "li", "verify", ask=check["ask"], document=check["document"], review=True)
    assert house.get(f"/api/incidents/{incident}/review")["closed"]


def test_nothing_is_signed_for_a_run_that_was_not_launched_here(house: House) -> None:
    incident = house.launch()
    house.engine.runs["inc-stray22222"] = house.engine.runs[incident]
    ask = house.ask(incident)
    body = {"ask": ask["id"], "document": ask["document"], "choice": "approve", "nonce": nonce()}
    problem = house.post("/api/incidents/inc-stray22222/answers", body, "omar", 404)
    assert "was not launched here" in problem["says"]
    house.command("inc-stray22222", "ana", "note", 404, reason="hello")
    house.get(f"/api/incidents/inc-stray22222/documents/{ask['id']}", "omar", 404)
    assert [one["incident"] for one in house.get("/api/inbox", "omar")["asks"]] == [incident]
    assert house.engine.sent == []


def test_an_id_that_is_none_is_asked_of_nobody(house: House) -> None:
    house.launch()
    for name in ("inc-a-review", "..%2f..", "a" * 101, "x y"):
        assert house.get(f"/api/incidents/{name}", status=404)["error"] == "not-found"
