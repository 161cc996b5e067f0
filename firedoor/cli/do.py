"""`firedoor do`: interrupt a run. What each command does to which step, when, is the run's to say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import click
from typing_extensions import override

from firedoor.cli.front import new_nonce
from firedoor.cli.listed import kept
from firedoor.cli.options import Caller, common, nonce, pairs, yes
from firedoor.cli.screen import line
from firedoor.protocol import CommandKind, Receipt, View
from firedoor.web.messages import CommandRequest


class Said(click.Group):
    """Takes hand_over for hand-over: programs know the commands by their names in the protocol."""

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name.replace("_", "-"))


@click.group("do", cls=Said)
@click.argument("incident")
@click.pass_context
def command(ctx: click.Context, incident: str) -> None:
    """Interrupt a run: say what to do, in the middle of it.

    A STEP is named by its id, or by its path as `firedoor show --json` gives it. What ends, undoes or keeps something
    (stop, undo, undo-all, keep) asks whether you are sure; without a terminal it needs --yes.

    \b
    firedoor do inc-ab12cd34ef note "The owner called."
    firedoor do inc-ab12cd34ef add accounts=@other:platform.example
    firedoor do inc-ab12cd34ef add --list accounts=taken-over.txt
    firedoor do inc-ab12cd34ef severity sev1
    firedoor do inc-ab12cd34ef extend ratify 30m
    firedoor do inc-ab12cd34ef hand-over maria --reason "my shift ends"
    firedoor do inc-ab12cd34ef undo lock --target @mayor:platform.example --yes
    firedoor do inc-ab12cd34ef undo-all --reason "false alarm" --yes
    """
    ctx.obj = incident


@dataclass(frozen=True, slots=True)
class Form:
    """How a command is said: its arguments in order, and its options."""

    kind: CommandKind
    says: str
    arguments: tuple[Literal["step", "value", "pairs", "words", "clock", "ground"], ...] = ()
    value: str = "VALUE"
    targets: bool = False
    files: bool = False
    """Whether a list may come from a file."""
    must_say_why: bool = False
    confirm: str | None = None
    called: str = ""
    """Where it is not called by its kind."""
    at_once: CommandKind | None = None
    """What it is with --now, which needs a reason."""


FORMS: Final = (
    Form("note", "Write something into the timeline.", ("words",)),
    Form("add", "Add targets: what was reached runs for them as well.", ("pairs",), files=True),
    Form("input", "Give an input that was not known at the launch.", ("pairs",)),
    Form("severity", "Change the severity: sev1 to sev4. Only Policy lowers it.", ("value",), value="SEVERITY"),
    Form("pause", "Begin no act from now on. Asks, deadlines, expiry and undo go on."),
    Form("resume", "Go on after a pause."),
    Form("skip", "Skip a step. An approval needs a second person to say so.", ("step",), must_say_why=True),
    Form("retry", "Try a step again that failed or was undone.", ("step",)),
    Form("reassign", "Give a task to someone else.", ("step", "value"), value="WHO"),
    Form("extend", "Give a deadline or a lease more time.", ("step", "value"), value="TIME", targets=True),
    Form("undo", "Undo what a step contains.", ("step",), targets=True, confirm="Undo it?"),
    Form(
        "offer",
        "Hand the command over: the person is asked, and commands once they have accepted. With --now at once.",
        ("value",),
        value="PERSON",
        called="hand-over",
        at_once="hand_over",
    ),
    Form(
        "keep",
        "Keep what a step contains, for good.",
        ("step",),
        targets=True,
        must_say_why=True,
        confirm="Keep it for good?",
    ),
    Form(
        "pause_clock",
        "Let a clock stand still, on a GROUND that its law gives: how it begins is enough.",
        ("clock", "ground"),
        must_say_why=True,
    ),
    Form("resume_clock", "Let a clock go on: its ground has ended.", ("value",), value="CLOCK"),
    Form("stop", "End the response and keep what is contained.", confirm="End the response?"),
    Form("undo_all", "Undo everything, newest first, and end the response.", confirm="Undo everything?"),
)


def _make(form: Form) -> click.Command:
    @common
    def say(caller: Caller, /, **given: Any) -> None:
        incident: str = click.get_current_context().obj
        if form.confirm:
            caller.confirm(form.confirm, sure=given["sure"])
        if given.get("now") and not given["reason"]:
            raise click.UsageError("With --now nobody is asked, so it needs --reason. Nothing was done.")
        if form.files and not given["pairs"] and not given["listed"]:
            raise click.UsageError("Say what is added: NAME=VALUE, or --list NAME=FILE.")
        request = CommandRequest(
            command=form.at_once if form.at_once and given["now"] else form.kind,
            nonce=given["nonce"] or new_nonce(),
            step=given.get("step"),
            target=given.get("target") or None,
            value=_value(form, given) if not given.get("listed") else _with_lists(caller, form, incident, given),
            reason=given.get("words") or given.get("reason"),
        )
        again = caller.typed(_typed(form, incident, given), request.nonce)
        receipt = caller.front().word(f"/api/incidents/{incident}/commands", request, Receipt, again)
        if caller.as_json:
            caller.screen.json(receipt)
        else:
            caller.screen.show(line((receipt.says, "bold green"), (f"  row {receipt.row}", "dim")))

    made = nonce(say)
    if "words" not in form.arguments:
        made = click.option("--reason", required=form.must_say_why, help="Why; it stands in the record.")(made)
    if form.at_once:
        made = click.option("--now", is_flag=True, help="It counts at once: in an emergency. It needs --reason.")(made)
    if form.files:
        made = click.option(
            "--list", "listed", multiple=True, metavar="NAME=FILE", help="Many of them: one a line, from a file."
        )(made)
    if form.targets:
        made = click.option("--target", multiple=True, metavar="TARGET", help="Only these targets. Repeat it.")(made)
    if form.confirm:
        made = yes(made)
    for argument in reversed(form.arguments):
        many = argument == "pairs"
        metavar = {"value": form.value, "pairs": "NAME=VALUE..."}.get(argument, argument.upper())
        made = click.argument(argument, nargs=-1 if many else 1, required=not form.files, metavar=metavar)(made)
    return click.command(_name(form), help=form.says)(made)


def _name(form: Form) -> str:
    return form.called or form.kind.replace("_", "-")


def _value(form: Form, given: dict[str, Any]) -> Any:
    if "ground" in form.arguments:
        return {"clock": given["clock"], "ground": given["ground"]}
    if "pairs" not in form.arguments:
        return given.get("value")
    # One a line: the front door knows which inputs are lists.
    return {name: "\n".join(values) for name, values in pairs(given["pairs"], _name(form)).items()}


def _with_lists(caller: Caller, form: Form, incident: str, given: dict[str, Any]) -> Any:
    front = caller.front()
    playbook = front.get(f"/api/incidents/{incident}", View).playbook
    files = {name: paths[-1] for name, paths in pairs(given["listed"], "--list").items()}
    return _value(form, given) | {name: kept(front, playbook, name, file) for name, file in files.items()}


def _typed(form: Form, incident: str, given: dict[str, Any]) -> list[str]:
    """The command as it was typed, to be said again."""
    parts = ["do", incident, _name(form)]
    for argument in form.arguments:
        parts += list(given[argument]) if argument == "pairs" else [given[argument]]
    parts += [part for target in given.get("target") or () for part in ("--target", target)]
    parts += [part for file in given.get("listed") or () for part in ("--list", file)]
    parts += ["--now"] if given.get("now") else []
    parts += ["--reason", given["reason"]] if given.get("reason") else []
    parts += ["--yes"] if form.confirm else []
    return parts


for _form in FORMS:
    command.add_command(_make(_form))
