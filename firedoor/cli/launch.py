"""`firedoor launch`: begin a response."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from firedoor.cli.front import Front, Told, new_nonce
from firedoor.cli.listed import kept
from firedoor.cli.options import Caller, common, nonce, pairs, yes
from firedoor.cli.screen import drill as mark
from firedoor.cli.screen import heading, line, moment, seen, severity
from firedoor.plan.lists import reference
from firedoor.plan.time import written
from firedoor.web.messages import (
    CHECK,
    FormField,
    Launched,
    LaunchRequest,
    OutlineLine,
    Playbook,
    Playbooks,
    Preview,
    PreviewRequest,
)

_WHAT = (
    click.option(
        "--set", "given", multiple=True, metavar="NAME=VALUE", help="An input. Repeat it; a list takes commas."
    ),
    click.option(
        "--list",
        "listed",
        multiple=True,
        metavar="NAME=FILE",
        help="The items of a list, one a line, from a file: for lists of hundreds to a million.",
    ),
    click.option(
        "--aware-at", metavar="TIME", help="When it became known, as 2026-03-04T02:45:00+00:00. Default: now."
    ),
    click.option("--region", help="The region that responds. Default: yours."),
    click.option("--title", default="", help="What to call it."),
)


def what(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is launched, for `launch` and `drill`."""
    for option in reversed(_WHAT):
        function = option(function)
    return function


@click.command("launch")
@click.argument("playbook", required=False)
@what
@click.option(
    "--drill",
    is_flag=True,
    help="An exercise: every message says DRILL, people are told for real, and nothing is contained for real.",
)
@yes
@nonce
@common
def command(
    caller: Caller,
    playbook: str | None,
    given: tuple[str, ...],
    listed: tuple[str, ...],
    aware_at: str | None,
    region: str | None,
    title: str,
    drill: bool,
    sure: bool,
    nonce: str | None,
) -> None:
    """Launch a playbook. Asks for what is missing, shows what will happen, and goes when you say so.

    Without PLAYBOOK, lists what can be launched. Without a terminal it needs --yes.

    \b
    firedoor launch --as ana
    firedoor launch high-profile-takeover --as ana
    firedoor launch high-profile-takeover --as ana --yes \\
      --set accounts=@mayor:platform.example,@office:platform.example --set public_office=yes
    firedoor launch high-profile-takeover --as ana --list accounts=taken-over.txt
    """
    if playbook is None:
        _list(caller, caller.front())
        return
    begin(caller, Wanted(playbook, given, aware_at, region, title, drill=drill, sure=sure, nonce=nonce, listed=listed))


@dataclass(frozen=True)
class Wanted:
    """A launch, as it was typed."""

    playbook: str
    given: tuple[str, ...]
    aware_at: str | None
    region: str | None
    title: str
    drill: bool
    sure: bool
    nonce: str | None
    pace: int = 1
    listed: tuple[str, ...] = ()


def begin(caller: Caller, wanted: Wanted) -> Launched:
    """Ask for what is missing, show what will happen, and launch when the person says so."""
    front = caller.front()
    typed = pairs(wanted.given, "--set")
    moment_known = _moment(wanted.aware_at)
    form = _form(caller, front, wanted.playbook)
    inputs: dict[str, Any] = {name: _joined(values, form, name) for name, values in typed.items()}
    files = {name: paths[-1] for name, paths in pairs(wanted.listed, "--list").items()}
    inputs |= {name: kept(front, wanted.playbook, name, file) for name, file in files.items()}
    preview = _prepare(caller, front, form, inputs, moment_known, wanted.region)
    if not caller.as_json:
        caller.screen.err.print(picture(preview, form, is_drill=wanted.drill, pace=wanted.pace))
    caller.confirm("Launch it?", sure=wanted.sure)
    request = LaunchRequest(
        playbook=wanted.playbook,
        nonce=wanted.nonce or new_nonce(),
        inputs=inputs,
        aware_at=moment_known,
        region=wanted.region,
        title=wanted.title,
        drill=wanted.drill,
        pace=wanted.pace,
    )
    launched = front.word("/api/launches", request, Launched, caller.typed(_again(request, files), request.nonce))
    if caller.as_json:
        caller.screen.json(launched)
    else:
        caller.screen.show(line((launched.says, "bold green")), line(f"Next: {launched.next}"))
    return launched


def _form(caller: Caller, front: Front, playbook: str) -> Playbook:
    try:
        return front.get(f"/api/playbooks/{playbook}", Playbook)
    except Told as told:
        next_ = told.problem.next.replace(CHECK, _check(caller))
        raise Told(told.problem.model_copy(update={"next": next_}), as_json=caller.as_json) from told


def _check(caller: Caller) -> str:
    """The command that tells the mistakes of the book which is served here."""
    up = caller.installation.up() if caller.url is None else None
    return f"`firedoor check {up.book}`" if up else CHECK


def _list(caller: Caller, front: Front) -> None:
    found = front.get("/api/playbooks", Playbooks)
    if caller.as_json:
        caller.screen.json(found)
        return
    for one in found.playbooks:
        caller.screen.show(line((one.name, "bold cyan"), f"  {one.title} ({one.version})"), line(f"    {one.use_when}"))
    for name in found.broken:
        caller.screen.say(f"{name} has mistakes and cannot be launched: see {_check(caller)}.", "yellow")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(
            f"--aware-at takes a date and time, as 2026-03-04T02:45:00+00:00, not {text!r}."
        ) from None
    if found.tzinfo is None:
        raise click.UsageError(f"--aware-at {text} does not say which zone's time it is: write {text}Z if it is UTC.")
    return found


