"""Reads what Reddit's API answers: threads saved by putting ``.json`` behind their address, and their missing parts.

Source: https://www.reddit.com/dev/api and saved answers of 2010 to 2022. A file holds one answer, or several one after
the other; each may lie in a recorded request (``{"uri": …, "response": …}``). Known answers:

- ``[Listing of a t3, Listing of t1]``: a thread, or a branch of one; ``[Listing of t3, Listing of t3]``: duplicates.
- ``{"json": {"data": {"things": [t1 | more …]}}}``: what "load more comments" gives, flat.
- one Listing (a subreddit's or a person's page), one thing.
- a list of threads, each as above.

**Positions.** Reddit's "best" order cannot be computed from the data, only kept: each comment of a thread gets its
place in a count that runs through the whole file, so answers merged into one file stand in the order they were asked
for. Comments shown outside their thread, and the top of a branch, get none: their siblings are elsewhere.

**HTML entities.** Answers read without ``raw_json=1`` are HTML-escaped once; each answer is judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from archiver.dumps import Dump, Importer, decode_json
from archiver.importers import reddit_records as records
from archiver.importers import reddit_things as things
from archiver.importers.reddit_answers import Children, Wrapped, opened, replies_in, replies_of, was_escaped, why
from archiver.importers.reddit_things import CommentThing, PostThing
from archiver.model import Comment, Gap, Post, Record, Seen, Site, Skip
from archiver.platforms import REDDIT_HOST

_LISTING_FIRST = re.compile(rb'(?:\[\s*){0,2}\{\s*"kind"\s*:\s*"(?:Listing|t1|t3|more)"\s*,\s*"data"\s*:')
_LISTS_FIRST = re.compile(rb"\s*\[\s*\[")
_DATA_FIRST = re.compile(rb'(?:\[\s*){0,2}\{\s*"data"\s*:\s*\{')
_ANSWER = re.compile(rb'"json"\s*:\s*\{(?:[^{}\[\]]|\[\s*\])*"data"\s*:\s*\{\s*"things"\s*:\s*\[')
_RECORDED = re.compile(rb'"response"\s*:\s*(?:\[\s*)?\{\s*"(?:kind|data|json)"\s*:')
_OF_REDDIT = re.compile(
    rb'"kind"\s*:\s*"(?:Listing|t1|t3)"|"t[13]_[0-9a-z]+"|"uri"\s*:\s*"https:\\?/\\?/[a-z]+\.reddit\.com\\?/'
)
_INSIDE = re.compile(rb'"(?:children|link_id|selftext)"\s*:')
_DOWNS = re.compile(rb'"downs"\s*:\s*[1-9]')


class _More(msgspec.Struct):
    """The data of a ``more``. Those of 2012 have neither count nor parent_id."""

    id: str | None = None
    parent_id: str | None = None
    children: tuple[str, ...] = ()
    count: int | None = None


def recognise(head: bytes) -> bool:
    """Does it begin like a listing, an answer to "load more", or a recorded request for one?"""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _LISTING_FIRST.match(head):
        return True
    if not head.startswith((b"[", b"{")) or not _OF_REDDIT.search(head):
        return False
    if _DATA_FIRST.match(head):
        return _INSIDE.search(head) is not None
    return _ANSWER.search(head) is not None or _RECORDED.search(head) is not None


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Posts, comments and gaps of every answer in the file."""
    yield Site(host=REDDIT_HOST, platform="reddit")
    reader = _Reader(keep_deleted=dump.keep_deleted)
    threads = _LISTS_FIRST.match(dump.head().removeprefix(b"\xef\xbb\xbf"))
    for line, document in dump.items() if threads else dump.documents():
        yield from reader.document(line, document)


class _Reader:
    """Reads one file; remembers the communities it met and how many comments it placed."""

    def __init__(self, *, keep_deleted: bool) -> None:
        self._keep_deleted = keep_deleted
        self._readers: dict[str, int | None] = {}
        self._placed = 0

    def document(self, line: int, document: bytes) -> Iterator[Record | Skip]:
        """Everything in one answer."""
        try:
            answer = opened(document)
        except (msgspec.DecodeError, RecursionError) as error:
            yield Skip(line=line, reason=why(error), detail=str(error))
            return
        page = _Page(
            line=line,
            escaped=was_escaped(document),
            real_votes=_DOWNS.search(document) is not None,
            keep_deleted=self._keep_deleted,
            flat=answer.flat,
            order=answer.order,
            post=answer.post,
            placed=self._placed,
        )
        for children in answer.listings:
            for record in page.walk(children):
                if isinstance(record, Post | Comment) and record.community:
                    yield from self._meet(record.community, page.readers.get(record.community))
                yield record
        self._placed = page.placed

    def _meet(self, name: str, readers: int | None) -> Iterator[Record]:
        if name not in self._readers or (readers is not None and readers != self._readers[name]):
            self._readers[name] = readers
            yield records.community(name, readers)


class _Level(msgspec.Struct):
    """Siblings that are being walked."""

    things: Iterator[msgspec.Raw]
    parent: str | None
    alone: bool
    """A branch's top: one thing, below nothing but such. Its siblings, if any, are not in this answer."""


