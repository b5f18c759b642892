"""Formulas give the values of the original programs; arranging keeps trees whole and is the same on every machine."""

from __future__ import annotations

import random
import struct
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import ranking as formulas
from archiver import sorts
from archiver.model import Comment, Moment, Post
from archiver.platforms import LEMMY, PIEFED, REDDIT, Platform
from archiver.ranking import Ranking
from archiver.sorts import DAY, EntryLine, PostLine
from archiver.tree import Node, Thread, build, natural

HOUR = 3_600_000_000
T0 = 1_700_000_000_000_000


# -- worked values -----------------------------------------------------------------------------------------------------

# Run in PostgreSQL 15 with Lemmy's own SQL: score, age in hours, 0.18.5, 0.19.20, 1.0 (real), scaled for 1000 and 10.
LEMMY_HOT = [
    (1, 0.0001, 1728, 0.137005, 0.13700476, 0.045655, 0.126953),
    (1, 1, 833, 0.066041, 0.06604052, 0.022007, 0.061195),
    (1, 2, 496, 0.039348, 0.03934783, 0.013112, 0.036461),
    (10, 3, 614, 0.059559, 0.059559137, 0.019847, 0.055189),
    (28, 5, 449, 0.044488, 0.04448767, 0.014825, 0.041224),
    (92, 24, 56, 0.005600, 0.005600196, 0.001866, 0.005189),
    (92, 48, 17, 0.001726, 0.0017258745, 0.000575, 0.001599),
    (0, 0.5, 916, 0.057852, 0.057851918, 0.019278, 0.053607),
    (-1, 1, 416, 0.041667, 0.041666932, 0.013885, 0.038610),
    (-5, 2, 0, 0.024826, 0.024825716, 0.008273, 0.023004),
    (-20, 2, 0, 0.024826, 0.024825716, 0.008273, 0.023004),
    (100, 10, 229, 0.022928, 0.022928057, 0.007640, 0.021246),
    (1000, 24, 85, 0.008517, 0.00851716, 0.002838, 0.007892),
    (100, 167.99, 1, 0.000194, 0.00019414733, 0.000065, 0.000180),
    (100, 168.01, 1, 0.0, 0.0, 0.0, 0.0),
]
LEMMY_CONTROVERSY = [
    (95, 3, 3.094737, 1.155795, 1.155795),
    (28, 0, 0, 0, 0),
    (1, 1, 2, 2.0, 2),
    (10, 10, 20, 20.0, 20),
    (10, 9, 17.1, 14.153969, 14.153969),
    (5, 10, 7.5, 3.872983, 3.8729835),
    (100, 1, 1.01, 1.047233, 1.0472327),
    (1000, 900, 1710, 893.055071, 893.05505),
    (3, 2, 3.333333, 2.924018, 2.9240177),
    (2, 3, 3.333333, 2.924018, 2.9240177),
    (50, 49, 97.02, 90.307224, 90.30722),
]


def as_real(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


@pytest.mark.parametrize(("score", "age", "v018", "v019", "v1", "scaled_1000", "scaled_10"), LEMMY_HOT)
def test_lemmys_hot_and_scaled_ranks(
    score: int, age: float, v018: int, v019: float, v1: float, scaled_1000: float, scaled_10: float
) -> None:
    assert formulas.lemmy_hot_rank(score, age, "0.18.5") == v018
    assert round(formulas.lemmy_hot_rank(score, age, "0.19.20"), 6) == v019
    assert formulas.lemmy_hot_rank(score, age, "1.0.0-beta.1") == as_real(v1)
    assert round(formulas.lemmy_scaled_rank(score, age, 1000, "0.19.20"), 6) == scaled_1000
    assert round(formulas.lemmy_scaled_rank(score, age, 10, "0.19.20"), 6) == scaled_10


@pytest.mark.parametrize(("up", "down", "early", "later", "real"), LEMMY_CONTROVERSY)
def test_lemmys_controversy_rank(up: int, down: int, early: float, later: float, real: float) -> None:
    for version in ("0.19.0", "0.19.5", "0.19.5-beta.7", "0.19.3-14-gabc"):
        assert round(formulas.lemmy_controversy_rank(up, down, version), 6) == early
    for version in ("0.19.6", "0.19.20", "0.19", "0.18.5", "unknown"):
        assert round(formulas.lemmy_controversy_rank(up, down, version), 6) == later
    assert formulas.lemmy_controversy_rank(up, down, "1.0.0") == pytest.approx(real, rel=1e-7)


@pytest.mark.parametrize("version", ["0.18.5", "0.19.5", "1.0.0", "what?"])
def test_lemmys_future_is_not_hot(version: str) -> None:
    assert formulas.lemmy_hot_rank(100, -5, version) == 0.0


@pytest.mark.parametrize(
    ("up", "down", "value"),
    [
        (1, 0, 0.378448),
        (10, 0, 0.858931),
        (10, 2, 0.657813),
        (100, 20, 0.785296),
        (1, 1, 0.164252),
        (0, 1, 0),
        (0, 0, 0),
    ],
)
def test_reddits_confidence(up: int, down: int, value: float) -> None:
    assert round(formulas.confidence(up, down), 6) == value


@given(st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63))
def test_no_number_of_votes_breaks_a_formula(up: int, down: int) -> None:
    values = [formulas.confidence(up, down), formulas.reddit_controversy(up, down), formulas.reddit_hot(up, 0.0)]
    values += [formulas.lemmy_controversy_rank(up, down, version) for version in ("0.19.0", "0.19.6", "1.0")]
    values += [formulas.lemmy_hot_rank(up, down / 1e6, version) for version in ("0.18", "0.19", "1.0")]
    assert all(value == value for value in values)


