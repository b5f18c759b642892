"""The orders: formulas of each source family with their sources, and how siblings and lists are arranged by them.

Formulas are pure; time is in hours where they say ``age``. Ties are broken by time of creation, then by id, so that
an order is the same on every machine. What is unknown comes last, never as 0.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from archiver.model import Comment, Moment
from archiver.platforms import Platform
from archiver.tree import Node, Thread

COMMENT_ORDERS = ("hot", "top", "controversial", "new", "old", "captured")
"""Orders of a thread, as they are shown."""

POST_ORDERS = (
    "hot", "active", "top", "top-year", "top-month", "top-week", "top-day", "controversial", "new", "old", "comments",
)  # fmt: skip
"""Orders of a list of posts, as they are shown."""

PERSON_ORDERS = ("new", "top", "controversial", "old")
"""Orders of a person's posts and comments, as they are shown."""

SHORT_LIST = 3
"""Things somebody wrote, up to which one order is enough: one look takes them all in."""

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


# -- Lemmy (LemmyNet/lemmy, migrations and replaceable_schema/utils.sql) ----------------------------------------------


def lemmy_hot_rank(score: int, age: float, version: str) -> float:
    """Lemmy's hot_rank. ``age`` in hours; ``version`` decides the formula.

    0.18: ``floor(10000*log10(max(1, score+3)) / (age+2)^1.8)``, 0 for the future (migrations
    2023-06-07-add_hot_rank_columns, 2023-07-06-hot-rank-future). 0.19: ``log10(max(2, score+2)) / (age+2)^1.8`` for the
    first week, then 0 (2023-10-23-hot_rank_greatest_fix). 1.0: the same as a 32-bit real.
    """
    if _is_018(version):
        return float(math.floor(10000 * math.log10(max(1, score + 3)) / (age + 2) ** 1.8)) if age > 0 else 0.0
    if not 0 < age < 7 * 24:
        return 0.0
    rank = math.log10(max(2, score + 2)) / (age + 2) ** 1.8
    return _real(rank) if _is_1(version) else rank


def lemmy_scaled_rank(score: int, age: float, users_active_month: int, version: str) -> float:
    """Lemmy's scaled_rank (0.19 on): hot_rank / log10(2 + the community's active users of the month)."""
    return lemmy_hot_rank(score, age, version) / math.log10(2 + users_active_month)


def lemmy_controversy_rank(up: int, down: int, version: str) -> float:
    """Lemmy's controversy_rank: 0 without both kinds of votes, else the total scaled by how even they are.

    0.19.0 to 0.19.5: ``(up+down) * min/max``; from 0.19.6: ``(up+down) ^ (min/max)`` (LemmyNet/lemmy#4872); 1.0: the
    same as a 32-bit real. Versions before 0.19 had no such order and get the newer formula.
    """
    if up <= 0 or down <= 0:
        return 0.0
    evenness = min(up, down) / max(up, down)
    if _BEFORE_0196.match(version):
        return (up + down) * evenness
    rank = float((up + down) ** evenness)
    return _real(rank) if _is_1(version) else rank


_BEFORE_0196 = re.compile(r"0\.19\.[0-5](?![0-9])")


def _is_018(version: str) -> bool:
    return version.startswith(("0.17", "0.18"))


def _is_1(version: str) -> bool:
    return re.match(r"[1-9]", version) is not None


def _real(value: float) -> float:
    """A PostgreSQL ``real``: 32 bits."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


# -- Reddit (reddit-archive/reddit 753b1740, r2/r2/lib/db/_sorts.pyx, reimplemented from the formulas) -----------------


def reddit_hot(score: int, epoch: float) -> float:
    """Reddit's hot: the logarithm of the score plus a point every 12.5 hours. ``epoch`` in seconds since 1970."""
    sign = (score > 0) - (score < 0)
    return round(sign * math.log10(max(abs(score), 1)) + (epoch - 1134028003) / 45000, 7)


def confidence(up: int, down: int) -> float:
    """Lower bound of the Wilson interval at 80 % (Reddit's "best", PieFed's hot for comments); 0 without upvotes."""
    votes = up + down
    if up <= 0 or down < 0:
        return 0.0
    z = 1.281551565545
    share = up / votes
    left = share + z * z / (2 * votes)
    right = z * math.sqrt(share * (1 - share) / votes + z * z / (4 * votes * votes))
    return (left - right) / (1 + z * z / votes)


def reddit_controversy(up: int, down: int) -> float:
    """Reddit's controversy: the total, to the power of how even the votes are; 0 without both kinds."""
    if up <= 0 or down <= 0:
        return 0.0
    return float((up + down) ** (min(up, down) / max(up, down)))


