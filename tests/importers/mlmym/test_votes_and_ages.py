"""Votes from a score and a percentage; time ranges from ages in words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.importers.ages import DAY, SECOND, Age, parse_age, seen_at, when
from archiver.importers.mlmym_phrases import community_slug, submitted_day, votes
from archiver.model import Moment


@pytest.mark.parametrize(
    ("score", "liked", "expected"),
    [
        (92, "96.9", (95, 3, 0.969)),
        (0, "NaN", (0, 0, None)),
        (5, "NaN", (None, None, None)),
        (10, "100.0", (10, 0, 1.0)),
        (0, "50.0", (None, None, 0.5)),
        (-3, "0.0", (0, 3, 0.0)),
        (-4, "20.0", None),
        (3, "12.3", (None, None, 0.123)),
        (1, "123.4", (None, None, None)),
        (999_999_999, "60.0", (None, None, 0.6)),
        (999_999_999, "100.0", (None, None, 1.0)),
        (-999_999_999, "0.0", (None, None, 0.0)),
    ],
)
def test_votes(score, liked, expected):
    assert expected is None or votes(score, liked) == expected


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_votes_found_are_the_true_ones(up, down):
    liked = f"{up / (up + down) * 100:.1f}" if up + down else "NaN"
    found = votes(up - down, liked)
    assert (found.up, found.down) in {(up, down), (None, None)}


@pytest.mark.parametrize(
    ("words", "least", "end"),
    [
        ("now", 0, SECOND),
        ("1 second ago", SECOND, 2 * SECOND),
        ("23 hours ago", 23 * 3600 * SECOND, DAY),
        ("4 weeks ago", 28 * DAY, 30 * DAY),
        ("11 months ago", 330 * DAY, 360 * DAY),
        ("1 year ago", 360 * DAY, 540 * DAY),
        ("2 years ago", 540 * DAY, 1080 * DAY),
        ("3 years ago", 1080 * DAY, 1440 * DAY),
    ],
)
def test_ages(words, least, end):
    assert parse_age(words) == Age(least, end - 1)


@pytest.mark.parametrize("words", ["", "yesterday", "a long while ago", "100 years ago", "3 moons ago"])
def test_words_that_tell_no_age(words):
    assert parse_age(words) is None


def test_a_future_age_is_a_time_after_the_capture():
    assert when("2 hours from now", Moment(0, 0)) == Moment(
        2 * 3600 * SECOND, 3 * 3600 * SECOND - 1, "about", "2 hours from now"
    )


def test_nothing_is_made_before_its_post():
    captured, post = Moment(400 * DAY, 400 * DAY), Moment(50 * DAY, 51 * DAY, "day")
    assert when("11 months ago", captured, post) == Moment(50 * DAY, 70 * DAY, "about", "11 months ago")
    assert when("1 day ago", captured, Moment(500 * DAY, 500 * DAY)).earliest == 398 * DAY + 1


def test_seen_at_is_the_other_way_round():
    assert seen_at(Moment(0, DAY - 1, "day"), "1 day ago") == Moment(DAY, 3 * DAY - 2, "about")


def test_a_day_that_never_was_is_unknown():
    assert submitted_day("31 Feb 2024", None) is None
    assert submitted_day("01 Abc 2024", None) is None


def test_pages_that_printed_the_month_for_the_day_tell_the_month():
    old, new = ("hot", "top", "new", "old"), ("hot", "top", "controversial", "new", "old")
    assert submitted_day("12 Dec 2023", new).precision == "day"
    whole_month = submitted_day("12 Dec 2023", old)
    assert (whole_month.latest - whole_month.earliest + 1, whole_month.words) == (31 * DAY, "12 Dec 2023")


@pytest.mark.parametrize(
    ("title", "slug"), [("Technology", "technology"), ("A & B!", "a_b"), ("Ω рыба", "ω_рыба"), ("!", None)]
)
def test_slugs(title, slug):
    assert community_slug(title) == slug
