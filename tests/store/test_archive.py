"""The archive file: what goes in comes out, captures merge alike in every order, and bad files are one clear line."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archiver.errors import DumpError, StoreError
from archiver.model import (
    BodyFormat,
    Capture,
    Comment,
    Community,
    Gap,
    Moment,
    Nesting,
    Person,
    Post,
    Role,
    Seen,
    Site,
    Skip,
    State,
)
from archiver.store import Archive, cells, file, portion, reading, schema
from archiver.store.again import Again
from archiver.store.sightings import Sightings
from archiver.store.writer import CaptureWriter

DAY = 86_400_000_000
SITE = Site(host="h.test", platform="lemmy")


def capture(name: str = "a", captured: int | None = None) -> Capture:
    return Capture(
        id=0,
        name=name,
        sha256=name * 8,
        size=1,
        format="f",
        captured=None if captured is None else Moment(captured, captured),
        newest=None,
        imported=5,
        posts=0,
        comments=0,
        skipped=0,
        error=None,
    )


def take(writer: CaptureWriter, *records: Any) -> None:
    for some in portion.portions(records):
        writer.add(some)


def add(opened: Archive, *records: Any, name: str = "a", captured: int | None = None) -> None:
    with opened.adding(capture(name, captured), "") as writer:
        take(writer, SITE, *records)


def comment(id: str = "c", **fields: Any) -> Comment:
    return Comment(host="h.test", post="p", id=id, **fields)


def post(id: str = "p", **fields: Any) -> Post:
    return Post(host="h.test", id=id, **fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "a.db", writable=True) as opened:
        yield opened


@pytest.fixture
def query(tmp_path: Path, store: Archive) -> Callable[[str], list[tuple[Any, ...]]]:
    """What any SQLite browser would see."""

    def ask(sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(tmp_path / "a.db")
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    return ask


def thread(opened: Archive) -> tuple[Post, list[Comment], list[Gap]]:
    (key,) = opened.thread_keys()
    found = opened.thread(key)
    return found.post, found.comments, found.gaps


# -- round trip --------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**63) + 1, 2**63 - 1)
times = st.integers(-(2**50), 2**50)
moments = (
    st.builds(lambda at: Moment(at, at), times)
    | st.builds(lambda day: Moment(day * DAY, day * DAY + DAY - 1, "day"), st.integers(-10_000, 10_000))
    | st.builds(lambda at, span, words: Moment(at, at + span, "about", words), times, st.integers(0, 2**40), texts)
    | st.builds(lambda at, span: Moment(at, at + span, "about"), times, st.integers(1, 1_000))
)


def known(**fields: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Each field unknown, or something."""
    return {name: st.none() | strategy for name, strategy in fields.items()}


