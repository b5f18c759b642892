"""What is wrong with an archive file, by SQLite's own checks and by its threads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from archiver.model import Comment, Post

NAMED = 1000
"""Problems of its pages that SQLite looks for before it stops."""


def damage(db: sqlite3.Connection) -> Iterator[str]:
    """One sentence for each thing that SQLite finds wrong; nothing for a sound file. Raises sqlite3.Error."""
    for (text,) in db.execute(f"PRAGMA integrity_check({NAMED})"):
        if text != "ok":
            yield " ".join(str(text).split())
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"{table}{f' {row}' if row is not None else ''}: refers to a {parent} that is not there"


def skeletons(db: sqlite3.Connection) -> Iterator[tuple[Post, list[Comment]]]:
    """Every thread, with no more of its comments than who answers whom. Raises sqlite3.Error."""
    for key, host, id in db.execute("SELECT key, host, id FROM post ORDER BY key"):
        rows = db.execute("SELECT id, parent FROM comment WHERE post = ?", (key,))
        yield (
            Post(host=host, id=id),
            [Comment(host=host, post=id, id=comment, parent=parent) for comment, parent in rows],
        )
