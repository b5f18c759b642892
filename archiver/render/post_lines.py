"""Posts as lists show them, line by line: records in, rows out; this runs for every post, and again for later pages."""

from __future__ import annotations

import msgspec

from archiver import urls, views
from archiver.model import Post, State
from archiver.render.parts import Parts
from archiver.render.shapes import Row
from archiver.views import NO_TIME, Link, Time, time_of


class PostLineView(msgspec.Struct, gc=False):
    """A post in a list."""

    title: str
    domain: str | None
    """Of the address it shares."""
    href: str
    """Of its thread."""
    author: Link | None
    """None where the post is not in the archive."""
    marks: list[tuple[str, str]]
    """(class, text) of what its author is."""
    community: Link | None
    points: str | None
    liked: str | None
    """ "96.9% liked"."""
    created: Time | None
    edited: Time | None
    edited_apart: bool
    """… at another time than it was written."""
    flags: list[tuple[str, str]]
    """(class, text) of what it is."""
    comments: str
    """ "15 of 37 comments"."""
    state: State | None


class PostRows:
    """Makes the rows of posts, for the pages of one list."""

    def __init__(self, parts: Parts, here: str, *, community: bool) -> None:
        """``community``: say which one each post is in."""
        self._parts = parts
        self._here = here
        self._shows_community = community

    def row(self, post: Post, count: int) -> Row:
        """``count``: its comments in this archive."""
        parts, words, here = self._parts, self._parts.words, self._here
        link = urls.linkable(post.url)
        author, author_href, _ = parts.author_of(post, here) or (None, None, False)
        community, community_href, _ = (
            parts.community_link(post.host, post.community, here)
            if post.community and self._shows_community
            else (None, None, False)
        )
        # Its thread says so in a sentence.
        flags = parts.flags(post) + (parts.marks(["missing"]) if post.state is None else [])
        created = views.time_texts(post.created, words) if post.created else NO_TIME
        edited = views.time_texts(post.edited, words) if post.edited else NO_TIME
        return Row(
            (post.state, tuple(parts.author_marks(post)), tuple(flags), views.told_apart(edited, created)),
            (
                parts.post_title(post),
                views.domain(link) if link else None,
                parts.thread_href(post, here),
                author,
                author_href,
                community,
                community_href,
                views.points(post, words),
                views.liked(post, words),
                *created,
                *edited,
                post.flair or None,
                parts.count_of(post, count),
            ),
        )


def view(row: Row) -> PostLineView:
    """The row with the names that the template knows."""
    state, marks, flags, edited_apart = row.kinds
    title, domain, href, author, author_href, community, community_href, points, liked = row.texts[:9]
    *times, flair, comments = row.texts[9:]
    return PostLineView(
        title=title or "",
        domain=domain,
        href=href or "",
        author=Link(author, author_href) if author is not None else None,
        marks=[*marks],
        community=Link(community, community_href) if community is not None else None,
        points=points,
        liked=liked,
        created=time_of(times[:5]),
        edited=time_of(times[5:]),
        edited_apart=edited_apart,
        flags=[*flags, ("flair", flair)] if flair else [*flags],
        comments=comments or "",
        state=state,
    )
