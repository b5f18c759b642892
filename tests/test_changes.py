"""A site that grew by imports is, byte for byte, the site that is built from all of them at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver import config, intake, publish

SMALL = {"comments_per_page": 3, "posts_per_page": 2, "whole_page_comments": 5}
"""Pages so small that a few comments make several."""

Line = dict[str, Any]


def post(number: int, author: str = "ann", **more: Any) -> Line:
    values = {"id": f"p{number}", "title": f"Post {number}", "selftext": "", "author": author, "subreddit": "tea"}
    return values | {"created_utc": 1_600_000_000 + number, "score": number, "num_comments": 0, "is_self": True} | more


def comment(number: int, on: int, author: str | None = "bob", parent: int | None = None, **more: Any) -> Line:
    values = {"id": f"c{number}", "link_id": f"t3_p{on}", "body": f"Text {number}", "author": author or "[deleted]"}
    values |= {"parent_id": f"t1_c{parent}" if parent else f"t3_p{on}", "subreddit": "tea", "score": number % 7}
    return values | {"created_utc": 1_600_000_100 + number} | more


def build(folder: Path, dumps: list[list[Line]], **more: Any) -> publish.Report:
    paths = []
    for number, lines in enumerate(dumps):
        path = folder / f"{number}.ndjson"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        paths.append(str(path))
    wanted = config.load(None, SMALL | {key: value for key, value in more.items() if key != "jobs"})
    return publish.build_site(
        paths, folder / "a.db", folder / "site", wanted, intake.Options(), more.get("jobs", 1), lambda *_: None
    )


def site(folder: Path) -> dict[str, bytes]:
    whole = folder / "site"
    return {path.relative_to(whole).as_posix(): path.read_bytes() for path in whole.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def grown_and_fresh(folder: Path, dumps: list[list[Line]]) -> Iterator[dict[str, bytes]]:
    for name in ("grown", "fresh"):
        (folder / name).mkdir()
    for count in range(1, len(dumps) + 1):
        build(folder / "grown", dumps[:count])
    yield site(folder / "grown")
    build(folder / "fresh", dumps)
    yield site(folder / "fresh")


CASES = {
    "a comment": [[post(1), post(2), comment(1, 1)], [comment(2, 1, "eve")]],
    "a reply that was missing": [[post(1), comment(2, 1, parent=1)], [comment(1, 1, "eve")]],
    "a thread that grows over a page": [[post(1), *(comment(n, 1) for n in range(1, 4))], [comment(9, 1, score=99)]],
    "somebody gets a page": [[post(1), comment(1, 1, body="thanks u/eve and r/coffee")], [comment(2, 1, "eve")]],
    "a community gets a page": [[post(1, selftext="see r/coffee")], [post(2, subreddit="coffee")]],
    "the post comes after its comments": [[comment(1, 1), comment(2, 1, "eve")], [post(1, title="At last")]],
    "a deletion": [[post(1), comment(1, 1), comment(2, 1, "eve")], [comment(1, 1, None, body="[deleted]")]],
    "somebody leaves": [
        [post(1), comment(1, 1, "eve"), comment(2, 1, body="u/eve said so")],
        [comment(1, 1, None, body="[deleted]")],
    ],
    "another title": [[post(1), comment(1, 1, "eve")], [post(1, title="Better", retrieved_on=1_700_000_001)]],
    "readers of the community": [[post(1)], [post(2, subreddit_subscribers=5), post(3)]],
    "many posts": [[post(n) for n in range(1, 8)], [comment(1, 3)], [post(9, score=1)]],
    "nothing new": [[post(1), comment(1, 1)], [post(1), comment(1, 1)]],
}


@pytest.mark.parametrize("dumps", CASES.values(), ids=CASES)
def test_grown_site_is_the_fresh_one(tmp_path: Path, dumps: list[list[Line]]) -> None:
    grown, fresh = grown_and_fresh(tmp_path, dumps)
    assert sorted(grown) == sorted(fresh)
    assert {path for path in grown if grown[path] != fresh[path]} == set()


names = st.sampled_from(["ann", "Bob", "bob", "eve", None])
comments = st.builds(
    comment, st.integers(1, 12), st.integers(1, 3), names, st.integers(0, 12), score=st.integers(-3, 9),
    body=st.sampled_from(["text", "u/eve and u/bob", "r/coffee", "[deleted]"]),
)  # fmt: skip
posts = st.builds(
    post, st.integers(1, 3), names.map(lambda name: name or "[deleted]"), score=st.integers(0, 3),
    title=st.sampled_from(["One", "Two"]), subreddit=st.sampled_from(["tea", "coffee"]),
    selftext=st.sampled_from(["", "u/ann"]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dumps=st.lists(st.lists(posts | comments, min_size=1, max_size=12), min_size=2, max_size=3))
def test_any_grown_site_is_the_fresh_one(dumps: list[list[Line]], tmp_path_factory: pytest.TempPathFactory) -> None:
    grown, fresh = grown_and_fresh(tmp_path_factory.mktemp("sites"), dumps)
    assert {path for path in grown.keys() | fresh.keys() if grown.get(path) != fresh.get(path)} == set()


LARGE = [post(n, f"author{n % 9}") for n in range(1, 60)] + [
    comment(n, n % 59 + 1, f"author{n % 30}", score=n % 5) for n in range(1, 300)
]


def test_one_comment_rewrites_only_the_pages_that_show_it(tmp_path: Path) -> None:
    build(tmp_path, [LARGE], comments_per_page=50)
    before = site(tmp_path)
    dumps = [LARGE, [comment(999, 30, "author7", parent=29, score=-9)]]
    report = build(tmp_path, dumps, comments_per_page=50)
    after = site(tmp_path)
    changed = {path for path in after if before.get(path) != after[path]} - {"manifest.tsv"}
    assert report.written == len(changed)
    shows = [path for path in changed if b"Text 999" in after[path]]
    assert shows
    for path in changed - set(shows) - {"about.html", "index.html"}:
        lists = path.startswith(("index", "www.reddit.com/r/tea.", "www.reddit.com/r/tea-"))
        assert lists or path.startswith(("www.reddit.com/user/author7", "www.reddit.com/r/tea/comments/p30")), path


def test_a_second_build_renders_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, [LARGE])
    monkeypatch.setattr(publish.Crew, "do", None)
    report = build(tmp_path, [LARGE])
    assert (report.written, report.removed) == (0, 0)
    assert report.unchanged == len(site(tmp_path)) - 1


def test_pages_that_were_lost_come_back(tmp_path: Path) -> None:
    build(tmp_path, [LARGE])
    whole = site(tmp_path)
    for path in ("www.reddit.com/r/tea/comments/p5.html", "www.reddit.com/user/author3.html", "about.html"):
        (tmp_path / "site" / path).unlink()
    (tmp_path / "site" / "www.reddit.com/r/tea-2.html").write_text("cut")
    assert build(tmp_path, [LARGE]).written == 4
    assert site(tmp_path) == whole


@pytest.mark.parametrize("more", [{"title": "New"}, {"theme": "plain"}, {"people": False}, {"orders": ["new"]}])
def test_other_settings_make_another_site(tmp_path: Path, more: Line) -> None:
    for name in ("grown", "fresh"):
        (tmp_path / name).mkdir()
    build(tmp_path / "grown", [LARGE])
    build(tmp_path / "grown", [LARGE], **more)
    build(tmp_path / "fresh", [LARGE], **more)
    assert site(tmp_path / "grown") == site(tmp_path / "fresh")


def test_another_archive_makes_another_site(tmp_path: Path) -> None:
    build(tmp_path, [LARGE])
    (tmp_path / "a.db").unlink()
    build(tmp_path, [LARGE[:80]])
    (tmp_path / "fresh").mkdir()
    build(tmp_path / "fresh", [LARGE[:80]])
    assert site(tmp_path) == site(tmp_path / "fresh")
