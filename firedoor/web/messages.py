"""What crosses HTTP. Requests refuse fields that they do not know: a misspelt one must not be lost in silence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from firedoor.plan.base import Frozen
from firedoor.plan.inputs import Problem, only_seen
from firedoor.plan.model import Severity
from firedoor.plan.pace import MOST_PACE
from firedoor.protocol import AskView, CommandKind, Phase, View
from firedoor.web import naming

Nonce = Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[A-Za-z0-9._~-]+$")]
"""Made by the sender, new for each word. To send the same again under it is safe: it counts once."""

CHECK: Final = "`firedoor check`"
"""What tells the mistakes of a book; whoever knows where the book lies names it there."""

Seen = AfterValidator(only_seen)
Short = Annotated[str, Field(min_length=1, max_length=200), Seen]
Words = Annotated[str, Field(min_length=1, max_length=4000), Seen]


# --- playbooks ------------------------------------------------------------------------------------------------------


class PlaybookLine(Frozen):
    name: str
    version: str
    title: str
    use_when: str
    owner: str


class FormField(Frozen):
    """One field of the launch form."""

    name: str
    type: str
    listed: bool
    ask: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    sensitive: str | None = None
    give: str
    """What to give, in words."""


class SeverityLine(Frozen):
    severity: Severity
    when: str


class OutlineLine(Frozen):
    """One step, before it is run. `depth` is how far it stands inside others."""

    path: str
    id: str | None
    verb: str
    words: str
    when: str = ""
    """Under which condition; empty where it always is reached."""
    applies: Literal["yes", "no", "later"] = "later"
    """By what is known at the launch."""
    depth: int = 0


class Signing(Frozen):
    """An approval that the playbook asks for."""

    step: str
    question: str
    needs: tuple[str, ...]
    deadline: int
    """Seconds."""
    no: str
    silence: str
    unlocks: tuple[str, ...] = ()


class Containing(Frozen):
    """Something that it may contain."""

    step: str
    action: str
    does: str
    undo: bool
    requires: tuple[str, ...] = ()


class ClockLine(Frozen):
    name: str
    kind: Literal["fixed", "standard"]
    limit: int
    law: str


class Playbook(PlaybookLine):
    digest: str
    inputs: tuple[FormField, ...]
    severity: tuple[SeverityLine, ...]
    signs: tuple[Signing, ...]
    contains: tuple[Containing, ...]
    clocks: tuple[ClockLine, ...]
    steps: tuple[OutlineLine, ...]


class Playbooks(Frozen):
    organization: str
    playbooks: tuple[PlaybookLine, ...]
    broken: tuple[str, ...] = ()
    """Files of the book that hold mistakes, so that what they describe cannot be launched."""


# --- launching ------------------------------------------------------------------------------------------------------


class LaunchRequest(Frozen):
    playbook: Short
    nonce: Nonce
    inputs: dict[str, Any] = {}
    aware_at: AwareDatetime | None = None
    """When the organization came to know; clocks count from it. Now, unless given."""
    region: Short | None = None
    """The launcher's, unless given."""
    title: Annotated[str, Field(max_length=200), Seen] = ""
    drill: bool = False
    pace: Annotated[int, Field(ge=1, le=MOST_PACE)] = 1
    """How many times as fast a drill's deadlines, waits and clocks run."""


class ListRequest(Frozen):
    """The items of a long list, for an input of a playbook. It is answered with a reference to give for them."""

    playbook: Short
    input: Short
    items: list[Any]


class PreviewRequest(Frozen):
    playbook: Short
    inputs: dict[str, Any] = {}
    aware_at: AwareDatetime | None = None
    region: Short | None = None


class Preview(Frozen):
    """What a launch would do. Nothing has been done."""

    playbook: str
    title: str
    inputs: dict[str, Any]
    severity: Severity
    region: str
    aware_at: datetime
    commander: tuple[str, ...]
    steps: tuple[OutlineLine, ...]
    signs: tuple[Signing, ...]
    contains: tuple[Containing, ...]
    clocks: tuple[ClockLine, ...]


class Launched(Frozen):
    incident: str
    playbook: str
    plan: str
    region: str
    aware_at: datetime
    launched_at: datetime
    says: str
    next: str


