"""Answers of Lemmy's API of every version, saved alone, in a row, one a line, and damaged."""

from __future__ import annotations

import json
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.dumps import Dump
from archiver.importers import lemmy_api
from archiver.importers.fediverse_bodies import moment
from archiver.model import Comment, Community, Moment, Person, Post, Seen, Site, Skip

BODIES = Path(__file__).parent / "bodies"
VERSIONS = ["v3-0.18", "v3-0.19", "v4-1.0"]


def of(kind: type, records: list[Any]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def body(name: str) -> Any:
    return json.loads((BODIES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def read(open_dump: Any, tmp_path: Path) -> Any:
    """``read(text or documents, **options)``: the records in a file of these."""

    def reader(*documents: Any, between: str = "\n", origin: str | None = None, **options: Any) -> list[Any]:
        path = tmp_path / "dump.json"
        texts = [document if isinstance(document, str) else json.dumps(document) for document in documents]
        path.write_text(between.join(texts), encoding="utf-8")
        dump = open_dump(path, **options)
        dump.origin = origin
        return list(lemmy_api.read(dump))

    return reader


@pytest.mark.parametrize("path", sorted(BODIES.glob("*.json")), ids=lambda path: path.stem)
def test_body(path: Path, open_dump: Any, records_golden: Any) -> None:
    dump = open_dump(path)
    assert lemmy_api.recognise(dump.head())
    assert lemmy_api.IMPORTER.origin is not None
    assert lemmy_api.IMPORTER.origin(dump) == "tea.example"
    records_golden(path.with_suffix(".records"), list(lemmy_api.read(dump)))


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_tell_the_same_thread(version: str, read: Any) -> None:
    comments = of(Comment, read(body(f"{version}-comments")))
    assert [(c.id, c.parent, c.state, c.author) for c in comments] == [
        ("601", None, "live", "cy@pot.example"),
        ("602", "601", "live", "ann"),
        ("603", "602", "deleted", "bob"),
        ("604", None, "removed", "cy@pot.example"),
        ("605", None, "deleted", "cy@pot.example"),
        ("607", "606", "live", "linkbot"),
        ("608", None, "live", "bob"),
    ]
    assert [c.body for c in comments][:5] == ["Milk & sugar", "As the one who asked: no.", None, None, None]
    assert comments[-1].body == ""
    assert [c.position for c in comments] == list(range(7))
    assert comments[0].edited == Moment(1_701_208_800_999_999, 1_701_208_800_999_999)


@pytest.mark.parametrize("version", VERSIONS)
def test_kept_texts(version: str, read: Any) -> None:
    comments = of(Comment, read(body(f"{version}-comments"), keep_deleted=True))
    assert [c.body for c in comments][2:5] == ["secret regret", "rude words", None]
    assert [c.state for c in comments][2:5] == ["deleted", "removed", "deleted"]


@pytest.mark.parametrize("between", ["\n", "", "\n\n", " "])
def test_many_bodies_in_a_file(between: str, read: Any) -> None:
    """One a line or in a row: the same, with counts of pages running on and nothing said twice."""
    page = body("v3-0.19-comments")
    pages = [{"comments": page["comments"][:3]}, {"comments": page["comments"][3:]}]
    records = read(body("v3-0.19-site"), body("v3-0.19-post"), *pages, {"comments": []}, between=between)
    assert not of(Skip, records)
    assert [site.version for site in of(Site, records)] == ["0.19.5"]
    assert [comment.position for comment in of(Comment, records)] == list(range(7))
    names = [person.name for person in of(Person, records)]
    assert sorted(names) == sorted(set(names))
    # The cross-post's community, and the post's own, known whole before it is met again beside posts and comments.
    assert [community.name for community in of(Community, records)] == ["kettles", "pans@pot.example"]


def test_spread_over_lines(read: Any) -> None:
    page = body("v4-1.0-comments")
    records = read(json.dumps(page, indent=2), json.dumps(body("v4-1.0-post"), indent=2))
    assert len(of(Comment, records)) == 7


def test_a_list_of_bodies(read: Any) -> None:
    """As scripts save pages: bodies in one JSON list give what they give one after the other."""
    page = body("v3-0.19-comments")
    pages = [{"comments": page["comments"][:3]}, {"comments": page["comments"][3:]}]
    bodies = [body("v3-0.19-site"), body("v3-0.19-post"), *pages, {"comments": []}]
    assert read(bodies) == read(*bodies)
    records = read([*bodies, page["comments"][0], {"odd": 1}])
    assert len(of(Comment, records)) == 8
    assert [skip.reason for skip in of(Skip, records)] == ["comment of a wrong shape"]
    assert lemmy_api.recognise(json.dumps(bodies).encode())


def test_bad_items_do_not_take_good_ones_along(read: Any) -> None:
    page = body("v3-0.19-comments")
    good = page["comments"]
    bad_path = json.loads(json.dumps(good[1]))
    bad_path["comment"]["path"] = "0.601.602.601.602"
    nameless, shapeless, postless = (json.loads(json.dumps(good[0])) for _ in range(3))
    del nameless["comment"]["id"], postless["comment"]["post_id"]
    shapeless["comment"]["content"] = 7
    items = [nameless, good[0], shapeless, "rubbish", {}, {"comment": None}, postless, bad_path, good[2]]
    records = read({"comments": items})
    assert [comment.id for comment in of(Comment, records)] == ["601", "602", "603"]
    assert [(skip.line, skip.reason) for skip in of(Skip, records)] == [
        (1, "comment without an id"),
        (1, "comment of a wrong shape"),
        (1, "comment of a wrong shape"),
        (1, "comment of a wrong shape"),
        (1, "comment of a wrong shape"),
        (1, "comment without a post"),
        (1, "place of a comment whose path is not its own"),
    ]
    assert of(Skip, records)[1].detail == "Expected `str | null`, got `int` - at `$.comment.content`"
    assert of(Comment, records)[1].parent is None


@pytest.mark.parametrize("path", [None, "", "0", "0.", "601", "0.7", "0.601.7", "x", "0.601.601"])
def test_paths_of_others(path: str | None, read: Any) -> None:
    view = body("v3-0.19-comments")["comments"][0]
    view["comment"]["path"] = path
    records = read({"comments": [view]})
    (comment,) = of(Comment, records)
    assert (comment.id, comment.parent, comment.body) == ("601", None, "Milk & sugar")
    assert bool(of(Skip, records)) is (path != "601")


def test_documents_of_other_kinds(read: Any) -> None:
    good = body("v3-0.18-post")
    others = ['{"kind": "Listing", "data": {}}', '"words"', "[1]", '{"comments": 5}', '{"private_messages": []}']
    records = read(good, *others, '{"comments": [', between="\n")
    assert [(skip.line, skip.reason) for skip in of(Skip, records)] == [
        (2, "not a Lemmy API body"),
        (3, "not a Lemmy API body"),
        (4, "comment of a wrong shape"),
        (5, "not a Lemmy API body"),
        (6, "not a Lemmy API body"),
        (7, "not valid JSON"),
    ]
    assert len(of(Post, records)) == 2


def test_hosts_of_concatenated_instances(read: Any) -> None:
    """Each body tells its instance; one that tells none comes from where the one before came from."""
    here = body("v3-0.19-comments")
    there = json.loads(json.dumps(here).replace("tea.example", "other.example"))
    silent = json.loads(
        json.dumps(here).replace("tea.example", "far.example").replace('"local": true', '"local": false')
    )
    hosts = [comment.host for comment in of(Comment, read(silent, there, silent, here, silent))]
    assert hosts == ["other.example"] * 21 + ["tea.example"] * 14
    records = read(silent)
    assert {site.host for site in of(Site, records)} == {"unknown.invalid"}
    assert of(Comment, records)[1].author == "ann@far.example"
    assert {site.host for site in of(Site, read(silent, origin="near.example"))} == {"near.example"}


def test_author_of_a_post_known_by_number_only(read: Any) -> None:
    """A comment's view names the author of its post by number, which a later comment of theirs resolves."""
    posts = of(Post, read({"comments": body("v3-0.19-comments")["comments"][:2]}))
    assert [(post.id, post.author, post.title) for post in posts] == [
        ("500", None, "Is tea < coffee & why?"),
        ("500", "ann", None),
    ]


@pytest.mark.parametrize("visibility", ["LocalOnly", "local_only_public", "local_only_private", "Private", "private"])
def test_private_communities(visibility: str, read: Any) -> None:
    post, slim = body("v4-1.0-post"), body("v4-1.0-comments-slim")
    del post["cross_posts"]
    post["post_view"]["community"]["visibility"] = visibility
    post["community_view"]["community"]["visibility"] = visibility
    records = read(post, slim)
    assert {skip.reason for skip in of(Skip, records)} == {
        "community in a community that is not public",
        "post in a community that is not public",
        "comment in a community that is not public",
    }
    assert not of(Post, records) and not of(Comment, records) and not of(Community, records)


@pytest.mark.parametrize("visibility", ["Public", "public", "Unlisted", "unlisted"])
def test_public_communities(visibility: str, read: Any) -> None:
    post = body("v4-1.0-post")
    post["post_view"]["community"]["visibility"] = visibility
    assert len(of(Post, read(post))) == 2


def test_reports_are_private(read: Any) -> None:
    view = body("v3-0.19-comments")["comments"][0] | {"comment_report": {"reason": "rude"}}
    records = read({"comments": [view]})
    assert [type(record) for record in records] == [Site, Skip]


def test_the_clock_of_a_disguised_1_0(read: Any) -> None:
    records = read(body("v3-of-1.0-post"))
    assert of(Seen, records) == [Seen(captured=Moment(1_783_684_800_123_456, 1_783_684_800_123_456))]
    assert [site.version for site in of(Site, records)] == ["1.0"]
    assert of(Post, records)[0].newest_comment is None
    assert of(Community, records)[0].summary == "Kettles, mostly"
    assert of(Community, records)[0].moderators is None


def test_nothing_private_comes_through(open_dump: Any) -> None:
    for path in BODIES.glob("*.json"):
        text = repr(list(lemmy_api.read(open_dump(path))))
        assert "mail.example" not in text
        assert "matrix" not in text


JUNK = st.sampled_from(
    [None, True, -1, 10**25, 1.5, "", "x", "\ud800", "0.1.0", [], [[]], {}, {"id": 1}, "9999-12-31T23:59:59Z"]
)


@settings(deadline=None)
@given(
    version=st.sampled_from(VERSIONS),
    changes=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 99), st.integers(0, 99), JUNK), max_size=12),
)
def test_no_comment_goes_unsaid(version: str, changes: list[tuple[int, int, int, Any]]) -> None:
    """However a list is damaged, each item comes out as a comment, or as a Skip that says why not."""
    document = body(f"{version}-comments")
    views = document["items" if version == "v4-1.0" else "comments"]
    for number, outer, inner, junk in changes:
        view = views[number]
        field = sorted(view)[outer % len(view)]
        if isinstance(view[field], dict) and view[field]:
            view[field][sorted(view[field])[inner % len(view[field])]] = deepcopy(junk)
        else:
            view[field] = deepcopy(junk)
    text = json.dumps(document).encode()
    records = list(lemmy_api.read(Dump("damaged", lambda: BytesIO(text), source=Path("damaged"), label="damaged")))
    skips = [skip for skip in of(Skip, records) if not skip.reason.startswith("place of")]
    others = [view for view in views if not isinstance(view.get("comment"), dict)]
    assert len(views) - len(others) <= len(of(Comment, records)) + len(skips) <= len(views)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-11-28T20:14:00", 1_701_202_440_000_000),
        ("2023-11-28T20:14:00Z", 1_701_202_440_000_000),
        ("2023-11-28T20:14:00.123", 1_701_202_440_123_000),
        ("2023-11-28T20:14:00.000001Z", 1_701_202_440_000_001),
        ("2023-11-28T20:14:00.123456789Z", 1_701_202_440_123_456),
        ("2023-11-28T21:14:00+01:00", 1_701_202_440_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
    ],
)
def test_moment(text: str, expected: int) -> None:
    assert moment(text) == Moment(expected, expected)


