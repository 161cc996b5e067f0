"""Rehearsals played whole: the real server and worker, every kind of word and fault, and what is said of each case."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from firedoor.cli import cli
from tests.compiler import golden

PLAYBOOK = """\
playbook: trial
inputs:
  accounts: {type: list of account}
  seen_at: {type: date_time, optional: yes}
  threat: {type: yes_no, default: no}
severity:
  sev1: threat
  sev2: otherwise
clocks:
  - {clock: prompt, starts: seen_at, when: seen_at is given}
steps:
  - contain: lock_account
    id: lock
    targets: accounts
  - notify: crt.on_shift
    say: "{{ accounts | count }} locked"
  - parallel: Decide
    steps:
      - approve: Keep it locked
        id: keep_it
        show: [accounts]
        needs: [{team: policy}]
        deadline: 1h
        escalate: 30m
        on_reject: undo all
        on_timeout: ask commander
      - task: Tell the owner
        id: tell
        assign: legal.on_shift
        due: 2h
        on_timeout: ask commander
        proof: case
        meets: prompt
  - contain: freeze_posting
    id: freeze
    when: threat and keep_it is approved
    with: {class: all}
    expires: 4h
    on_expiry: undo
  - undo: lock
    when: not threat and keep_it is approved and tell is done
  - wait: reports_per_hour < 10
    check_every: 15m
    at_most: 6h
    on_timeout: continue
"""

REHEARSAL = """\
rehearse: trial
at: 2026-03-04T09:00:00+00:00
launcher: ana
given: {accounts: ["@a:x", "@b:x"]}
answers: {reports_per_hour: {0m: 100, 3h: 1}}
people:
  - at: 10m
    policy: approve keep_it
  - at: 20m
    legal: finish tell with "C-1"
cases:
  - name: all goes well
    given: {seen_at: "2026-03-04T08:58:00+00:00"}
    expect:
      severity: sev2
      order: [lock, notify, keep_it approved, tell, undo lock, wait done]
      times: {keep_it: at 10m, wait: at 3h 5m, keep_it asked: within 1m}
      never: [freeze, lock failed, "Keep it locked rejected"]
      told: {crt.on_shift: 2 locked}
      not_told: [users, legal]
      asked: [policy, legal.on_shift, klara]
      clocks: {prompt: met within 30m}
      undone: {lock: ["@a:x", "@b:x"]}
      held: []
      ends: completed

  - name: a threat freezes, and the freeze runs out
    given: {threat: yes}
    until: 5h
    expect:
      severity: sev1
      order: [keep_it, freeze done, freeze expired, freeze undone]
      held: {lock: ["@a:x", "@b:x"], freeze: [it]}
      ends: completed

  - name: what is tried again after the last word is seen out
    faults: [{down: undo lock_account, once: yes}]
    answers: {reports_per_hour: 1}
    expect:
      undone: [lock]
      held: []
      ends: completed

  - name: everybody interrupts
    silent: [policy, legal]
    people:
      - at: 1m
        commander: ['note "who has the files?"', severity sev1, 'add accounts "@c:x"']
      - at: 2m
        policy: need fact keep_it with "Whose are they?"
      - at: 3m
        commander: 'answer keep_it with "the mayor and the deputy"'
      - at: 4m
        commander: hand over to sam
        sam: extend keep_it by 30m
      - at: 5m
        sam: give seen_at 2026-03-04T08:59:00+00:00
      - at: 40m
        sam: pause
      - at: 41m
        sam: resume
      - at: 80m
        policy: 'approve keep_it'
      - at: 85m
        sam: 'undo lock for "@c:x"'
      - at: 86m
        sam: reassign tell to omar
      - at: 87m
        omar: finish tell with "C-2"
      - at: 2h
        sam: stop
    expect:
      order: [keep_it approved, lock undone, tell, undo lock]
      times: {keep_it approved: at 80m}
      escalated: [policy.manager]
      asked: [commander, omar]
      clocks: {prompt: missed}
      held: []
      ends: stopped

  - name: things fail
    given: {accounts: ["@a:x", "@gone:x"]}
    faults:
      - {missing: "@gone:x"}
      - {down: chat, to: 2m}
      - {refuses: undo lock_account, of: ["@a:x"], once: yes}
      - {down: reports_per_hour, from: 24m, to: 45m}
    people:
      - at: 1m
        commander: answer lock with skip
      - at: 25m
        commander: answer undo lock with retry
    expect:
      order: [lock failed, notify, keep_it, tell, undo lock failed, lock undone, wait done]
      times: {notify: within 4m}
      held: []
      undone: {lock: ["@a:x"]}
      ends: completed

  - name: nobody signs
    silent: [policy]
    expect:
      order: [keep_it unanswered]
      asked: [commander]
      ends: waiting

  - name: wrong on purpose
    at: 2026-03-04T10:00:00+00:00
    answers: {reports_per_hour: 1}
    people:
      - at: 5m
        launcher: approve keep_it
      - at: 6m
        legal: finish tell with "too early"
      - at: 12m
        policy: reject keep_it
    expect:
      order: [lock, tell, keep_it rejected, wait]
      times: {keep_it: within 2m}
      never: [tell]
      told: {crt.on_shift: nothing of that}
      asked: [comms]
      escalated: [policy.manager]
      undone: [freeze]
      held: ["@a:x"]
      severity: sev1
      clocks: {prompt: met}
      contained_within: 1m
      ends: stopped

  - name: a question without an answer
    answers: {reports_per_hour: {12h: 3}}
    expect: {ends: waiting}
