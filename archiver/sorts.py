"""The orders: which of them the data gives, and how siblings and lists are arranged by them.

Ties are broken by time of creation, then by id, so that an order is the same on every machine. What is unknown comes
last, never as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from archiver.model import Comment
from archiver.ranking import Ranking
from archiver.tree import Node, Thread, natural

COMMENT_ORDERS = ("hot", "top", "controversial", "new", "old", "captured")
"""Orders of a thread, as they are shown."""

POST_ORDERS = (
    "hot", "active", "top", "top-year", "top-month", "top-week", "top-day", "controversial", "new", "old", "comments",
)  # fmt: skip
"""Orders of a list of posts, as they are shown."""

PERSON_ORDERS = ("new", "top", "controversial", "old")
"""Orders of a person's posts and comments, as they are shown."""

SHORT_LIST = 5
"""Things somebody wrote, up to which one order is enough: one screen shows them all."""

DAY = 86_400_000_000
"""Microseconds."""
PERIODS = {"top-year": 365 * DAY, "top-month": 30 * DAY, "top-week": 7 * DAY, "top-day": DAY}
"""How far back from the capture each "top" list reaches, in microseconds (Lemmy: 1 year, 1 month …)."""

Key = tuple[Any, ...]
T = TypeVar("T")


class Arranged(NamedTuple):
    """Things in one order, and the names of the orders that come out like that."""

    names: tuple[str, ...]
    things: list[Any]


class PostLine(NamedTuple):
    """What a list of posts is ordered by; times in microseconds since 1970."""

    key: int
    """Of the thread in the archive file."""
    host: str
    id: str
    created: int | None
    score: int | None
    upvotes: int | None
    downvotes: int | None
    pinned: int | None
    comments: int
    """Comments in this archive, or as the source declared, whichever is more."""
    answered: int | None
    """Time of the newest comment that counts for the "active" order."""
    changed: int = 0
    """The import that last changed the thread; nothing is ordered by it."""
    here: int = 0
    """Comments in this archive; nothing is ordered by it."""


class EntryLine(NamedTuple):
    """What a list of somebody's posts and comments is ordered by; times in microseconds since 1970."""

    key: int
    """Of the thread in the archive file."""
    post: str
    comment: str | None
    """Id of the comment; None: the entry is the post."""
    created: int | None
    score: int | None
    upvotes: int | None
    downvotes: int | None
    place: int = 0
    """In what was read of the person; nothing is ordered by it."""


def offered(comments: Sequence[Comment]) -> list[str]:
    """The orders that a thread's comments can give, in the order they are shown; at least one, "old"."""
    scored = any(comment.score is not None for comment in comments)
    times = {comment.created for comment in comments}
    timed = times not in ({None}, set()) and (len(times) > 1 or len(comments) < 2)
    voted = any(comment.upvotes is not None and comment.downvotes is not None for comment in comments)
    placed = any(comment.position is not None for comment in comments)
    have = {
        "hot": scored and times != {None},
        "top": scored,
        "controversial": voted,
        "new": timed,
        "old": timed,
        "captured": placed,
    }
    orders = [order for order in COMMENT_ORDERS if have[order]]
    return orders or ["old"]


def arrange(thread: Thread, order: str, ranking: Ranking) -> list[Node]:
    """All nodes of the thread in one order: parents first, siblings arranged. Iterative."""
    key = _comment_key(order, ranking)
    flat: list[Node] = []
    stack = [iter(_siblings(thread.roots, key))]
    while stack:
        for node in stack[-1]:
            flat.append(node)
            if node.children:
                stack.append(iter(_siblings(node.children, key)))
                break
        else:
            stack.pop()
    return flat


def distinct(orders: Sequence[str], arrange: Callable[[str], list[T]]) -> list[Arranged]:
    """Things in each order; orders that come out alike share one."""
    made: list[Arranged] = []
    for order in orders:
        things = arrange(order)
        same = next((at for at, other in enumerate(made) if other.things == things), None)
        if same is None:
            made.append(Arranged((order,), things))
        else:
            made[same] = Arranged((*made[same].names, order), made[same].things)
    return made


def _siblings(nodes: list[Node], key: Callable[[Comment], Key]) -> list[Node]:
    if len(nodes) == 1:
        return nodes

    def of(node: Node) -> Key:
        if node.comment:
            return key(node.comment)
        # A ghost stands where the first of its answers would.
        return min(key(child.comment) for child in node.children if child.comment)

    # They are settled by age and id, which a sort keeps among equals.
    return sorted(nodes, key=of)


def _highest_first(value: float | None) -> tuple[bool, float]:
    return value is None, -value if value is not None else 0.0