@pytest.mark.parametrize(("up", "down", "value"), [(10, 10, 20), (100, 50, 12.2474), (0, 5, 0), (5, 0, 0), (-1, 3, 0)])
def test_reddits_controversy(up: int, down: int, value: float) -> None:
    assert round(formulas.reddit_controversy(up, down), 4) == value


def test_reddits_and_piefeds_hot_gain_a_point_every_twelve_and_a_half_hours() -> None:
    assert formulas.reddit_hot(100, 1134028003 + 45000) == 3.0
    assert formulas.reddit_hot(-100, 1134028003) == -2.0
    assert formulas.reddit_hot(0, 1134028003) == 0.0
    assert formulas.piefed_hot(100, 1685766018 + 90000) == 4.0


# -- arranging a thread ------------------------------------------------------------------------------------------------


def comment(id: str, parent: str | None = None, at: int | None = None, **more: object) -> Comment:
    created = None if at is None else Moment(at, at)
    return Comment(host="h.test", post="p", id=id, parent=parent, created=created, **more)  # type: ignore[arg-type]


def ranking(platform: Platform = LEMMY, version: str | None = "0.19.5", as_of: int = T0) -> Ranking:
    return Ranking(platform, version, as_of)


def ids(order: str, *comments: Comment, by: Ranking | None = None) -> list[str]:
    thread = build(Post(host="h.test", id="p"), comments, [])
    return [node.id for node in sorts.arrange(thread, order, by or ranking())]


small = st.integers(-3, 3)
names = st.sampled_from([str(n) for n in range(8, 20)])
hostile = st.dictionaries(
    names,
    st.builds(
        comment,
        st.just("?"),
        st.none() | names | st.sampled_from(["gone", "lost"]),
        st.none() | small,
        score=st.none() | small,
        upvotes=st.none() | small,
        downvotes=st.none() | small,
        position=st.none() | small,
        pinned=st.none() | st.booleans(),
        distinguished=st.none() | st.booleans(),
    ),
    max_size=12,
).map(lambda made: [msgspec.structs.replace(one, id=id) for id, one in made.items()])
rankings = st.builds(
    Ranking,
    st.sampled_from([LEMMY, PIEFED, REDDIT]),
    st.sampled_from([None, "", "0.18.5", "0.19.5", "1.0.0", "odd"]),
    small,
)


@given(hostile, st.sampled_from(sorts.COMMENT_ORDERS), rankings)
def test_every_order_has_every_comment_once_in_preorder(comments: list[Comment], order: str, by: Ranking) -> None:
    thread = build(Post(host="h.test", id="p"), comments, [])
    arranged = sorts.arrange(thread, order, by)
    assert Counter(c.id for c in comments) == Counter(n.id for n in arranged if n.comment)
    # Preorder: each node's parent is the last node above it, so parents come first and subtrees stay together.
    above: list[Node] = []
    for node in arranged:
        del above[node.depth :]
        assert node.parent is (above[-1] if above else None)
        above.append(node)


@given(hostile, st.sampled_from(sorts.COMMENT_ORDERS), rankings, st.randoms(use_true_random=False))
def test_an_order_does_not_depend_on_the_order_of_the_input(
    comments: list[Comment], order: str, by: Ranking, chance: random.Random
) -> None:
    shuffled = list(comments)
    chance.shuffle(shuffled)
    assert ids(order, *comments, by=by) == ids(order, *shuffled, by=by)


