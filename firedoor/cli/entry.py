"""Where every command begins and ends: its name finds its file, and its end becomes an exit code.

0 done · 1 refused, or findings · 2 wrong usage · 3 a bug of ours · 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

import click
from typing_extensions import override

COMMANDS: Final = {
    "up": "up",
    "demo": "demo",
    "check": "check",
    "rehearse": "rehearse",
    "new": "new",
    "diff": "diff",
    "schema": "schema",
    "explain": "explain",
    "graph": "graph",
    "launch": "launch",
    "drill": "drill",
    "list": "list_",
    "show": "show",
    "watch": "watch",
    "inbox": "inbox",
    "approve": "approve",
    "reject": "reject",
    "done": "done",
    "answer": "answer",
    "do": "do",
    "debrief": "debrief",
    "export": "export",
    "token": "token",
    "keys": "keys",
}
"""In the order in which one meets them. Each file has a click command called `command`."""

BUG: Final = 3
INTERRUPTED: Final = 130


class Commands(click.Group):
    """Imports a command's file when it is called: `firedoor list` waits for no server's library."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, module in COMMANDS.items() if _exists(module)]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None or not _exists(module):
            return None
        found = importlib.import_module(f"firedoor.cli.{module}").command
        return found if isinstance(found, click.Command) else None


def _exists(module: str) -> bool:
    return importlib.util.find_spec(f"firedoor.cli.{module}") is not None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("firedoor"), prog_name="firedoor")
def cli() -> None:
    """Firedoor runs crisis playbooks: it notifies, asks, contains, undoes, and sees the review through.

    \b
    Write:        firedoor check playbooks        what is wrong, and what is proved
                  firedoor rehearse playbooks     days of it, played in seconds
    Begin:        firedoor up                     everything on this machine, in one command
    Understand:   firedoor explain PLAYBOOK       as prose; firedoor graph PLAYBOOK draws it
    Respond:      firedoor launch PLAYBOOK        asks for what is missing, shows what will happen
                  firedoor watch ID               the next act, the clocks, who is waited for
    Decide:       firedoor inbox                  what waits for you
                  firedoor approve ID             shows what you sign before you sign it
    Interrupt:    firedoor do ID pause            and note, add, severity, undo, stop, undo-all …
    Look back:    firedoor export ID              the record, with every signature

    Say who you are with --as NAME, or with your token in FIREDOOR_TOKEN. Every command but demo takes --json.
    """


def main() -> None:
    """The installed command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit code."""
    try:
        code = cli.main(args=list(arguments), prog_name="firedoor", standalone_mode=False)
    except click.UsageError as error:
        if "--json" in arguments:
            click.echo(json.dumps({"error": "usage", "says": error.format_message()}, ensure_ascii=False))
        else:
            error.show()
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read has seen enough
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001  # whatever comes up to here is a bug of ours, and is told as one
        traceback.print_exc()
        click.echo("\nThis is a bug of ours. Please report it with the lines above.", err=True)
        return BUG
    return code if isinstance(code, int) else 0
