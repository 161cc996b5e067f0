"""Whether steps can happen, what is signed, what lapses, and who is there: tables of small playbooks."""

from __future__ import annotations

import pytest

from firedoor.compiler.book import compile_book
from firedoor.compiler.proofs.situations import MOST_ITEMS
from tests.compiler import golden

HEAD = """
inputs:
  posts: {type: list of content, at_least: 1}
  live: {type: yes_no}
  views: {type: number, at_least: 1, at_most: 10}
  kind: {type: choice, choices: [fraud, threat]}
  seen: {type: number, optional: yes}
severity: {sev1: live, sev2: otherwise}
steps:
"""
Q = "{approve: Q, id: q, needs: [{team: policy}], deadline: 1h, on_reject: NO, on_timeout: ask commander}"


def codes(steps: str) -> list[str]:
    return [found.code for found in golden.playbook(HEAD + steps).findings]


def q(no: str) -> str:
    return f"  - {Q.replace('NO', no)}\n"


HAPPENS = {
    "a condition that can hold": ("  - {wait: 1m, when: views > 9}\n", True),
    "none beyond what the form lets through": ("  - {wait: 1m, when: views > 10}\n", False),
    "one between two bounds": ("  - {wait: 1m, when: views > 9 and views < 10}\n", True),
    "none that contradicts itself": ("  - {wait: 1m, when: live and not live}\n", False),
    "a choice that is left": ("  - {wait: 1m, when: not (kind is fraud)}\n", True),
    "none where all choices are taken": ("  - {wait: 1m, when: not (kind is fraud) and not (kind is threat)}\n", False),
    "none under a condition that says the opposite": (
        "  - {group: G, when: live, steps: [{wait: 1m, when: not live}]}\n",
        False,
    ),
    "at a severity that was changed meanwhile": (
        "  - {group: G, when: severity is sev1, steps: [{wait: 1m, when: severity is sev2}]}\n",
        True,
    ),
    "with what was given meanwhile": (
        "  - {group: G, when: not (seen is given), steps: [{wait: 1m, when: seen > 3}]}\n",
        True,
    ),
    "behind a rejection that goes on": (q("continue") + "  - {wait: 1m, when: q is rejected}\n", True),
    "not behind one that ends the response": (q("stop") + "  - {wait: 1m, when: q is rejected}\n", False),
    "not behind one that leaves": (q("leave") + "  - {wait: 1m, when: q is rejected}\n", False),
    "behind the group that it leaves": (
        f"  - group: G\n    id: g\n    steps:\n    {q('leave')}  - {{wait: 1m, when: g is done}}\n",
        True,
    ),
    "with many items": (f"  - {{wait: 1m, when: posts | count > {MOST_ITEMS - 1}}}\n", True),
    "with more items than are looked at": (f"  - {{wait: 1m, when: posts | count > {10 * MOST_ITEMS}}}\n", True),
    "with too few": ("  - {wait: 1m, when: posts | count < 1}\n", False),
    "where a system says so": ("  - {wait: 1m, when: reports_per_hour > 3 and reports_per_hour < 2}\n", True),
}


@pytest.mark.parametrize("name", HAPPENS)
def test_a_step_happens(name: str) -> None:
    steps, happens = HAPPENS[name]
    assert codes(steps) == ([] if happens else ["FD225"])


FREEZE = "  - {contain: freeze_posting}\n"
SIGNED = {
    "behind an approval that leaves": (q("leave").replace("ask commander", "stop") + FREEZE, True),
    "not behind one that goes on": (q("continue") + FREEZE, False),
    "by the wrong team": (q("leave").replace("ask commander", "stop").replace("policy", "legal") + FREEZE, False),
    "not by a seat that may not apply": (
        q("leave").replace("ask commander", "stop").replace("{team: policy}", "{team: policy, when: live}") + FREEZE,
        False,
    ),
    "not by two approvals that each ask a part": (
        q("leave").replace("ask commander", "stop").replace("policy", "comms") + FREEZE,
        False,
    ),
}


