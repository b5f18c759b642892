"""The promises of the program, on real dumps; they are not part of the project, so each test skips without them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

Make = Callable[..., Any]


def comment_of(node: LexborNode) -> LexborNode | None:
    """The element of the comment that an element stands in."""
    at = node.parent
    while at is not None and "comment" not in (at.attributes.get("class") or "").split():
        at = at.parent
    return at


def ids(pages: list[LexborHTMLParser]) -> list[str]:
    return [node.attributes["id"] or "" for page in pages for node in page.css("article.comment:not(.ghost)")]


def test_the_seed_text_becomes_its_one_tree(real_dumps: Path, make_site: Make) -> None:
    site = make_site([real_dumps / "mlmym" / "lemmy-ml-thread-2023-11-28.txt"])
    expected = json.loads((real_dumps / "mlmym" / "lemmy-ml-thread-2023-11-28.tree.json").read_text())
    (path,) = [path for path in site.paths() if "/post/" in path]
    page = site.page(path)
    found = [
        (node.attributes["id"], (comment_of(node).attributes["id"] if comment_of(node) else None))  # type: ignore[union-attr]
        for node in page.css("article.comment")
    ]
    assert found == [(f"c{c['n']}", f"c{c['parent']}" if c["parent"] else None) for c in expected["comments"]]
    assert [node.text() for node in page.css("p.missing")] == ["2 replies not in this archive"]
    text = page.css_first("main").text()
    for fact in ("92 points", "96.9% liked", "15 of 37 comments in this archive"):
        assert fact in text
    side = page.css_first("aside").text()
    for fact in ("34,879", "55", "This is the official technology community"):
        assert fact in side


def test_morechildren_complete_the_permalink(real_dumps: Path, make_site: Make) -> None:
    reddit = real_dumps / "reddit"
    site = make_site([reddit / "permalink_funny_3hahrw_476of543.json", reddit / "morechildren_funny_3hahrw.ndjson"])
    for order in (None, "top", "new", "old", "captured"):
        pages = site.thread("www.reddit.com/r/funny/comments/3hahrw", order)
        assert len(ids(pages)) == len(set(ids(pages))) == 541
        assert not [node for page in pages for node in page.css("article.ghost")]
    assert site.broken_links() == []


def test_lemmy_lists_give_whole_threads_and_a_list_of_the_others(real_dumps: Path, make_site: Make) -> None:
    site = make_site([real_dumps / "lemmy" / "v3-0.19-voyager"])
    posts = {path.split("/")[-1]: site.page(path) for path in site.paths() if "/post/" in path and path.count(".") == 3}
    sizes = {path: len(page.css("article.comment")) for path, page in posts.items()}
    assert (sizes["30391.html"], sizes["39509.html"], sizes["39204.html"]) == (4, 3, 1)
    assert len(posts["30391.html"].css(".mark.distinguished")) == 1
    listed = {
        line.css_first("h2 a").attributes["href"]: line.css_first(".comment-count").text().strip()
        for line in site.page("index.html").css("article.post-line")
    }
    assert listed["voyager.lemmy.ml/post/26629.html"] == "0 of 1 comment"
    assert listed["voyager.lemmy.ml/post/16254.html"] == "0 of 3 comments"
    assert len(listed) == 11


def test_a_month_of_comments_without_their_posts(real_dumps: Path, make_site: Make) -> None:
    site = make_site([real_dumps / "reddit" / "pushshift" / "RC_2005-12.zst"])
    assert (site.report.threads, site.report.comments) == (396, 1075)
    seen: Counter[str] = Counter()
    for path in site.paths():
        name = path.split("/")[-1]
        if "/comments/" in path and name.count(".") == 1 and "-" not in name:
            orders = {link.attributes["href"] for link in site.page(path).css("nav.orders a")} or {name}
            found = []
            for order in orders:
                page = site.page(path.replace(name, order or name))
                assert "only comments on it" in page.css_first("article.post").text()
                found.append(Counter(ids([page])))
            assert all(others == found[0] for others in found)
            seen.update(found[0])
    assert len(seen) == 1075
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_together_make_one_site_that_a_second_build_leaves_alone(
    real_dumps: Path, make_site: Make, jobs: int
) -> None:
    found = [
        real_dumps / "mlmym" / "lemmy-ml-thread-2023-11-28.txt",
        real_dumps / "mlmym" / "lemmy-ml-thread-emulated.html",
        real_dumps / "reddit" / "permalink_funny_3hahrw_476of543.json",
        real_dumps / "reddit" / "morechildren_funny_3hahrw.ndjson",
        real_dumps / "reddit" / "escaped_AskReddit_cmwov_199of1376_13continue.json",
        real_dumps / "lemmy" / "v3-0.19-voyager",
        real_dumps / "lemmy" / "v3-0.18-objects",
        real_dumps / "lemmy" / "piefed-api",
        real_dumps / "reddit" / "pushshift" / "RC_2005-12.zst",
    ]
    site = make_site(found, jobs=jobs)
    assert site.report.imported.errors == []
    assert site.broken_links() == []
    again = make_site(found, jobs=jobs)
    assert (again.report.written, again.report.removed) == (0, 0)
