"""A dump that is read in a process of its own gives what it gives here: every record, every skip, every error."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from msgspec.structs import replace

from archiver import dumps, importers, intake, reader
from archiver.dumps import Dump, Importer, Limits
from archiver.errors import DumpError
from archiver.model import Capture, Comment, Moment, Post, Skip
from archiver.store import Archive
from archiver.store.portion import Item, Portion, portions

TESTS = Path(__file__).parent
SMALL = sorted(
    path
    for path in [*TESTS.glob("importers/**/*"), *(TESTS.parent / "examples" / "dumps").rglob("*")]
    if path.suffix in (".json", ".ndjson", ".txt", ".html")
)


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small, every dump is worth a process."""
    monkeypatch.setattr(reader, "WORTH_PROCESS", 0)


@pytest.fixture
def workplace() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def found(path: Path, workplace: ExitStack) -> Dump:
    (dump,) = dumps.find([str(path)], workplace)
    assert isinstance(dump, Dump)
    return dump


def everything(read: Iterator[Portion]) -> tuple[list[Portion], str | None]:
    """All that is read, and the error after it."""
    got: list[Portion] = []
    try:
        for portion in read:
            # MessagePack makes lists of tuples.
            comments = portion.comments
            cells, outside = (
                {name: list(values) for name, values in columns.items()}
                for columns in (comments.cells, comments.outside)
            )
            got.append(replace(portion, comments=replace(comments, cells=cells, outside=outside)))
    except DumpError as error:
        return got, str(error)
    return got, None


def read_beside(dump: Dump, importer: Importer) -> Generator[Portion, None, None]:
    with reader.Reader() as beside:
        assert beside.begin()
        yield from beside.read(dump, importer, Limits())


def both(dump: Dump, importer: Importer) -> tuple[list[Portion], str | None]:
    """What the dump gives, which is the same in both ways."""
    here = everything(portions(importer.read(dump)))
    beside = everything(read_beside(dump, importer))
    assert here == beside
    assert list(map(type, others(here[0]))) == list(map(type, others(beside[0])))
    assert multiprocessing.active_children() == []
    return beside


def others(portions: list[Portion]) -> list[Item]:
    """All items that are no comments."""
    return [item for portion in portions for run in portion.runs if not isinstance(run, int) for item in run]


def comments(portions: list[Portion]) -> int:
    """How many comments there are."""
    return sum(portion.comments.count for portion in portions)


@pytest.mark.parametrize("importer", importers.every(), ids=lambda importer: importer.name)
def test_both_ways_give_the_same(importer: Importer, workplace: ExitStack) -> None:
    known = [path for path in SMALL if importer.recognise(path.read_bytes()[: 1 << 16])]
    # The largest shows most; each way round starts a process.
    for path in sorted(known, key=lambda path: -path.stat().st_size)[:2]:
        items, _ = both(found(path, workplace), importer)
        assert items, path


def test_what_messagepack_cannot_hold_comes_through() -> None:
    odd: list[Item] = [
        Comment(host="h.test", post="p", id="c", score=2**70, body="half \ud83d of it"),
        Post(host="h.test", id="p", score=2**70, body="half \ud83d of it"),
        Skip(line=1, reason="none"),
    ]
    ((portion,), error) = everything(portions(odd))
    assert error is None
    assert everything(iter([reader._portion(reader._message(portion))])) == ([portion], None)


def line(number: int, body: str = "words", **more: object) -> bytes:
    fields = {"id": f"c{number}", "link_id": "t3_p", "parent_id": "t3_p", "subreddit": "s", "author": "a", "body": body}
    return (
        msgspec.json.encode(fields | {"created_utc": 1_600_000_000 + number, "permalink": f"/x/{number}"} | more)
        + b"\n"
    )


def pushshift(path: Path, workplace: ExitStack) -> tuple[Dump, Importer]:
    return found(path, workplace), importers.named("pushshift")


