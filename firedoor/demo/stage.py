"""Setting the stage: a homeserver, a pager, and `firedoor up` on the shipped book, as a user would start it.

Everything listens on loopback, on ports that were free, in one folder; all of it is ended when the story is over.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from firedoor.compiler.book import load_book
from firedoor.demo.pager import Pager
from firedoor.demo.responder import DemoFailed, Responder
from firedoor.demo.screen import Teller
from firedoor.demo.story import Stage
from firedoor.embedded.homeserver import Homeserver
from firedoor.installation import BOOK, HOME, Installation, UpState
from firedoor.people.directory import on_shift
from firedoor.people.organization import Organization

SERVER_NAME: Final = "platform.example"
"""The shipped book's people and rooms live on it."""
PATIENCE: Final = 60.0


@asynccontextmanager
async def set_up(folder: Path, book: Path, tell: Teller) -> AsyncIterator[Stage]:
    """`folder` is emptied first."""
    organization = load_book(book).organization
    if organization is None:
        raise DemoFailed(f"the book at {book} has mistakes; see `firedoor check {book}`")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    async with AsyncExitStack() as stack:
        homeserver = await stack.enter_async_context(Homeserver(folder / "homeserver", server_name=SERVER_NAME))
        pager = await stack.enter_async_context(Pager())
        crisis = {"preset": "public_chat", "room_alias_name": "crisis", "name": "Crisis room"}
        token = homeserver.admin_token
        await homeserver.ask("POST", "/_matrix/client/v3/createRoom", token=token, body=crisis)
        tell.note(f"a Matrix homeserver is up at {homeserver.url}")
        up = await stack.enter_async_context(_firedoor_up(folder, book, homeserver, pager))
        tell.note(f"`firedoor up` runs: front door {up.url}, Temporal {up.temporal}, a worker beside them")
        launcher, crt, policy = _people(organization)
        installation = Installation(folder / "firedoor")
        people = [Responder(person, up.url, installation.token_of(person)) for person in (launcher, crt, policy)]
        for person in people:
            stack.push_async_callback(person.close)
        yield Stage(homeserver, pager, people[0], people[2], people[1], tell)


def _people(organization: Organization) -> tuple[str, str, str]:
    """Who is on shift now: a launcher and a second responder, and someone of Policy."""
    now = datetime.now(UTC)
    responders = [person.id for person in on_shift(organization, "crt", now)]
    policy = [person.id for person in on_shift(organization, "policy", now)]
    if len(responders) < 2 or not policy:
        raise DemoFailed("the book has too few people on shift now for this story")
    return responders[0], responders[1], policy[0]


@asynccontextmanager
async def _firedoor_up(folder: Path, book: Path, homeserver: Homeserver, pager: Pager) -> AsyncIterator[UpState]:
    home = Installation(folder / "firedoor")
    environ = {
        **os.environ,
        HOME: str(home.folder),
        BOOK: str(book),
        "SYNAPSE_URL": homeserver.url,
        "SYNAPSE_TOKEN": homeserver.admin_token,
        "MATRIX_URL": homeserver.url,
        "MATRIX_TOKEN": homeserver.admin_token,
        "PAGER_URL": pager.url,
        "WEBHOOK_SECRET": pager.secret,
    }
    log = folder / "firedoor-up.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "firedoor", "up",
            env=environ, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield await _wait(process, home, log)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


async def _wait(process: asyncio.subprocess.Process, home: Installation, log: Path) -> UpState:
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while process.returncode is None and loop.time() < end:
        up = home.up()
        if up is not None:
            return up
        await asyncio.sleep(0.1)
    raise DemoFailed(f"`firedoor up` did not come up; it said:\n{log.read_text()[-2000:]}")
