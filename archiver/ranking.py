"""The formulas that rank posts and comments, by the kind of site they come from, each with its source.

They are pure; time is in hours where they say ``age``. What is unknown is never taken as 0: who arranges puts it last.
"""

from __future__ import annotations

import math
import re
import struct

from archiver.model import Comment
from archiver.platforms import Platform

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


# -- which of them hold ---------------------------------------------------------------------------------------------


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