@pytest.mark.parametrize("text", [None, "", "yesterday", "2023-13-01T00:00:00Z", "\ud800"])
def test_no_moment(text: str | None) -> None:
    assert moment(text) is None


JULY, MAY = Moment(1_690_000_000_000_000, 1_690_000_000_000_000), Moment(1_683_000_000_000_000, 1_683_000_000_000_000)


@pytest.mark.parametrize(
    ("text", "saved", "expected"),
    [
        ("a &lt; b &amp; c > d", JULY, "a < b & c > d"),
        ("&amp;amp; &amp;lt;", JULY, "&amp; &lt;"),
        ("a & b &amp; c", JULY, "a & b &amp; c"),
        ("&amp;", MAY, "&amp;"),
        ("&amp;", None, "&amp;"),
        ("&nbsp;&amp;", JULY, "&nbsp;&"),
        ("", JULY, ""),
    ],
)
def test_unescaped(text: str, saved: Moment | None, expected: str) -> None:
    assert lemmy_api.unescaped(text, saved) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.18", "&"), ("0.18.5", "&"), ("0.18.2", "&amp;"), ("0.19.3", "&amp;"), (None, "&amp;")],
)
def test_only_0_18_3_and_later_escaped(version: str | None, expected: str) -> None:
    assert lemmy_api.as_written(version)("&amp;", JULY) == expected


