"""A site that is read while it is built anew: every answer is a whole page of one of its versions, none is missing."""

from __future__ import annotations

import http.client
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from archiver import config, intake, publish, serve

READERS = 50
BUILDS = 20
POST = {
    "id": "p0", "title": "Which kettle?", "author": "ann", "subreddit": "tea", "selftext": "Hm.", "is_self": True,
    "url": "", "score": 1, "created_utc": 1700000000, "retrieved_on": 1710000000, "permalink": "/r/tea/comments/p0/",
}  # fmt: skip


def dump(path: Path, start: int, posts: int) -> Path:
    """Posts with ten comments each."""
    lines: list[dict[str, Any]] = []
    for at in range(start, start + posts):
        lines.append({**POST, "id": f"p{at}", "permalink": f"/r/tea/comments/p{at}/"})
        lines += [
            {
                "id": f"c{at}x{n}", "link_id": f"t3_p{at}", "parent_id": f"t3_p{at}", "author": "bob", "score": 1,
                "body": "A word. " * 200, "created_utc": 1700000000 + n, "retrieved_on": 1710000000, "subreddit": "tea",
            }
            for n in range(10)
        ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_readers_during_builds_see_whole_pages_of_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    few, many = dump(tmp_path / "few.ndjson", 0, 12), dump(tmp_path / "more.ndjson", 12, 6)
    versions = [
        {"title": "One", "theme": "modern", "posts_per_page": 10},
        {"title": "Another", "theme": "plain", "posts_per_page": 500, "default_order": "new"},
    ]
    dumps = [[str(few)], [str(few), str(many)]]

    def build(number: int, name: str = "site") -> dict[str, bytes]:
        version, folder = number % 2, tmp_path / name
        publish.build_site(
            dumps[version], tmp_path / f"{version}.db", folder, config.load(None, versions[version]), intake.Options(),
            1, lambda _what, _done, _total: None,
        )  # fmt: skip
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    known = [build(0, "first"), build(1, "second")]
    shared = sorted(known[0].keys() & known[1].keys())
    assert len(shared) > 15
    assert sum(known[0][path] != known[1][path] for path in shared) > 15
    last = build(0)
    done = threading.Event()
    wrong: list[str] = []
    read = [0] * READERS
    seen: set[int] = set()

    def reader(me: int) -> None:
        at = me
        while not done.is_set():
            at += 1
            path = shared[at % len(shared)]
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
                connection.request("GET", f"/{path}")
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                wrong.append(f"{path}: {error!r}")
                continue
            found = [number for number in (0, 1) if known[number][path] == body]
            if answer.status != 200 or int(answer.headers["Content-Length"]) != len(body) or not found:
                wrong.append(f"{path}: {answer.status}, {len(body)} bytes, versions {found}")
            elif len(found) == 1:
                seen.add(found[0])
            read[me] += 1

    with serve.server(tmp_path / "site", 0) as running:
        port = running.server_address[1]
        threading.Thread(target=running.serve_forever, daemon=True).start()
        readers = [threading.Thread(target=reader, args=(me,)) for me in range(READERS)]
        for thread in readers:
            thread.start()
        try:
            for number in range(1, BUILDS + 1):
                last = build(number)
        finally:
            done.set()
            for thread in readers:
                thread.join()
            running.shutdown()
    assert wrong == []
    assert seen == {0, 1}
    assert min(read) > 0
    assert last == known[BUILDS % 2]
