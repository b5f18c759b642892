"""The sightings of one kind of thing in one dump: added, or kept waiting until they can be merged with earlier ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from archiver.store.rows import Rank, Table, merge

R = TypeVar("R", bound=msgspec.Struct)


class Sightings(Generic[R]):
    """Adds records of one kind; what is there already waits in a temporary table until the capture's time is known."""

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
        where = " AND ".join(f"{column} = ?" for column in self._key)
        self._select = f"SELECT {', '.join(table.columns)}, capture, older FROM {table.name} WHERE {where}"
        self._where = where
        self._waiting = f"again_{table.name}"
        self._waits = False
        fields = ", ".join([*([extra_key] if extra_key else []), *table.columns])
        db.execute(f"DROP TABLE IF EXISTS temp.{self._waiting}")
        db.execute(f"CREATE TEMP TABLE {self._waiting} AS SELECT {fields}, '' AS outside FROM {table.name} WHERE 0")
        db.execute(f"CREATE INDEX temp.{self._waiting}_key ON {self._waiting} ({', '.join(self._key)})")

    def add(self, records: Sequence[R], extra: Sequence[Any] = ()) -> None:
        """Take several at once. ``extra``: what each has in the column that is no field of it."""
        # Only columns with something in them: sqlite3 takes longer to bind None than a number or a text.
        cells = self._table.filled(records)
        if self._outside_key:
            cells[self._outside_key] = extra
        columns = ", ".join(cells)
        rows = list(zip(*cells.values(), strict=True))
        places = ", ".join("?" * len(cells))
        sql = f"""INSERT INTO {self._table.name} (capture, {columns}) VALUES ({self._capture}, {places})
            ON CONFLICT DO NOTHING"""
        cursor = self._db.cursor()
        again = [at for at, row in enumerate(rows) if not cursor.execute(sql, row).rowcount]
        if again:
            waiting = [(*rows[at], _json(self._table.outside(records[at]))) for at in again]
            cursor.executemany(f"INSERT INTO {self._waiting} ({columns}, outside) VALUES ({places}, ?)", waiting)
            self._waits = True
            known = set(again)
            extra = [one for at, one in enumerate(extra) if at not in known]
            records = [record for at, record in enumerate(records) if at not in known]
        if self._came:
            self._came(records, extra)
        else:
            for record in records:
                self._changed(None, record, ())

    def last_waiting(self, column: str, key: tuple[str, ...]) -> tuple[bool, Any]:
        """Does another sighting of this thing wait? And what the last one that knows the column has there."""
        if not self._waits:
            return False, None
        where = " AND ".join(f"{name} = ?" for name in self._key)
        sql = f"SELECT {column} FROM {self._waiting} WHERE {where} ORDER BY {column} IS NULL, rowid DESC LIMIT 1"
        found = self._db.execute(sql, key).fetchone()
        return found is not None, found and found[0]

    def merge(self, ranks: dict[int, Rank]) -> None:
        """Join what waits with what was there. ``ranks``: how new each capture is."""
        if self._waits and self._seen:
            self._settle_unchanged(self._seen, ranks)
        if self._waits and self._ghosts:
            self._settle_ghosts(self._ghosts, ranks)
        width = len(self._key) - len(self._table.key)
        for row in self._db.execute(f"SELECT * FROM {self._waiting} ORDER BY rowid"):
            extra, values, outside = row[:width], row[width:-1], msgspec.json.decode(row[-1])
            own = dict(zip(self._table.columns, values, strict=True))
            self._merge((*extra, *(own[field] for field in self._table.key)), values, outside, ranks)
        self._db.execute(f"DROP TABLE {self._waiting}")

    def _settle_unchanged(self, seen: Callable[..., object], ranks: dict[int, Rank]) -> None:
        """What merging comes to for most of a dump that overlaps an earlier one: nothing is new but the capture."""
        keys = ", ".join(self._key)
        equal = " AND ".join(f"t.{column} COLLATE BINARY IS w.{column}" for column in self._table.columns)
        self._find("unchanged", equal)
        again = f"SELECT {keys} FROM unchanged WHERE capture IN ({self._older(ranks)})"
        self._db.execute(f"UPDATE {self._table.name} SET capture = ? WHERE ({keys}) IN ({again})", (self._capture,))
        for key in self._db.execute(again):
            seen(*key)
        self._settled("unchanged")

    def _settle_ghosts(self, ghosts: Callable[[str], None], ranks: dict[int, Rank]) -> None:
        """What merging comes to for posts that came after their comments: all that is told of them is new."""
        told = [column for column in self._table.columns if column not in (*self._table.key, "community")]
        empty = " AND ".join(f"t.{column} IS NULL" for column in told)
        community = "(t.community IS NULL OR t.community COLLATE BINARY IS w.community)"
        self._find("ghosts", f"{empty} AND {community}")
        fields = [field for field in self._table.fields if field not in self._table.key]
        sources = " || ".join(
            f"""iif(w.{field} IS NULL OR t.{field} IS NOT NULL, '', ',"{field}":{self._capture}')""" for field in fields
        )
        settings = ", ".join(f"{column} = w.{column}" for column in ("community", *told))
        keys = " AND ".join(f"t.{column} = w.{column}" for column in self._key)
        self._db.execute(f"""UPDATE {self._table.name} AS t SET {settings},
            capture = iif(g.ahead, capture, {self._capture}),
            older = iif(g.ahead, '{{' || substr({sources}, 2) || '}}', NULL)
            FROM (SELECT number, capture NOT IN ({self._older(ranks, self._capture)}) AS ahead FROM ghosts) AS g
            JOIN {self._waiting} AS w ON w.rowid = g.number WHERE {keys}""")
        ghosts("ghosts")
        self._settled("ghosts")

    def _older(self, ranks: dict[int, Rank], *more: int) -> str:
        return ", ".join(map(str, [*(number for number in ranks if ranks[number] < ranks[self._capture]), *more]))

    def _find(self, name: str, condition: str) -> None:
        """Make a table of what waits once (w), for a row of one source (t), where a condition holds for both."""
        same_key = " AND ".join(f"{{0}}.{column} = w.{column}" for column in self._key)
        self._db.execute(f"""CREATE TEMP TABLE {name} AS
            SELECT w.rowid AS number, t.capture, {", ".join(f"t.{column}" for column in self._key)}
            FROM {self._waiting} AS w JOIN {self._table.name} AS t ON {same_key.format("t")}
            WHERE t.older IS NULL AND (w.body IS NOT NULL OR w.body_format IS NULL) AND {condition}
            AND NOT EXISTS (SELECT 1 FROM {self._waiting} AS o WHERE {same_key.format("o")} AND o.rowid <> w.rowid)""")

    def _settled(self, name: str) -> None:
        self._db.execute(f"DELETE FROM {self._waiting} WHERE rowid IN (SELECT number FROM {name})")
        self._db.execute(f"DROP TABLE {name}")

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
