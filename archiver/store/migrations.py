"""Brings the tables of an older archive file up to date, keeping a copy of it."""

from __future__ import annotations

import filecmp
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from archiver.store.schema import VERSION

STEPS = {
    1: """
        CREATE TABLE archive (id TEXT NOT NULL, revision INTEGER NOT NULL);
        INSERT INTO archive VALUES (lower(hex(randomblob(16))), 0);
        CREATE TABLE changed (
            kind TEXT NOT NULL, host TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, revision INTEGER NOT NULL,
            PRIMARY KEY (kind, host, name)
        ) WITHOUT ROWID;
        ALTER TABLE post ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX post_by_change ON post (changed);
    """,
    2: """
        ALTER TABLE archive ADD COLUMN secret TEXT;
        ALTER TABLE archive ADD COLUMN purged TEXT;
        UPDATE archive SET secret = lower(hex(randomblob(32)));
    """,
}
"""By version: what leads from its tables to those of the next."""


def migrate(path: Path, patience: float) -> None:
    """Bring the file to the newest tables in one transaction; a copy of it stays beside it as ``NAME.v1``.

    ``patience``: seconds to wait for others that write to it. Raises sqlite3.Error and OSError, the file unchanged.
    """
    with closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        # Asked again: another process may have done it while this one waited.
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version < VERSION:
            _keep_copy(path, f"{path.name}.v{version}")
            for number in range(version, VERSION):
                for statement in statements(STEPS[number]):
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")


def statements(script: str) -> Iterator[str]:
    """The statements of a script, each with its semicolon; sqlite3's executescript would end the transaction first."""
    found = ""
    for piece in script.split(";")[:-1]:
        found += f"{piece};"
        if sqlite3.complete_statement(found):
            yield found
            found = ""


def _keep_copy(path: Path, name: str) -> None:
    """Copy the file while nobody may write to it. An earlier copy stays; the same again is not kept twice."""
    part = path.with_name(f"{name}.part")
    for left in (part, path.with_name(f"{part.name}-journal")):
        left.unlink(missing_ok=True)
    try:
        part.touch()
        shutil.copymode(path, part)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        copy, number = path.with_name(name), 1
        while copy.exists() and not filecmp.cmp(part, copy, shallow=False):
            number += 1
            copy = path.with_name(f"{name}-{number}")
        part.replace(copy)
    finally:
        part.unlink(missing_ok=True)
