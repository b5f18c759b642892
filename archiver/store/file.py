"""The archive file itself: opened, made, upgraded, read where nothing can be written; what SQLite says, in words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from archiver.errors import StoreError
from archiver.own import APPLICATION_ID
from archiver.store import migrations, schema

BUSY_SECONDS = 5
"""How long to wait for another process that writes to the same file."""
UNWRITABLE = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
"""What SQLite says where it cannot make files beside the archive."""


class ArchiveFile:
    """One archive file. Use as a context manager."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open the file; a writable one is made where there is none. Raises StoreError."""
        self.path = path
        if path.is_dir():
            raise StoreError(f"{path}: is a folder, and no archive file")
        if not writable and not path.exists():
            raise StoreError(f"{path}: no such archive; make one with: archiver import DUMP --archive {path}")
        try:
            self._db = self._connect("rwc" if writable else "rw")
            try:
                if not writable and not self._is_readable():
                    self._db.close()
                    self._db = self._connect("ro&immutable=1")
                self._prepare(writable)
            except (sqlite3.Error, StoreError):
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise StoreError(f"{path}: {sentence(error)}") from error

    def _connect(self, mode: str) -> sqlite3.Connection:
        # An absolute file URI, since a path may hold ? and #.
        uri = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)

    def _is_readable(self) -> bool:
        """A file in WAL mode needs other files beside it. Where none can be made, nobody writes either."""
        try:
            self._db.execute("PRAGMA user_version")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in UNWRITABLE:
                raise
            beside = self.path.with_name(f"{self.path.name}-wal")
            if beside.exists() and beside.stat().st_size:
                raise StoreError(
                    f"{self.path}: the last import was interrupted, and what it left in {beside.name} cannot be sorted "
                    "out here; copy both to a folder that may be written to"
                ) from error
            return False
        return True

    def _prepare(self, writable: bool) -> None:
        # In one transaction, since another process may be making the file.
        self._db.execute("BEGIN")
        application, version = self._row("SELECT * FROM pragma_application_id, pragma_user_version", ())
        is_empty = not (application or version or self._one("SELECT count(*) FROM sqlite_schema"))
        self._db.execute("ROLLBACK")
        if writable and is_empty:
            self._make()
        elif application != APPLICATION_ID or version < min(migrations.STEPS):
            raise StoreError(f"{self.path}: not an archive of archiver; choose another file with --archive")
        elif version < schema.VERSION:
            self._upgrade()
        elif version > schema.VERSION:
            raise StoreError(
                f"{self.path}: made by a newer archiver (tables {version}, this one knows {schema.VERSION})"
            )
        self._db.execute("PRAGMA foreign_keys = ON")
        # Whoever reads has many companions, and the system keeps the file's pages in memory anyway.
        self._db.execute(f"PRAGMA cache_size = {-32768 if writable else -8192}")
        self._db.execute("PRAGMA temp_store = FILE")
        # A text that a later capture no longer has must not lie on in free pages.
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute(f"PRAGMA query_only = {'OFF' if writable else 'ON'}")

    def _make(self) -> None:
        # Larger than usual, as comments are: fewer of them spill into pages of their own.
        self._db.execute("PRAGMA page_size = 8192")
        self._keep_a_log()
        self._db.execute("BEGIN IMMEDIATE")
        if self._pragma("user_version"):  # another process was faster
            self._db.execute("ROLLBACK")
            return
        marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {schema.VERSION};"
        for statement in migrations.statements(f"{schema.TABLES} {marks}"):
            self._db.execute(statement)
        self._db.execute("COMMIT")
        # So that the file itself says what it is, also while it is being filled.
        self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _keep_a_log(self) -> None:
        """Switch to WAL mode. Where another process does so at this moment, SQLite does not wait by itself."""
        end = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def _upgrade(self) -> None:
        """An older file is upgraded by whoever opens it first, also only to read it."""
        try:
            migrations.migrate(self.path, BUSY_SECONDS)
        except (sqlite3.Error, OSError) as error:
            reason = sentence(error) if isinstance(error, sqlite3.Error) else error.strerror
            raise StoreError(
                f"{self.path}: made by an older archiver, and cannot be brought up to date: {reason}"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _pragma(self, name: str) -> int:
        return int(self._one(f"PRAGMA {name}"))

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        row = next(self._rows(sql, values), None)
        return row[0] if row else None

    def _row(self, sql: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return next(self._rows(sql, values))

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query; a damaged or locked file becomes a StoreError wherever it shows."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {sentence(error)}") from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {sentence(error)}") from error


def sentence(error: sqlite3.Error) -> str:
    """What SQLite says, in words that tell what to do."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return "another program is writing to this archive; try again when it has finished"
    if "not a database" in text:
        return "not an archive of archiver; choose another file with --archive"
    if "full" in text:
        return "the disk is full; nothing was changed"
    if "unable to open" in text:
        return "cannot be opened or made; check that its folder exists and may be written to"
    if "readonly" in text:
        return "may not be written to"
    return text
