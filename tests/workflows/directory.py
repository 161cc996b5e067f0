"""A platform in memory that knows of each account whose it is and whether it is public, and counts how often it was asked."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from firedoor.connectors.contract import Json
from firedoor.connectors.errors import Refused
from firedoor.connectors.memory import MemoryPlatform

SCHEMA = "create table if not exists asked (call text, account text)"


def owner_of(account: str) -> str:
    return account.replace("@user", "@owner")


def is_public(account: str) -> bool:
    return int(account[len("@user-") :].partition(":")[0]) % 3 != 0


class Directory(MemoryPlatform):
    """`silent`: accounts about which it does not answer."""

    def __init__(self, name: str = "memory", *, path: Path | None = None, **more: Any) -> None:
        super().__init__(name, path=path, **more)
        where = path.with_suffix(".asked") if path else ":memory:"
        self._asked = sqlite3.connect(where, timeout=30, isolation_level=None, check_same_thread=False)
        self._asked.execute("pragma journal_mode=wal")
        self._asked.execute(SCHEMA)
        self.silent: set[str] = set()

    @override
    async def read(self, call: str, arguments: Mapping[str, Json]) -> Json:
        if call not in ("owner_of", "is_public"):
            return await super().read(call, arguments)
        account = str(arguments["account"])
        if account in self.silent:
            raise Refused(f"nothing is known of {account} now")
        self._asked.execute("insert into asked values (?, ?)", (call, account))
        found: Json = json.loads(json.dumps(owner_of(account) if call == "owner_of" else is_public(account)))
        return found

    def asked(self) -> Counter[tuple[str, str]]:
        """How often each question was answered."""
        return Counter(self._asked.execute("select call, account from asked").fetchall())
