"""The site folder: files are prepared beside it and moved in when all are ready; its manifest says what belongs to it.

A reader never meets half a page, a build that dies leaves the old site, and a file whose bytes did not change is not
touched.
"""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from archiver.errors import PublishError

MANIFEST = "manifest.tsv"
"""One line a file: sha256, bytes, path; sorted by path."""


_SIZE = re.compile(r"[0-9]{1,18}")


class Written(msgspec.Struct, frozen=True):
    """A file that belongs to the site."""

    path: str
    """Below the site folder."""
    sha256: str
    size: int
    changed: bool
    """It was written; otherwise the same bytes are there already."""


class Staging:
    """Where the files of a build wait. Workers open it by its folder; only the maker finishes it."""

    def __init__(self, output: Path, folder: Path) -> None:
        self.output = output
        self.folder = folder
        self._old = sqlite3.connect(f"{(folder / 'build.db').absolute().as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        """Let go of the folder."""
        self._old.close()

    def write(self, path: str, data: bytes) -> Written:
        """Keep one file for the site, unless the same is there already. Raises PublishError."""
        digest = hashlib.sha256(data).hexdigest()
        known = self._old.execute("SELECT sha256, size FROM old WHERE path = ?", (path,)).fetchone()
        changed = known != (digest, len(data)) or not _has_size(self.output / path, len(data))
        if changed:
            target = self.folder / "site" / path
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            except OSError as error:
                raise PublishError(f"{self.output / path}: {error.strerror}; the old site is as it was") from error
        return Written(path, digest, len(data), changed)

    def page_of(self, thread: int, comment: str) -> int:
        """The page of the thread's default order that holds a comment."""
        row = self._old.execute("SELECT page FROM place WHERE thread = ? AND comment = ?", (thread, comment)).fetchone()
        return int(row[0]) if row else 1


class Build:
    """One build of a site folder: made first, ``commit`` at the end; ``discard`` whatever happens."""

    def __init__(self, output: Path) -> None:
        """Raises PublishError if the folder holds something that is not a site of ours."""
        self.output = output
        whole = output.resolve()
        self.folder = whole.parent / f".{whole.name}.building"
        try:
            if output.exists() and not (output / MANIFEST).exists() and any(output.iterdir()):
                raise PublishError(f"{output}: exists and is not a site made by archiver; choose another --output")
            whole.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            (self.folder / "site").mkdir(parents=True)
            self._db = sqlite3.connect(self.folder / "build.db", isolation_level=None)
        except OSError as error:
            raise PublishError(f"{error.filename or output}: {error.strerror}") from error
        except sqlite3.Error as error:
            raise PublishError(f"{self.folder}: {error}") from error
        try:
            self._prepare()
        except BaseException:
            self.discard()
            raise

    def _prepare(self) -> None:
        self._db.executescript("""
            PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
            CREATE TABLE old (path TEXT PRIMARY KEY, sha256 TEXT, size INTEGER) WITHOUT ROWID;
            CREATE TABLE new (path TEXT PRIMARY KEY, sha256 TEXT, size INTEGER, changed INTEGER) WITHOUT ROWID;
            CREATE TABLE place (
                thread INTEGER, comment TEXT, page INTEGER, PRIMARY KEY (thread, comment)
            ) WITHOUT ROWID;
        """)
        self._fill("INSERT OR REPLACE INTO old VALUES (?, ?, ?)", _manifest(self.output / MANIFEST))

    def _fill(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            self._db.executemany(sql, rows)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise PublishError(f"{self.folder}: {error}; the old site is as it was") from error

    def add(self, files: Iterable[Written]) -> None:
        """Note files that belong to the site. Raises PublishError where two pages have one address."""
        try:
            self._fill("INSERT INTO new VALUES (?, ?, ?, ?)", ((f.path, f.sha256, f.size, f.changed) for f in files))
        except sqlite3.IntegrityError as error:
            raise PublishError(f"{self.output}: two pages have the same address ({error})") from error

    def place(self, thread: int, pages: dict[str, int]) -> None:
        """Note on which page of their thread comments stand."""
        rows = ((thread, comment, page) for comment, page in pages.items())
        self._fill("INSERT INTO place VALUES (?, ?, ?)", rows)

    def commit(self) -> tuple[int, int, int]:
        """Move everything in, take away what no longer belongs. Returns (written, unchanged, removed)."""
        changed = [row[0] for row in self._db.execute("SELECT path FROM new WHERE changed ORDER BY path")]
        stale = [row[0] for row in self._db.execute("SELECT path FROM old WHERE path NOT IN (SELECT path FROM new)")]
        (total,) = self._db.execute("SELECT count(*) FROM new").fetchone()
        try:
            if changed or stale or not self.output.exists():
                self._write_manifest()
                self._move(changed)
            for path in stale:
                _remove(self.output, path)
        except OSError as error:
            raise PublishError(f"{error.filename or self.output}: {error.strerror}") from error
        return len(changed), total - len(changed), len(stale)

    def discard(self) -> None:
        """Take the workplace away."""
        self._db.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_manifest(self) -> None:
        with (self.folder / "site" / MANIFEST).open("w", encoding="utf-8", newline="\n") as target:
            for digest, size, path in self._db.execute("SELECT sha256, size, path FROM new ORDER BY path"):
                target.write(f"{digest}\t{size}\t{path}\n")

    def _move(self, changed: list[str]) -> None:
        site = self.folder / "site"
        if not self.output.exists():
            site.rename(self.output)
            return
        # Lists come after the pages they lead to, and the manifest, which makes it a site, comes last.
        for path in [*sorted(changed, key=lambda path: (path.count("/") == 0, path)), MANIFEST]:
            target = self.output / path
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                (site / path).replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                # The site folder is a disk of its own: copy first, so that no half page is ever seen.
                copy = target.with_name(f".{target.name}.new")
                shutil.copyfile(site / path, copy)
                copy.replace(target)


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _manifest(path: Path) -> Iterator[tuple[str, str, int]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            parts = line.rstrip("\n").split("\t")
            if len(parts) != 3 or not _SIZE.fullmatch(parts[1]) or "\0" in line:
                raise PublishError(f"{path}:{number}: not a line of a manifest; remove the folder to build it anew")
            yield parts[2], parts[0], int(parts[1])


def _remove(output: Path, path: str) -> None:
    """Take away a file of the site, and the folders that are empty then. Never anything outside the site."""
    target = output / path
    if ".." in Path(path).parts or not target.resolve().is_relative_to(output.resolve()) or not target.is_file():
        return
    target.unlink()
    for folder in target.parents:
        if folder == output or any(folder.iterdir()):
            break
        folder.rmdir()
