"""The story: two accounts are taken over, contained, and given back; then a false alarm is refused, and undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from firedoor.demo.pager import Pager
from firedoor.demo.responder import DemoFailed, Responder
from firedoor.demo.screen import Teller
from firedoor.demo.square import Square, User, arrive
from firedoor.embedded.homeserver import Homeserver
from firedoor.protocol import AskView, View

_LONG = timedelta(seconds=30)
PLAYBOOK = "high-profile-takeover"


@dataclass
class Stage:
    """What the story plays on."""

    homeserver: Homeserver
    pager: Pager
    launcher: Responder
    policy: Responder
    crt: Responder
    tell: Teller


async def play(stage: Stage) -> list[str]:
    """Returns the record of each incident, as Markdown."""
    tell = stage.tell
    tell.chapter("A quiet morning on the platform")
    mayor, minister, reader = [await arrive(stage.homeserver, name) for name in ("mayor", "minister", "reader")]
    square = await Square.open(stage.homeserver, reader, alias="square")
    for user in (mayor, minister):
        await square.join(user)
    await _posts(tell, square, mayor, "The bridge is open again from noon.")
    await _posts(tell, square, minister, "Budget debate tomorrow at ten.")

    tell.chapter("Two accounts are taken over")
    await _posts(tell, square, mayor, "Send 1 coin to me, get 2 back!", whose=" (by someone else)")
    await _posts(tell, square, minister, "Send 1 coin to me, get 2 back!", whose=" (by someone else)")

    first = await _takeover(stage, square, mayor, minister)
    second = await _false_alarm(stage, square, mayor)
    return [first, second]


async def _takeover(stage: Stage, square: Square, mayor: User, minister: User) -> str:
    tell = stage.tell
    incident = await _launch(stage, [mayor, minister], office=True)
    view = await stage.launcher.until(incident, "the lock and the notice", lambda view: _held(view, 2) and _told(view))
    tell.note(f"{len(stage.pager.pages)} signed page(s) at the pager; severity {view.severity}")
    for user in (mayor, minister):
        await _cannot_post(tell, square, user)

    tell.chapter("Policy signs; the first owner proves who they are")
    ask = await _ask(stage, incident, "approval")
    tell.note(f"asked: {ask.words}; waits for {', '.join(seat.who for seat in ask.seats)}; {ask.silence}")
    await _answers(stage, stage.policy, incident, ask, "approve", reason="confirmed by both offices")
    tasks = await _tasks(stage, incident, 2)
    await _answers(stage, stage.crt, incident, tasks[mayor.id], "done", proof="CASE-1")
    await stage.launcher.until(incident, "the unlock", lambda view: _state(view, mayor) == "undone")
    again = await stage.homeserver.sign_in("mayor", mayor.password)
    mayor = User(mayor.id, again, mayor.password)
    await _posts(tell, square, mayor, "It is me again. Ignore the coins.")
    await _cannot_post(tell, square, minister)

    tell.chapter("The second owner too; the response ends, the review opens")
    await _answers(stage, stage.crt, incident, tasks[minister.id], "done", proof="CASE-2")
    await _ended(stage, incident, "completed")
    minister = User(minister.id, await stage.homeserver.sign_in("minister", minister.password), minister.password)
    await _posts(tell, square, minister, "Back, too. The debate is at ten.")
    return await stage.launcher.export(incident)


async def _false_alarm(stage: Stage, square: Square, mayor: User) -> str:
    tell = stage.tell
    tell.chapter("A second incident, and Policy refuses")
    mayor = User(mayor.id, await stage.homeserver.sign_in("mayor", mayor.password), mayor.password)
    await _posts(tell, square, mayor, "I am selling my old bicycle!")
    incident = await _launch(stage, [mayor], office=True)
    await stage.launcher.until(incident, "the lock", lambda view: _held(view, 1))
    await _cannot_post(tell, square, mayor)
    ask = await _ask(stage, incident, "approval")
    await _answers(stage, stage.policy, incident, ask, "reject", reason="the owner is posting it on purpose")
    await _ended(stage, incident, "undone")
    mayor = User(mayor.id, await stage.homeserver.sign_in("mayor", mayor.password), mayor.password)
    await _posts(tell, square, mayor, "It really is my bicycle.")
    return await stage.launcher.export(incident)


async def _launch(stage: Stage, users: list[User], *, office: bool) -> str:
    accounts = [user.id for user in users]
    launched = await stage.launcher.launch(PLAYBOOK, {"accounts": accounts, "public_office": office})
    stage.tell.act(stage.launcher.person, f"launches {PLAYBOOK} on {', '.join(accounts)} → {launched.incident}")
    return launched.incident


async def _posts(tell: Teller, square: Square, user: User, text: str, whose: str = "") -> None:
    refusal = await square.post(user, text)
    if refusal is not None:
        raise DemoFailed(f"{user.id} should be able to post, and was told: {refusal}")
    tell.post(user.id + whose, text)


async def _cannot_post(tell: Teller, square: Square, user: User) -> None:
    refusal = await square.post(user, "Send 1 coin to me, get 2 back!")
    if refusal is None:
        raise DemoFailed(f"{user.id} should be contained, and could post")
    tell.refused(user.id, refusal)


def _held(view: View, count: int) -> bool:
    return sum(hold.state == "applied" for hold in view.holds) == count


def _told(view: View) -> bool:
    return all(step.state == "done" for step in view.steps if step.verb == "notify")


def _state(view: View, user: User) -> str:
    return next(hold.state for hold in view.holds if hold.target == user.id)


async def _ask(stage: Stage, incident: str, kind: str) -> AskView:
    view = await stage.launcher.until(incident, f"the {kind}", lambda view: any(ask.kind == kind for ask in view.asks))
    return next(ask for ask in view.asks if ask.kind == kind)


async def _tasks(stage: Stage, incident: str, count: int) -> dict[str, AskView]:
    """The tasks by the account that they are about."""
    view = await stage.launcher.until(
        incident, "the tasks", lambda view: sum(ask.kind == "task" for ask in view.asks) == count
    )
    targets = [hold.target for hold in view.holds]
    tasks = [ask for ask in view.asks if ask.kind == "task"]
    return dict(zip(targets, sorted(tasks, key=lambda ask: ask.step), strict=True))


async def _answers(stage: Stage, who: Responder, incident: str, ask: AskView, choice: str, **said: str) -> None:
    receipt = await who.answer(incident, ask, choice, **said)
    stage.tell.act(who.person, f"{choice}: {ask.words} ({', '.join(said.values())})")
    stage.tell.note(f"receipt: {receipt.says}")


async def _ended(stage: Stage, incident: str, how: str) -> None:
    view = await stage.launcher.until(
        incident, "the end", lambda view: view.ended is not None and view.review == "opened", _LONG
    )
    if view.ended != how:
        raise DemoFailed(f"the response should have ended {how}, and ended {view.ended}")
    stage.tell.note(
        f"the response has ended: {how}; contained: {sum(h.state == 'applied' for h in view.holds)}; review open"
    )
