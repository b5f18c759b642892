"""Pieces that several kinds of page show: posts, people, communities, texts, as values for templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from markupsafe import Markup

from archiver import markup, urls, views
from archiver.config import Settings
from archiver.model import Comment, Community, Moment, Person, Post, Site
from archiver.platforms import UNKNOWN_HOST
from archiver.urls import Addresses
from archiver.views import NO_TIME, CommunityView, Link, PostView, Time
from archiver.words import Words


def N_(message: str) -> str:  # noqa: N802  as gettext's own tools call it
    """Marks a message for translation; it is translated where it is shown."""
    return message


NOTES = {
    "deleted": N_("Deleted by its author."),
    "removed": N_("Removed by a moderator."),
    "redacted": N_("Removed on request."),
}

MARKS = {
    "op": N_("OP"),
    "moderator": N_("moderator"),
    "admin": N_("admin"),
    "bot": N_("bot"),
    "distinguished": N_("speaking officially"),
    "pinned": N_("pinned"),
    "locked": N_("locked"),
    "nsfw": N_("NSFW"),
    "spoiler": N_("spoiler"),
    "crosspost": N_("crosspost"),
    "deleted": N_("deleted"),
    "removed": N_("removed"),
    "missing": N_("not in this archive"),
}

COMMUNITIES_KEPT = 50
"""Sidebars kept for the next thread."""
AUTHORS_KEPT = 20_000
"""People whose files are kept for the next page; big enough for those who write most."""
FOLDERS_KEPT = 100
"""Folders of which something is kept."""
LINKS_KEPT = 10_000
"""Links to communities kept for the next page."""

Headings = Literal[2, 3, 4]
Exists = Callable[[str, str, str], bool]
"""``exists("person" | "community", host, name)``: does the archive have a page for it?"""


_ADDRESS = re.compile(r"""https?://[^\s<>()\[\]"'`]+""")


def _picture(url: str) -> str:
    """Where a picture or film is; Reddit's addresses say behind that in which size, signed."""
    return url.partition("?")[0] if (views.domain(url) or "").endswith("redd.it") else url


class Span(msgspec.Struct, frozen=True):
    """When something was captured: a told time, or a lower bound from the newest time in it."""

    told: Moment | None
    newest: int
    """Microseconds since 1970; 0: nothing known."""

    def time(self, words: Words) -> Time | None:
        """The time to show, to the day."""
        if self.told:
            return views.time(self.told, words)
        return views.day(self.newest, words) if self.newest else None


