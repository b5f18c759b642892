"""The pages of a thread: its post, and its comments in every order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

import msgspec

from archiver import paging, sorts, urls, views
from archiver.config import Settings
from archiver.model import Community
from archiver.render.comments import CommentRows
from archiver.render.orders import OrderFiles
from archiver.render.parts import N_, Parts, Span
from archiver.render.templates import Frame, Page, Pieces, Templates
from archiver.scratch import Scratch
from archiver.sorts import Arranged
from archiver.tree import Node, Thread
from archiver.views import Link, ThreadPage, ThreadView

DEEPEST = 50
"""Replies nest to this depth in a page; deeper ones follow flat, each with a link to its parent.

Browsers flatten a DOM beyond 512 elements; each depth here costs four. Lemmy itself stops at 50.
"""

AT_ONCE = 1000
"""Comments, or pages with so many of them, rendered by one call of their template."""

FRAGMENTS_KEPT = 10_000
"""Comments of a thread whose HTML stays in memory from one order to the next."""

NESTING_NOTES = {
    "inferred": N_(
        "The dump does not say who answers whom; that was worked out from reply counts and scores, "
        "and only one tree fits."
    ),
    "uncertain": N_(
        "The dump does not say who answers whom; that was worked out from reply counts and scores. "
        "Several trees fit, so some replies may hang in the wrong place."
    ),
    "flat": N_("The dump does not say who answers whom, so the comments stand in one flat list."),
}


class ThreadRenderer:
    """Renders threads."""

    def __init__(self, settings: Settings, templates: Templates, parts: Parts) -> None:
        self._settings = settings
        self._templates = templates
        self._parts = parts

    def pages(
        self, thread: Thread, arranged: Sequence[Arranged], community: Community | None, span: Span
    ) -> Iterator[Page]:
        """Every page of one thread, in every order."""
        post = thread.post
        base = self._parts.addresses.post(post.host, post.id, post.community)
        here = urls.page_name(base)
        shared = _Shared(
            here=here,
            files=OrderFiles(base, self._default(arranged), [order.names for order in arranged]),
            view=self._view_of(thread, community, span, here, distinct=len(arranged) > 1),
            missing=views.missing(thread.missing, self._parts.words),
            fragments=_Fragments(self._templates, CommentRows(self._parts, thread, here)),
        )
        made = chain.from_iterable(self._order(shared, order, thread.count) for order in arranged)
        # Few calls for short threads; little that is held for long ones.
        at_once = max(1, AT_ONCE // (thread.count + 1))
        while pages := list(islice(made, at_once)):
            frames, shown, comments = zip(*pages, strict=True)
            yield from self._templates.pages("thread", frames, shown, comments)

    def places(self, arranged: Sequence[Arranged]) -> dict[str, int]:
        """The page of the default order on which each comment stands, for those not on the first."""
        (nodes,) = (order.things for order in arranged if self._default(arranged) in order.names)
        cuts = paging.cut(nodes, self._settings.comments_per_page)
        return {node.id: number for number, nodes in enumerate(cuts, 1) for node in nodes if number > 1}

    def _default(self, arranged: Sequence[Arranged]) -> str:
        """The order readers see first: the one asked for, or the first there is."""
        wanted = self._settings.default_order
        return wanted if any(wanted in order.names for order in arranged) else arranged[0].names[0]

    def _order(self, shared: _Shared, order: Arranged, count: int) -> Iterator[tuple[Frame, ThreadPage, list[bytes]]]:
        """The pages of one order, each with its comments; of the default one, if it has several, all on one besides."""
        files, here = shared.files, shared.here
        cuts = paging.cut(order.things, self._settings.comments_per_page)
        is_default = files.default in order.names
        has_whole = is_default and len(cuts) > 1 and count <= self._settings.whole_page_comments
        links = [urls.relative(files.path(order.names, number), here) for number in range(1, len(cuts) + 1)]
        orders = files.links(order.names, here, sorts.COMMENT_ORDERS, self._parts.words)
        title = files.titled(shared.view.post.title, order.names, self._parts.words)
        whole = urls.relative(files.whole, here) if has_whole else None
        sided = shared.view.community is not None

        def page(number: int, where: _Where, nodes: Sequence[Node], path: str) -> tuple[Frame, ThreadPage, list[bytes]]:
            shown = ThreadPage(
                thread=shared.view,
                number=number,
                title=title,
                orders=orders,
                pages=files.pages(order.names, here, number, len(cuts)),
                whole=whole,
                continues=where.back(number),
                continued=where.onward(number),
                filled=bool(nodes),
                missing=shared.missing if number in (0, len(cuts)) else None,
            )
            frame = Frame(path, "thread", path if is_default and number else here, sided)
            return frame, shown, shared.fragments.nested(nodes, where, number)

        where = _Where(shared.fragments.rows.name, cuts, links)
        for number, nodes in enumerate(cuts, 1):
            yield page(number, where, nodes, files.path(order.names, number))
        if has_whole:
            yield page(0, _Where(shared.fragments.rows.name, [], []), order.things, files.whole)

    def _view_of(
        self, thread: Thread, community: Community | None, span: Span, here: str, *, distinct: bool
    ) -> ThreadView:
        """What all pages of a thread share."""
        words, post = self._parts.words, thread.post
        notes = [NESTING_NOTES[post.nesting]] if post.nesting and thread.count else []
        view = ThreadView(
            post=self._parts.post(post, thread.count, here),
            heading=views.comments(thread.count, words),
            summary=self._parts.count_of(post, thread.count),
            declared=words.number(post.declared_comments or 0),
            is_over=0 < (post.declared_comments or 0) < thread.count,
            told=span.told is not None,
            captured=span.time(words),
            missing_url=urls.linkable(thread.missing_url),
            notes=[words.gettext(note) for note in notes],
            distinct=distinct,
            community=self._templates.with_side(self._parts.community(community, here)) if community else None,
        )
        view.head = self._templates.part("post", view)
        return view


class _Shared(msgspec.Struct, frozen=True):
    """What all pages of one thread have in common."""

    here: str
    """Path of the first page; the others lie beside it."""
    files: OrderFiles
    view: ThreadView
    missing: str | None
    fragments: _Fragments


class _Where:
    """On which page of one order each comment stands; where there is one page only, nothing needs to be known."""

    def __init__(
        self, name: Callable[[Node | None], str], cuts: Sequence[Sequence[Node]], links: Sequence[str]
    ) -> None:
        self._name = name
        self._cuts = cuts
        self._links = links
        self.pages = {node.id: number for number, nodes in enumerate(cuts, 1) for node in nodes} if cuts[1:] else {}

    def link(self, node: Node, number: int) -> str:
        """The link from page ``number`` to a comment."""
        page = self.pages.get(node.id, number)
        return ("" if page == number else self._links[page - 1]) + "#" + urls.fragment(node.id)

    def is_away(self, node: Node, number: int) -> bool:
        """Does the comment on page ``number`` answer one that is on another page?"""
        return node.parent is not None and self.pages.get(node.parent.id, number) != number

    def back(self, number: int) -> Link | None:
        """The way back, where a page begins in the middle of a branch."""
        nodes = self._cuts[number - 1] if self._cuts else None
        parent = nodes[0].parent if nodes else None
        return Link(self._name(parent), self.link(parent, number)) if parent else None

    def onward(self, number: int) -> Link | None:
        """The way on, where a page ends in the middle of a branch."""
        first = self._cuts[number][0] if number < len(self._cuts) else None
        return Link(self._name(first.parent), self.link(first, number)) if first and first.parent else None


class _Fragments:
    """The HTML of each comment, made once; an order is then only another way to string them together."""

    def __init__(self, templates: Templates, rows: CommentRows) -> None:
        self._templates = templates
        self.rows = rows
        self._made: Scratch[str, Pieces] = Scratch(FRAGMENTS_KEPT, _packed, _unpacked)

    def nested(self, nodes: Sequence[Node], where: _Where, number: int) -> list[bytes]:
        """The comments of one page as nested lists, written in a flat loop; in pieces."""
        if not nodes:
            return []
        parts: list[bytes] = []
        closing: list[bytes] = []
        depths: dict[str, int] = {}
        pieces = self._pieces(nodes, where, number)
        for node, after, (opening, replies, end, close) in zip(nodes, [*nodes[1:], None], pieces, strict=True):
            # A comment whose parent is on another page begins at the left again.
            depth = min(depths.get(node.parent.id, -1) + 1, DEEPEST) if node.parent else 0
            while len(closing) > depth:
                parts.append(closing.pop())
            parts.append(opening)
            if after and after.parent is node and depth < DEEPEST:
                parts.append(replies)
                closing.append(end + close)
            else:
                parts.append(close)
            depths[node.id] = depth
        parts += reversed(closing)
        return parts

    def _pieces(self, nodes: Sequence[Node], where: _Where, number: int) -> list[Pieces]:
        """The pieces of every node, in their order. Links to what is on another page are made for each page anew."""
        away = [node for node in nodes if where.is_away(node, number)]
        made = dict(zip((node.id for node in away), self._render(away, where, number), strict=True))
        made |= self._made.get([node.id for node in nodes if node.id not in made])
        fresh = [node for node in nodes if node.id not in made]
        for some in (fresh[at : at + AT_ONCE] for at in range(0, len(fresh), AT_ONCE)):
            new = dict(zip((node.id for node in some), self._render(some, where, number), strict=True))
            self._made.keep(new)
            made |= new
        return [made[node.id] for node in nodes]

    def _render(self, nodes: Sequence[Node], where: _Where, number: int) -> list[Pieces]:
        row = self.rows.row
        return self._templates.comments(
            [row(node, where.link(node.parent, number) if node.parent else None) for node in nodes]
        )


def _packed(pieces: Pieces) -> bytes:
    return b"\0".join(pieces)  # which templates are cut at, so that none is left in them


def _unpacked(packed: bytes) -> Pieces:
    opening, replies, end, close = packed.split(b"\0")
    return opening, replies, end, close