"""


@dataclass(frozen=True)
class Rehearsed:
    code: int
    data: dict[str, Any]
    junit: str

    def case(self, name: str) -> dict[str, Any]:
        return next(case for case in self.data["cases"] if case["name"] == name)

    def wrong(self, name: str) -> dict[str, str]:
        return {one["expected"]: one["because"] for one in self.case(name)["expectations"] if not one["kept"]}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    folder = tmp_path_factory.mktemp("rehearsed")
    files = golden.laid_over({golden.PLAYBOOK: PLAYBOOK.encode(), "rehearsals/trial.yaml": REHEARSAL.encode()})
    for name, data in files.items():
        path = folder / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    junit = folder / "junit.xml"
    typed = ["rehearse", str(folder / "book"), "--json", "--junit", str(junit)]
    result = CliRunner().invoke(cli, typed, prog_name="firedoor", catch_exceptions=False)
    data = json.loads(result.stdout)
    return Rehearsed(result.exit_code, data, junit.read_text())


@pytest.mark.parametrize(
    "name",
    [
        "all goes well",
        "a threat freezes, and the freeze runs out",
        "what is tried again after the last word is seen out",
        "everybody interrupts",
        "things fail",
        "nobody signs",
    ],
)
def test_a_case_goes_as_expected(rehearsed: Rehearsed, name: str) -> None:
    case = rehearsed.case(name)
    assert rehearsed.wrong(name) == {}
    assert case["unexpected"] == []
    assert case["passed"]


def test_a_word_that_is_refused_fails_the_case_in_the_refusals_own_words(rehearsed: Rehearsed) -> None:
    case = rehearsed.case("wrong on purpose")
    assert not case["passed"]
    said = [one["says"] for one in case["unexpected"]]
    refusal = "launcher (ana) was refused: You launched this run, so you do not sign. It waits for policy."
    assert said == [
        f"“approve keep_it”: {refusal}",
        "“reject keep_it”: nothing is asked about keep_it, which is approved; open is nothing",
        '“finish tell with "C-1"”: nothing is asked about tell, which is done; open is nothing',
    ]
    assert case["first_difference"] == said[0]


def test_each_expectation_that_is_not_kept_says_what_is_so(rehearsed: Rehearsed) -> None:
    assert {
        expected: re.sub(r"\+\S+( \d+s)?", "+T", because)
        for expected, because in rehearsed.wrong("wrong on purpose").items()
    } == {
        "keep_it rejected": "it ended at +T as approved",
        "keep_it within 2m": "it was at +T",
        "never tell": "at +T task “Tell the owner” — asked legal.on_shift",
        "crt.on_shift told “nothing of that”": "what they got does not say that",
        "comms asked": "nothing was asked of them",
        "escalated to policy.manager": "nothing was",
        "freeze undone": "nothing of it was undone",
        "held: @a:x": "held was nothing",
        "severity sev1": "it is sev2",
        "clock prompt met": "it is not started",
        "ends stopped": "it is completed",
    }


def test_a_read_without_an_answer_is_told(rehearsed: Rehearsed) -> None:
    (one,) = rehearsed.case("a question without an answer")["unexpected"]
    assert "this rehearsal does not say what GET /reports answers" in one["says"]


def test_dates_are_those_of_the_case(rehearsed: Rehearsed) -> None:
    words = [line["words"] for line in rehearsed.case("all goes well")["timeline"]]
    assert "Clock prompt runs until 2026-03-04 09:28 UTC (Some Act, section 14)" in words


def test_what_no_case_walks_is_listed(rehearsed: Rehearsed) -> None:
    (coverage,) = rehearsed.data["coverage"]
    assert [re.sub(r" \(\S+\)", "", missing) for missing in coverage["missing"]] == [
        "notify crt.on_shift: failed",
        "keep_it: rejected",
        "keep_it: after silence, the answer “again”",
        "keep_it: after silence, the answer “continue”",
        "keep_it: after silence, the answer “stop”",
        "keep_it: after silence, the answer “undo all”",
        "tell: unanswered",
        "tell: after silence, the answer “again”",
        "tell: after silence, the answer “continue”",
        "tell: after silence, the answer “stop”",
        "tell: after silence, the answer “undo all”",
        "freeze: failed",
    ]


def test_a_build_gets_every_case(rehearsed: Rehearsed) -> None:
    assert rehearsed.code == 1
    suite = ElementTree.fromstring(rehearsed.junit).find("testsuite")  # noqa: S314  # it is our own
    assert suite is not None
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert suite.get("failures") == str(len(failed))
    assert {case.get("name") for case in suite} == {case["name"] for case in rehearsed.data["cases"]}
    assert failed == {case["name"] for case in rehearsed.data["cases"] if not case["passed"]}
