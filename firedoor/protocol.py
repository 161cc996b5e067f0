"""Names and models of every message that crosses Temporal or HTTP. Clients know workflows by these names alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from firedoor.plan import Action, MessageRef, ReadAction, Who
from firedoor.plan.base import Frozen
from firedoor.plan.lists import ListRef, Question
from firedoor.plan.model import Severity

TASK_QUEUE = "firedoor"

INCIDENT = "Incident"
REVIEW = "Review"

ANSWER = "answer"
COMMAND = "command"
VIEW = "view"
DOCUMENT = "document"

NOTIFY = "notify"
CONTAIN = "contain"
RELEASE = "release"
READ = "read"
LIST = "list"
SIFT = "sift"
NOTIFY_EACH = "notify_each"
RECORD = "record"

SEARCH_PLAYBOOK = "FiredoorPlaybook"
SEARCH_SEVERITY = "FiredoorSeverity"
SEARCH_PHASE = "FiredoorPhase"
SEARCH_WAITING_ON = "FiredoorWaitingOn"
SEARCH_NEXT_DUE = "FiredoorNextDue"

TORN = "This was looked at between two steps of the run: look again."
"""How a query fails that came at a bad moment (workflows.torn). The same query again succeeds, unless the run was ended by
force just then: the step that would mend it never comes."""

MOST_BYTES_IN = 64 * 1024
"""Nothing larger enters by the front door."""

MOST_PAGE_BYTES = 200 * 1024
"""A page of `view` stays under this; the server refuses answers over 256 KiB."""

Phase = Literal["responding", "holding", "closed"]
Intent = Literal["respond", "stop", "undo_all"]


# --- signed words ---------------------------------------------------------------------------------------------------


class Signed(Frozen):
    """A statement as the front door signed it: the very text (canonical JSON), the key's id, and the signature."""

    body: str
    key: str
    signature: str
    """Base64 of the Ed25519 signature over the domain and the body (firedoor.people.signatures)."""


class Statement(Frozen):
    """What every signed word says: who, on which incident and plan, and for how long it may be delivered."""

    person: str
    incident: str
    plan: str
    """Digest of the plan."""
    nonce: str
    """Also the update's id: the same word again is the same decision."""
    issued: datetime
    expires: datetime


class Launch(Statement):
    """`person` launches; the inputs are part of what is signed."""

    kind: Literal["launch"] = "launch"
    inputs: dict[str, Any] = {}
    aware_at: datetime
    region: str
    title: str = ""
    drill: bool = False


def speaks_as(word_of: str, holds: tuple[str, ...], person: str) -> bool:
    """Whether who signed a word is that person, or stood in for them (firedoor.people.away)."""
    return word_of == person or f"instead:{person}" in holds


class Answer(Statement):
    """An answer to one ask: an approval, a task that is done, a handover, a question that the run put to someone."""

    kind: Literal["answer"] = "answer"
    ask: str
    document: str
    """SHA-256, in hex, of the document that was shown (query `document`)."""
    choice: str
    reason: str | None = None
    proof: str | None = None
    targets: tuple[str, ...] | None = None
    """Approving fewer: the targets that are approved. None for all that were shown."""
    holds: tuple[str, ...] = ()
    """What the person was when this was signed: "policy", "policy.on_shift", "policy.manager", "region.manager:emea", and
    "instead:ana" while standing in for Ana."""


CommandKind = Literal[
    "note",
    "add",
    "input",
    "severity",
    "pause",
    "resume",
    "skip",
    "retry",
    "reassign",
    "extend",
    "undo",
    "offer",
    "hand_over",
    "keep",
    "pause_clock",
    "resume_clock",
    "stop",
    "undo_all",
]


class Command(Statement):
    """A word of the commander: what it does to which step is the table of SEMANTICS (firedoor.run.interrupting)."""

    kind: Literal["command"] = "command"
    command: CommandKind
    step: str | None = None
    """The run's path of a step, or the author's id."""
    target: tuple[str, ...] | None = None
    value: Any = None
    """add, input: {name: value}; severity: "sev1"; extend: seconds; reassign: a Who's name; offer (of the command, which
    that person is asked to accept), hand_over (at once): a person's; pause_clock: {"clock": name, "ground": one of those that
    the clock may be paused on}; resume_clock: the clock's name."""
    reason: str | None = None
    expects: str | None = None
    """The state that the person saw ("asking"); the command is refused when it is another by now."""
    holds: tuple[str, ...] = ()


