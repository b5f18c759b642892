"""Reads a Lemmy thread page of the mlmym front end that was saved as HTML, by a browser or a mirroring tool.

Source of the structure: rystaf/mlmym, templates/main.html, sidebar.html, post.html and comment.html of 2023 to 2025.
The page tells ids, nesting and exact times; it does not tell up and down votes of comments, bots, and locked posts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.dumps import Dump, Importer
from archiver.errors import DumpError
from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import AGE, seen_at, when
from archiver.model import BodyFormat, Comment, Community, Gap, Moment, Person, Post, Record, Seen, Site, Skip, State
from archiver.platforms import LEMMY, UNKNOWN_HOST

MAX_DEPTH = 5_000
"""Elements inside each other. Lemmy's threads nest 100 deep; the parser takes 20 seconds for 100,000."""

_MARKS = re.compile(
    rb'<div[^>]*\bclass="commentmenu"|<div class="stats">\s*this post was submitted on'
    rb'|<div class="warning">\s*you are viewing a single comment'
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NEVER_NESTED = frozenset(("br", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "p", "td", "th", "tr"))
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,62})\.)+[a-z][a-z0-9-]{1,62}(?::\d{1,5})?", re.IGNORECASE)
_KINDS = frozenset(("u", "c", "post", "comment"))
_GO_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? ([+-])(\d\d)(\d\d)(?: \S+)?(?: m=\S+)?"
)
"""Go's time.Time.String(): 2023-11-28 20:04:05.123456 +0000 UTC"""
_POINTS = re.compile(r"(-?\d{1,9}) points?")
_TALLY = re.compile(phrases.TALLY)
_SUBMITTED = re.compile(phrases.SUBMITTED)
_LIKED = re.compile(phrases.LIKED)
_READERS = re.compile(phrases.READERS)
_ACTIVE = re.compile(phrases.ACTIVE)
_FOUNDED = re.compile(rf"founded ({AGE})")
_CHILDREN = re.compile(phrases.CHILDREN)
_REPLIES = re.compile(phrases.REPLIES)
_COMMENTS = re.compile(r"(\d{1,9}) comments?")
_STATES: dict[str, State] = {"[deleted]": "deleted", "[removed by mod]": "removed"}


def recognise(head: bytes) -> bool:
    """HTML with one of the elements that only mlmym's thread pages have."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" and bool(_MARKS.search(head))


class Found(msgspec.Struct, frozen=True):
    """A comment's element, and where it stands."""

    id: str
    parent: str | None
    node: LexborNode