def _comment_key(order: str, ranking: Ranking) -> Callable[[Comment], Key]:
    """The sort key of a comment among its siblings."""
    rank = _comment_rank(order, ranking)
    if order == "captured":
        return rank
    return lambda comment: (not ranking.pins(comment, order), *rank(comment))


def _comment_rank(order: str, ranking: Ranking) -> Callable[[Comment], Key]:
    if order == "hot":
        return lambda comment: (*_highest_first(ranking.comment_hot(comment)), *_highest_first(comment.score))
    if order == "top":
        return lambda comment: _highest_first(comment.score)
    if order == "controversial":
        return lambda comment: _highest_first(_controversy(comment, ranking))
    if order == "captured":
        return lambda comment: (comment.position is None, comment.position or 0)
    if order == "new":
        return lambda comment: (comment.created is None, -comment.created.earliest if comment.created else 0)
    return lambda _: ()


# -- lists of posts, and of what a person wrote ------------------------------------------------------------------------


def offered_posts(lines: Sequence[PostLine], ranking: Ranking) -> list[str]:
    """The orders that a list of posts can be given in, in the order they are shown; at least one, "new"."""
    scored = any(line.score is not None for line in lines)
    timed = any(line.created is not None for line in lines)
    voted = any(line.upvotes is not None and line.downvotes is not None for line in lines)
    have = dict.fromkeys(POST_ORDERS, scored) | {
        "hot": scored and timed,
        "active": scored and timed,
        "controversial": voted,
        "new": timed,
        "old": timed,
        "comments": bool(lines),
    }
    for name in PERIODS:
        have[name] = scored and any(_in_period(line, name, ranking) for line in lines)
    return [order for order in POST_ORDERS if have[order]] or ["new"]


def by_id(lines: Iterable[PostLine]) -> list[PostLine]:
    """Posts by site, the lowest id first: what every order begins with."""
    return sorted(lines, key=lambda line: (line.host, natural(line.id)))


def arrange_posts(lines: Sequence[PostLine], order: str, ranking: Ranking, *, pinned_first: bool) -> list[PostLine]:
    """Posts, given ``by_id``, in one order; the lists of a period hold only its posts.

    Ties: newest first, as Lemmy has it, then the highest id.
    """

    def rank(line: PostLine) -> Key:
        if order == "hot":
            return _highest_first(_hot(line, line.created, ranking))
        if order == "active":
            return _highest_first(_hot(line, line.answered or line.created, ranking))
        if order.startswith("top"):
            return _highest_first(line.score)
        if order == "controversial":
            return _highest_first(_controversy(line, ranking))
        return (-line.comments,) if order == "comments" else ()

    sign = 1 if order == "old" else -1

    def key(line: PostLine) -> Key:
        pinned = pinned_first and line.pinned and ranking.features(order)
        return (not pinned, *rank(line), line.created is None, (line.created or 0) * sign)

    # A stable sort keeps their ids' order below every other key.
    given = lines if order == "old" else reversed(lines)
    return sorted((line for line in given if order not in PERIODS or _in_period(line, order, ranking)), key=key)


def _in_period(line: PostLine, order: str, ranking: Ranking) -> bool:
    return line.created is not None and ranking.as_of - PERIODS[order] < line.created


def _hot(line: PostLine, at: int | None, ranking: Ranking) -> float | None:
    return None if line.score is None or at is None else ranking.post_hot(line.score, at)


def _controversy(line: PostLine | EntryLine | Comment, ranking: Ranking) -> float | None:
    known = line.upvotes is not None and line.downvotes is not None
    return ranking.controversy(line.upvotes or 0, line.downvotes or 0) if known else None


def offered_entries(lines: Sequence[EntryLine]) -> list[str]:
    """The orders that somebody's posts and comments can be given in; at least one, "new". Few things need no other."""
    if len(lines) <= SHORT_LIST:
        return ["new"]
    have = {
        "new": True,
        "top": any(line.score is not None for line in lines),
        "controversial": any(line.upvotes is not None and line.downvotes is not None for line in lines),
        "old": any(line.created is not None for line in lines),
    }
    return [order for order in PERSON_ORDERS if have[order]]


def arrange_entries(lines: Sequence[EntryLine], order: str, ranking: Ranking) -> list[EntryLine]:
    """Somebody's posts and comments in one order; ties: newest first."""

    def key(line: EntryLine) -> Key:
        if order == "top":
            return *_highest_first(line.score), -(line.created or 0)
        if order == "controversial":
            return *_highest_first(_controversy(line, ranking)), -(line.created or 0)
        return line.created is None, (line.created or 0) * (1 if order == "old" else -1)

    settled = sorted(lines, key=lambda line: (natural(line.post), natural(line.comment or "")), reverse=order != "old")
    return sorted(settled, key=key)
