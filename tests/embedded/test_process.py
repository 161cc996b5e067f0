"""A program that we start never outlives us, and never fails unheard."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from firedoor.embedded.process import LOG_LIMIT, Program, ProgramFailed

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


async def never() -> bool:
    return False


async def always() -> bool:
    return True


async def test_a_program_that_ends_at_once_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    log.write_text("from an earlier start\n")
    program = Program("it", [sys.executable, "-c", "import sys; print('no such disk'); sys.exit(3)"], log=log)
    await program.start()
    with pytest.raises(ProgramFailed, match="it ended with 3 while it started") as failure:
        await program.until_ready(never, within=10)
    assert failure.value.tail == "  | no such disk"


async def test_a_program_that_never_becomes_ready_is_killed_and_told(tmp_path: Path) -> None:
    program = Program("it", SLEEP, log=tmp_path / "it.log")
    await program.start()
    with pytest.raises(ProgramFailed, match="it was not ready within 0.5 s"):
        await program.until_ready(never, within=0.5)
    assert program.exit_code == -signal.SIGKILL


async def test_stop_ends_it_and_can_be_said_twice(tmp_path: Path) -> None:
    program = Program("it", SLEEP, log=tmp_path / "it.log")
    await program.stop()
    await program.start()
    await program.stop()
    assert program.exit_code == -signal.SIGTERM
    await program.stop()
    program.kill()


async def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    program = Program("it", [sys.executable, "-c", deaf], log=tmp_path / "it.log")
    await program.start()
    await until(lambda: "up" in program.tail())
    await program.stop(patience=0.2)
    assert program.exit_code == -signal.SIGKILL


async def test_two_never_run_on_the_same_data(tmp_path: Path) -> None:
    first = Program("it", SLEEP, log=tmp_path / "it.log", lock=tmp_path / "it.lock")
    second = Program("it", SLEEP, log=tmp_path / "it.log", lock=tmp_path / "it.lock")
    await first.start()
    with pytest.raises(ProgramFailed, match="it already runs on"):
        await second.start(patience=0.1)
    first.kill()
    await second.start()
    second.kill()


async def test_a_long_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))
    program = Program("it", SLEEP, log=log)
    await program.start()
    await until(lambda: program.tail() == "  | up")
    program.kill()
    assert (tmp_path / "it.log.old").stat().st_size == LOG_LIMIT + 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel ends the children of a killed parent")
async def test_nothing_is_left_when_its_parent_is_killed_outright(tmp_path: Path) -> None:
    parent = f"""
import asyncio
from pathlib import Path
from firedoor.embedded.process import Program
async def main() -> None:
    program = Program("it", {SLEEP!r}, log=Path({str(tmp_path / "it.log")!r}))
    await program.start()
    print(program.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", parent, stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = psutil.Process(int(await process.stdout.readline()))
    await until(lambda: "up" in (tmp_path / "it.log").read_text())
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)