class Page(msgspec.Struct, kw_only=True):
    """The elements of a thread page."""

    host: str
    post: LexborNode
    post_id: str
    side: LexborNode | None
    menu: LexborNode | None
    comments: list[Found]
    skips: list[Skip]
    captured: Moment | None = None
    keep_deleted: bool = False
    counted: bool = False
    """Comments print how many replies they have (mlmym since June 2024)."""
    more: bool = False
    """Further comments stand on a next page."""


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything the page says."""
    page = _page(dump)
    yield from page.skips
    if page.captured and not dump.captured:
        yield Seen(captured=page.captured)
    yield Site(host=page.host, platform=LEMMY.name)
    community = _community(page)
    if community:
        yield community
    post = _post(page, community.name if community else None)
    comments = [_comment(page, post, found, position) for position, found in enumerate(page.comments)]
    moderators = (community.moderators if community else None) or ()
    names = [*moderators, post.author, *(comment.author for comment in comments)]
    for name in dict.fromkeys(names):
        if name:
            yield Person(host=page.host, name=name)
    yield post
    yield from comments
    for found in page.comments:
        yield from _gaps(page, found)
    if page.more:
        yield Gap(host=page.host, post=page.post_id, source_url=_address(page, LEMMY.post, page.post_id))


def _page(dump: Dump) -> Page:
    data = dump.read()
    text = data.decode("utf-8-sig", "replace")
    _check_depth(text, dump.name)
    tree = LexborHTMLParser(text)
    posts = [node for node in tree.css("div.post") if re.fullmatch(r"p\d+", _attribute(node, "id"))]
    if not posts:
        raise DumpError(f"{dump.name}: no thread page of mlmym: it has no post (div.post with an id)")
    post = posts[0]
    menu = tree.css_first("div.commentmenu")
    skips = []
    if "\ufffd" in text and not _is_utf8(data):
        skips.append(Skip(line=None, reason="bytes that are not UTF-8", detail="shown as U+FFFD"))
    page = Page(
        host=UNKNOWN_HOST,
        post=post,
        post_id=_attribute(post, "id")[1:],
        side=tree.css_first("div.side"),
        menu=menu,
        comments=[],
        skips=skips,
        keep_deleted=dump.keep_deleted,
        more=tree.css_first("a#lmc") is not None,
        counted=tree.css_first("span.numChildren") is not None,
    )
    _find_comments(page, tree)
    page.host = _host(page)
    page.captured = dump.captured or _captured(page)
    return page


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


def _find_comments(page: Page, tree: LexborHTMLParser) -> None:
    """All comments in the order of the page, by the structure comment > children > comment."""
    everywhere = tree.css("div.comment")
    beside = page.post if page.menu is None else page.menu
    top = beside.parent
    waiting = [(node, _parent_link(node)) for node in reversed(_parts(top, "comment"))] if top else []
    seen: set[str] = set()
    reached = 0
    while waiting:
        node, parent = waiting.pop()
        above = parent
        reached += 1
        match = re.fullmatch(r"c(\d+)", _attribute(node, "id"))
        if match is None or match[1] in seen:
            reason = "comment with the id of another" if match else "comment without an id"
            page.skips.append(Skip(line=None, reason=reason, detail=_words(_part(node, "meta"))[:80]))
        else:
            seen.add(match[1])
            page.comments.append(Found(match[1], parent, node))
            above = match[1]
        children = _part(node, "children")
        if children is not None:
            waiting += [(child, above) for child in reversed(_parts(children, "comment"))]
    if reached < len(everywhere):
        detail = f"{len(everywhere) - reached} of {len(everywhere)}"
        page.skips.append(Skip(line=None, reason="comment outside the thread", detail=detail))


def _parts(node: LexborNode, name: str) -> list[LexborNode]:
    """The elements right inside ``node`` that have a class."""
    return [child for child in node.iter() if name in _attribute(child, "class").split()]


def _part(node: LexborNode | None, name: str) -> LexborNode | None:
    parts = _parts(node, name) if node is not None else []
    return parts[0] if parts else None


def _attribute(node: LexborNode | None, name: str) -> str:
    return (node.attributes.get(name) or "") if node is not None else ""


def _words(node: LexborNode | None) -> str:
    return " ".join(node.text(deep=True).split()) if node is not None else ""


def _strings(node: LexborNode) -> Iterator[str]:
    """The texts right inside ``node``."""
    for child in node.iter(include_text=True):
        if child.is_text_node and (words := _words(child)):
            yield words


def _inner_html(node: LexborNode) -> str:
    return (node.inner_html or "").strip()


def _links(node: LexborNode | None, words: str) -> Iterator[str]:
    """Where the buttons of a post or comment lead that say ``words``."""
    for link in node.css("a[href]") if node is not None else ():
        if _words(link) == words:
            yield _attribute(link, "href")


def _buttons(node: LexborNode) -> LexborNode | None:
    return _part(_part(node, "content"), "buttons")


def _parent_link(node: LexborNode) -> str | None:
    """On the page of a single comment, its parent is just a button."""
    for href in _links(_buttons(node), "parent"):
        if match := re.search(r"/comment/(\d+)/?$", _split(href).path):
            return match[1]
    return None


def _host(page: Page) -> str:
    """The instance: mlmym names it in its own addresses (/lemmy.ml/u/…), or local things name it as their origin."""
    creators = [(found, _creator(found.node)) for found in page.comments]
    for link in [*page.post.css("div.meta a[href]"), *(link for _, link in creators if link is not None)]:
        segments = _segments(_attribute(link, "href"))
        if len(segments) > 2 and segments[1] in _KINDS and _HOST.fullmatch(segments[0]):
            return segments[0].lower()
    things = [(found.node, found.id, link, "comment") for found, link in creators]
    for node, local_id, creator, kind in [
        (page.post, page.post_id, page.post.css_first("a.submitter"), "post"),
        *things,
    ]:
        if "@" in (_person(creator) or "@"):
            continue
        origin = _fedilink(node)
        if origin and _split(origin).path == f"/{kind}/{local_id}":
            return urlsplit(origin).netloc.lower()
    return UNKNOWN_HOST


def _split(href: str) -> SplitResult:
    try:
        return urlsplit(href)
    except ValueError:  # such as http://[
        return urlsplit("")


def _segments(href: str) -> list[str]:
    return [unquote(segment) for segment in _split(href).path.split("/") if segment not in ("", ".")]


def _creator(node: LexborNode) -> LexborNode | None:
    meta = _part(node, "meta")
    return meta.css_first("a.creator") if meta is not None else None


def _person(link: LexborNode | None) -> str | None:
    """A name; the address has it in full where the reader had instance names hidden."""
    shown = _words(link)
    segments = _segments(_attribute(link, "href"))
    if len(segments) > 1 and segments[-2] == "u" and segments[-1].split("@")[0] == shown:
        return segments[-1]
    return shown or None


def _fedilink(node: LexborNode) -> str | None:
    """Address of the original, where it is one."""
    for href in _links(_part(node, "content") or node, "fedilink"):
        parts = _split(href)
        if parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc):
            return href
    return None


def _address(page: Page, pattern: str, local_id: str) -> str | None:
    return None if page.host == UNKNOWN_HOST else f"https://{page.host}/{pattern.format(id=local_id)}"


def _times(node: LexborNode) -> list[tuple[Moment | None, str]]:
    """Creation and last edit of a post or comment: exact time and age in words."""
    meta = _part(node, "meta") or node.css_first("div.meta")
    spans = meta.css("span[title]") if meta is not None else []
    return [(go_time(_attribute(span, "title")), _words(span)) for span in spans[:2]]


def go_time(text: str) -> Moment | None:
    """A time as Go prints it; None for Go's zero time, which means "never", and for anything else."""
    match = _GO_TIME.fullmatch(text.strip())
    if not match:
        return None
    *parts, fraction, sign, hours, minutes = match.groups()
    try:
        instant = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        instant = instant + offset if sign == "-" else instant - offset
    except (ValueError, OverflowError):
        return None
    if instant.year < 1970:
        return None
    micros = phrases.microseconds(instant) + int((fraction or "").ljust(6, "0")[:6])
    return Moment(micros, micros)


