"""The dumps that are measured: always the same, of the promised shape, and read without loss."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archiver.importers.pushshift import IMPORTER
from archiver.model import Comment, Post, Skip


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that makes dumps; it is run as a script, beside the modules it needs."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    import generate

    return generate


def test_the_same_dump_every_time(generate: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        generate.write(tmp_path / name, 400, "many")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_sizes_of_threads(generate: Any) -> None:
    sizes = generate.sizes(5_000, 100_000)
    assert (sum(sizes), len(sizes), sizes) == (100_000, 5_000, sorted(sizes, reverse=True))
    assert sizes[0] == pytest.approx(5_440, rel=0.01)
    assert generate.sizes(1, 300) == [300]


def test_everything_is_read(generate: Any, tmp_path: Path, open_dump: Any) -> None:
    generate.write(tmp_path, 2_000, "many")
    facts = json.loads((tmp_path / "facts.json").read_text())
    posts, comments = ([*IMPORTER.read(open_dump(tmp_path / name))] for name in ("RS.zst", "RC.zst"))
    assert not [record for record in posts + comments if isinstance(record, Skip)]
    found = [record for record in comments if isinstance(record, Comment)]
    assert (len(found), sum(isinstance(record, Post) for record in posts)) == (2_000, 100)
    assert max(Counter(comment.post for comment in found).values()) == generate.sizes(100, 2_000)[0]
    ids, seen = {comment.id for comment in found}, set[str]()
    orphans = 0
    for comment in found:
        orphans += comment.parent is not None and comment.parent not in ids
        assert comment.parent is None or comment.parent in seen or comment.parent not in ids, "answers come later"
        seen.add(comment.id)
    assert orphans == facts["orphans"] > 0
    (extra,) = [record for record in IMPORTER.read(open_dump(tmp_path / "extra.ndjson")) if isinstance(record, Comment)]
    assert extra.id not in ids
    assert (extra.post, extra.parent in ids) == (facts["thread"], True)


def test_text(generate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from random import Random

    import prose

    bodies = [prose.body(Random(number)) for number in range(5_000)]
    assert 220 < sum(map(len, bodies)) / len(bodies) < 280
    marks = ("https://", "*", "_", "~~", "> ", "    ", "`", "u/", "r/", "&", "\n1. ")
    plain = sum(not any(mark in body for mark in marks) for body in bodies) / len(bodies)
    assert plain == pytest.approx(prose.PLAIN, abs=0.03)


def test_a_chain(generate: Any, tmp_path: Path, open_dump: Any) -> None:
    generate.write(tmp_path, 300, "chain")
    found = [record for record in IMPORTER.read(open_dump(tmp_path / "RC.zst")) if isinstance(record, Comment)]
    assert [comment.parent for comment in found[1:250]] == [comment.id for comment in found[:249]]
