"""What a site was built from, kept beside it, so that the next build renders only what changed.

A *unit* is what is rendered together: a thread, a person, a community, the front pages. For each the ledger knows its
files, and which people and communities its texts named (a name becomes a link where the archive has a page for it).
The ledger is only a memory: without it everything is rendered again, and nothing that is alike is written again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from archiver import urls
from archiver.errors import PublishError

ASK = tuple[str, str, str]
"""("person" or "community", host, name)."""

FRONT = "front"
"""The unit of the pages about the whole archive, and the files of the theme."""

_VERSION = 1
"""Grows with every change of the tables."""

_TABLES = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS file (
    path TEXT PRIMARY KEY, sha256 TEXT, size INTEGER, changed INTEGER, unit TEXT, content TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_by_unit ON file (unit);
CREATE TABLE IF NOT EXISTS asked (
    kind TEXT, host TEXT, name TEXT COLLATE NOCASE, unit TEXT, PRIMARY KEY (kind, host, name, unit)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS asked_by_unit ON asked (unit);
CREATE TABLE IF NOT EXISTS place (
    thread INTEGER, comment TEXT, page INTEGER, PRIMARY KEY (thread, comment)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS gone (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def thread_unit(key: int) -> str:
    """The unit of a thread."""
    return f"thread {key}"


def named_unit(kind: str, host: str, name: str) -> str:
    """The unit of a person or community; the same for every spelling of the name."""
    return msgspec.json.encode([kind, host, urls.folded_name(name)]).decode()


class Written(msgspec.Struct, frozen=True):
    """A file that belongs to the site."""

    path: str
    """Below the site folder."""
    sha256: str
    size: int
    changed: bool
    """It was written; otherwise the same bytes are there already."""
    content: str | None = None
    """For pages that can be known without being rendered: what they show, as a checksum."""


class Rendered(msgspec.Struct, frozen=True):
    """What came of one unit."""

    unit: str
    files: list[Written]
    asked: list[ASK]
    """Whose pages its texts would link to."""
    places: dict[str, int] = {}
    """Of a thread: the page of its default order on which comments stand, for those not on the first."""
    thread: int | None = None
    """Of a thread: its key."""


class Ledger:
    """The memory of one site folder; while it is open, no other build can open it."""

    def __init__(self, path: Path) -> None:
        """Raises PublishError, also where another build has it open."""
        self.path = path
        self._is_new = False
        try:
            self._open()
        except sqlite3.OperationalError as error:
            raise PublishError(_sentence(path, error)) from error
        except sqlite3.DatabaseError:
            # Not a file of ours, or a damaged one: no more than a memory is lost.
            path.unlink()
            self._open()

    def _open(self) -> None:
        self._db = sqlite3.connect(self.path, isolation_level=None, timeout=0)
        try:
            if self._db.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
                raise sqlite3.DatabaseError("tables of another archiver")
            self._db.executescript(f"""
                PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384;
                PRAGMA user_version = {_VERSION}; {_TABLES}""")
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        """Let go of the file; what was not kept is forgotten."""
        self._db.close()

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        with explained(self.path):
            yield from self._db.execute(sql, values)

    def _do(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        with explained(self.path):
            self._db.execute(sql, values)

    def _fill(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with explained(self.path):
            self._db.executemany(sql, rows)

    def fact(self, name: str) -> str | None:
        """Something noted by ``begin`` of an earlier build."""
        return next((str(value) for (value,) in self._rows("SELECT value FROM fact WHERE name = ?", (name,))), None)

    def relearn(self, files: Iterable[tuple[str, str, int]]) -> None:
        """Forget everything but these files: (path, sha256, size) as the site's manifest has them."""
        self._do("BEGIN IMMEDIATE")
        for table in ("fact", "file", "asked", "place"):
            self._do(f"DELETE FROM {table}")
        self._fill("INSERT OR REPLACE INTO file VALUES (?, ?, ?, 0, '', NULL)", files)
        self._do("COMMIT")

    def begin(self) -> None:
        """From here to ``keep`` other processes see what was there before. Raises PublishError where one builds too."""
        self._do("BEGIN IMMEDIATE")
        self._do("UPDATE file SET changed = 0 WHERE changed")

    def keep(self, facts: dict[str, str]) -> None:
        """Make all of it true, with these facts."""
        self._fill("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts.items())
        self._do("COMMIT")
        if self._is_new:
            self._do("VACUUM")  # names that may have been taken back leave traces in pages

    def forget_all(self) -> None:
        """Everything will be rendered."""
        self._is_new = True
        self._do("INSERT OR IGNORE INTO gone SELECT path FROM file")
        for table in ("file", "asked"):
            self._do(f"DELETE FROM {table}")

    def forget(self, units: Iterable[str]) -> None:
        """These units will be rendered again, or are no more."""
        for unit in units:
            self._do("INSERT OR IGNORE INTO gone SELECT path FROM file WHERE unit = ?", (unit,))
            self._do("DELETE FROM file WHERE unit = ?", (unit,))
            self._do("DELETE FROM asked WHERE unit = ?", (unit,))

    def note(self, rendered: Sequence[Rendered]) -> None:
        """Note what came of units that are forgotten. Raises PublishError where two pages have one address."""
        rows = (
            (file.path, file.sha256, file.size, file.changed, one.unit, file.content)
            for one in rendered
            for file in one.files
        )
        try:
            self._fill("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.IntegrityError as error:
            raise PublishError(f"{self.path.parent}: two pages have the same address ({error})") from error
        asked = ((*ask, one.unit) for one in rendered for ask in one.asked)
        self._fill("INSERT OR IGNORE INTO asked VALUES (?, ?, ?, ?)", asked)

    def move(self, thread: int, places: dict[str, int]) -> list[str]:
        """Note on which pages a thread's comments stand now. Returns the comments that stood elsewhere before."""
        before = dict(self._rows("SELECT comment, page FROM place WHERE thread = ?", (thread,)))
        if before == places:
            return []
        self._do("DELETE FROM place WHERE thread = ?", (thread,))
        self._fill("INSERT INTO place VALUES (?, ?, ?)", ((thread, *place) for place in places.items()))
        return [id for id in before.keys() | places.keys() if before.get(id, 1) != places.get(id, 1)]

    def has(self, unit: str) -> bool:
        """Does the site have pages of this unit?"""
        return any(self._rows("SELECT 1 FROM file WHERE unit = ? LIMIT 1", (unit,)))

    def who_asked(self, ask: ASK) -> Iterator[str]:
        """The units whose texts name this person or community."""
        for (unit,) in self._rows("SELECT unit FROM asked WHERE kind = ? AND host = ? AND name = ?", ask):
            yield unit

    def damaged(self, output: Path) -> set[str]:
        """The units with files that are not in the site folder, or have another size there."""
        root = f"{output}/"
        units: set[str] = set()
        for path, size in self._rows("SELECT path, size FROM file"):
            if not has_size(root + path, size):
                units.update(unit for (unit,) in self._rows("SELECT unit FROM file WHERE path = ?", (path,)))
        return units

    def changed(self) -> Iterator[str]:
        """Paths of the files written by this build; lists come after the pages they lead to."""
        for (path,) in self._rows("SELECT path FROM file WHERE changed ORDER BY instr(path, '/') = 0, path"):
            yield path

    def stale(self) -> Iterator[str]:
        """Paths of files that no longer belong to the site."""
        for (path,) in self._rows("SELECT path FROM gone WHERE path NOT IN (SELECT path FROM file)"):
            yield path

    def counts(self) -> tuple[int, int, int]:
        """Files written by this build, left as they were, no longer belonging to the site."""
        (written, total) = next(self._rows("SELECT count(*) FILTER (WHERE changed), count(*) FROM file"))
        (stale,) = next(self._rows("SELECT count(*) FROM gone WHERE path NOT IN (SELECT path FROM file)"))
        return written, total - written, stale

    def manifest(self) -> Iterator[str]:
        """A line for each file of the site, by path: its sha256, size and path, with tabs between."""
        tab, end = "char(9)", "char(10)"
        for (line,) in self._rows(f"SELECT sha256||{tab}||size||{tab}||path||{end} FROM file ORDER BY path"):
            yield line


def has_size(path: str | Path, size: int) -> bool:
    """Is there a file of that many bytes?"""
    try:
        return os.stat(path).st_size == size  # noqa: PTH116  a Path for each of a million files takes longer
    except OSError:
        return False


def checksum(path: Path) -> str:
    """sha256 of a file; empty where there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as found:
        return hashlib.file_digest(found, "sha256").hexdigest()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What SQLite says of a file of the build, as a PublishError."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise PublishError(_sentence(path, error)) from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    if "locked" in str(error) or "busy" in str(error):
        return f"{path.parent}: another build is writing this site; try again when it has finished"
    if "readonly" in str(error) or "unable to open" in str(error):
        return f"{path.parent}: may not be written to; the old site is as it was"
    return f"{path}: {error}; the old site is as it was"
