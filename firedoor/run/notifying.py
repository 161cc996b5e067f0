"""The verb `notify`, and the repeated updates: who is told what, with sensitive data only where it is cleared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from firedoor.plan import Audience, MessageRef, Notify, Text, Updates, Who, paths
from firedoor.plan.evaluate import Unread, plain, unique
from firedoor.plan.references import sensitivities
from firedoor.protocol import NotifyReport
from firedoor.run import clocks, consequences, ending, meeting, questions, saying
from firedoor.run.core import Core, NoRound, TooLong
from firedoor.run.state import FINAL, Act, Notice, State


def begin(core: Core, step: Notify, path: str) -> None:
    send(core, step, path)
    core.arrive(path, "acting")


def send(core: Core, step: Notify, path: str) -> None:
    """Ask for the notice. Raises Unread."""
    state = core.at(path)
    if state.audience is None:
        state.audience = audience_of(core, step.audience, path)
    key = f"{path}:{state.ordinal}"
    core.act("notify", path, notice=write(core, step.say, key, state.audience, path))


def audience_of(core: Core, audience: tuple[Audience, ...], path: str) -> list[Who]:
    """The audience, with the accounts that its expressions give. Raises Unread."""
    found: list[Who] = []
    for member in audience:
        if member.who is not None:
            found.append(member.who)
        if member.of is not None:
            found.extend(Who(kind="account", name=str(account)) for account in core.items(member.of, path))
    return unique(found)


def write(core: Core, say: Text | MessageRef, key: str, audience: list[Who], path: str) -> Notice:
    """The notice: prose rendered by language and clearance, or a template with its context. Raises Unread."""
    title = core.state.title or core.state.incident
    notice = Notice(key=key, audience=audience, subject=f"{core.state.severity.upper()} {title}")
    if isinstance(say, MessageRef):
        notice.message = say.message
        notice.context, notice.sensitive = context(core, say, path)
    else:
        notice.texts = saying.renderings(core.plan, say, core.known(path))
    return notice


def context(core: Core, say: MessageRef, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a template may say: the inputs, the severity, the items of the loops around it, and what its reference says
    that a name means here; and what of it is sensitive. Raises Unread."""
    plan, known = core.plan, core.known(path)
    values: dict[str, Any] = {field.name: known.input(field.name) for field in plan.inputs}
    values["severity"] = core.state.severity
    sensitive: dict[str, str] = {field.name: field.sensitive for field in plan.inputs if field.sensitive}
    for static, _ in paths.rounds(path):
        loop = plan.by_path[static]
        if loop.verb == "for_each":
            values[loop.item] = known.item(static)
            mark(sensitive, loop.item, sensitivities(plan, loop.items))
    for name, expr in say.context.items():
        values[name] = plain(core.value(expr, path))
        mark(sensitive, name, sensitivities(plan, expr))
    return values, sensitive


def mark(sensitive: dict[str, str], name: str, kinds: frozenset[str]) -> None:
    """A name is as sensitive as what is behind it, and no more. Two kinds at once ("graphic personal") are cleared for nobody."""
    sensitive.pop(name, None)
    if kinds:
        sensitive[name] = " ".join(sorted(kinds))


def delivered(core: Core, act: Act, report: NotifyReport | None) -> None:
    """Tell what became of each message of a notice."""
    for number, delivery in enumerate(report.deliveries if report else ()):
        words = f"{delivery.recipient} by {delivery.channel}: {delivery.state}"
        core.row(
            f"notice.{delivery.state}",
            words + (f" ({delivery.error})" if delivery.error else ""),
            step=act.path or None,
            recipient=delivery.recipient,
            channel=delivery.channel,
            id=delivery.id,
            error=delivery.error,
            key=act.notice.key if act.notice else None,
            number=number,
        )


def ended(core: Core, act: Act, report: NotifyReport | None, error: str | None, *, follows: bool) -> None:
    path, step = act.path, core.step(act.path)
    delivered(core, act, report)
    if error is not None:
        core.at(path).reason = error
    if is_repeated(core.state, act):
        _repeated(core, act, error, follows)
    elif core.state.intent != "respond":
        ending.ended_late(core, path, succeeded=error is None)
    elif error is None:
        core.finish(path, "done")
    else:
        consequences.follow(core, path, "failed", step.on_failure, "failure", f"{core.name(path)} failed: {error}")
    if error is None and meeting.succeeded(core, path):
        clocks.met(core, path)


def is_repeated(state: State, act: Act) -> bool:
    """Whether it is a notice of a step that is over: one for an addition, or tried again after a failure."""
    return act.kind == "notify" and act.ask is None and bool(act.path) and state.steps[act.path].status in FINAL


def _repeated(core: Core, act: Act, error: str | None, follows: bool) -> None:
    """A notice that was repeated, for an addition or after a failure, has ended; the step itself is over."""
    if error is None or core.state.intent != "respond":
        return
    step = core.step(act.path)
    key = act.notice.key if act.notice else None
    core.row("notice.failed", f"{core.name(act.path)} failed: {error}", step=act.path, key=key)
    if follows and step.on_failure.kind != "ask":
        consequences.apply(core, act.path, step.on_failure, "failure", f"{core.name(act.path)} failed: {error}")
    else:
        questions.about_failure(core, step, act.path, block=False)


def update_due(core: Core) -> None:
    """The repeated update, while the response runs."""
    state, updates = core.state, core.plan.updates
    if updates is None or state.ended is not None or state.intent != "respond":
        state.next_update_at = None
        return
    every = updates.every.get(state.severity)
    if every is None:
        state.next_update_at = None
    elif state.next_update_at is None:
        state.next_update_at = core.now + timedelta(seconds=every)
    elif state.next_update_at <= core.now:
        _send_update(core, updates, f"update:{int(state.next_update_at.timestamp())}")
        state.next_update_at = core.now + timedelta(seconds=every)
    else:
        state.next_update_at = min(state.next_update_at, core.now + timedelta(seconds=every))


def _send_update(core: Core, updates: Updates, key: str) -> None:
    """An update that cannot be written is left out, and why is told; the next one comes in its time."""
    try:
        notice = write(core, updates.say, key, audience_of(core, updates.to, ""), "")
    except (Unread, NoRound):
        core.row("update.left_out", "A regular update is left out: what it says is not known yet", key=key)
        return
    except TooLong as error:
        core.row("update.left_out", f"A regular update is left out: {error}", key=key)
        return
    core.act("notify", "", number=key, notice=notice)
    core.row("update.sent", "A regular update goes out", key=key)
