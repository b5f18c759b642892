"""What an mlmym page says in words, whether it was saved as text or as HTML: counts, votes, dates.

Source: rystaf/mlmym, templates/main.html, sidebar.html and routes.go (likedPerc).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from archiver.importers.ages import AGE, DAY
from archiver.model import Moment, State

PAGE_LIMIT = 50
"""Comments mlmym asks the server for; with fewer, the page has all of them."""

SUBMITTED = re.compile(r"this post was submitted on (?P<day>\d{2} [A-Z][a-z]{2} \d{4})")
LIKED = re.compile(r"(?<!\d)(?P<score>-?\d{1,9}) points? \((?P<liked>\d{1,3}\.\d|NaN)% liked\)")
"""NaN: nobody voted."""
TALLY = re.compile(r"(?:(?P<word>all|top|next|\(page \d+\)) (?P<count>\d{1,9}) comments?|no comments \(yet\))")
READERS = re.compile(r"(?P<readers>[\d,.]{1,15}) readers?")
ACTIVE = re.compile(r"(?P<active>[\d,.]{1,15}) users? here now")
FOUNDED = re.compile(rf"founded (?P<age>{AGE})")
CHILDREN = re.compile(r"\((?P<children>\d{1,6}) (?:children|child)\)")
REPLIES = re.compile(r"\((?P<replies>\d{1,6}) (?:replies|reply)\)")
STATES: dict[str, State] = {"[deleted]": "deleted", "[removed by mod]": "removed"}
"""What stands in the place of a comment's text."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Votes(NamedTuple):
    """Up and down votes, as far as known."""

    up: int | None
    down: int | None
    ratio: float | None


NO_VOTES = Votes(None, None, None)
CANDIDATES = 1000
"""Numbers of downvotes that are tried."""


def number(digits: str) -> int:
    """A count with or without separators: "34,879"."""
    return int(re.sub(r"\D", "", digits) or "0")


def votes(score: int, liked: str) -> Votes:
    """The votes behind a score and a share of likes, where only one pair of whole numbers gives both.

    mlmym prints ``%.1f`` of up / (up + down) * 100, and the score is up - down.
    """
    if liked == "NaN":
        return Votes(0, 0, None) if score == 0 else NO_VOTES
    share = float(liked)
    ratio = round(share / 100, 3)
    low, high = (share - 0.06) / 100, (share + 0.06) / 100
    if share > 100 or low <= 0.5 <= high:
        return Votes(None, None, ratio if share <= 100 else None)  # near a half, any number of votes will do
    # up = share * all and score = up - down give down = score * (1 - share) / (2 * share - 1).
    bounds = sorted(score * (1 - edge) / (2 * edge - 1) for edge in (low, high))
    first, last = max(0, -score, int(bounds[0]) - 1), int(bounds[1]) + 1
    if last - first > CANDIDATES:
        return Votes(None, None, ratio)  # of so many, more than one pair gives both
    found = []
    for down in range(first, last + 1):
        up = down + score
        if up + down and f"{up / (up + down) * 100:.1f}" == liked:
            found.append((up, down))
        if len(found) > 1:
            return Votes(None, None, ratio)
    return Votes(*found[0], ratio) if found else Votes(None, None, ratio)


def submitted_day(words: str, orders: tuple[str, ...] | None) -> Moment | None:
    """The day of "28 Nov 2023"; None for a day that never was.

    mlmym of 2023, which had no order "controversial", printed the number of the month in place of the day.
    """
    day, month, year = words.split(" ")
    if month not in _MONTHS:
        return None
    month_number = _MONTHS.index(month) + 1
    try:
        start = datetime(int(year), month_number, int(day), tzinfo=UTC)
        following = datetime(int(year) + month_number // 12, month_number % 12 + 1, 1, tzinfo=UTC)
    except ValueError:
        return None
    if int(day) == month_number and orders is not None and "controversial" not in orders:
        return Moment(microseconds(start.replace(day=1)), microseconds(following) - 1, "about", words)
    return Moment(microseconds(start), microseconds(start) + DAY - 1, "day")


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970, without the rounding of floating point."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def total_comments(tally: re.Match[str]) -> int | None:
    """How many comments the thread has, from "all 37 comments"; None where the page is only a part of it.

    "top" stands both for a part and for a complete thread without deleted comments.
    """
    if tally["count"] is None:
        return 0
    count = int(tally["count"])
    complete = tally["word"] == "all" or (tally["word"] == "top" and count < PAGE_LIMIT)
    return count if complete else None


def community_slug(title: str) -> str | None:
    """A name for a community of which only the title is known."""
    return re.sub(r"\W+", "_", title.lower()).strip("_") or None
