"""Where a link in a text may lead: into the archive, to an absolute address of a harmless scheme, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import msgspec

from archiver.platforms import REDDIT_HOST, UNKNOWN_HOST
from archiver.urls import SCHEMES, well_formed

Kind = Literal["person", "community"]

REL = "nofollow ugc noopener"
"""``rel`` of every link that leaves the archive."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+):")
_WEB = re.compile(r"(?i:https?)://([^/?#\\\s]++)([^?#]*+)(.*+)", re.DOTALL)
_ORDINARY = re.compile(r"https?://([a-z0-9.-]++)(/[\w.~!$'()*+,;=:@/-]*+|)([?#][\w.~!$&'()*+,;=:@/?#-]*+|)", re.ASCII)
"""Web addresses as most are written: nothing in them needs a change."""
_LEMMY_PATH = re.compile(r"/([cmu])/([A-Za-z0-9._%+-]++)(?:@([A-Za-z0-9.-]++))?/?")
_REDDIT_PATH = re.compile(r"/(r|u|user)/([A-Za-z0-9_-]++)/?")
_DROPPED = re.compile(r"[\x00-\x20\x7f-\x9f\ufeff]")

LONGEST_LINKS = 1 << 20
"""Characters that the addresses and titles of one text's links may have together. A few signs that refer to one long
address, or an element that a parser opens again in each paragraph, would repeat it without end."""


class Allowance:
    """How much of LONGEST_LINKS a text has left."""

    def __init__(self) -> None:
        self._left = LONGEST_LINKS

    def covers(self, *parts: str) -> bool:
        """Whether a link of these parts may still be made; if so, it is counted."""
        self._left -= sum(map(len, parts))
        return self._left >= 0


class Context(msgspec.Struct, frozen=True):
    """What a text cannot know itself: where it was written and what else the archive holds."""

    host: str
    """Source host of the text: ``lemmy.ml``, ``www.reddit.com``; ``unknown.invalid`` when unknown."""
    link: Callable[[Kind, str], str | None]
    """``link("community", name)`` gives the address inside the archive, or None when it is not in it. The name is
    spelt as in the records: bare on ``host`` itself, ``name@other.host`` for another instance."""
    prefix: str = ""
    """Makes the ids of this text unique on its page: ``c123-``."""
    headings: Literal[2, 3, 4] = 4
    """Level of the highest heading in this text: one below the heading it stands under."""


def on_reddit(context: Context) -> Context:
    """``context`` for a text in the Reddit dialect: links without a host mean Reddit wherever the text was kept."""
    return context if context.host == REDDIT_HOST else msgspec.structs.replace(context, host=REDDIT_HOST)


def within_host(name: str, host: str | None, context: Context) -> str:
    """The name as the records of ``context.host`` spell it."""
    return name if host is None or host.lower() == context.host else f"{name}@{host.lower()}"


def resolve(url: str, context: Context, *, below_root: bool = False) -> str | None:
    """The address a link written as ``url`` leads to, or None when it must not be a link.

    Paths from the root and protocol-relative addresses become https addresses. Other relative ones have no known base;
    ``below_root`` resolves them against the root of the host too, as sites without folders (Hacker News) mean them.
    """
    url = url.strip()
    if url.startswith(("//", "\\\\", "/\\")):
        url = "https://" + url[2:]
    elif url.startswith("/") or (below_root and url and url[0] not in "#?\\" and not _SCHEME.match(url)):
        if context.host == UNKNOWN_HOST:
            return None
        url = f"https://{context.host}/{url.removeprefix('/')}"
    if ordinary := _ORDINARY.fullmatch(url):
        return _in_archive(ordinary[1], ordinary[2], ordinary[3], context) or url
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() not in SCHEMES:
        return None
    url = scheme[1].lower() + _DROPPED.sub("", url[scheme.end(1) :])
    if not url.startswith("http"):
        return well_formed(url) if len(url) > len(scheme[0]) else None
    web = _WEB.fullmatch(url)
    if web is None:
        return None
    return _in_archive(web[1].lower(), web[2], web[3], context) or well_formed(url)


def _in_archive(host: str, path: str, rest: str, context: Context) -> str | None:
    """The address inside the archive of the person or community that a web address names."""
    if rest:
        return None
    if host == "reddit.com" or host.endswith(".reddit.com"):
        if reddit := _REDDIT_PATH.fullmatch(path):
            return context.link(
                "community" if reddit[1] == "r" else "person", within_host(reddit[2], REDDIT_HOST, context)
            )
    elif lemmy := _LEMMY_PATH.fullmatch(path):
        kind: Kind = "person" if lemmy[1] == "u" else "community"
        return context.link(kind, within_host(lemmy[2], lemmy[3] or host, context))
    return None


def mention(kind: Kind, name: str, host: str, context: Context) -> str:
    """Address of somebody of the fediverse: inside the archive, else at their own host."""
    letter = "u" if kind == "person" else "c"
    return context.link(kind, within_host(name, host, context)) or f"https://{host}/{letter}/{name}"