def _captured(page: Page) -> Moment | None:
    """When the page was saved: the instant at which all exact times on it had the ages it prints."""
    earliest, latest = None, None
    for node in [page.post, *(found.node for found in page.comments)]:
        for exact, words in _times(node):
            seen = seen_at(exact, words) if exact else None
            if seen:
                earliest = max(earliest or seen.earliest, seen.earliest)
                latest = min(latest or seen.latest, seen.latest)
    if earliest is not None and latest is not None:
        return Moment(earliest, latest, "about") if earliest <= latest else None
    day, times = _day(page), _times(page.post)
    return seen_at(day, times[0][1]) if day and times else None


def _day(page: Page) -> Moment | None:
    match = _SUBMITTED.search(_words(_part(page.side, "stats")))
    return phrases.submitted_day(match["day"], _orders(page)) if match else None


def _orders(page: Page) -> tuple[str, ...] | None:
    if page.menu is None:
        return None
    return tuple(_words(link) for link in page.menu.css("div > a")) or None


def _community(page: Page) -> Community | None:
    link = page.post.css_first("a.community")
    segments = _segments(_attribute(link, "href"))
    name = segments[-1] if len(segments) > 1 and segments[-2] == "c" else _words(link).removeprefix("c/")
    if not name:
        return None
    side = page.side
    if side is None or "user" in _attribute(side, "class").split():
        return Community(host=page.host, name=name)
    readers = next((match for child in side.iter() if (match := _READERS.fullmatch(_words(child)))), None)
    active = next((match for words in _strings(side) if (match := _ACTIVE.fullmatch(words))), None)
    age = _part(side, "age")
    founded = _FOUNDED.search(_words(age))
    sidebar = _sidebar(page, side)
    moderators = _moderators(side)
    return Community(
        host=page.host,
        name=name,
        title=_words(side.css_first("h1")) or None,
        sidebar=sidebar,
        sidebar_format="html" if sidebar else None,
        readers=phrases.number(readers["readers"]) if readers else None,
        active_users=phrases.number(active["active"]) if active else None,
        founded=go_time(_attribute(age, "title")) or (when(founded[1], page.captured) if founded else None),
        moderators=moderators,
    )


