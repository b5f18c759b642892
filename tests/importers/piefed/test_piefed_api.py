"""Answers of PieFed's API: flat and nested lists, polls, and what must not be taken for Lemmy's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archiver.importers import lemmy_api, piefed_api
from archiver.model import Comment, Community, Post, Site, Skip

BODIES = Path(__file__).parent / "bodies"


def of(kind: type, records: list[Any]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


@pytest.mark.parametrize("path", sorted(BODIES.glob("*.json")), ids=lambda path: path.stem)
def test_body(path: Path, open_dump: Any, records_golden: Any) -> None:
    dump = open_dump(path)
    assert piefed_api.recognise(dump.head())
    assert not lemmy_api.recognise(dump.head())
    assert piefed_api.IMPORTER.origin is not None
    assert piefed_api.IMPORTER.origin(dump) == "fed.example"
    records_golden(path.with_suffix(".records"), list(piefed_api.read(dump)))


def test_lemmy_is_not_piefed() -> None:
    for path in (BODIES.parent.parent / "lemmy" / "bodies").glob("*.json"):
        assert not piefed_api.recognise(path.read_bytes()), path.name


def test_nested_replies_come_before_their_answers(open_dump: Any) -> None:
    comments = of(Comment, list(piefed_api.read(open_dump(BODIES / "replies.json"))))
    assert [(c.id, c.parent, c.position) for c in comments] == [
        ("81", None, 0),
        ("84", "81", 1),
        ("87", "84", 2),
        ("86", "81", 3),
        ("88", None, 4),
    ]


def test_deeply_nested_replies(open_dump: Any, tmp_path: Path) -> None:
    """Deeper than a parser dares: a Skip, or all of them, never a crash."""
    view = json.loads((BODIES / "replies.json").read_text(encoding="utf-8"))["comments"][1]
    view["replies"] = ["HERE"]
    before, after = json.dumps(view).split('"HERE"')
    for depth in (50, 20_000):
        path = tmp_path / f"{depth}.json"
        path.write_text('{"comments": [' + before * depth + after * depth + "]}", encoding="utf-8")
        records = list(piefed_api.read(open_dump(path)))
        assert len(of(Comment, records)) == depth or len(of(Skip, records)) == 1


def test_languages_come_with_the_site(open_dump: Any, tmp_path: Path) -> None:
    comments, site = ((BODIES / f"{name}.json").read_text(encoding="utf-8") for name in ("comments", "site"))
    path = tmp_path / "both.json"
    path.write_text(site + comments, encoding="utf-8")
    assert {c.language for c in of(Comment, list(piefed_api.read(open_dump(path))))} == {"en"}
    path.write_text(comments, encoding="utf-8")
    assert {c.language for c in of(Comment, list(piefed_api.read(open_dump(path))))} == {None}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"sidebar": "<p>x</p>", "sidebar_md": "x"}, ("x", "lemmy")),
        ({"sidebar": "<p>x</p>"}, ("<p>x</p>", "html")),
        ({"description": "x"}, ("x", "lemmy")),
        ({"sidebar": "", "sidebar_md": ""}, (None, None)),
    ],
)
def test_sidebar_of_the_site(
    texts: dict[str, str], expected: tuple[str | None, str | None], open_dump: Any, tmp_path: Path
) -> None:
    path = tmp_path / "site.json"
    path.write_text(json.dumps({"site": texts, "admins": [], "version": "1.0"}), encoding="utf-8")
    (site,) = list(piefed_api.read(open_dump(path)))
    assert (site.sidebar, site.sidebar_format) == expected


def test_last_page(open_dump: Any, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text('{"comments": [], "next_page": null}', encoding="utf-8")
    assert piefed_api.recognise(path.read_bytes())
    assert not lemmy_api.recognise(path.read_bytes())
    assert list(piefed_api.read(open_dump(path))) == []


def test_real_page(real_dumps: Path, open_dump: Any) -> None:
    records = list(piefed_api.read(open_dump(real_dumps / "lemmy" / "piefed-api" / "comment_list_page1.json")))
    assert not of(Skip, records)
    assert [site.host for site in of(Site, records)] == ["piefed.social"]
    assert [community.name for community in of(Community, records)] == ["movies"]
    (post,) = of(Post, records)
    comments = of(Comment, records)
    assert len(comments) == 10
    assert {comment.post for comment in comments} == {post.id}
    ids = {comment.id for comment in comments}
    orphans = [comment.parent for comment in comments if comment.parent and comment.parent not in ids]
    assert orphans == ["12116620"]
    assert comments[3].parent == "12116646"
    assert comments[0].author == "thethrilloftime69@feddit.online"
    assert comments[2].author == "socsa"