def _joined(values: list[str], form: Playbook, name: str) -> Any:
    """Repeated values of a list are its items, one a line; of anything else they are too many, and are told as that."""
    if len(values) == 1:
        return values[0]
    listed = any(field.name == name and field.listed for field in form.inputs)
    return "\n".join(values) if listed else values


def _prepare(
    caller: Caller, front: Front, form: Playbook, inputs: dict[str, Any], aware_at: datetime | None, region: str | None
) -> Preview:
    """Ask for what is missing, then for what is wrong, until the front door would take it."""
    if caller.screen.asks:
        for field in form.inputs:
            if field.required and field.name not in inputs:
                inputs[field.name] = _ask(field)
    while True:
        request = PreviewRequest(playbook=form.name, inputs=inputs, aware_at=aware_at, region=region)
        try:
            return front.post("/api/previews", request, Preview)
        except Told as told:
            names = {problem.name.partition("[")[0] for problem in told.problem.problems}
            again = [field for field in form.inputs if field.name in names]
            if not caller.screen.asks or not again or len(again) < len(names):
                raise _with_options(told, names, form) from told
            told.show()
            for field in again:
                inputs[field.name] = _ask(field)


def _with_options(told: Told, names: set[str], form: Playbook) -> Told:
    """With how each of these is given."""
    inputs = [field.name for field in form.inputs if field.name in names]
    given = [f"--set {name}=…" for name in inputs]
    given += [
        option for name, option in (("aware_at", "--aware-at TIME"), ("region", "--region NAME")) if name in names
    ]
    if not given:
        return told
    next_ = f"{told.problem.next} Give: {' '.join(given)}"
    return Told(told.problem.model_copy(update={"next": next_}), as_json=told.as_json)


def _ask(field: FormField) -> str:
    answer: str = click.prompt(f"{seen(field.ask)} ({field.give.removeprefix('give ')})", err=True)
    return answer


def _again(request: LaunchRequest, files: dict[str, str]) -> list[str]:
    parts = ["drill" if request.pace > 1 else "launch", request.playbook, "--yes"]
    parts += [part for name, file in files.items() for part in ("--list", f"{name}={file}")]
    for name, value in request.inputs.items():
        if name in files:
            continue
        parts += [part for one in str(value).split("\n") for part in ("--set", f"{name}={one}")]
    parts += ["--aware-at", request.aware_at.isoformat()] if request.aware_at else []
    parts += ["--region", request.region] if request.region else []
    parts += ["--title", request.title] if request.title else []
    parts += ["--speed", str(request.pace)] if request.pace > 1 else ["--drill"] if request.drill else []
    return parts


# --- what will happen -----------------------------------------------------------------------------------------------


def picture(preview: Preview, form: Playbook, *, is_drill: bool = False, pace: int = 1) -> Group:
    """What the launch would do, in the order in which it matters: what is contained, who signs, which clocks run."""
    sensitive = {field.name for field in form.inputs if field.sensitive}
    parts: list[RenderableType] = [
        Text.assemble(severity(preview.severity), " ", (seen(preview.title), "bold"), mark(is_drill)),
        line(
            f"{preview.playbook}, {preview.region}; {_commanding(preview.commander)}. "
            f"Known since {moment(preview.aware_at)}."
        ),
    ]
    parts += [line((f"Its times below pass {pace} times as fast.", "magenta"))] if pace > 1 else []
    parts += [
        line("  ", (f"{name}: ", "bold"), "(sensitive)" if name in sensitive else _said(value))
        for name, value in preview.inputs.items()
    ]
    parts.append(heading("What will happen"))
    parts += [_step(one) for one in preview.steps if one.applies != "no"]
    if preview.contains:
        parts.append(heading("What it may contain"))
        parts += [
            line(
                "  ", (one.action, "bold"), f"  {one.does}", ("" if one.undo else "  It cannot be undone.", "bold red")
            )
            for one in preview.contains
        ]
    if preview.signs:
        parts.append(heading("Who must sign"))
    for signing in preview.signs:
        parts += [
            line("  ", (", ".join(signing.needs), "bold"), f": {signing.question}"),
            line((f"      within {written(signing.deadline)}; a no: {signing.no}; silence: {signing.silence}", "dim")),
        ]
    if preview.clocks:
        parts.append(heading("Clocks"))
    parts += [line("  ", (one.name, "bold"), f"  {written(one.limit)}  {one.law}") for one in preview.clocks]
    return Group(*parts, Text(""))


def _commanding(people: Sequence[str]) -> str:
    return f"{', '.join(people) or 'nobody'} command{'s' * (len(people) < 2)}"


def _step(one: OutlineLine) -> Text:
    when = f"  when {one.when}" if one.applies == "later" and one.when else ""
    return line("  " + "  " * one.depth, one.words, (when, "dim"))


def _said(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            more = f" and {len(value) - 10} more" if len(value) > 10 else ""
            return ", ".join(_said(one) for one in value[:10]) + more
        case dict() if (ref := reference(value)) is not None:
            return f"{ref.count}: {ref}"
        case _:
            return str(value)
