"""Reads a Lemmy thread page of the mlmym front end that was saved as plain text.

The text tells no addresses and no indentation: host, ids and title of the post are unknown, the nesting is rebuilt from
the number of replies each comment had and from the order of siblings (mlmym_text_nesting.py), and times are known as
ages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archiver.dumps import Dump, Importer
from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import parse_age, seen_at, when
from archiver.importers.mlmym_text_comments import HEADER
from archiver.importers.mlmym_text_nesting import Nested, nested
from archiver.importers.mlmym_text_page import Page, opened
from archiver.model import Comment, Community, Gap, Moment, Person, Post, Record, Seen, Site, Skip
from archiver.platforms import LEMMY, UNKNOWN_HOST

_STATS = re.compile(rf"^{phrases.SUBMITTED.pattern}[ \t]*\r?\n[ \t]*{phrases.LIKED.pattern}[ \t]*\r?$", re.MULTILINE)
_MENU = re.compile(rf"^{phrases.TALLY.pattern}[ \t\r]*\n\s*sorted by:", re.MULTILINE)


def recognise(head: bytes) -> bool:
    """Two lines that only mlmym prints under each other, in something that is not markup, JSON or mail."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff").lstrip()
    if text.startswith(("<", "{", "From ")) or (text.startswith("[") and not HEADER.match(text)):
        return False
    return bool(_STATS.search(text) or _MENU.search(text))


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything the page says."""
    page = opened(dump)
    yield from page.skips
    submitted = phrases.submitted_day(page.sidebar.day, page.orders) if page.sidebar.day else None
    captured = dump.captured or _captured(page, submitted)
    yield Site(host=UNKNOWN_HOST, platform=LEMMY.name)
    community = _community(page, captured)
    if community:
        yield community
    names = [*page.sidebar.moderators, *([page.head.meta["author"]] if page.head.meta else [])]
    for name in dict.fromkeys([*names, *(block.header["author"] for block in page.blocks)]):
        yield Person(host=UNKNOWN_HOST, name=name)
    nesting = nested(page)
    post = _post(page, community.name if community else None, submitted, captured, nesting)
    yield post
    yield from _comments(page, post, captured, nesting.parents)
    if any(block.more for block in page.blocks):
        yield Gap(host=UNKNOWN_HOST, post=page.id)
    if captured is None and (page.blocks or page.head.meta or page.sidebar.founded):
        yield Skip(line=None, reason="ages on a page without a date", detail="tell when the page was captured")
    if captured and not dump.captured:
        yield Seen(captured=captured)


def _captured(page: Page, submitted: Moment | None) -> Moment | None:
    """When the page was saved: the day of the post, and how old the post was then.

    Where the page does not tell its age, that of its oldest comment: threads begin soon after their post.
    """
    words = [page.head.meta["age"]] if page.head.meta else [block.header["age"] for block in page.blocks]
    ages = [(age, word) for word in words if (age := parse_age(word))]
    return seen_at(submitted, max(ages)[1]) if submitted and ages else None


def _community(page: Page, captured: Moment | None) -> Community | None:
    sidebar, meta = page.sidebar, page.head.meta
    name = meta["community"] if meta else phrases.community_slug(sidebar.title or "")
    if name is None:
        return None
    return Community(
        host=UNKNOWN_HOST,
        name=name,
        title=sidebar.title,
        sidebar=sidebar.text,
        sidebar_format="text" if sidebar.text else None,
        readers=sidebar.readers,
        active_users=sidebar.active,
        founded=when(sidebar.founded, captured) if sidebar.founded else None,
        moderators=sidebar.moderators or None,
    )


def _post(
    page: Page, community: str | None, submitted: Moment | None, captured: Moment | None, nesting: Nested
) -> Post:
    sidebar, head = page.sidebar, page.head
    score = head.score if sidebar.score is None else sidebar.score
    votes = phrases.votes(score, sidebar.liked) if score is not None and sidebar.liked else phrases.NO_VOTES
    created = submitted or (when(head.meta["age"], captured) if head.meta else None)
    totals = (phrases.total_comments(page.tally) if page.tally else None, head.comments)
    return Post(
        host=UNKNOWN_HOST,
        id=page.id,
        community=community,
        author=head.meta["author"] if head.meta else None,
        title=head.title,
        body=head.body,
        body_format="text" if head.body else None,
        created=created,
        edited=when(head.meta["edited"], captured, created) if head.meta and head.meta["edited"] else None,
        score=score,
        upvotes=votes.up,
        downvotes=votes.down,
        ratio=votes.ratio,
        state="live",
        nsfw=head.nsfw,
        declared_comments=max((total for total in totals if total is not None), default=None),
        nesting=nesting.certainty,
        captured_order=nesting.order,
        offered_orders=page.orders,
    )


def _comments(page: Page, post: Post, captured: Moment | None, parents: Sequence[int | None]) -> Iterator[Comment]:
    counted = any(block.replies is not None for block in page.blocks)
    for position, (block, parent) in enumerate(zip(page.blocks, parents, strict=True)):
        header, state = block.header, phrases.STATES.get(block.body, "live")
        created = when(header["age"], captured, post.created)
        yield Comment(
            host=UNKNOWN_HOST,
            post=page.id,
            id=str(position + 1),
            parent=None if parent is None else str(parent + 1),
            author=header["author"],
            body=block.body if state == "live" else None,
            body_format="text" if state == "live" else None,
            created=created,
            edited=when(header["edited"], captured, created) if header["edited"] else None,
            score=block.score,
            state=state,
            collapsed=True if header["fold"] == "+" else None,
            # A comment without replies prints no count, on a page where others do.
            declared_children=block.replies or (0 if counted else None),
            position=position,
        )


IMPORTER = Importer(
    name="mlmym-text",
    title="Lemmy thread page of mlmym, saved as plain text",
    recognise=recognise,
    read=read,
)