class _Page(msgspec.Struct):
    """One answer, walked in the order it has."""

    line: int
    escaped: bool
    real_votes: bool
    """In 2012 every answer had real votes; since mid-2014 ``downs`` is 0 everywhere."""
    keep_deleted: bool
    flat: bool
    order: str | None
    post: str | None
    """Id of the post, once known."""
    placed: int
    """How many comments of the file have a position."""
    readers: dict[str, int | None] = msgspec.field(default_factory=dict)
    addresses: dict[str | None, str] = msgspec.field(default_factory=dict)
    """Where Reddit shows each comment, and under None the post."""

    def walk(self, children: Children) -> Iterator[Record | Skip]:
        """Things and what is nested in them, depth first, on an explicit stack."""
        stack = [_Level(iter(children), None, len(children) == 1 and not self.flat)]
        while stack:
            level = stack[-1]
            raw = next(level.things, None)
            if raw is None:
                stack.pop()
                continue
            try:
                thing = decode_json(bytes(raw), Wrapped)
            except (msgspec.DecodeError, RecursionError) as error:
                yield self._skip("thing of a wrong shape", str(error))
                continue
            if thing.kind == "t1":
                record, raw_replies = self._comment(thing.data, level)
                yield record
                try:
                    replies = replies_in(raw_replies)
                except (msgspec.DecodeError, RecursionError) as error:
                    yield self._skip("replies of a wrong shape", str(error))
                    continue
                parent = record.id if isinstance(record, Comment) else level.parent
                stack.append(_Level(iter(replies), parent, level.alone and len(replies) == 1))
            elif thing.kind == "t3":
                yield self._read_post(thing.data)
            elif thing.kind == "more":
                yield self._gap(thing.data, level.parent)
            else:
                yield self._skip("thing that is neither a post nor a comment", thing.kind)

    def _read_post(self, data: msgspec.Raw) -> Post | Skip:
        try:
            thing = decode_json(bytes(data), PostThing)
        except (msgspec.DecodeError, RecursionError) as error:
            return self._skip("post of a wrong shape", str(error))
        own = thing.id or things.local_id(thing.name or "")
        if not own:
            return self._skip("post without an id")
        if thing.subreddit:
            self.readers[thing.subreddit] = thing.subreddit_subscribers
        post = records.post(
            thing,
            own,
            escaped=self.escaped,
            real_votes=self.real_votes,
            keep_deleted=self.keep_deleted,
            captured_order=self.order,
        )
        self.post = own
        self.addresses[None] = post.source_url or ""
        return post

    def _comment(self, data: msgspec.Raw, level: _Level) -> tuple[Comment | Skip, msgspec.Raw]:
        """The comment, and its replies, which are there even where it cannot be read itself."""
        try:
            thing = decode_json(bytes(data), CommentThing)
        except (msgspec.DecodeError, RecursionError) as error:
            return self._skip("comment of a wrong shape", str(error)), replies_of(data)
        own = thing.id or things.local_id(thing.name or "")
        post = things.local_id(thing.link_id or "") or self.post
        if not own:
            return self._skip("comment without an id"), thing.replies
        if not post:
            return self._skip("comment without its post"), thing.replies
        self.post = post
        parent = level.parent if thing.parent_id is None else things.parent_of(thing.parent_id, post)
        comment = records.comment(
            thing,
            own,
            post=post,
            parent=parent,
            escaped=self.escaped,
            real_votes=self.real_votes,
            keep_deleted=self.keep_deleted,
            position=None if level.alone or thing.link_title is not None else self._place(),
        )
        self.addresses[own] = comment.source_url or ""
        return comment, thing.replies

    def _place(self) -> int:
        self.placed += 1
        return self.placed - 1

    def _gap(self, data: msgspec.Raw, parent: str | None) -> Gap | Skip:
        """A ``more``: "load more comments", or "continue this thread" where its id is ``_`` and its count 0."""
        try:
            more = decode_json(bytes(data), _More)
        except (msgspec.DecodeError, RecursionError) as error:
            return self._skip("stub of a wrong shape", str(error))
        if more.parent_id and more.parent_id.startswith("t3_"):
            self.post = things.local_id(more.parent_id)
        if not self.post:
            return self._skip("stub without its post")
        if more.parent_id is not None:
            parent = things.parent_of(more.parent_id, self.post)
        return Gap(
            host=REDDIT_HOST,
            post=self.post,
            parent=parent,
            ids=more.children,
            count=more.count if more.count and more.count > 0 else None,
            source_url=self.addresses.get(parent) or self._address(parent),
        )

    def _address(self, parent: str | None) -> str:
        """Where Reddit shows what this answer does not hold."""
        post = self.post or ""
        return things.comment_url(post, parent, None) if parent else things.post_url(post, None)

    def _skip(self, reason: str, detail: str | None = None) -> Skip:
        return Skip(line=self.line, reason=reason, detail=detail)


IMPORTER = Importer(
    name="reddit-api",
    title='Reddit threads saved as JSON (.json behind the address), with their "load more" answers',
    recognise=recognise,
    read=read,
)