class Receipt(Frozen):
    """What an accepted word got back. The same word again gets the same receipt."""

    nonce: str
    at: datetime
    says: str
    """What was done with it, in plain words, and what happens next."""
    row: int
    """The timeline's row that holds it."""


# --- the timeline ---------------------------------------------------------------------------------------------------


class Row(Frozen):
    """One line of the timeline. Rows are numbered from 1 without gaps, per incident."""

    seq: int
    at: datetime
    kind: str
    """Dotted and stable, for machines: "step.done", "approval.signed", "hold.applied", "clock.breached"."""
    words: str
    """For people."""
    step: str | None = None
    by: str | None = None
    data: dict[str, Any] = {}
    signed: Signed | None = None


# --- orders to activities and their reports -------------------------------------------------------------------------


class Decision(Frozen):
    """A signed answer together with the document whose hash it signs."""

    signed: Signed
    document: str


class Warrant(Frozen):
    """By what right an act is done: the signed launch, and the decisions that unlocked it."""

    launch: Signed
    decisions: tuple[Decision, ...] = ()
    commands: tuple[Signed, ...] = ()


class Order(Frozen):
    """What every activity is told. Rows that are not yet in the record travel with it and are written first."""

    incident: str
    warrant: Warrant
    rows: tuple[Row, ...] = ()


class Report(Frozen):
    recorded: int = 0
    """The highest row that is now in the record."""


class Rendering(Frozen):
    """Text in a language, fit for whoever is cleared for all of `needs`."""

    language: str
    """A locale, or "*" for text that was written once."""
    text: str
    needs: tuple[Literal["personal", "graphic"], ...] = ()


class NotifyOrder(Order):
    """Tell people. Either `texts` (prose) or `message` (a template by locale, with its context) is given."""

    key: str
    """Unique in the incident: the idempotency key of this notice."""
    step: str | None = None
    audience: tuple[Who, ...]
    severity: Severity
    region: str
    subject: str
    texts: tuple[Rendering, ...] = ()
    message: MessageRef | None = None
    templates: dict[str, str] = {}
    context: dict[str, Any] = {}
    sensitive: dict[str, str] = {}
    """Names in the context that are sensitive, and how ("personal", "graphic")."""
    urgent: bool = False
    """Reach as for sev1 whatever the severity: an ask that waits, a clock that runs out."""
    commander: str | None = None
    """The person who commands, where one is named."""
    languages: tuple[str, ...] = ("en",)
    drill: bool = False


class Delivery(Frozen):
    """One message to one recipient on one channel."""

    recipient: str
    channel: str
    state: Literal["sent", "failed"]
    language: str = ""
    id: str | None = None
    error: str | None = None


class NotifyReport(Report):
    deliveries: tuple[Delivery, ...] = ()


class TargetOutcome(Frozen):
    target: str
    state: Literal["applied", "refused", "failed", "unknown", "undone", "undo_failed", "kept"]
    """`kept`: let go by this incident, and still contained because someone else holds it. `failed`: budget used up."""
    number: int | None = None
    at: datetime | None = None
    error: str | None = None
    error_type: str | None = None


class Page(Frozen):
    """Targets of a long list: from the one at `first` on, `count` of them. What a step has done to them are its entries
    with the ordinals from `since` to `last`."""

    list: str
    """Digest of the list."""
    of: int
    """How many the whole list has."""
    first: int
    count: int
    since: int = 1
    last: int = 1
    failed: bool = False
    """Only those of them that earlier ordinals have not contained."""


