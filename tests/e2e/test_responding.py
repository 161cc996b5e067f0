"""A response from the command line, on the real server and worker: who decides, who may not, and what is kept of it."""

import base64
import hashlib
import json
import re
from datetime import datetime, timedelta

from firedoor.people.signatures import KeyRing
from firedoor.protocol import Signed
from tests.e2e.upped import Upped, closed, dumped, waits_for


def test_policy_signs_the_owner_is_verified_and_the_review_opens(up: Upped) -> None:
    crt, policy = up.on_shift("crt"), up.on_shift("policy")
    incident = up.launch(accounts="@one:x,@two:x")
    view = up.until(incident, waits_for("approval"))
    assert {(hold["target"], hold["state"]) for hold in view["holds"]} == {("@one:x", "applied"), ("@two:x", "applied")}

    assert "ratify" in up("inbox", person=policy).out
    shown = up("approve", "--yes", incident, "--reason", "It is true", person=policy)
    assert "seats: 1 of policy" in shown.err
    assert "is approved" in shown.out

    view = up.until(incident, lambda view: sum(ask["kind"] == "task" for ask in view["asks"]) == 2)
    assert "Give the case number" in up("done", "--yes", incident, "identity[1]", person=crt, code=2).err
    up("done", "--yes", incident, "identity[1]", "--proof", "CASE-1", person=crt)
    up("done", "--yes", incident, "identity[2]", "--proof", "CASE-2", person=crt)
    view = up.until(incident, closed)
    assert view["ended"] == "completed"
    assert {hold["state"] for hold in view["holds"]} == {"undone"}

    engineer, other = up.organization.teams["engineering"].members[:2]
    up("done", "--yes", incident, "task-1", "--proof", "DOC-7", person=engineer)
    assert (
        "Someone else has to verify" in up("answer", "--yes", incident, "task-1", "verify", person=engineer, code=1).err
    )
    up("answer", "--yes", incident, "task-1", "verify", person=other)
    assert "verified by" in up("show", incident, person=other).out


def test_policy_refuses_and_everything_is_undone(up: Upped) -> None:
    incident = up.launch()
    up.until(incident, waits_for("approval"))
    up("reject", "--yes", incident, "--reason", "the owner is posting it on purpose", person=up.on_shift("policy"))
    view = up.until(incident, closed)
    assert view["ended"] == "undone"
    assert [(hold["target"], hold["state"]) for hold in view["holds"]] == [("@mayor:x", "undone")]


def test_the_wrong_person_the_launcher_twice_and_what_changed(up: Upped) -> None:
    launcher, policy = up.on_shift("crt"), up.on_shift("policy")
    incident = up.launch("--set", "internal_tool_suspected=yes")
    up.until(incident, lambda view: len(view["asks"]) == 2)
    assert "No seat here is yours" in up("approve", "--yes", incident, "ratify", person="ravi", code=1).err
    assert "You launched this run" in up("approve", "--yes", incident, "ratify", person=launcher, code=1).err

    asks = {
        ask["step"]: ask for ask in up("inbox", "--json", person=policy).json["asks"] if ask["incident"] == incident
    }
    up("approve", "--yes", incident, "freeze_ok", person=policy)
    again = up("approve", "--yes", incident, asks["freeze_ok"]["ask"], person=policy, code=1)
    assert "You have signed this already" in again.err

    up("do", incident, "add", "accounts=@late:x", person=launcher)
    seen = asks["ratify"]["document"]
    changed = up("approve", "--yes", incident, "ratify", "--document", seen, person=policy, code=1)
    assert "has changed since you looked" in changed.err
    up("approve", "--yes", incident, "ratify", person=policy)
    late = up("approve", "--yes", incident, asks["ratify"]["ask"], "--document", seen, person=policy, code=1)
    assert "See `firedoor inbox`" in late.err

    record = json.loads(up("export", incident, "--format", "json", person=policy).out)
    assert {(one["person"], one["why"]) for one in record["refused"]} >= {
        ("ravi", "refused-seat"),
        (launcher, "refused-launcher"),
        (policy, "refused-twice"),
        (policy, "changed"),
    }
    up("do", incident, "undo-all", "--yes", "--reason", "it was a drill", person=launcher)
    up.until(incident, closed)


