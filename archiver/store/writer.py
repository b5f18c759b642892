"""Adds the records of one dump to the archive, merging what was there before."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from archiver.model import Capture, Community, Gap, Person, Post, Seen, Site, Skip
from archiver.store.cells import moment_values, number, text
from archiver.store.changes import Changes
from archiver.store.portion import Item, Portion, newest
from archiver.store.rows import COMMENTS, COMMUNITIES, PERSONS, POSTS, RANK, SITES, Batch, Rank
from archiver.store.sightings import Sightings

POSTS_REMEMBERED = 50_000
"""Row keys of posts kept in memory; more are looked up."""

Named = tuple[str, str, str | None]
"""Host, id and community of a post, as what belongs to it tells them."""


class CaptureWriter:
    """Takes what is read of one dump. Only Archive.adding makes one, and calls ``finish`` at the end."""

    def __init__(self, db: sqlite3.Connection, capture: Capture, member: str) -> None:
        self._db = db
        self._capture = capture
        self._id = self._start(capture, member)
        self._captured = capture.captured
        self._changes = Changes(db)
        self._newest: int | None = None
        self._keys: dict[Named, int] = {}
        self._new_posts: list[Post] = []
        """Of the portion that is being added; written together."""
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
            db, COMMENTS, self._id, changes.comment, lambda post, _: changes.thread(post), extra_key="post"
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

    def add(self, portion: Portion) -> None:
        """Take some of what an importer reads."""
        answered: list[int] = []
        for run in portion.runs:
            if isinstance(run, int):
                answered += self._posts_of(portion.comments, len(answered), len(answered) + run)
            else:
                for item in run:
                    self._add(item)
        self._write_posts()
        if answered:
            self._add_comments(portion.comments, answered)
            self._note_time(portion.newest)

    def _add(self, item: Item) -> None:
        if isinstance(item, Gap):
            self._add_gap(item)
        elif isinstance(item, Skip):
            self._add_skip(item)
        elif isinstance(item, Seen):
            # What the user says about the time of capture counts more than what the dump says.
            self._captured = self._captured or item.captured
        elif isinstance(item, Post):
            self._new_posts.append(item)
        else:
            self._tables[type(item)].take([item])

    def fail(self, reason: str) -> None:
        """Note why the dump could not be read to its end."""
        self._db.execute("UPDATE capture SET error = ? WHERE id = ?", (text(reason), self._id))

    def finish(self) -> None:
        """Merge what the archive knew before, now that the time of this capture is known."""
        times = moment_values(self._captured)
        self._db.execute(
            """UPDATE capture SET captured = ?, captured_latest = ?, captured_words = ?, newest = ?,
                posts = ?, comments = ?, skipped = ? WHERE id = ?""",
            (*times, self._newest, self.posts, self.comments, self.skipped, self._id),
        )
        ranks: dict[int, Rank] = {
            number: (time, digest) for number, time, digest in self._db.execute(f"SELECT id, {RANK} FROM capture")
        }
        for table in (*self._tables.values(), self._comments):
            table.merge(ranks)
        if self._bulk:
            self._db.execute(self._index)
        # What a new capture brought was noted as it came.
        renewed = not self._first_time and self._times(self._id) != self._times_before
        self._changes.finish(self._id if renewed else None)

    def _write_posts(self) -> None:
        if posts := self._new_posts:
            self._new_posts = []
            self.posts += len(posts)
            self._note_time(newest(posts))
            self._tables[Post].take(posts)

    def _posts_of(self, comments: Batch, start: int, stop: int) -> list[int]:
        """The keys of the posts that some comments belong to."""
        columns = (comments.outside[field][start:stop] for field in ("host", "post", "community"))
        return self._post_keys(list(zip(*columns, strict=True)))

    def _add_comments(self, comments: Batch, posts: list[int]) -> None:
        self.comments += comments.count
        came = self._comments.add(comments, posts)
        authors = comments.cells.get("author") or [None] * comments.count
        people = list(zip(comments.outside["host"], authors, strict=True))
        if len(came) < comments.count:
            people, posts = [people[at] for at in came], [posts[at] for at in came]
        self._changes.comments_came(people, posts)

    def _note_time(self, time: int | None) -> None:
        if time is not None:
            self._newest = time if self._newest is None else max(self._newest, time)

    def _post_keys(self, named: list[Named]) -> list[int]:
        """The rows of posts, as what belongs to them names those; what comes before its post gets a ghost of it."""
        known = self._keys
        unknown = dict.fromkeys(post for post in named if post not in known)
        if unknown:
            if len(known) + len(unknown) > POSTS_REMEMBERED:
                known.clear()
                unknown = dict.fromkeys(named)
            self._write_posts()
            while unknown:
                # One after the other, where a post is named with several communities.
                once: dict[tuple[str, str], Named] = {}
                for post in unknown:
                    once.setdefault(post[:2], post)
                self._name([*once.values()])
                for post in once.values():
                    del unknown[post]
        return [known[post] for post in named]

    def _name(self, named: list[Named]) -> None:
        """Remember the rows of posts, and that this capture knows of them."""
        posts = [(host, id) for host, id, _ in named]
        rows = self._rows_of(posts)
        waiting = self._tables[Post].last_waiting("community", posts)
        ghosts = []
        for host, id, community in named:
            _, capture, said = rows.get((host, id), (0, None, None))
            if capture != self._id:
                said = None
            again, said = capture == self._id or (host, id) in waiting, waiting.get((host, id)) or said
            # Seen by this capture once at least, and once more for each way of spelling the community.
            if not again or community not in (None, said):
                ghosts.append(Post(host=host, id=id, community=community))
        if ghosts:
            self._tables[Post].take(ghosts)
        if len(rows) < len(named):
            rows = self._rows_of(posts)
        self._keys.update((post, rows[post[:2]][0]) for post in named)

    def _rows_of(self, posts: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int, str | None]]:
        """Key, capture and community of posts, as far as they are there, by host and id."""
        sql = """SELECT post.host, post.id, post.key, post.capture, post.community FROM json_each(?) AS wanted
            CROSS JOIN post ON post.host = json_extract(wanted.value, '$[0]')
                AND post.id = json_extract(wanted.value, '$[1]')"""
        found = self._db.execute(sql, (msgspec.json.encode(posts).decode(),))
        return {(host, id): (key, capture, community) for host, id, key, capture, community in found}

    def _add_gap(self, gap: Gap) -> None:
        sql = """INSERT INTO gap (post, parent, ids, count, source_url, capture) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = max(coalesce(excluded.count, count), coalesce(count, excluded.count)),
                source_url = coalesce(excluded.source_url, source_url), capture = excluded.capture
            WHERE excluded.count IS NOT count OR excluded.source_url IS NOT source_url
                OR excluded.capture IS NOT capture"""
        ids = msgspec.json.encode([text(id) for id in gap.ids]).decode()
        (key,) = self._post_keys([(text(gap.host), text(gap.post), None)])
        url = None if gap.source_url is None else text(gap.source_url)
        if self._db.execute(sql, (key, text(gap.parent or ""), ids, number(gap.count), url, self._id)).rowcount:
            self._changes.thread(key)

    def _add_skip(self, skip: Skip) -> None:
        self.skipped += 1
        sql = """INSERT INTO skip (capture, reason, count, line, detail) VALUES (?, ?, 1, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + 1"""
        detail = None if skip.detail is None else text(skip.detail)
        self._db.execute(sql, (self._id, text(skip.reason), skip.line, detail))
