"""The site folder: files are prepared beside it and moved in when all are ready; its manifest says what belongs to it.

A reader never meets half a page, a build that dies leaves the old site, and a file whose bytes did not change is not
touched.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path

from archiver.errors import PublishError
from archiver.ledger import Ledger, Rendered, Written, checksum, explained, has_size
from archiver.own import MANIFEST

WORK, MOVING = "work-", "moving-"
"""In the folder beside the site: where a build works; manifests of builds that died while they moved files in."""

_SIZE = re.compile(r"[0-9]{1,18}")
_UNKNOWN = ""
"""In place of a checksum: the file may be anything."""


class Staging:
    """Where the files of a build wait. Workers open it by the build's ``work``; only the maker finishes it."""

    def __init__(self, output: Path, work: Path) -> None:
        self.output = output
        self._site = work / "site"
        self._made: set[str] = set()
        with explained(work.parent):
            self._old = sqlite3.connect(f"{(work.parent / 'ledger.db').absolute().as_uri()}?mode=ro", uri=True)
            self._old.execute("ATTACH ? AS now", (f"{(work / 'places.db').absolute().as_uri()}?mode=ro",))
        self._is_new = lru_cache(20_000)(self._is_new_of)
        self._is_first = self._old.execute("SELECT NOT EXISTS (SELECT 1 FROM main.file)").fetchone()[0]

    def close(self) -> None:
        """Let go of the folder."""
        self._old.close()

    def write(self, path: str, data: bytes, content: str | None = None) -> Written:
        """Keep one file for the site, unless the same is there already. Raises PublishError."""
        digest = hashlib.sha256(data).hexdigest()
        changed = self._is_first or not self._has(path, digest, len(data))
        if changed:
            try:
                self._write(path, data)
            except OSError as error:
                raise PublishError(f"{self.output / path}: {error.strerror}; the old site is as it was") from error
        return Written(path, digest, len(data), changed=changed, content=content)

    def _has(self, path: str, digest: str, size: int) -> bool:
        known = self._old.execute("SELECT sha256, size FROM main.file WHERE path = ?", (path,)).fetchone()
        return known == (digest, size) and has_size(f"{self.output}/{path}", size)

    def _write(self, path: str, data: bytes) -> None:
        folder = path.rpartition("/")[0]
        if folder not in self._made:
            (self._site / folder).mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        # Hundreds of thousands of small files: no buffer, no Path.
        with open(f"{self._site}/{path}", "wb", buffering=0) as target:  # noqa: PTH123
            if target.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def known(self, path: str, content: str) -> Written | None:
        """The file that is there already, if it shows just that and is whole."""
        row = self._old.execute(
            "SELECT sha256, size FROM main.file WHERE path = ? AND content = ?", (path, content)
        ).fetchone()
        if row is None or not has_size(f"{self.output}/{path}", row[1]):
            return None
        return Written(path, row[0], row[1], changed=False, content=content)

    def page_of(self, thread: int, comment: str) -> int:
        """The page of the thread's default order that holds a comment."""
        if (is_new := self._is_new(thread)) is None:
            return 1
        sql = f"SELECT page FROM {'now' if is_new else 'main'}.place WHERE thread = ? AND comment = ?"
        row = self._old.execute(sql, (thread, comment)).fetchone()
        return int(row[0]) if row else 1

    def _is_new_of(self, thread: int) -> bool | None:
        """Was the thread rendered by this build? None: it has one page anyway."""
        if self._old.execute("SELECT 1 FROM now.rendered WHERE thread = ?", (thread,)).fetchone():
            return True
        found = self._old.execute("SELECT 1 FROM main.place WHERE thread = ? LIMIT 1", (thread,)).fetchone()
        return False if found else None


