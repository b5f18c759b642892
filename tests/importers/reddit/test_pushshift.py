"""The reader of Pushshift and Arctic Shift lines: every era's shape, damage, and the real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import DumpError
from archiver.importers.pushshift import IMPORTER
from archiver.model import Comment, Community, Post, Seen, Skip

FIXTURES = Path(__file__).parent / "pushshift"

COMMENT = {
    "author": "alba",
    "body": "text",
    "created_utc": 1509494400,
    "id": "c1",
    "link_id": "t3_p1",
    "parent_id": "t3_p1",
    "retrieved_on": 1512084072,
    "score": 1,
    "subreddit": "Knitting",
}


@pytest.fixture
def read(tmp_path: Path, open_dump: Any) -> Callable[..., list[Any]]:
    """``read(record, …)`` gives what comes of a file with these records, one a line."""

    def reader(*records: dict[str, Any], **options: Any) -> list[Any]:
        path = tmp_path / "dump.ndjson"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return list(IMPORTER.read(open_dump(path, **options)))

    return reader


def comments(records: list[Any]) -> list[Comment]:
    return [record for record in records if isinstance(record, Comment)]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.*json")), ids=lambda path: path.stem)
def test_golden(path: Path, open_dump: Any, records_golden: Any) -> None:
    dump = open_dump(path)
    assert IMPORTER.recognise(dump.head())
    records_golden(path.with_suffix(".golden"), list(IMPORTER.read(dump)))


def test_deleted_text_is_kept_on_request(open_dump: Any) -> None:
    dump = open_dump(FIXTURES / "comments_2017_to_2024.ndjson", keep_deleted=True)
    bodies = {c.id: (c.state, c.body) for c in comments(list(IMPORTER.read(dump)))}
    assert bodies["kod0bkf"] == ("deleted", "regretted within a day")
    assert bodies["kod0bkg"] == ("removed", "against the rules")
    assert bodies["kod0bki"] == ("removed", None), "a placeholder is no text"


def test_recognises_a_head_cut_anywhere(open_dump: Any) -> None:
    head = open_dump(FIXTURES / "submissions.ndjson").head()
    assert all(IMPORTER.recognise(head[:size]) for size in range(600, len(head)))
    assert not IMPORTER.recognise(b"")


def test_a_body_that_names_keys_does_not_make_a_comment(read: Any) -> None:
    post = {"id": "p1", "title": '"link_id": what is it?', "num_comments": 0, "created_utc": 1}
    assert [record.id for record in read(post) if isinstance(record, Post)] == ["p1"]


def test_a_title_that_is_the_key_of_comments(read: Any) -> None:
    post = {"id": "p1", "title": "link_id", "num_comments": 0, "created_utc": 1}
    assert [record.title for record in read(post) if isinstance(record, Post)] == ["link_id"]


def test_raw_text_is_left_alone_once_it_was_seen(read: Any) -> None:
    escaped = COMMENT | {"body": "&gt; a &amp; b"}
    raw = COMMENT | {"body": "a & b"}
    assert [c.body for c in comments(read(escaped, raw, escaped))] == ["> a & b", "a & b", "&gt; a &amp; b"]


def test_escaped_text_is_believed_again_after_a_while(read: Any) -> None:
    escaped = COMMENT | {"body": "&lt;"}
    bodies = [c.body for c in comments(read(COMMENT | {"body": "<"}, *[escaped] * 5))]
    assert bodies == ["<", "&lt;", "&lt;", "&lt;", "<", "<"]


def test_merged_files_are_judged_by_who_retrieved_the_record(read: Any) -> None:
    shift = {"retrieved_on": 1706745615}
    first, second, third = comments(
        read(COMMENT | {"body": "<"} | shift, COMMENT | {"body": "&lt;"}, COMMENT | {"body": "&lt;"} | shift)
    )
    assert (first.body, second.body, third.body) == ("<", "<", "&lt;")


def test_names_that_look_like_other_json(read: Any) -> None:
    (comment,) = comments(read(COMMENT | {"author": "null", "body": "true", "subreddit": "123"}))
    assert (comment.author, comment.body, comment.community) == ("null", "true", "123")


def test_numbers_no_date_or_database_holds(read: Any) -> None:
    (undated,) = comments(read(COMMENT | {"created_utc": 1e300, "edited": -5}))
    assert (undated.created, undated.edited) == (None, None)
    assert [r.reason for r in read(COMMENT | {"score": 10**30}) if isinstance(r, Skip)] == ["comment of a wrong shape"]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none())
RECORDS = st.dictionaries(st.sampled_from([*COMMENT, "title", "edited", "ups", "downs", "name", "_meta"]), VALUES)


class InMemory:
    """As much of a Dump as the reader uses."""

    keep_deleted = False

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines

    def head(self) -> bytes:
        return b""

    def lines(self) -> Any:
        return enumerate(self._lines, 1)


@settings(deadline=None)
@given(st.lists((st.builds(lambda a, b: a | b, st.just(COMMENT), RECORDS) | RECORDS).map(json.dumps) | st.text()))
def test_each_line_gives_one_record_or_one_skip(texts: list[str]) -> None:
    lines = [text.encode("utf-8", "surrogatepass") for text in texts]
    records = list(IMPORTER.read(InMemory(lines)))  # type: ignore[arg-type]
    found = [record for record in records if isinstance(record, Comment | Post | Skip)]
    assert len(found) == len([line for line in lines if line.strip(b" \t\r\n\0\xef\xbb\xbf")])


LISTS: dict[str, Callable[[list[Any]], str]] = {
    "on one line": json.dumps,
    "an item a line": lambda records: "[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n",
    "spread over lines": lambda records: "\ufeff" + json.dumps(records, indent=2),
    "comma first": lambda records: "\n [" + "\n,".join(map(json.dumps, records)) + "]",
}


@pytest.mark.parametrize("written", LISTS.values(), ids=LISTS)
def test_a_list_reads_as_the_lines_do(written: Any, read: Any, open_dump: Any, tmp_path: Path) -> None:
    records = [COMMENT | {"id": f"c{number}", "body": "], [ {"} for number in range(4)]
    (tmp_path / "list.json").write_text(written(records))
    dump = open_dump(tmp_path / "list.json")
    assert IMPORTER.recognise(dump.head())
    assert list(IMPORTER.read(dump)) == read(*records)


def test_a_damaged_item_of_a_list_costs_only_itself(open_dump: Any, tmp_path: Path) -> None:
    good = [json.dumps(COMMENT | {"id": id}) for id in ("a", "b", "c")]
    (tmp_path / "list.json").write_text(f'[\n{good[0]},\n{{"id": "x, }},\n{good[1]},\n7,\n{good[2]}')
    records = list(IMPORTER.read(open_dump(tmp_path / "list.json")))
    assert [comment.id for comment in comments(records)] == ["a", "b", "c"]
    assert len([record for record in records if isinstance(record, Skip)]) == 2


@settings(deadline=None)
@given(st.binary())
def test_recognising_survives_anything(head: bytes) -> None:
    assert not IMPORTER.recognise(head)


def test_one_capture_time_is_exact(read: Any) -> None:
    (seen,) = [record for record in read(COMMENT, COMMENT) if isinstance(record, Seen)]
    assert (seen.captured.earliest, seen.captured.precision) == (1512084072_000000, "exact")


def test_no_capture_time(read: Any) -> None:
    assert not [record for record in read(COMMENT | {"retrieved_on": None}) if isinstance(record, Seen)]


def test_communities_are_not_remembered_without_end(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.importers.pushshift.COMMUNITIES_REMEMBERED", 1)
    post = {"id": "p1", "title": "t", "num_comments": 0, "subreddit_subscribers": 5}
    records = read(post | {"subreddit": "a"}, COMMENT | {"subreddit": "b"}, COMMENT | {"subreddit": "a"})
    met = [(record.name, record.readers) for record in records if isinstance(record, Community)]
    assert met == [("a", None), ("a", 5), ("b", None), ("a", None)]


def test_a_cut_packed_file_gives_what_was_readable(tmp_path: Path, open_dump: Any) -> None:
    import zstandard

    lines = b"".join(json.dumps(COMMENT | {"id": f"c{n}", "n": n * 7919}).encode() + b"\n" for n in range(20_000))
    packed = zstandard.compress(lines)
    path = tmp_path / "RC_2017-11.zst"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    gathered: list[Any] = []
    with pytest.raises(DumpError):
        for record in IMPORTER.read(open_dump(path)):
            gathered.append(record)
    assert len(comments(gathered)) > 1000
    assert isinstance(gathered[-1], Seen)
