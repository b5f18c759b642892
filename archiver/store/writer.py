"""Adds the records of one dump to the archive, merging what was there before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec

from archiver.model import Capture, Comment, Community, Gap, Moment, Person, Post, Record, Seen, Site, Skip
from archiver.store.cells import moment_values, number, text
from archiver.store.changes import Changes
from archiver.store.rows import COMMENTS, COMMUNITIES, PERSONS, POSTS, SITES, Rank
from archiver.store.sightings import Sightings

R = TypeVar("R", Post, Comment)

POSTS_REMEMBERED = 50_000
"""Row keys of posts kept in memory; more are looked up."""
HELD = 500
"""Comments, or posts, written at once,"""
TEXT_HELD = 1 << 20
"""or fewer, when their texts have that many characters."""


class _Waiting(Generic[R]):
    """Posts or comments that are written together."""

    def __init__(self) -> None:
        self._records: list[R] = []
        self._text = 0

    def add(self, record: R) -> bool:
        """Take one more; returns whether there are enough now."""
        self._records.append(record)
        self._text += len(record.body or "")
        return len(self._records) >= HELD or self._text > TEXT_HELD

    def take(self) -> list[R]:
        """All of them; none waits any more."""
        records, self._records, self._text = self._records, [], 0
        return records


class CaptureWriter:
    """Takes the records of one dump. Only Archive.adding makes one, and calls ``finish`` at the end."""

    def __init__(self, db: sqlite3.Connection, capture: Capture, member: str) -> None:
        self._db = db
        self._capture = capture
        self._id = self._start(capture, member)
        self._captured = capture.captured
        self._changes = Changes(db)
        self._newest: int | None = None
        self._keys: dict[tuple[str, str, str | None], int] = {}
        self._new_posts: _Waiting[Post] = _Waiting()
        self._new_comments: _Waiting[Comment] = _Waiting()
        self._answered: list[int] = []
        """Keys of the posts of these comments."""
        self.posts = 0
        self.comments = 0
        self.skipped = 0
        changes = self._changes
        self._tables: dict[type, Sightings[Any]] = {
            Site: Sightings(db, SITES, self._id, lambda *_: None),
            Community: Sightings(db, COMMUNITIES, self._id, changes.community),
            Person: Sightings(db, PERSONS, self._id, changes.person),
            Post: Sightings(db, POSTS, self._id, changes.post, changes.post_again, ghosts=changes.ghosts),
        }
        self._comments = Sightings(
            db,
            COMMENTS,
            self._id,
            changes.comment,
            lambda post, _: changes.thread(post),
            came=changes.comments_came,
            extra_key="post",
        )

    def _start(self, capture: Capture, member: str) -> int:
        sql = "SELECT 1 FROM capture WHERE sha256 = ? AND member = ?"
        self._first_time = self._db.execute(sql, (capture.sha256, text(member))).fetchone() is None
        sql = """INSERT INTO capture (name, sha256, member, size, format, imported) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (sha256, member) DO UPDATE SET name = excluded.name, format = excluded.format,
                imported = excluded.imported, error = NULL RETURNING id"""
        values = (text(capture.name), capture.sha256, text(member), capture.size, capture.format, capture.imported)
        number = int(self._db.execute(sql, values).fetchone()[0])
        self._times_before = self._times(number)
        # An index made when all is there takes less time and disk than one kept up to date at random places.
        self._index = self._db.execute("SELECT sql FROM sqlite_schema WHERE name = 'comment_by_author'").fetchone()[0]
        self._bulk = self._db.execute("SELECT NOT EXISTS (SELECT 1 FROM comment)").fetchone()[0]
        if self._bulk:
            self._db.execute("DROP INDEX comment_by_author")
        self._db.execute("DELETE FROM skip WHERE capture = ?", (number,))
        return number

    def _times(self, capture: int) -> Any:
        sql = "SELECT captured, captured_latest, captured_words, newest FROM capture WHERE id = ?"
        return self._db.execute(sql, (capture,)).fetchone()

    def add(self, item: Record | Skip | Seen) -> None:
        """Take one item as an importer yields it."""
        if isinstance(item, Comment):
            self._add_comment(item)
        elif isinstance(item, Gap):
            self._add_gap(item)
        elif isinstance(item, Skip):
            self._add_skip(item)
        elif isinstance(item, Seen):
            # What the user says about the time of capture counts more than what the dump says.
            self._captured = self._captured or item.captured
        elif isinstance(item, Post):
            self._add_post(item)
        else:
            self._tables[type(item)].add((item,))

    def fail(self, reason: str) -> None:
        """Note why the dump could not be read to its end."""
        self._db.execute("UPDATE capture SET error = ? WHERE id = ?", (text(reason), self._id))

    def finish(self) -> None:
        """Merge what the archive knew before, now that the time of this capture is known."""
        self._write_posts()
        self._write_comments()
        times = moment_values(self._captured)
        self._db.execute(
            """UPDATE capture SET captured = ?, captured_latest = ?, captured_words = ?, newest = ?,
                posts = ?, comments = ?, skipped = ? WHERE id = ?""",
            (*times, self._newest, self.posts, self.comments, self.skipped, self._id),
        )
        ranks: dict[int, Rank] = {
            number: (time, digest)
            for number, time, digest in self._db.execute(
                "SELECT id, coalesce(captured, newest, 0), sha256 || member FROM capture"
            )
        }
        for table in (*self._tables.values(), self._comments):
            table.merge(ranks)
        if self._bulk:
            self._db.execute(self._index)
        # What a new capture brought was noted as it came.
        renewed = not self._first_time and self._times(self._id) != self._times_before
        self._changes.finish(self._id if renewed else None)

    def _add_post(self, post: Post) -> None:
        self.posts += 1
        self._note_times((post.created, post.edited))
        if self._new_posts.add(post):
            self._write_posts()

    def _write_posts(self) -> None:
        if posts := self._new_posts.take():
            self._tables[Post].add(posts)

    def _add_comment(self, comment: Comment) -> None:
        post = comment.host, comment.post, comment.community
        self._answered.append(self._keys.get(post) or self._post_key(*post))
        if self._new_comments.add(comment):
            self._write_comments()

    def _write_comments(self) -> None:
        if comments := self._new_comments.take():
            self.comments += len(comments)
            self._note_times([comment.created for comment in comments])
            self._note_times([comment.edited for comment in comments])
            self._comments.add(comments, self._answered)
        self._answered = []

    def _note_times(self, moments: Iterable[Moment | None]) -> None:
        exact = [number(moment.earliest) for moment in moments if moment and moment.precision == "exact"]
        self._newest = max((time for time in (self._newest, *exact) if time is not None), default=None)

    def _post_key(self, host: str, post: str, community: str | None) -> int:
        """The row of a post; a comment that comes before its post gets a ghost of it."""
        key = self._keys.get((host, post, community))
        if key is None:
            self._write_posts()
            ghost = Post(host=text(host), id=text(post), community=text(community) if community is not None else None)
            sql = "SELECT key, capture, community FROM post WHERE host = ? AND id = ?"
            row = self._db.execute(sql, (ghost.host, ghost.id)).fetchone()
            again, said = self._tables[Post].last_waiting("community", (ghost.host, ghost.id))
            if row is not None and row[1] == self._id:
                again, said = True, said or row[2]
            # Seen by this capture once at least, and once more for each way of spelling the community.
            if not again or ghost.community not in (None, said):
                self._tables[Post].add((ghost,))
                row = self._db.execute(sql, (ghost.host, ghost.id)).fetchone()
            key = int(row[0])
            if len(self._keys) >= POSTS_REMEMBERED:
                self._keys.clear()
            self._keys[host, post, community] = key
        return key

    def _add_gap(self, gap: Gap) -> None:
        sql = """INSERT INTO gap (post, parent, ids, count, source_url, capture) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = max(coalesce(excluded.count, count), coalesce(count, excluded.count)),
                source_url = coalesce(excluded.source_url, source_url), capture = excluded.capture
            WHERE excluded.count IS NOT count OR excluded.source_url IS NOT source_url
                OR excluded.capture IS NOT capture"""
        ids = msgspec.json.encode([text(id) for id in gap.ids]).decode()
        key = self._post_key(gap.host, gap.post, None)
        url = None if gap.source_url is None else text(gap.source_url)
        if self._db.execute(sql, (key, text(gap.parent or ""), ids, number(gap.count), url, self._id)).rowcount:
            self._changes.thread(key)

    def _add_skip(self, skip: Skip) -> None:
        self.skipped += 1
        sql = """INSERT INTO skip (capture, reason, count, line, detail) VALUES (?, ?, 1, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + 1"""
        detail = None if skip.detail is None else text(skip.detail)
        self._db.execute(sql, (self._id, text(skip.reason), skip.line, detail))
