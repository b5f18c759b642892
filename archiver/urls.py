"""Where a thing lives in the site, and how two pages name each other.

A page lives at the original's host and path, one file a page: ``lemmy.ml/post/8548268.html``. Any string maps to a
safe file name; different strings never share one, on case-insensitive file systems and Windows neither.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote

from archiver.model import Comment, Community, Person, Post
from archiver.platforms import PLATFORMS, UNKNOWN_HOST, Platform

MAX_NAME = 100
"""Bytes of a file name before its suffixes; file systems allow 255."""

DIGEST = 16
"""Hexadecimal digits of the checksum that makes a name unique; few enough to read, too many to collide by accident."""

NAMES_KEPT = 1000
"""File names of texts kept: a host, a community, a person are named many times in a row."""

_CAPITALS = re.compile("[A-Z]+")
_SAFE = re.compile(r"[a-z0-9@_+-][a-z0-9@_+.-]*+")
SCHEMES = frozenset({"http", "https", "mailto", "gemini", "magnet"})
"""The schemes a link may have; any other link becomes its own text."""

_LINKABLE = re.compile(r"(?i:https?://[^/?#\\\s]|(?:mailto|gemini|magnet):\S)")
_PLAIN = re.compile(r"https?://[a-z0-9.-]++[A-Za-z0-9/_.?=&#-]*+")
"""Addresses that are well formed at a glance, which most are."""
_HOST = re.compile(r"""[a-z]+://[^/?#\x00-\x20\x7f<>"\\^`{|}%]*""")
_UNFIT = re.compile(r"""[\x00-\x20\x7f<>"\\^`{|}\[\]]|%(?![0-9A-Fa-f]{2})""")
_WINDOWS = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
# What page names append to an address: "-2", ".top", ".top-2". A name that already ends so would meet another page.
_OWN_SUFFIXES = re.compile(
    r".*(?:-[0-9]+|\.(?:hot|top|top-[a-z]+|controversial|new|old|captured|active|comments|whole|html)(?:-[0-9]+)?)"
)


def safe_name(text: str, *, folded: bool = False) -> str:
    """A file name for any text: the text itself where it is safe, else its safe part, ``~`` and a checksum.

    ``folded`` is for names that the archive keeps unique whatever their case (people, communities): they are written
    small, so that every spelling leads to the same page. Everything else with a capital letter gets the checksum,
    since ``A`` and ``a`` are one file on many disks.
    """
    return _kept(text, folded) if len(text) <= MAX_NAME else _safe_name(text, folded)


def _safe_name(text: str, folded: bool) -> str:
    # ASCII only, as SQLite does it: "É" and "é" are two people.
    small = folded_name(text)
    name = small if folded else text
    safe = (
        bool(_SAFE.fullmatch(name))
        and len(name) <= MAX_NAME
        and not name.endswith(".")
        and not _WINDOWS.fullmatch(name)
        and not (("-" in name or "." in name) and _OWN_SUFFIXES.fullmatch(name))
    )
    if safe:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]
    stem = re.sub(r"[^a-z0-9@_+-]++", "-", small).strip("-")[: MAX_NAME - DIGEST - 1]
    return f"{stem}~{digest}"


_kept = lru_cache(NAMES_KEPT)(_safe_name)
"""For names of any length it would hold too much."""


def folded_name(name: str) -> str:
    """A name of a person or community as all its spellings have it. Only ASCII folds, as SQLite does it."""
    if name.isascii():
        return name.lower()
    return _CAPITALS.sub(lambda match: match[0].lower(), name)


