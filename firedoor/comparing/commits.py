"""A book as it was at a commit: git's archive of its folder, in a temporary one."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

_LONGEST = 120
"""Seconds; an archive of a book takes far less."""


class NoVersion(Exception):
    """A version that cannot be read: what is wrong, and what to give instead, in one or two sentences."""


class Repository:
    """The repository around a folder. Raises NoVersion where there is none, or no git."""

    def __init__(self, beside: Path) -> None:
        if shutil.which("git") is None:
            raise NoVersion("git is not installed here. Install it, or give two files or folders.")
        self.top = beside.resolve()
        top = self._git("rev-parse", "--show-toplevel")
        if top.returncode:
            raise NoVersion(f"{self.top} is in no git repository. Give two files or folders, without --git.")
        self.top = Path(top.stdout.decode().rstrip("\n")).resolve()

    def commit(self, name: str) -> str | None:
        """The hash of a commit; None where nothing is called so."""
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return found.stdout.decode().strip() if not found.returncode else None

    def inside(self, path: Path) -> PurePosixPath:
        """The path from the top of the repository. Raises NoVersion for one outside of it."""
        try:
            return PurePosixPath(path.resolve().relative_to(self.top).as_posix())
        except ValueError:
            raise NoVersion(f"{path} is not in the repository {self.top}.") from None

    def has(self, commit: str, path: PurePosixPath) -> bool:
        return self._git("cat-file", "-e", f"{commit}:{path}").returncode == 0

    def unpack(self, commit: str, folder: PurePosixPath, into: Path) -> None:
        """Write the folder as it was at the commit. Raises NoVersion where git cannot."""
        tree = commit if folder == PurePosixPath() else f"{commit}:{folder}"
        found = self._git("archive", "--format=tar", tree)
        if found.returncode:
            raise NoVersion(
                f"git cannot read {folder} at {commit[:10]}: {found.stderr.decode(errors='replace').strip()}"
            )
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            archive.extractall(into, filter="data")

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        git = ["git", *words]  # that of whoever types the command
        return subprocess.run(git, cwd=self.top, capture_output=True, timeout=_LONGEST, check=False)