class Around(Frozen):
    """What a step of a long loop is evaluated with, besides the item: all that it names of the run, as JSON."""

    inputs: dict[str, Any] = {}
    run: dict[str, Any] = {}
    severity: Severity
    items: dict[str, Any] = {}
    """Of the loops around the long one, by their static paths."""
    outcomes: dict[str, bool] = {}
    """By step and outcome: "1 approved"."""
    fields: dict[str, Any] = {}
    """By step and field: "1 held"."""


class SiftOrder(Order):
    """Look at the items of a page, for a step of a long loop: for which of them its conditions hold, and what they give.
    Its report is a ReadReport of a Sifted."""

    step: str
    """The run's path, which has no round of that loop."""
    loop: str
    page: Page
    again: int = 0
    """How often the page was looked at before. What was settled then stays so."""
    behind: tuple[str, ...] = ()
    """Acts of the loop that come before this one, and have failures which nobody has decided about: their items wait."""
    around: Around
    at_once: int = 1
    drill: bool = False


class Sifted(Frozen):
    """What was newly found on a page."""

    of: ListRef | None = None
    """Of a contain the targets, of a notice the items; None where there are none."""
    chosen: int = 0
    not_needed: int = 0
    held_back: int = 0
    """An act before has failed for them."""
    unread: int = 0
    """A read did not answer."""
    problems: tuple[str, ...] = ()
    """Of the first few that are unread."""


class NotifyEachOrder(NotifyOrder):
    """Tell people about each item of a page, in a notice of its own; whom, and what, is found for each."""

    loop: str
    page: Page
    around: Around
    at_once: int = 1


class NotifyEachReport(Report):
    """What became of the notices of a page."""

    told: int = 0
    missed: int = 0
    """Someone whom the notice is for was not reached."""
    left: int = 0
    """Not worked through, since the run asked to stop."""
    problems: tuple[str, ...] = ()
    """Of the first few that were missed."""


class PageReport(Frozen):
    """What the ledger has of a page's targets when an attempt ends, as counts."""

    applied: int = 0
    refused: int = 0
    """The platform said no."""
    failed: int = 0
    """Not reached within the retries, and nothing was changed."""
    unknown: int = 0
    """It may have happened."""
    undone: int = 0
    undo_failed: int = 0
    left: int = 0
    """Not worked through, since the run asked to stop."""
    last_at: datetime | None = None
    """When the last of them was contained."""
    problems: tuple[TargetOutcome, ...] = ()
    """The first few that failed. All are in the ledger."""


class ContainOrder(Order):
    """Act on targets. The entry (incident, step, target, ordinal) is written before each act."""

    step: str
    """The run's path."""
    ordinal: int
    action: Action
    targets: tuple[str, ...]
    """One empty text where the action takes no target; nothing where they are a page's."""
    page: Page | None = None
    at_once: int | None = None
    """Of a page, targets that are acted on at a time; None for as many as the platform takes."""
    arguments: dict[str, Any] = {}
    expires: int | None = None
    """Seconds that each hold lasts; None where it is lasting."""
    severity: Severity = "sev1"
    drill: bool = False


class ContainReport(Report):
    outcomes: tuple[TargetOutcome, ...] = ()
    page: PageReport | None = None
    """Instead, of a page."""


class ReleaseOrder(Order):
    """Let go of what a step holds, newest entry first: all of it, or the named targets."""

    step: str
    ordinal: int
    """Counts the releases of this step: with the step it is the idempotency key of this one."""
    action: Action
    targets: tuple[str, ...] | None = None
    page: Page | None = None
    """Instead of targets: those of a page."""
    cause: str
    drill: bool = False


class ReleaseReport(Report):
    outcomes: tuple[TargetOutcome, ...] = ()
    page: PageReport | None = None
    """Instead, of a page."""


class ReadOrder(Order):
    site: str
    read: ReadAction
    argument: Any = None
    drill: bool = False


class ReadReport(Report):
    value: Any = None


class ListOrder(Order):
    """Work something out about long lists, where they are. Its report is a ReadReport."""

    question: Question


class RecordOrder(Order):
    """Write rows, and what lists show of the run while Temporal is away. None leaves that as it is: a review, which
    outlives the response and not always the run, knows nothing of how far the run is."""

    phase: Phase | None = None
    severity: Severity | None = None
    closed_at: datetime | None = None


