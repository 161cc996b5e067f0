"""All that a run knows, as data: outcomes by path, asks, holds, clocks. It crosses continue-as-new as JSON.

No sets and no objects: serializing a state and going on from the copy changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from firedoor.plan import Consequence, Who
from firedoor.plan.lists import ListRef, Question, reference
from firedoor.plan.model import Severity
from firedoor.protocol import Decision, Intent, Page, Phase, Receipt, Rendering, Row, Signed

ENGINE = 3
"""Shape and behaviour of the state. It rises only across a continue-as-new; code keeps those from OLDEST on.

2: a response that has ended asks about what nobody has decided on; undo all keeps the steps that meet a running clock;
a fact that is needed is a question.
3: a clock is met by a loop when every round has, and by a group when all in it is done; the commander is asked about one
that nothing is left to meet while the response goes on.
"""
OLDEST = 1

StepStatus = Literal[
    "waiting",
    "acting",
    "asking",
    "done",
    "failed",
    "approved",
    "rejected",
    "unanswered",
    "skipped",
    "not_needed",
    "stopped",
]
FINAL: frozenset[StepStatus] = frozenset(
    ("done", "failed", "approved", "rejected", "unanswered", "skipped", "not_needed", "stopped")
)

HoldStatus = Literal["entered", "applied", "refused", "failed", "unknown", "undoing", "undone", "undo_failed"]
HELD: frozenset[HoldStatus] = frozenset(("entered", "applied", "unknown", "undoing", "undo_failed"))
"""What still counts as contained: everything that is not known to be open."""

Why = Literal[
    "reject",  # an approval was refused
    "timeout",  # nobody answered in time
    "failure",  # an act used up its retries
    "read",  # a read did
    "unread",  # one did not answer for some items of a long loop
    "above",  # more targets than `ask_above`
    "expiry",  # a lease ran out
    "undo_failed",
    "severity",  # a changed severity concerns a step that is over
    "cancelled",  # someone cancelled the workflow from outside
    "held",  # the response has ended, and nobody has decided what becomes of what is contained
    "clock",  # a clock runs, and no step is left that meets it
    "fact",  # who has to sign needs to know something first
    "handover",  # a commander wants to hand over, and whoever is named has not accepted yet
]

REMEMBERED = timedelta(days=1)
"""How long after its time a word still gets its old receipt."""

ActKind = Literal["notify", "contain", "release", "read", "record"]


class Live(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Hold(Live):
    """One entry of the ledger as the run knows it, or those of a page (firedoor.run.pages). The ledger in SQL is the
    truth about the platform."""

    target: str
    ordinal: int
    status: HoldStatus = "entered"
    entered: int
    """Counts the entries of a run; undo goes from the highest down."""
    until: datetime | None = None
    lasting: bool = False
    """Accepted as lasting: no lease, and nothing is asked about it any more."""
    error: str | None = None
    count: int = 1
    """Targets that it stands for. Of a page: those that are contained, or may be where that is not known of any."""
    failed: int = 0
    """Of a page: those that are not contained, or not known to be."""
    problems: list[str] = []
    """Of a page: the first few that failed, and how."""

    @property
    def leased(self) -> bool:
        """It may be contained, and its time will be over. What an act of unknown outcome did runs out as well."""
        return self.until is not None and not self.lasting and self.status in ("applied", "unknown")


class Tally(Live):
    """How far a step of a long loop is, and what became of the items (firedoor.run.batches)."""

    looked: list[str] = []
    """Pages of the loop's lists that it has looked at, and in which pass."""
    again: int = 0
    """Passes over the list that were asked for after the first one."""
    chosen: int = 0
    not_needed: int = 0
    held_back: int = 0
    """Items that it has not come to, since a step before has failed for them. Each pass counts them anew."""
    waits_for: list[str] = []
    """Questions about what stands before it that were open in this pass: each is a reason for another one when it closes."""
    unread: int = 0
    problems: list[str] = []
    """Of the first few that are unread."""
    told: dict[str, int] = {}
    """Items about which everyone was told, by page."""
    missed: dict[str, int] = {}
    """Items about which somebody was not told, by page."""
    errors: list[str] = []
    """Of the first few of these."""
    fresh: list[str] = []
    """Pages that were found and not acted on yet."""
    more: bool = False
    """It has begun again for what is new alone."""

    @property
    def complete(self) -> bool:
        """Whether the step has come to every item that it is for."""
        return not (self.held_back or self.unread or any(self.missed.values()))