# --- incidents ------------------------------------------------------------------------------------------------------


class IncidentLine(Frozen):
    incident: str
    playbook: str
    title: str
    severity: Severity | None
    phase: Phase | Literal["not started", "stuck", "terminated", "failed", "cancelled"]
    launched_by: str
    launched_at: datetime
    closed_at: datetime | None = None
    waiting_on: str | None = None
    next_due: datetime | None = None
    drill: bool = False
    says: str = ""
    """What is so and what to do, where the engine ended the run by force."""


class Incidents(Frozen):
    incidents: tuple[IncidentLine, ...]
    live: bool
    """False: the engine could not be asked, and this is what was written down last."""


class Shown(Frozen):
    """A document, as it is to be signed."""

    ask: str
    document: str
    """Its hash, which an answer repeats."""
    text: str
    """The very text that is hashed: canonical JSON."""
    about: AskView | None = None
    refused: str = ""
    """Of an approval: what a no does, in words."""
    people: tuple[str, ...] = ()
    """Who can answer it now."""
    drill: bool = False


class InboxLine(Frozen):
    """Something that the signed-in person can answer."""

    incident: str
    title: str
    severity: Severity
    kind: Literal["approval", "task", "question", "review", "verify"]
    ask: str
    step: str = ""
    """What it is called: by its step, else by what it is about, as `held` or `clock`."""
    words: str
    choices: tuple[str, ...]
    deadline: datetime | None = None
    silence: str = ""
    proof: str | None = None
    facts: tuple[str, ...] = ()
    """What deciders wanted to know, and what they were told; the document does not change by it."""
    document: str
    drill: bool = False

    @classmethod
    def of(cls, view: View, ask: AskView) -> InboxLine:
        return cls(
            incident=view.incident,
            title=view.title,
            severity=view.severity,
            kind=ask.kind,
            ask=ask.id,
            step=naming.of_ask(ask, naming.names(view.steps)),
            words=ask.words,
            choices=ask.choices,
            deadline=ask.deadline,
            silence=ask.silence,
            proof=ask.proof,
            facts=ask.facts,
            document=ask.document,
            drill=view.drill,
        )


class Inbox(Frozen):
    person: str
    asks: tuple[InboxLine, ...]
    silent: tuple[str, ...] = ()
    """Incidents that did not answer, so that something may be missing here."""


class AnswerRequest(Frozen):
    ask: Short
    choice: Short
    document: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Hash of the document that the person saw."""
    nonce: Nonce
    reason: Words | None = None
    proof: Words | None = None
    targets: Annotated[tuple[str, ...], Field(max_length=5000)] | None = None
    review: bool = False
    """The answer is to a task of the incident's review."""


class CommandRequest(Frozen):
    command: CommandKind
    nonce: Nonce
    step: Short | None = None
    target: Annotated[tuple[str, ...], Field(max_length=5000)] | None = None
    value: Any = None
    """add, input: {name: value}; severity: sev1 to sev4; extend: a length of time, as 30m; reassign, offer (of the command, which
    that person is asked to accept), hand_over (at once; needs a reason): who; pause_clock: {"clock": name, "ground": the
    beginning of one of those that the clock may be paused on}; resume_clock: the clock's name."""
    reason: Words | None = None
    expects: Short | None = None


class Record(Frozen):
    """The record of an incident, twice: for machines and for people."""

    data: dict[str, Any]
    markdown: str
    complete: bool
    """False: the run could not be asked, or rows are missing, so there may be more."""


class Health(Frozen):
    ok: bool
    server: bool
    worker: bool
    records: bool
    version: str
    says: str


class Me(Frozen):
    person: str
    name: str
    region: str
    holds: tuple[str, ...]


class ProblemReply(Frozen):
    """The body of every answer that is no success."""

    error: str
    """Stable, for machines: "inputs", "no-worker", "changed"."""
    says: str
    next: str
    problems: tuple[Problem, ...] = ()
    """Everything that is wrong with what was sent, at once."""
    changed: tuple[str, ...] = ()
    """What is different from the document that was shown."""
    document: str | None = None
    """Hash of the document as it is now, where it is another one than was shown."""