class Build:
    """One build of a site folder: made first, ``commit`` at the end; ``discard`` whatever happens."""

    def __init__(self, output: Path) -> None:
        """Raises PublishError if the folder holds something that is not a site of ours, or another build runs."""
        self.output = output
        whole = output.resolve()
        self.folder = whole.parent / f".{whole.name}.archiver"
        try:
            if output.exists() and not (output / MANIFEST).exists() and any(output.iterdir()) and not self._moving():
                raise PublishError(f"{output}: exists and is not a site made by archiver; choose another --output")
            if output.exists():
                _check_writable(output)
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PublishError(f"{error.filename or output}: {error.strerror}") from error
        self.ledger = Ledger(self.folder / "ledger.db")
        try:
            with explained(self.folder):
                self._open()
        except OSError as error:
            self.ledger.close()
            raise PublishError(f"{error.filename or output}: {error.strerror}") from error
        except BaseException:
            self.ledger.close()
            raise

    def _moving(self) -> list[Path]:
        """The manifests of builds that died while they moved files in: which of these are new, nobody knows."""
        return [*self.folder.glob(f"{WORK}*/site/{MANIFEST}"), *self.folder.glob(f"{MOVING}*")]

    def _open(self) -> None:
        if moving := self._moving():
            self.ledger.relearn((path, _UNKNOWN, 0) for path in sorted(self._touched(moving)))
        elif self.ledger.fact("manifest") != checksum(self.output / MANIFEST):
            self.ledger.relearn(read_manifest(self.output / MANIFEST))
        self.ledger.begin()
        for found in moving:
            # Kept until a build is finished, even if this one dies, too.
            if found.parent != self.folder:
                found.rename(self.folder / f"{MOVING}{found.parent.parent.name}")
        for left in self.folder.glob(f"{WORK}*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of its own: a worker that outlived its killed build cannot write into the next one.
        self.work = Path(tempfile.mkdtemp(prefix=WORK, dir=self.folder))
        (self.work / "site").mkdir()
        self._places = sqlite3.connect(self.work / "places.db", isolation_level=None)
        self._places.executescript("""
            PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
            CREATE TABLE rendered (thread INTEGER PRIMARY KEY);
            CREATE TABLE place (
                thread INTEGER, comment TEXT, page INTEGER, PRIMARY KEY (thread, comment)
            ) WITHOUT ROWID;
        """)

    def _touched(self, moving: list[Path]) -> set[str]:
        """Every file that such builds may have written."""
        paths = {path for found in (*moving, self.output / MANIFEST) for path, *_ in read_manifest(found)}
        copies = (_copy_of(path) for path in paths)
        return paths | {path for path in copies if (self.output / path).exists()}

    def add(self, rendered: list[Rendered]) -> Iterator[tuple[int, list[str]]]:
        """Note what came of units. Yields (thread, comments) where comments stand on another page than before."""
        self.ledger.note(rendered)
        for one in rendered:
            if one.thread is not None and (moved := self.ledger.move(one.thread, one.places)):
                rows = ((one.thread, *place) for place in one.places.items())
                with explained(self.work):
                    self._places.execute("BEGIN")
                    self._places.execute("INSERT INTO rendered VALUES (?)", (one.thread,))
                    self._places.executemany("INSERT INTO place VALUES (?, ?, ?)", rows)
                    self._places.execute("COMMIT")
                yield one.thread, moved

    def commit(self, facts: dict[str, str]) -> tuple[int, int, int]:
        """Move everything in, take away what no longer belongs. Returns (written, unchanged, removed)."""
        written, unchanged, removed = self.ledger.counts()
        try:
            if written or removed or not self.output.exists():
                self._check_folders()
                self._write_manifest()
                self._move()
            self.ledger.keep(facts | {"manifest": checksum(self.output / MANIFEST)})
            for done in self.folder.glob(f"{MOVING}*"):
                done.unlink()
        except OSError as error:
            raise PublishError(f"{error.filename or self.output}: {error.strerror}") from error
        return written, unchanged, removed

    def discard(self) -> None:
        """Let go of everything; what was not committed is forgotten, unless it was being moved in."""
        self._places.close()
        self.ledger.close()
        if not (self.work / "site" / MANIFEST).exists():
            shutil.rmtree(self.work, ignore_errors=True)

    def _check_folders(self) -> None:
        """Raises PublishError where the site cannot be changed as a whole."""
        if self.output.exists():
            for folder in {path.rpartition("/")[0] for path in chain(self.ledger.changed(), self.ledger.stale())}:
                _check_writable(self.output / folder)

    def _write_manifest(self) -> None:
        with (self.work / "manifest.new").open("w", encoding="utf-8", newline="\n") as target:
            target.writelines(self.ledger.manifest())
        # Its being in place there says: from now on files are moved.
        (self.work / "manifest.new").rename(self.work / "site" / MANIFEST)

    def _move(self) -> None:
        site = self.work / "site"
        if not self.output.exists():
            site.rename(self.output)
            return
        for path in self.ledger.changed():
            self._move_one(site / path, self.output / path)
        for path in self.ledger.stale():
            _remove(self.output, path)
        # The manifest, which makes it a site, comes last.
        self._move_one(site / MANIFEST, self.output / MANIFEST)

    def _move_one(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The site folder is a disk of its own: copy first, so that no half page is ever seen.
            copy = target.with_name(_copy_of(target.name))
            shutil.copyfile(source, copy)
            copy.replace(target)
            source.unlink()


def _check_writable(folder: Path) -> None:
    """Raises PublishError where a folder of the site, or the one that it would have to be made in, takes no files."""
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PublishError(f"{folder}: may not be written to; the old site is as it was")


def _copy_of(path: str) -> str:
    """What a file is called while it is copied from another disk."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.new"


def read_manifest(path: Path) -> Iterator[tuple[str, str, int]]:
    """(path, sha256, size) of every file, in the manifest's order. Raises PublishError at a line that is none."""
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
    if ".." in Path(path).parts or not target.resolve().is_relative_to(output.resolve()):
        return
    if target.is_file():
        target.unlink()
    elif target.exists():
        return
    with suppress(OSError):  # an empty folder that may not be taken away does no harm
        for folder in target.parents:
            if folder == output or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()