def _sidebar(page: Page, side: LexborNode) -> str | None:
    """The description: all between "users here now" and "founded", as its paragraphs fell out of an outer one."""
    found: list[str] = []
    inside = False
    for child in side.iter(include_text=True):
        if child.is_text_node and _ACTIVE.fullmatch(_words(child)):
            inside = True
        elif "age" in _attribute(child, "class").split():
            break
        elif inside and child.tag != "form" and _attribute(child, "class") != "gray":
            _complete_links(page, child)
            found.append(child.html or "")
    while found and found[0].strip() in ("", "<p></p>"):
        found.pop(0)
    while found and found[-1].strip() in ("", "<p></p>"):
        found.pop()
    return "".join(found).strip() or None


def _moderators(side: LexborNode) -> tuple[str, ...] | None:
    title = ""
    for child in side.iter(include_text=True):
        if child.is_text_node:
            title = _words(child) or title
        elif "moderators" in _attribute(child, "class").split() and title == "MODERATORS":
            return tuple(name for link in child.css("a") if (name := _person(link)))
    return None


def _complete_links(page: Page, node: LexborNode) -> None:
    """mlmym turns addresses of communities and people into its own; make them addresses of the instance."""
    if node.is_text_node:
        return
    for link in node.css('a[href^="/"]'):
        segments = _segments(_attribute(link, "href"))
        if len(segments) > 2 and segments[1] in _KINDS and _HOST.fullmatch(segments[0]):
            link.attrs["href"] = "https:/" + _attribute(link, "href")
        elif len(segments) > 1 and segments[0] in _KINDS and page.host != UNKNOWN_HOST:
            link.attrs["href"] = f"https://{page.host}/" + "/".join(segments)


def _post(page: Page, community: str | None) -> Post:
    node = page.post
    times = _times(node)
    created = (times[0][0] if times else None) or _day(page) or (when(times[0][1], page.captured) if times else None)
    edited = (times[1][0] or when(times[1][1], page.captured, created)) if len(times) > 1 else None
    classes = _attribute(node, "class").split()
    deleted = "deleted" in classes
    link = node.css_first("div.title a.url")
    body = node.css_first("div.expando div.md")
    shown = body is not None and (page.keep_deleted or not deleted)
    score, votes = _votes(page)
    totals = [
        _total(page),
        *(int(match[1]) for link in node.css("div.buttons a") if (match := _COMMENTS.fullmatch(_words(link)))),
    ]
    return Post(
        host=page.host,
        id=page.post_id,
        community=community,
        author=_person(node.css_first("a.submitter")),
        title=_words(link) or None,
        url=_shared(page, _attribute(link, "href")),
        body=_html(page, body) if shown and body is not None else None,
        body_format="html" if shown else None,
        created=created,
        edited=edited,
        score=score,
        upvotes=votes.up,
        downvotes=votes.down,
        ratio=votes.ratio,
        state="deleted" if deleted else "live",
        pinned="distinguished" in classes or "announcement" in classes,
        nsfw=node.css_first("span.nsfw") is not None,
        declared_comments=max((total for total in totals if total is not None), default=None),
        source_url=_fedilink(node),
        captured_order=_words(page.menu.css_first("a.selected")) or None if page.menu is not None else None,
        offered_orders=_orders(page),
    )