@pytest.mark.parametrize("name", SIGNED)
def test_an_act_is_signed(name: str) -> None:
    steps, signed = SIGNED[name]
    assert codes(steps) == ([] if signed else ["FD305"])


def test_the_way_to_an_unsigned_act_names_the_situation() -> None:
    steps = q("stop").replace("ask commander", "stop").replace("id: q", "id: q, when: live") + FREEZE
    (found,) = golden.playbook(HEAD + steps).findings
    assert found.notes == (
        "when live is no",
        "playbook.yaml:10: approve “Q” is not asked",
        "playbook.yaml:11: contain freeze_posting happens all the same",
    )


LOCK = "  - {contain: hide_item, id: hide, targets: posts, expires: LONG, on_expiry: undo}\n"
LEASES = {
    "that outlives its decision": (LOCK.replace("LONG", "2h") + q("undo hide"), True),
    "that ends before": (LOCK.replace("LONG", "1h") + q("undo hide"), False),
    "that ends before everything may be undone": (LOCK.replace("LONG", "1h") + q("undo all"), False),
    "about which nothing is decided": (
        LOCK.replace("LONG", "1h") + q("continue") + "  - {notify: crt, say: Yes, when: q is approved}\n",
        True,
    ),
    "that an undo behind the approval decides about": (
        LOCK.replace("LONG", "1h") + q("continue") + "  - {undo: hide, when: q is rejected}\n",
        False,
    ),
    "with something endless in between": (
        LOCK.replace("LONG", "90 days") + "  - {task: Look, assign: crt}\n" + q("undo hide"),
        False,
    ),
}


@pytest.mark.parametrize("name", LEASES)
def test_a_lease(name: str) -> None:
    steps, lasts = LEASES[name]
    assert codes(steps) == ([] if lasts else ["FD405"])


def staffed(comms: str, needs: str, extra: str = "") -> list[str]:
    organization = (golden.HERE / "book" / "organization.yaml").read_text()
    changed = organization.replace("members: [zoe, ana]", comms)
    assert changed != organization
    steps = f"steps:\n  - {{approve: Q, needs: [{needs}], deadline: 1h, on_reject: stop, on_timeout: stop{extra}}}\n"
    files = golden.laid_over({"organization.yaml": changed.encode(), golden.PLAYBOOK: steps.encode()})
    return [found.message for found in compile_book(golden.HERE, files).findings]


def test_seats_are_filled_without_the_launcher_and_without_whom_the_approval_bars() -> None:
    assert staffed("members: [zoe, ana, sam]", "{team: comms, seats: 2}") == []
    assert staffed("members: [zoe, ana, sam]", "{team: comms, seats: 2}", ", not_by: [sam]") == [
        "Communications has 2 people for 2 seats, and whoever launches may not sign"
    ]
    assert staffed("members: [ana]", "{team: comms}", ", escalate: 10m") == []


def test_a_hole_of_an_hour_where_the_clocks_are_put_back_is_found() -> None:
    """Two regions that meet at one hour in winter leave a hole in the weeks in which only one has changed."""
    hours = (
        'shifts: [{region: emea, hours: "08:00-20:00", days: every day, on: [zoe]},'
        ' {region: amer, hours: "15:00-03:00", days: every day, on: [ana]}]'
    )
    organization = (golden.HERE / "book" / "organization.yaml").read_text()
    regions = "  amer: {timezone: America/New_York, manager: eoin}\n"
    organization = organization.replace("regions:\n", "regions:\n" + regions).replace("members: [zoe, ana]", hours)
    steps = b"steps:\n  - {task: T, assign: comms.on_shift, due: 1h, on_timeout: ask commander}\n"
    files = golden.laid_over({"organization.yaml": organization.encode(), golden.PLAYBOOK: steps})
    (found,) = compile_book(golden.HERE, files).findings
    assert found.code == "FD603"
    assert "weeks of the year" in found.message
