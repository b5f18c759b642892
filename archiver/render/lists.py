"""Lists: of posts, of what a person wrote, of communities, of the dumps an archive was made from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from archiver import sorts, urls, views
from archiver.config import Settings
from archiver.model import Capture, Community, Numbers, Person, Post, Skip
from archiver.render.entries import Entry, EntryRows
from archiver.render.orders import OrderFiles
from archiver.render.parts import Parts, Span
from archiver.render.post_lines import PostRows
from archiver.render.templates import Frame, Page, Templates
from archiver.views import (
    AboutView,
    ArchiveView,
    CaptureView,
    CommunityView,
    Link,
    ListingPage,
    OrderLink,
    PageLink,
    PersonPage,
)


class ListPage(msgspec.Struct, frozen=True):
    """Which page of which order of a list."""

    names: tuple[str, ...]
    """The orders it shows; several where they come out alike."""
    number: int
    total: int
    """Things in the whole list."""


class PersonHead(NamedTuple):
    """What all pages of what a person wrote share."""

    title: str
    files: OrderFiles
    summary: str
    original: str | None


ListedPage = tuple[Frame, PersonPage, Sequence[bytes]]
"""A page of a person before it is rendered, and the HTML of what it lists."""


class ListHead(msgspec.Struct, frozen=True):
    """What all pages of a list of posts share."""

    base: str
    """Path below the site folder, without suffix."""
    title: str
    community: CommunityView | None
    about: ArchiveView | None
    """Numbers of the whole archive: only the first pages show them, so that others stay as they are."""

    def on(self, number: int) -> ListHead:
        """What of it page ``number`` shows."""
        return self if number == 1 else msgspec.structs.replace(self, about=None)


class ListOrder(msgspec.Struct, frozen=True):
    """What all pages of a list of posts in one order share."""

    head: ListHead
    files: OrderFiles
    names: tuple[str, ...]
    """Of the order; several where they come out alike."""
    total: int
    """Posts in the whole list."""
    orders: list[OrderLink]
    periods: list[OrderLink]
    summary: str
    """ "52 threads"."""

    def path(self, number: int) -> str:
        """Where page ``number`` lives."""
        return self.files.path(self.names, number)

    def shown(self, number: int) -> tuple[object, ...]:
        """All that page ``number`` shows besides its posts, or that follows from it and the path."""
        return self.head.on(number), self.total, self.orders, self.periods, self.summary


class ListRenderer:
    """Renders lists."""

    def __init__(self, settings: Settings, templates: Templates, parts: Parts) -> None:
        self._settings = settings
        self._templates = templates
        self._parts = parts
        self._words = parts.words
        self._entries = EntryRows(parts)

    def list_head(self, community: Community | None, numbers: Numbers | None) -> ListHead:
        """What all pages of a list of posts share: of a community, or (community None) of the whole archive."""
        base = self._base(community)
        view = self._templates.with_side(self._parts.community(community, urls.page_name(base))) if community else None
        about = self._numbers(numbers, urls.page_name(base)) if numbers else None
        return ListHead(base, view.title if view else self._parts.title, view, about)

    def list_order(
        self, head: ListHead, groups: Sequence[tuple[str, ...]], names: tuple[str, ...], total: int, as_of: int
    ) -> ListOrder:
        """What all pages of a list of so many posts share in the order ``names``.

        ``groups``: the orders there are, those that come out alike together. ``as_of``: when the latest capture was
        made, in microseconds since 1970.
        """
        files = OrderFiles(head.base, groups[0][0], groups)
        orders = self._order_links(files, names, sorts.POST_ORDERS)
        periods = self._periods(orders) if any(name.startswith("top") for name in names) else []
        summary = views.threads(total, self._words)
        if files.own(names).startswith("top-"):
            back = self._words.gettext("%(threads)s, counted back from %(date)s, when this was captured last")
            summary = back % {"threads": summary, "date": views.day(as_of, self._words).text}
        return ListOrder(head, files, names, total, _without_periods(orders), periods, summary)

    def posts(self, order: ListOrder, number: int, lines: Sequence[bytes]) -> Page:
        """One page of a list of posts, with its posts as ``post_lines`` makes them."""
        path, head = order.path(number), order.head.on(number)
        view = ListingPage(
            heading=head.title,
            title=order.files.titled(head.title, order.names, self._words),
            number=number,
            summary=order.summary,
            orders=order.orders,
            periods=order.periods,
            pages=self._page_links(order.files, ListPage(order.names, number, order.total), path),
            first=self._first(number),
            filled=order.total > 0,
            community=head.community,
            about=head.about,
        )
        kind = "community" if head.community else "index"
        frame = Frame(path, kind, path, sided=bool(head.community or head.about))
        (page,) = self._templates.pages("listing", [frame], [view], [lines])
        return page

    def _periods(self, orders: Sequence[OrderLink]) -> list[OrderLink]:
        """Links to the list of the best, of all time and of each period; none if all are this page."""
        periods = [
            msgspec.structs.replace(link, title=self._words.gettext("all time")) if link.name == "top" else link
            for link in orders
            if link.name.startswith("top")
        ]
        return periods if any(not (link.current or link.same) for link in periods) else []

    def post_lines(self, community: Community | None, posts: Iterable[tuple[Post, int]]) -> list[bytes]:
        """The HTML of posts, each with its comments in this archive, as every page and order of a list shows them."""
        here = urls.page_name(self._base(community))
        rows = PostRows(self._parts, here, community=community is None)
        return self._templates.post_lines([rows.row(post, count) for post, count in posts])

    def _base(self, community: Community | None) -> str:
        return self._parts.addresses.community(community.host, community.name) if community else "index"

    def person_head(self, person: Person, groups: Sequence[tuple[str, ...]], posts: int, comments: int) -> PersonHead:
        """What all pages of what a person wrote share; so many posts and comments in this archive."""
        summary = self._words.gettext("%(posts)s and %(comments)s in this archive.") % {
            "posts": views.posts(posts, self._words),
            "comments": views.comments(comments, self._words),
        }
        files = OrderFiles(self._parts.addresses.person(person.host, person.name), groups[0][0], groups)
        return PersonHead(person.name, files, summary, self._parts.addresses.original_person(person))

    def person_page(self, head: PersonHead, current: ListPage, entries: Sequence[bytes]) -> ListedPage:
        """One page of what a person wrote, with what it shows as ``entries`` makes it."""
        path = head.files.path(current.names, current.number)
        view = PersonPage(
            heading=head.title,
            title=head.files.titled(head.title, current.names, self._words),
            number=current.number,
            summary=head.summary,
            original=head.original,
            orders=self._order_links(head.files, current.names, sorts.PERSON_ORDERS),
            pages=self._page_links(head.files, current, path),
            first=self._first(current.number),
        )
        return Frame(path, "person", path), view, entries

    def persons(self, pages: Sequence[ListedPage]) -> Iterator[Page]:
        """Pages of people, as ``person_page`` gives them."""
        frames, shown, entries = zip(*pages, strict=True) if pages else ((), (), ())
        return self._templates.pages("person", frames, shown, entries)

    def _order_links(self, files: OrderFiles, names: Sequence[str], shown: Sequence[str]) -> list[OrderLink]:
        """Links to the other orders, if there are any; the same from all pages of one order."""
        return files.links(names, files.path(names), shown, self._words) if len(files.groups) > 1 else []

    def _page_links(self, files: OrderFiles, current: ListPage, path: str) -> list[PageLink]:
        """Links to the other pages of a list."""
        count = max(1, -(-current.total // self._settings.posts_per_page))
        return files.pages(current.names, path, current.number, count)

    def _first(self, number: int) -> int:
        return (number - 1) * self._settings.posts_per_page + 1

    def communities(self, numbers: Numbers) -> Page:
        """The list of all communities, by site."""
        path = "communities.html"
        hosts: dict[str, list[tuple[Link, str]]] = {}
        for host, name, threads in sorted(numbers.communities, key=lambda row: (row[0], row[1].lower())):
            row = (self._parts.community_link(host, name, path), views.threads(threads, self._words))
            hosts.setdefault(self._parts.host_title(host), []).append(row)
        return self._templates.page("communities", {"hosts": list(hosts.items())})

    def about(self, numbers: Numbers, captures: Sequence[tuple[Capture, Sequence[tuple[int, Skip]]]]) -> Page:
        """What the archive holds and where it came from."""
        about = AboutView(
            description=self._parts.description,
            threads=views.threads(numbers.threads, self._words),
            comments=views.comments(numbers.comments, self._words),
        )
        rows = [self._capture(capture, skips) for capture, skips in captures]
        return self._templates.page("about", {"about": about, "captures": rows})

    def accessibility(self) -> Page:
        """The statement of what readers may expect."""
        return self._templates.page("accessibility", {})

    def entries(self, entries: Iterable[Entry]) -> list[bytes]:
        """The HTML of what people wrote, as every page and order of their lists shows it."""
        return self._templates.entries([self._entries.row(entry) for entry in entries])

    def _numbers(self, numbers: Numbers, here: str) -> ArchiveView:
        return ArchiveView(
            description=self._parts.description,
            facts=[
                (self._words.gettext("Threads"), self._words.number(numbers.threads)),
                (self._words.gettext("Comments"), self._words.number(numbers.comments)),
            ],
            communities=[
                (self._parts.community_link(host, name, here), self._words.number(count))
                for host, name, count in numbers.communities[:20]
            ],
        )

    def _capture(self, capture: Capture, skips: Sequence[tuple[int, Skip]]) -> CaptureView:
        span, words = Span(capture.captured, capture.newest or 0), self._words
        return CaptureView(
            name=capture.name,
            format=capture.format,
            told=span.told is not None,
            captured=span.time(words),
            imported=views.day(capture.imported, words),
            holds=words.listed([views.posts(capture.posts, words), views.comments(capture.comments, words)]),
            size=words.ngettext("%(num)s byte", "%(num)s bytes", capture.size),
            sha256=capture.sha256,
            error=capture.error,
            skips=[(words.number(count), skip) for count, skip in skips],
        )


def _without_periods(links: Sequence[OrderLink]) -> list[OrderLink]:
    """The periods of "top" are a second row; "top" itself stands for all of them."""
    in_top = any(link.current for link in links if link.name.startswith("top"))
    return [
        msgspec.structs.replace(link, current=in_top) if link.name == "top" else link
        for link in links
        if not link.name.startswith("top-")
    ]
