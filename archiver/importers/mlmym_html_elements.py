"""The elements of mlmym's pages: how to find them, and what they say.

Source: rystaf/mlmym, templates/post.html and comment.html of 2023 to 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from selectolax.lexbor import LexborNode

from archiver.importers import mlmym_phrases as phrases
from archiver.model import Moment

KINDS = frozenset(("u", "c", "post", "comment"))
"""What the addresses of things begin with on an instance: /u/name, /post/1."""

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z][a-z0-9-]{1,62}(?::\d{1,5})?", re.IGNORECASE)
_GO_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? ([+-])(\d\d)(\d\d)(?: \S+)?(?: m=\S+)?"
)
"""Go's time.Time.String(): 2023-11-28 20:04:05.123456 +0000 UTC"""


class Time(NamedTuple):
    """A time as the page tells it: in full to those who point at it, and as an age."""

    exact: Moment | None
    age: str


def parts(node: LexborNode | None, name: str) -> list[LexborNode]:
    """The elements right inside ``node`` that have a class."""
    return [child for child in node.iter() if name in classes(child)] if node is not None else []


def part(node: LexborNode | None, name: str) -> LexborNode | None:
    """The first element right inside ``node`` that has a class."""
    return next(iter(parts(node, name)), None)


def attribute(node: LexborNode | None, name: str) -> str:
    """The attribute's value; empty where there is none."""
    return (node.attributes.get(name) or "") if node is not None else ""


def classes(node: LexborNode | None) -> list[str]:
    """The element's classes."""
    return attribute(node, "class").split()


def words(node: LexborNode | None) -> str:
    """All text in the element, on one line."""
    return " ".join(node.text(deep=True).split()) if node is not None else ""


def strings(node: LexborNode) -> Iterator[str]:
    """The texts right inside ``node``."""
    for child in node.iter(include_text=True):
        if child.is_text_node and (text := words(child)):
            yield text


def split(href: str) -> SplitResult:
    """The parts of an address; empty ones for what is no address."""
    try:
        return urlsplit(href)
    except ValueError:  # such as http://[
        return urlsplit("")


def segments(href: str) -> list[str]:
    """The names between the slashes of an address's path."""
    return [unquote(segment) for segment in split(href).path.split("/") if segment not in ("", ".")]


def instance_in(href: str) -> str | None:
    """The instance that an mlmym serving many names in its own addresses: ``lemmy.ml`` in /lemmy.ml/u/name."""
    steps = segments(href)
    return steps[0].lower() if len(steps) > 2 and steps[1] in KINDS and _HOST.fullmatch(steps[0]) else None


def name_in(href: str, kind: str) -> str | None:
    """The name at the end of an address: ``name@host`` in /u/name@host for the kind ``u``."""
    steps = segments(href)
    return steps[-1] if len(steps) > 1 and steps[-2] == kind else None


def linked(node: LexborNode | None, label: str) -> Iterator[str]:
    """Where the buttons of a post or comment lead that say ``label``."""
    for link in node.css("a[href]") if node is not None else ():
        if words(link) == label:
            yield attribute(link, "href")


def person(link: LexborNode | None) -> str | None:
    """The name of the person a link leads to; the address has it in full where the reader had host names hidden."""
    shown, full = words(link), name_in(attribute(link, "href"), "u")
    return full if full and full.split("@")[0] == shown else shown or None


def creator(comment: LexborNode) -> LexborNode | None:
    """The link to a comment's author."""
    meta = part(comment, "meta")
    return meta.css_first("a.creator") if meta is not None else None


def parent_link(comment: LexborNode) -> str | None:
    """Id of the comment answered, as a button tells it: on the page of a single comment its parent is nothing else."""
    for href in linked(part(part(comment, "content"), "buttons"), "parent"):
        if match := re.search(r"/comment/(\d+)/?$", split(href).path):
            return match[1]
    return None


def fedilink(node: LexborNode) -> str | None:
    """Address of the original of a post or comment, where the page has one."""
    for href in linked(part(node, "content") or node, "fedilink"):
        address = split(href)
        if address.scheme in ("http", "https") and _HOST.fullmatch(address.netloc):
            return href
    return None


def times(node: LexborNode) -> tuple[Time, Time | None]:
    """Creation and, where there was one, last edit of a post or comment."""
    meta = part(node, "meta") or node.css_first("div.meta")
    spans = meta.css("span[title]") if meta is not None else []
    found = [Time(go_time(attribute(span, "title")), words(span)) for span in spans[:2]]
    return found[0] if found else Time(None, ""), found[1] if len(found) > 1 else None


def go_time(text: str) -> Moment | None:
    """A time as Go prints it; None for Go's zero time, which means "never", and for anything else."""
    match = _GO_TIME.fullmatch(text.strip())
    if not match:
        return None
    *numbers, fraction, sign, hours, minutes = match.groups()
    try:
        instant = datetime(*map(int, numbers), tzinfo=UTC)  # type: ignore[misc, arg-type]
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        instant = instant + offset if sign == "-" else instant - offset
    except (ValueError, OverflowError):
        return None
    if instant.year < 1970:
        return None
    micros = phrases.microseconds(instant) + int((fraction or "").ljust(6, "0")[:6])
    return Moment(micros, micros)
