"""The sightings of one kind of thing in one dump: added at once, or merged with earlier ones when all was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from archiver.store.again import Again
from archiver.store.rows import Rank, Table, merge

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
        came: Callable[[Sequence[R], Sequence[Any]], None] | None = None,
        ghosts: Callable[[str], None] | None = None,
        extra_key: str | None = None,
    ) -> None:
        """``changed(old, new, key)`` is told of every row that comes or differs, ``seen(*key)`` of those that a newer
        capture has as they were, ``came(records, extra)`` of many that come at once, ``ghosts(table)`` of a table
        with the keys of those of which only the key and the community were known.
        """
        self._db = db
        self._table = table
        self._capture = capture
        self._came = came
        self._changed = changed
        self._seen = seen
        self._ghosts = ghosts
        self._key = [*([extra_key] if extra_key else []), *table.key]
        self._outside_key = extra_key
        self._where = " AND ".join(f"{column} = ?" for column in self._key)
        self._select = f"SELECT {', '.join(table.columns)}, capture, older FROM {table.name} WHERE {self._where}"
        self._again = Again(db, table, self._key, capture)
        self._overlaps = False
        """Was most of what came last there already?"""

    def add(self, records: Sequence[R], extra: Sequence[Any] = ()) -> None:
        """Take several at once. ``extra``: what each has in the column that is no field of it."""
        # Only columns with something in them: sqlite3 takes longer to bind None than a number or a text.
        cells = self._table.filled(records)
        if self._outside_key:
            cells[self._outside_key] = extra
        came = self._add(list(cells), list(zip(*cells.values(), strict=True)), records)
        self._overlaps = len(came) < len(records) / 2
        if len(came) < len(records):
            extra = [extra[at] for at in came] if extra else extra
            records = [records[at] for at in came]
        if self._came:
            self._came(records, extra)
        else:
            for record in records:
                self._changed(None, record, ())

    def _add(self, columns: list[str], rows: Sequence[tuple[Any, ...]], records: Sequence[R]) -> list[int]:
        """Add the rows of records. Returns which of them were not there before."""
        sql = f"""INSERT INTO {self._table.name} (capture, {", ".join(columns)})
            VALUES ({self._capture}, {", ".join("?" * len(columns))}) ON CONFLICT DO NOTHING"""
        execute = self._db.cursor().execute
        is_same = self._again.is_same(columns) if self._seen else lambda _: False
        came = []
        for at, row in enumerate(rows):
            # Either question may come first: what is there is not added, what is not there is not the same.
            if self._overlaps and is_same(row):
                continue
            if execute(sql, row).rowcount:
                came.append(at)
            elif self._overlaps or not is_same(row):
                self._again.wait(columns, (*row, _json(self._table.outside(records[at]))))
        return came

    def last_waiting(self, column: str, key: tuple[str, ...]) -> tuple[bool, Any]:
        """Does another sighting of this thing wait? And what the last one that knows has in the column."""
        return self._again.last_waiting(column, key)

    def merge(self, ranks: dict[int, Rank]) -> None:
        """Join what came again with what was there. ``ranks``: how new each capture is."""
        if self._seen:
            self._again.settle(ranks, self._seen, self._ghosts)
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
