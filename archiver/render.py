"""Pages: records in, HTML out. Knows templates and addresses; never sees the archive file or the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from archiver import markup, paging, sorts, urls, views
from archiver.config import Settings
from archiver.errors import ThemeError
from archiver.model import BodyFormat, Capture, Comment, Community, Moment, Person, Post, Site, Skip
from archiver.platforms import UNKNOWN_HOST
from archiver.theme import Theme
from archiver.tree import Node, Thread
from archiver.urls import Addresses
from archiver.views import CommentView, CommunityView, Link, OrderLink, PageLink, PostView, Time

DEEPEST = 50
"""Replies nest to this depth in a page; deeper ones follow flat, each with a link to its parent.

Browsers flatten a DOM beyond 512 elements; each depth here costs four. Lemmy itself stops at 50.
"""

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

NESTING_NOTES = {
    "inferred": "The dump does not say who answers whom; that was worked out from reply counts and scores, "
    "and only one tree fits.",
    "uncertain": "The dump does not say who answers whom; that was worked out from reply counts and scores. "
    "Several trees fit, so some replies may hang in the wrong place.",
    "flat": "The dump does not say who answers whom, so the comments stand in one flat list.",
}

NOTES = {"deleted": "Deleted by its author.", "removed": "Removed by a moderator."}

Exists = Callable[[str, str, str], bool]
"""``exists("person" | "community", host, name)``: does the archive have a page for it?"""


class Page(msgspec.Struct, frozen=True):
    """A finished page."""

    path: str
    """Below the site folder."""
    text: str


class Arrangement(msgspec.Struct, frozen=True):
    """All comments of a thread in one order, and the names of the orders that come out like that."""

    names: tuple[str, ...]
    nodes: list[Node]


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


class ThreadPages(msgspec.Struct, frozen=True):
    """The pages of one thread."""

    pages: list[Page]
    places: dict[str, int]
    """Page of the default order on which each comment stands, for those not on the first."""


class Entry(msgspec.Struct, frozen=True):
    """A post or comment in the list of what a person wrote."""

    thread: Post
    comment: Comment | None
    page: int
    """Page of the thread's default order that holds the comment."""
    comments: int
    """Comments of the thread in this archive, where the entry is the post."""


class Numbers(msgspec.Struct, frozen=True):
    """How much there is."""

    threads: int
    comments: int
    communities: Sequence[tuple[str, str, int]]
    """(host, name, threads), largest first."""


