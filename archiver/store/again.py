"""What a dump has of things that were in the archive before: held while the dump is read, and settled at its end.

Only then is it known which capture is newer. Most of such a dump is just as before, or only names a post; a few
statements for all of it come to what merging each (``rows.merge``) would.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from archiver.store.rows import RANK, Table


class Again:
    """The sightings of one kind of thing that cannot be added yet, in temporary tables.

    ``same_…`` has the keys of those that say what the archive says; ``again_…`` the whole of the others, which wait.
    """

    def __init__(self, db: sqlite3.Connection, table: Table[Any], key: Sequence[str], capture: int) -> None:
        self._db = db
        self._table = table
        self._key = key
        self._keys = ", ".join(key)
        self._capture = capture
        self._nameable = "community" in table.columns
        """May a thing be known only by what belongs to it, as a post by its comments?"""
        self._same, self._waiting = f"same_{table.name}", f"again_{table.name}"
        self._any_same = self._any_waiting = False
        self._execute = db.cursor().execute
        self._notes: dict[tuple[str, ...], str] = {}
        """SQL by the columns that the rows have."""
        fields = ", ".join(dict.fromkeys((*key, *table.columns)))
        for name in (self._same, self._waiting):
            db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        db.execute(f"CREATE TEMP TABLE {self._waiting} AS SELECT {fields}, '' AS outside FROM {table.name} WHERE 0")
        db.execute(f"CREATE INDEX temp.{self._waiting}_key ON {self._waiting} ({self._keys})")
        db.execute(f"""CREATE TEMP TABLE {self._same} ({self._keys}, capture, mixed, PRIMARY KEY ({self._keys}))
            WITHOUT ROWID""")

    def is_same(self, columns: tuple[str, ...], row: Sequence[Any]) -> bool:
        """Does the archive say the same of the thing as a row with these columns? If so, it is noted."""
        note = self._notes.get(columns)
        if note is None:
            note = self._notes[columns] = self._note(columns)
        same = self._execute(note, row).rowcount == 1
        self._any_same |= same
        return same

    def _note(self, columns: Sequence[str]) -> str:
        """SQL that notes a row with these columns, if it is what the table has.

        What waits of the same thing would have to be merged first, unless it tells nothing more.
        """
        given = {column: f"?{at}" for at, column in enumerate(columns, 1)}
        equal = " AND ".join(
            f"t.{column} COLLATE BINARY IS {given.get(column, 'NULL')}" for column in self._table.columns
        )
        here = " AND ".join(f"{{0}}.{column} = {given[column]}" for column in self._key)
        more = f"AND NOT {self._only_names('w', 't')}" if self._nameable else ""
        return f"""INSERT OR REPLACE INTO {self._same}
            SELECT {", ".join(f"t.{column}" for column in self._key)}, t.capture, t.older IS NOT NULL
            FROM {self._table.name} AS t WHERE {here.format("t")} AND {equal} AND {self._is_plain("t")}
            AND NOT EXISTS (SELECT 1 FROM {self._waiting} AS w WHERE {here.format("w")} {more})"""

    def wait(self, columns: Sequence[str], row: Sequence[Any]) -> None:
        """Hold a row to be merged; last in it are the fields that stand in other tables."""
        self._any_waiting = True
        places = ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO {self._waiting} ({', '.join(columns)}, outside) VALUES ({places})", row)

    def last_waiting(self, column: str, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], Any]:
        """Of which of these things any sighting waits, and what the last one that knows has in the column."""
        if not self._any_waiting:
            return {}
        here = (f"w.{name} = json_extract(wanted.value, '$[{at}]')" for at, name in enumerate(self._key))
        sql = f"""SELECT {", ".join(f"w.{name}" for name in self._key)}, w.{column} FROM json_each(?) AS wanted
            CROSS JOIN {self._waiting} AS w ON {" AND ".join(here)}
            ORDER BY w.{column} IS NOT NULL, w.rowid"""
        found = self._db.execute(sql, (msgspec.json.encode(keys).decode(),))
        return {tuple(key): value for *key, value in found}

    def settle(self, seen: Callable[..., object], ghosts: Callable[[str], None] | None) -> None:
        """Do what merging comes to, for all but what says something new of a thing that was known.

        ``seen(*key)`` is told what a newer capture has as it was, ``ghosts(table)`` of a table with the keys of those
        of which only the key and the community were known.
        """
        if not (self._any_same or self._any_waiting):
            return
        # A query, as a list of them would be long: each saved page is a capture.
        older = f"SELECT id FROM capture WHERE ({RANK}) < (SELECT {RANK} FROM capture WHERE id = {self._capture})"
        if self._any_same:
            self._settle_same(older, seen)
        if self._any_waiting and ghosts:
            self._settle_ghosts(older, ghosts)
            self._settle_named(older, seen)

    def waiting(self) -> Iterator[tuple[Any, ...]]:
        """What is left to be merged, in the order it came: key and columns, then the fields that stand outside."""
        yield from self._db.execute(f"SELECT * FROM {self._waiting} ORDER BY rowid")

    def drop(self) -> None:
        """Let go of everything."""
        for name in (self._same, self._waiting):
            self._db.execute(f"DROP TABLE {name}")

    def _settle_same(self, older: str, seen: Callable[..., object]) -> None:
        """Nothing is new but the capture, or where some of it comes from."""
        here, mine = f"({self._keys}) IN (SELECT {self._keys} FROM {self._same} WHERE", self._capture
        self._db.execute(f"UPDATE {self._table.name} SET capture = {mine} WHERE {here} capture IN ({older}))")
        # Captures may have been given another time since, so a field may come from a newer one than its row.
        upto = f"{older} UNION ALL SELECT {mine}"
        self._db.execute(f"""UPDATE {self._table.name} SET older = (
                SELECT nullif(json_group_object(key, iif(value IN ({older}), {mine}, value)), '{{}}')
                FROM json_each(older) WHERE capture <> {mine} OR value NOT IN ({upto}))
            WHERE {here} mixed)""")
        for key in self._db.execute(f"SELECT {self._keys} FROM {self._same} WHERE capture IN ({older})"):
            seen(*key)

    def _settle_ghosts(self, older: str, ghosts: Callable[[str], None]) -> None:
        """Posts that came after their comments: all that is told of them is new."""
        self._find("ghosts", f"t.older IS NULL AND {self._keeps_format('w')} AND {self._only_names('t', 'w')}")
        told = self._sources(str(self._capture), "w.{0} IS NULL OR t.{0} IS NOT NULL")
        settings = ", ".join(f"{column} = w.{column}" for column in ("community", *self._told))
        self._db.execute(f"""UPDATE {self._table.name} AS t SET {settings},
            capture = iif(g.ahead, capture, {self._capture}), older = iif(g.ahead, {told}, NULL)
            FROM (SELECT number, capture NOT IN ({older}) AND capture <> {self._capture} AS ahead FROM ghosts) AS g
            JOIN {self._waiting} AS w ON w.rowid = g.number WHERE {self._is_one("t", "w")}""")
        ghosts("ghosts")
        self._settled("ghosts")

    def _settle_named(self, older: str, seen: Callable[..., object]) -> None:
        """Comments on posts that other dumps had: those are seen again, and all that is told of them is older."""
        # Who said which community it was may change with this, too.
        community = "json_extract(t.older, '$.community')"
        said = f"({community} IS NULL OR t.capture IN ({older}) AND {community} IN ({older}))"
        self._find("named", f"{self._is_plain('t')} AND {self._only_names('w', 't')} AND {said}")
        source = "coalesce(json_extract(t.older, '$.{0}'), t.capture)"
        unless = f"t.{{0}} IS NULL OR '{{0}}' = 'community' AND w.community IS NOT NULL OR {source} = {self._capture}"
        told = self._sources(source, unless)
        self._db.execute(f"""UPDATE {self._table.name} AS t SET capture = {self._capture}, older = {told}
            FROM (SELECT number FROM named WHERE capture IN ({older})) AS n
            JOIN {self._waiting} AS w ON w.rowid = n.number WHERE {self._is_one("t", "w")}""")
        for key in self._db.execute(f"SELECT {self._keys} FROM named WHERE capture IN ({older})"):
            seen(*key)
        self._settled("named")

    def _find(self, name: str, condition: str) -> None:
        """Make a table of what waits once (w), for a row (t), where a condition holds for both."""
        self._db.execute(f"""CREATE TEMP TABLE {name} AS
            SELECT w.rowid AS number, t.capture, {", ".join(f"t.{column}" for column in self._key)}
            FROM {self._waiting} AS w JOIN {self._table.name} AS t ON {self._is_one("t", "w")}
            WHERE {condition} AND NOT EXISTS (
                SELECT 1 FROM {self._waiting} AS o WHERE {self._is_one("o", "w")} AND o.rowid <> w.rowid)""")

    def _settled(self, name: str) -> None:
        self._db.execute(f"DELETE FROM {self._waiting} WHERE rowid IN (SELECT number FROM {name})")
        self._db.execute(f"DROP TABLE {name}")

    # -- pieces of SQL; t is a row of the table, w one that waits ------------------------------------------------------

    def _is_one(self, one: str, other: str) -> str:
        """Both rows are of the same thing."""
        return " AND ".join(f"{one}.{column} = {other}.{column}" for column in self._key)

    @property
    def _told(self) -> list[str]:
        """The columns that hold nothing where a post was only named."""
        return [column for column in self._table.columns if column not in (*self._table.key, "community")]

    def _only_names(self, one: str, other: str) -> str:
        """The row tells nothing but what it is of, and no community that the other row does not tell."""
        empty = " AND ".join(f"{one}.{column} IS NULL" for column in self._told)
        return f"({empty} AND ({one}.community IS NULL OR {one}.community COLLATE BINARY IS {other}.community))"

    def _is_plain(self, row: str) -> str:
        """Merging what tells the same only changes where it comes from: no text was withdrawn."""
        return f"{self._keeps_format(row)} AND json_extract({row}.older, '$.withdrawn') IS NULL"

    @staticmethod
    def _keeps_format(row: str) -> str:
        """Merging takes a format away that has no text."""
        return f"({row}.body IS NOT NULL OR {row}.body_format IS NULL)"

    def _sources(self, source: str, unless: str) -> str:
        """What ``older`` says: which capture each field comes from, unless …; with the field's name in place of {0}."""
        fields = [field for field in self._table.fields if field not in self._table.key]
        each = (f"""iif({unless.format(field)}, '', ',"{field}":' || {source.format(field)})""" for field in fields)
        return f"nullif('{{' || substr({' || '.join(each)}, 2) || '}}', '{{}}')"
