"""Deletes from the archive file what redactions.yaml says is to be purged, so that not one byte of it stays there."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from archiver.platforms import REDDIT_HOST
from archiver.redactions import Redactions
from archiver.store.archive import Archive
from archiver.store.changes import PENDING
from archiver.store.rows import COMMENTS, COMMUNITIES, PERSONS, POSTS, SITES, Table

if TYPE_CHECKING:
    from archiver.redactions.rules import Rules

R = TypeVar("R", bound=msgspec.Struct)


class Purged(msgspec.Struct, frozen=True):
    """What was deleted."""

    posts: int = 0
    comments: int = 0
    texts: int = 0
    """Records of others in which something was replaced."""
    copies: tuple[str, ...] = ()
    """Copies of the archive from before an upgrade, which hold what was purged."""

    def __bool__(self) -> bool:
        return bool(self.posts or self.comments or self.texts)


def purge(archive: Archive, redactions: Redactions) -> Purged:
    """Delete what is to be purged, and overwrite where it stood. Raises StoreError, the file as it was or purged."""
    wanted = tuple(entry for entry in redactions if entry.mode == "purge")
    if not wanted:
        return Purged()
    with archive._explained():
        return msgspec.structs.replace(_purge(archive._db, wanted), copies=_copies(archive.path))


def _purge(db: sqlite3.Connection, wanted: Redactions) -> Purged:
    secret, revision, before = db.execute("SELECT secret, revision, purged FROM archive").fetchone()
    digest = hmac.new(secret.encode(), msgspec.json.encode(wanted), hashlib.sha256).hexdigest()
    done = f"{revision} {digest}"
    if before == done:
        return Purged()
    db.execute("BEGIN IMMEDIATE")
    try:
        purged = _Purge(db, wanted, secret).run()
        if purged:
            # A site built before must not be taken for one of this archive.
            db.execute("UPDATE archive SET purged = ?, id = lower(hex(randomblob(16)))", (PENDING,))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    if (purged or before == PENDING) and not _rewrite_file(db):
        raise sqlite3.OperationalError("database is locked")
    db.execute("UPDATE archive SET purged = ?", (done,))
    return purged


def overwrite(archive: Archive) -> None:
    """After deletions: rewrite the file without what was deleted, since moved rows leave traces of themselves in pages.

    Where another program reads the file, the next import does it. Raises StoreError.
    """
    with archive._explained():
        db = archive._db
        if db.execute("SELECT purged FROM archive").fetchone() == (PENDING,) and _rewrite_file(db):
            db.execute("UPDATE archive SET purged = NULL")


def _rewrite_file(db: sqlite3.Connection) -> bool:
    """Whether that went to its end."""
    db.execute("VACUUM")
    busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _copies(path: Path) -> tuple[str, ...]:
    return tuple(sorted(str(found) for found in path.parent.iterdir() if found.name.startswith(f"{path.name}.v")))


class _Purge:
    """One run, inside a transaction."""

    def __init__(self, db: sqlite3.Connection, wanted: Redactions, secret: str) -> None:
        # What finds names in texts takes long to load, and most commands do without.
        from archiver.redactions.rules import Rules

        self._db = db
        self._wanted = wanted
        self._hosts = [host for (host,) in db.execute("SELECT host FROM site")]
        rules = Rules(wanted, secret)
        self._posts = {key: (host, id) for key, host, id in self._named_posts(rules)}
        self._written = {key: (host, id) for key, host, id in self._posts_of_people(rules)}
        threads = [id for host, id in (*self._posts.values(), *self._written.values()) if host == REDDIT_HOST]
        self._rules = Rules(wanted, secret, threads)

    def run(self) -> Purged:
        """Delete, and clean what others wrote."""
        comments = self._delete_comments()
        for key in self._posts:
            comments += self._count("DELETE FROM comment WHERE post = ?", key)
            self._delete_post(key)
        for key in self._written.keys() - self._posts.keys():
            self._empty_post(key)
        others = self._delete_names()
        texts = others + (self._clean() if self._rules.wording else 0)
        return Purged(posts=len(self._posts.keys() | self._written.keys()), comments=comments, texts=texts)

    def _count(self, sql: str, *values: Any) -> int:
        return self._db.execute(sql, values).rowcount

    def _named_posts(self, rules: Rules) -> Iterator[tuple[int, str, str]]:
        for host in self._hosts:
            yield from self._find("id", host, rules.hidden_posts(host))
            yield from self._find("community", host, rules.gone_communities(host))

    def _posts_of_people(self, rules: Rules) -> Iterator[tuple[int, str, str]]:
        for host in self._hosts:
            yield from self._find("author", host, rules.hidden_people(host))

    def _find(self, column: str, host: str, values: Iterable[str]) -> Iterator[tuple[int, str, str]]:
        """(key, host, id) of posts."""
        for value in values:
            yield from self._db.execute(
                f"SELECT key, host, id FROM post WHERE host = ? AND {column} = ?", (host, value)
            )

    def _delete_comments(self) -> int:
        """Those that are named, and those of people."""
        count = 0
        for entry in self._wanted:
            if entry.kind == "comment":
                id, host, thread = entry.key
                among = "SELECT key FROM post WHERE host = ? AND coalesce(id = nullif(?, ''), 1)"
                count += self._count(f"DELETE FROM comment WHERE id = ? AND post IN ({among})", id, host, thread)
        for host in self._hosts:
            for name in self._rules.hidden_people(host):
                among = "SELECT key FROM post WHERE host = ?"
                count += self._count(f"DELETE FROM comment WHERE author = ? AND post IN ({among})", name, host)
        return count

    def _delete_post(self, key: int) -> None:
        self._count("DELETE FROM gap WHERE post = ?", key)
        self._count("DELETE FROM post WHERE key = ?", key)

    def _empty_post(self, key: int) -> None:
        """What others answered stays, on a post of which nothing else is known."""
        if not self._db.execute("SELECT 1 FROM comment WHERE post = ? LIMIT 1", (key,)).fetchone():
            self._delete_post(key)
            return
        unknown = [f"{column} = NULL" for column in POSTS.columns if column not in ("host", "id", "community")]
        self._count(f"UPDATE post SET {', '.join(unknown)}, older = NULL WHERE key = ?", key)
        self._count("UPDATE gap SET source_url = NULL WHERE post = ?", key)

    def _delete_names(self) -> int:
        count = 0
        for host in self._hosts:
            people, communities = self._rules.hidden_people(host), self._rules.gone_communities(host)
            for kind, names in (("person", people), ("community", communities)):
                for name in names:
                    count += self._count(f"DELETE FROM {kind} WHERE host = ? AND name = ?", host, name)
                    self._count("DELETE FROM changed WHERE host = ? AND name = ?", host, name)
        return count

    def _clean(self) -> int:
        """Replace what must not be read in the records of others. Reads everything."""
        rules = self._rules
        count = self._rewrite(SITES, rules.site)
        count += self._rewrite(COMMUNITIES, rules.community)
        count += self._rewrite(PERSONS, lambda person: rules.person(person, person.name))
        count += self._rewrite(POSTS, lambda post: rules.post(post, hidden=False))
        count += self._rewrite_comments()
        count += self._replace("gap", "source_url", rules.address)
        for table, column in (("capture", "name"), ("capture", "error"), ("skip", "reason"), ("skip", "detail")):
            count += self._replace(table, column, rules.text)
        return count

    def _rewrite(self, table: Table[R], rule: Callable[[R], R]) -> int:
        keys = ", ".join(table.key)
        rows = self._db.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}")
        changed = ((record, rule(record)) for record in map(table.record, rows))
        found = [(table.values(new), [getattr(old, key) for key in table.key]) for old, new in changed if new != old]
        return self._write(table, f"({keys}) = ({', '.join('?' * len(table.key))})", found)

    def _rewrite_comments(self) -> int:
        columns = ", ".join(f"comment.{column}" for column in COMMENTS.columns)
        of = "post.key, post.host, post.id, post.community"
        found = []
        for key, host, post, community, *row in self._db.execute(
            f"SELECT {of}, {columns} FROM comment JOIN post ON post.key = comment.post"
        ):
            old = COMMENTS.record(row, host=host, post=post, community=community)
            new = self._rules.comment(old, in_hidden=key in self._written)
            if new != old:
                found.append((COMMENTS.values(new), [key, old.id]))
        return self._write(COMMENTS, "(post, id) = (?, ?)", found)

    def _write(self, table: Table[Any], where: str, rows: Iterable[tuple[list[Any], list[Any]]]) -> int:
        settings = ", ".join(f"{column} = ?" for column in table.columns)
        sql = f"UPDATE {table.name} SET {settings} WHERE {where}"
        return sum(self._count(sql, *values, *key) for values, key in rows)

    def _replace(self, table: str, column: str, rule: Callable[[str | None], str | None]) -> int:
        rows = self._db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL").fetchall()
        changed = [(rule(text), text) for (text,) in rows if rule(text) != text]
        sql = f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {column} = ?"
        return sum(self._count(sql, *pair) for pair in changed)
