"""Dumps are recognised by their content; what is readable is archived, and everything else is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver import importers, intake
from archiver.dumps import Dump, Importer
from archiver.errors import ArchiverError, ConfigError, DumpError
from archiver.intake import Options, Report
from archiver.model import Comment, Moment, Record, Seen, Site, Skip
from archiver.store import Archive

Import = Callable[..., Report]


def read_words(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """A made-up format: a magic word, then one id a line; "bad" cannot be read, "stop" ends it all."""
    yield Site(host="h.test", platform="lemmy")
    for number, line in dump.lines():
        word = line.decode().strip()
        if word == "stop":
            raise DumpError(f"{dump.name}:{number}: stop")
        if word == "bad":
            yield Skip(line=number, reason="bad word", detail=word)
        elif number > 1:
            yield Comment(host=dump.origin or "h.test", post="p", id=word)


def importer(name: str, *magic: bytes, origin: str | None = None) -> Importer:
    return Importer(
        name=name,
        title=name,
        recognise=lambda head: head.startswith(magic),
        read=read_words,
        origin=(lambda dump: origin if b"origin" in dump.head() else None) if origin else None,
    )


def known(monkeypatch: pytest.MonkeyPatch, *formats: Importer) -> None:
    """These are the formats there are."""
    monkeypatch.setattr(importers, "NAMES", tuple(one.name for one in formats))
    monkeypatch.setattr(importers, "_loaded", {one.name: one for one in formats}.__getitem__)


@pytest.fixture(autouse=True)
def formats(monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, importer("one", b"1", b"both"), importer("two", b"2", b"both"))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "a.db", writable=True) as opened:
        yield opened


@pytest.fixture
def run(archive: Archive, tmp_path: Path) -> Import:
    """``run({name: text}, …)`` writes files into the folder ``in`` and imports it."""

    def imported(files: dict[str, str], *arguments: str, **options: Any) -> Report:
        for name, text in files.items():
            (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / name).write_text(text)
        wanted = [str(tmp_path / argument) for argument in arguments] or [str(tmp_path / "in")]
        report = intake.import_dumps(archive, wanted, Options(**options), lambda *_: None)
        report.errors = [error.replace(f"{tmp_path}/", "") for error in report.errors]
        report.skips = [skip.replace(f"{tmp_path}/", "") for skip in report.skips]
        return report

    return imported


def ids(archive: Archive) -> list[str]:
    return sorted(comment.id for key in archive.thread_keys() for comment in archive.thread(key).comments)


def test_a_folder_with_good_and_bad_files_gives_the_good_ones_and_lists_the_others(
    run: Import, archive: Archive
) -> None:
    report = run({"a.txt": "1\nx\nbad\ny\nbad\n", "b.txt": "unknown", "c.txt": "", "d.txt": "2\nz\n"})
    assert (report.captures, report.comments, report.skipped) == (2, 3, 2)
    assert report.errors == [
        "in/b.txt: not a known format; archiver reads one, two",
        "in/c.txt: the file is empty",
    ]
    assert report.skips == ["in/a.txt:3: skipped: bad word (bad), and 1 more of that kind"]
    assert ids(archive) == ["x", "y", "z"]


def test_two_formats_that_match_are_an_error_that_names_both(run: Import, archive: Archive) -> None:
    report = run({"a.txt": "both\nx\n"})
    assert report.errors == ["in/a.txt: matches several formats (one, two); choose one with --format"]
    assert ids(archive) == []


def test_a_format_that_is_named_is_used(run: Import, archive: Archive) -> None:
    assert run({"a.txt": "both\nx\n"}, format="two").errors == []
    assert [capture.format for capture in archive.captures()] == ["two"]
    with pytest.raises(DumpError, match="no format is called 'three'; the known formats are one, two"):
        run({}, format="three")


def test_an_error_in_the_middle_keeps_what_was_read_and_is_told_again_next_time(run: Import, archive: Archive) -> None:
    for known in (0, 1):
        report = run({"a.txt": "1\nx\nstop\ny\n", "b.txt": "1\nz\n"})
        assert report.errors == ["in/a.txt:3: stop"]
        assert report.known == known * 2
    assert ids(archive) == ["x", "z"]
    assert [capture.error is not None for capture in archive.captures()] == [True, False]


@pytest.mark.parametrize("bad", ["unknown", "1\nx\nstop\n"])
def test_fail_fast_stops_at_the_first_error_and_keeps_nothing_of_that_dump(
    bad: str, run: Import, archive: Archive
) -> None:
    with pytest.raises(DumpError):
        run({"a.txt": bad}, fail_fast=True)
    assert ids(archive) == []
    assert archive.captures() == []


def test_a_dump_that_is_known_is_not_read_again(run: Import, archive: Archive) -> None:
    run({"a.txt": "1\nx\n"})
    report = run({"copy.txt": "1\nx\n"})
    assert (report.captures, report.known, report.comments) == (0, 2, 0)
    assert [capture.name for capture in archive.captures()] == ["in/a.txt"]


def test_what_was_skipped_of_a_known_dump_is_told_again(run: Import) -> None:
    for known in (0, 1):
        report = run({"a.txt": "1\nx\nbad\n"})
        assert (report.known, report.skipped) == (known, 1)
        assert report.skips == ["in/a.txt:3: skipped: bad word (bad)"]


def test_a_known_dump_is_read_again_in_another_format(run: Import, archive: Archive) -> None:
    run({"a.txt": "both\nx\n"}, format="two")
    report = run({}, format="one")
    assert (report.captures, report.known) == (1, 0)
    assert [capture.format for capture in archive.captures()] == ["one"]
    assert ids(archive) == ["x"]
    assert run({}, format="one").known == 1


def test_what_a_wrong_format_brought_nothing_of_is_read_in_the_right_one(run: Import, archive: Archive) -> None:
    run({"a.txt": "1\nbad\n", "b.txt": "1\nx\n"}, format="two")
    report = run({})
    assert (report.captures, report.known) == (1, 1), "the user said of the other what it is"
    assert {capture.name: capture.format for capture in archive.captures()} == {"in/a.txt": "one", "in/b.txt": "two"}


def test_a_known_dump_is_read_again_for_a_new_time_of_capture(run: Import, archive: Archive) -> None:
    run({"a.txt": "1\nx\n"})
    report = run({}, captured=Moment(7, 7))
    assert (report.captures, report.known) == (1, 0)
    assert [capture.captured for capture in archive.captures()] == [Moment(7, 7)]
    assert ids(archive) == ["x"]


def test_files_of_one_folder_share_their_origin(run: Import, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, importer("one", b"1", origin="h.test"))
    run({"a.txt": "1\nx\n", "b.txt": "1 origin\ny\n"})
    assert ids(archive) == ["x", "y"]


def test_a_file_that_vanishes_is_an_error(run: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(path: Path) -> str:
        raise DumpError(f"{path}: No such file or directory")

    monkeypatch.setattr(intake.dumps, "sha256", gone)
    assert run({"a.txt": "1\nx\n"}).errors == ["in/a.txt: No such file or directory"]


def test_progress_is_told(run: Import, archive: Archive, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    (tmp_path / "a.txt").write_text("1\n" + "".join(f"{n}\n" for n in range(2_500)))
    intake.import_dumps(archive, [str(tmp_path / "a.txt")], Options(), lambda *now: told.append(now))
    assert told == [("reading a.txt", n, None) for n in (0, 499, 999, 1_499, 1_999, 2_499)]


def test_the_time_of_import_can_be_set_for_builds_that_repeat(
    run: Import, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    run({"a.txt": "1\nx\n"})
    assert [capture.imported for capture in archive.captures()] == [1_700_000_000_000_000]


@pytest.mark.parametrize("epoch", ["yesterday", "-1", "9" * 30, "1.5"])
def test_a_wrong_time_of_import_is_said(epoch: str, run: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH must be a number of seconds"):
        run({"a.txt": "1\nx\n"})


def test_the_real_formats_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert sorted(set(importers.NAMES)) == sorted(importers.NAMES)
    for name in importers.NAMES:
        assert importers.named(name).name == name
    with pytest.raises(ArchiverError):
        importers.named("nonsense")
