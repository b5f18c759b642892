"""Adds the records of one dump to the archive, merging what was there before."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from archiver.model import Capture, Comment, Community, Gap, Moment, Person, Post, Record, Seen, Site, Skip
from archiver.store.changes import Changes
from archiver.store.rows import (
    COMMENTS,
    COMMUNITIES,
    PERSONS,
    POSTS,
    SITES,
    Rank,
    Table,
    merge,
    moment_values,
    number,
    text,
)

R = TypeVar("R", bound=msgspec.Struct)

POSTS_REMEMBERED = 100_000
"""Row keys of posts kept in memory; more are looked up."""


class CaptureWriter:
    """Takes the records of one dump. Only Archive.adding makes one, and calls ``finish`` at the end."""

    def __init__(self, db: sqlite3.Connection, capture: Capture, member: str) -> None:
        self._db = db
        self._capture = capture
        self._id = self._start(capture, member)
        self._captured = capture.captured
        self._changes = Changes(db)
        self._newest: int | None = None
        self._keys: dict[tuple[str, str, str | None], int] = {}
        self.posts = 0
        self.comments = 0
        self.skipped = 0
        self._tables: dict[type, _Sightings[Any]] = {
            Site: _Sightings(db, SITES, self._id, lambda *_: None),
            Community: _Sightings(db, COMMUNITIES, self._id, self._changes.community),
            Person: _Sightings(db, PERSONS, self._id, self._changes.person),
            Post: _Sightings(db, POSTS, self._id, self._changes.post, self._changes.post_again),
        }
        self._comments = _Sightings(
            db, COMMENTS, self._id, self._changes.comment, lambda post, _: self._changes.thread(post), extra_key="post"
        )

    def _start(self, capture: Capture, member: str) -> int:
        sql = """INSERT INTO capture (name, sha256, member, size, format, imported) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (sha256, member) DO UPDATE SET name = excluded.name, format = excluded.format,
                imported = excluded.imported, error = NULL RETURNING id"""
        values = (text(capture.name), capture.sha256, text(member), capture.size, capture.format, capture.imported)
        number = int(self._db.execute(sql, values).fetchone()[0])
        self._times_before = self._times(number)
        # An index made when all is there takes less time and disk than one kept up to date at random places.
        self._index = self._db.execute("SELECT sql FROM sqlite_schema WHERE name = 'comment_by_author'").fetchone()[0]
        self._bulk = self._db.execute("SELECT NOT EXISTS (SELECT 1 FROM comment)").fetchone()[0]
        if self._bulk:
            self._db.execute("DROP INDEX comment_by_author")
        self._db.execute("DELETE FROM skip WHERE capture = ?", (number,))
        return number

    def _times(self, capture: int) -> Any:
        sql = "SELECT captured, captured_latest, captured_words, newest FROM capture WHERE id = ?"
        return self._db.execute(sql, (capture,)).fetchone()

    def add(self, item: Record | Skip | Seen) -> None:
        """Take one item as an importer yields it."""
        if isinstance(item, Comment):
            self.comments += 1
            self._note_times(item.created, item.edited)
            self._comments.add(item, (self._post_key(item.host, item.post, item.community),))
        elif isinstance(item, Gap):
            self._add_gap(item)
        elif isinstance(item, Skip):
            self._add_skip(item)
        elif isinstance(item, Seen):
            # What the user says about the time of capture counts more than what the dump says.
            self._captured = self._captured or item.captured
        else:
            if isinstance(item, Post):
                self.posts += 1
                self._note_times(item.created, item.edited)
            self._tables[type(item)].add(item)

    def fail(self, reason: str) -> None:
        """Note why the dump could not be read to its end."""
        self._db.execute("UPDATE capture SET error = ? WHERE id = ?", (text(reason), self._id))

    def finish(self) -> None:
        """Merge what the archive knew before, now that the time of this capture is known."""
        times = moment_values(self._captured)
        self._db.execute(
            """UPDATE capture SET captured = ?, captured_latest = ?, captured_words = ?, newest = ?,
                posts = ?, comments = ?, skipped = ? WHERE id = ?""",
            (*times, self._newest, self.posts, self.comments, self.skipped, self._id),
        )
        ranks: dict[int, Rank] = {
            number: (time, digest)
            for number, time, digest in self._db.execute(
                "SELECT id, coalesce(captured, newest, 0), sha256 || member FROM capture"
            )
        }
        for table in (*self._tables.values(), self._comments):
            table.merge(ranks)
        if self._bulk:
            self._db.execute(self._index)
        self._changes.finish(self._id if self._times(self._id) != self._times_before else None)

    def _note_times(self, *moments: Moment | None) -> None:
        for moment in moments:
            if moment and moment.precision == "exact" and (newest := number(moment.earliest)) is not None:
                self._newest = newest if self._newest is None else max(newest, self._newest)

    def _post_key(self, host: str, post: str, community: str | None) -> int:
        """The row of a post; a comment that comes before its post gets a ghost of it."""
        key = self._keys.get((host, post, community))
        if key is None:
            ghost = Post(host=text(host), id=text(post), community=text(community) if community is not None else None)
            sql = "SELECT key, capture, community FROM post WHERE host = ? AND id = ?"
            row = self._db.execute(sql, (ghost.host, ghost.id)).fetchone()
            again, said = self._tables[Post].last_waiting("community", (ghost.host, ghost.id))
            if row is not None and row[1] == self._id:
                again, said = True, said or row[2]
            # Seen by this capture once at least, and once more for each way of spelling the community.
            if not again or ghost.community not in (None, said):
                self._tables[Post].add(ghost)
                row = self._db.execute(sql, (ghost.host, ghost.id)).fetchone()
            key = int(row[0])
            if len(self._keys) >= POSTS_REMEMBERED:
                self._keys.clear()
            self._keys[host, post, community] = key
        return key

    def _add_gap(self, gap: Gap) -> None:
        sql = """INSERT INTO gap (post, parent, ids, count, source_url, capture) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = max(coalesce(excluded.count, count), coalesce(count, excluded.count)),
                source_url = coalesce(excluded.source_url, source_url), capture = excluded.capture
            WHERE excluded.count IS NOT count OR excluded.source_url IS NOT source_url
                OR excluded.capture IS NOT capture"""
        ids = msgspec.json.encode([text(id) for id in gap.ids]).decode()
        key = self._post_key(gap.host, gap.post, None)
        url = None if gap.source_url is None else text(gap.source_url)
        if self._db.execute(sql, (key, text(gap.parent or ""), ids, number(gap.count), url, self._id)).rowcount:
            self._changes.thread(key)

    def _add_skip(self, skip: Skip) -> None:
        self.skipped += 1
        sql = """INSERT INTO skip (capture, reason, count, line, detail) VALUES (?, ?, 1, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + 1"""
        detail = None if skip.detail is None else text(skip.detail)
        self._db.execute(sql, (self._id, text(skip.reason), skip.line, detail))


class _Sightings(Generic[R]):
    """Adds records of one kind; what is there already waits in a temporary table until the capture's time is known."""

    def __init__(
        self,
        db: sqlite3.Connection,
        table: Table[R],
        capture: int,
        changed: Callable[[R | None, R, tuple[Any, ...]], None],
        seen: Callable[..., object] | None = None,
        extra_key: str | None = None,
    ) -> None:
        """``changed(old, new, key)`` is told of every row that comes or differs, ``seen(*key)`` of those that a newer
        capture has as they were.
        """
        self._db = db
        self._table = table
        self._capture = capture
        self._changed = changed
        self._seen = seen
        columns = [*([extra_key] if extra_key else []), *table.columns, "capture"]
        places = ", ".join("?" * len(columns))
        self._insert = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT DO NOTHING"
        self._key = [*([extra_key] if extra_key else []), *table.key]
        where = " AND ".join(f"{column} = ?" for column in self._key)
        self._select = f"SELECT {', '.join(table.columns)}, capture, older FROM {table.name} WHERE {where}"
        settings = ", ".join(f"{column} = ?" for column in [*table.columns, "capture", "older"])
        self._update = f"UPDATE {table.name} SET {settings} WHERE {where}"
        self._waiting = f"again_{table.name}"
        fields = ", ".join(columns[:-1])
        db.execute(f"DROP TABLE IF EXISTS temp.{self._waiting}")
        db.execute(f"CREATE TEMP TABLE {self._waiting} AS SELECT {fields}, '' AS outside FROM {table.name} WHERE 0")
        db.execute(f"CREATE INDEX temp.{self._waiting}_key ON {self._waiting} ({', '.join(self._key)})")
        self._wait = f"INSERT INTO {self._waiting} VALUES ({places})"

    def add(self, record: R, extra: tuple[Any, ...] = ()) -> None:
        values = self._table.values(record)
        if self._db.execute(self._insert, (*extra, *values, self._capture)).rowcount:
            self._changed(None, record, extra)
        else:
            outside = msgspec.json.encode(self._table.outside(record)).decode()
            self._db.execute(self._wait, (*extra, *values, outside))

    def last_waiting(self, column: str, key: tuple[str, ...]) -> tuple[bool, Any]:
        """Does another sighting of this thing wait? And what the last one that knows the column has there."""
        where = " AND ".join(f"{name} = ?" for name in self._key)
        sql = f"SELECT {column} FROM {self._waiting} WHERE {where} ORDER BY {column} IS NULL, rowid DESC LIMIT 1"
        found = self._db.execute(sql, key).fetchone()
        return found is not None, found and found[0]

    def merge(self, ranks: dict[int, Rank]) -> None:
        """Join what waits with what was there. ``ranks``: how new each capture is."""
        if self._seen:
            self._settle_unchanged(self._seen, ranks)
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
        same_key = " AND ".join(f"{{0}}.{column} = w.{column}" for column in self._key)
        self._db.execute(f"""CREATE TEMP TABLE unchanged AS
            SELECT w.rowid AS number, t.capture, {", ".join(f"t.{column}" for column in self._key)}
            FROM {self._waiting} AS w JOIN {self._table.name} AS t ON {same_key.format("t")}
            WHERE t.older IS NULL AND t.state IS NOT 'deleted' AND t.state IS NOT 'removed' AND {equal}
            AND NOT EXISTS (SELECT 1 FROM {self._waiting} AS o WHERE {same_key.format("o")} AND o.rowid <> w.rowid)""")
        older = ", ".join(str(capture) for capture, rank in ranks.items() if rank < ranks[self._capture])
        again = f"SELECT {keys} FROM unchanged WHERE capture IN ({older})"
        self._db.execute(f"UPDATE {self._table.name} SET capture = ? WHERE ({keys}) IN ({again})", (self._capture,))
        for key in self._db.execute(again):
            seen(*key)
        self._db.execute(f"DELETE FROM {self._waiting} WHERE rowid IN (SELECT number FROM unchanged)")
        self._db.execute("DROP TABLE unchanged")

    def _merge(
        self, key: tuple[Any, ...], values: Sequence[Any], outside: dict[str, Any], ranks: dict[int, Rank]
    ) -> None:
        new = self._table.record(values, **outside)
        *row, capture, older_text = self._db.execute(self._select, key).fetchone()
        old = self._table.record(row, **outside)
        older = msgspec.json.decode(older_text) if older_text else {}
        merged, older, newest = merge(old, older, capture, new, self._capture, ranks)
        older_text = msgspec.json.encode(older).decode() if older else None
        self._db.execute(self._update, (*self._table.values(merged), newest, older_text, *key))
        if merged != old or newest != capture:
            self._changed(old, merged, key)
