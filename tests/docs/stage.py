"""The stage on which the commands of a page are really typed: the command line, the front door, and the core of a run.

Only the engine is missing: acts succeed at once (tests.web.engine), but on what has been said to fail. So a page of
commands runs in a second or two, and what it shows is what they print.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from typing_extensions import override

from firedoor.cli import cli, picture, screen
from firedoor.cli.together import Served
from firedoor.compiler import load_book
from firedoor.installation import Installation
from firedoor.people.directory import Situation
from firedoor.people.organization import Organization
from firedoor.people.recipients import reach, recipients_of
from firedoor.people.signatures import KeyRing
from firedoor.people.signin import Tokens
from firedoor.plan import Plan
from firedoor.protocol import ContainReport, Delivery, NotifyOrder, NotifyReport, Report, TargetOutcome
from firedoor.records.all import open_records
from firedoor.run import reduce
from firedoor.run.events import ActEnded
from firedoor.run.orders import order_of
from firedoor.run.recording import carry
from firedoor.run.state import Act, State
from firedoor.web import launching
from firedoor.web.app import create_app
from firedoor.web.door import Door
from firedoor.web.journal import Journal
from tests.docs.pages import ROOT, Typed, prints
from tests.web.engine import Engine
from tests.web.house import BEGAN, Clock, served

INCIDENTS = ("inc-ab12cd34ef", "inc-gh56ij78kl", "inc-mn90op12qr")
"""What the pages call theirs."""
SHIPPED = ROOT / "playbooks"
BETWEEN = timedelta(minutes=1)
"""From one command to the next."""


@dataclass
class Platform(Engine):
    """An engine whose notices go to whom the organization names, and whose acts fail where they were told to."""

    organization: Organization | None = None
    fails: dict[str, str] = field(default_factory=dict)
    """Why the next act on a target fails, by target."""

    @override
    def _perform(self, plan: Plan, state: State) -> None:
        while state.acts:
            act = next(iter(state.acts.values()))
            order = order_of(plan, state, act, carry(state, act))
            report = self._told(state, order) if isinstance(order, NotifyOrder) else self._report(act, state)
            reduce(plan, state, ActEnded(at=self.now(), act=act.id, report=report))

    def _told(self, state: State, order: NotifyOrder) -> NotifyReport:
        assert self.organization is not None
        situation = Situation(self.now(), state.region, state.commander, state.launcher)
        found = recipients_of(self.organization, order.audience, situation).recipients
        sent = tuple(
            Delivery(recipient=one.id, channel=channel, state="sent", id=f"{one.id}.{channel}")
            for one in sorted(found, key=lambda one: one.id)
            for channel in sorted(reach(self.organization, one, order.severity, urgent=order.urgent))
        )
        return NotifyReport(recorded=state.seq, deliveries=sent)

    @override
    def _report(self, act: Act, state: State) -> Report:
        report = super()._report(act, state)
        if not isinstance(report, ContainReport):
            return report
        outcomes = tuple(
            TargetOutcome(target=one.target, state="refused", error=self.fails.pop(one.target))
            if one.target in self.fails
            else one
            for one in report.outcomes
        )
        return report.model_copy(update={"outcomes": outcomes})


@dataclass
class Stage:
    engine: Platform
    clock: Clock
    environment: dict[str, str]

    def type(self, line: str, codes: tuple[int, ...] = (0, 1, 2), answers: str = "y\n") -> str:
        """What a command line prints, on both streams, to somebody who answers what it asks."""
        self.clock.at += BETWEEN
        words = shlex.split(line)
        assert words[0] == "firedoor", line
        result = CliRunner().invoke(
            cli, words[1:], input=answers, prog_name="firedoor", env=self.environment, catch_exceptions=False
        )
        assert result.exit_code in codes, result.output
        return result.output

    def play(self, typed: list[Typed]) -> None:
        """Type them in turn. Each has to print what the page shows."""
        for one in typed:
            real = self.type(one.line)
            assert prints(one.prints, real), f"{one.where}: $ {one.line}\n{real}"


@contextmanager
def opened(book_path: Path, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A book, on a Wednesday at 18:45 UTC: of the shipped one, Ana, Luis, Omar and Tom are on shift."""
    book = load_book(book_path)
    assert book.organization is not None
    installation = Installation.here(folder)
    installation.prepare()
    clock = Clock()
    key = installation.open_keys()
    ring = KeyRing.load(installation.key_ring)
    engine = Platform(ring, clock, organization=book.organization)
    records = open_records(installation.database_url, synchronous="OFF")
    installation.hand_out(sorted(book.organization.people))
    door = Door(
        Served(book.organization, book.plans, book.findings),
        engine,
        records,
        Journal(records.database),
        key,
        Tokens(installation.tokens),
        clock,
    )
    names = iter(INCIDENTS)
    patch.setattr(launching, "new_incident_id", lambda: next(names))
    for module in (screen, picture):
        patch.setattr(module, "datetime", _told_by(clock))
    patch.setattr(screen.Screen, "asks", property(lambda shown: not shown.as_json))
    failed: BaseException | None = None
    with served(create_app(door, ring)) as url:
        try:
            yield Stage(engine, clock, {"FIREDOOR_URL": url, "FIREDOOR_HOME": str(folder), "FIREDOOR_TOKEN": ""})
        except BaseException as error:  # noqa: BLE001  # `served` ends its server where nothing was raised
            failed = error
    records.close()
    if failed is not None:
        raise failed


def _told_by(clock: Clock) -> type[datetime]:
    """`datetime`, whose now is the stage's."""

    class Told(datetime):
        @override
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return clock.at.astimezone(tz)

    return Told


__all__ = ["BEGAN", "INCIDENTS", "SHIPPED", "Stage", "opened"]
