"""Comments as their template shows them: records in, rows out; this runs for every comment of the archive."""

from __future__ import annotations

import msgspec
from markupsafe import Markup

from archiver import markup, urls, views
from archiver.model import Comment, State
from archiver.render.parts import Parts
from archiver.render.shapes import Row
from archiver.tree import Node, Thread
from archiver.views import NO_TIME, Link, Time, time_of

_NO_NOTES = (None, None, None)
"""No flair, no note, no language."""


class CommentView(msgspec.Struct, gc=False):
    """One comment, or the ghost of one."""

    fragment: str
    """Id of its element."""
    ghost: bool
    author: Link
    points: str
    created: Time | None
    edited: Time | None
    edited_apart: bool
    """… at another time than it was written."""
    marks: list[tuple[str, str]]
    """(class, text) of what is special about it: OP, moderator …"""
    state: State | None
    note: str | None
    """Said in place of a text that is not there."""
    body: Markup | None
    language: str | None
    """Of the text, where it is known."""
    parent: Link | None
    """What it answers; None: the post."""
    depth: str
    """ "1" for answers to the post."""
    original: str | None
    replies: str | None
    """ "9 replies": the direct ones in this archive; None: there are none."""
    missing: str | None
    """ "2 replies not in this archive"."""
    missing_url: str | None
    cut: bool
    """Its parents form a loop."""


class CommentRows:
    """Makes the rows of one thread's comments, for pages of one folder."""

    def __init__(self, parts: Parts, thread: Thread, here: str) -> None:
        post = thread.post
        self._parts = parts
        self._words = parts.words
        self._author = post.author
        self._way = parts.person_way(post.host, here)
        self._file = parts.person_file
        self._context = parts.context(post.host, here, 4)

    def row(self, node: Node, to_href: str | None) -> Row:
        """``to_href``: the link to the comment that this one answers; None: it answers none."""
        comment, parts, words = node.comment, self._parts, self._words
        fragment = urls.fragment(node.id)
        depth = words.number(node.depth + 1)
        missing = views.missing(node.missing, words) if node.missing != 0 else None
        replies = words.replies(len(node.children)) if node.children else None
        below = replies, missing, urls.linkable(node.missing_url) if node.missing_url else None
        to = self.name(node.parent) if to_href is not None else None
        if comment is None:
            texts = fragment, self.name(node), None, "", *NO_TIME, *NO_TIME, *_NO_NOTES, to, to_href, depth, None
            return Row((True, None, (), False, False), (*texts, *below), (None,))
        author, state, body = comment.author, comment.state, None
        href = self._way + self._file(author) if author is not None and self._way is not None else None
        created = views.time_texts(comment.created, words) if comment.created else NO_TIME
        edited = views.time_texts(comment.edited, words) if comment.edited else NO_TIME
        note = parts.state_note(comment) if state != "live" else None
        if comment.body is None or comment.body_format is None:
            note = note or words.gettext("The text is not in this archive.")
        else:
            body = markup.render(comment.body, comment.body_format, self._context, fragment + "-")
        return Row(
            (False, state, self._marks(comment), node.cut, views.told_apart(edited, created)),
            (
                fragment,
                parts.unknown_author if author is None else author,
                href,
                views.points(comment, words),
                *created,
                *edited,
                comment.flair or None,
                note,
                views.language(comment.language) if comment.language else None,
                to,
                to_href,
                depth,
                parts.addresses.original_comment(comment),
                *below,
            ),
            (body,),
        )

    def name(self, node: Node | None) -> str:
        """Who wrote a comment, in a sentence."""
        if node is None or node.comment is None:
            return self._words.gettext("a missing comment")
        return node.comment.author or self._parts.unknown_author

    def _marks(self, comment: Comment) -> tuple[tuple[str, str], ...]:
        """(class, text) of what is special about a comment, but for its flair."""
        found = []
        if comment.op or (comment.author is not None and comment.author == self._author):
            found.append("op")
        if comment.role:
            found.append(comment.role)
        if comment.bot or comment.distinguished or comment.pinned or comment.locked:
            found += [name for name in ("bot", "distinguished", "pinned", "locked") if getattr(comment, name)]
        return tuple(self._parts.marks(found)) if found else ()


def view(row: Row) -> CommentView:
    """The row with the names that the template knows."""
    ghost, state, marks, cut, edited_apart = row.kinds
    fragment, author, author_href, points, *times = row.texts[:14]
    flair, note, language, to, to_href, depth, original, replies, missing, missing_url = row.texts[14:]
    return CommentView(
        fragment=fragment or "",
        ghost=ghost,
        author=Link(author or "", author_href),
        points=points or "",
        created=time_of(times[:5]),
        edited=time_of(times[5:]),
        edited_apart=edited_apart,
        marks=[*marks, ("flair", flair)] if flair else [*marks],
        state=state,
        note=note,
        body=row.html[0],
        language=language,
        parent=Link(to, to_href) if to is not None else None,
        depth=depth or "",
        original=original,
        replies=replies,
        missing=missing,
        missing_url=missing_url,
        cut=cut,
    )
