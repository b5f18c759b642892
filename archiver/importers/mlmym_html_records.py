"""The elements of an mlmym page as records: community and post, comments, gaps."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from selectolax.lexbor import LexborNode

from archiver.importers import mlmym_html_elements as elements
from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import when
from archiver.importers.mlmym_html_page import Found, Page
from archiver.model import BodyFormat, Comment, Community, Gap, Post, State
from archiver.platforms import LEMMY, UNKNOWN_HOST

_POINTS = re.compile(r"(-?\d{1,9}) points?")
_COMMENTS = re.compile(r"(\d{1,9}) comments?")


def community(page: Page) -> Community | None:
    """The community of the post, with its sidebar if that is what stands beside the thread."""
    link = page.post.css_first("a.community")
    name = elements.name_in(elements.attribute(link, "href"), "c") or elements.words(link).removeprefix("c/")
    if not name:
        return None
    side = page.side
    if side is None or "user" in elements.classes(side):
        return Community(host=page.host, name=name)
    readers = next(
        (match for child in side.iter() if (match := phrases.READERS.fullmatch(elements.words(child)))), None
    )
    active = next((match for text in elements.strings(side) if (match := phrases.ACTIVE.fullmatch(text))), None)
    age = elements.part(side, "age")
    founded = phrases.FOUNDED.search(elements.words(age))
    sidebar = _sidebar(page, side)
    return Community(
        host=page.host,
        name=name,
        title=elements.words(side.css_first("h1")) or None,
        sidebar=sidebar,
        sidebar_format="html" if sidebar else None,
        readers=phrases.number(readers["readers"]) if readers else None,
        active_users=phrases.number(active["active"]) if active else None,
        founded=elements.go_time(elements.attribute(age, "title"))
        or (when(founded["age"], page.captured) if founded else None),
        moderators=_moderators(side),
    )


def _sidebar(page: Page, side: LexborNode) -> str | None:
    """The description: all between "users here now" and "founded", as its paragraphs fell out of an outer one."""
    found: list[str] = []
    inside = False
    for child in side.iter(include_text=True):
        if child.is_text_node and phrases.ACTIVE.fullmatch(elements.words(child)):
            inside = True
        elif "age" in elements.classes(child):
            break
        elif inside and child.tag != "form" and elements.attribute(child, "class") != "gray":
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
            title = elements.words(child) or title
        elif "moderators" in elements.classes(child) and title == "MODERATORS":
            return tuple(name for link in child.css("a") if (name := elements.person(link)))
    return None


def post(page: Page, community_name: str | None) -> Post:
    """The post."""
    node = page.post
    made, edited = elements.times(node)
    created = made.exact or page.day or when(made.age, page.captured)
    classes = elements.classes(node)
    deleted = "deleted" in classes
    link = node.css_first("div.title a.url")
    shown = page.keep_deleted or not deleted
    body = node.css_first("div.expando div.md") if shown else None
    score, votes = _votes(page)
    buttons = _comment_buttons(page)
    totals = [_total(page), *buttons.values()]
    return Post(
        host=page.host,
        id=page.post_id,
        community=community_name,
        author=elements.person(node.css_first("a.submitter")),
        title=elements.words(link) or None,
        url=_shared(page, elements.attribute(link, "href"), own=buttons) if shown else None,
        body=_html(page, body) if body is not None else None,
        body_format="html" if body is not None else None,
        created=created,
        edited=(edited.exact or when(edited.age, page.captured, created)) if edited else None,
        score=score,
        upvotes=votes.up,
        downvotes=votes.down,
        ratio=votes.ratio,
        state="deleted" if deleted else "live",
        pinned="distinguished" in classes or "announcement" in classes,
        nsfw=node.css_first("span.nsfw") is not None,
        declared_comments=max((total for total in totals if total is not None), default=None),
        source_url=elements.fedilink(node),
        captured_order=elements.words(page.menu.css_first("a.selected")) or None if page.menu is not None else None,
        offered_orders=page.orders,
    )


def _comment_buttons(page: Page) -> dict[str, int]:
    """The buttons "37 comments": where the post itself is, and the number."""
    found = ((link, _COMMENTS.fullmatch(elements.words(link))) for link in page.post.css("div.buttons a"))
    return {_place(page, elements.attribute(link, "href")): int(match[1]) for link, match in found if match}


def _shared(page: Page, href: str, own: Container[str]) -> str | None:
    """The link a post shares; the title of a text post leads to the post itself, at one of its ``own`` places."""
    address = elements.split(href)
    absolute = address.scheme in ("http", "https") and address.netloc
    return href if absolute and _place(page, href) not in own else None


def _place(page: Page, href: str) -> str:
    """Host and path of an address."""
    address = elements.split(href)
    return (address.netloc or page.host).lower() + address.path


def _total(page: Page) -> int | None:
    """How many comments the page says there are."""
    said = elements.strings(page.menu) if page.menu is not None else ()
    tally = next((match for text in said if (match := phrases.TALLY.fullmatch(text))), None)
    return phrases.total_comments(tally) if tally else None


def _votes(page: Page) -> tuple[int | None, phrases.Votes]:
    if liked := phrases.LIKED.search(elements.words(elements.part(page.side, "stats"))):
        score = int(liked["score"])
        return score, phrases.votes(score, liked["liked"])
    shown = elements.words(page.post.css_first("div.score"))
    return (int(shown) if re.fullmatch(r"-?\d{1,9}", shown) else None), phrases.NO_VOTES


def comment(page: Page, post: Post, found: Found, position: int) -> Comment:
    """A comment."""
    node = found.node
    creator = elements.creator(node)
    marks = elements.classes(creator)
    made, edited = elements.times(node)
    created = made.exact or when(made.age, page.captured, post.created)
    meta = elements.part(node, "meta")
    points = _POINTS.search(elements.words(meta.css_first("b"))) if meta is not None else None
    children = phrases.CHILDREN.search(elements.words(meta.css_first("span.numChildren"))) if meta is not None else None
    body, body_format, state = _content(page, elements.part(node, "content"))
    distinguished = "distinguished" in marks
    return Comment(
        host=page.host,
        post=page.post_id,
        id=found.id,
        parent=found.parent,
        author=elements.person(creator),
        body=body,
        body_format=body_format,
        created=created,
        edited=(edited.exact or when(edited.age, page.captured, created)) if edited else None,
        score=int(points[1]) if points else None,
        state=state,
        # The mark of an official comment hides the mark of the author.
        op=True if "submitter" in marks else None if distinguished else False,
        distinguished=distinguished,
        collapsed=not {"hidden", "collapse"}.isdisjoint(elements.classes(node)),
        # A comment without replies prints no count, on a page where others do.
        declared_children=int(children["children"]) if children else 0 if page.counted else None,
        position=position,
        source_url=elements.fedilink(node),
    )


def _content(page: Page, content: LexborNode | None) -> tuple[str | None, BodyFormat | None, State]:
    """Text, its format and its state; with the page's "source" button the Markdown stands beside the HTML."""
    if content is None:
        return None, None, "live"
    marks = (phrases.STATES[text] for text in elements.strings(content) if text in phrases.STATES)
    state: State = next(marks, "live")
    if state != "live" and not page.keep_deleted:
        return None, None, state
    source = content.css_first("textarea")
    if source is not None:
        return source.text(deep=True), "lemmy", state
    body = next((child for child in content.iter() if child.tag == "div"), None)
    return (_html(page, body), "html", state) if body is not None else (None, None, state)