def test_what_was_read_before_an_error_is_kept(tmp_path: Path, workplace: ExitStack) -> None:
    many = b"".join(line(number, str(number) * 20) for number in range(3000))
    packed = zstandard.compress(many)
    (tmp_path / "cut.zst").write_bytes(packed[: len(packed) // 2])
    items, error = both(*pushshift(tmp_path / "cut.zst", workplace))
    assert error is not None
    assert error.startswith(str(tmp_path / "cut.zst"))
    assert comments(items) > 500


def test_long_texts_do_not_wait_for_many(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(b"".join(line(number, "word " * 100_000) for number in range(20)))
    items, _ = both(*pushshift(tmp_path / "d.ndjson", workplace))
    assert comments(items) == 20


def test_skips_keep_their_lines(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(line(1) + b"{broken\n" + line(2))
    items, _ = both(*pushshift(tmp_path / "d.ndjson", workplace))
    assert [item.line for item in others(items) if isinstance(item, Skip)] == [2]


def test_what_the_user_said_of_a_dump_holds_there_too(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(line(1, author="[deleted]", body="kept", removal_reason="legal"))
    at = Moment(1_600_000_000_000_000, 1_600_000_000_000_000)
    for keep in (False, True):
        (dump,) = dumps.find([str(tmp_path / "d.ndjson")], workplace, captured=at, keep_deleted=keep)
        assert isinstance(dump, Dump)
        both(dump, importers.named("pushshift"))


def test_a_reader_that_is_killed_is_an_error(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(b"".join(line(number, "word " * 2000) for number in range(3000)))
    items = read_beside(*pushshift(tmp_path / "d.ndjson", workplace))
    next(items)
    (process,) = multiprocessing.active_children()
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(DumpError, match=r"d\.ndjson: the process that read it was killed"):
        list(items)


def test_a_reader_ends_with_whoever_reads(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(b"".join(line(number, "word " * 2000) for number in range(3000)))
    items = read_beside(*pushshift(tmp_path / "d.ndjson", workplace))
    next(items)
    assert len(multiprocessing.active_children()) == 1
    items.close()
    assert multiprocessing.active_children() == []


def test_a_dump_that_changed_meanwhile_is_not_read(tmp_path: Path, workplace: ExitStack) -> None:
    (tmp_path / "d.ndjson").write_bytes(line(1))
    dump, importer = pushshift(tmp_path / "d.ndjson", workplace)
    (tmp_path / "d.ndjson").write_bytes(b"")
    assert everything(read_beside(dump, importer)) == ([], f"{dump.name}: the file is empty")


def archived(path: Path, folder: Path, jobs: int) -> tuple[list[Capture], list[tuple[object, list[Comment]]]]:
    with Archive(folder / f"{jobs}.db", writable=True) as archive:
        report = intake.import_dumps(archive, [str(path)], intake.Options(), lambda *_: None, jobs=jobs)
        assert report.captures == 1
        threads = [archive.thread(key) for key in archive.thread_keys()]
        captures = [msgspec.structs.replace(capture, imported=0) for capture in archive.captures()]
        return captures, [(thread.post, thread.comments) for thread in threads]


def test_both_ways_make_the_same_archive(tmp_path: Path) -> None:
    path = TESTS.parent / "examples" / "dumps" / "pushshift.ndjson"
    assert archived(path, tmp_path, 1) == archived(path, tmp_path, 2)


def test_whoever_waits_is_told_when_a_dump_was_read_beside(tmp_path: Path) -> None:
    path = TESTS.parent / "examples" / "dumps" / "pushshift.ndjson"
    told: list[str] = []
    for jobs, times in ((2, ["read"]), (1, [])):
        with Archive(tmp_path / f"{jobs}.db", writable=True) as archive:
            told.clear()
            intake.import_dumps(
                archive, [str(path)], intake.Options(), lambda *_: None, jobs=jobs, spare=lambda: told.append("read")
            )
            assert told == times
    assert multiprocessing.active_children() == []


Import = Callable[..., tuple[intake.Report, list[str]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Dumps "a" to "e", of 50, 1, 40, 2 and 50 comments; the last is the first once more."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, count in {"a": 50, "b": 1, "c": 40, "d": 2}.items():
        (folder / f"{name}.ndjson").write_bytes(b"".join(line(ord(name) * 100 + at) for at in range(count)))
    (folder / "e.ndjson").write_bytes((folder / "a.ndjson").read_bytes())
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports with two processes, dumps of 5,000 bytes being large; gives the labels in the order they were read."""
    monkeypatch.setattr(reader, "WORTH_PROCESS", 5_000)

    def imported(*paths: Path, **options: Any) -> tuple[intake.Report, list[str]]:
        read: list[str] = []
        with Archive(tmp_path / "x.db", writable=True) as archive:
            report = intake.import_dumps(
                archive,
                map(str, paths),
                intake.Options(**options),
                lambda what, *_: read.append(what.removeprefix("reading ")),
                jobs=2,
            )
        assert multiprocessing.active_children() == []
        return report, read

    return imported


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were started."""
    found: list[int] = []
    start = reader.Reader._start

    def counted(self: reader.Reader) -> None:
        start(self)
        found.extend(process.pid for process in multiprocessing.active_children() if process.pid)

    monkeypatch.setattr(reader.Reader, "_start", counted)
    return found


def test_large_files_of_a_folder_come_last_and_share_one_process(folder: Path, run: Import, started: list[int]) -> None:
    report, read = run(folder)
    assert read == ["in/b.ndjson", "in/d.ndjson", "in/c.ndjson", "in/a.ndjson"]
    assert (report.captures, report.known, report.comments, report.errors) == (4, 1, 93, [])
    assert len(started) == 1


def test_arguments_keep_their_order(folder: Path, run: Import) -> None:
    _, read = run(folder / "a.ndjson", folder / "b.ndjson", folder / "c.ndjson")
    assert read == ["a.ndjson", "b.ndjson", "c.ndjson"]


def test_the_process_begins_while_small_dumps_are_read(folder: Path, run: Import, started: list[int]) -> None:
    (folder / "a.ndjson").write_bytes(b"unknown")
    report, _ = run(folder / "b.ndjson", folder / "c.ndjson", folder / "a.ndjson", fail_fast=False)
    assert len(started) == len(report.errors) == 1
    with pytest.raises(DumpError, match=r"a\.ndjson"):
        run(folder / "d.ndjson", folder / "a.ndjson", folder / "e.ndjson", fail_fast=True)
    assert len(started) == 2


def test_no_process_begins_where_nothing_large_is_new(folder: Path, run: Import, started: list[int]) -> None:
    run(folder / "b.ndjson", folder / "d.ndjson")
    assert started == []
    run(folder)
    assert len(started) == 1
    assert run(folder)[0].known == 5
    assert len(started) == 1


def test_a_process_that_was_killed_costs_one_dump(
    folder: Path, run: Import, started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = reader.Reader.begin

    def killed_once(self: reader.Reader) -> bool:
        known = bool(started)
        begun = begin(self)
        if not known:
            os.kill(started[0], signal.SIGKILL)
            (process,) = multiprocessing.active_children()
            process.join()
        return begun

    monkeypatch.setattr(reader.Reader, "begin", killed_once)
    report, _ = run(folder / "c.ndjson", folder / "a.ndjson")
    assert [error.partition(": ")[2] for error in report.errors] == [
        "the process that read it was killed, perhaps for lack of memory"
    ]
    assert report.comments == 50
    assert len(started) == 2


def test_where_no_process_can_be_had_dumps_are_read_here(
    folder: Path, run: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(reader.BaseProcess, "start", none)
    report, _ = run(folder)
    assert (report.captures, report.comments, report.errors) == (4, 93, [])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux what a process blocks")
def test_a_process_that_just_began_does_not_stop_at_ctrl_c(started: list[int]) -> None:
    with reader.Reader() as beside:
        assert beside.begin()
        status = Path(f"/proc/{started[0]}/status").read_text()
    (blocked,) = (int(row.split()[1], 16) for row in status.splitlines() if row.startswith("SigBlk"))
    assert blocked >> (signal.SIGINT - 1) & 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