class Parts:
    """Turns records into what templates show. ``here`` is always the path of the page that shows it."""

    def __init__(self, settings: Settings, words: Words, sites: Mapping[str, Site], exists: Exists) -> None:
        self.words = words
        self._sites = sites
        self._exists = exists
        self.addresses = Addresses({host: site.platform for host, site in sites.items()}, settings.root_host)
        # Templates cut what they render at this character, and a site.yaml may hold anything.
        self.title = (settings.title or self._archive_title()).replace("\0", "")
        self.description = settings.description and settings.description.replace("\0", "")
        self._communities: dict[tuple[Community, str], tuple[CommunityView, list[tuple[str, str, str]]]] = {}
        self._people = settings.people
        self.unknown_author = words.gettext("unknown author")
        """Said in place of a name."""
        self.person_file: Callable[[str], str] = lru_cache(AUTHORS_KEPT)(_person_file)
        """The file of somebody's page, by name. To find the way to its folder as well takes longer than all else."""
        self._person_way = lru_cache(FOLDERS_KEPT)(self._person_way_from)
        self._way = lru_cache(LINKS_KEPT)(self._way_from)
        self._context = lru_cache(FOLDERS_KEPT)(self._context_in)
        self._community_link = lru_cache(LINKS_KEPT)(self._community_link_in)

    def post(self, post: Post, count: int, here: str) -> PostView:
        """A post as the head of its thread shows it; so many comments are in this archive."""
        body, note = self._body(post, here)
        if post.state is None:
            note = self.words.gettext("The post itself is not in this archive, only comments on it.")
        link = urls.linkable(post.url)
        created = views.time_texts(post.created, self.words) if post.created else NO_TIME
        edited = views.time_texts(post.edited, self.words) if post.edited else NO_TIME
        return PostView(
            title=self.post_title(post),
            link=link,
            domain=views.domain(link) if link else None,
            href=self.thread_href(post, here),
            author=self.author_of(post, here),
            community=self.community_link(post.host, post.community, here) if post.community else None,
            points=views.points(post, self.words),
            liked=views.liked(post, self.words),
            created=views.time_of(created),
            edited=views.time_of(edited),
            edited_apart=views.told_apart(edited, created),
            marks=self.author_marks(post),
            flags=[*self.flags(post), *([("flair", post.flair)] if post.flair else [])],
            comments=self.count_of(post, count),
            state=post.state,
            note=note,
            body=body,
            language=views.language(post.language),
            original=self.addresses.original_post(post),
            crosspost_of=urls.linkable(post.crosspost_of),
            media=self._media(post),
            poll=[(option, self._votes(votes)) for option, votes in post.poll or ()],
        )

    def thread_href(self, post: Post, here: str, page: int = 1) -> str:
        """The link to a page of a thread's default order."""
        way = self._way(post.host, post.community, here[: here.rfind("/") + 1])
        return urls.page_name(way + urls.safe_name(post.id), None, page)

    def _way_from(self, host: str, community: str | None, folder: str) -> str:
        """The link from pages in a folder to the folder of a community's threads."""
        return urls.relative(self.addresses.post(host, "x", community), folder).removesuffix("x")

    def _media(self, post: Post) -> list[Link]:
        """Pictures and films that neither the title nor the text of a post leads to."""
        shown = {_picture(url) for url in (post.url or "", *_ADDRESS.findall(post.body or ""))}
        others = [url for url in post.media or () if _picture(url) not in shown]
        return [Link(views.short_address(url), urls.linkable(url), outside=True) for url in others]

    def _votes(self, votes: int | None) -> str | None:
        return None if votes is None else self.words.ngettext("%(num)s vote", "%(num)s votes", votes)

    def count_of(self, post: Post, count: int) -> str:
        """ "15 of 37 comments"; a declared count below what is here is an old one."""
        declared = post.declared_comments or 0
        if declared <= count:
            return views.comments(count, self.words)
        some = self.words.number(count)
        return self.words.ngettext("%(some)s of %(num)s comment", "%(some)s of %(num)s comments", declared, some=some)

    def post_title(self, post: Post) -> str:
        """A title to show: the source's own, or what is known instead."""
        if post.title:
            return post.title
        words = self.words
        if post.state == "redacted":
            return words.gettext("Removed on request")
        if post.state is None:
            return words.gettext("Thread %(id)s") % {"id": post.id}
        if post.created:
            return words.gettext("Untitled thread of %(day)s") % {"day": words.day(post.created.earliest)[1]}
        return words.gettext("Untitled thread")

    def _body(self, post: Post, here: str) -> tuple[Markup | None, str | None]:
        """The text of a post as HTML, and what to say where there is none."""
        note = self.state_note(post)
        if post.body_format is None or not (post.body and post.body.strip()):
            return None, note
        return markup.render(post.body, post.body_format, self.context(post.host, here, 2), "p-"), note

    def state_note(self, record: Post | Comment) -> str | None:
        """What happened to something deleted or removed."""
        note = NOTES.get(record.state or "")
        return self.words.gettext(note) if note else None

    def flags(self, post: Post) -> list[tuple[str, str]]:
        """(class, text) of what is special about a post, but for its flair."""
        found: list[str] = [name for name in ("pinned", "locked", "nsfw", "spoiler") if getattr(post, name)]
        found += ["crosspost"] if post.crosspost_of else []
        found += [post.state] if post.state in ("deleted", "removed") else []
        return self.marks(found)

    def author_marks(self, post: Post) -> list[tuple[str, str]]:
        """(class, text) of what is special about who wrote a post."""
        return self.marks([*([post.role] if post.role else ()), *(["bot"] if post.bot else ())])

    def author_of(self, post: Post, here: str) -> Link | None:
        """Who wrote a post; None where it is not in the archive, nor known who did."""
        return None if post.state is None and post.author is None else self.author(post.host, post.author, here)

    def marks(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """(class, text) of marks."""
        return [(name, self.words.gettext(MARKS[name])) for name in names]

    def context(self, host: str, here: str, headings: Headings) -> markup.Context:
        """What texts written on ``host`` cannot know, on any page in the folder of ``here``.

        ``headings``: the level of their highest.
        """
        return self._context(host, here[: here.rfind("/") + 1], headings)

    def _context_in(self, host: str, folder: str, headings: Headings) -> markup.Context:
        def link(kind: str, name: str) -> str | None:
            local, _, instance = name.partition("@")
            known_as = local if instance.lower() == host else name
            if not self._exists(kind, host, known_as):
                return None
            address = self.addresses.person if kind == "person" else self.addresses.community
            return urls.relative(urls.page_name(address(host, known_as)), folder)

        return markup.Context(host=host, link=link, headings=headings)

    def person_way(self, host: str, here: str) -> str | None:
        """The link from the folder of ``here`` to the one where all people of a site have their pages, if they have."""
        return self._person_way(host, here[: here.rfind("/") + 1]) if self._people else None

    def _person_way_from(self, host: str, folder: str) -> str:
        return urls.relative(self.addresses.person(host, "x"), folder).removesuffix("x")

    def author(self, host: str, name: str | None, here: str) -> Link:
        """Who wrote something; everybody who wrote has a page, where people have pages."""
        if name is None:
            return Link(self.unknown_author)
        way = self.person_way(host, here)
        return Link(name, None if way is None else way + self.person_file(name))

    def person_link(self, host: str, name: str, here: str) -> Link:
        """Somebody who need not have written anything here."""
        if self._exists("person", host, name):
            return self.author(host, name, here)
        return Link(name, self.addresses.original_person(Person(host=host, name=name)), outside=True)

    def community_link(self, host: str, name: str, here: str) -> Link:
        """A community, as it is called in running text."""
        return self._community_link(host, name, here[: here.rfind("/") + 1])

    def _community_link_in(self, host: str, name: str, folder: str) -> Link:
        """The link to a community from any page in a folder of the site."""
        sigil = self.addresses.platform(host).community_sigil
        text = f"{sigil}{name}" if sigil.endswith("/") else name
        return Link(text, urls.relative(urls.page_name(self.addresses.community(host, name)), folder))

    def community(self, community: Community, here: str) -> CommunityView:
        """A community, for the sidebar and its own page. All its threads show it, so it is made once for a folder."""
        key = community, here.rpartition("/")[0]
        if key not in self._communities:
            asked: list[tuple[str, str, str]] = []
            exists = self._exists

            def ask(kind: str, host: str, name: str) -> bool:
                asked.append((kind, host, name))
                return exists(kind, host, name)

            self._exists = ask
            try:
                view = self._community(community, here)
            finally:
                self._exists = exists
            if len(self._communities) >= COMMUNITIES_KEPT:
                self._communities.clear()
            self._communities[key] = view, asked
        view, asked = self._communities[key]
        for question in asked:  # each thread that shows it depends on the answers
            self._exists(*question)
        return view

    def _community(self, community: Community, here: str) -> CommunityView:
        facts: list[tuple[str, str | Time]] = []
        if community.readers is not None:
            facts.append((self.words.gettext("Readers"), self.words.number(community.readers)))
        if community.active_users is not None:
            facts.append((self.words.gettext("Users here at capture"), self.words.number(community.active_users)))
        if community.founded:
            exact = community.founded.precision == "exact"
            at = (
                views.day(community.founded.earliest, self.words)
                if exact
                else views.time(community.founded, self.words)
            )
            facts.append((self.words.gettext("Founded"), at or ""))
        text = None
        if community.sidebar and community.sidebar_format:
            context = self.context(community.host, here, 3)
            text = markup.render(community.sidebar, community.sidebar_format, context, "side-")
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
            return self.words.gettext("Unknown site")
        return self._sites[host].name or host

    def _archive_title(self) -> str:
        known = [site.name or host for host, site in self._sites.items() if host != UNKNOWN_HOST]
        if len(known) == 1:
            return self.words.gettext("Archive of %(name)s") % {"name": known[0]}
        return self.words.gettext("Archive")


def _person_file(name: str) -> str:
    return urls.page_name(urls.safe_name(name, folded=True))