def names_of(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


formats, flags = names_of(BodyFormat), st.booleans()
votes = {"score": numbers, "upvotes": numbers, "downvotes": numbers}
common = known(
    **votes, body=texts, body_format=formats, created=moments, edited=moments, state=names_of(State), author=texts,
    flair=texts, role=names_of(Role), bot=flags, locked=flags, pinned=flags, source_url=texts, language=texts,
)  # fmt: skip
sites = st.builds(
    Site, host=st.just("h.test"), platform=st.just("lemmy"),
    **known(version=texts, name=texts, sidebar=texts, sidebar_format=formats),
)  # fmt: skip
communities = st.builds(
    Community, host=st.just("h.test"), name=texts,
    **known(
        title=texts, sidebar=texts, sidebar_format=formats, summary=texts, readers=numbers, active_users=numbers,
        founded=moments, moderators=st.lists(texts, max_size=3).map(tuple), nsfw=flags, state=names_of(State),
        source_url=texts,
    ),
)  # fmt: skip
persons = st.builds(
    Person, host=st.just("h.test"), name=texts,
    **known(display_name=texts, bot=flags, created=moments, source_url=texts),
)  # fmt: skip
posts = st.builds(
    Post, host=st.just("h.test"), id=texts, **common,
    **known(
        community=texts, title=texts, url=texts, ratio=st.floats(0, 1), nsfw=flags, spoiler=flags, crosspost_of=texts,
        declared_comments=numbers, nesting=names_of(Nesting), captured_order=texts, newest_comment=moments,
        offered_orders=st.lists(texts, max_size=3).map(tuple), media=st.lists(texts, max_size=3).map(tuple),
        poll=st.lists(st.tuples(texts, st.none() | numbers), max_size=3).map(tuple),
    ),
)  # fmt: skip
comments = st.builds(
    Comment, host=st.just("h.test"), post=st.just("p"), id=texts, **common,
    **known(
        parent=texts, score_hidden=flags, op=flags, distinguished=flags, collapsed=flags, declared_children=numbers,
        declared_descendants=numbers, position=numbers,
    ),
)  # fmt: skip
gaps = st.builds(
    Gap, host=st.just("h.test"), post=st.just("p"), parent=st.none() | texts.filter(bool),
    ids=st.lists(texts, max_size=3).map(tuple), count=st.none() | numbers, source_url=st.none() | texts,
)  # fmt: skip


@pytest.mark.parametrize(
    ("records", "read"),
    [
        (sites, lambda opened, record: opened.sites()["h.test"]),
        (communities, lambda opened, record: opened.community("h.test", record.name)),
        (persons, lambda opened, record: next(opened.persons([("h.test", record.name)]))),
        (posts, lambda opened, record: thread(opened)[0]),
        (comments, lambda opened, record: thread(opened)[1][0]),
        (gaps, lambda opened, record: thread(opened)[2][0]),
    ],
    ids=["site", "community", "person", "post", "comment", "gap"],
)
def test_a_record_comes_out_as_it_went_in(
    records: st.SearchStrategy[Any], read: Callable[[Archive, Any], Any], tmp_path: Path
) -> None:
    number = itertools.count()

    @settings(max_examples=40, deadline=None)
    @given(records)
    def check(record: Any) -> None:
        path = tmp_path / f"{next(number)}.db"
        with Archive(path, writable=True) as opened, opened.adding(capture(), "") as writer:
            take(writer, *([] if isinstance(record, Site) else [SITE]), record)
        with Archive(path, writable=False) as opened:
            assert read(opened, record) == record
        path.unlink()

    check()


def test_a_capture_tells_where_everything_came_from(store: Archive) -> None:
    with store.adding(capture("dump", 7), "") as writer:
        for item in (SITE, post(created=Moment(3, 3)), comment(), comment("d"), Skip(line=2, reason="r", detail="one")):
            take(writer, item)
        take(writer, Skip(line=9, reason="r", detail="two"))
        take(writer, Seen(captured=Moment(99, 99)))
        writer.fail("ended early")
    (found,) = store.captures()
    assert (found.name, found.posts, found.comments, found.skipped, found.error) == ("dump", 1, 2, 2, "ended early")
    assert (found.captured, found.newest) == (Moment(7, 7), 3)  # what the user says about the time counts most
    assert store.skips(found.id) == [(2, Skip(line=2, reason="r", detail="one"))]
    assert store.known("dump" * 8, "") == found
    assert store.known("other", "") is None


def test_what_the_dump_says_about_its_time_counts_where_the_user_says_nothing(store: Archive) -> None:
    add(store, Seen(captured=Moment(99, 99)))
    assert store.captures()[0].captured == Moment(99, 99)


def test_reading_a_dump_again_forgets_its_old_error(store: Archive) -> None:
    with store.adding(capture(), "") as writer:
        writer.fail("ended early")
    add(store, captured=3)
    (found,) = store.captures()
    assert (found.error, found.captured) == (None, Moment(3, 3))


# -- hostile values ----------------------------------------------------------------------------------------------------


def test_no_text_or_number_of_a_dump_breaks_the_archive(store: Archive) -> None:
    bad, large = "a\0b\ud800c", 2**70
    records = [
        Community(host="h.test", name=bad, title=bad, readers=large, moderators=(bad,)),
        Person(host="h.test", name=bad, created=Moment(-large, large, "about", bad)),
        post(bad, title=bad, score=large, created=Moment(large, large), poll=((bad, large),), media=(bad,)),
        Comment(
            host="h.test", post=bad, id=bad, parent=bad, body=bad, upvotes=-large, edited=Moment(1, 2, "about", bad)
        ),
        Gap(host="h.test", post=bad, parent=bad, ids=(bad,), count=large, source_url=bad),
        Skip(line=1, reason=bad, detail=bad),
        Seen(captured=Moment(large, large)),
    ]
    clean = "a\ufffdb\ufffdc"
    with store.adding(msgspec.structs.replace(capture(), name=bad), bad) as writer:
        for record in (SITE, *records, *records):
            take(writer, record)
        writer.fail(bad)
    found, replies, left = thread(store)
    assert (found.id, found.title, found.score, found.created, found.media) == (clean, clean, None, None, (clean,))
    assert [(c.post, c.id, c.parent, c.body, c.upvotes) for c in replies] == [(clean, clean, clean, clean, None)]
    assert replies[0].edited == Moment(1, 2, "about", clean)
    assert [(gap.parent, gap.ids, gap.count, gap.source_url) for gap in left] == [(clean, (clean,), None, clean)]
    one = store.known("a" * 8, bad)
    assert one is not None
    assert (one.name, one.captured, one.newest, one.error) == (clean, None, None, clean)


def test_a_file_name_that_is_no_text_can_be_archived(store: Archive) -> None:
    name = os.fsdecode(b"caf\xe9.json")
    one = msgspec.structs.replace(capture(), name=name, sha256="s")
    with store.adding(one, f"/{name}") as writer:
        take(writer, SITE)
    found = store.known("s", f"/{name}")
    assert found is not None
    assert found.name == "caf\ufffd.json"


# -- merging -----------------------------------------------------------------------------------------------------------


def merged(records: dict[str, tuple[int | None, list[Any]]], order: tuple[str, ...], tmp_path: Path) -> Any:
    """All that an archive knows after importing captures in this order."""
    path = tmp_path / "merge.db"
    path.unlink(missing_ok=True)
    with Archive(path, writable=True) as opened:
        for name in order:
            captured, items = records[name]
            add(opened, *items, name=name, captured=captured)
        threads = [opened.thread(key) for key in opened.thread_keys()]
        return (
            [msgspec.structs.replace(one, key=0) for one in threads],
            list(opened.communities()),
            opened.sites(),
            list(opened.authors()),
            list(opened.persons(list(opened.authors()))),
            opened.community_sizes(),
            [line._replace(key=0, changed=0) for line in opened.post_lines()],
            opened.as_of(),
        )


def same_in_every_order(records: dict[str, tuple[int | None, list[Any]]], tmp_path: Path) -> Any:
    results = [merged(records, order, tmp_path) for order in itertools.permutations(records)]
    for result in results[1:]:
        assert result == results[0]
    return results[0]


def test_for_each_field_the_newest_capture_that_knows_it_wins(tmp_path: Path) -> None:
    records = {
        "a": (1, [post(title="old", score=1, url="https://x.test"), comment(body="old", body_format="text")]),
        "b": (2, [post(title="new", score=2), comment(score=5)]),
        "c": (3, [post(score=3), comment(body="new", body_format="lemmy")]),
    }
    found = same_in_every_order(records, tmp_path)[0][0]
    assert (found.post.title, found.post.score, found.post.url) == ("new", 3, "https://x.test")
    assert [(c.body, c.body_format, c.score) for c in found.comments] == [("new", "lemmy", 5)]
    assert found.captured == Moment(3, 3)


def test_a_format_stays_with_its_text(tmp_path: Path) -> None:
    records = {
        "a": (1, [comment(body="x", body_format="html")]),
        "b": (2, [comment(body_format="lemmy")]),
        "c": (3, []),
    }
    (found,) = same_in_every_order(records, tmp_path)[0][0].comments
    assert (found.body, found.body_format) == ("x", "html")


@pytest.mark.parametrize("state", ["deleted", "removed"])
def test_a_later_deletion_wins_over_an_older_text(state: State, tmp_path: Path) -> None:
    live = comment(body="x", body_format="text", state="live", author="bob")
    gone = comment(state=state)
    records = {"a": (1, [live]), "b": (2, [gone]), "c": (0, [live])}
    (found,) = same_in_every_order(records, tmp_path)[0][0].comments
    assert (found.state, found.body, found.body_format, found.author) == (state, None, None, "bob")


def test_a_text_that_comes_back_after_a_deletion_is_the_newest(tmp_path: Path) -> None:
    records = {
        "a": (1, [comment(body="old", body_format="text", state="live")]),
        "b": (2, [comment(state="deleted")]),
        "c": (3, [comment(body="back", body_format="text", state="live")]),
    }
    (found,) = same_in_every_order(records, tmp_path)[0][0].comments
    assert (found.state, found.body) == ("live", "back")


def test_a_deletion_in_between_takes_the_older_text_for_good(tmp_path: Path) -> None:
    records = {
        "a": (1, [comment(body="old", body_format="text", state="live")]),
        "b": (2, [comment(state="deleted")]),
        "c": (3, [comment(state="live")]),
    }
    (found,) = same_in_every_order(records, tmp_path)[0][0].comments
    assert (found.state, found.body) == ("live", None)


def test_a_text_that_was_kept_on_purpose_stays(tmp_path: Path) -> None:
    records = {
        "a": (1, [comment(body="old", body_format="text", state="live")]),
        "b": (2, [comment(body="kept", body_format="text", state="deleted")]),
        "c": (3, [comment(score=1)]),
    }
    (found,) = same_in_every_order(records, tmp_path)[0][0].comments
    assert (found.state, found.body) == ("deleted", "kept")


def test_a_deletion_later_in_one_dump_wins_too(store: Archive) -> None:
    add(store, comment(body="x", body_format="text", state="live"), comment(state="deleted"))
    assert [(c.state, c.body) for c in thread(store)[1]] == [("deleted", None)]


def test_a_full_version_beats_a_short_one_and_a_later_release_an_earlier(tmp_path: Path) -> None:
    for versions, expected in [
        (("0.19.5", "0.19", "0.18"), "0.19.5"),
        (("0.19.5", "0.18.4", "0.19"), "0.19.5"),
        (("0.19.5", "1.0", "0.19"), "1.0"),
        (("0.19.5", "0.19.12", "odd"), "0.19.12"),
    ]:
        sites = [msgspec.structs.replace(SITE, version=version) for version in versions]
        records = {name: (at, [site]) for at, (name, site) in enumerate(zip("abc", sites, strict=True))}
        assert same_in_every_order(records, tmp_path)[2]["h.test"].version == expected


def test_one_name_spelled_two_ways_is_one_person_and_one_community(tmp_path: Path) -> None:
    records = {
        "a": (None, [post("1", author="bob", community="tea")]),
        "b": (None, [post("2", author="Bob", community="Tea"), comment(author="BOB")]),
        "c": (None, [Community(host="h.test", name="TEA", readers=3)]),
    }
    _, communities, _, authors, _, sizes, _, _ = same_in_every_order(records, tmp_path)
    assert authors == [("h.test", "BOB")]
    assert sizes == [("h.test", "Tea", 2)]
    assert [(one.name, one.readers) for one in communities] == [("TEA", 3)]


few = st.sampled_from([None, 1, 2])
sightings = st.lists(
    st.builds(
        comment, st.sampled_from("cd"), body=st.sampled_from([None, "x", "y"]),
        body_format=st.sampled_from([None, "text"]), score=few,
        state=st.sampled_from([None, "live", "deleted"]), community=st.sampled_from([None, "Tea", "tea"]),
        author=st.sampled_from([None, "Bob", "bob"]), created=st.sampled_from([None, Moment(5, 5), Moment(9, 9)]),
    )
    | st.builds(post, title=st.sampled_from([None, "t", "u"]), state=st.sampled_from([None, "live", "removed"]),
                body=st.sampled_from([None, "x"]), community=st.sampled_from([None, "Tea", "tea"]))
    | st.builds(Community, host=st.just("h.test"), name=st.sampled_from(["Tea", "tea"]), readers=few)
    | st.builds(Person, host=st.just("h.test"), name=st.sampled_from(["Bob", "bob"]), bot=st.none() | flags)
    | st.builds(Gap, host=st.just("h.test"), post=st.just("p"), parent=st.none() | st.just("c"), count=few,
                ids=st.sampled_from([(), ("x",)])),
    max_size=5,
)  # fmt: skip


@pytest.mark.parametrize("spellings", list(itertools.product(["Tea", "tea"], repeat=3)))
def test_a_dump_that_spells_a_community_in_two_ways(spellings: tuple[str, ...], tmp_path: Path) -> None:
    of_post, first, second = spellings
    there = [comment("c", community="TEA")]
    mixed = [post(community=of_post), comment("a", community=first), comment("b", community=second)]
    same_in_every_order({"a": (None, there), "b": (None, mixed), "c": (None, mixed[::-1])}, tmp_path)


def test_three_captures_give_one_result_in_every_order(tmp_path: Path) -> None:
    @settings(max_examples=40, deadline=None)
    @given(st.tuples(sightings, sightings, sightings), st.tuples(few, few, few))
    def check(items: tuple[list[Any], ...], captured: tuple[int | None, ...]) -> None:
        records = dict(zip("abc", zip(captured, items, strict=True), strict=True))
        same_in_every_order(records, tmp_path)

    check()


def rows(path: Path) -> list[list[Any]]:
    """All posts and comments as they stand in the file."""
    db = sqlite3.connect(path)
    try:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in ("post", "comment")]
    finally:
        db.close()


