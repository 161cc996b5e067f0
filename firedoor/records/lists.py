"""Long lists, each written down once, before anything refers to it (firedoor.plan.lists)."""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, String, Table, select

from firedoor.plan.lists import INLINE, MOST_LIST_BYTES, MOST_LISTED, ListRef, Opened, canonical, referred
from firedoor.records.database import Database, insert_new, metadata

lists_table = Table(
    "lists",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

OPEN: Final = 4
"""Lists that are kept opened: an act works through one page after the other."""


class UnknownList(LookupError):
    """No such list was written down here, or what is there is another one."""


class TooLong(ValueError):
    """A list that is longer than any is kept."""


class Lists:
    """Content-addressed: a list is kept under the digest that is computed here, and given out only if it still is that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, items: Sequence[str]) -> ListRef:
        """Write the list down, unless it is there. Raises TooLong."""
        data = canonical(items)
        if len(items) > MOST_LISTED or len(data) > MOST_LIST_BYTES:
            raise TooLong(f"a list has {MOST_LISTED} items and {MOST_LIST_BYTES // 1024 // 1024} MiB at most")
        ref = referred(items)
        row = {"digest": ref.digest, "count": ref.count, "packed": zlib.compress(data, 1)}
        with self._database.write() as connection:
            insert_new(connection, lists_table, [row])
        return ref

    def inline(self, items: Sequence[str]) -> ListRef | list[str]:
        """The list itself while it is short; else it is written down. Raises TooLong."""
        return list(items) if len(items) <= INLINE else self.keep(items)

    def get(self, digest: str) -> Opened:
        """The items. Raises UnknownList."""
        with self._lock:
            if digest in self._opened:
                self._opened.move_to_end(digest)
                return self._opened[digest]
        with self._database.read() as connection:
            query = select(lists_table.c.packed).where(lists_table.c.digest == digest)
            packed = connection.execute(query).scalar_one_or_none()
        if packed is None:
            raise UnknownList(f"the list {digest[:12]} was not written down here")
        items = Opened(json.loads(zlib.decompress(packed)))
        if items.ref.digest != digest:
            raise UnknownList(f"what is stored as the list {digest[:12]} is another one")
        with self._lock:
            self._opened[digest] = items
            while len(self._opened) > OPEN:
                self._opened.popitem(last=False)
        return items