class Renderer:
    """Renders every kind of page of one site."""

    def __init__(self, settings: Settings, theme: Theme, sites: Mapping[str, Site], exists: Exists) -> None:
        """Raises ThemeError where a template is missing or wrong."""
        self._settings = settings
        self._sites = sites
        self._exists = exists
        self.addresses = Addresses({host: site.platform for host, site in sites.items()}, settings.root_host)
        self._title = settings.title or _archive_title(sites)
        loader = jinja2.FileSystemLoader([str(folder) for folder in theme.templates])
        environment = jinja2.Environment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.globals["site"] = {"title": self._title, "language": "en"}
        names = ("thread", "listing", "person", "communities", "about")
        try:
            self._templates = {name: environment.get_template(f"{name}.html") for name in names}
            pieces: Any = environment.get_template("comment.html").module
            self._open, self._replies, self._end, self._close = pieces.open, pieces.replies, pieces.end, pieces.close
        except (jinja2.TemplateError, AttributeError) as error:
            raise ThemeError(f"theme '{theme.name}': {error}") from error

    def _page(self, template: str, path: str, page: Mapping[str, Any], values: Mapping[str, Any]) -> Page:
        root = urls.relative("index.html", path).removesuffix("index.html")
        base = self._settings.base_url
        canonical = f"{base.rstrip('/')}/{page['canonical']}" if base and page.get("canonical") else None
        context = {"kind": template, "number": 1, "root": root, **page, "canonical": canonical}
        try:
            text = self._templates[template].render(page=context, **values)
        except jinja2.TemplateError as error:
            raise ThemeError(f"template {template}.html: {error}") from error
        return Page(path, text)

    # -- threads -----------------------------------------------------------------------------------------------------

    def thread(
        self, thread: Thread, arrangements: Sequence[Arrangement], community: Community | None, span: Span
    ) -> ThreadPages:
        """Every page of one thread, in every order."""
        post = thread.post
        base = self.addresses.post(post.host, post.id, post.community)
        default = self.default_order([name for arrangement in arrangements for name in arrangement.names])
        files = {name: _order_file(base, names, default) for names, name in _names(arrangements)}
        here = urls.page_name(base)
        head = {
            "post": self._post(post, thread.count, here, full=True),
            "community": self._community(community, here) if community else None,
        }
        fragments = _Fragments(self, thread, here)
        pages: list[Page] = []
        places: dict[str, int] = {}
        for arrangement in arrangements:
            is_default = default in arrangement.names
            stem = None if is_default else arrangement.names[0]
            cuts = paging.cut(arrangement.nodes, self._settings.comments_per_page)
            page_of = {node.id: number for number, nodes in enumerate(cuts, 1) for node in nodes} if cuts[1:] else {}
            if is_default:
                places = {id: number for id, number in page_of.items() if number > 1}
            orders = [
                OrderLink(name, ORDER_TITLES[name], urls.relative(files[name], here), name in arrangement.names)
                for name in sorts.COMMENT_ORDERS
                if name in files
            ]
            for number, nodes in enumerate(cuts, 1):
                path = urls.page_name(base, stem, number)
                links = [urls.relative(urls.page_name(base, stem, other), path) for other in range(1, len(cuts) + 1)]
                info = self._thread_info(thread, span) | {
                    "orders": orders,
                    "pages": _page_links(links, number),
                    "continues": _continues(nodes, page_of, links),
                    "continued": _continued(cuts, number, links),
                    "missing": _missing(thread.missing) if number == len(cuts) else None,
                }
                comments = fragments.page(
                    nodes, {id: links[other - 1] for id, other in page_of.items()}, number, page_of
                )
                page = {"number": number, "canonical": path if is_default else here}
                pages.append(self._page("thread", path, page, {**head, "thread": info, "comments": comments}))
        return ThreadPages(pages, places)

    def default_order(self, offered: Sequence[str]) -> str:
        """The order readers see first: the one asked for, or the first there is."""
        wanted = self._settings.default_order
        if wanted in offered:
            return wanted
        return next((name for name in sorts.COMMENT_ORDERS if name in offered), "old")

    def _thread_info(self, thread: Thread, span: Span) -> dict[str, Any]:
        declared = thread.post.declared_comments
        if declared is None or declared == thread.count:
            summary = f"{views.plural(thread.count, 'comment')} in this archive"
        elif declared > thread.count:
            summary = f"{thread.count:,} of {views.plural(declared, 'comment')} in this archive"
        else:
            summary = f"{views.plural(thread.count, 'comment')} in this archive, {declared:,} by the source's own count"
        nesting = thread.post.nesting
        return {
            "heading": views.plural(thread.count, "comment"),
            "summary": summary,
            "captured": span.time,
            "captured_word": span.word,
            "notes": [NESTING_NOTES[nesting]] if nesting and thread.count else [],
            "missing_url": thread.missing_url,
        }

    def comment(self, thread: Thread, node: Node, here: str, parent: Link | None) -> CommentView:
        """What templates show of one comment."""
        comment = node.comment
        missing = _missing(node.missing)
        if comment is None:
            return CommentView(
                fragment=urls.fragment(node.id), ghost=True, author=Link("a missing comment"), points="", created=None,
                edited=None, marks=[], state=None, note=None, body=None, parent=None, original=None,
                depth=node.depth + 1, children=len(node.children), descendants=node.descendants, missing=missing,
                missing_url=node.missing_url, cut=False,
            )  # fmt: skip
        body, note = self._body(comment, here, prefix=urls.fragment(node.id) + "-")
        return CommentView(
            fragment=urls.fragment(node.id),
            ghost=False,
            author=self._author(comment.host, comment.author, here),
            points=views.points(comment),
            created=views.time(comment.created),
            edited=views.time(comment.edited),
            marks=_marks(comment, thread.post),
            state=comment.state,
            note=note,
            body=body,
            parent=parent,
            original=self.addresses.original_comment(comment),
            depth=node.depth + 1,
            children=len(node.children),
            descendants=node.descendants,
            missing=missing,
            missing_url=node.missing_url,
            cut=node.cut,
        )

    # -- lists -------------------------------------------------------------------------------------------------------

    def listing(
        self,
        community: Community | None,
        order: str,
        offered: Sequence[str],
        number: int,
        total: int,
        posts: Sequence[tuple[Post, int]],
        numbers: Numbers | None,
    ) -> Page:
        """One page of a list of posts: of a community, or (community None) of the whole archive.

        ``posts``: the posts of this page with their comments in this archive; ``total``: of the whole list.
        """
        base = self.addresses.community(community.host, community.name) if community else "index"
        default = offered[0]

        def file(name: str, page: int = 1) -> str:
            return urls.page_name(base, None if name == default else name, page)

        path = file(order, number)
        view = self._community(community, path) if community else None
        title = view.title if view else self._title
        in_top = order.startswith("top")
        orders = [
            OrderLink(
                name, ORDER_TITLES[name], urls.relative(file(name), path), name == order or (in_top and name == "top")
            )
            for name in offered
            if not name.startswith("top-")
        ]
        periods = [
            OrderLink(
                name,
                "all time" if name == "top" else ORDER_TITLES[name],
                urls.relative(file(name), path),
                name == order,
            )
            for name in offered
            if in_top and name.startswith("top")
        ]
        size = self._settings.posts_per_page
        count = max(1, -(-total // size))
        listing = {
            "summary": views.plural(total, "thread"),
            "orders": orders,
            "periods": periods,
            "pages": _page_links([urls.relative(file(order, page), path) for page in range(1, count + 1)], number),
            "first": (number - 1) * size + 1,
            "empty": "No threads.",
        }
        shown = [self._post(post, comments, path, full=False, community=not community) for post, comments in posts]
        page = {"number": number, "title": title, "canonical": path, "kind": "community" if community else "index"}
        about = self._numbers(numbers, path) if numbers else None
        return self._page(
            "listing", path, page, {"listing": listing, "posts": shown, "community": view, "about": about}
        )

    def person(
        self,
        person: Person,
        order: str,
        offered: Sequence[str],
        number: int,
        totals: tuple[int, int],
        entries: Iterable[Entry],
    ) -> Page:
        """One page of what a person wrote; ``totals``: their posts and comments in this archive."""
        base = self.addresses.person(person.host, person.name)

        def file(name: str, page: int = 1) -> str:
            return urls.page_name(base, None if name == offered[0] else name, page)

        path = file(order, number)
        size = self._settings.posts_per_page
        count = max(1, -(-sum(totals) // size))
        listing = {
            "summary": f"{views.plural(totals[0], 'post')} and {views.plural(totals[1], 'comment')} in this archive.",
            "orders": [
                OrderLink(name, ORDER_TITLES[name], urls.relative(file(name), path), name == order) for name in offered
            ],
            "pages": _page_links([urls.relative(file(order, page), path) for page in range(1, count + 1)], number),
            "first": (number - 1) * size + 1,
        }
        shown = [self._entry(entry, path) for entry in entries]
        page = {"number": number, "title": self._person_name(person), "canonical": path}
        view = {"original": self.addresses.original_person(person)}
        return self._page("person", path, page, {"listing": listing, "entries": shown, "person": view})

    def communities(self, numbers: Numbers) -> Page:
        """The list of all communities, by site."""
        path = "communities.html"
        hosts: dict[str, list[tuple[Link, str]]] = {}
        for host, name, threads in sorted(numbers.communities, key=lambda row: (row[0], row[1].lower())):
            row = (self._community_link(host, name, path), views.plural(threads, "thread"))
            hosts.setdefault(self._host_title(host), []).append(row)
        return self._page("communities", path, {"canonical": path}, {"hosts": list(hosts.items())})

    def about(self, numbers: Numbers, captures: Sequence[tuple[Capture, Sequence[tuple[int, Skip]]]]) -> Page:
        """What the archive holds and where it came from."""
        path = "about.html"
        summary = f"{views.plural(numbers.threads, 'thread')} with {views.plural(numbers.comments, 'comment')}, from "
        summary += views.plural(len(captures), "dump") + "."
        about = {"description": self._settings.description, "summary": summary}
        rows = [_capture(capture, skips) for capture, skips in captures]
        return self._page("about", path, {"canonical": path}, {"about": about, "captures": rows})

    # -- parts -------------------------------------------------------------------------------------------------------

    def _post(self, post: Post, count: int, here: str, *, full: bool, community: bool = True) -> PostView:
        """``full``: with its text, for the head of its thread. ``community``: say which one it is in."""
        title, titled = self.post_title(post)
        body, note = self._body(post, here, prefix="p-") if full else (None, None)
        if full and post.state is None:
            note = "The post itself is not in this archive, only comments on it."
        declared = post.declared_comments
        of = views.plural(count, "comment") if declared in (None, count) else f"{count:,} of {declared:,} comments"
        link = post.url if post.url and post.url.startswith(("http://", "https://")) else None
        return PostView(
            title=title,
            titled=titled,
            link=link if full else None,
            domain=views.domain(link) if link else None,
            href=urls.relative(urls.page_name(self.addresses.post(post.host, post.id, post.community)), here),
            author=self._author(post.host, post.author, here),
            community=self._community_link(post.host, post.community, here) if post.community and community else None,
            points=views.points(post),
            liked=views.liked(post),
            created=views.time(post.created),
            edited=views.time(post.edited),
            flags=_flags(post),
            comments=of,
            state=post.state,
            note=note,
            body=body,
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
        return (f"Thread {post.id}{place}" if post.state is None else f"Untitled thread{place}"), False

    def _entry(self, entry: Entry, here: str) -> dict[str, Any]:
        thread, comment = entry.thread, entry.comment
        record = comment or thread
        base = self.addresses.post(thread.host, thread.id, thread.community)
        href = urls.relative(urls.page_name(base, None, entry.page), here)
        text = record.body and record.body_format and markup.excerpt(record.body, record.body_format)
        return {
            "kind": "comment" if comment else "post",
            "kind_title": "Comment on" if comment else "Post:",
            "title": self.post_title(thread)[0],
            "href": f"{href}#{urls.fragment(comment.id)}" if comment else href,
            "points": views.points(record),
            "community": self._community_link(thread.host, thread.community, here) if thread.community else None,
            "created": views.time(record.created),
            "excerpt": text or NOTES.get(record.state or ""),
        }

    def _body(self, record: Post | Comment, here: str, prefix: str) -> tuple[Markup | None, str | None]:
        """The text as HTML, or what to say where there is none."""
        note = NOTES.get(record.state or "")
        if record.body is None or record.body_format is None:
            missing = None if isinstance(record, Post) else "The text is not in this archive."
            return None, note or missing
        return self._text(record.body, record.body_format, record.host, here, prefix), note

    def _text(self, body: str, body_format: BodyFormat, host: str, here: str, prefix: str) -> Markup:
        def link(kind: str, name: str) -> str | None:
            local, _, instance = name.partition("@")
            known_as = local if instance.lower() == host else name
            if not self._exists(kind, host, known_as):
                return None
            address = self.addresses.person if kind == "person" else self.addresses.community
            return urls.relative(urls.page_name(address(host, known_as)), here)

        return markup.render(body, body_format, markup.Context(host=host, link=link, prefix=prefix))

    def _author(self, host: str, name: str | None, here: str) -> Link:
        if name is None:
            return Link("[unknown]")
        return Link(name, urls.relative(urls.page_name(self.addresses.person(host, name)), here))

    def _person_link(self, host: str, name: str, here: str) -> Link:
        if self._exists("person", host, name):
            return self._author(host, name, here)
        return Link(name, self.addresses.original_person(Person(host=host, name=name)), outside=True)

    def _person_name(self, person: Person) -> str:
        return person.name

    def _community_link(self, host: str, name: str, here: str) -> Link:
        sigil = self.addresses.platform(host).community_sigil
        text = f"{sigil}{name}" if sigil.endswith("/") else name
        return Link(text, urls.relative(urls.page_name(self.addresses.community(host, name)), here))

    def _community(self, community: Community, here: str) -> CommunityView:
        facts: list[tuple[str, str | Time]] = []
        if community.readers is not None:
            facts.append(("Readers", f"{community.readers:,}"))
        if community.active_users is not None:
            facts.append(("Users here at capture", f"{community.active_users:,}"))
        if founded := views.time(community.founded):
            facts.append(("Founded", founded))
        text = None
        if community.sidebar and community.sidebar_format:
            text = self._text(community.sidebar, community.sidebar_format, community.host, here, "side-")
        link = self._community_link(community.host, community.name, here)
        return CommunityView(
            title=community.title or link.text,
            name=community.name,
            href=link.href or "",
            original=self.addresses.original_community(community),
            summary=community.summary,
            sidebar=text,
            facts=facts,
            moderators=[self._person_link(community.host, name, here) for name in community.moderators or ()],
        )

    def _numbers(self, numbers: Numbers, here: str) -> dict[str, Any]:
        largest = numbers.communities[:20]
        return {
            "description": self._settings.description,
            "facts": [("Threads", f"{numbers.threads:,}"), ("Comments", f"{numbers.comments:,}")],
            "communities": [(self._community_link(host, name, here), f"{count:,}") for host, name, count in largest],
        }

    def _host_title(self, host: str) -> str:
        if host == UNKNOWN_HOST:
            return "Unknown site"
        return self._sites[host].name or host


class _Fragments:
    """The HTML of each comment, made once; an order is then only another way to string them together."""

    def __init__(self, renderer: Renderer, thread: Thread, here: str) -> None:
        self._renderer = renderer
        self._thread = thread
        self._here = here
        self._pieces: dict[str, tuple[str, str, str]] = {}

    def page(self, nodes: Sequence[Node], hrefs: Mapping[str, str], number: int, page_of: Mapping[str, int]) -> Markup:
        """The comments of one page as nested lists.

        ``hrefs``: the page that holds each comment, where there are several; ``page_of``: its number.
        """
        parts: list[str] = []
        closing: list[str] = []
        depths: dict[str, int] = {}
        last = len(nodes) - 1
        for at, node in enumerate(nodes):
            parent = node.parent
            depth = depths.get(parent.id, -1) + 1 if parent else 0
            depths[node.id] = depth
            depth = min(depth, DEEPEST)
            while len(closing) > depth:
                parts.append(closing.pop())
            away = hrefs[parent.id] if parent and page_of.get(parent.id, number) != number else None
            open_, replies, close = self._piece(node, away)
            parts.append(open_)
            has_replies = at < last and nodes[at + 1].parent is node and depth < DEEPEST
            if has_replies:
                parts.append(replies)
                closing.append(self._renderer._end() + close)
            else:
                parts.append(close)
        parts += reversed(closing)
        return Markup("").join(parts)

    def _piece(self, node: Node, away: str | None) -> tuple[str, str, str]:
        """Opening, beginning of the replies, closing. ``away``: the page its parent is on, if another."""
        if away is None and (made := self._pieces.get(node.id)):
            return made
        parent = None
        if node.parent:
            href = f"{away or ''}#{urls.fragment(node.parent.id)}"
            answered = node.parent.comment
            parent = Link((answered.author or "[unknown]") if answered else "a missing comment", href)
        view = self._renderer.comment(self._thread, node, self._here, parent)
        try:
            made = (self._renderer._open(view), self._renderer._replies(view), self._renderer._close(view))
        except jinja2.TemplateError as error:
            raise ThemeError(f"template comment.html: {error}") from error
        if away is None:
            self._pieces[node.id] = made
        return made


def _archive_title(sites: Mapping[str, Site]) -> str:
    known = [site.name or host for host, site in sites.items() if host != UNKNOWN_HOST]
    return f"Archive of {known[0]}" if len(known) == 1 else "Archive"


def _names(arrangements: Iterable[Arrangement]) -> Iterator[tuple[tuple[str, ...], str]]:
    for arrangement in arrangements:
        for name in arrangement.names:
            yield arrangement.names, name


def _order_file(base: str, names: tuple[str, ...], default: str) -> str:
    return urls.page_name(base, None if default in names else names[0])


def _page_links(links: Sequence[str], current: int) -> list[PageLink]:
    """The first and last pages and the ones around the current one."""
    near = {1, len(links), *range(max(1, current - 2), min(len(links), current + 2) + 1)}
    shown = sorted(near)
    return [
        PageLink(number, links[number - 1], number == current, bool(at) and number - shown[at - 1] > 1)
        for at, number in enumerate(shown)
    ]


def _continues(nodes: Sequence[Node], page_of: Mapping[str, int], links: Sequence[str]) -> Link | None:
    """The way back, where a page begins in the middle of a branch."""
    parent = nodes[0].parent if nodes else None
    if parent is None or not page_of:
        return None
    name = (parent.comment.author if parent.comment else None) or "a comment"
    return Link(name, f"{links[page_of[parent.id] - 1]}#{urls.fragment(parent.id)}")


def _continued(cuts: Sequence[Sequence[Node]], number: int, links: Sequence[str]) -> Link | None:
    """The way on, where a page ends in the middle of a branch."""
    parent = cuts[number][0].parent if number < len(cuts) else None
    if parent is None:
        return None
    name = (parent.comment.author if parent.comment else None) or "a comment"
    return Link(name, f"{links[number]}#{urls.fragment(cuts[number][0].id)}")


def _missing(count: int | None) -> str | None:
    if count is None:
        return "More replies are not in this archive"
    if count == 0:
        return None
    return f"{views.plural(count, 'reply', 'replies')} not in this archive"


def _marks(comment: Comment, post: Post) -> list[tuple[str, str]]:
    marks = []
    if comment.op or (comment.author is not None and comment.author == post.author):
        marks.append(("op", "OP"))
    if comment.role:
        marks.append((comment.role, comment.role))
    if comment.bot:
        marks.append(("bot", "bot"))
    if comment.distinguished:
        marks.append(("distinguished", "speaking officially"))
    if comment.pinned:
        marks.append(("pinned", "pinned"))
    if comment.locked:
        marks.append(("locked", "locked"))
    if comment.flair:
        marks.append(("flair", comment.flair))
    return marks


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


def _capture(capture: Capture, skips: Sequence[tuple[int, Skip]]) -> dict[str, Any]:
    span = Span(capture.captured, capture.newest or 0)
    return {
        "name": capture.name,
        "format": capture.format,
        "captured": span.time,
        "captured_word": "" if span.told else "on or after",
        "imported": views.day(capture.imported),
        "holds": f"{views.plural(capture.posts, 'post')}, {views.plural(capture.comments, 'comment')}",
        "size": views.plural(capture.size, "byte"),
        "sha256": capture.sha256,
        "error": capture.error,
        "skips": [_skip(count, skip) for count, skip in skips],
    }


def _skip(count: int, skip: Skip) -> str:
    place = f"first in line {skip.line}" if skip.line else ""
    detail = "; ".join(part for part in (place, skip.detail) if part)
    return f"{count:,} × {skip.reason}" + (f" ({detail})" if detail else "")
