"""Which importer takes which dump: each dump of a known format exactly one, every other dump none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archiver import importers

HERE = Path(__file__).parent
FORMATS = {
    "lemmy": "lemmy-api",
    "piefed": "piefed-api",
    "reddit/api": "reddit-api",
    "reddit/pushshift": "pushshift",
    "mlmym": "mlmym-text",
    "mlmym/html": "mlmym-html",
}
REAL = {
    "lemmy/v3-0.18-objects": "lemmy-api",
    "lemmy/v3-0.19-voyager": "lemmy-api",
    "lemmy/piefed-api": "piefed-api",
    "mlmym/lemmy-ml-thread-2023-11-28.txt": "mlmym-text",
    "mlmym/lemmy-ml-thread-emulated.html": "mlmym-html",
    "reddit": "reddit-api",
    "reddit/pushshift": "pushshift",
}
OWN = [path for path in sorted(HERE.rglob("*")) if path.suffix in (".json", ".ndjson", ".txt", ".html")]


def takers(dump: Any) -> list[str]:
    head = dump.head()
    return [importer.name for importer in importers.every() if importer.recognise(head)]


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.relative_to(HERE).as_posix())
def test_a_made_up_dump_has_one_importer(path: Path, open_dump: Any) -> None:
    folder = path.relative_to(HERE).parent.as_posix().removesuffix("/bodies")
    expected = FORMATS["mlmym/html" if path.suffix == ".html" else folder]
    assert takers(open_dump(path)) == [expected]
    assert importers.recognise(open_dump(path)).name == expected


def test_a_real_dump_has_one_importer_or_none(real_dumps: Path, open_dump: Any) -> None:
    paths = [path for path in sorted(real_dumps.rglob("*")) if path.is_file()]
    found = {path.relative_to(real_dumps).as_posix(): takers(open_dump(path)) for path in paths}
    expected = {}
    for path in found:
        name = REAL.get(path) or REAL.get(path.rpartition("/")[0])
        expected[path] = [name] if name else []
    assert found == expected
    assert sum(map(bool, found.values())) == 23


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n \n", b"\xef\xbb\xbf\r\n"])
@pytest.mark.parametrize(
    "name",
    [
        "lemmy/bodies/v3-0.19-comments.json",
        "piefed/bodies/comments.json",
        "reddit/api/thread_raw.json",
        "reddit/pushshift/comments_2017_to_2024.ndjson",
        "mlmym/thread.html",
        "mlmym/sidebar-first.txt",
    ],
)
def test_what_stands_before_a_dump_changes_nothing(name: str, before: bytes, open_dump: Any, tmp_path: Path) -> None:
    path = tmp_path / "dump"
    path.write_bytes(before + (HERE / name).read_bytes())
    assert takers(open_dump(path)) == takers(open_dump(HERE / name))
