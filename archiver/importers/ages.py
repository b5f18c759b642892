"""Ages in words, as go-humanize prints them ("11 months ago"), to the range of time they can mean.

Source: dustin/go-humanize v1.0.1, times.go: truncating, a day is 24 hours, a month 30 days, a year 360 days; "1 year"
lasts 18 months, "2 years" then until the third year is full.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archiver.model import Moment

SECOND = 1_000_000
"""Microseconds, as all times of the records."""
DAY = 86_400 * SECOND
WEEK = 7 * DAY
MONTH = 30 * DAY
YEAR = 12 * MONTH

_UNITS = {
    "second": SECOND,
    "minute": 60 * SECOND,
    "hour": 3_600 * SECOND,
    "day": DAY,
    "week": WEEK,
    "month": MONTH,
    "year": YEAR,
}
AGE = r"(?:now|(?:\d{1,2} (?:second|minute|hour|day|week|month|year)s?|a long while) (?:ago|from now))"
"""Pattern of an age. "A long while" is 37 years and more: in practice a time that was never set."""

_PARTS = re.compile(r"(\d{1,2}) ([a-z]+?)s? (ago|from now)")


class Age(NamedTuple):
    """How long ago something was, in microseconds; negative: still to come."""

    least: int
    most: int


def parse_age(words: str) -> Age | None:
    """The range an age can mean, both ends included; None for words that tell no age."""
    if words == "now":
        return Age(0, SECOND - 1)
    match = _PARTS.fullmatch(words)
    if not match or match[2] not in _UNITS:
        return None
    number, unit = int(match[1]), _UNITS[match[2]]
    least, end = number * unit, (number + 1) * unit
    if unit == WEEK:
        end = min(end, MONTH)
    if unit == YEAR and number == 1:
        end = 18 * MONTH
    if unit == YEAR and number == 2:
        least = 18 * MONTH
    return Age(least, end - 1) if match[3] == "ago" else Age(1 - end, -least)


def when(words: str, captured: Moment | None, not_before: Moment | None = None) -> Moment | None:
    """The time an age means, seen at ``captured``, and not before ``not_before``; None where it cannot be told."""
    age = parse_age(words)
    if age is None or captured is None:
        return None
    earliest, latest = captured.earliest - age.most, captured.latest - age.least
    if not_before is not None and not_before.earliest <= latest:
        earliest = max(earliest, not_before.earliest)
    return Moment(earliest, latest, "about", words)


def seen_at(moment: Moment, words: str) -> Moment | None:
    """When something made at ``moment`` was that old."""
    age = parse_age(words)
    return age and Moment(moment.earliest + age.least, moment.latest + age.most, "about")
