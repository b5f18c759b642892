"""The solver gives trees that respect all it was told, and finds the one there is."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.importers.mlmym_nesting import Entry, TooManyTreesError, rebuild


@st.composite
def threads(draw, most=24, loss=True):
    """Entries in pre-order with the parents that gave them: a random tree, siblings by score, some subtrees dropped."""
    size = draw(st.integers(1, most))
    parents = [None] + [draw(st.one_of(st.none(), st.integers(0, index - 1))) for index in range(1, size)]
    scores = draw(st.lists(st.integers(-3, draw(st.integers(-3, 40))), min_size=size, max_size=size))
    lost = draw(st.sets(st.integers(0, size - 1))) if loss else set()
    children = {parent: [] for parent in [None, *range(size)]}
    for index, parent in enumerate(parents):
        children[parent].append(index)
    order, places, waiting = [], [], [(root, None) for root in children[None]]
    waiting.sort(key=lambda item: scores[item[0]])
    while waiting:
        index, place = waiting.pop()
        if index in lost:
            continue
        order.append(index)
        places.append(place)
        below = sorted(children[index], key=lambda child: scores[child])
        waiting += [(child, len(order) - 1) for child in below]
    return [Entry(scores[index], len(children[index])) for index in order], places


def fits(entries, parents):
    """Whether a tree respects pre-order, counts and the order of siblings."""
    open_comments, last, kept = [None], {}, [0] * len(entries)
    for index, parent in enumerate(parents):
        if parent not in open_comments:
            return False
        del open_comments[open_comments.index(parent) + 1 :]
        open_comments.append(index)
        if parent is not None:
            kept[parent] += 1
            if kept[parent] > entries[parent].replies:
                return False
        if last.get(parent, entries[index].key) < entries[index].key:
            return False
        last[parent] = entries[index].key
    return True


def all_trees(entries):
    choices = [[None, *range(index)] for index in range(len(entries))]
    return [parents for parents in itertools.product(*choices) if fits(entries, parents)]


@settings(deadline=None)
@given(threads())
def test_a_tree_is_found_and_respects_everything(thread):
    entries, _ = thread
    tree = rebuild(entries)
    assert tree is not None
    assert fits(entries, tree.parents)


@settings(deadline=None)
@given(threads())
def test_no_more_is_missing_than_really_was(thread):
    entries, places = thread
    assert rebuild(entries).parents.count(None) <= places.count(None)


@settings(deadline=None)
@given(threads(loss=False))
def test_a_complete_thread_is_found_exactly(thread):
    entries, places = thread
    tree = rebuild(entries, missing=0)
    assert tree.unique
    assert tree.parents == tuple(places)
    assert rebuild(entries).parents == tuple(places)


@settings(max_examples=200, deadline=None)
@given(threads(most=7))
def test_uniqueness_and_the_best_agree_with_trying_everything(thread):
    entries, places = thread
    trees = all_trees(entries)
    tree = rebuild(entries)
    assert tuple(places) in trees
    assert tree.unique == (len(trees) == 1)
    assert tree.parents.count(None) == min(parents.count(None) for parents in trees)


@settings(deadline=None)
@given(threads(), st.integers(0, 200))
def test_little_effort_gives_a_fitting_tree_or_none(thread, effort):
    entries, _ = thread
    try:
        tree = rebuild(entries, effort=effort)
    except TooManyTreesError:
        return
    assert fits(entries, tree.parents)
    assert tree.parents.count(None) == rebuild(entries).parents.count(None)


def test_filling_the_counts_greedily_would_be_wrong():
    entries = [Entry(9, 3), Entry(8, 2), Entry(2, 0), Entry(5, 0), Entry(1, 0)]
    assert rebuild(entries).parents == (None, 0, 1, 0, 0)


def test_two_trees_with_as_many_missing_replies_are_not_one():
    # The last comment cannot answer the post, but either of the others.
    entries = [Entry(1, 2), Entry(5, 1), Entry(3, 0)]
    assert len(all_trees(entries)) == 2
    assert not rebuild(entries).unique


def test_no_tree_fits_when_a_score_rises_everywhere():
    assert rebuild([Entry(1, 0), Entry(2, 0)]) is None
    assert rebuild([Entry(1, 1), Entry(1, 0), Entry(1, 0)], missing=0) is not None
    assert rebuild([Entry(1, 3), Entry(1, 0)], missing=1) is None


def test_no_comments_make_an_empty_tree():
    assert rebuild([]).parents == ()


def test_a_mark_ends_the_comment_with_that_many_missing_replies():
    # Without its marks the third comment could answer the second, or the first.
    entries = [Entry(5, 3), Entry(5, 1, (1,)), Entry(5, 0, (1,))]
    assert rebuild(entries).parents == (None, 0, 0)
    assert rebuild(entries).unique
    assert rebuild([Entry(5, 1, (2,))]) is None


@pytest.mark.parametrize(
    "parents", [(None, 0, 0, 0), (None, 0, 0, 1), (None, 0, 0, 2), (None, 0, 1, 0), (None, 0, 1, 1), (None, 0, 1, 2)]
)
def test_evidence_decides_between_trees_with_equally_few_missing_replies(parents):
    entries = [Entry(1, 3), Entry(1, 2), Entry(1, 1), Entry(1, 0)]
    told = frozenset((parent, index) for index, parent in enumerate(parents) if parent is not None)
    fitting = {tree for tree in all_trees(entries) if tree.count(None) == 1}
    if parents in fitting:
        assert rebuild(entries, evidence=told).parents == parents
    else:
        assert rebuild(entries, evidence=told).parents in fitting


PAIRS = st.frozensets(st.tuples(st.integers(0, 4), st.integers(1, 5)).map(lambda pair: (pair[0], sum(pair))))


@settings(max_examples=200, deadline=None)
@given(threads(most=7), PAIRS)
def test_the_evidence_followed_is_the_most_there_can_be(thread, evidence):
    entries, _ = thread
    trees = all_trees(entries)
    roots = min(parents.count(None) for parents in trees)
    best = rebuild(entries, evidence=evidence).parents
    support = {tree: len(evidence.intersection(zip(tree, range(9), strict=False))) for tree in trees}
    assert best.count(None) == roots
    assert support[best] == max(support[tree] for tree in trees if tree.count(None) == roots)


def test_five_hundred_comments_take_a_moment():
    entries = [Entry(0, 1 if index % 3 else 4) for index in range(300)]
    try:
        tree = rebuild(entries, effort=200_000)
    except TooManyTreesError:
        return
    assert fits(entries, tree.parents)