class Addresses:
    """Paths of pages below the site folder, without the suffixes that page_name adds."""

    def __init__(self, platforms: dict[str, str], root_host: str | None = None) -> None:
        """``platforms``: platform name by host. ``root_host``: the host whose pages live at the top."""
        self._platforms = platforms
        self._root_host = root_host

    def platform(self, host: str) -> Platform:
        """The facts about the kind of site that ``host`` is."""
        return PLATFORMS[self._platforms[host]]

    def post(self, host: str, id: str, community: str | None) -> str:
        """Path of a thread: ``lemmy.ml/post/8548268``."""
        platform = self.platform(host)
        pattern = platform.post if community else platform.post_without_community
        return self._below(host, pattern, id=safe_name(id), community=safe_name(community or "", folded=True))

    def community(self, host: str, name: str) -> str:
        """Path of a community: ``lemmy.ml/c/technology``."""
        return self._below(host, self.platform(host).community, name=safe_name(name, folded=True))

    def person(self, host: str, name: str) -> str:
        """Path of a person: ``lemmy.ml/u/kibiz0r@lemmy.world``."""
        return self._below(host, self.platform(host).person, name=safe_name(name, folded=True))

    def _below(self, host: str, pattern: str, **names: str) -> str:
        path = pattern.format(**names)
        return path if host == self._root_host else f"{safe_name(host, folded=True)}/{path}"

    def original_post(self, post: Post) -> str | None:
        """Absolute address of the original post; None where the host is not known."""
        if post.source_url or post.host == UNKNOWN_HOST:
            return linkable(post.source_url)
        platform = self.platform(post.host)
        pattern = platform.post if post.community else platform.post_without_community
        return _original(post.host, pattern, id=post.id, community=post.community or "")

    def original_comment(self, comment: Comment) -> str | None:
        """Absolute address of the original comment; None where the host is not known."""
        if comment.source_url or comment.host == UNKNOWN_HOST:
            return linkable(comment.source_url)
        pattern = self.platform(comment.host).comment
        return _original(comment.host, pattern, id=comment.id, post=comment.post, community=comment.community or "")

    def original_community(self, community: Community) -> str | None:
        """Absolute address of the original community; None where the host is not known."""
        if community.source_url or community.host == UNKNOWN_HOST:
            return linkable(community.source_url)
        return _original(community.host, self.platform(community.host).community, name=community.name)

    def original_person(self, person: Person) -> str | None:
        """Absolute address of the original profile; None where the host is not known."""
        if person.source_url or person.host == UNKNOWN_HOST:
            return linkable(person.source_url)
        return _original(person.host, self.platform(person.host).person, name=person.name)


def linkable(url: str | None) -> str | None:
    """An address a dump gives, as a link may have it; None where there is none or it must not be a link."""
    if not url or _PLAIN.fullmatch(url):
        return url or None
    return well_formed(url) if _LINKABLE.match(url) else None


def well_formed(url: str) -> str:
    """An address as the rules for addresses want it, where a dump has it as somebody typed it."""
    if _PLAIN.fullmatch(url):
        return url
    host = _HOST.match(url)
    end = host.end() if host else 0
    return url[:end] + _UNFIT.sub(lambda found: quote(found[0], errors="replace"), url[end:])


def _original(host: str, pattern: str, **names: str) -> str:
    quoted = {key: quote(value, safe="@", errors="replace") for key, value in names.items()}
    return f"https://{host}/{pattern.format(**quoted)}"


def page_name(path: str, order: str | None = None, page: int = 1) -> str:
    """The file of one page: ``p.html``, ``p.top.html``, ``p.top-2.html``, ``p-2.html``; ``order`` None: the default."""
    suffix = f".{order}" if order else ""
    number = f"-{page}" if page > 1 else ""
    return f"{path}{suffix}{number}.html"


def relative(target: str, page: str) -> str:
    """The link from one page of the site to another file of it, both as paths below the site folder."""
    folder = page[: page.rfind("/") + 1]
    if target.startswith(folder) and "/" not in target[len(folder) :]:
        return target[len(folder) :]
    here, there = page.split("/"), target.split("/")
    common = 0
    while common < min(len(here), len(there)) - 1 and here[common] == there[common]:
        common += 1
    # Paths are made of safe names only, which stand in a link as they are.
    return "../" * (len(here) - 1 - common) + "/".join(there[common:])


def fragment(id: str) -> str:
    """The id of a comment's element: ``c123``. Unsafe characters are written as their code points, so never alike."""
    if id.isalnum() and id.isascii():  # nearly all are
        return "c" + id
    return "c" + re.sub(r"[^A-Za-z0-9_]", lambda match: f"-{ord(match[0]):x}-", id)
