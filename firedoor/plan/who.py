"""Who is told, asked or assigned, named as authors name them; the directory turns the name into people when it acts."""

from typing import Literal

from firedoor.plan.base import Frozen
from firedoor.plan.expression import Expr

WhoKind = Literal[
    "team",  # everyone of a team
    "on_shift",  # who is on shift in a team now
    "manager",  # a team's manager
    "region_manager",  # the manager of the run's region
    "commander",
    "launcher",
    "person",
    "contact",  # someone outside, from the organization's contacts
    "users",  # the platform's own users at large
    "account",  # the holder of an account on the platform
]


class Who(Frozen):
    """One audience or role. `name` is the team, person, contact or account; none for commander, launcher and users."""

    kind: WhoKind
    name: str | None = None

    def __str__(self) -> str:
        match self.kind:
            case "on_shift" | "manager":
                return f"{self.name}.{self.kind}"
            case "region_manager":
                return "region.manager"
            case "commander" | "launcher" | "users":
                return self.kind
            case _:
                return self.name or self.kind


class Audience(Frozen):
    """Whom a step tells: someone known by name, or (`of`) the accounts that an expression gives when it is reached."""

    who: Who | None = None
    of: Expr | None = None
