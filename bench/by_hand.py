"""The job of bench/book/takeover.yaml as an engineer would write it for Temporal, without a compiler or a core.

It calls the same activities with the same orders, and asks for the same signature: validated by an Update, bounded by a
timer, announced to whoever may sign. It keeps a timeline too, since that is the evidence. It has no failures that ask,
no undo, no interruptions, no live view, no search attributes and no continue-as-new: those come with the playbook.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from firedoor import protocol
    from firedoor.people.signatures import Forged, check_time
    from firedoor.plan import Action, Seat, Who
    from firedoor.protocol import (
        Answer,
        ContainOrder,
        ContainReport,
        Decision,
        Launch,
        NotifyOrder,
        NotifyReport,
        Order,
        Receipt,
        RecordOrder,
        Rendering,
        Report,
        Row,
        Signed,
        Warrant,
    )
    from firedoor.run.documents import canonical, hash_of
    from workflows import trust

R = TypeVar("R", bound=Report)

NAME: Final = "TakeoverByHand"

CRT, POLICY, LEGAL = (Who(kind="team", name=name) for name in ("crt", "policy", "legal"))

TOLD: Final = (
    Who(kind="on_shift", name="crt"),
    CRT,
    POLICY,
    LEGAL,
    Who(kind="team", name="comms"),
    Who(kind="team", name="engineering"),
    Who(kind="team", name="execs"),
    Who(kind="team", name="wellness"),
    Who(kind="manager", name="policy"),
    Who(kind="manager", name="legal"),
)

MEASURES: Final = tuple(
    Action(
        name=name,
        does=f"Take the measure {name}.",
        target="account",
        connector="memory",
        call=name,
        undo=f"undo_{name}",
        requires=(Seat(who=POLICY),),
    )
    for name in (
        "lock_account",
        "end_sessions",
        "hide_profile",
        "hide_posts",
        "hide_media",
        "end_livestreams",
        "stop_messages",
        "stop_payments",
        "stop_advertising",
        "freeze_name",
    )
)

SEVERITY: Final = "sev2"
APPROVAL: Final = str(len(TOLD))
ASK: Final = f"approve:{APPROVAL}:1"
QUESTION: Final = "Contain this account"
CHOICES: Final = ("approve", "reject")
DEADLINE: Final = timedelta(hours=1)

ATTEMPT: Final = timedelta(seconds=30)
BUDGET: Final = timedelta(minutes=5)
RETRY: Final = RetryPolicy(maximum_interval=timedelta(seconds=30))


@workflow.defn(name=NAME)
class TakeoverByHand:
    @workflow.init
    def __init__(self, launch: Signed) -> None:
        self._launch = launch
        self._word = Launch.model_validate_json(launch.body)
        self._account = str(self._word.inputs["account"])
        self._document = ""
        self._until: datetime | None = None
        self._answer: Answer | None = None
        self._decision: Decision | None = None
        self._receipts: dict[str, Receipt] = {}
        self._rows: list[Row] = []
        self._written = 0

    @workflow.run
    async def run(self, launch: Signed) -> str:
        """Returns how it ended: "completed" or "stopped"."""
        self._row("run.launched", f"{self._word.person} launched this takeover at {SEVERITY}", signed=launch)
        for number, who in enumerate(TOLD):
            await self._tell(str(number), who)
        if await self._approved():
            for number, action in enumerate(MEASURES, start=len(TOLD) + 1):
                await self._contain(str(number), action)
            ended = "completed"
        else:
            ended = "stopped"
        self._row("run.closed", f"The response has ended: {ended}.")
        closing = RecordOrder(**self._head(), phase="closed", severity=SEVERITY, closed_at=workflow.now())
        await self._perform(protocol.RECORD, closing, Report, bounded=False)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ended

    # The steps

    async def _tell(self, step: str, who: Who) -> None:
        await self._notify(step, f"{step}:1", who, f"{SEVERITY}: {self._account} is taken over")

    async def _notify(self, step: str, key: str, who: Who, text: str, *, urgent: bool = False) -> None:
        order = NotifyOrder(
            **self._head(),
            key=key,
            step=step,
            audience=(who,),
            severity=SEVERITY,
            region=self._word.region,
            subject=f"{SEVERITY.upper()} {self._word.incident}",
            texts=(Rendering(language="*", text=text),),
            urgent=urgent,
        )
        report = await self._perform(protocol.NOTIFY, order, NotifyReport)
        for sent in report.deliveries:
            words = f"{sent.recipient} by {sent.channel}: {sent.state}"
            self._row(f"notice.{sent.state}", words, step=step, key=key, id=sent.id, error=sent.error)

    async def _approved(self) -> bool:
        """Ask, announce the ask, and wait for the answer or the deadline."""
        self._document = canonical(self._shown())
        self._until = workflow.now() + DEADLINE
        self._row("approval.asked", f"{QUESTION} — asked {POLICY}", step=APPROVAL, document=hash_of(self._document))
        text = f"{QUESTION}. Choices: {', '.join(CHOICES)}. After an hour of silence the response stops."
        on_shift = Who(kind="on_shift", name=POLICY.name)
        announced = asyncio.create_task(self._notify(APPROVAL, f"{ASK}#1", on_shift, text, urgent=True))
        try:
            await workflow.wait_condition(lambda: self._answer is not None, timeout=DEADLINE)
        except TimeoutError:
            self._row("step.unanswered", f"{QUESTION}: nobody has answered in time", step=APPROVAL)
        await announced
        return self._answer is not None and self._answer.choice == "approve"

    async def _contain(self, step: str, action: Action) -> None:
        decisions = (self._decision,) if self._decision else ()
        order = ContainOrder(
            **self._head(*decisions),
            step=step,
            ordinal=1,
            action=action,
            targets=(self._account,),
            severity=SEVERITY,
        )
        report = await self._perform(protocol.CONTAIN, order, ContainReport)
        for outcome in report.outcomes:
            words = f"{action.name}: {outcome.target} {outcome.state}"
            self._row(f"hold.{outcome.state}", words, step=step, number=outcome.number, error=outcome.error)

    # The approval

    def _shown(self) -> dict[str, Any]:
        """What is shown and signed: the question, and every act that it unlocks."""
        return {
            "incident": self._word.incident,
            "plan": self._word.plan,
            "ask": ASK,
            "step": APPROVAL,
            "kind": "approval",
            "question": QUESTION,
            "severity": SEVERITY,
            "shown": {"account": self._account},
            "seats": [{"who": str(POLICY), "seats": 1}],
            "unlocks": [
                {
                    "step": str(number),
                    "action": action.name,
                    "targets": [self._account],
                    "read": None,
                    "at_most": None,
                    "arguments": {},
                }
                for number, action in enumerate(MEASURES, start=len(TOLD) + 1)
            ],
            "choices": CHOICES,
        }

    @workflow.query(name=protocol.DOCUMENT)
    def document(self, ask: str) -> str:
        if ask != ASK or not self._document or self._answer is not None:
            raise ApplicationError("This question is not open.", type="closed", non_retryable=True)
        return self._document

    @workflow.update(name=protocol.ANSWER)
    def answer(self, signed: Signed) -> Receipt:
        word = Answer.model_validate_json(signed.body)
        if word.nonce in self._receipts:
            return self._receipts[word.nonce]
        self._answer = word
        self._decision = Decision(signed=signed, document=self._document)
        said = "signed" if word.choice == "approve" else "refused"
        row = self._row(f"approval.{said}", f"{word.person} {said}: {QUESTION}", step=APPROVAL, signed=signed)
        receipt = Receipt(nonce=word.nonce, at=workflow.now(), says=f"{QUESTION}: {said}.", row=row.seq)
        self._receipts[word.nonce] = receipt
        return receipt

    @answer.validator
    def _admit(self, signed: Signed) -> None:
        now = workflow.now()
        try:
            word = trust.ring().verify_answer(signed)
            if word.incident != self._word.incident or word.plan != self._word.plan:
                _refuse("forged", "This was signed for another run.")
            if word.nonce in self._receipts:
                return
            check_time(word, now)
        except Forged as error:
            _refuse("forged", f"This word is not believed: {error}.")
        if self._until is None or now >= self._until or self._answer is not None or word.ask != ASK:
            _refuse("closed", "This question is not open.")
        if word.document != hash_of(self._document):
            _refuse("changed", "What is asked has changed since you looked.")
        if word.person == self._word.person or str(POLICY) not in word.holds:
            _refuse("role", "This is Policy's to sign, and not by whoever launched.")
        if word.choice not in CHOICES:
            _refuse("choice", f"It is one of {', '.join(CHOICES)}.")

    # The orders

    def _head(self, *decisions: Decision) -> dict[str, Any]:
        """What every order begins with; the rows that are not in the record yet go along."""
        rows, self._rows = tuple(self._rows), []
        return {
            "incident": self._word.incident,
            "warrant": Warrant(launch=self._launch, decisions=decisions),
            "rows": rows,
        }

    async def _perform(self, name: str, order: Order, gives: type[R], *, bounded: bool = True) -> R:
        report: R = await workflow.execute_activity(
            name,
            order,
            result_type=gives,
            start_to_close_timeout=ATTEMPT,
            schedule_to_close_timeout=BUDGET if bounded else None,
            retry_policy=RETRY,
        )
        return report

    def _row(self, kind: str, words: str, *, step: str | None = None, signed: Signed | None = None, **data: Any) -> Row:
        self._written += 1
        row = Row(seq=self._written, at=workflow.now(), kind=kind, words=words, step=step, signed=signed, data=data)
        self._rows.append(row)
        return row


def _refuse(code: str, words: str) -> NoReturn:
    raise ApplicationError(words, type=code, non_retryable=True)
