"""Lists: of posts, of what a person wrote, of communities, of the dumps an archive was made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec

from archiver import markup, sorts, urls, views
from archiver.config import Settings
from archiver.model import Capture, Comment, Community, Person, Post, Skip
from archiver.render.parts import OrderFiles, Parts, Span
from archiver.render.templates import Page, Templates
from archiver.views import Link, OrderLink, Time


@dataclasses.dataclass(slots=True)
class EntryView:
    """A post or comment in the list of what a person wrote."""

    kind: str
    """"post" or "comment"."""
    title: str
    """Of the thread."""
    href: str
    points: str
    community: Link | None
    created: Time | None
    excerpt: str | None


class Numbers(msgspec.Struct, frozen=True):
    """How much there is."""

    threads: int
    comments: int
    communities: Sequence[tuple[str, str, int]]
    """(host, name, threads), largest first."""


class ListPage(msgspec.Struct, frozen=True):
    """Which page of which order of a list."""

    names: tuple[str, ...]
    """The orders it shows; several where they come out alike."""
    number: int
    total: int
    """Things in the whole list."""


class ListRenderer:
    """Renders lists."""

    def __init__(self, settings: Settings, templates: Templates, parts: Parts) -> None:
        self._settings = settings
        self._templates = templates
        self._parts = parts
        self._words = parts.words

    def posts(
        self,
        community: Community | None,
        groups: Sequence[tuple[str, ...]],
        current: ListPage,
        posts: Sequence[tuple[Post, int]],
        numbers: Numbers | None,
    ) -> Page:
        """One page of a list of posts: of a community, or (community None) of the whole archive.

        ``groups``: the orders there are, those that come out alike together; ``posts``: those of this page, with their
        comments in this archive.
        """
        base = self._parts.addresses.community(community.host, community.name) if community else "index"
        files = OrderFiles(base, groups[0][0], groups)
        path = files.path(current.names, current.number)
        view = self._parts.community(community, path) if community else None
        title = view.title if view else self._parts.title
        listing = self._listing(files, current, path, sorts.POST_ORDERS) | {
            "summary": views.threads(current.total, self._words),
            "periods": [],
        }
        if any(name.startswith("top") for name in current.names):
            listing["periods"] = [
                dataclasses.replace(link, title=self._words.gettext("all time")) if link.name == "top" else link
                for link in listing["orders"]
                if link.name.startswith("top")
            ]
        listing["orders"] = _without_periods(listing["orders"])
        shown = [self._parts.post(post, count, path, full=False, community=not community) for post, count in posts]
        frame = {"number": current.number, "title": title, "canonical": path}
        frame["kind"] = "community" if community else "index"
        about = self._numbers(numbers, path) if numbers else None
        values = {"listing": listing, "posts": shown, "community": view, "about": about}
        return self._templates.page("listing", path, frame, values)

    def person(
        self,
        person: Person,
        groups: Sequence[tuple[str, ...]],
        current: ListPage,
        totals: tuple[int, int],
        entries: Sequence[EntryView],
    ) -> Page:
        """One page of what a person wrote; ``totals``: their posts and comments in this archive."""
        files = OrderFiles(self._parts.addresses.person(person.host, person.name), groups[0][0], groups)
        path = files.path(current.names, current.number)
        listing = self._listing(files, current, path, sorts.PERSON_ORDERS) | {
            "posts": views.posts(totals[0], self._words),
            "comments": views.comments(totals[1], self._words),
        }
        frame = {"number": current.number, "title": person.name, "canonical": path}
        view = {"original": self._parts.addresses.original_person(person)}
        return self._templates.page("person", path, frame, {"listing": listing, "entries": entries, "person": view})

    def _listing(self, files: OrderFiles, current: ListPage, path: str, shown: Sequence[str]) -> dict[str, Any]:
        size = self._settings.posts_per_page
        count = max(1, -(-current.total // size))
        return {
            "orders": self._parts.order_links(files, current.names, path, shown) if len(files.groups) > 1 else [],
            "pages": files.pages(current.names, path, current.number, count),
            "first": (current.number - 1) * size + 1,
        }

    def communities(self, numbers: Numbers) -> Page:
        """The list of all communities, by site."""
        path = "communities.html"
        hosts: dict[str, list[tuple[Link, str]]] = {}
        for host, name, threads in sorted(numbers.communities, key=lambda row: (row[0], row[1].lower())):
            row = (self._parts.community_link(host, name, path), views.threads(threads, self._words))
            hosts.setdefault(self._parts.host_title(host), []).append(row)
        return self._templates.page("communities", path, {"canonical": path}, {"hosts": list(hosts.items())})

    def about(self, numbers: Numbers, captures: Sequence[tuple[Capture, Sequence[tuple[int, Skip]]]]) -> Page:
        """What the archive holds and where it came from."""
        path = "about.html"
        about = {
            "description": self._settings.description,
            "threads": views.threads(numbers.threads, self._words),
            "comments": views.comments(numbers.comments, self._words),
        }
        rows = [self._capture(capture, skips) for capture, skips in captures]
        return self._templates.page("about", path, {"canonical": path}, {"about": about, "captures": rows})

    def accessibility(self) -> Page:
        """The statement of what readers may expect."""
        path = "accessibility.html"
        return self._templates.page("accessibility", path, {"canonical": path}, {})

    def entry(self, person: Person, thread: Post, comment: Comment | None, page: int) -> EntryView:
        """One thing that a person wrote; ``page``: the page of the thread's default order that holds the comment."""
        here = self._parts.addresses.person(person.host, person.name)
        record = comment or thread
        address = self._parts.addresses.post(thread.host, thread.id, thread.community)
        href = urls.relative(urls.page_name(address, None, page), here)
        text = record.body and record.body_format and markup.excerpt(record.body, record.body_format)
        return EntryView(
            kind="comment" if comment else "post",
            title=self._parts.post_title(thread)[0],
            href=f"{href}#{urls.fragment(comment.id)}" if comment else href,
            points=views.points(record, self._words),
            community=self._parts.community_link(thread.host, thread.community, here) if thread.community else None,
            created=views.time(record.created, self._words),
            excerpt=text or self._parts.state_note(record),
        )

    def _numbers(self, numbers: Numbers, here: str) -> dict[str, Any]:
        largest = numbers.communities[:20]
        return {
            "description": self._settings.description,
            "facts": [
                (self._words.gettext("Threads"), self._words.number(numbers.threads)),
                (self._words.gettext("Comments"), self._words.number(numbers.comments)),
            ],
            "communities": [
                (self._parts.community_link(host, name, here), self._words.number(count))
                for host, name, count in largest
            ],
        }

    def _capture(self, capture: Capture, skips: Sequence[tuple[int, Skip]]) -> dict[str, Any]:
        span, words = Span(capture.captured, capture.newest or 0), self._words
        return {
            "name": capture.name,
            "format": capture.format,
            "told": span.told is not None,
            "captured": span.time(words),
            "imported": views.day(capture.imported, words),
            "holds": words.listed([views.posts(capture.posts, words), views.comments(capture.comments, words)]),
            "size": words.ngettext("%(num)s byte", "%(num)s bytes", capture.size),
            "sha256": capture.sha256,
            "error": capture.error,
            "skips": [(words.number(count), skip) for count, skip in skips],
        }


def _without_periods(links: Sequence[OrderLink]) -> list[OrderLink]:
    """The periods of "top" are a second row; "top" itself stands for all of them."""
    in_top = any(link.current for link in links if link.name.startswith("top"))
    return [
        dataclasses.replace(link, current=in_top) if link.name == "top" else link
        for link in links
        if not link.name.startswith("top-")
    ]
