"""Commands in words: by how much, until when, what and to whom; and nothing that is sensitive."""

from __future__ import annotations

from firedoor.plan import Input
from tests.run.driver import Run
from tests.run.plans import HOUR, INPUTS, MINUTE, approve, contain, given, plan, task

SENSITIVE = (
    *INPUTS[1:],
    Input(name="accounts", type="account", listed=True, sensitive="graphic"),
)


def last(run: Run, command: str) -> str:
    rows = [*run.state.recent, *run.state.pending]
    words = next(row.words for row in reversed(rows) if row.kind == f"command.{command}")
    return words.removesuffix(": because")


def test_an_extension_says_by_how_much_and_until_when() -> None:
    run = Run(plan(approve(name="x", deadline=HOUR))).launch()
    receipt = run.command("extend", "x", value=30 * MINUTE, reason="they are on a plane")
    until = "until 2026-03-04 04:15 UTC"
    assert until in receipt.says
    assert last(run, "extend").endswith(f" by 30m, {until}: they are on a plane")


def test_an_addition_says_what_was_added() -> None:
    run = Run(plan(contain(name="x", targets=given("accounts")), task(name="after"))).launch()
    run.command("add", value={"accounts": [f"@{number}" for number in range(12)]})
    assert last(run, "add").endswith(f"accounts: {', '.join(f'@{number}' for number in range(10))} and 2 more")
    run.command("input", value={"note": "a secret", "order_at": "2026-03-04T02:00:00+00:00"})
    assert "secret" not in last(run, "input")
    assert "order_at: 2026-03-04" in last(run, "input")


def test_what_is_sensitive_is_counted() -> None:
    run = Run(plan(contain(name="x", targets=given("accounts")), task(name="after"), inputs=SENSITIVE)).launch()
    run.command("add", value={"accounts": ["@secret", "@other"]})
    assert last(run, "add").endswith("accounts: 2 [withheld]")


def test_others_say_what_to_and_to_whom() -> None:
    run = Run(plan(contain(name="lock", targets=given("accounts")), task(name="after"))).launch()
    run.command("severity", value="sev1")
    assert last(run, "severity").endswith(": severity sev1")
    run.command("reassign", "after", value="omar")
    assert last(run, "reassign").endswith(" to omar")
    run.command("hand_over", value="sam")
    assert last(run, "hand_over").endswith(": hand over to sam")