def gaps(page: Page) -> Iterator[Gap]:
    """What the page does not show: "load more comments (2 replies)" below a comment, and those of a next page."""
    for found in page.comments:
        more = elements.part(elements.part(found.node, "children"), "morecomments")
        if more is not None:
            replies = phrases.REPLIES.search(elements.words(more.css_first("span.gray")))
            yield Gap(
                host=page.host,
                post=page.post_id,
                parent=found.id,
                count=int(replies["replies"]) if replies else None,
                source_url=_address(page, LEMMY.comment, found.id),
            )
    if page.more:
        yield Gap(host=page.host, post=page.post_id, source_url=_address(page, LEMMY.post, page.post_id))


def _address(page: Page, pattern: str, id: str) -> str | None:
    return None if page.host == UNKNOWN_HOST else f"https://{page.host}/{pattern.format(id=id)}"


def _html(page: Page, node: LexborNode) -> str:
    _complete_links(page, node)
    return (node.inner_html or "").strip()


def _complete_links(page: Page, node: LexborNode) -> None:
    """mlmym turns addresses of communities and people into its own; make them addresses of the instance."""
    if node.is_text_node:
        return
    for link in node.css('a[href^="/"]:not([href^="//"])'):
        href = elements.attribute(link, "href")
        steps = elements.segments(href)
        if elements.instance_in(href):
            link.attrs["href"] = "https:/" + href
        elif len(steps) > 1 and steps[0] in elements.KINDS and page.host != UNKNOWN_HOST:
            link.attrs["href"] = f"https://{page.host}{href}"