def test_what_is_unknown_comes_last_and_never_counts_as_zero() -> None:
    known, low, unknown = comment("1", at=1, score=0), comment("2", at=2, score=-9), comment("3", at=0)
    assert ids("top", unknown, low, known) == ["1", "2", "3"]
    assert ids("new", comment("1"), comment("2", at=5), comment("3", at=9)) == ["3", "2", "1"]
    assert ids("old", comment("1"), comment("2", at=5), comment("3", at=9)) == ["2", "3", "1"]


def test_ties_go_to_the_older_and_then_the_lower_id() -> None:
    alike = [comment(id, at=at, score=1) for id, at in (("10", 5), ("9", 5), ("8", 7), ("11", 1))]
    assert ids("top", *alike) == ["11", "9", "10", "8"]


def test_ids_sort_as_numbers_in_any_base() -> None:
    assert sorted(["z", "10", "9", "1a"], key=natural) == ["9", "z", "10", "1a"]


def test_hot_after_a_week_is_the_score() -> None:
    old = T0 - 8 * DAY
    assert ids("hot", comment("1", at=old, score=1), comment("2", at=old - 5, score=7)) == ["2", "1"]


def test_hot_is_as_of_the_capture() -> None:
    early, late = comment("1", at=T0 - 9 * HOUR, score=30), comment("2", at=T0 - HOUR, score=3)
    assert ids("hot", early, late) == ["2", "1"]
    assert ids("hot", early, late, by=ranking(as_of=T0 + 30 * DAY)) == ["1", "2"]


def test_piefeds_hot_comments_are_ranked_by_confidence() -> None:
    sure, unsure = comment("1", at=1, upvotes=10, downvotes=0), comment("2", at=9, upvotes=12, downvotes=9)
    assert ids("hot", unsure, sure, by=ranking(PIEFED, None)) == ["1", "2"]


@pytest.mark.parametrize(
    ("platform", "version", "order", "first"),
    [
        (LEMMY, "0.19.5", "top", True),
        (LEMMY, "0.19.5", "new", True),
        (LEMMY, "1.0.0", "top", True),
        (LEMMY, "1.0.0", "new", False),
        (LEMMY, "0.18.5", "top", False),
        (LEMMY, "0.19.5", "captured", False),
        (REDDIT, None, "top", False),
    ],
)
def test_a_distinguished_comment_comes_first_where_its_site_does_so(
    platform: Platform, version: str | None, order: str, *, first: bool
) -> None:
    low = comment("1", at=1, score=0, distinguished=True, position=1)
    high = comment("2", at=2, score=9, position=0)
    assert (ids(order, high, low, by=ranking(platform, version))[0] == "1") is first


def test_reddits_sticky_comes_first() -> None:
    sticky, other = comment("1", at=1, score=0, pinned=True), comment("2", at=2, score=9)
    assert ids("top", other, sticky, by=ranking(REDDIT, None)) == ["1", "2"]


def test_a_ghost_stands_where_the_first_of_its_answers_would() -> None:
    middle, below = comment("1", at=5), comment("2", "gone", at=3)
    assert ids("old", middle, below, comment("3", "gone", at=9)) == ["gone", "2", "3", "1"]
    assert ids("new", middle, below) == ["1", "gone", "2"]


def test_only_orders_with_data_are_offered() -> None:
    assert sorts.offered([]) == ["old"]
    assert sorts.offered([comment("1")]) == ["old"]
    assert sorts.offered([comment("1", at=1), comment("2", at=2)]) == ["new", "old"]
    assert sorts.offered([comment("1", score=1), comment("2")]) == ["top"]
    assert sorts.offered([comment("1", position=1)]) == ["captured"]
    full = [comment(id, at=int(id), score=1, upvotes=1, downvotes=0, position=1) for id in ("1", "2")]
    assert sorts.offered(full) == list(sorts.COMMENT_ORDERS)


@pytest.mark.parametrize("order", sorts.COMMENT_ORDERS)
@pytest.mark.parametrize("deep", [True, False])
def test_a_hundred_thousand_comments_are_arranged(order: str, *, deep: bool) -> None:
    many = 100_000
    thread: Thread = build(
        Post(host="h.test", id="p"),
        [comment(str(n), str(n - 1 if deep else 0) if n else None, at=T0 - n, score=n % 50) for n in range(many)],
        [],
    )
    assert len(sorts.arrange(thread, order, ranking())) == many