# --- views ----------------------------------------------------------------------------------------------------------


class StepView(Frozen):
    path: str
    id: str | None
    verb: str
    words: str
    state: str
    detail: str = ""
    depth: int = 0
    at: str = ""
    done_at: datetime | None = None


class SeatView(Frozen):
    who: str
    seats: int
    signed_by: tuple[str, ...] = ()


class AskView(Frozen):
    """Someone is waited for."""

    id: str
    kind: Literal["approval", "task", "question"]
    step: str
    words: str
    to: tuple[str, ...]
    choices: tuple[str, ...]
    opened_at: datetime
    deadline: datetime | None = None
    silence: str = ""
    """What happens when nobody answers, in plain words."""
    seats: tuple[SeatView, ...] = ()
    proof: str | None = None
    document: str
    """SHA-256 of the document to be shown and signed."""
    facts: tuple[str, ...] = ()
    """What deciders wanted to know, and what they were told. It stands beside the document, which it does not change."""
    late: bool = False
    """The deadline has passed, and a signature still counts while the question about the silence is open."""
    reached: bool | None = None
    """Whether anybody has been told of it; None while that is not known yet."""


ClockPhase = Literal["running", "paused", "met", "breached", "missed", "not_due"]


class ClockView(Frozen):
    name: str
    kind: Literal["fixed", "standard"]
    law: str
    started_at: datetime
    due_at: datetime
    """While it is paused: when it would have run out."""
    state: ClockPhase
    met_at: datetime | None = None
    paused_at: datetime | None = None
    ground: str | None = None
    """On what it is paused."""


class HoldView(Frozen):
    step: str
    action: str
    target: str
    state: str
    until: datetime | None = None


Forced = Literal["terminated", "failed", "cancelled"]
"""How a run ended that should not have: by force, or by a fault of ours."""


class View(Frozen):
    """The live picture of a run. `rows` are those after `since`; ask again from `next_row` while `more`."""

    incident: str
    playbook: str
    version: str
    plan: str
    title: str
    phase: Phase
    intent: Intent
    ended: str | None
    """How the response ended, or, as Forced, the run itself."""
    paused: bool
    severity: Severity
    launcher: str
    commander: str | None
    region: str
    aware_at: datetime
    launched_at: datetime
    drill: bool
    next_act: str
    next_due: datetime | None
    waiting_on: tuple[str, ...]
    steps: tuple[StepView, ...]
    asks: tuple[AskView, ...]
    clocks: tuple[ClockView, ...]
    holds: tuple[HoldView, ...]
    rows: tuple[Row, ...]
    recorded: int
    next_row: int
    more: bool
    review: str | None = None
    ladder: tuple[str, ...] = ()
    """Who may command, by their roles, the nearest first; besides `commander`, whom a handover has named."""
    commanders: tuple[str, ...] = ()
    """The people who command now, as whoever knows the organization has found."""


# --- the review -----------------------------------------------------------------------------------------------------


class ReviewItem(Frozen):
    id: str
    words: str
    assign: Who
    due_at: datetime


class ReviewOrder(Frozen):
    """What the review workflow starts from."""

    incident: str
    plan: str
    title: str
    severity: Severity
    region: str
    owner: Who
    items: tuple[ReviewItem, ...]
    opened_at: datetime
    launch: Signed
    languages: tuple[str, ...]
    commander: str | None = None
    drill: bool = False
    held: int = 0
    """How much was contained, and not decided about, when the response ended."""


class ReviewItemView(Frozen):
    id: str
    words: str
    assign: str
    due_at: datetime
    state: Literal["open", "done", "verified"]
    done_by: str | None = None
    proof: str | None = None
    verified_by: str | None = None
    document: str


class ReviewView(Frozen):
    incident: str
    review: str
    title: str
    severity: Severity
    closed: bool
    items: tuple[ReviewItemView, ...]
    rows: tuple[Row, ...]


def review_id(incident: str) -> str:
    """The workflow id of an incident's review."""
    return f"{incident}-review"
