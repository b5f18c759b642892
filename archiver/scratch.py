"""Pieces of HTML made once and used for several pages: in memory while they are few, then in a temporary file."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import msgspec

from archiver.errors import PublishError

K = TypeVar("K", int, str)
P = TypeVar("P")


class Scratch(Generic[K, P]):
    """Pieces by their keys; none of these holds a NUL, as no text of an archive does."""

    def __init__(self, most: int, pack: Callable[[P], bytes], unpack: Callable[[bytes], P]) -> None:
        """``most``: pieces that are kept in memory; others are packed."""
        self._most = most
        self._pack = pack
        self._unpack = unpack
        self._few: dict[K, P] = {}
        self._many: sqlite3.Connection | None = None

    def keep(self, pieces: Mapping[K, P]) -> None:
        """Keep pieces that are not kept yet. Raises PublishError."""
        if len(self._few) + len(pieces) <= self._most:
            self._few.update(pieces)
            return
        with _explained():
            if self._many is None:
                # What SQLite does with a database that has no name.
                self._many = sqlite3.connect("", isolation_level=None)
                self._many.execute("CREATE TABLE piece (key PRIMARY KEY, packed BLOB)")
            rows = ((key, self._pack(piece)) for key, piece in pieces.items())
            self._many.execute("BEGIN")
            self._many.executemany("INSERT INTO piece VALUES (?, ?)", rows)
            self._many.execute("COMMIT")

    def get(self, keys: Sequence[K]) -> dict[K, P]:
        """Those of these pieces that are kept. Raises PublishError."""
        few = self._few
        found = {key: few[key] for key in keys if key in few}
        if self._many and len(found) < len(keys):
            sql = "SELECT key, packed FROM piece WHERE key IN (SELECT value FROM json_each(?))"
            with _explained():
                rows = self._many.execute(sql, (msgspec.json.encode(keys).decode(),))
                found.update((key, self._unpack(packed)) for key, packed in rows)
        return found


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise PublishError(f"{tempfile.gettempdir()}: {error}; the old site is as it was") from error
