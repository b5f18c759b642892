"""What templates show, in the words readers see. Records go in, plain values come out; nothing here writes HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from archiver.model import Comment, Moment, Post, State

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(slots=True)
class Time:
    """A time to show: one or two instants (a range), each for machines and for people."""

    parts: tuple[tuple[str, str], ...]
    """(``datetime`` attribute, text)."""
    note: str | None = None
    """What the source said."""


@dataclass(slots=True)
class Link:
    """A text that leads somewhere, if ``href`` is known."""

    text: str
    href: str | None = None
    outside: bool = False
    """Leads out of the archive."""


@dataclass(slots=True)
class OrderLink:
    """One of the orders a list is offered in."""

    name: str
    title: str
    href: str
    current: bool


@dataclass(slots=True)
class PageLink:
    """One of the pages of a long list."""

    number: int
    href: str
    current: bool
    after_gap: bool
    """Pages between the link before and this one are left out."""


@dataclass(slots=True)
class CommentView:
    """One comment, or the ghost of one."""

    fragment: str
    """Id of its element."""
    ghost: bool
    author: Link
    points: str
    created: Time | None
    edited: Time | None
    marks: list[tuple[str, str]]
    """(class, text) of what is special about it: OP, moderator …"""
    state: State | None
    note: str | None
    """Said in place of a text that is not there."""
    body: Markup | None
    language: str | None
    """Of the text, where it is known."""
    parent: Link | None
    original: str | None
    depth: int
    """1 for answers to the post."""
    children: int
    """Direct replies in this archive."""
    descendants: int
    """All replies below in this archive."""
    missing: str | None
    """ "2 replies not in this archive"."""
    missing_url: str | None
    cut: bool
    """Its parents form a loop."""

    @property
    def replies(self) -> str:
        """ "9 replies"."""
        return plural(self.children, "reply", "replies")


@dataclass(slots=True)
class PostView:
    """A post at the head of its thread or in a list."""

    title: str
    titled: bool
    """The title is the source's own."""
    link: str | None
    """The address it shares."""
    domain: str | None
    href: str
    """Of its thread."""
    author: Link
    community: Link | None
    points: str
    liked: str | None
    """ "96.9% liked"."""
    created: Time | None
    edited: Time | None
    flags: list[tuple[str, str]]
    """(class, text)."""
    comments: str
    """ "15 of 37 comments"."""
    state: State | None
    note: str | None
    body: Markup | None
    language: str | None
    """Of the text, where it is known."""
    original: str | None
    crosspost_of: str | None = None
    media: Sequence[Link] = ()
    poll: Sequence[tuple[str, str | None]] = ()


@dataclass(slots=True)
class CommunityView:
    """A community, for the sidebar and its own page."""

    title: str
    name: str
    href: str
    original: str | None
    summary: str | None
    sidebar: Markup | None
    facts: list[tuple[str, str | Time]]
    """(what, how much): readers, users here now, founded."""
    moderators: list[Link] = field(default_factory=list)


def plural(count: int, one: str, many: str | None = None) -> str:
    """ "1 point", "2 points", "34,879 readers"."""
    return f"{count:,} {one if abs(count) == 1 else many or one + 's'}"


def points(record: Post | Comment) -> str:
    """What is known of a score."""
    if record.score is not None:
        return plural(record.score, "point")
    if isinstance(record, Comment) and record.score_hidden:
        return "score hidden"
    return "score unknown"


def liked(post: Post) -> str | None:
    """The share of upvotes, where it is known."""
    if post.ratio is not None:
        share = post.ratio
    elif post.upvotes is not None and post.downvotes is not None and post.upvotes + post.downvotes > 0:
        share = post.upvotes / (post.upvotes + post.downvotes)
    else:
        return None
    return f"{share * 100:.1f}".removesuffix(".0") + "% liked"


def language(tag: str | None) -> str | None:
    """A BCP 47 tag, if it has the form of one."""
    return tag if tag and re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", tag) else None


def domain(url: str) -> str | None:
    """The host a link leads to, without ``www.``."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def time(moment: Moment | None) -> Time | None:
    """A moment as far as it is known; times in UTC."""
    if moment is None:
        return None
    if moment.precision == "exact":
        return Time((_instant(moment.earliest),))
    first, last = _day(moment.earliest), _day(moment.latest)
    note = f"“{moment.words}” when it was captured" if moment.words else None
    if first == last:
        return Time((first,), note)
    if first[0][:4] == last[0][:4]:
        first = first[0], first[1][:-5]  # one year for both
    return Time((first, last), note)


def day(microseconds: int) -> Time:
    """The day an instant falls on."""
    return Time((_day(microseconds),))


def _datetime(microseconds: int) -> datetime:
    # Hostile dumps hold times past the year 9999, which no calendar here knows.
    limit = 253_402_300_799_999_999
    return _EPOCH + timedelta(microseconds=max(-62_135_596_800_000_000, min(microseconds, limit)))


def _instant(microseconds: int) -> tuple[str, str]:
    at = _datetime(microseconds)
    machine = f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"
    return machine, f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at.hour:02}:{at.minute:02}"


def _day(microseconds: int) -> tuple[str, str]:
    at = _datetime(microseconds)
    return f"{at.year:04}-{at.month:02}-{at.day:02}", f"{at.day} {_MONTHS[at.month - 1]} {at.year}"
