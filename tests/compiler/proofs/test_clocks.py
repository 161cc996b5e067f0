"""Whether a clock is met, and how long that takes: tables of small playbooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firedoor.compiler import planning
from firedoor.compiler.book import compile_book
from firedoor.compiler.proofs import proving
from firedoor.compiler.proofs.clocks import Shown
from tests.compiler import golden

HEAD = """
inputs: {posts: {type: list of content, at_least: 1, at_most: 4}, more: {type: list of content}, live: {type: yes_no}}
clocks:
  - {clock: breach, starts: STARTS}
steps:
"""
TELL = "{task: Tell them, id: tell, assign: legal, due: 1h, on_timeout: ask legal.manager, meets: breach}"
QUIET = "{task: Look, assign: crt, due: 1h, on_timeout: ask commander}"
ASK = "{approve: Q, id: q, needs: [{team: policy}], deadline: 2h, on_reject: NO, on_timeout: ask commander}"


def shown(steps: str, starts: str = "run.aware_at") -> Shown:
    book = golden.playbook(HEAD.replace("STARTS", starts) + steps)
    (found,) = book.clocks_shown.get("case", ()) or _of_broken(HEAD.replace("STARTS", starts) + steps)
    return found


def _of_broken(text: str) -> tuple[Shown, ...]:
    """What is shown of a playbook that a proof refuses: the book keeps no plan of it."""
    files = golden.laid_over({golden.PLAYBOOK: text.encode()})
    seen: list[tuple[Shown, ...]] = []

    def proved(*given: Any) -> tuple[Shown, ...]:
        seen.append(proving.prove(*given))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "prove", proved)
        compile_book(Path("book"), files)
    return next(one for one in seen if one)


def no(word: str) -> str:
    return ASK.replace("NO", word)


MET = {
    "by a task that asks about its silence": (f"  - {TELL}\n", "in time"),
    "not by a task whose silence goes on": (
        f"  - {TELL.replace('ask legal.manager', 'continue')}\n",
        "unmet",
    ),
    "not by a task whose silence ends the response": (f"  - {TELL.replace('ask legal.manager', 'stop')}\n", "unmet"),
    "by another one when the first goes on": (
        f"  - {TELL.replace('ask legal.manager', 'continue')}\n  - {TELL.replace('id: tell, ', '')}\n",
        "in time",
    ),
    "not where its condition does not hold": (f"  - {TELL.replace('meets', 'when: live, meets')}\n", "unmet"),
    "where one or the other happens": (
        (
            f"  - {TELL.replace('meets', 'when: live, meets')}\n"
            f"  - {TELL.replace('id: tell, ', '').replace('meets', 'when: not live, meets')}\n"
        ),
        "in time",
    ),
    "not behind a rejection that leaves": (f"  - {no('leave')}\n  - {TELL}\n", "unmet"),
    "behind the group that a rejection leaves": (
        f"  - group: G\n    steps:\n      - {no('leave')}\n  - {TELL}\n",
        "in time",
    ),
    "beside a branch that is left": (
        f"  - parallel: P\n    steps:\n      - {no('leave')}\n      - {TELL}\n",
        "in time",
    ),
    "behind a stop, for it stays as a task": (f"  - {no('stop')}\n  - {TELL}\n", "in time"),
    "not in a loop behind a stop, for a round does not stay": (
        f"  - {no('stop')}\n  - for_each: p in posts\n    steps:\n      - {TELL}\n",
        "unmet",
    ),
    "not where what it rests on was stopped": (
        (
            f"  - {no('stop')}\n  - {{task: Look, id: looked, assign: crt, due: 1h, on_timeout: ask commander}}\n"
            f"  - {TELL.replace('meets', 'when: looked is done, meets')}\n"
        ),
        "unmet",
    ),
    "not behind an ask about an approval that may leave": (
        (
            "  - {approve: Q, id: q, needs: [{team: policy}], deadline: 2h, on_reject: ask commander, on_timeout: stop}\n"
            f"  - {TELL}\n  - {{contain: freeze_posting}}\n"
        ),
        "unmet",
    ),
    "in each round of a loop that has one": (f"  - for_each: p in posts\n    steps:\n      - {TELL}\n", "in time"),
    "not in a loop that may have none": (f"  - for_each: p in more\n    steps:\n      - {TELL}\n", "unmet"),
    "by an act on what is there": ("  - {contain: hide_item, targets: posts, meets: breach}\n", "in time"),
    "not by an act on what may be nothing": ("  - {contain: hide_item, targets: more, meets: breach}\n", "unmet"),
    "not by an act whose failure goes on": (
        "  - {contain: hide_item, targets: posts, meets: breach, on_failure: continue}\n",
        "unmet",
    ),
    "not surely by an act that is undone again": (
        "  - {contain: hide_item, id: hide, targets: posts, meets: breach}\n  - {undo: hide}\n",
        "not shown",
    ),
    "not surely by an act that expires": (
        "  - {contain: hide_item, targets: posts, expires: 4h, on_expiry: undo, meets: breach}\n",
        "not shown",
    ),
    "not surely where a system decides": (
        f"  - {TELL.replace('meets', 'when: reports_per_hour < 20, meets')}\n",
        "not shown",
    ),
    "by a group when all in it is done": (f"  - {{group: G, meets: breach, steps: [{QUIET}]}}\n", "in time"),
    "by a parallel when all in it is done": (
        f"  - {{parallel: P, meets: breach, steps: [{QUIET}, {{wait: 2h}}]}}\n",
        "in time",
    ),
    "by a loop that surely has a round": (
        f"  - {{for_each: p in posts, meets: breach, steps: [{QUIET}]}}\n",
        "in time",
    ),
    "not by a loop that may have none": (
        f"  - {{for_each: p in more, meets: breach, steps: [{QUIET}]}}\n",
        "unmet",
    ),
    "by a group with a loop in it that may not happen, where something else does": (
        f"  - group: G\n    meets: breach\n    steps:\n      - {{for_each: p in posts, when: live, steps: [{QUIET}]}}\n      - {QUIET}\n",
        "in time",
    ),
    "not by a group with a failure in it that goes on": (
        (
            "  - group: G\n    meets: breach\n    steps:\n"
            f"      - {QUIET}\n      - {{contain: hide_item, targets: posts, on_failure: continue}}\n"
        ),
        "unmet",
    ),
    "not by a group that a no leaves": (
        f"  - group: G\n    meets: breach\n    steps:\n      - {no('leave')}\n      - {QUIET}\n",
        "unmet",
    ),
    "not by a group with a silence in it that goes on": (
        (
            "  - group: G\n    meets: breach\n    steps:\n"
            f"      - {{task: T, assign: crt, due: 1h, on_timeout: continue}}\n      - {QUIET}\n"
        ),
        "unmet",
    ),
    "not by a group of which nothing may be needed": (
        f"  - {{group: G, meets: breach, steps: [{QUIET.replace('task', 'when: live, task')}]}}\n",
        "unmet",
    ),
    "by a group of which one or the other is needed": (
        (
            f"  - {{group: G, meets: breach, steps: [{QUIET.replace('task', 'when: live, task')},"
            f" {QUIET.replace('task', 'when: not live, task')}]}}\n"
        ),
        "in time",
    ),
    "not by a group behind a stop, for it does not stay": (
        f"  - {no('stop')}\n  - {{group: G, meets: breach, steps: [{QUIET}]}}\n",
        "unmet",
    ),
    "not surely by a group whose act is undone again": (
        (
            "  - {group: G, meets: breach, steps: [{contain: hide_item, id: hide, targets: posts}]}\n"
            f"  - {no('undo all')}\n"
        ),
        "not shown",
    ),
    "not in a loop in which a later no ends the response": (
        f"  - for_each: p in posts\n    steps:\n      - {TELL}\n      - {no('stop')}\n",
        "unmet",
    ),
    "in a loop after which a no ends the response": (
        f"  - for_each: p in posts\n    steps:\n      - {TELL}\n  - {no('stop')}\n",
        "in time",
    ),
    "in a loop by one step or the other of each round": (
        (
            f"  - for_each: p in posts\n    steps:\n      - {no('continue')}\n"
            f"      - {TELL.replace('meets', 'when: q is approved, meets')}\n"
            f"      - {TELL.replace('id: tell, ', '').replace('meets', 'when: not (q is approved), meets')}\n"
        ),
        "in time",
    ),
}


@pytest.mark.parametrize("name", MET)
def test_a_clock_is_met(name: str) -> None:
    steps, verdict = MET[name]
    assert shown(steps).verdict == verdict


HIDE = "{contain: hide_item, id: hide, targets: posts, meets: breach}"
PROVISIONAL = {
    "where a no undoes it, and ends what is owed": (f"  - {HIDE}\n  - {no('undo hide')}\n", "in time"),
    "where a no undoes everything, and ends what is owed": (f"  - {HIDE}\n  - {no('undo all')}\n", "in time"),
    "not where a silence undoes it": (
        f"  - {HIDE}\n  - {no('undo hide').replace('ask commander', 'undo hide')}\n",
        "not shown",
    ),
    "not where another no undoes it": (
        f"  - {HIDE}\n  - {no('undo hide')}\n  - {no('undo hide').replace('id: q, ', '')}\n",
        "not shown",
    ),
    "not where a no in some round of a loop undoes it": (
        (
            f"  - {HIDE}\n  - {no('continue')}\n"
            f"  - for_each: p in more\n    steps:\n      - {no('undo hide').replace('id: q, ', '')}\n"
        ),
        "not shown",
    ),
}


@pytest.mark.parametrize("name", PROVISIONAL)
def test_a_clock_is_met_by_what_is_done_before_it_is_signed(name: str) -> None:
    """The clock is not due once it was refused."""
    steps, verdict = PROVISIONAL[name]
    assert shown(steps, "run.aware_at, not_due: q is rejected").verdict == verdict


def test_what_is_undone_by_the_very_no_that_ends_the_clock_counts_from_when_it_was_done() -> None:
    """The run looks first whether the clock is owed, and then undoes: the clock never runs on."""
    found = shown(f"  - {HIDE}\n  - {no('undo hide')}\n", "run.aware_at, not_due: q is rejected")
    assert found.longest.seconds == 10 * MINUTE


def test_what_is_undone_before_the_clock_ends_does_not_meet_it() -> None:
    later = no("continue").replace("id: q", "id: later")
    steps = f"  - {HIDE}\n  - {no('undo hide')}\n  - {later}\n"
    assert shown(steps, "run.aware_at, not_due: q is rejected and later is rejected").verdict == "not shown"


def test_it_is_not_shown_to_be_met_where_a_no_undoes_it_and_the_clock_runs_on() -> None:
    assert shown(f"  - {HIDE}\n  - {no('undo hide')}\n").verdict == "not shown"


HOUR, MINUTE = 3_600, 60
TIMES = {
    "a task costs its due and one ask": (f"  - {TELL}\n", HOUR + 5 * MINUTE),
    "a wait costs its time": (f"  - {{wait: 2h}}\n  - {TELL}\n", 3 * HOUR + 5 * MINUTE),
    "an approval costs its deadline and one ask": (f"  - {no('continue')}\n  - {TELL}\n", 3 * HOUR + 10 * MINUTE),
    "a parallel costs its slowest branch": (
        f"  - parallel: P\n    steps: [{{wait: 3h}}, {{wait: 1h}}]\n  - {TELL}\n",
        4 * HOUR + 5 * MINUTE,
    ),
    "branches beside cost nothing": (
        f"  - parallel: P\n    steps:\n      - {{wait: 3h}}\n      - {TELL}\n",
        HOUR + 5 * MINUTE,
    ),
    "a loop costs its rounds": (
        f"  - {{for_each: p in posts, steps: [{{wait: 1h}}]}}\n  - {TELL}\n",
        5 * HOUR + 5 * MINUTE,
    ),
    "two rounds at once cost half": (
        f"  - {{for_each: p in posts, at_once: 2, steps: [{{wait: 1h}}]}}\n  - {TELL}\n",
        3 * HOUR + 5 * MINUTE,
    ),
    "an ask about a size costs one more": (
        f"  - {{for_each: p in posts, ask_above: 1, steps: [{{wait: 1h}}]}}\n  - {TELL}\n",
        5 * HOUR + 10 * MINUTE,
    ),
    "a question to a system is put, asked about and put again": (
        f"  - {{wait: 1h, when: reports_per_hour < 20}}\n  - {TELL}\n",
        2 * HOUR + 20 * MINUTE,
    ),
    "business days count the weekends that they meet, and an hour": (
        f"  - {TELL.replace('due: 1h', 'due: 1 business days')}\n",
        3 * 24 * HOUR + HOUR + 5 * MINUTE,
    ),
    "the first of two that surely meet it counts": (
        f"  - {{wait: 10m, meets: breach}}\n  - {TELL}\n",
        10 * MINUTE,
    ),
}


@pytest.mark.parametrize("name", TIMES)
def test_the_worst_case_is_the_sum(name: str) -> None:
    steps, seconds = TIMES[name]
    found = shown(steps)
    assert found.longest.seconds == seconds
    assert sum(part.seconds for part in found.longest.parts) == seconds
    assert found.margin == 72 * HOUR - seconds


def test_a_clock_that_a_step_starts_counts_from_its_end() -> None:
    steps = f"  - {{wait: 9h, id: seen}}\n  - {{wait: 1h}}\n  - {TELL}\n"
    found = shown(steps, "seen.done_at")
    assert found.since == "0"
    assert found.longest.seconds == 2 * HOUR + 5 * MINUTE


def test_a_clock_that_a_step_starts_does_not_start_where_that_step_was_not_done() -> None:
    """A false alarm once: told only where it was hidden, and due only then."""
    steps = (
        "  - {contain: hide_item, id: hide, targets: posts, when: live}\n"
        f"  - {TELL.replace('meets', 'when: hide is done, meets')}\n"
    )
    assert shown(steps, "hide.done_at").verdict == "in time"


def test_a_clock_that_a_decision_starts_runs_from_a_no_as_well() -> None:
    tell = TELL.replace("meets", "when: q is approved, meets")
    assert shown(f"  - {no('continue')}\n  - {tell}\n", "q.done_at").verdict == "unmet"


def test_what_of_a_way_without_a_bound_is_too_long_already_is_late() -> None:
    steps = f"  - for_each: p in more\n    steps: [{{wait: 1h}}]\n  - {{wait: 5 days}}\n  - {TELL}\n"
    found = shown(steps)
    assert (found.verdict, found.at_least) == ("late", True)
    assert found.longest.seconds == 5 * 24 * HOUR + HOUR + 5 * MINUTE


def test_what_of_a_way_without_a_bound_fits_is_not_shown() -> None:
    steps = f"  - for_each: p in more\n    steps: [{{wait: 1h}}]\n  - {{wait: 1 days}}\n  - {TELL}\n"
    assert shown(steps).verdict == "not shown"


@pytest.mark.parametrize(
    ("condition", "why"),
    [("hide.held | count > 0", "what is held by then"), ("reports_per_hour < 20", "what reports_per_hour answers")],
)
def test_what_is_not_shown_names_the_condition(condition: str, why: str) -> None:
    steps = (
        "  - {contain: hide_item, id: hide, targets: posts}\n"
        f"  - {TELL.replace('meets', f'when: {condition}, meets')}\n"
    )
    found = shown(steps)
    assert (found.verdict, found.since) == ("not shown", None)
    assert found.why.startswith("whether task “Tell them” at playbook.yaml:")
    assert found.why.endswith(f"happens rests on {why}")


def test_the_condition_that_is_named_as_the_fix_compiles_and_mends_it() -> None:
    asked = no("continue").replace("id: q", "id: file_ok")
    one = TELL.replace("meets", "when: file_ok is approved, meets")
    other = TELL.replace("id: tell, ", "").replace("meets", "when: file_ok is rejected, meets")
    inputs = HEAD.replace("STARTS", "run.aware_at")
    text = f"{inputs}  - {asked}\n  - {one}\n  - {other}\n"
    (found,) = golden.playbook(text).findings
    assert found.code == "FD505"
    assert found.fix is not None
    condition = found.fix.partition("and when: ")[2]
    assert condition == "not (file_ok is approved or file_ok is rejected)"
    by_hand = TELL.replace("id: tell, ", "").replace("meets", f"when: {condition}, meets")
    assert not golden.playbook(f"{text}  - {by_hand}\n").findings


def test_the_fix_for_an_input_that_may_be_left_out_holds_where_it_was() -> None:
    inputs = HEAD.replace("STARTS", "run.aware_at").replace(
        "live: {type: yes_no}", "live: {type: yes_no, optional: yes}"
    )
    text = f"{inputs}  - {TELL.replace('meets', 'when: live, meets')}\n"
    (found,) = golden.playbook(text).findings
    assert found.fix is not None
    condition = found.fix.partition("and when: ")[2]
    assert condition == "not (live is given and (live))"
    by_hand = TELL.replace("id: tell, ", "").replace("meets", f"when: {condition}, meets")
    assert not golden.playbook(f"{text}  - {by_hand}\n").findings


def test_a_group_takes_all_that_it_holds() -> None:
    found = shown(f"  - {{group: G, meets: breach, steps: [{QUIET}, {{wait: 2h}}]}}\n")
    assert found.longest.seconds == 3 * HOUR + 5 * MINUTE


@pytest.mark.parametrize("endless", ["{wait: reports_per_hour < 3}", "{task: T, assign: crt}"])
def test_what_has_no_bound_is_named(endless: str) -> None:
    found = shown(f"  - {endless}\n  - {TELL}\n")
    assert found.verdict == "not shown"
    assert found.longest.unbounded is not None
    assert found.longest.unbounded.step.path == "0"


@pytest.mark.parametrize("condition", ["", "when: live, "])
def test_a_late_clock_says_where_its_sum_is_careful(condition: str) -> None:
    clock = "clocks:\n  - {clock: order, starts: run.aware_at}\n"
    steps = f"  - {{{condition}wait: 2h}}\n  - {TELL.replace('breach', 'order')}\n"
    (found,) = golden.playbook(f"inputs: {{live: {{type: yes_no}}}}\n{clock}steps:\n{steps}").findings
    assert found.code == "FD503"
    assert found.message == "the clock order has 1h, and this step may end 3h 5m after it starts"
    assert ("a step with a condition is counted as if it held" in found.notes) is bool(condition)