def test_interruptions_from_the_command_line(up: Upped) -> None:
    commander = up.on_shift("crt")
    incident = up.launch()
    up.until(incident, waits_for("approval"))
    assert "commander's to say" in up("do", incident, "pause", person="paz", code=1).err
    up("do", incident, "note", "The owner called.", person=commander)
    up("do", incident, "pause", person=commander)
    assert up.show(incident)["paused"]
    up("do", incident, "resume", person=commander)
    up("do", incident, "severity", "sev1", person=commander)
    assert up.show(incident)["severity"] == "sev1"
    up("do", incident, "extend", "ratify", "30m", person=commander)
    up("do", incident, "add", "accounts=@late:x", person=commander)
    up.until(incident, lambda view: "@late:x" in {hold["target"] for hold in view["holds"]})
    up("do", incident, "undo", "--yes", "lock", "--target", "@late:x", person=commander)
    up.until(
        incident, lambda view: ("@late:x", "undone") in {(hold["target"], hold["state"]) for hold in view["holds"]}
    )
    up("do", incident, "stop", "--yes", "--reason", "enough", person=commander)
    up.until(incident, lambda view: view["ended"] and view["asks"])
    offered = up("inbox", person=commander).out.partition("To answer: ")[2].splitlines()[0]
    assert offered == f"firedoor answer {incident} held CHOICE"
    words = offered.replace("CHOICE", "keep").split()[1:]
    up(*words, "--yes", "--reason", "not verified yet", person=commander)
    view = up.until(incident, closed)
    assert view["ended"] == "stopped"


def test_the_record_can_be_checked_by_whoever_has_the_key(up: Upped) -> None:
    incident = up.launch()
    up.until(incident, waits_for("approval"))
    up("reject", "--yes", incident, person=up.on_shift("policy"))
    up.until(incident, closed)
    markdown = up("export", incident, person=up.on_shift("crt")).out
    keys, signature, body = (
        dict(re.findall(r"- `([0-9a-f]{16})`: `([^`]+)`", markdown)),
        re.findall(r"- Signature: (\S+)", markdown),
        re.findall(r"(?<!The document:\n\n)```json\n(.*)\n```", markdown),
    )
    (document,) = re.findall(r"The document:\n\n```json\n(.*)\n```", markdown)
    assert hashlib.sha256(document.encode()).hexdigest() in next(one for one in body if '"choice":"reject"' in one)
    assert len(signature) == len(body) >= 2
    ring = KeyRing({name: base64.b64decode(raw) for name, raw in keys.items()})
    said = [
        ring.verify(Signed(body=text, key=next(iter(keys)), signature=sign.replace("\\", "")))
        for text, sign in zip(body, signature, strict=True)
    ]
    assert {"launch", "answer"} <= {word.kind for word in said}


def test_a_launch_that_is_wrong_is_told_whole_and_does_nothing(up: Upped) -> None:
    before = len(up("list", "--all", "--json", person="paz").json["incidents"])
    words = ["--set", "acounts=@a:x", "--set", "public_office=perhaps", "--region", "emae"]
    told = up("launch", "high-profile-takeover", "--yes", *words, person="ana", code=1).err
    for problem in ('write "accounts"', "accounts: is not given", "give yes or no", 'write "emea"'):
        assert problem in told
    big = ",".join(f"@{number:050}:x" for number in range(2000))
    assert (
        "64 KiB" in up("launch", "high-profile-takeover", "--yes", "--set", f"accounts={big}", person="ana", code=1).err
    )
    assert len(up("list", "--all", "--json", person="paz").json["incidents"]) == before


def test_a_drill_asks_real_people_and_contains_nothing(up: Upped) -> None:
    crt, policy = up.on_shift("crt"), up.on_shift("policy")
    words = ["--speed", "60", "--yes", "--set", "accounts=@drilled:x", "--set", "public_office=no"]
    incident = up("drill", "high-profile-takeover", *words, "--json", person=crt).json["incident"]
    view = up.until(incident, waits_for("approval"))
    assert view["drill"]
    (ask,) = [ask for ask in view["asks"] if ask["kind"] == "approval"]
    assert (
        timedelta(seconds=59)
        < datetime.fromisoformat(ask["deadline"]) - datetime.fromisoformat(ask["opened_at"])
        <= timedelta(seconds=60)
    )
    up("approve", "--yes", incident, person=policy)
    up.until(incident, waits_for("task"))
    up("done", "--yes", incident, "--proof", "CASE-1", person=crt)
    up.until(incident, closed)
    assert "@drilled:x" not in dumped(up.folder / "platform.sqlite3")
    found = up("debrief", incident, "--json", person=crt).json
    assert (found["drill"], found["pace"], found["ended"]) == (True, 60, "completed")
    approval = next(one for one in found["asks"] if one["ask"] == ask["id"])
    assert [(one["who"], one["what"]) for one in approval["answers"]] == [(policy, "signed")]
    assert (approval["allowed"], approval["end"]) == (3600, "approved")