spelled = st.sampled_from(["Tea", None, "tea"])
ghosts = st.builds(comment, community=spelled)
whole = st.builds(msgspec.structs.replace, posts, id=st.just("p"), community=spelled) | st.builds(
    post, community=spelled, body=st.sampled_from([None, "x"]), body_format=formats, state=st.none() | names_of(State)
)


TOLD, NAMED = [post(title="t", community="Tea")], [comment(community="Tea")]
BACK = post(title="t", community="Tea", state="live")
DELETED = comment(body="x", body_format="text", state="deleted")


def test_what_is_settled_by_one_statement_is_what_merging_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = st.lists(ghosts | whole, max_size=3) | sightings
    captures = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), few), min_size=2, max_size=5)
    path = tmp_path / "merge.db"

    def imported(dumps: Sequence[list[Any]], captures: list[tuple[str, int, int | None]]) -> list[list[Any]]:
        path.unlink(missing_ok=True)
        with Archive(path, writable=True) as opened:
            for name, number, captured in captures:
                add(opened, *dumps[number], name=name, captured=captured)
        return rows(path)

    @settings(max_examples=150, deadline=None)
    @given(st.tuples(some, some, some), captures)
    @example((NAMED, TOLD, []), [("a", 0, 2), ("b", 1, 1)])
    @example((NAMED, [comment()], TOLD), [("a", 0, 1), ("b", 1, 3), ("c", 2, 2)])
    @example((TOLD, NAMED, []), [("a", 0, 1), ("b", 0, 2)])
    @example((TOLD, NAMED, []), [("a", 0, 1), ("b", 1, 2), ("c", 1, 3)])
    @example((TOLD, NAMED, []), [("a", 0, 1), ("b", 1, 3), ("c", 0, 2)])
    @example((TOLD, NAMED, []), [("a", 0, 1), ("b", 1, 3), ("b", 0, 3)])
    @example(([post(state="deleted")], [BACK], NAMED), [("a", 0, 1), ("b", 1, 2), ("c", 2, 3)])
    @example((TOLD, [post(title="t")], NAMED), [("a", 0, 1), ("b", 1, 3), ("c", 2, 2)])
    @example(([comment(state="deleted")], [DELETED], [comment(body="x")]), [("a", 0, 3), ("b", 1, 2), ("c", 1, 1)])
    @example(([comment("d"), comment("d", score=1), comment("d")], [], []), [("a", 0, 1), ("b", 0, 2)])
    def check(dumps: tuple[list[Any], ...], captures: list[tuple[str, int, int | None]]) -> None:
        settled = imported(dumps, captures)
        with monkeypatch.context() as patched:
            patched.setattr(Again, "is_same", lambda *_: False)
            patched.setattr(Again, "settle", lambda *_: None)
            merged = imported(dumps, captures)
        assert settled == merged

    check()


