"""Pages hold every node once, in order, none too many, and end between top-level threads where they can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archiver.paging import batches, cut
from archiver.tree import Node


def thread(*sizes: int) -> list[Node]:
    """Top-level threads of these sizes, in one order."""
    return [Node(f"{number}.{at}", depth=min(at, 1)) for number, size in enumerate(sizes) for at in range(size)]


def lengths(pages: list[list[Node]]) -> list[int]:
    return [len(page) for page in pages]


@given(st.lists(st.integers(1, 12), max_size=12), st.integers(1, 10))
def test_every_node_is_on_one_page_in_order(sizes: list[int], limit: int) -> None:
    nodes = thread(*sizes)
    pages = cut(nodes, limit)
    assert [node for page in pages for node in page] == nodes
    assert all(len(page) <= limit for page in pages)
    assert all(pages) or pages == [[]]


@given(st.lists(st.integers(1, 12), max_size=12), st.integers(1, 10))
def test_a_page_breaks_a_top_level_thread_only_if_that_is_too_long(sizes: list[int], limit: int) -> None:
    nodes = thread(*sizes)
    for page in cut(nodes, limit)[1:]:
        number = int(page[0].id.split(".")[0])
        assert page[0].depth == 0 or sizes[number] > limit


def test_a_long_top_level_thread_starts_on_a_page_of_its_own() -> None:
    assert lengths(cut(thread(3, 25, 2, 2), 10)) == [3, 10, 10, 9]


def test_short_threads_share_a_page() -> None:
    assert lengths(cut(thread(4, 4, 4), 10)) == [8, 4]


def test_an_empty_thread_has_one_page() -> None:
    assert cut([], 10) == [[]]


def test_a_hundred_thousand_comments_are_cut_at_any_limit() -> None:
    for sizes in ((100_000,), (1,) * 100_000):
        for limit in (1, 500):
            assert len(cut(thread(*sizes), limit)) == 100_000 // limit


@given(st.integers(0, 200), st.integers(1, 50))
def test_batches_cover_everything_once(count: int, size: int) -> None:
    found = batches(count, size)
    assert [at for batch in found for at in batch] == list(range(count))
    assert len(found) == max(1, -(-count // size))