def piefed_hot(score: int, epoch: float) -> float:
    """PieFed's ranking of posts (theatl-social/pyfedi 6b89e8b). ``epoch`` in seconds since 1970."""
    sign = (score > 0) - (score < 0)
    return round(sign * math.log10(max(abs(score), 1)) + (epoch - 1685766018) / 45000, 7)


# -- arranging -------------------------------------------------------------------------------------------------------


class Ranking:
    """The formulas that hold at one site, with times as of one instant: the capture, never the build."""

    def __init__(self, platform: Platform, version: str | None, as_of: int) -> None:
        """``as_of``: microseconds since 1970."""
        self._family = platform.ranking
        self._version = version or "0.19.6"
        self._as_of = as_of

    @property
    def as_of(self) -> int:
        """Microseconds since 1970."""
        return self._as_of

    def post_hot(self, score: int, at: int) -> float:
        """How hot a post is that began (or was last answered) at ``at`` microseconds since 1970."""
        if self._family == "lemmy":
            return lemmy_hot_rank(score, (self._as_of - at) / 3_600_000_000, self._version)
        return (piefed_hot if self._family == "piefed" else reddit_hot)(score, at / 1_000_000)

    def comment_hot(self, comment: Comment) -> float | None:
        """How hot a comment is; None where its score or time is unknown."""
        if self._family == "piefed" and comment.upvotes is not None and comment.downvotes is not None:
            return confidence(comment.upvotes, comment.downvotes)
        if comment.score is None or comment.created is None:
            return None
        return self.post_hot(comment.score, comment.created.earliest)

    def controversy(self, up: int, down: int) -> float:
        """How evenly and how much was voted on something."""
        if self._family == "lemmy":
            return lemmy_controversy_rank(up, down, self._version)
        return reddit_controversy(up, down)

    def features(self, order: str) -> bool:
        """Do pinned posts stand first in this order? Lemmy: before 1.0 in all, then not by time; Reddit: in "hot"."""
        if self._family != "lemmy":
            return order == "hot"
        return not _is_1(self._version) or order not in ("new", "old")

    def pins(self, comment: Comment, order: str) -> bool:
        """Does the source show this comment first among its siblings, whatever its rank?

        Lemmy 0.19 puts distinguished ones first, 1.0 not in "new" and "old"; Reddit the stickied one.
        """
        if self._family == "reddit":
            return bool(comment.pinned)
        if _is_018(self._version) or (_is_1(self._version) and order in ("new", "old")):
            return False
        return bool(comment.distinguished)


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

    return sorted(nodes, key=of)


def natural(id: str) -> tuple[int, str]:
    """Ids as numbers sort: by length, then by character (works for decimal and base 36 alike)."""
    return len(id), id


def _oldest_first(moment: Moment | None) -> tuple[bool, int]:
    return moment is None, moment.earliest if moment else 0


def _highest_first(value: float | None) -> tuple[bool, float]:
    return value is None, -value if value is not None else 0.0


def _comment_key(order: str, ranking: Ranking) -> Callable[[Comment], Key]:
    """The sort key of a comment among its siblings."""

    def rank(comment: Comment) -> Key:
        if order == "hot":
            return *_highest_first(ranking.comment_hot(comment)), *_highest_first(comment.score)
        if order == "top":
            return _highest_first(comment.score)
        if order == "controversial":
            known = comment.upvotes is not None and comment.downvotes is not None
            return _highest_first(ranking.controversy(comment.upvotes or 0, comment.downvotes or 0) if known else None)
        if order == "captured":
            return comment.position is None, comment.position or 0
        if order == "new":
            return comment.created is None, -comment.created.earliest if comment.created else 0
        return ()

    def key(comment: Comment) -> Key:
        pinned = order != "captured" and ranking.pins(comment, order)
        return (not pinned, *rank(comment), *_oldest_first(comment.created), natural(comment.id))

    return key


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


def arrange_posts(lines: Sequence[PostLine], order: str, ranking: Ranking, *, pinned_first: bool) -> list[PostLine]:
    """Posts in one order; the lists of a period hold only its posts. Ties: newest first, as Lemmy has it."""

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

    chosen = [line for line in lines if order not in PERIODS or _in_period(line, order, ranking)]
    # Highest id first among equals; a stable sort keeps that below every other key.
    chosen.sort(key=lambda line: (line.host, natural(line.id)), reverse=order != "old")
    return sorted(chosen, key=key)


def _in_period(line: PostLine, order: str, ranking: Ranking) -> bool:
    return line.created is not None and ranking.as_of - PERIODS[order] < line.created


def _hot(line: PostLine, at: int | None, ranking: Ranking) -> float | None:
    return None if line.score is None or at is None else ranking.post_hot(line.score, at)


def _controversy(line: PostLine | EntryLine, ranking: Ranking) -> float | None:
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
