"""What templates show, in the words readers see. Records go in, plain values come out; nothing here writes HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from archiver.model import Comment, Moment, Post, Skip, State
from archiver.words import Words


class Time(NamedTuple):
    """A time to show, for machines (the ``datetime`` attribute) and for people."""

    machine: str
    text: str
    until: tuple[str, str] | None = None
    """Of a range: its other end, in the same two ways."""
    note: str | None = None
    """What the source said."""


class Link(NamedTuple):
    """A text that leads somewhere, if ``href`` is known."""

    text: str
    href: str | None = None
    outside: bool = False
    """Leads out of the archive."""


class SiteView(NamedTuple):
    """What every page says about the site."""

    title: str
    language: str
    direction: str
    """ "ltr" or "rtl"."""


class OrderLink(msgspec.Struct, gc=False):
    """One of the orders a list is offered in."""

    name: str
    title: str
    href: str
    current: bool
    """The order of this page: one of its links at most."""
    same: bool
    """Comes out like the order of this page, and leads to it."""


class PageLink(msgspec.Struct, gc=False):
    """One of the pages of a long list."""

    number: int
    href: str
    current: bool
    beside: int
    """-1: the page before the current one; 1: the one behind it; else 0."""
    after_gap: bool
    """Pages between the link before and this one are left out."""


class PostView(msgspec.Struct, gc=False):
    """A post at the head of its thread."""

    title: str
    link: str | None
    """The address it shares."""
    domain: str | None
    href: str
    """Of its thread."""
    author: Link | None
    """None where the post is not in the archive."""
    community: Link | None
    points: str | None
    liked: str | None
    """ "96.9% liked"."""
    created: Time | None
    edited: Time | None
    edited_apart: bool
    """… at another time than it was written."""
    marks: list[tuple[str, str]]
    """(class, text) of what its author is."""
    flags: list[tuple[str, str]]
    """(class, text) of what it is."""
    comments: str
    """ "15 of 37 comments"."""
    state: State | None
    note: str | None
    body: Markup | None
    language: str | None
    """Of the text, where it is known."""
    original: str | None
    crosspost_of: str | None
    media: Sequence[Link]
    poll: Sequence[tuple[str, str | None]]


class CommunityView(msgspec.Struct, gc=False):
    """A community, for the sidebar and its own page."""

    title: str
    name: str
    href: str
    original: str | None
    summary: str | None
    sidebar: Markup | None
    facts: list[tuple[str, str | Time]]
    """(what, how much): readers, users here now, founded."""
    moderators: list[Link] = []
    html: Markup | None = None
    """All that but title and link, as the side of a page has it; templates.py fills it in."""


class ThreadView(msgspec.Struct, gc=False):
    """What all pages of a thread show."""

    post: PostView
    heading: str
    """ "37 comments"."""
    summary: str
    """ "15 of 37 comments"."""
    declared: str
    """Comments that the source counted …"""
    is_over: bool
    """… which are fewer than are here."""
    told: bool
    """The time of capture is known, not only a lower bound."""
    captured: Time | None
    missing_url: str | None
    notes: list[str]
    distinct: bool
    """Its orders do not all come out alike."""
    community: CommunityView | None
    head: Markup = Markup("")
    """The post, and what is above about the comments, once it was made."""


class ThreadPage(msgspec.Struct, gc=False):
    """One page of a thread in one order."""

    thread: ThreadView
    number: int
    """0: the page with all of it."""
    title: str
    """With its order, where that is not the one that readers see first."""
    orders: list[OrderLink]
    pages: list[PageLink]
    whole: str | None
    """Link to the page with all of it."""
    continues: Link | None
    """The way back, where the page begins in the middle of a branch."""
    continued: Link | None
    """The way on, where it ends in one."""
    filled: bool
    """There are comments, which stand where the template cuts."""
    missing: str | None
    """Answers to the post that are not in this archive."""


class ListingPage(msgspec.Struct, gc=False):
    """One page of a list of posts in one order."""

    heading: str
    title: str
    """… with its order, where that is not the one that readers see first."""
    number: int
    summary: str
    """ "52 threads"."""
    orders: list[OrderLink]
    periods: list[OrderLink]
    """Of the order "top"."""
    pages: list[PageLink]
    first: int
    """Place of its first post in the whole list."""
    filled: bool
    """There are posts, which stand where the template cuts."""
    community: CommunityView | None
    about: ArchiveView | None


class ArchiveView(msgspec.Struct, gc=False):
    """The whole archive in a few words, for the side of its first page."""

    description: str | None
    facts: list[tuple[str, str]]
    communities: list[tuple[Link, str]]
    """The largest, with their numbers of threads."""


class AboutView(NamedTuple):
    """The whole archive, for the page about it."""

    description: str | None
    threads: str
    """ "52 threads"."""
    comments: str


class CaptureView(msgspec.Struct):
    """One dump that the archive was made from."""

    name: str
    format: str
    told: bool
    """The time of capture is known, not only a lower bound."""
    captured: Time | None
    imported: Time
    holds: str
    """ "2 posts and 5 comments"."""
    size: str
    """ "14,838 bytes"."""
    sha256: str
    error: str | None
    """Why it was not read to its end."""
    skips: list[tuple[str, Skip]]
    """What was skipped, and how often."""


class PersonPage(msgspec.Struct, gc=False):
    """One page of what a person wrote, in one order."""

    heading: str
    title: str
    """… with its order, where that is not the one that readers see first."""
    number: int
    summary: str
    """ "2 posts and 5 comments in this archive."."""
    original: str | None
    orders: list[OrderLink]
    pages: list[PageLink]
    first: int
    """Place of its first entry, which all stand where the template cuts, in the whole list."""


def comments(count: int, words: Words) -> str:
    """ "1 comment"."""
    return words.ngettext("%(num)s comment", "%(num)s comments", count)


def posts(count: int, words: Words) -> str:
    """ "2 posts"."""
    return words.ngettext("%(num)s post", "%(num)s posts", count)


def threads(count: int, words: Words) -> str:
    """ "3 threads"."""
    return words.ngettext("%(num)s thread", "%(num)s threads", count)


def missing(count: int | None, words: Words) -> str | None:
    """ "2 replies not in this archive"; None where nothing is missing. ``count`` None: some, number unknown."""
    if count is None:
        return words.gettext("More replies are not in this archive")
    if count == 0:
        return None
    return words.ngettext("%(num)s reply not in this archive", "%(num)s replies not in this archive", count)


def points(record: Post | Comment, words: Words) -> str | None:
    """What is known of a score; None for a post that is not in the archive."""
    if record.score is not None:
        return words.points(record.score)
    if isinstance(record, Comment) and record.score_hidden:
        return words.gettext("score hidden")
    if isinstance(record, Post) and record.state is None:
        return None
    return words.gettext("score unknown")


def liked(post: Post, words: Words) -> str | None:
    """The share of upvotes, where it is known."""
    if post.ratio is not None:
        share = post.ratio
    elif post.upvotes is not None and post.downvotes is not None and post.upvotes + post.downvotes > 0:
        share = post.upvotes / (post.upvotes + post.downvotes)
    else:
        return None
    return words.gettext("%(share)s liked") % {"share": words.percent(share)}


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


def short_address(url: str) -> str:
    """An address as people tell them apart: its host and the last part of its path."""
    last = url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2]
    host = domain(url)
    return url if host is None else f"{host}/…/{last}" if last and last != urlsplit(url).netloc else host


TimeTexts = tuple[str | None, str | None, str | None, str | None, str | None]
"""A time as texts: ``machine``, ``text``, the same two of its other end, ``note``."""
NO_TIME: TimeTexts = (None, None, None, None, None)


def time_texts(moment: Moment, words: Words) -> TimeTexts:
    """A moment as far as it is known; times in UTC."""
    if moment.precision == "exact":
        machine, text = words.instant(moment.earliest)
        return machine, text, None, None, None
    first, last = words.day(moment.earliest), words.day(moment.latest)
    until = (None, None) if first == last else last
    said = words.gettext("“%(age)s” when it was captured") % {"age": moment.words} if moment.words else None
    return *first, *until, said


def told_apart(edited: TimeTexts, created: TimeTexts) -> bool:
    """Was something edited at another time than it was written, as far as readers see?"""
    return edited != NO_TIME and (edited[1], *edited[3:]) != (created[1], *created[3:])


def time_of(texts: Sequence[str | None]) -> Time | None:
    """The time that has these texts."""
    machine, text, until, until_text, note = texts
    if machine is None or text is None:
        return None
    return Time(machine, text, None if until is None or until_text is None else (until, until_text), note)


def time(moment: Moment | None, words: Words) -> Time | None:
    """A moment as far as it is known; times in UTC."""
    return time_of(time_texts(moment, words)) if moment else None


def day(microseconds: int, words: Words) -> Time:
    """The day an instant falls on."""
    return Time(*words.day(microseconds))
