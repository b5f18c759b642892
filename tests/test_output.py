"""The site folder changes only where bytes do, keeps what it had when a build fails, and nothing outside is touched."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archiver.errors import PublishError
from archiver.ledger import Rendered, Written
from archiver.output import Build, Staging
from archiver.own import MANIFEST

Files = dict[str, str]
OLD = {"index.html": "front", "a/b/one.html": "one", "a/two.html": "two"}


def build(output: Path, files: Files) -> tuple[int, int, int]:
    """One whole build, as publish.py does it."""
    made = Build(output)
    try:
        staging = Staging(output, made.work)
        try:
            made.ledger.forget_all()
            add(made, [staging.write(path, text.encode()) for path, text in files.items()])
        finally:
            staging.close()
        return made.commit({})
    finally:
        made.discard()


def add(made: Build, files: list[Written], places: dict[str, int] | None = None) -> list[tuple[int, list[str]]]:
    return list(made.add([Rendered("thread 7", files, [], places or {}, 7)]))


def files(output: Path) -> Files:
    paths = (path for path in output.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(output).as_posix(): path.read_text() for path in paths}


def stamps(output: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.rglob("*")}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "public"


def test_a_build_makes_the_folder_and_leaves_only_its_ledger_beside_it(output: Path) -> None:
    assert build(output, OLD) == (3, 0, 0)
    assert files(output) == OLD
    assert {path.name for path in output.parent.iterdir()} == {"public", ".public.archiver"}
    assert [path.name for path in (output.parent / ".public.archiver").iterdir()] == ["ledger.db"]


def test_the_manifest_names_every_file_in_order(output: Path) -> None:
    build(output, OLD)
    lines = [f"{hashlib.sha256(OLD[path].encode()).hexdigest()}\t{len(OLD[path])}\t{path}\n" for path in sorted(OLD)]
    assert (output / MANIFEST).read_text() == "".join(lines)


def test_the_same_bytes_again_touch_nothing(output: Path) -> None:
    build(output, OLD)
    before = stamps(output)
    assert build(output, OLD) == (0, 3, 0)
    assert stamps(output) == before


def test_one_changed_page_rewrites_one_file_and_the_manifest(output: Path) -> None:
    build(output, OLD)
    before = stamps(output)
    assert build(output, OLD | {"a/two.html": "TWO"}) == (1, 2, 0)
    changed = {path.name for path, stamp in stamps(output).items() if path.is_file() and before[path] != stamp}
    assert changed == {"two.html", MANIFEST}
    assert files(output) == OLD | {"a/two.html": "TWO"}


def test_a_file_that_was_lost_or_cut_comes_back(output: Path) -> None:
    build(output, OLD)
    (output / "index.html").unlink()
    (output / "a/two.html").write_text("t")
    assert build(output, OLD) == (2, 1, 0)
    assert files(output) == OLD


@pytest.mark.parametrize("relative", [False, True])
def test_files_that_no_longer_belong_go_with_their_empty_folders(
    output: Path, monkeypatch: pytest.MonkeyPatch, *, relative: bool
) -> None:
    here = output.parent / "here"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    target = Path("../public") if relative else output
    build(target, OLD)
    (output / "mine.txt").write_text("kept")
    assert build(target, {"index.html": "front"}) == (0, 1, 2)
    assert files(output) == {"index.html": "front", "mine.txt": "kept"}
    assert not (output / "a").exists()


def test_a_stale_file_that_is_gone_already_is_no_error(output: Path) -> None:
    build(output, OLD)
    (output / "a/b/one.html").unlink()
    (output / "a/b").rmdir()
    build(output, {"index.html": "front"})
    assert files(output) == {"index.html": "front"}


def test_a_folder_that_is_not_ours_is_left_alone(output: Path) -> None:
    output.mkdir(parents=True)
    (output / "thesis.doc").write_text("mine")
    with pytest.raises(PublishError, match="exists and is not a site made by archiver; choose another --output"):
        build(output, OLD)
    assert files(output) == {"thesis.doc": "mine"}
    assert [path.name for path in output.parent.iterdir()] == ["public"]


def test_an_empty_folder_may_become_a_site(output: Path) -> None:
    output.mkdir(parents=True)
    build(output, OLD)
    assert files(output) == OLD


def test_an_output_that_is_a_file_is_said(output: Path) -> None:
    output.parent.mkdir()
    output.write_text("mine")
    with pytest.raises(PublishError, match="public"):
        build(output, OLD)
    assert output.read_text() == "mine"


def test_a_build_that_dies_leaves_the_old_site(output: Path) -> None:
    build(output, OLD)
    before = stamps(output)
    died = Build(output)
    Staging(output, died.work).write("index.html", b"half")
    died.ledger.close()  # and no more: it was killed
    assert stamps(output) == before
    assert died.work.exists()
    assert build(output, OLD | {"new.html": "new"}) == (1, 3, 0)
    assert list(died.folder.glob("work-*")) == []
    assert files(output) == OLD | {"new.html": "new"}


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_site(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    before = stamps(output)
    monkeypatch.setattr(Staging, "_write", full)
    with pytest.raises(PublishError, match=r"index\.html: No space left on device; the old site is as it was"):
        build(output, {"index.html": "changed"})
    assert stamps(output) == before
    assert [path.name for path in (output.parent / ".public.archiver").iterdir()] == ["ledger.db"]


def test_a_full_disk_while_noting_pages_is_said_too(output: Path) -> None:
    made = Build(output)
    made.ledger._db.execute(f"PRAGMA max_page_count = {made.ledger._db.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(PublishError, match="database or disk is full"):
        add(made, [], {str(n) * 20: n for n in range(2_000)})
    made.discard()
    assert not output.exists()


def test_two_pages_with_one_address_are_an_error(output: Path) -> None:
    made = Build(output)
    staging = Staging(output, made.work)
    with pytest.raises(PublishError, match="two pages have the same address"):
        add(made, [staging.write("a.html", b"1"), staging.write("a.html", b"2")])
    staging.close()
    made.discard()


def test_a_comments_page_is_remembered(output: Path) -> None:
    for places, moved in (({"c": 3}, ["c"]), ({"c": 3}, []), ({"c": 2, "d": 2}, ["c", "d"]), ({}, ["c", "d"])):
        made = Build(output)
        assert [(thread, sorted(ids)) for thread, ids in add(made, [], places)] == ([(7, moved)] if moved else [])
        staging = Staging(output, made.work)
        found = [staging.page_of(7, "c"), staging.page_of(7, "d"), staging.page_of(8, "c")]
        assert found == [places.get("c", 1), places.get("d", 1), 1]
        staging.close()
        made.commit({})
        made.discard()


def test_what_a_killed_build_was_moving_in_is_not_trusted(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    moved: list[Path] = []
    move = Build._move_one

    def die(made: Build, source: Path, target: Path) -> None:
        if len(moved) == 2:
            raise KeyboardInterrupt
        moved.append(target)
        move(made, source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Build, "_move_one", die)
        with pytest.raises(KeyboardInterrupt):
            build(output, {"a/b/one.html": "ONE", "a/new.html": "new", "index.html": "later"})
    assert [path.name for path in moved] == ["one.html", "new.html"]
    assert build(output, OLD) == (3, 0, 1)
    assert files(output) == OLD


def die_while_moving(output: Path, files: Files, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [after]
    move = Build._move_one

    def die(made: Build, source: Path, target: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        move(made, source, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Build, "_move_one", die)
        build(output, files)


def test_a_worker_that_outlived_its_build_disturbs_nothing(output: Path) -> None:
    died = Build(output)
    worker = Staging(output, died.work)
    died.ledger.close()
    made = Build(output)
    staging = Staging(output, made.work)
    made.ledger.forget_all()
    add(made, [staging.write(path, text.encode()) for path, text in OLD.items()])
    worker.write("index.html", b"FRONT")
    worker.write("stray.html", b"stray")
    for one in (worker, staging):
        one.close()
    made.commit({})
    made.discard()
    assert files(output) == OLD
    assert build(output, OLD) == (0, 3, 0)
    assert [path.name for path in made.folder.iterdir()] == ["ledger.db"]


def test_nor_after_a_second_build_died(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    die_while_moving(output, OLD | {"a/b/one.html": "ONE", "a/new.html": "new"}, 2, monkeypatch)
    died = Build(output)
    died.ledger.close()
    # Of the size that the manifest names, but not with those bytes.
    assert (output / "a/b/one.html").read_text() == "ONE"
    assert build(output, OLD) == (3, 0, 1)
    assert files(output) == OLD
    assert [path.name for path in died.folder.iterdir()] == ["ledger.db"]


def test_a_first_build_into_an_empty_folder_can_die_while_it_moves(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output.mkdir(parents=True)
    die_while_moving(output, OLD, 2, monkeypatch)
    assert files(output) != {}
    assert build(output, OLD) == (3, 0, 0)
    assert files(output) == OLD


def test_what_was_being_copied_from_another_disk_goes(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    die_while_moving(output, OLD | {"a/b/one.html": "ONE"}, 0, monkeypatch)
    (output / "a/b/.one.html.new").write_text("half a pa")
    build(output, OLD)
    assert files(output) == OLD


def test_a_folder_left_empty_by_a_killed_build_goes(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "rmdir", interrupt)
        build(output, {"index.html": "front"})
    assert (output / "a/b").is_dir()
    build(output, {"index.html": "front"})
    assert [path.name for path in output.iterdir() if path.is_dir()] == []


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_damaged_ledger_is_made_anew(output: Path) -> None:
    build(output, OLD)
    (output.parent / ".public.archiver" / "ledger.db").write_bytes(b"nonsense" * 1000)
    assert build(output, OLD) == (0, 3, 0)


def test_two_builds_of_one_site_at_once_are_said(output: Path) -> None:
    first = Build(output)
    with pytest.raises(PublishError, match="another build is writing this site"):
        Build(output)
    first.discard()
    assert build(output, OLD) == (3, 0, 0)


@pytest.mark.parametrize(
    "path", ["../outside.txt", "a/../../outside.txt", "{outside}", "link/secret.txt", "link", "", ".", "..", "a", "/"]
)
def test_a_hostile_manifest_deletes_nothing_outside(path: str, output: Path, tmp_path: Path) -> None:
    outside, folder = output.parent / "outside.txt", tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "secret.txt").write_text("secret")
    build(output, OLD)
    outside.write_text("mine")
    (output / "link").symlink_to(folder)
    with (output / MANIFEST).open("a") as manifest:
        manifest.write(f"{'0' * 64}\t4\t{path.format(outside=outside)}\n")
    build(output, OLD | {"index.html": "new"})
    assert outside.read_text() == "mine"
    assert (folder / "secret.txt").read_text() == "secret"
    assert (output / "a/two.html").read_text() == "two"


@pytest.mark.parametrize("line", ["nonsense", "a\tb\tc", "0\t\u0663\tx", "0\t1\tx\0y", f"0\t{'9' * 30}\tx", "\udcff"])
def test_a_damaged_manifest_is_said(line: str, output: Path) -> None:
    build(output, OLD)
    (output / MANIFEST).write_bytes(line.encode("utf-8", "surrogateescape") + b"\n")
    with pytest.raises(PublishError, match=r"manifest\.tsv:1: not a line of a manifest; remove the folder"):
        build(output, OLD)
    assert files(output) == OLD
    assert [path.name for path in (output.parent / ".public.archiver").iterdir()] == ["ledger.db"]


def test_a_site_may_lie_behind_a_link(output: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    output.parent.mkdir()
    output.symlink_to(tmp_path / "real")
    build(output, OLD)
    assert output.is_symlink()
    assert files(tmp_path / "real") == OLD


def test_a_site_may_be_a_disk_of_its_own(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output.mkdir(parents=True)
    replace: Callable[[Path, Any], Path] = Path.replace

    def other_disk(path: Path, target: Path) -> Path:
        if path.is_relative_to(output) is not target.is_relative_to(output):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", other_disk)
    build(output, OLD)
    assert files(output) == OLD


def test_a_failure_while_moving_in_is_one_sentence(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(output, OLD)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PublishError, match="No space left on device"):
        build(output, OLD | {"index.html": "new"})
    assert files(output) == OLD


def test_a_workplace_that_cannot_be_made_is_said(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(PublishError, match="may not be written to; the old site is as it was"):
        Build(output)
