"""Hostile texts as bodies, in every dialect: nothing runs, leaves, covers, restyles or breaks out in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from archiver.model import BodyFormat, Comment, Community, Person, Post, Record
from archiver.model import Site as Source

HOST = "home.example"
DIALECTS = get_args(BodyFormat)
EACH_PAGE = 1000
SETTINGS: dict[str, Any] = {
    "orders": ["old"],
    "default_order": "old",
    "comments_per_page": EACH_PAGE,
    "whole_page_comments": 0,
    "posts_per_page": 500,
}


def threads(texts: dict[str, list[str]]) -> Iterator[Record]:
    """A thread a dialect, whose comments are the texts; its post has all of them as body, its community as sidebar."""
    yield Source(host=HOST, platform="lemmy")
    for dialect, bodies in texts.items():
        all_of_them = "\n\n".join(bodies)
        yield Community(host=HOST, name=dialect, sidebar=all_of_them, sidebar_format=dialect)  # type: ignore[arg-type]
        yield Person(host=HOST, name=f"by_{dialect}")
        common: dict[str, Any] = {"host": HOST, "community": dialect, "author": f"by_{dialect}", "body_format": dialect}
        yield Post(id=f"p_{dialect}", title=dialect, body=all_of_them, state="live", **common)
        for at, body in enumerate(bodies):
            yield Comment(post=f"p_{dialect}", id=str(at), body=body, state="live", **common)


def pages(dialect: str, count: int) -> list[str]:
    """The pages that show the texts of a dialect: its thread, its community, and the excerpts."""
    numbers = ["", *(f"-{n}" for n in range(2, -(-count // EACH_PAGE) + 1))]
    return [f"{HOST}/post/p_{dialect}{number}.html" for number in numbers] + [
        f"{HOST}/c/{dialect}.html",
        f"{HOST}/u/by_{dialect}.html",
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_body_does_anything(
    vectors: list[str], dialect: str, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    site = build(records=threads({dialect: vectors}), **SETTINGS)
    plain = build(records=threads({dialect: ["A word."] * len(vectors)}), name="plain", **SETTINGS)
    watched, beside = watch(site), watch(plain)
    shown = 0
    for path in pages(dialect, len(vectors)):
        assert watched.check(path) == []
        assert watched.looks(path) == beside.looks(path), path
        shown += watched.page.locator("article.comment").count()
    assert shown == len(vectors)
