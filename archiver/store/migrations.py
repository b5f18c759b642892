"""Brings the tables of an older archive file up to date, keeping a copy of it."""

from __future__ import annotations

import sqlite3
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
}
"""By version: what leads from its tables to those of the next."""


def migrate(db: sqlite3.Connection, path: Path, version: int) -> Path:
    """Bring the file from ``version`` to the newest in one transaction. Returns where the copy of the old one lies.

    Raises sqlite3.Error, the file unchanged.
    """
    copy = path.with_name(f"{path.name}.v{version}")
    with sqlite3.connect(copy) as target:
        db.backup(target)
    target.close()
    steps = "".join(STEPS[number] for number in range(version, VERSION))
    try:
        db.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return copy
