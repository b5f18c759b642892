"""The records that flow through the house. Data only; every field says what it holds and in which unit.

Unknown is ``None``: never 0, never a guess. A record is one *sighting* of a thing in one dump; the store merges
sightings of the same thing (same host and local id), so an importer fills in what its dump says and leaves the rest.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Precision = Literal["exact", "day", "about"]
State = Literal["live", "deleted", "removed", "redacted"]
"""``redacted``: taken back at somebody's request; no dump says so, only redactions.yaml."""
BodyFormat = Literal["lemmy", "reddit", "commonmark", "html", "text"]
Role = Literal["moderator", "admin"]
Nesting = Literal["inferred", "uncertain", "flat"]


class Moment(msgspec.Struct, frozen=True):
    """A point in time as far as it is known: the earliest and the latest instant it can mean."""

    earliest: int
    """Microseconds since 1970-01-01T00:00:00Z."""
    latest: int
    """Microseconds since 1970-01-01T00:00:00Z; equal to ``earliest`` when the time is exact."""
    precision: Precision = "exact"
    """``exact``: an instant. ``day``: a calendar day in UTC. ``about``: a range worked out from an age."""
    words: str | None = None
    """What the source said, where it was not a date: "11 months ago"."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """An instance or web site that threads were captured from."""

    host: str
    """Lower-case host name: ``lemmy.ml``, ``www.reddit.com``; ``unknown.invalid`` when the dump does not tell."""
    platform: str
    """Name of an entry of :data:`archiver.platforms.PLATFORMS`."""
    version: str | None = None
    """Version of the software, as far as known: ``0.19.5``, ``0.18``. Decides which ranking formulas hold."""
    name: str | None = None
    """The site's own name."""
    sidebar: str | None = None
    """The site's own description, in ``sidebar_format``."""
    sidebar_format: BodyFormat | None = None


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """A community, subreddit or list: the place a post was made in. Key: (host, name)."""

    host: str
    name: str
    """Name within the host: ``technology``, or ``technology@other.host`` for a community of another instance."""
    title: str | None = None
    """What people see: "Technology"."""
    sidebar: str | None = None
    sidebar_format: BodyFormat | None = None
    summary: str | None = None
    """A line of plain text about the community."""
    readers: int | None = None
    """Subscribers at the time of capture."""
    active_users: int | None = None
    """"Users here now", as the source counted it (Lemmy: active in the last day)."""
    founded: Moment | None = None
    moderators: tuple[str, ...] | None = None
    """Person names within the host."""
    nsfw: bool | None = None
    state: State | None = None
    source_url: str | None = None
    """Absolute address of the original."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An account. Key: (host, name)."""

    host: str
    name: str
    """Name within the host: ``kibiz0r``, or ``kibiz0r@lemmy.world`` for somebody of another instance."""
    display_name: str | None = None
    bot: bool | None = None
    created: Moment | None = None
    source_url: str | None = None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What a thread starts with. Key: (host, id). All but the key may be unknown: then it is a ghost."""

    host: str
    id: str
    """Local id as the address of the original spells it."""
    community: str | None = None
    """Community name within the host."""
    author: str | None = None
    """Person name within the host; unknown also where the account was deleted."""
    title: str | None = None
    """Plain text (no markup, no HTML entities)."""
    url: str | None = None
    """The link the post shares, absolute; unknown for text posts."""
    body: str | None = None
    """``None`` also for deleted and removed posts, unless the user asked to keep the text."""
    body_format: BodyFormat | None = None
    created: Moment | None = None
    edited: Moment | None = None
    """Time of the last edit, where there was one. An edit at an unknown time: ``Moment(created, now…, "about")``."""
    score: int | None = None
    """Up minus down votes."""
    upvotes: int | None = None
    downvotes: int | None = None
    ratio: float | None = None
    """Share of upvotes among all votes, 0 to 1, as the source said it."""
    state: State | None = None
    """Unknown only for a post that was never seen itself, just named by its comments."""
    locked: bool | None = None
    pinned: bool | None = None
    nsfw: bool | None = None
    spoiler: bool | None = None
    flair: str | None = None
    role: Role | None = None
    """The author's role in the community or site."""
    bot: bool | None = None
    """Whether the author's account is marked as a bot."""
    crosspost_of: str | None = None
    """Absolute address of the post this one repeats."""
    declared_comments: int | None = None
    """How many comments the source says the thread has."""
    source_url: str | None = None
    """Absolute address of the original."""
    language: str | None = None
    """BCP 47 tag."""
    nesting: Nesting | None = None
    """How sure the tree is where the dump did not say it: ``inferred`` (one solution), ``uncertain`` (the best of
    several), ``flat`` (not recoverable). ``None``: the dump says who answers whom."""
    captured_order: str | None = None
    """The source's name of the order that ``Comment.position`` holds: "best", "hot"."""
    offered_orders: tuple[str, ...] | None = None
    """The orders the captured page offered."""
    newest_comment: Moment | None = None
    """Time of the newest comment the source counts for its "active" order."""
    media: tuple[str, ...] | None = None
    """Absolute addresses of images or videos that belong to the post (a gallery)."""
    poll: tuple[tuple[str, int | None], ...] | None = None
    """Poll options with their vote counts."""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """A reply in a thread. Key: (host, post, id)."""

    host: str
    post: str
    """Id of the post."""
    id: str
    parent: str | None = None
    """Id of the comment this one answers; ``None``: it answers the post."""
    community: str | None = None
    """Community of the thread, for dumps that hold comments without their post."""
    author: str | None = None
    """Person name within the host; unknown also where the account was deleted."""
    body: str | None = None
    """``None`` for deleted and removed comments, unless the user asked to keep the text. May be empty."""
    body_format: BodyFormat | None = None
    created: Moment | None = None
    edited: Moment | None = None
    score: int | None = None
    upvotes: int | None = None
    downvotes: int | None = None
    score_hidden: bool | None = None
    """The source held the score back ("score hidden"), which is more than not knowing it."""
    state: State | None = None
    op: bool | None = None
    """Written by the post's author, where the source says so itself."""
    role: Role | None = None
    bot: bool | None = None
    distinguished: bool | None = None
    """Marked by a moderator or admin as speaking officially."""
    pinned: bool | None = None
    """Shown first among its siblings (Reddit: stickied)."""
    locked: bool | None = None
    collapsed: bool | None = None
    """The source showed it folded (low score, …)."""
    flair: str | None = None
    declared_children: int | None = None
    """Direct replies, as the source counts them."""
    declared_descendants: int | None = None
    """All replies below, as the source counts them."""
    position: int | None = None
    """Place among all comments of the captured page, counted from 0: gives the order siblings had there."""
    source_url: str | None = None
    language: str | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Replies the source named but did not give: "load more comments (3 replies)", "continue this thread"."""

    host: str
    post: str
    parent: str | None = None
    """Id of the comment they answer; ``None``: the post."""
    ids: tuple[str, ...] = ()
    """Ids of the direct replies among them, where the source lists them."""
    count: int | None = None
    """How many comments are missing, with all below them; unknown: at least one."""
    source_url: str | None = None
    """Where the original shows them."""


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a dump that could not be read. Counted, listed and reported; never silent."""

    line: int | None
    """Line in the (unpacked) dump, counted from 1."""
    reason: str
    """A short clause without data of the record, so that equal ones can be counted: "comment without an id"."""
    detail: str | None = None
    """What was wrong just there."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """When this dump was captured, told by the dump itself. Yielded at most once, at any point."""

    captured: Moment


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """One imported dump: the provenance of what it brought."""

    id: int
    name: str
    """File name as the user gave it, without folders of his machine; members of packed files as ``a.zip/b.json``."""
    sha256: str
    """Of the bytes of the file as given (packed, if it was)."""
    size: int
    """Bytes."""
    format: str
    """Name of the importer."""
    captured: Moment | None
    """When the dump was made, as the user or the dump says; ``None``: not told."""
    newest: int | None
    """The newest time in the dump, so a lower bound of when it was made; microseconds since 1970."""
    imported: int
    """Microseconds since 1970-01-01T00:00:00Z."""
    posts: int
    comments: int
    skipped: int
    error: str | None
    """Why reading stopped early, if it did."""


class Numbers(msgspec.Struct, frozen=True):
    """How much there is."""

    threads: int
    comments: int
    communities: list[tuple[str, str, int]]
    """(host, name, threads), largest first."""


Record = Site | Community | Person | Post | Comment | Gap
