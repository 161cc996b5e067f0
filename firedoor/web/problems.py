"""What goes wrong at the front door, each with its status code, what is so, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from firedoor import incidents
from firedoor.incidents import Trouble
from firedoor.plan.inputs import Problem
from firedoor.protocol import MOST_BYTES_IN
from firedoor.web.messages import ProblemReply


class NotSignedIn(Trouble):
    kind = "not-signed-in"

    def __init__(self) -> None:
        super().__init__(
            "Nobody is known by this token.",
            "Send `Authorization: Bearer TOKEN`, with the token that `firedoor up` made for you.",
        )


class NotFound(Trouble):
    kind = "not-found"


class Wrong(Trouble):
    """What was sent cannot be used, and every reason why."""

    kind = "inputs"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        many = f"{count} things are wrong" if count != 1 else "One thing is wrong"
        super().__init__(f"{many} with what was given.", "Mend it and send it again; nothing has been done.")


class TooLarge(Trouble):
    kind = "too-large"

    def __init__(self, most: int = MOST_BYTES_IN) -> None:
        super().__init__(
            f"More than {most // 1024} KiB were sent.",
            "Send less: a long list goes by itself (`firedoor launch --list NAME=FILE`), more targets can be added afterwards"
            " (`firedoor do ID add`), and more words said in a note.",
        )


class RecordsAway(Trouble):
    """The database does not do what it is asked: it is locked, full, or gone."""

    kind = "records"

    def __init__(self, *, spoken: bool) -> None:
        so = "The records cannot be written, so nothing was counted." if spoken else "The records cannot be read."
        again = "then say the same again" if spoken else "then look again"
        super().__init__(
            so,
            f"What runs goes on. Call the operator: another process holds the records, their disk is full, or their server is"
            f" away; {again}. What cannot wait is done on the platform itself.",
        )


class NotYours(Trouble):
    """The person takes no part in the incident, so its content is not theirs to read (firedoor.web.access)."""

    kind = "not-yours"

    def __init__(self, incident: str, ask: str) -> None:
        super().__init__(f"You take no part in {incident}, so this is withheld from you.", ask)


class Conflict(Trouble):
    """It is not as the sender thinks; nothing was done."""

    kind = "conflict"


class Changed(Trouble):
    """The document is another one than the person saw."""

    kind = "changed"

    def __init__(self, changed: Iterable[str], document: str) -> None:
        self.changed = tuple(changed)
        self.document = document
        super().__init__(
            "What is asked has changed since you looked, so nothing was signed.",
            "Look at it as it is now, and decide again.",
        )


_REFUSED: Final = {"role": 403, "seat": 403, "launcher": 403, "not_by": 403, "value": 422, "proof": 422, "reason": 422}

_STATUS: Final[dict[type[Trouble], int]] = {
    NotSignedIn: 401,
    NotYours: 403,
    RecordsAway: 503,
    NotFound: 404,
    incidents.NoSuchIncident: 404,
    Wrong: 422,
    TooLarge: 413,
    Conflict: 409,
    Changed: 409,
    incidents.Closed: 409,
    incidents.CutOff: 409,
    incidents.Unreachable: 503,
    incidents.NoAnswer: 503,
    incidents.Stuck: 503,
    incidents.NotPrepared: 503,
    incidents.EngineBroken: 502,
}


def status_of(trouble: Trouble) -> int:
    if isinstance(trouble, incidents.Refused):
        return _REFUSED.get(trouble.why or "", 409)
    return _STATUS[type(trouble)]


def reply_of(trouble: Trouble) -> ProblemReply:
    return ProblemReply(
        error=code_of(trouble),
        says=trouble.says,
        next=trouble.next,
        problems=trouble.problems if isinstance(trouble, Wrong) else (),
        changed=trouble.changed if isinstance(trouble, Changed) else (),
        document=trouble.document if isinstance(trouble, Changed) else None,
    )


def code_of(trouble: Trouble) -> str:
    """A refusal's own code comes with it: "refused-role"."""
    if isinstance(trouble, incidents.Refused) and trouble.why:
        return f"refused-{trouble.why}"
    return trouble.kind
