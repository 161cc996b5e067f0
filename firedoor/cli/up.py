"""`firedoor up`: everything on this machine, in one foreground command."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import click

from firedoor.cli.front import told
from firedoor.cli.screen import Screen, line, seen, table
from firedoor.cli.together import HERE, Served, Together, described
from firedoor.compiler import load_book, renderers
from firedoor.compiler.book import Book
from firedoor.connectors import channels, platforms
from firedoor.embedded.process import ProgramFailed
from firedoor.incidents import Trouble
from firedoor.installation import BOOK, AlreadyUp, Installation, UpState, shipped_book


@click.command("up")
@click.option(
    "--book",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The book to serve. Default: FIREDOOR_BOOK, playbooks here, or the shipped book.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where keys, tokens, records and logs are. Default: FIREDOOR_HOME, or .firedoor here.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="The front door's port. Default: 7878, or a free one.")
@click.option(
    "--temporal",
    metavar="HOST:PORT",
    envvar="TEMPORAL_ADDRESS",
    help="Use this Temporal server instead of one of our own.  [env: TEMPORAL_ADDRESS]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON when everything is up.")
def command(book: Path | None, home: Path | None, port: int | None, temporal: str | None, as_json: bool) -> None:
    """Run Firedoor here: the Temporal server, a worker and the front door, until Ctrl-C.

    Started again on the same data, it goes on with the incidents that were running.

    \b
    firedoor up
    firedoor up --book my-playbooks --home /var/lib/firedoor
    """
    screen = Screen(as_json=as_json)
    installation = Installation.here(home)
    path = (book or Path(os.environ.get(BOOK) or shipped_book())).resolve()
    loaded = load_book(path)
    if loaded.organization is None:
        screen.say(renderers.text(loaded.errors))
        raise told(f"The book in {path} has no organization.", "Mend it: firedoor check", as_json=as_json)
    if port is not None:
        _check_port(port, as_json=as_json)
    try:
        installation.prepare()
    except OSError as error:
        raise told(
            f"{installation.folder} cannot be made: {error.strerror}.",
            "Name another folder with --home.",
            as_json=as_json,
        ) from error
    os.umask(0o077)  # whatever is made from here on is for its owner alone, also in a folder that was there
    try:
        with installation.alone():
            served = Served(loaded.organization, loaded.plans, loaded.findings)
            asyncio.run(_up(installation, loaded, served, port, temporal, screen))
    except AlreadyUp as error:
        up = installation.up()
        raise told(f"{error}.", f"It answers at {up.url}." if up else "Wait for it to end.", as_json=as_json) from error
    except ProgramFailed as failure:
        raise told(str(failure), f"See the logs in {installation.logs}.", as_json=as_json) from failure


def _check_port(port: int, *, as_json: bool) -> None:
    """Before anything is started: raises Told where the front door could not listen there."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HERE, port))
            trial.listen()
        except OSError as error:
            raise told(
                f"The front door cannot listen on port {port}: {error.strerror}.",
                "Choose another --port, or leave it out.",
                error="port",
                as_json=as_json,
            ) from error


async def _up(
    installation: Installation,
    book: Book,
    served: Served,
    port: int | None,
    temporal: str | None,
    screen: Screen,
) -> None:
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, enough.set)
    installation.open_keys()
    made = installation.hand_out(sorted(served.organization.people))
    together = Together(installation, served, book.path, say=screen.say, port=port, address=temporal)
    try:
        starting = asyncio.ensure_future(together.start())
        stopping = asyncio.ensure_future(enough.wait())
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await _say_where(installation, book, served, together, made, screen)
            await together.watch(enough)
        else:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        stopping.cancel()
        screen.say("Ending. What runs goes on when Firedoor is up again.")
    finally:
        await together.stop()


async def _say_where(
    installation: Installation, book: Book, served: Served, together: Together, made: dict[str, str], screen: Screen
) -> None:
    assert together.front is not None  # noqa: S101  # it was started
    state = UpState(pid=os.getpid(), url=together.front.url, temporal=together.address, book=str(book.path))
    installation.say_up(state)
    if screen.as_json:
        pids = {"worker_pid": together.worker.pid if together.worker else None}
        pids["temporal_pid"] = together.server.pid if together.server else None
        screen.json({**state.model_dump(), "home": str(installation.folder), **pids})
        return
    rows = table("", "")
    rows.show_header = False
    rows.add_row("Front door", f"{state.url}/api/openapi.json")
    rows.add_row("Temporal", state.temporal)
    rows.add_row("Book", f"{book.path}: {', '.join(served.plans) or 'nothing that can be launched'}")
    rows.add_row("Data, logs", described(installation))
    rows.add_row("Running", await _running(together))
    screen.show(line(("Firedoor is up.", "bold green")), rows)
    if lacking := _not_set_up(installation, served):
        screen.say("Not set up: what needs one of these will fail, and ask.", "yellow")
        missing = table("Name", "What is missing")
        for name, problem in lacking.items():
            missing.add_row(seen(name), seen(problem))
        screen.show(missing)
    if book.errors:
        screen.say(f"{renderers.summary(book.errors)} in the book: see `firedoor check {book.path}`.", "yellow")
    if made:
        screen.show(line("\nTokens, shown this once. Each also lies in a file, until it is handed over:"))
        for person, token in made.items():
            screen.show(
                line((f"  {person:<10} ", "bold"), token, (f"  {described(installation)}/tokens/{person}", "dim"))
            )
    screen.show(line("\nTo respond, in another terminal: firedoor launch --as NAME.  Ctrl-C ends it."))


def _not_set_up(installation: Installation, served: Served) -> dict[str, str]:
    """Connectors of the book that lack a setting. The worker, which has the same environment, cannot make them either."""
    _, ways = channels.build(served.organization)
    _, acts = platforms.build(installation.folder / "connectors.toml")
    needed = {action.connector for plan in served.plans.values() for action in plan.actions.values()}
    needed |= {read.connector for plan in served.plans.values() for read in plan.reads.values()}
    wrong = {**{name: str(problem) for name, problem in acts.items() if name in needed}, **ways}
    return {name: str(problem) for name, problem in wrong.items()}


async def _running(together: Together) -> str:
    if together.incidents is None:
        return ""
    try:
        count = len(await together.incidents.listed())
    except Trouble as trouble:
        return trouble.says
    return f"{count} incident{'s' * (count != 1)} go{'es' * (count == 1)} on" if count else "no incident"
