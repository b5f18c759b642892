"""The sightings of one kind of thing in one dump: added at once, or merged with earlier ones when all was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from archiver.store.again import Again
from archiver.store.rows import Batch, Rank, Table, merge

R = TypeVar("R", bound=msgspec.Struct)


class Sightings(Generic[R]):
    """Adds records of one kind; what is there already is merged when the capture's time is known."""

    def __init__(
        self,
        db: sqlite3.Connection,
        table: Table[R],
        capture: int,
        changed: Callable[[R | None, R, tuple[Any, ...]], None],
        seen: Callable[..., object] | None = None,
        *,
        ghosts: Callable[[str], None] | None = None,
        extra_key: str | None = None,
    ) -> None:
        """``changed(old, new, key)`` is told of every row that differs after merging, ``seen(*key)`` of those that a
        newer capture has as they were, ``ghosts(table)`` of a table with the keys of those of which only the key and
        the community were known.
        """
        self._db = db
        self._table = table
        self._capture = capture
        self._changed = changed
        self._seen = seen
        self._ghosts = ghosts
        self._key = [*([extra_key] if extra_key else []), *table.key]
        self._outside_key = extra_key
        self._where = " AND ".join(f"{column} = ?" for column in self._key)
        self._select = f"SELECT {', '.join(table.columns)}, capture, older FROM {table.name} WHERE {self._where}"
        self._any_again = False
        """Was anything there already?"""
        self._overlaps = False
        """Was most of what came last?"""

    @cached_property
    def _again(self) -> Again:
        self._any_again = True
        return Again(self._db, self._table, self._key, self._capture)

    def take(self, records: Sequence[R]) -> None:
        """Take several at once; ``changed`` is told of each that was not there before."""
        for at in self.add(self._table.batch(records)):
            self._changed(None, records[at], ())

    def add(self, batch: Batch, extra: Sequence[Any] = ()) -> list[int]:
        """Take several at once. Returns which of them were not there before.

        ``extra``: what each has in the column that is no field of it.
        """
        cells = batch.cells | {self._outside_key: extra} if self._outside_key else batch.cells
        columns = tuple(cells)
        sql = f"""INSERT INTO {self._table.name} (capture, {", ".join(columns)})
            VALUES ({self._capture}, {", ".join("?" * len(columns))}) ON CONFLICT DO NOTHING"""
        execute = self._db.cursor().execute
        came = []
        for at, row in enumerate(zip(*cells.values(), strict=True)):
            # Either question may come first: what is there is not added, what is not there is not the same.
            if self._overlaps and self._is_same(columns, row):
                continue
            if execute(sql, row).rowcount:
                came.append(at)
            elif self._overlaps or not self._is_same(columns, row):
                outside = {field: values[at] for field, values in batch.outside.items()}
                self._again.wait(columns, (*row, _json(outside)))
        self._overlaps = len(came) < batch.count / 2
        return came

    def _is_same(self, columns: tuple[str, ...], row: Sequence[Any]) -> bool:
        return self._seen is not None and self._again.is_same(columns, row)

    def last_waiting(self, column: str, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
        """Of which of these things other sightings wait, and what the last one that knows has in the column."""
        return self._again.last_waiting(column, keys) if self._any_again else {}

    def merge(self, ranks: dict[int, Rank]) -> None:
        """Join what came again with what was there. ``ranks``: how new each capture is."""
        if not self._any_again:
            return
        if self._seen:
            self._again.settle(self._seen, self._ghosts)
        width = len(self._key) - len(self._table.key)
        for row in self._again.waiting():
            extra, values, outside = row[:width], row[width:-1], msgspec.json.decode(row[-1])
            own = dict(zip(self._table.columns, values, strict=True))
            self._merge((*extra, *(own[field] for field in self._table.key)), values, outside, ranks)
        self._again.drop()

    def _merge(
        self, key: tuple[Any, ...], values: Sequence[Any], outside: dict[str, Any], ranks: dict[int, Rank]
    ) -> None:
        new = self._table.record(values, **outside)
        *row, capture, older_text = self._db.execute(self._select, key).fetchone()
        old = self._table.record(row, **outside)
        older = msgspec.json.decode(older_text) if older_text else {}
        merged, older, newest = merge(old, older, capture, new, self._capture, ranks)
        columns = (*self._table.columns, "capture", "older")
        was = (*row, capture, older_text)
        now = (*self._table.values(merged), newest, _json(older) if older else None)
        # Indexes take time for each column that is set, also to what it was.
        found = {column: new for column, old, new in zip(columns, was, now, strict=True) if old != new}
        if found:
            settings = ", ".join(f"{column} = ?" for column in found)
            self._db.execute(f"UPDATE {self._table.name} SET {settings} WHERE {self._where}", (*found.values(), *key))
        if merged != old or newest != capture:
            self._changed(old, merged, key)


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()
