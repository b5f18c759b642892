"""Opens a thread page of mlmym saved as HTML: the elements of post, sidebar and comments, where and when it was saved.

Source of the structure: rystaf/mlmym, templates/main.html, sidebar.html, post.html and comment.html of 2023 to 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.dumps import Dump
from archiver.errors import DumpError
from archiver.importers import mlmym_html_elements as elements
from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import seen_at
from archiver.model import Moment, Skip
from archiver.platforms import UNKNOWN_HOST

MAX_DEPTH = 5_000
"""Elements inside each other. Lemmy's threads nest 100 deep; the parser takes 20 seconds for 100,000."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_NESTED = frozenset(("br", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "p", "td", "th", "tr"))


class Found(msgspec.Struct, frozen=True):
    """A comment's element, and where it stands."""

    id: str
    parent: str | None
    node: LexborNode


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The elements of a thread page, and what holds for all of it."""

    host: str
    post: LexborNode
    post_id: str
    side: LexborNode | None
    menu: LexborNode | None
    """What stands above the comments: how many there are, and the orders to choose from."""
    comments: Sequence[Found]
    """In the order of the page."""
    skips: Sequence[Skip]
    day: Moment | None
    """When the post was made, by the sidebar."""
    orders: tuple[str, ...] | None
    captured: Moment | None
    keep_deleted: bool
    counted: bool
    """Comments print how many replies they have (mlmym since June 2024)."""
    more: bool
    """Further comments stand on a next page."""


def opened(dump: Dump) -> Page:
    """The page in the dump; raises DumpError where there is none."""
    data = dump.read()
    text = data.decode("utf-8-sig", "replace")
    _check_depth(text, dump.name)
    tree = LexborHTMLParser(text)
    posts = [node for node in tree.css("div.post") if re.fullmatch(r"p\d+", elements.attribute(node, "id"))]
    if not posts:
        raise DumpError(f"{dump.name}: no thread page of mlmym: it has no post (div.post with an id)")
    post, side, menu = posts[0], tree.css_first("div.side"), tree.css_first("div.commentmenu")
    skips = []
    if "\ufffd" in text and not _is_utf8(data):
        skips.append(Skip(line=None, reason="bytes that are not UTF-8", detail="shown as U+FFFD"))
    comments, unplaced = _comments(tree, post if menu is None else menu)
    orders = _orders(menu)
    day = _day(side, orders)
    return Page(
        host=_host(post, comments),
        post=post,
        post_id=elements.attribute(post, "id")[1:],
        side=side,
        menu=menu,
        comments=comments,
        skips=[*skips, *unplaced],
        day=day,
        orders=orders,
        captured=dump.captured or _captured(post, comments, day),
        keep_deleted=dump.keep_deleted,
        counted=tree.css_first("span.numChildren") is not None,
        more=tree.css_first("a#lmc") is not None,
    )


def _check_depth(text: str, name: str) -> None:
    """The parser's time grows with the square of the depth: refuse what no thread page has."""
    depth = 0
    for match in _TAG.finditer(text):
        if match[2].lower() in _NEVER_NESTED:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > MAX_DEPTH:
            raise DumpError(f"{name}: nests more than {MAX_DEPTH:,} elements; no thread page does")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _comments(tree: LexborHTMLParser, beside: LexborNode) -> tuple[list[Found], list[Skip]]:
    """All comments in the order of the page, by the structure comment > children > comment, and what has no place.

    The top ones stand beside the menu, or beside the post where there is no menu.
    """
    found: list[Found] = []
    skips: list[Skip] = []
    seen: set[str] = set()
    reached = 0
    waiting = [(node, elements.parent_link(node)) for node in reversed(elements.parts(beside.parent, "comment"))]
    while waiting:
        node, parent = waiting.pop()
        reached += 1
        match = re.fullmatch(r"c(\d+)", elements.attribute(node, "id"))
        if match is None or match[1] in seen:
            reason = "comment with the id of another" if match else "comment without an id"
            skips.append(Skip(line=None, reason=reason, detail=elements.words(elements.part(node, "meta"))[:80]))
        else:
            seen.add(match[1])
            found.append(Found(match[1], parent, node))
            parent = match[1]
        children = elements.parts(elements.part(node, "children"), "comment")
        waiting += [(child, parent) for child in reversed(children)]
    everywhere = len(tree.css("div.comment"))
    if reached < everywhere:
        detail = f"{everywhere - reached} of {everywhere}"
        skips.append(Skip(line=None, reason="comment outside the thread", detail=detail))
    return found, skips


def _host(post: LexborNode, comments: Iterable[Found]) -> str:
    """The instance: mlmym names it in its own addresses (/lemmy.ml/u/…), or local things name it as their origin."""
    creators = [(found, elements.creator(found.node)) for found in comments]
    for link in [*post.css("div.meta a[href]"), *(creator for _, creator in creators)]:
        if instance := elements.instance_in(elements.attribute(link, "href")):
            return instance
    own_post = f"/post/{elements.attribute(post, 'id')[1:]}"
    things = [(post, post.css_first("a.submitter"), own_post)]
    things += [(found.node, creator, f"/comment/{found.id}") for found, creator in creators]
    for node, creator, path in things:
        if "@" in (elements.person(creator) or "@"):
            continue
        origin = elements.split(elements.fedilink(node) or "")
        if origin.path == path:
            return origin.netloc.lower()
    return UNKNOWN_HOST


def _orders(menu: LexborNode | None) -> tuple[str, ...] | None:
    links = menu.css("div > a") if menu is not None else ()
    return tuple(elements.words(link) for link in links) or None


def _day(side: LexborNode | None, orders: tuple[str, ...] | None) -> Moment | None:
    match = phrases.SUBMITTED.search(elements.words(elements.part(side, "stats")))
    return phrases.submitted_day(match["day"], orders) if match else None


def _captured(post: LexborNode, comments: Iterable[Found], day: Moment | None) -> Moment | None:
    """When the page was saved: the instant at which all exact times on it had the ages it prints."""
    made, edited = elements.times(post)
    shown = [made, edited, *(time for found in comments for time in elements.times(found.node))]
    seen = [moment for time in shown if time and time.exact and (moment := seen_at(time.exact, time.age))]
    if seen:
        earliest, latest = max(moment.earliest for moment in seen), min(moment.latest for moment in seen)
        return Moment(earliest, latest, "about") if earliest <= latest else None
    return seen_at(day, made.age) if day else None
