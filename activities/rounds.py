"""The items of a page of a long loop, each evaluated as its round would be: what is asked about one is put to a system
once, and recorded before anything rests on it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from temporalio import activity

from activities.listing import answered
from firedoor.connectors.contract import Json
from firedoor.connectors.errors import ConnectorError, Unavailable
from firedoor.plan import Plan, ReadAction
from firedoor.plan.evaluate import Unread, plain, unique
from firedoor.plan.expression import Read
from firedoor.plan.lists import ListRef, Question
from firedoor.protocol import Around
from firedoor.records.all import Records
from firedoor.run.rounds import Round

Ask = Callable[[ReadAction, Json], Awaitable[Json]]
"""Puts a read to its system. Raises ConnectorError, and LookupError or ValueError for a long list that is not here."""

T = TypeVar("T")

ODD: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


def digest_of(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Rounds:
    """`step` and `loop` are the run's paths."""

    def __init__(
        self, records: Records, ask: Ask, plan: Plan, incident: str, step: str, loop: str, around: Around
    ) -> None:
        self._records = records
        self._ask = ask
        self._plan = plan
        self._incident = incident
        self._step = step
        self._loop = loop
        self._around = around
        self._answers: dict[tuple[str, str], Any] = {}
        self._asking: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._members: dict[str, frozenset[str]] = {}

    async def evaluate(self, item: str, work: Callable[[Round], T]) -> T:
        """What the work comes to for the item. Raises ConnectorError where a system does not answer."""
        seen = Round(self._around, self._loop, item, self._read, self._worked_out)
        while True:
            try:
                return work(seen)
            except Unread as unread:
                await self._put(unread.read, unread.argument)
            except ODD as error:
                activity.logger.exception("an item of a long loop cannot be evaluated")
                raise Unavailable(f"it could not be worked out ({type(error).__name__}); it is in the log") from error

    def _read(self, read: Read, argument: Any) -> Any:
        key = read.site, digest_of(argument)
        if key not in self._answers:
            raise Unread(read, argument)
        return self._answers[key]

    def _worked_out(self, question: Question) -> Any:
        if question.asks != "in":
            return answered(self._records.lists, self._records.ledger, self._incident, question)
        (ref,) = question.lists
        if ref.digest not in self._members:
            self._members[ref.digest] = frozenset(self._records.lists.get(ref.digest))
        return str(question.argument) in self._members[ref.digest]

    async def _put(self, read: Read, argument: Any) -> None:
        """Items that ask the same wait for one answer."""
        key = read.site, digest_of(argument)
        if key not in self._asking:
            self._asking[key] = asyncio.ensure_future(self._answer(read, argument, key))
        asking = self._asking[key]
        try:
            await asyncio.shield(asking)
        finally:
            if asking.done() and key not in self._answers and self._asking.get(key) is asking:
                del self._asking[key]

    async def _answer(self, read: Read, argument: Any, key: tuple[str, str]) -> None:
        site, asked = key
        rounds, named = self._records.rounds, (self._incident, self._step, site, asked)
        found = await asyncio.to_thread(rounds.answer, *named)
        if found is None:
            try:
                value = await self._ask(self._plan.reads[read.call], argument)
            except ConnectorError:
                raise
            except ODD as error:
                activity.logger.exception("a connector failed in a way of its own")
                raise Unavailable(f"the connector failed in a way of its own ({type(error).__name__})") from error
            found = await asyncio.to_thread(rounds.answered, *named, value)
        self._answers[key] = found[0]


def texts(value: Any, records: Records) -> Sequence[str]:
    """A value as a list of texts, each once."""
    if isinstance(value, ListRef):
        return list(dict.fromkeys(records.lists.get(value.digest)))
    found = plain(value)
    listed = found if isinstance(found, list) else [] if found is None else [found]
    return [str(item) for item in unique(listed)]
