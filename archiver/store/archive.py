"""What an archive file is asked: add a capture, give a thread, a list, what changed."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec

from archiver.errors import StoreError
from archiver.model import Capture, Comment, Community, Gap, Moment, Person, Post, Site, Skip
from archiver.sorts import EntryLine, PostLine
from archiver.store import integrity
from archiver.store.cells import moment, text
from archiver.store.file import ArchiveFile
from archiver.store.rows import COMMENTS, COMMUNITIES, LISTED_POSTS, PERSONS, POSTS, SITES, Table
from archiver.store.writer import CaptureWriter

_HEAD = """post.host, post.id, post.community, post.title, post.state,
    post.created, post.created_latest, post.created_words"""
_WRITTEN = f"""
    SELECT post.key, post.upvotes, post.downvotes, {_HEAD}, post.author, substr(post.body, 1, ?3), post.body_format,
        post.score, NULL, NULL, NULL, NULL, NULL, NULL
    FROM post WHERE post.host = ?1 AND post.author = ?2
    UNION ALL
    SELECT post.key, comment.upvotes, comment.downvotes, {_HEAD}, comment.author, substr(comment.body, 1, ?3),
        comment.body_format, comment.score, comment.id, comment.state, comment.created, comment.created_latest,
        comment.created_words, comment.score_hidden
    FROM comment JOIN post ON post.key = comment.post WHERE comment.author = ?2 AND post.host = ?1"""


CAPTURES_KEPT = 1000
"""Captures that whoever reads threads remembers."""


class StoredThread(msgspec.Struct, frozen=True):
    """All the archive knows of one thread."""

    key: int
    post: Post
    comments: list[Comment]
    gaps: list[Gap]
    captured: Moment | None
    """When the newest capture of any part of it was made, as far as it was told."""
    newest: int
    """The newest instant the captures of it know of: a lower bound of when they were made. Microseconds."""


class Archive(ArchiveFile):
    """One archive file: what goes in, and what pages need of it. Use as a context manager."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        """Open the file; a writable one is made where there is none. Raises StoreError."""
        super().__init__(path, writable=writable)
        # Most threads were in the same few captures.
        self._capture = lru_cache(CAPTURES_KEPT)(self._capture_with)

    # -- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def adding(self, capture: Capture, member: str) -> Iterator[CaptureWriter]:
        """Add one dump in one transaction: all of it is in the archive afterwards, or nothing.

        ``member`` tells apart several dumps in one packed file. Raises StoreError.
        """
        with self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            self._capture.cache_clear()
            writer = CaptureWriter(self._db, capture, member)
            try:
                yield writer
                writer.finish()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def rest(self) -> None:
        """Let go of the memory that adding needed."""
        with self._explained():
            self._db.execute("PRAGMA shrink_memory")

    def hold(self) -> None:
        """Read everything as it is now until the file is closed. Raises StoreError."""
        # In one transaction, besides, no query has to ask again whether anything was written.
        try:
            with self._explained():
                self._db.execute("BEGIN")
                self._db.execute("SELECT 1 FROM archive").fetchone()
        except StoreError:
            self._db.close()
            raise

    def known(self, sha256: str, member: str) -> Capture | None:
        """The capture of the same bytes, where the archive has it already."""
        found = self._captures("WHERE sha256 = ? AND member = ?", (sha256, text(member)))
        return found[0] if found else None

    # -- changes -----------------------------------------------------------------------------------------------------

    def state(self) -> tuple[str, int]:
        """What tells this file from every other, and how many times something was added to it."""
        found: tuple[str, int] = self._row("SELECT id, revision FROM archive", ())
        return found

    def changed_threads(self, since: int) -> Iterator[int]:
        """Keys of the threads that show something else than at revision ``since``."""
        sql = """SELECT key FROM post WHERE changed > ?1 UNION
            SELECT post.key FROM post JOIN changed ON changed.kind = 'sidebar' AND changed.revision > ?1
                AND changed.host = post.host AND changed.name = post.community"""
        for (key,) in self._rows(sql, (since,)):
            yield key

    def changed(self, kind: str, since: int) -> Iterator[tuple[str, str]]:
        """(host, name) of each "person" or "community" whose pages show something else than at revision ``since``."""
        yield from self._rows(
            "SELECT host, name FROM changed WHERE kind = ? AND revision > ? ORDER BY host, name", (kind, since)
        )

    def authors_of(self, key: int, comments: Iterable[str]) -> Iterator[tuple[str, str]]:
        """(host, name) of who wrote these comments of a thread, as far as it is known."""
        sql = """SELECT post.host, comment.author FROM comment JOIN post ON post.key = comment.post
            WHERE comment.post = ? AND comment.id = ? AND comment.author IS NOT NULL"""
        for id in comments:
            yield from self._rows(sql, (key, id))

    # -- reading -----------------------------------------------------------------------------------------------------

    def sites(self) -> dict[str, Site]:
        """Every site by its host."""
        return {site.host: site for site in self._all(SITES, "ORDER BY host")}

    def communities(self) -> Iterator[Community]:
        """Every community with a record of its own or a post, by host and name."""
        sql = f"""
            WITH named AS (SELECT host, name FROM community UNION ALL
                SELECT host, community FROM post WHERE community IS NOT NULL)
            SELECT named.host, min(named.name COLLATE BINARY), {_columns(COMMUNITIES, skip=("host", "name"))}
            FROM named LEFT JOIN community ON community.host = named.host AND community.name = named.name
            GROUP BY named.host, named.name COLLATE NOCASE ORDER BY named.host, named.name COLLATE NOCASE"""
        for row in self._rows(sql):
            yield COMMUNITIES.record(row)

    def community(self, host: str, name: str) -> Community:
        """One community; all but its key unknown where the archive has no record of it."""
        found = self._all(COMMUNITIES, "WHERE host = ? AND name = ?", (host, name))
        return next(found, None) or Community(host=host, name=name)

    def persons(self, names: Sequence[tuple[str, str]]) -> Iterator[Person]:
        """People, given as (host, name), by these names; all else unknown where the archive has no record of them."""
        sql = f"""SELECT wanted.key, {_columns(PERSONS, "person.")} FROM json_each(?) AS wanted
            CROSS JOIN person ON person.host = json_extract(wanted.value, '$[0]')
                AND person.name = json_extract(wanted.value, '$[1]')"""
        found = {row[0]: PERSONS.record(row[1:]) for row in self._rows(sql, (_json(names),))}
        for at, (host, name) in enumerate(names):
            yield found.get(at) or Person(host=host, name=name)

    def author(self, host: str, name: str) -> str | None:
        """The spelling of a person's name that ``authors`` gives; None where they wrote nothing here."""
        sql = """SELECT min(author COLLATE BINARY) FROM (
            SELECT author FROM post WHERE host = ?1 AND author = ?2 UNION ALL
            SELECT comment.author FROM comment JOIN post ON post.key = comment.post
            WHERE comment.author = ?2 AND post.host = ?1)"""
        spelled: str | None = self._one(sql, (host, name))
        return spelled

    def has_person(self, host: str, name: str) -> bool:
        """Does the archive hold a post or comment by this person?"""
        sql = """SELECT EXISTS (SELECT 1 FROM post WHERE host = ?1 AND author = ?2) OR EXISTS (
            SELECT 1 FROM comment JOIN post ON post.key = comment.post WHERE comment.author = ?2 AND post.host = ?1)"""
        return bool(self._one(sql, (host, name)))

    def has_community(self, host: str, name: str) -> bool:
        """Does the archive hold a post of, or a record about this community?"""
        sql = """SELECT EXISTS (SELECT 1 FROM post WHERE host = ?1 AND community = ?2)
            OR EXISTS (SELECT 1 FROM community WHERE host = ?1 AND name = ?2)"""
        return bool(self._one(sql, (host, name)))

    def has_post(self, host: str, id: str) -> bool:
        """Does the archive hold this post, or anything about it?"""
        return bool(self._one("SELECT EXISTS (SELECT 1 FROM post WHERE host = ? AND id = ?)", (host, id)))

    def has_comment(self, host: str, id: str, post: str | None) -> bool:
        """Does the archive hold this comment? ``post``: id of its thread; None: of any."""
        # Looked up in each thread, as comments lie by thread and have no index by id.
        sql = """SELECT EXISTS (SELECT 1 FROM post CROSS JOIN comment ON comment.post = post.key AND comment.id = ?2
            WHERE post.host = ?1 AND (?3 IS NULL OR post.id = ?3))"""
        return bool(self._one(sql, (host, id, post)))

    def authors(self) -> Iterator[tuple[str, str]]:
        """(host, name) of everybody who wrote something, by host and name."""
        sql = """SELECT host, min(author COLLATE BINARY) FROM (
                SELECT host, author FROM post WHERE author IS NOT NULL UNION ALL
                SELECT host, comment.author FROM comment JOIN post ON post.key = comment.post
                WHERE comment.author IS NOT NULL)
            GROUP BY host, author COLLATE NOCASE ORDER BY host, author COLLATE NOCASE"""
        yield from self._rows(sql)

    def thread_keys(self) -> array[int]:
        """The keys of all threads, by host and id."""
        return array("q", (row[0] for row in self._rows("SELECT key FROM post ORDER BY host, id")))

    def thread(self, key: int) -> StoredThread:
        """One thread with all that is below it."""
        (post, source) = next(self._posts("WHERE key = ?", (key,)))
        captures = {source}
        comments = []
        sources = []
        outside = {"host": post.host, "post": post.id, "community": post.community}
        sql = f"SELECT capture, {_columns(COMMENTS)} FROM comment WHERE post = ?"
        for row in self._rows(sql, (key,)):
            sources.append(row[0])
            comments.append(COMMENTS.record(row[1:], **outside))
        sql = "SELECT parent, ids, count, source_url FROM gap WHERE post = ? ORDER BY parent, ids"
        gaps = [
            Gap(
                host=post.host,
                post=post.id,
                parent=parent or None,
                ids=tuple(msgspec.json.decode(ids)),
                count=count,
                source_url=url,
            )
            for parent, ids, count, url in self._rows(sql, (key,))
        ]
        captures.update(sources)
        seen = [capture for id in sorted(captures) if (capture := self._capture(id))]
        if len(seen) > 1:
            comments = _placed(comments, sources, {capture.id: capture.sha256 for capture in seen})
        told = [capture.captured for capture in seen if capture.captured]
        newest = max(capture.newest or 0 for capture in seen)
        captured = max(told, key=lambda moment: moment.earliest, default=None)
        return StoredThread(key, post, comments, gaps, captured, newest)

    def post_lines(self, host: str | None = None, community: str | None = None) -> Iterator[PostLine]:
        """What all posts, or those of one community, are ordered by."""
        where = "WHERE post.host = ?1 AND post.community = ?2" if community is not None else ""
        # Lemmy's "active": the newest comment by somebody else, made within two days of the post.
        sql = f"""
            SELECT post.key, post.host, post.id, post.created, post.score, post.upvotes, post.downvotes, post.pinned,
                coalesce(post.declared_comments, 0),
                coalesce(
                    max(comment.created) FILTER (
                        WHERE comment.author IS NOT post.author AND comment.created < post.created + 172800000000
                    ), post.newest_comment),
                post.changed, count(comment.id)
            FROM post LEFT JOIN comment ON comment.post = post.key {where}
            GROUP BY post.key ORDER BY post.host, post.id"""
        for *row, declared, answered, changed, here in self._rows(sql, (host, community) if where else ()):
            yield PostLine._make((*row, max(declared, here), answered, changed, here))

    def posts(self, keys: Sequence[int]) -> list[Post]:
        """The post of each key, in their order, with what lists show of it."""
        sql = f"""SELECT post.key, {_columns(LISTED_POSTS, "post.")} FROM json_each(?) AS wanted
            CROSS JOIN post ON post.key = wanted.value"""
        found = {row[0]: LISTED_POSTS.record(row[1:]) for row in self._rows(sql, (_json(keys),))}
        return [found[key] for key in keys]

    def written(self, host: str, name: str, length: int) -> Iterator[tuple[EntryLine, Post, Comment | None]]:
        """Everything that one person wrote: what it is ordered by, its post, the comment (None: it is the post).

        Only what lists show is filled in, texts to ``length`` characters.
        """
        for place, row in enumerate(self._rows(_WRITTEN, (host, name, length))):
            key, up, down, *head, author, body, body_format, score, id, state, created, latest, words, hidden = row
            if id is None:
                post, comment = _head(head, author=author, body=body, body_format=body_format, score=score), None
                created = head[5]
            else:
                post = _head(head)
                comment = Comment(
                    host=post.host,
                    post=post.id,
                    id=id,
                    author=author,
                    body=body,
                    body_format=body_format,
                    created=None if created is None else moment(created, latest, words),
                    score=score,
                    score_hidden=hidden,
                    state=state,
                )
            yield EntryLine(key, post.id, id, created, score, up, down, place), post, comment

    def community_sizes(self) -> list[tuple[str, str, int]]:
        """(host, name, threads) of every community, the ones with most threads first."""
        sql = """SELECT host, min(community COLLATE BINARY), count(*) FROM post WHERE community IS NOT NULL
            GROUP BY host, community ORDER BY count(*) DESC, host, min(community COLLATE BINARY)"""
        sizes = list(self._rows(sql))
        known = {(host, name.lower()) for host, name, _ in sizes}
        empty = [(c.host, c.name, 0) for c in self.communities() if (c.host, c.name.lower()) not in known]
        return [*sizes, *empty]

    def as_of(self, host: str | None = None, community: str | None = None) -> int:
        """When the newest capture of a community, or of anything, was made: microseconds since 1970."""
        where = "WHERE post.host = ?1 AND post.community = ?2" if community is not None else ""
        sql = f"""SELECT max(coalesce(capture.captured_latest, capture.newest, 0))
            FROM post JOIN capture ON capture.id = post.capture {where}"""
        return int(self._one(sql, (host, community) if where else ()) or 0)

    def captures(self) -> list[Capture]:
        """Every dump in the archive, by name."""
        return self._captures("ORDER BY name, sha256")

    def skips(self, capture: int) -> list[tuple[int, Skip]]:
        """(count, first example) of each reason why something of a dump was skipped."""
        sql = "SELECT count, line, reason, detail FROM skip WHERE capture = ? ORDER BY reason"
        return [
            (count, Skip(line=line, reason=reason, detail=detail))
            for count, line, reason, detail in self._rows(sql, (capture,))
        ]

    def damage(self) -> Iterator[str]:
        """One sentence for each thing that is wrong with the file, by SQLite's own checks; none for a sound one."""
        with self._explained():
            yield from integrity.damage(self._db)

    def skeletons(self) -> Iterator[tuple[Post, list[Comment]]]:
        """Every thread, with no more of its comments than who answers whom."""
        with self._explained():
            yield from integrity.skeletons(self._db)

    def counts(self) -> dict[str, int]:
        """How many rows each table of records has."""
        names = ("capture", "site", "community", "post", "comment")
        return {name: int(self._one(f"SELECT count(*) FROM {name}")) for name in names}

    def _all(self, table: Table[Any], rest: str, values: tuple[Any, ...] = ()) -> Iterator[Any]:
        for row in self._rows(f"SELECT {_columns(table)} FROM {table.name} {rest}", values):
            yield table.record(row)

    def _posts(self, rest: str, values: tuple[Any, ...]) -> Iterator[tuple[Post, int]]:
        for row in self._rows(f"SELECT capture, {_columns(POSTS)} FROM post {rest}", values):
            yield POSTS.record(row[1:]), row[0]

    def _capture_with(self, id: int) -> Capture | None:
        return next(iter(self._captures("WHERE id = ?", (id,))), None)

    def _captures(self, rest: str, values: tuple[Any, ...] = ()) -> list[Capture]:
        sql = f"""SELECT id, name, sha256, size, format, captured, captured_latest, captured_words, newest, imported,
            posts, comments, skipped, error FROM capture {rest}"""
        found = []
        for row in self._rows(sql, values):
            captured = moment(*row[5:8]) if row[5] is not None else None
            found.append(_capture(row, captured))
        return found