class StepState(Live):
    status: StepStatus = "waiting"
    ordinal: int = 1
    past: list[StepStatus] = []
    """Outcomes of earlier ordinals."""
    arrived_at: datetime | None = None
    done_at: datetime | None = None
    reason: str | None = None
    pending: StepStatus | None = None
    """The outcome that is written when the question about it closes."""
    targets: list[str] | None = None
    lists: list[ListRef] = []
    """Long lists that it works on, each in pages. Of a loop: those over which it goes in batches."""
    pages: dict[str, Page] = {}
    """Pages by the names under which they stand in `targets` and `holds`."""
    let_go: int = 0
    """Targets of pages that were let go by name."""
    moved: int = 0
    """How often pages have changed."""
    items: list[Any] | None = None
    """A loop's list, recorded when the loop is reached."""
    passed: list[int] = []
    """Rounds of a loop that are over."""
    tally: Tally | None = None
    """Of a step in a long loop."""
    allowed: bool = False
    """The question about `ask_above` was answered with going on."""
    audience: list[Who] | None = None
    holds: dict[str, Hold] = {}
    releases: int = 0
    undo_after: list[str] = []
    """Targets whose undo was asked for while the act ran: they are released when its attempt has ended."""
    decisions: list[Decision] = []
    """Signatures that decided an approval."""
    approved_targets: list[str] | None = None
    """What deciders have narrowed an approval to; None for all that was shown."""
    refused_targets: list[str] = []
    """Added targets that an approval of the addition has left out."""
    ends_at: datetime | None = None
    """A wait: when the time is over, or `at_most` is."""
    true_since: datetime | None = None
    poll_at: datetime | None = None
    polls: int = 0
    assigned: Who | None = None
    skip_by: str | None = None
    """Who asked to skip an approval; a second person has to ask as well."""
    facts: list[str] = []
    """What deciders wanted to know about an approval, and what they were told. It is shown beside the document."""
    owes_silence: bool = False
    """An approval that was skipped before it was asked: what silence means follows when it is reached."""


class Signature(Live):
    person: str
    seat: int
    choice: str
    targets: list[str] | None = None
    at: datetime
    decision: Decision


class SeatState(Live):
    who: Who
    seats: int
    deadline: datetime
    by_manager: bool = False
    """Escalated: the team's manager may sign for it."""


class Ask(Live):
    """Someone is waited for: an approval, a task, or a question that the run puts."""

    id: str
    kind: Literal["approval", "task", "question"]
    step: str
    why: Why | None = None
    to: list[Who]
    choices: list[str]
    words: str
    silence: str = ""
    """What happens when nobody answers, in plain words."""
    proof: str | None = None
    opened_at: datetime
    deadline: datetime | None = None
    """The end of a task; of an approval, that of its first empty seat counts."""
    remind_at: datetime | None = None
    escalate_at: datetime | None = None
    rung: int = 0
    """How far a question has climbed the commander's ladder."""
    told: int = 0
    """Notices sent about this ask."""
    reached: bool | None = None
    """Whether anybody has been told of it; None until the first notice has ended."""
    seats: list[SeatState] = []
    signatures: list[Signature] = []
    late: bool = False
    """Its time is over, and an answer still counts while the question about the silence is open."""
    blocks: bool = False
    """A question that holds up what stands after the step."""
    targets: list[str] = []
    addition: int | None = None
    """The addition that an approval is about; None where it is about everything."""
    consequence: Consequence | None = None
    about: str | None = None
    """A fact that is needed: the approval for which; a clock that nobody is on: its name; a handover: to whom."""
    asker: str | None = None
    """Who needs the fact; who hands over."""
    document: str
    """The document, canonical JSON: the very text whose hash is signed."""
    hash: str


class Notice(Live):
    """What a notify act says."""

    key: str
    audience: list[Who]
    subject: str
    texts: list[Rendering] = []
    message: str | None = None
    context: dict[str, Any] = {}
    sensitive: dict[str, str] = {}
    urgent: bool = False


class Act(Live):
    """An activity that is to be performed, or is being. It ends with an ActEnded of its id."""

    id: str
    kind: ActKind
    path: str
    ordinal: int = 1
    targets: list[str] | None = None
    over: list[str] = []
    """Pages that it has worked through."""
    arguments: dict[str, Any] = {}
    cause: str = ""
    by_step: str | None = None
    """A release: the undo step that asked for it."""
    ask: str | None = None
    """A notice: the ask that it is about."""
    notice: Notice | None = None
    site: str = ""
    read: str = ""
    argument: Any = None
    question: Question | None = None
    """What it works out about long lists, where it reads no system."""
    rows: tuple[int, int] | None = None
    """First and last row that travel with it."""
    cancel: bool = False
    addition: int | None = None
    """The addition that it is for; None where it is for everything."""