def test_a_dump_that_overlaps_is_merged_by_few_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Monthly dumps have comments and posts apart, answers to older posts, and sometimes all of it once more."""
    merged: list[str] = []
    merging = Sightings._merge
    monkeypatch.setattr(Sightings, "_merge", lambda self, *row: (merged.append(self._table.name), merging(self, *row)))
    told = [post(title="t", community="Tea"), *(comment(id, community="Tea", score=1) for id in "abcd")]
    with Archive(tmp_path / "a.db", writable=True) as opened:
        for name, records in enumerate((told[1:], told[:1], told[1:], told[:1], told, told[::-1], told[1:3], told)):
            add(opened, *records, name=str(name))
        add(opened, *told[1:3], name="older", captured=1)
    assert set(merged) == {"site"}


@pytest.mark.parametrize("limit", ["AT_ONCE", "TEXT_AT_ONCE"])
def test_how_many_things_are_written_at_once_changes_nothing(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [comment(str(number % 7), body="x" * number, score=number or None) for number in range(20)]
    posts = [post(str(number), title="t" * number, body="x" * number) for number in (1, 2, 3, 4, 2, 5)]
    records = {
        "a": (2, [*some, post(title="t"), *some, *posts]),
        "b": (1, [*posts[3:], *some[5:], comment("z", flair="f\0")]),
    }
    at_once = merged(records, ("a", "b"), tmp_path)
    held = []
    monkeypatch.setattr(portion, limit, 1)
    added = CaptureWriter.add
    monkeypatch.setattr(CaptureWriter, "add", lambda self, some: (held.append(len(some.runs)), added(self, some)))
    assert merged(records, ("a", "b"), tmp_path) == at_once
    assert max(held) <= 3


def test_however_few_changes_are_remembered_all_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(number: int, author: str | None, **more: Any) -> Comment:
        return Comment(host="h.test", post=str(number % 3), id=str(number), author=author, **more)

    answers = [answer(number, name) for number, name in enumerate(["ann", "bob", None, "ann", "cleo", "dan"])]
    later = [answer(1, "bob", score=2), answer(8, "ann"), Person(host="h.test", name="eve")]
    posts = [post(str(number), title="t", author="dan") for number in range(2)]

    def changes(path: Path) -> list[Any]:
        found = []
        with Archive(path, writable=True) as opened, closing(sqlite3.connect(path)) as db:
            for name, records in enumerate((answers, posts, later)):
                add(opened, *records, name=str(name))
                found.append(db.execute("SELECT key, changed FROM post ORDER BY key").fetchall())
                found.append(db.execute("SELECT * FROM changed ORDER BY kind, host, name").fetchall())
        return found

    at_once = changes(tmp_path / "many.db")
    monkeypatch.setattr("archiver.store.changes.REMEMBERED", 1)
    assert changes(tmp_path / "few.db") == at_once


def test_the_same_dump_twice_adds_nothing(store: Archive, query: Callable[[str], list[Any]]) -> None:
    items = [
        post(title="t", score=1),
        comment(body="x"),
        Gap(host="h.test", post="p", ids=("z",)),
        Skip(line=1, reason="r"),
    ]
    add(store, *items)
    tables = ("capture", "post", "comment", "gap", "skip", "site")
    before = [query(f"SELECT * FROM {table}") for table in tables]
    threads = [store.thread(key) for key in store.thread_keys()]
    add(store, *items)
    assert [query(f"SELECT * FROM {table}") for table in tables] == before
    assert [store.thread(key) for key in store.thread_keys()] == threads


# -- tables ------------------------------------------------------------------------------------------------------------


def test_a_comment_without_its_post_gets_a_ghost_that_the_post_fills_later(store: Archive) -> None:
    add(store, comment(community="tea"), name="a", captured=2)
    ghost, _, _ = thread(store)
    assert ghost == post(community="tea")
    add(store, post(title="t", state="live"), name="b", captured=1)
    assert thread(store)[0] == post(community="tea", title="t", state="live")


def test_who_reads_sees_one_state_whatever_is_added(store: Archive) -> None:
    add(store, post(title="before"))
    with reading(store.path, ()) as reader:
        add(store, post(title="after"), comment(), name="b", captured=2)
        assert (thread(reader)[0].title, thread(reader)[1]) == ("before", [])
        assert thread(store)[0].title == "after"
    with reading(store.path, ()) as reader:
        assert thread(reader)[0].title == "after"


def test_every_foreign_key_leads_somewhere(store: Archive, query: Callable[[str], list[Any]]) -> None:
    add(store, Community(host="h.test", name="x"), Person(host="h.test", name="y"), post(), comment(), comment("d"))
    assert query("PRAGMA foreign_key_check") == []
    assert query("PRAGMA integrity_check") == [("ok",)]
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        add(store, Post(host="elsewhere.test", id="1"))


def test_the_views_show_threads_and_comments_to_people(store: Archive, query: Callable[[str], list[Any]]) -> None:
    created = Moment(1_700_000_000_000_000, 1_700_000_000_000_000)
    add(
        store,
        post(title="t", community="tea", created=created, declared_comments=9),
        comment(body="x", created=created),
    )
    assert query("SELECT community, title, created, comments, declared_comments, dump FROM threads") == [
        ("tea", "t", "2023-11-14T22:13:20Z", 1, 9, "a")
    ]
    assert query("SELECT thread, id, body, created, dump FROM comments") == [
        ("p", "c", "x", "2023-11-14T22:13:20Z", "a")
    ]


def test_lists_know_who_answered_last_and_how_many(store: Archive) -> None:
    hour, at = 3_600_000_000, lambda n: Moment(n, n)
    add(
        store,
        post(author="ann", community="tea", created=at(0), score=3, declared_comments=1),
        comment("1", author="bob", created=at(hour)),
        comment("2", author="ann", created=at(9 * hour)),
        comment("3", author="bob", created=at(72 * hour)),
    )
    (line,) = store.post_lines("h.test", "TEA")
    assert (line.score, line.comments, line.answered) == (3, 3, hour)
    assert [(line.comment, line.created) for line, *_ in store.written("h.test", "ANN", 99)] == [
        (None, 0),
        ("2", 9 * hour),
    ]
    assert list(store.authors()) == [("h.test", "ann"), ("h.test", "bob")]
    assert store.has_person("h.test", "Bob")
    assert not store.has_person("h.test", "cy")
    assert store.has_community("h.test", "Tea")
    assert store.community_sizes() == [("h.test", "tea", 1)]
    assert store.counts() == {"capture": 1, "site": 1, "community": 0, "post": 1, "comment": 3}


# -- transactions and files --------------------------------------------------------------------------------------------


def test_an_importer_that_breaks_leaves_the_archive_as_it_was(
    store: Archive, query: Callable[[str], list[Any]]
) -> None:
    add(store, post(title="before"), name="a", captured=1)
    for error in (ValueError("a bug"), DumpError("stop"), KeyboardInterrupt()):
        with pytest.raises(type(error)), store.adding(capture("b", 2), "") as writer:
            take(writer, post(title="after"))
            take(writer, comment())
            raise error
        assert query("SELECT title FROM post") == [("before",)]
        assert query("SELECT count(*) FROM comment") == [(0,)]
        assert query("SELECT name FROM capture") == [("a",)]
    add(store, post(title="after"), name="b", captured=2)
    assert thread(store)[0].title == "after"


def test_nobody_sees_half_a_dump(store: Archive, query: Callable[[str], list[Any]]) -> None:
    with store.adding(capture(), "") as writer:
        take(writer, SITE)
        take(writer, comment())
        assert query("SELECT count(*) FROM comment") == [(0,)]
    assert query("SELECT count(*) FROM comment") == [(1,)]


def refused(path: Path, *, writable: bool = True) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as caught, Archive(path, writable=writable) as opened:
        add(opened)
    assert before == (path.read_bytes() if path.is_file() else None)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["plain", None, "", "\0"], ["plain", None, "", "\ufffd"]),
        (["plain", "wid\xe9", "\ud800"], ["plain", "wid\xe9", "\ufffd"]),
        (["plain\0", "wid\xe9"], ["plain\ufffd", "wid\xe9"]),
        (["plain", "wid\xe9\0", None], ["plain", "wid\xe9\ufffd", None]),
        (["plain", "wid\xe9", "\U0001f600"], ["plain", "wid\xe9", "\U0001f600"]),
    ],
)
def test_the_texts_of_a_column_are_cleaned_wherever_it_is_needed(
    given: list[str | None], kept: list[str | None]
) -> None:
    assert list(cells.texts(given)) == kept


@pytest.mark.parametrize("writable", [True, False])
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, *, writable: bool) -> None:
    sentence = "not an archive of archiver; choose another file with --archive"
    text = tmp_path / "notes.txt"
    text.write_text("x" * 5_000)
    assert refused(text, writable=writable) == sentence
    other = tmp_path / "other.db"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE t (x)")
    db.close()
    assert refused(other, writable=writable) == sentence


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with Archive(path, writable=True):
        pass
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    db.close()
    known = schema.VERSION
    assert refused(path) == f"made by a newer archiver (tables {known + 1}, this one knows {known})"


def test_an_empty_file_becomes_an_archive_but_only_to_write(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    assert "not an archive" in refused(path, writable=False)
    with Archive(path, writable=True) as opened:
        add(opened, comment())
        assert opened.counts()["comment"] == 1


def test_an_archive_is_made_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    broken = schema.TABLES.replace("CREATE TABLE gap", "CREATE TABLE nonsense; CREATE TABLE gap")
    monkeypatch.setattr(schema, "TABLES", broken)
    with pytest.raises(StoreError), Archive(path, writable=True):
        pass
    monkeypatch.undo()
    with Archive(path, writable=True) as opened:
        add(opened, comment(), Gap(host="h.test", post="p"))
        assert len(thread(opened)[2]) == 1


def test_a_missing_folder_or_file_is_said(tmp_path: Path) -> None:
    assert "check that its folder exists" in refused(tmp_path / "no" / "a.db")
    assert refused(tmp_path / "a.db", writable=False).startswith("no such archive; make one with: archiver import")
    assert "is a folder" in refused(tmp_path)


def test_an_archive_that_another_program_writes_to_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BUSY_SECONDS", 0.05)
    path = tmp_path / "a.db"
    with Archive(path, writable=True) as one, one.adding(capture(), ""):
        assert "another program is writing" in refused(path)


def test_an_archive_that_may_not_be_written_to_is_said() -> None:
    folder = Path(tempfile.mkdtemp())
    path = folder / "a.db"
    with Archive(path, writable=True) as opened:
        add(opened)
    path.chmod(0o444)
    folder.chmod(0o555)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        assert refused(path) in (
            "may not be written to",
            "cannot be opened or made; check that its folder exists and may be written to",
        )
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_full_disk_leaves_the_archive_as_it_was(store: Archive, query: Callable[[str], list[Any]]) -> None:
    add(store, comment("1"))
    pages = store._one("PRAGMA page_count")
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
        add(store, *(comment(str(n), body="x" * 999) for n in range(500)), name="b")
    assert query("SELECT id FROM comment") == [("1",)]


def test_paths_with_marks_of_addresses_are_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=ro#x%20.db"
    with Archive(path, writable=True) as opened:
        add(opened)
    assert path.is_file()
