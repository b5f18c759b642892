"""Threads of any shape: every comment comes out once, and what is missing is said once."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Comment, Gap, Post
from archiver.tree import Node, Thread, build, walk

POST = Post(host="h.test", id="p")
IDS = st.sampled_from([str(n) for n in range(12)])
PARENTS = st.none() | IDS | st.sampled_from(["gone", "lost"])


def comment(id: str, parent: str | None = None, **more: int) -> Comment:
    return Comment(host="h.test", post="p", id=id, parent=parent, **more)  # type: ignore[arg-type]


def gap(parent: str | None, *ids: str, count: int | None = None, url: str | None = None) -> Gap:
    return Gap(host="h.test", post="p", parent=parent, ids=ids, count=count, source_url=url)


def shape(thread: Thread) -> dict[str, tuple[str | None, bool, int, int, int | None]]:
    """What must not depend on the order of the input."""
    return {
        node.id: (node.parent.id if node.parent else None, node.cut, node.depth, node.descendants, node.missing)
        for node in walk(thread.roots)
    }


def node_of(thread: Thread, id: str) -> Node:
    (found,) = (node for node in walk(thread.roots) if node.id == id)
    return found


comments_of_any_shape = st.dictionaries(IDS, PARENTS, max_size=12).map(
    lambda parents: [comment(id, parent) for id, parent in parents.items()]
)
gaps_of_any_shape = st.lists(
    st.builds(
        lambda parent, ids, count: gap(parent, *sorted(ids), count=count),
        PARENTS,
        st.sets(IDS, max_size=3),
        st.none() | st.integers(0, 9),
    ),
    max_size=5,
    unique_by=lambda one: (one.parent, one.ids),
)


@given(comments_of_any_shape)
def test_every_comment_comes_out_once_below_its_parent(comments: list[Comment]) -> None:
    thread = build(POST, comments, [])
    nodes = list(walk(thread.roots))
    assert Counter(c.id for c in comments) == Counter(n.id for n in nodes if n.comment)
    assert thread.count == len(comments)
    seen: set[int] = set()
    for node in nodes:
        assert node.parent is None or id(node.parent) in seen
        assert node.depth == (node.parent.depth + 1 if node.parent else 0)
        if node.comment and node.comment.parent is not None and not node.cut:
            assert node.parent is not None
            assert node.comment.parent == node.parent.id
        seen.add(id(node))


@given(comments_of_any_shape)
def test_each_missing_parent_is_one_ghost_at_the_top(comments: list[Comment]) -> None:
    here = {c.id for c in comments}
    wanted = {c.parent for c in comments if c.parent is not None} - here
    ghosts = [node for node in walk(build(POST, comments, []).roots) if node.comment is None]
    assert sorted(wanted) == sorted(ghost.id for ghost in ghosts)
    assert all(ghost.parent is None and ghost.children for ghost in ghosts)


@given(comments_of_any_shape)
def test_each_loop_is_cut_once(comments: list[Comment]) -> None:
    parents = {c.id: c.parent for c in comments}
    loops = set()
    for start in parents:
        path: list[str | None] = [start]
        while path[-1] is not None and path[-1] in parents and path[-1] not in path[:-1]:
            path.append(parents[path[-1]])
        if path[-1] in path[:-1]:
            loops.add(frozenset(path[path.index(path[-1]) :]))
    cut = {node.id for node in walk(build(POST, comments, []).roots) if node.cut}
    assert cut == {min(loop) for loop in loops}  # type: ignore[type-var]


@given(comments_of_any_shape, gaps_of_any_shape, st.randoms(use_true_random=False))
def test_the_tree_does_not_depend_on_the_order_of_the_input(
    comments: list[Comment], gaps: list[Gap], chance: random.Random
) -> None:
    one = build(POST, comments, gaps)
    comments, gaps = list(comments), list(gaps)
    chance.shuffle(comments)
    chance.shuffle(gaps)
    other = build(POST, comments, gaps)
    assert shape(one) == shape(other)
    assert (one.missing, one.missing_url) == (other.missing, other.missing_url)


def test_the_same_comment_twice_is_one_node() -> None:
    thread = build(POST, [comment("1"), comment("2", "1"), comment("1")], [])
    assert [node.id for node in walk(thread.roots)] == ["1", "2"]
    assert thread.count == 2


@given(st.lists(st.none() | st.integers(0, 6), max_size=20), st.data())
def test_descendants_are_the_comments_below(parents: list[int | None], data: st.DataObject) -> None:
    comments = [
        comment(str(n), None if parent is None or not n else str(parent % n)) for n, parent in enumerate(parents)
    ]
    for node in walk(build(POST, comments, []).roots):
        assert node.descendants == sum(1 for _ in walk(node.children))


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_declared_children_that_are_not_here_are_missing() -> None:
    thread = build(POST, [comment("1", declared_children=3), comment("2", "1")], [])
    assert node_of(thread, "1").missing == 2


def test_declared_descendants_that_a_reply_accounts_for_are_not_missing_twice() -> None:
    comments = [comment("1", declared_descendants=5), comment("2", "1", declared_descendants=3), comment("3", "2")]
    thread = build(POST, comments, [])
    assert (node_of(thread, "1").missing, node_of(thread, "2").missing) == (1, 2)


def test_a_reply_that_counts_its_children_only_accounts_for_them_too() -> None:
    thread = build(POST, [comment("1", declared_descendants=5), comment("2", "1", declared_children=2)], [])
    assert (node_of(thread, "1").missing, node_of(thread, "2").missing) == (2, 2)


def test_counts_that_are_too_low_are_old_and_mean_nothing() -> None:
    thread = build(POST, [comment("1", declared_descendants=1), comment("2", "1"), comment("3", "1")], [])
    assert node_of(thread, "1").missing == 0


def test_a_gap_says_how_many_are_missing_and_where_they_are() -> None:
    thread = build(POST, [comment("1")], [gap("1", "2", "3", count=7, url="https://h.test/1")])
    assert (node_of(thread, "1").missing, node_of(thread, "1").missing_url) == (7, "https://h.test/1")


def test_a_filled_gap_vanishes_with_its_link() -> None:
    thread = build(POST, [comment("1"), comment("2", "1")], [gap("1", "2", count=7, url="https://h.test/1")])
    assert (node_of(thread, "1").missing, node_of(thread, "1").missing_url) == (0, None)


def test_a_partly_filled_gap_counts_what_is_left() -> None:
    comments = [comment("1"), comment("2", "1"), comment("4", "2")]
    assert node_of(build(POST, comments, [gap("1", "2", "3", count=7)]), "1").missing == 5
    assert node_of(build(POST, comments, [gap("1", "2", "3", count=2)]), "1").missing == 1
    assert node_of(build(POST, comments, [gap("1", "2", "3")]), "1").missing is None


def test_a_gap_below_a_gap_is_not_counted_twice() -> None:
    thread = build(POST, [comment("1"), comment("2", "1")], [gap("1", "2", "3", count=7), gap("2", "4", count=2)])
    assert (node_of(thread, "1").missing, node_of(thread, "2").missing) == (4, 2)


def test_gaps_of_two_captures_that_name_the_same_replies_count_once() -> None:
    thread = build(POST, [comment("1"), comment("2", "1")], [gap("1", "2", "3", "4", count=3), gap("1", "3", "4")])
    assert node_of(thread, "1").missing == 2


def test_continue_this_thread_is_open_until_anything_comes() -> None:
    stub = gap("1", url="https://h.test/1")
    thread = build(POST, [comment("1")], [stub])
    assert (node_of(thread, "1").missing, node_of(thread, "1").missing_url) == (None, "https://h.test/1")
    assert node_of(build(POST, [comment("1"), comment("2", "1")], [stub]), "1").missing == 0


def test_a_stub_without_a_count_takes_the_one_of_its_comment() -> None:
    assert node_of(build(POST, [comment("1", declared_descendants=4)], [gap("1")]), "1").missing == 4


def test_a_count_without_ids_is_filled_when_the_comment_counts_no_more() -> None:
    filled = [comment("1", declared_children=1), comment("2", "1")]
    assert node_of(build(POST, filled, [gap("1", count=3)]), "1").missing == 0
    assert node_of(build(POST, [comment("1", declared_children=3)], [gap("1", count=3)]), "1").missing == 3


def test_gaps_at_the_top_and_below_absent_comments_are_missing_from_the_thread() -> None:
    thread = build(
        POST, [comment("1")], [gap(None, "1", "2", count=3), gap("gone", "8", count=4, url="https://h.test")]
    )
    assert (thread.missing, thread.missing_url) == (6, "https://h.test")
    assert build(POST, [comment("1")], [gap(None, "2"), gap("gone", "8", count=4)]).missing is None


def test_more_comments_than_the_source_counts_close_the_gap_at_the_top() -> None:
    post = msgspec.structs.replace(POST, declared_comments=1)
    assert build(post, [], [gap(None)]).missing is None
    assert build(post, [comment("1")], [gap(None)]).missing == 0


# -- size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["deep", "wide", "orphans", "loop"])
def test_a_hundred_thousand_comments_of_any_kind_are_built(kind: str) -> None:
    many = 100_000
    parent = {
        "deep": lambda n: str(n - 1) if n else None,
        "wide": lambda n: "0" if n else None,
        "orphans": lambda n: f"gone{n}",
        "loop": lambda n: str((n + 1) % many),
    }[kind]
    comments = [comment(str(n), parent(n)) for n in range(many)]
    thread = build(POST, comments, [gap(str(n), f"more{n}", count=1) for n in range(0, many, 10)])
    assert thread.count == many
    assert sum(1 for node in walk(thread.roots) if node.comment) == many
    if kind == "deep":
        assert max(node.depth for node in walk(thread.roots)) == many - 1