class ClockState(Live):
    started_at: datetime
    due_at: datetime
    met_at: datetime | None = None
    met_by: str | None = None
    restarts: int = 0
    missed: bool = False
    not_due: bool = False
    paused_at: datetime | None = None
    ground: str | None = None
    remind_at: datetime | None = None
    """When the commander is told again that it is paused."""

    @property
    def runs(self) -> bool:
        """Whether it has started and nothing has ended it; a clock that is paused, or has run out, still runs."""
        return self.met_at is None and not self.not_due


class Accepted(Live):
    """A word that was accepted: the hash of its body, and the receipt that the same word gets again."""

    body: str
    receipt: Receipt
    expires: datetime | None = None
    """After this the word is let in no more."""

    def is_past(self, now: datetime) -> bool:
        """Whether nobody needs its receipt any more."""
        return self.expires is not None and self.expires + REMEMBERED < now


class State(Live):
    engine: int = 1
    """As in what crossed before there was a second one; a launch gives its own."""
    incident: str
    launch: Signed
    launcher: str
    region: str
    aware_at: datetime
    launched_at: datetime
    drill: bool = False
    title: str = ""
    inputs: dict[str, Any] = {}
    phase: Phase = "responding"
    intent: Intent = "respond"
    ended: Literal["completed", "stopped", "undone"] | None = None
    closing: bool = False
    paused: bool = False
    batches: bool = False
    """Long loops go in batches. In runs that were launched before there were any, they ask."""
    severity: Severity = "sev4"
    highest: Severity = "sev4"
    severity_set: bool = False
    """A person has set it."""
    severity_ruled: Severity | None = None
    """What the rules said when a person last set it; None where nobody has."""
    severity_changes: int = 0
    commander: str | None = None
    steps: dict[str, StepState] = {}
    asks: dict[str, Ask] = {}
    acts: dict[str, Act] = {}
    clocks: dict[str, ClockState] = {}
    reads: dict[str, Any] = {}
    worked_out: dict[str, Any] = {}
    """What was worked out about long lists, by the question's key."""
    left: list[str] = []
    """Scopes that `leave` has ended."""
    over: dict[str, int] = {}
    """By scope, how many of its first steps are over: the walk begins behind them."""
    adds: list[dict[str, Any]] = []
    """Items that were given to be added to long lists, before it is known which of them are new."""
    additions: list[Addition] = []
    """Those that are still being walked."""
    added: int = 0
    accepted: dict[str, Accepted] = {}
    commands: list[Signed] = []
    """Accepted words that give a right to act on more: what was given and added after the launch, by whom, and who has
    handed the command over and accepted it."""
    let_go: list[Signed] = []
    """Accepted words that give a right to let go."""
    done: list[Decision] = []
    """That tasks are done, where the plan has an undo that may rest on it."""
    entries: int = 0
    asked: int = 0
    cancels: int = 0
    """How often someone asked the server to cancel the workflow."""
    next_update_at: datetime | None = None
    seq: int = 0
    pending: list[Row] = []
    """Rows that are not known to be in the record."""
    recent: list[Row] = []
    """The last rows that are, for the live view."""
    record_after: datetime | None = None
    """The record could not be written: the next try."""
    carried: int = 0
    """The last row that some act has taken along."""
    review: Literal["none", "wanted", "opened"] = "none"
    now: datetime
    """The time of the last event."""


class Addition(Live):
    """Targets that were added after the launch. What was already reached is walked again, in order, for them alone."""

    number: int
    inputs: dict[str, Any]
    """The added part of each input."""
    queue: list[str]
    """Paths that are still to be walked for the addition."""
    asked: list[str] = []
    """Approvals that were asked for it, and sizes that were allowed."""
    held: dict[str, list[str]] = {}
    """By step, the targets that were contained for it."""
    long: list[str] = []
    """Digests of the lists with which it has lengthened long loops."""

    def targets(self) -> list[str]:
        """The items; of a long list, how many they are of which."""
        found: list[str] = []
        for values in self.inputs.values():
            ref = reference(values)
            found += [str(item) for item in values] if ref is None else [f"{ref.count} of list {ref.digest[:12]}"]
        return found


State.model_rebuild()