def _html(page: Page, node: LexborNode) -> str:
    _complete_links(page, node)
    return _inner_html(node)


def _shared(page: Page, href: str) -> str | None:
    """The link a post shares; the title of a text post leads to the post itself."""
    parts = _split(href)
    own = [_split(link).path for words in _comment_buttons(page) for link in _links(page.post, words)]
    absolute = parts.scheme in ("http", "https") and parts.netloc
    return href if absolute and parts.path not in own else None


def _comment_buttons(page: Page) -> list[str]:
    return [words for link in page.post.css("div.buttons a") if _COMMENTS.fullmatch(words := _words(link))]


def _total(page: Page) -> int | None:
    """How many comments the page says there are."""
    if page.menu is None:
        return None
    tally = next((match for words in _strings(page.menu) if (match := _TALLY.fullmatch(words))), None)
    return phrases.total_comments(tally) if tally else None


def _votes(page: Page) -> tuple[int | None, phrases.Votes]:
    if liked := _LIKED.search(_words(_part(page.side, "stats"))):
        score = int(liked["score"])
        return score, phrases.votes(score, liked["liked"])
    shown = _words(page.post.css_first("div.score"))
    return (int(shown) if re.fullmatch(r"-?\d{1,9}", shown) else None), phrases.NO_VOTES


def _comment(page: Page, post: Post, found: Found, position: int) -> Comment:
    node = found.node
    creator = _creator(node)
    marks = _attribute(creator, "class").split()
    times = _times(node)
    created = (times[0][0] or when(times[0][1], page.captured, post.created)) if times else None
    meta = _part(node, "meta")
    points = _POINTS.search(_words(meta.css_first("b"))) if meta is not None else None
    children = _CHILDREN.search(_words(meta.css_first("span.numChildren"))) if meta is not None else None
    body, body_format, state = _content(page, _part(node, "content"))
    distinguished = "distinguished" in marks
    return Comment(
        host=page.host,
        post=page.post_id,
        id=found.id,
        parent=found.parent,
        author=_person(creator),
        body=body,
        body_format=body_format,
        created=created,
        edited=(times[1][0] or when(times[1][1], page.captured, created)) if len(times) > 1 else None,
        score=int(points[1]) if points else None,
        state=state,
        # The mark of an official comment hides the mark of the author.
        op=True if "submitter" in marks else None if distinguished else False,
        distinguished=distinguished,
        collapsed=not {"hidden", "collapse"}.isdisjoint(_attribute(node, "class").split()),
        # A comment without replies prints no count, on a page where others do.
        declared_children=int(children["children"]) if children else 0 if page.counted else None,
        position=position,
        source_url=_fedilink(node),
    )


def _content(page: Page, content: LexborNode | None) -> tuple[str | None, BodyFormat | None, State]:
    """Text, its format and its state; with the page's "source" button the Markdown stands beside the HTML."""
    if content is None:
        return None, None, "live"
    marks = [_STATES[words] for words in _strings(content) if words in _STATES]
    state: State = marks[0] if marks else "live"
    if state != "live" and not page.keep_deleted:
        return None, None, state
    source = content.css_first("textarea")
    if source is not None:
        return source.text(deep=True), "lemmy", state
    body = next((child for child in content.iter() if child.tag == "div"), None)
    return (_html(page, body), "html", state) if body is not None else (None, None, state)


def _gaps(page: Page, found: Found) -> Sequence[Gap]:
    more = _part(_part(found.node, "children"), "morecomments")
    if more is None:
        return []
    replies = _REPLIES.search(_words(more.css_first("span.gray")))
    return [
        Gap(
            host=page.host,
            post=page.post_id,
            parent=found.id,
            count=int(replies["replies"]) if replies else None,
            source_url=_address(page, LEMMY.comment, found.id),
        )
    ]


IMPORTER = Importer(
    name="mlmym-html",
    title="Lemmy thread page of mlmym, saved as HTML",
    recognise=recognise,
    read=read,
)