@pytest.mark.parametrize("empty", ['{"comments":[]}', '{"posts": []}\n', '{"items":[],"next_page":null}'])
def test_last_pages(empty: str, read: Any) -> None:
    assert lemmy_api.recognise(empty.encode())
    assert read(empty) == []


def test_cut_heads_are_recognised() -> None:
    for path in BODIES.glob("*.json"):
        assert lemmy_api.recognise(path.read_bytes()[:1500]), path.name


def test_other_dumps_are_not_recognised(real_dumps: Path, open_dump: Any) -> None:
    recognised = set()
    for path in real_dumps.rglob("*"):
        if path.is_file() and path.suffix != ".md" and lemmy_api.recognise(open_dump(path).head()):
            recognised.add(path.parent.name)
    assert recognised == {"v3-0.18-objects", "v3-0.19-voyager"}


def test_voyager(real_dumps: Path, open_dump: Any) -> None:
    folder = real_dumps / "lemmy" / "v3-0.19-voyager"
    records = list(lemmy_api.read(open_dump(folder / "comment_list_sort_New.json")))
    comments = of(Comment, records)
    assert not of(Skip, records)
    by_post = {post: [c.id for c in comments if c.post == post] for post in ("30391", "39509", "39204", "3998")}
    assert [len(ids) for ids in by_post.values()] == [4, 3, 1, 2]
    assert sum(len(ids) for ids in by_post.values()) == len(comments)
    assert [c.id for c in comments if c.distinguished and c.post == "30391"] == ["104129"]
    parents = {c.id: c.parent for c in comments if c.post == "30391"}
    assert parents == {"171604": "104134", "171543": "104134", "104134": "104129", "104129": None}
    posts = of(Post, list(lemmy_api.read(open_dump(folder / "post_list_sort_New.json"))))
    assert {post.id: post.declared_comments for post in posts}.items() >= {("30391", 4), ("39509", 3), ("39204", 1)}
    assert {post.host for post in posts} == {"voyager.lemmy.ml"}
    assert len(posts) == 10


def test_objects_of_0_18(real_dumps: Path, open_dump: Any) -> None:
    records = []
    for path in sorted((real_dumps / "lemmy" / "v3-0.18-objects").iterdir()):
        records += list(lemmy_api.read(open_dump(path)))
    assert not of(Skip, records)
    assert {site.version for site in of(Site, records)} == {"0.18"}
    assert [community.readers for community in of(Community, records)] == [None, 53, None]
    (post,) = of(Post, records)
    assert (post.id, post.community, post.score, post.declared_comments) == ("5716352", "muffed", 13, 2)
    assert post.created == Moment(1_695_465_701_254_290, 1_695_465_701_254_290)
