"""What an import changes: the threads, people and communities whose pages will differ."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any

from archiver.model import Comment, Community, Person, Post
from archiver.store.cells import text

REMEMBERED = 50_000
"""Changed threads and people kept in memory before they are written down."""

_NEWER = "ON CONFLICT DO UPDATE SET revision = excluded.revision WHERE revision < excluded.revision"
"""The same are noted again and again in a large import; what is noted already is left alone."""

PENDING = "pending"
"""In ``archive.purged``: something was taken out whose bytes may still be in the file."""

_HEAD = ("community", "title", "state", "created")
"""What lists of comments show of a comment's thread."""


class Changes:
    """Notes which threads, people and communities an import changes, so that a build knows what to render again."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        (self._revision,) = db.execute("UPDATE archive SET revision = revision + 1 RETURNING revision").fetchone()
        self._threads: set[int] = set()
        self._persons: defaultdict[str, set[str]] = defaultdict(set)
        """Their names by host."""
        self._names = 0
        """How many those are."""
        self._dropped = False

    def thread(self, key: int) -> None:
        """The thread of that key shows something else now."""
        self._threads.add(key)
        if len(self._threads) > REMEMBERED:
            self._write_threads()

    def _people(self, host: str, names: Iterable[str | None]) -> None:
        known = self._persons[host]
        before = len(known)
        known.update(name for name in names if name is not None)
        self._names += len(known) - before
        if self._names > REMEMBERED:
            self._write_persons()

    def comments_came(self, people: Iterable[tuple[str, str | None]], posts: Iterable[int]) -> None:
        """Comments came by these people, given as (host, name), below the posts with these keys."""
        self._threads.update(posts)
        if len(self._threads) > REMEMBERED:
            self._write_threads()
        for host, some in groupby(people, itemgetter(0)):
            self._people(host, (name for _, name in some))

    def comment(self, old: Comment | None, new: Comment, key: tuple[Any, ...]) -> None:
        """A comment differs now."""
        self._dropped |= _drops(old, new)
        self.comments_came([(one.host, one.author) for one in (old, new) if one], key[:1])

    def post_again(self, host: str, id: str) -> int:
        """A newer capture has the post: its thread says when it was captured. Returns its key."""
        key = int(self._db.execute("SELECT key FROM post WHERE host = ? AND id = ?", (host, id)).fetchone()[0])
        self.thread(key)
        return key

    def post(self, old: Post | None, new: Post, _: tuple[Any, ...]) -> None:
        """A post came, or differs now."""
        self._dropped |= _drops(old, new)
        key = self.post_again(text(new.host), text(new.id))
        self._people(new.host, [new.author])
        if old is None:
            return
        self._people(old.host, [old.author])
        if old.community and old.community != new.community:
            self._note("community", [(old.host, old.community)])
        if [getattr(old, field) for field in _HEAD] != [getattr(new, field) for field in _HEAD]:
            self._answered(key)

    def ghosts(self, table: str) -> None:
        """Posts that were only named by their comments became known; a table has the host and id of each."""
        found = f"{table} AS known CROSS JOIN post ON post.host = known.host AND post.id = known.id"
        self._db.execute(f"UPDATE post SET changed = {self._revision} WHERE key IN (SELECT post.key FROM {found})")
        # The lists of their authors, and of all who answered, name the threads.
        people = f"""SELECT post.host AS host, post.author AS name FROM {found} UNION ALL
            SELECT post.host, comment.author FROM {found} CROSS JOIN comment ON comment.post = post.key"""
        self._db.execute(f"""INSERT INTO changed
            SELECT 'person', host, name, {self._revision} FROM ({people}) WHERE name IS NOT NULL {_NEWER}""")

    def _answered(self, key: int) -> None:
        """The lists of all who answered name the thread."""
        sql = "SELECT post.host, comment.author FROM post JOIN comment ON comment.post = post.key WHERE post.key = ?"
        for host, author in self._db.execute(sql, (key,)):
            self._people(host, [author])

    def person(self, old: Person | None, new: Person, _: tuple[Any, ...]) -> None:
        """An account became known, or something about it."""
        if old != new:
            self._people(new.host, [new.name])

    def community(self, old: Community | None, new: Community, _: tuple[Any, ...]) -> None:
        """A community became known, or something about it."""
        if old != new:
            # All its threads show what is known of it.
            self._note("community", [(text(new.host), text(new.name))])
            self._note("sidebar", [(text(new.host), text(new.name))])

    def finish(self, capture: int | None) -> None:
        """Write all of it down. ``capture``: one whose time is another now than before."""
        if self._dropped:
            self._db.execute("UPDATE archive SET purged = ?", (PENDING,))
        if capture is not None:
            sql = "SELECT key FROM post WHERE capture = ?1 UNION SELECT DISTINCT post FROM comment WHERE capture = ?1"
            for (key,) in self._db.execute(sql, (capture,)).fetchall():
                self.thread(key)
        self._write_threads()
        self._write_persons()
        sql = "SELECT DISTINCT host, community FROM post WHERE changed = ? AND community IS NOT NULL"
        self._note("community", self._db.execute(sql, (self._revision,)))

    def _write_threads(self) -> None:
        rows = ((key,) for key in sorted(self._threads))
        sql = f"UPDATE post SET changed = {self._revision} WHERE key = ? AND changed < {self._revision}"
        self._db.executemany(sql, rows)
        self._threads.clear()

    def _write_persons(self) -> None:
        for host, names in sorted(self._persons.items()):
            self._note("person", ((text(host), text(name)) for name in sorted(names)))
        self._persons.clear()
        self._names = 0

    def _note(self, kind: str, things: Iterable[tuple[str, str]]) -> None:
        self._db.executemany(f"INSERT INTO changed VALUES ('{kind}', ?, ?, {self._revision}) {_NEWER}", things)


def _drops(old: Post | Comment | None, new: Post | Comment) -> bool:
    """Was there a text that a deletion took?"""
    return old is not None and old.body is not None and new.body is None
