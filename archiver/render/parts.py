"""Pieces that several kinds of page show: posts, people, communities, texts, orders, as values for templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from markupsafe import Markup

from archiver import markup, urls, views
from archiver.config import Settings
from archiver.model import BodyFormat, Comment, Community, Moment, Person, Post, Site
from archiver.platforms import UNKNOWN_HOST
from archiver.urls import Addresses
from archiver.views import CommunityView, Link, OrderLink, PageLink, PostView, Time

ORDER_TITLES = {
    "hot": "hot",
    "active": "active",
    "top": "top",
    "top-year": "year",
    "top-month": "month",
    "top-week": "week",
    "top-day": "day",
    "controversial": "controversial",
    "new": "new",
    "old": "old",
    "captured": "as captured",
    "comments": "most comments",
}

NOTES = {
    "inferred": "The dump does not say who answers whom; that was worked out from reply counts and scores, "
    "and only one tree fits.",
    "uncertain": "The dump does not say who answers whom; that was worked out from reply counts and scores. "
    "Several trees fit, so some replies may hang in the wrong place.",
    "flat": "The dump does not say who answers whom, so the comments stand in one flat list.",
}

NOTES = {"deleted": "Deleted by its author.", "removed": "Removed by a moderator."}

Exists = Callable[[str, str, str], bool]
"""``exists("person" | "community", host, name)``: does the archive have a page for it?"""


class Span(msgspec.Struct, frozen=True):
    """When something was captured: a told time, or a lower bound from the newest time in it."""

    told: Moment | None
    newest: int
    """Microseconds since 1970; 0: nothing known."""

    @property
    def word(self) -> str:
        """What stands before the time."""
        return "captured" if self.told else "captured on or after"

    @property
    def time(self) -> Time | None:
        """The time to show, to the day."""
        if self.told:
            return views.time(self.told)
        return views.day(self.newest) if self.newest else None


class Parts:
    """Turns records into what templates show. ``here`` is always the path of the page that shows it."""

    def __init__(self, settings: Settings, sites: Mapping[str, Site], exists: Exists) -> None:
        self._sites = sites
        self._exists = exists
        self.addresses = Addresses({host: site.platform for host, site in sites.items()}, settings.root_host)
        self.title = settings.title or _archive_title(sites)

    def post(self, post: Post, count: int, here: str, *, full: bool, community: bool = True) -> PostView:
        """``full``: with its text, for the head of its thread. ``community``: say which one it is in."""
        title, titled = self.post_title(post)
        body, note = self.body(post, here, prefix="p-") if full else (None, None)
        if full and post.state is None:
            note = "The post itself is not in this archive, only comments on it."
        declared = post.declared_comments
        # A count below what is here is an old one.
        of = views.plural(count, "comment") if (declared or 0) <= count else f"{count:,} of {declared:,} comments"
        link = post.url if post.url and post.url.startswith(("http://", "https://")) else None
        return PostView(
            title=title,
            titled=titled,
            link=link if full else None,
            domain=views.domain(link) if link else None,
            href=urls.relative(urls.page_name(self.addresses.post(post.host, post.id, post.community)), here),
            author=self.author(post.host, post.author, here),
            community=self.community_link(post.host, post.community, here) if post.community and community else None,
            points=views.points(post),
            liked=views.liked(post),
            created=views.time(post.created),
            edited=views.time(post.edited),
            flags=_flags(post),
            comments=of,
            state=post.state,
            note=note,
            body=body,
            language=views.language(post.language),
            original=self.addresses.original_post(post),
            crosspost_of=post.crosspost_of,
            media=[Link(views.domain(url) or url, url, outside=True) for url in post.media or ()],
            poll=[
                (option, views.plural(votes, "vote") if votes is not None else None)
                for option, votes in post.poll or ()
            ],
        )

    def post_title(self, post: Post) -> tuple[str, bool]:
        """A title to show, and whether it is the source's own."""
        if post.title:
            return post.title, True
        place = f" in {post.community}" if post.community else ""
        if post.state is None:
            return f"Thread {post.id}{place}", False
        day = f", {views.day(post.created.earliest).parts[0][1]}" if post.created else ""
        return f"Untitled thread{place}{day}", False

    def body(self, record: Post | Comment, here: str, prefix: str) -> tuple[Markup | None, str | None]:
        """The text as HTML, or what to say where there is none."""
        note = NOTES.get(record.state or "")
        if record.body is None or record.body_format is None:
            missing = None if isinstance(record, Post) else "The text is not in this archive."
            return None, note or missing
        return self.text(record.body, record.body_format, record.host, here, prefix), note

    def text(self, body: str, body_format: BodyFormat, host: str, here: str, prefix: str) -> Markup:
        """Somebody's text as HTML; ids in it begin with ``prefix``."""

        def link(kind: str, name: str) -> str | None:
            local, _, instance = name.partition("@")
            known_as = local if instance.lower() == host else name
            if not self._exists(kind, host, known_as):
                return None
            address = self.addresses.person if kind == "person" else self.addresses.community
            return urls.relative(urls.page_name(address(host, known_as)), here)

        return markup.render(body, body_format, markup.Context(host=host, link=link, prefix=prefix))

    def author(self, host: str, name: str | None, here: str) -> Link:
        """Who wrote something; everybody who wrote has a page."""
        if name is None:
            return Link("unknown author")
        return Link(name, urls.relative(urls.page_name(self.addresses.person(host, name)), here))

    def person_link(self, host: str, name: str, here: str) -> Link:
        """Somebody who need not have written anything here."""
        if self._exists("person", host, name):
            return self.author(host, name, here)
        return Link(name, self.addresses.original_person(Person(host=host, name=name)), outside=True)

    def community_link(self, host: str, name: str, here: str) -> Link:
        """A community, as it is called in running text."""
        sigil = self.addresses.platform(host).community_sigil
        text = f"{sigil}{name}" if sigil.endswith("/") else name
        return Link(text, urls.relative(urls.page_name(self.addresses.community(host, name)), here))

    def community(self, community: Community, here: str) -> CommunityView:
        """A community, for the sidebar and its own page."""
        facts: list[tuple[str, str | Time]] = []
        if community.readers is not None:
            facts.append(("Readers", f"{community.readers:,}"))
        if community.active_users is not None:
            facts.append(("Users here at capture", f"{community.active_users:,}"))
        if founded := views.time(community.founded):
            facts.append(("Founded", founded))
        text = None
        if community.sidebar and community.sidebar_format:
            text = self.text(community.sidebar, community.sidebar_format, community.host, here, "side-")
        link = self.community_link(community.host, community.name, here)
        return CommunityView(
            title=community.title or link.text,
            name=community.name,
            href=link.href or "",
            original=self.addresses.original_community(community),
            summary=community.summary,
            sidebar=text,
            facts=facts,
            moderators=[self.person_link(community.host, name, here) for name in community.moderators or ()],
        )

    def host_title(self, host: str) -> str:
        """What readers know a site as."""
        if host == UNKNOWN_HOST:
            return "Unknown site"
        return self._sites[host].name or host