def _placed(comments: list[Comment], sources: list[int], digests: dict[int, str]) -> list[Comment]:
    """Comments with positions that hold across captures: those of the fullest capture first, then what others add."""
    sizes = Counter(sources)
    known = [
        (-sizes[source], digests[source], comment.position, at)
        for at, (comment, source) in enumerate(zip(comments, sources, strict=True))
        if comment.position is not None
    ]
    placed = list(comments)
    for position, (*_, at) in enumerate(sorted(known)):
        placed[at] = msgspec.structs.replace(comments[at], position=position)
    return placed


def _head(row: Sequence[Any], **more: Any) -> Post:
    """What lists say of a thread."""
    host, id, community, title, state, created, latest, words = row
    at = None if created is None else moment(created, latest, words)
    return Post(host=host, id=id, community=community, title=title, state=state, created=at, **more)


def _capture(row: Any, captured: Moment | None) -> Capture:
    number, name, sha256, size, kind = row[:5]
    newest, imported, posts, comments, skipped, error = row[8:]
    return Capture(
        id=number,
        name=name,
        sha256=sha256,
        size=size,
        format=kind,
        captured=captured,
        newest=newest,
        imported=imported,
        posts=posts,
        comments=comments,
        skipped=skipped,
        error=error,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@cache
def _columns(table: Table[Any], prefix: str = "", skip: tuple[str, ...] = ()) -> str:
    return ", ".join(prefix + column for column in table.columns if column not in skip)
