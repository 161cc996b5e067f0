"""Launching: inputs checked, the launch signed and written down, the run started. In that order, and once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final

from firedoor.incidents import NoSuchIncident, Trouble, new_incident_id
from firedoor.people import directory
from firedoor.people.directory import Situation
from firedoor.people.signatures import Forged
from firedoor.plan import Plan
from firedoor.plan.inputs import Problem, check_inputs, meant
from firedoor.plan.pace import paced
from firedoor.protocol import Launch
from firedoor.records.plans import Incident
from firedoor.web import lists, playbooks
from firedoor.web.door import FRESH_FOR, Door
from firedoor.web.journal import SaidDifferently, Word, digest
from firedoor.web.messages import CHECK, Launched, LaunchRequest, Preview, PreviewRequest
from firedoor.web.playbooks import AtLaunch
from firedoor.web.problems import Conflict, NotFound, TooLarge, Wrong

_AHEAD: Final = timedelta(minutes=5)
"""How far somebody's watch may be ahead."""


def plan_of(door: Door, name: str) -> Plan:
    """The playbook that can be launched under this name. Raises NotFound, with what may have been meant."""
    plan = door.book.plans.get(name)
    if plan is None:
        if any(finding.file == f"{name}.yaml" and finding.severity == "error" for finding in door.book.findings):
            raise Conflict(f"{name}.yaml has mistakes, so it cannot be launched.", f"{CHECK} names each, with its fix.")
        names = list(door.book.plans)
        how = meant(name[:80], names) if names else f"nothing can be launched: see {CHECK}"
        raise NotFound(f"No playbook is called {name[:80]!r}.", f"{how[:1].upper()}{how[1:]}.")
    return plan


async def preview(door: Door, person: str, request: PreviewRequest) -> Preview:
    """What a launch would do. Raises Wrong with every problem."""
    plan = plan_of(door, request.playbook)
    known = await asyncio.to_thread(_known, door, person, plan, request)
    severity = playbooks.severity_of(plan, known)
    known = _with(known, severity)
    commanding = directory.commanders(door.organization, Situation(known.launched_at, known.region, None, person))
    return Preview(
        playbook=plan.playbook,
        title=playbooks.title(plan, known),
        inputs=known.inputs,
        severity=severity,
        region=known.region,
        aware_at=known.aware_at,
        commander=tuple(one.id for one in commanding.people),
        steps=playbooks.outline(plan, known),
        signs=playbooks.signs(plan, known),
        contains=playbooks.contains(plan, known),
        clocks=playbooks.clocks(plan, known),
    )


async def launch(door: Door, person: str, request: LaunchRequest) -> Launched:
    """Start an incident. The same request again gives the same incident."""
    try:
        word = await _word(door, person, request)
    except Trouble as trouble:
        await door.write_refusal(person, "launch", None, request.playbook, trouble)
        raise
    said = Launch.model_validate_json(word.signed.body)
    if word.reply is None:
        await _start(door, word, said)
    return Launched(
        incident=word.incident,
        playbook=request.playbook,
        plan=said.plan,
        region=said.region,
        aware_at=said.aware_at,
        launched_at=word.at,
        says=f"{request.playbook} is running as {word.incident}.",
        next=f"firedoor watch {word.incident}",
    )


async def _word(door: Door, person: str, request: LaunchRequest) -> Word:
    asked = digest(request.model_dump(mode="json"))
    try:
        before = await asyncio.to_thread(door.journal.find, person, request.nonce, asked)
    except SaidDifferently:
        raise Conflict("Another word was sent under this nonce.", "Send this one with a new nonce.") from None
    if before is not None:
        if before.reply is None and door.now() >= before.at + FRESH_FOR:
            raise Conflict(
                f"This launch was signed at {before.at:%H:%M:%S UTC} and never started; it is too old now.",
                "Look at `firedoor list`, and launch anew.",
            )
        return before
    return await asyncio.to_thread(_sign, door, person, request, asked)


def _sign(door: Door, person: str, request: LaunchRequest, asked: str) -> Word:
    plan = plan_of(door, request.playbook)
    known = _known(door, person, plan, request)
    plan = paced(plan, request.pace)
    launch = Launch(
        person=person,
        incident=new_incident_id(),
        plan=plan.digest,
        nonce=request.nonce,
        issued=known.launched_at,
        expires=known.launched_at + FRESH_FOR,
        inputs=known.inputs,
        aware_at=known.aware_at,
        region=known.region,
        title=request.title or playbooks.title(plan, known)[:200],
        drill=request.drill,
    )
    try:
        signed = door.key.sign(launch)
    except Forged as error:
        raise TooLarge from error
    # The plan and the launch come first: an act that finds neither does nothing.
    door.records.plans.keep(plan)
    word = Word(person, request.nonce, "launch", launch.incident, asked, signed, known.launched_at)
    word = door.journal.send(word)
    said = Launch.model_validate_json(word.signed.body)
    door.records.incidents.launched(
        Incident(
            incident=word.incident,
            playbook=plan.playbook,
            title=said.title,
            plan=said.plan,
            launch=word.signed,
            launched_by=person,
            launched_at=said.issued,
            drill=said.drill,
        )
    )
    return word


async def _start(door: Door, word: Word, said: Launch) -> None:
    plan = await asyncio.to_thread(door.records.plans.get, said.plan)
    if plan is None:
        raise NoSuchIncident(word.incident)
    await door.incidents.launch(plan, word.incident, word.signed)
    await door.write_counted(word, {"started": True})


def _known(door: Door, person: str, plan: Plan, request: LaunchRequest | PreviewRequest) -> AtLaunch:
    """What is known at the launch. Raises Wrong with everything that is wrong with it."""
    now = door.now()
    values, problems = check_inputs(plan, lists.referred(door, plan, request.inputs), door.organization.people)
    wrong = [*problems, *_wrong_head(door, request, now)]
    if wrong:
        raise Wrong(wrong)
    return AtLaunch(
        inputs=values,
        launcher=person,
        region=request.region or directory.region_of(door.organization, person, now),
        aware_at=request.aware_at or now,
        launched_at=now,
    )


def _wrong_head(door: Door, request: LaunchRequest | PreviewRequest, now: datetime) -> list[Problem]:
    wrong: list[Problem] = []
    if isinstance(request, LaunchRequest) and request.pace > 1 and not request.drill:
        wrong.append(Problem(name="pace", says="is only a drill's", give="leave it out, or launch a drill"))
    if request.aware_at is not None and request.aware_at > now + _AHEAD:
        wrong.append(
            Problem(
                name="aware_at", says="lies in the future", give="give the moment when it became known, or leave it out"
            )
        )
    regions = door.organization.regions
    if request.region is not None and request.region not in regions:
        give = meant(request.region, regions)
        wrong.append(Problem(name="region", says=f"there is no region called {request.region!r}", give=give))
    return wrong


def _with(known: AtLaunch, severity: str) -> AtLaunch:
    return AtLaunch(known.inputs, known.launcher, known.region, known.aware_at, known.launched_at, severity)  # type: ignore[arg-type]