def _archive_title(sites: Mapping[str, Site]) -> str:
    known = [site.name or host for host, site in sites.items() if host != UNKNOWN_HOST]
    return f"Archive of {known[0]}" if len(known) == 1 else "Archive"


def _flags(post: Post) -> list[tuple[str, str]]:
    flags = [(name, text) for name, text in (("pinned", "pinned"), ("locked", "locked")) if getattr(post, name)]
    flags += [("nsfw", "NSFW")] if post.nsfw else []
    flags += [("spoiler", "spoiler")] if post.spoiler else []
    flags += [("crosspost", "crosspost")] if post.crosspost_of else []
    flags += [(post.state, post.state)] if post.state in ("deleted", "removed") else []
    flags += [(post.role, post.role)] if post.role else []
    flags += [("bot", "bot")] if post.bot else []
    flags += [("flair", post.flair)] if post.flair else []
    return flags


class OrderFiles(NamedTuple):
    """Where each order of one list lives; the default one has the plain address, equal ones share a file."""

    base: str
    """Path of the list below the site folder, without suffix."""
    default: str
    groups: Sequence[tuple[str, ...]]
    """Names of the orders that come out alike, by file."""

    @property
    def whole(self) -> str:
        """The page that holds all of a long thread."""
        return urls.page_name(self.base, "whole")

    def path(self, names: Sequence[str], page: int = 1) -> str:
        """The file of one page of the order(s) ``names``."""
        return urls.page_name(self.base, None if self.default in names else names[0], page)

    def links(self, names: Sequence[str], here: str, shown: Sequence[str]) -> list[OrderLink]:
        """Links to those of the orders ``shown`` that there are; ``names`` is the current one."""
        group_of = {name: group for group in self.groups for name in group}
        return [
            OrderLink(name, ORDER_TITLES[name], urls.relative(self.path(group_of[name]), here), name in names)
            for name in shown
            if name in group_of
        ]

    def pages(self, names: Sequence[str], here: str, current: int, count: int) -> list[PageLink]:
        """Links to the first and last of ``count`` pages of an order, and to those around the current one (0: none)."""
        near = range(max(1, current - 2), min(count, current + 2) + 1) if current else ()
        shown = sorted({1, count, *near})
        return [
            PageLink(
                number=number,
                href=urls.relative(self.path(names, number), here),
                current=number == current,
                after_gap=bool(at) and number - shown[at - 1] > 1,
            )
            for at, number in enumerate(shown)
        ]
