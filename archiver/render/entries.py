"""What people wrote, entry by entry, as its template shows it: records in, rows out; this runs for every comment."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from archiver import markup, urls, views
from archiver.model import Comment, Post
from archiver.render.parts import Parts
from archiver.render.shapes import Row
from archiver.views import NO_TIME, Link, Time, time_of


class Entry(NamedTuple):
    """Something that somebody wrote."""

    post: Post
    comment: Comment | None
    """None: it is the post."""
    page: int
    """The page of the thread's default order that holds the comment."""


class EntryView(msgspec.Struct, gc=False):
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


class EntryRows:
    """Makes the rows of entries."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = lru_cache(1000)(self._folder_of)

    def row(self, entry: Entry) -> Row:
        """What the list of its author shows."""
        post, comment, page = entry
        parts, words = self._parts, self._parts.words
        folder = self._folder(post.host)
        record = comment or post
        href = parts.thread_href(post, folder, page)
        text = record.body and record.body_format and markup.excerpt(record.body, record.body_format)
        community, community_href, _ = (
            parts.community_link(post.host, post.community, folder) if post.community else (None, None, False)
        )
        return Row(
            ("comment" if comment else "post",),
            (
                parts.post_title(post),
                f"{href}#{urls.fragment(comment.id)}" if comment else href,
                views.points(record, words),
                community,
                community_href,
                *(views.time_texts(record.created, words) if record.created else NO_TIME),
                text or parts.state_note(record),
            ),
        )

    def _folder_of(self, host: str) -> str:
        """Where all pages of a site's people lie."""
        return self._parts.addresses.person(host, "x").rpartition("/")[0] + "/"


def view(row: Row) -> EntryView:
    """The row with the names that the template knows."""
    title, href, points, community, community_href, *time, excerpt = row.texts
    return EntryView(
        kind=row.kinds[0],
        title=title or "",
        href=href or "",
        points=points or "",
        community=Link(community, community_href) if community is not None else None,
        created=time_of(time),
        excerpt=excerpt,
    )
