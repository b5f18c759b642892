"""The reader of Reddit's API answers: every answer it knows, damage, and that it knows nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archiver.importers.reddit_api import IMPORTER
from archiver.model import Comment, Post, Skip

FIXTURES = Path(__file__).parent / "api"
ANSWERS = sorted(path for path in FIXTURES.iterdir() if path.suffix != ".golden")


def comments(records: list[Any]) -> list[Comment]:
    return [record for record in records if isinstance(record, Comment)]


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_golden(path: Path, open_dump: Any, records_golden: Any) -> None:
    dump = open_dump(path)
    assert IMPORTER.recognise(dump.head())
    records_golden(path.with_suffix(".golden"), list(IMPORTER.read(dump)))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_recognises_other_spellings(path: Path) -> None:
    for line in path.read_text().splitlines() if path.suffix == ".ndjson" else [path.read_text()]:
        try:
            document = json.loads(line)
        except ValueError:
            continue
        assert IMPORTER.recognise(json.dumps(document, indent=2, sort_keys=True).encode())
        assert IMPORTER.recognise(b"\xef\xbb\xbf\n" + json.dumps(document, separators=(",", ":")).encode())


def test_recognises_a_head_cut_anywhere() -> None:
    head = (FIXTURES / "thread_raw.json").read_bytes()
    assert all(IMPORTER.recognise(head[:size]) for size in range(40, len(head)))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind": "youtube#commentThreadListResponse", "data": {}}',
        b'{"data": {"children": []}}',
        b'[{"id": 1, "type": "story", "kids": [2]}]',
        b'{"json": {"data": {"things": ["of something else"]}}}',
        b'{"uri": "https://example.org/", "response": {"data": []}}',
        b'{"body": "\\"kind\\": \\"Listing\\", \\"data\\": {", "body_html": ""}',
        b"<p>[{&quot;kind&quot;: &quot;Listing&quot;</p>",
    ],
)
def test_knows_nothing_else(head: bytes) -> None:
    assert not IMPORTER.recognise(head)


def test_deleted_text_is_kept_on_request(open_dump: Any) -> None:
    records = list(IMPORTER.read(open_dump(FIXTURES / "thread_raw.json", keep_deleted=True)))
    bodies = {c.id: (c.state, c.body) for c in comments(records)}
    assert bodies["da"] == ("removed", "seen by a moderator")
    assert bodies["ba"] == ("deleted", None)
    (post,) = [r for r in IMPORTER.read(open_dump(FIXTURES / "subreddit_page.json", keep_deleted=True))
               if isinstance(r, Post) and r.id == "3abcdg"]  # fmt: skip
    assert (post.state, post.body) == ("removed", "spam")


def test_positions_run_through_the_file(open_dump: Any) -> None:
    records = list(IMPORTER.read(open_dump(FIXTURES / "load_more.ndjson")))
    assert [(c.id, c.position) for c in comments(records)] == [
        ("ea", 0),
        ("eb", 1),
        ("ac", None),
        ("ag", 2),
        ("ah", 3),
        ("ej", 4),
    ]


def test_text_tells_escaping_where_no_html_does(tmp_path: Path, open_dump: Any) -> None:
    path = tmp_path / "thread.json"
    text = (FIXTURES / "thread_escaped.json").read_text()
    path.write_text(text.replace('"body_html"', '"left_out"').replace('"selftext_html"', '"also_left_out"'))
    assert [c.body for c in comments(list(IMPORTER.read(open_dump(path))))] == [
        "> a quote\n\nto write > type &gt;",
        "nothing to escape",
    ]


def nested(depth: int) -> str:
    before, after = [], []
    for number in range(depth):
        before.append(
            f'{{"kind":"t1","data":{{"id":"c{number}","link_id":"t3_p","body":"x","replies":'
            '{"kind":"Listing","data":{"children":['
        )
        after.append("]}}}}")
    return '[{"kind":"Listing","data":{"children":[' + "".join(before) + "".join(after) + "]}}]"


def test_deep_threads(tmp_path: Path, open_dump: Any) -> None:
    path = tmp_path / "deep.json"
    path.write_text(nested(100))
    found = comments(list(IMPORTER.read(open_dump(path))))
    assert [c.parent for c in found] == [None, *(c.id for c in found[:-1])]
    assert len(found) == 100


def test_deeper_than_any_decoder(tmp_path: Path, open_dump: Any) -> None:
    path = tmp_path / "deep.json"
    path.write_text(nested(50_000))
    records = list(IMPORTER.read(open_dump(path)))
    assert [r.reason for r in records if isinstance(r, Skip)] == ["nested too deep"]


def test_a_damaged_thread_of_a_list_costs_only_itself(open_dump: Any, tmp_path: Path) -> None:
    one, two = json.loads((FIXTURES / "threads.json").read_text())
    (tmp_path / "threads.json").write_text(f'[{json.dumps(one)},\n[{{"kind": "Listing", "data"}}],\n{json.dumps(two)}]')
    records = list(IMPORTER.read(open_dump(tmp_path / "threads.json")))
    assert [record.id for record in records if isinstance(record, Post)] == ["3abcde", "vaaaa"]
    assert len([record for record in records if isinstance(record, Skip)]) == 1