# -- lists -------------------------------------------------------------------------------------------------------------


def post(id: str, created: int | None = T0, score: int | None = 1, **more: int | None) -> PostLine:
    values = {"upvotes": None, "downvotes": None, "pinned": None, "comments": 0, "answered": None, **more}
    return PostLine(key=int(id), host="h.test", id=id, created=created, score=score, **values)  # type: ignore[arg-type]


def posts(order: str, *lines: PostLine, by: Ranking | None = None, pinned_first: bool = False) -> list[str]:
    return [
        line.id for line in sorts.arrange_posts(sorts.by_id(lines), order, by or ranking(), pinned_first=pinned_first)
    ]


@pytest.mark.parametrize(
    ("order", "reach"), [("top-day", DAY), ("top-week", 7 * DAY), ("top-month", 30 * DAY), ("top-year", 365 * DAY)]
)
def test_periods_reach_back_from_the_capture(order: str, reach: int) -> None:
    just, over, unknown = post("1", T0 - reach + 1), post("2", T0 - reach), post("3", None)
    assert posts(order, just, over, unknown) == ["1"]
    assert posts("top", just, over, unknown) == ["1", "2", "3"]


def test_posts_that_tie_come_newest_first_and_then_by_the_highest_id() -> None:
    alike = [post("9", T0), post("10", T0), post("8", T0 + 1)]
    assert posts("top", *alike) == ["8", "10", "9"]
    assert posts("old", *alike) == ["9", "10", "8"]
    assert posts("new", *alike) == ["8", "10", "9"]


def test_pinned_posts_come_first_in_their_community_only() -> None:
    lines = [post("1", score=9), post("2", score=1, pinned=1)]
    assert posts("top", *lines, pinned_first=True) == ["2", "1"]
    assert posts("top", *lines) == ["1", "2"]


def test_active_counts_the_newest_answer() -> None:
    lines = [post("1", T0 - 100 * HOUR, answered=T0 - HOUR), post("2", T0 - 3 * HOUR)]
    assert posts("active", *lines) == ["1", "2"]
    assert posts("hot", *lines) == ["2", "1"]


def test_most_comments_come_first() -> None:
    assert posts("comments", post("1", comments=2), post("2", comments=30)) == ["2", "1"]


def test_controversial_posts_without_votes_come_last() -> None:
    lines = [post("1"), post("2", upvotes=9, downvotes=0), post("3", upvotes=5, downvotes=5)]
    assert posts("controversial", *lines) == ["3", "2", "1"]


post_lines = st.dictionaries(
    st.integers(1, 30).map(str),
    st.builds(post, st.just("1"), st.none() | small, st.none() | small, answered=st.none() | small, pinned=small),
    max_size=8,
).map(lambda made: [line._replace(id=id, key=int(id)) for id, line in made.items()])


@given(post_lines, st.sampled_from(sorts.POST_ORDERS), st.booleans(), st.randoms(use_true_random=False))
def test_a_list_of_posts_is_whole_and_the_same_however_it_comes(
    lines: list[PostLine], order: str, pinned_first: bool, chance: random.Random
) -> None:
    shuffled = list(lines)
    chance.shuffle(shuffled)
    arranged = posts(order, *lines, pinned_first=pinned_first, by=ranking(as_of=0))
    assert arranged == posts(order, *shuffled, pinned_first=pinned_first, by=ranking(as_of=0))
    assert order in sorts.PERIODS or sorted(arranged) == sorted(line.id for line in lines)


def test_post_orders_without_data_are_not_offered() -> None:
    assert sorts.offered_posts([], ranking()) == ["new"]
    assert sorts.offered_posts([post("1", None, None)], ranking()) == ["comments"]
    assert "top-day" not in sorts.offered_posts([post("1", T0 - 2 * DAY)], ranking())


def test_what_a_person_wrote_is_ordered_newest_first_among_equals() -> None:
    lines = [EntryLine(1, "9", comment, at, 5, None, None) for comment, at in (("a", 1), ("b", 3), (None, 2))]
    assert [line.comment for line in sorts.arrange_entries(lines, "top", ranking())] == ["b", None, "a"]
    assert [line.comment for line in sorts.arrange_entries(lines, "old", ranking())] == ["a", None, "b"]
    assert sorts.offered_entries([*lines, *lines]) == ["new", "top", "old"]
    assert sorts.offered_entries(lines) == ["new"], "so few things need no other order"
