"""What an expression can only consist of, as a table."""

from __future__ import annotations

import pytest

from firedoor.people.given import bounds_of, given
from firedoor.people.signatures import KeyRing
from firedoor.plan.expression import Const, Expr, Filter, InputValue, Item, Listing, Prose, Read, StepField
from tests.people.test_warrants import ACCOUNTS, KEY, PLAN, command, launch

LAUNCH = KeyRing({KEY.id: KEY.public}).verify_launch(launch())
EXTRA = InputValue(name="extra", type="account")


@pytest.mark.parametrize(
    ("expr", "bounds"),
    [
        (ACCOUNTS, {"@a:x", "@b:x", "@c:x"}),
        (EXTRA, {"@e:x"}),
        (InputValue(name="standing", type="account", listed=True), {"@default:x"}),
        (InputValue(name="no such", type="account"), set()),
        (Const(value="@k:x"), {"@k:x"}),
        (Filter(name="unique", of=ACCOUNTS), {"@a:x", "@b:x", "@c:x"}),
        (Filter(name="first", of=ACCOUNTS), {"@a:x", "@b:x", "@c:x"}),
        (Filter(name="lower", of=ACCOUNTS), None),
        (Listing(of=(EXTRA, Const(value="@k:x"))), {"@e:x", "@k:x"}),
        (Listing(of=(EXTRA, Read(call="matches_of", site="x"))), None),
        (Item(loop="3", type="account"), {"@a:x", "@b:x", "@c:x"}),
        (Item(loop="0", type="account"), None),
        (StepField(step="0", field="held"), {"@a:x", "@b:x", "@c:x"}),
        (StepField(step="3.1", field="targets"), {"@a:x", "@b:x", "@c:x"}),
        (StepField(step="0", field="done_at"), None),
        (StepField(step="1", field="held"), None),
        (Prose(of=("@a:x",)), None),
    ],
    ids=lambda value: repr(sorted(value) if isinstance(value, set) else value),
)
def test_bounds(expr: Expr, bounds: set[str] | None) -> None:
    ring = KeyRing({KEY.id: KEY.public})
    commands = [
        ring.verify_command(command("add", {"accounts": ["@c:x"], "no such": ["@n:x"]})),
        ring.verify_command(command("input", {"extra": "@e:x"})),
        ring.verify_command(command("add", "nonsense")),
    ]
    assert bounds_of(PLAN, expr, given(PLAN, LAUNCH, commands)) == bounds
