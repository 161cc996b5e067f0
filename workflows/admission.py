"""Who gets in: what validators check of a signed word before it may change a run, in the order of SEMANTICS 3."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from temporalio.exceptions import ApplicationError

from firedoor.people.signatures import Forged, check_time
from firedoor.plan import Plan
from firedoor.protocol import MOST_BYTES_IN, Answer, Command, Signed
from firedoor.run.state import State
from firedoor.run.validity import Refused, check_answer, check_command, seen_before
from workflows import trust


def admit(plan: Plan, state: State, signed: Signed, kind: type[Answer] | type[Command], now: datetime) -> None:
    """Raises ApplicationError, with the reason in plain words, for a word that is not to be counted."""
    if len(signed.body.encode()) > MOST_BYTES_IN:
        refuse("size", f"This is larger than {MOST_BYTES_IN // 1024} KiB.")
    try:
        word = trust.ring().verify(signed)
        if not isinstance(word, kind):
            refuse("forged", f"This is no {kind.__name__.lower()}.")
        if word.incident != state.incident or word.plan != plan.digest:
            refuse("forged", "This was signed for another run.")
        if seen_before(state, word.nonce, signed) is not None:
            return
        check_time(word, now)
        if isinstance(word, Answer):
            check_answer(plan, state, word, now)
        else:
            check_command(plan, state, word, now)
    except Forged as error:
        refuse("forged", f"This word is not believed: {error}.")
    except Refused as error:
        refuse(error.code, str(error))


def refuse(code: str, words: str) -> NoReturn:
    raise ApplicationError(words, type=code, non_retryable=True)
