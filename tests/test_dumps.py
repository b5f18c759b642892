"""Whatever people have, packed or not, is found, bounded and read as far as it goes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import sqlite3
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archiver import dumps
from archiver.dumps import Dump, decode_json, finding, members, packing
from archiver.dumps import dump as dump_module
from archiver.errors import DumpError
from archiver.store import Archive

TEXT = b'{"id": 1}\n{"id": 2}\n'
LONG = b"".join(b'{"id": %d, "text": "%s"}\n' % (n, os.urandom(40).hex().encode()) for n in range(5_000))


class Found:
    """What ``find`` gave: dumps by their name below the folder of the test, and errors."""

    def __init__(self, folder: Path, given: list[Dump | DumpError]) -> None:
        self.dumps = {dump.name.removeprefix(f"{folder}/"): dump for dump in given if isinstance(dump, Dump)}
        self.errors = [str(error).replace(f"{folder}/", "") for error in given if isinstance(error, DumpError)]

    @property
    def bytes(self) -> dict[str, bytes]:
        return {name: dump.read() for name, dump in self.dumps.items()}


Find = Callable[..., Found]


@pytest.fixture
def find(tmp_path: Path) -> Iterator[Find]:
    """``find(name, …)`` finds dumps in files of the test's folder."""
    with ExitStack() as workplace:

        def found(*names: str) -> Found:
            arguments = [name if name == "-" else str(tmp_path / name) for name in names]
            return Found(tmp_path, list(dumps.find(arguments, workplace)))

        yield found


def zstd(data: bytes, *, window_log: int | None = None) -> bytes:
    if window_log is None:
        return zstandard.compress(data)
    parameters = zstandard.ZstdCompressionParameters(window_log=window_log, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()  # size unknown, as in a stream
    return packer.compress(data) + packer.flush()


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return packed.getvalue()


def tarred(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": lambda data: bz2.compress(data, 1),  # in blocks of 100 KB
    "xz": lzma.compress,
    "zst": zstd,
    "zst-long-window": lambda data: zstd(data, window_log=31),
    "gz-twice": lambda data: gzip.compress(gzip.compress(data)),
}


# -- packings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", PACKERS)
def test_a_packed_file_reads_as_the_file_itself(packing: str, find: Find, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(PACKERS[packing](LONG))
    found = find("dump")
    assert found.bytes == {"dump": LONG}
    assert [b"".join(line for _, line in dump.lines()) for dump in found.dumps.values()] == [LONG]


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
def test_several_packed_streams_in_a_row_are_one_file(packing: str, find: Find, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(PACKERS[packing](TEXT) + PACKERS[packing](LONG))
    assert find("dump").bytes == {"dump": TEXT + LONG}


@pytest.mark.parametrize("packing", PACKERS)
def test_a_truncated_file_gives_its_lines_and_then_says_so(packing: str, find: Find, tmp_path: Path) -> None:
    packed = PACKERS[packing](LONG)
    (tmp_path / "dump").write_bytes(packed[: len(packed) * 3 // 4])
    (dump,) = find("dump").dumps.values()
    lines = []
    with pytest.raises(DumpError, match=r"dump:\d+: ends in the middle of its compressed data"):
        lines.extend(line for _, line in dump.lines())
    assert LONG.startswith(b"".join(lines))
    assert len(lines) > 1_000


def test_a_short_file_that_is_cut_off_is_recognised_all_the_same(find: Find, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(gzip.compress(TEXT)[:-6])
    (dump,) = find("dump").dumps.values()
    assert dump.head() == TEXT


def test_bytes_that_only_begin_like_a_packing_are_an_error(find: Find, tmp_path: Path) -> None:
    for magic in (b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"):
        (tmp_path / "dump").write_bytes(magic + b"nonsense" * 9)
        found = find("dump")
        assert found.dumps == {}
        assert [error.split(":")[0] for error in found.errors] == ["dump"]


def test_members_of_a_zip_come_in_name_order_without_hidden_ones(find: Find, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(**{"b.json": b"2", "a__z.json": b"1", ".DS_Store": b"x"}))
    found = find("a.zip")
    assert list(found.bytes.items()) == [("a.zip/a/z.json", b"1"), ("a.zip/b.json", b"2")]
    assert [(dump.label, dump.member) for dump in found.dumps.values()] == [
        ("a.zip/a/z.json", "/a/z.json"),
        ("a.zip/b.json", "/b.json"),
    ]


@pytest.mark.parametrize("packing", ["plain", "gz", "bz2", "xz", "zst"])
def test_a_tar_gives_its_members_in_any_packing(packing: str, find: Find, tmp_path: Path) -> None:
    packed = tarred(("b.json", TEXT), ("sub/a.json", LONG), (".hidden", b"x"))
    (tmp_path / "t").write_bytes(PACKERS.get(packing, bytes)(packed))
    assert find("t").bytes == {"t/b.json": TEXT, "t/sub/a.json": LONG}


def test_packed_files_inside_packed_files_are_unpacked(find: Find, tmp_path: Path) -> None:
    inner = zipped(**{"a.json.gz": gzip.compress(TEXT), "b.json": b"2"})
    (tmp_path / "t.tar").write_bytes(tarred(("in.zip", inner)))
    assert find("t.tar").bytes == {"t.tar/in.zip/a.json.gz": TEXT, "t.tar/in.zip/b.json": b"2"}
    (tmp_path / "z.zip").write_bytes(zipped(**{"in.zip": inner}))
    assert find("z.zip").bytes == {"z.zip/in.zip/a.json.gz": TEXT, "z.zip/in.zip/b.json": b"2"}


def test_unpacking_ends_somewhere(find: Find, tmp_path: Path) -> None:
    data = TEXT
    for _ in range(finding.MAX_NESTING + 1):
        data = gzip.compress(data)
    (tmp_path / "dump").write_bytes(data)
    assert find("dump").errors == [f"dump: packed more than {finding.MAX_NESTING} times"]


def test_a_damaged_member_costs_only_itself(find: Find, tmp_path: Path) -> None:
    bad = b"PK\x03\x04 this is no zip"
    (tmp_path / "a.zip").write_bytes(zipped(**{"a.json": b"1", "b.zip": bad, "c.json": b"3"}))
    (tmp_path / "b.tar").write_bytes(tarred(("a.json", b"1"), ("b.zip", bad), ("c.json", b"3")))
    for name in ("a.zip", "b.tar"):
        found = find(name)
        assert found.bytes == {f"{name}/a.json": b"1", f"{name}/c.json": b"3"}
        assert found.errors == [f"{name}/b.zip: File is not a zip file"]


def test_a_member_whose_bytes_were_changed_is_an_error_of_its_own(find: Find, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.json", b"first")
        archive.writestr("b.json", b"second")
    (tmp_path / "a.zip").write_bytes(packed.getvalue().replace(b"first", b"fjrst"))
    found = find("a.zip")
    assert found.errors == ["a.zip/a.json: Bad CRC-32 for file 'a.json'"]
    assert found.bytes == {"a.zip/b.json": b"second"}


def test_members_with_one_name_are_told_apart(find: Find, tmp_path: Path) -> None:
    (tmp_path / "t.tar").write_bytes(tarred(("a.json", b"old"), ("a.json", b"new")))
    assert find("t.tar").bytes == {"t.tar/a.json": b"old", "t.tar/a.json#2": b"new"}


def test_a_truncated_tar_gives_what_came_before(find: Find, tmp_path: Path) -> None:
    (tmp_path / "t.tar").write_bytes(tarred(("a.json", TEXT), ("b.ndjson", LONG))[: 1536 + 512 + 100_000])
    found = find("t.tar")
    assert found.bytes["t.tar/a.json"] == TEXT
    assert len(found.bytes["t.tar/b.ndjson"]) > 90_000
    assert len(found.errors) == 1


def test_an_encrypted_zip_says_so(find: Find, tmp_path: Path) -> None:
    packed = bytearray(zipped(**{"a.json": TEXT}))
    packed[6] |= 1  # the flag in the local header
    packed[packed.index(b"PK\x01\x02") + 8] |= 1  # and in the directory
    (tmp_path / "a.zip").write_bytes(packed)
    (error,) = find("a.zip").errors
    assert error.startswith("a.zip/a.json: ")
    assert error.endswith(": is encrypted; unpack it first")


# -- bombs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_UNPACKED_ALWAYS", 1 << 20)


@pytest.mark.parametrize("packing", ["gz", "bz2", "xz", "zst"])
@pytest.mark.usefixtures("low_limit")
def test_a_bomb_stops_early(packing: str, find: Find, tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(PACKERS[packing](b"\n" * (40 << 20)))
    (dump,) = find("dump").dumps.values()
    with pytest.raises(DumpError, match="that is a bomb"):
        for _ in dump.lines():
            pass


@pytest.mark.usefixtures("low_limit")
def test_a_zip_that_unpacks_to_a_hundred_times_too_much_is_refused_and_its_neighbour_read(
    find: Find, tmp_path: Path
) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(**{"bomb": b"\0" * (4 << 20), "good.json": b"1"}))
    found = find("a.zip")
    assert found.bytes == {"a.zip/good.json": b"1"}
    (error,) = found.errors
    assert re.fullmatch("a.zip/bomb: unpacks to 4,194,304 bytes from 4,[0-9]{3}; that is a bomb.*", error)


@pytest.mark.usefixtures("low_limit")
def test_a_zip_inside_a_zip_cannot_hide_a_bomb(find: Find, tmp_path: Path) -> None:
    inner = zipped(bomb=b"\0" * (40 << 20))
    (tmp_path / "a.zip").write_bytes(zipped(**{"in.zip": zipped(**{"in.zip": inner}), "ok": b"1"}))
    found = find("a.zip")
    assert found.bytes == {"a.zip/ok": b"1"}
    assert all("bomb" in error for error in found.errors)


@pytest.mark.usefixtures("low_limit")
def test_a_sparse_member_of_a_tar_is_not_written_out(find: Find, tmp_path: Path) -> None:
    header = tarfile.TarInfo("huge")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:398], block[398:410] = b"00000000000\0", b"00000000000\0"  # one empty piece
    block[483:495] = b"%011o\0" % (4 << 30)  # and a real size of 4 GiB
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (tmp_path / "t.tar").write_bytes(bytes(block) + tarred(("ok", b"1")))
    found = find("t.tar")
    assert found.errors == [f"t.tar/huge: unpacks to 4,294,967,296 bytes; {packing.BOMB}"]
    assert found.bytes == {"t.tar/ok": b"1"}


@pytest.mark.usefixtures("low_limit")
def test_many_small_bombs_are_a_large_one(find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_TOTAL_ALWAYS", 3 << 20)
    parts = {f"{number}.gz": gzip.compress(b"\0" * (1 << 20)) for number in range(9)}
    for name, data in (("a.zip", zipped(**parts)), ("t.tar", tarred(*parts.items()))):
        (tmp_path / name).write_bytes(data)
        (first, second, *others) = find_all(name, tmp_path, ratio=50)
        assert first == second == 1 << 20
        assert all("too many bytes; that is a bomb" in str(other) for other in others[2:])


def find_all(name: str, folder: Path, **limits: int) -> list[int | str]:
    """The sizes of the dumps in a file, or the errors in their place."""
    results: list[int | str] = []
    with ExitStack() as workplace:
        for dump in dumps.find([str(folder / name)], workplace, dumps.Limits(**limits)):
            try:
                if isinstance(dump, DumpError):
                    raise dump
                results.append(sum(len(line) for _, line in dump.lines()))
            except DumpError as error:
                results.append(str(error))
    return results


def test_members_are_counted_also_those_of_archives_inside(tmp_path: Path) -> None:
    inner = zipped(**{f"{number}.json": b"1" for number in range(5)})
    (tmp_path / "a.zip").write_bytes(zipped(**{"a.zip": inner, "b.tar": tarred(("x", b"1"), ("y", b"2"))}))
    assert find_all("a.zip", tmp_path, members=9) == [1] * 7
    assert find_all("a.zip", tmp_path, members=8)[:6] == [1] * 6
    (*_, last) = find_all("a.zip", tmp_path, members=8)
    assert str(last).endswith(
        "b.tar: packed with more than 8 files; that is a bomb, not a dump (--trust-packed allows more)"
    )
    assert len(find_all("a.zip", tmp_path, members=3)) == 4, "two members, and a line for each archive"


def test_a_long_directory_of_a_zip_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(**{f"{number}.json": b"1" for number in range(50)}))
    assert find_all("a.zip", tmp_path, members=50) == [1] * 50
    (error,) = find_all("a.zip", tmp_path, members=5)
    assert re.search(r"a\.zip: has a directory of 2,[0-9]{3} bytes; that is a bomb", str(error))


def test_limits_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_UNPACKED_ALWAYS", 1 << 10)
    packed = gzip.compress(b"\n" * 300_000)
    (tmp_path / "a.gz").write_bytes(packed)
    ratio = -(-300_000 // len(packed))
    assert find_all("a.gz", tmp_path, ratio=ratio) == [300_000]
    (error,) = find_all("a.gz", tmp_path, ratio=ratio - 1)
    assert f"unpacks to more than {ratio - 1} times its size" in str(error)
    (error,) = find_all("a.gz", tmp_path, ratio=ratio, size=299_999)
    assert "too many bytes" in str(error)
    assert dumps.Limits(ratio=2, size=3, members=4).times(5) == dumps.Limits(ratio=10, size=15, members=20)


def test_reading_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"\n" * 300_000))
    with ExitStack() as workplace:
        (dump,) = dumps.find([str(tmp_path / "a.gz")], workplace, dumps.Limits(size=300_000))
        assert isinstance(dump, Dump)
        assert [len(dump.read()) for _ in range(5)] == [300_000] * 5


@pytest.mark.skipif(sys.platform == "win32", reason="its limit cannot be set")
def test_a_folder_may_hold_more_zips_than_files_may_be_open(find: Find, tmp_path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for number in range(200):
        (tmp_path / f"{number:03}.zip").write_bytes(zipped(**{"a.json": TEXT, "b.zip": zipped(c=TEXT)}))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(120, soft), hard))
    try:
        found = find(*(f"{number:03}.zip" for number in range(200)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found.errors == []
    assert list(found.bytes.values()) == [TEXT] * 400


def test_a_zip_closed_for_others_goes_on_being_read(find: Find, tmp_path: Path) -> None:
    for number in range(members.ZIPS_OPEN + 1):
        (tmp_path / f"{number}.zip").write_bytes(zipped(**{"a.json": LONG}))
    found = list(find(*(f"{number}.zip" for number in range(members.ZIPS_OPEN + 1))).dumps.values())
    with found[0].open() as first:
        start = first.read(100)
        assert [dump.read() for dump in found[1:]] == [LONG] * members.ZIPS_OPEN
        assert start + first.read() == LONG
    assert found[0].read() == LONG


@pytest.mark.parametrize("damage", [b"\xc1.json", b"\0\0.json"])
def test_a_zip_with_a_damaged_name_costs_that_member_alone(damage: bytes, find: Find, tmp_path: Path) -> None:
    packed = zipped(**{"zzzzz1": TEXT, "a.json": TEXT}).replace(b"zzzzz1", damage, 1)
    flagged = bytearray(packed)
    flagged[7] |= 8  # "the name is UTF-8"
    (tmp_path / "a.zip").write_bytes(flagged)
    found = find("a.zip")
    assert found.bytes == {"a.zip/a.json": TEXT}
    assert len(found.errors) == 1


# -- files and folders -------------------------------------------------------------------------------------------------


def test_a_folder_is_walked_in_name_order_without_hidden_files(find: Find, tmp_path: Path) -> None:
    for name in ("d/b.json", "d/a/z.json", "d/a/y.json", "d/.git/x.json", "d/.x.json", "d/c.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "d/loop").symlink_to(tmp_path / "d")
    (tmp_path / "d/broken").symlink_to(tmp_path / "nowhere")
    found = find("d")
    assert list(found.bytes) == ["d/a/y.json", "d/a/z.json", "d/b.json", "d/c.json"]
    assert [dump.label for dump in found.dumps.values()] == ["d/a/y.json", "d/a/z.json", "d/b.json", "d/c.json"]


def test_what_the_program_made_is_no_dump_of_a_folder(find: Find, tmp_path: Path) -> None:
    others = ["-wal", "a.json", "b.json-wal", "other.db"]
    (tmp_path / "d").mkdir()
    (tmp_path / "public" / "static").mkdir(parents=True)
    for name in ("public/manifest.tsv", "public/static/base.css", "public/index.html", *others[:3]):
        (tmp_path / name).write_text(name)
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE x (y)")
    with Archive(tmp_path / "a.db", writable=True), Archive(tmp_path / "d/b.db", writable=True):
        assert {path.name for path in tmp_path.iterdir()} > {"a.db", "a.db-wal", "a.db-shm"}
        assert sorted(name.removeprefix("./") for name in find(".").dumps) == others
        assert find("d").errors == ["d: there is no dump in this folder"]
        assert list(find("a.db").dumps) == ["a.db"], "it was named"


def test_folders_may_be_nested_deeper_than_python_recurses(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = sys.getrecursionlimit() + 100
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.json").write_bytes(TEXT)
    try:
        monkeypatch.chdir(tmp_path)
        (dump,) = dumps.find(["d"], ExitStack())
        assert isinstance(dump, Dump)
        assert dump.read() == TEXT
    finally:  # by hand: pytest's own way of removing folders recurses
        for _ in range(depth):
            os.chdir("d")
        Path("x.json").unlink()
        for _ in range(depth):
            os.chdir("..")
            Path("d").rmdir()


def test_a_closed_standard_input_is_said(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert find("-").errors == ["-: there is no standard input"]


def test_standard_input_is_a_dump(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    assert find("-").bytes == {"stdin": TEXT}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_can_be_read_once_is_a_dump(find: Find, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(TEXT,))
    writer.start()
    found = find("pipe")
    writer.join()
    assert found.bytes == {"pipe": TEXT}


def test_what_cannot_be_opened_is_one_line_in_its_place(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "locked").write_bytes(TEXT)
    (tmp_path / "good").write_bytes(TEXT)
    opened = Path.open

    def refuse(path: Path, *args: str) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args)

    monkeypatch.setattr(Path, "open", refuse)
    found = find("missing", "empty", "locked", "x" * 300, "good")
    assert found.errors == [
        "missing: no such file or folder",
        "empty: the file is empty",
        "locked: Permission denied",
        f"{'x' * 300}: File name too long",
    ]
    assert found.bytes == {"good": TEXT}


def test_a_folder_that_may_not_be_read_is_one_error(
    find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "d/locked").mkdir(parents=True)
    (tmp_path / "d/z.json").write_bytes(TEXT)
    listed = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    found = find("d")
    assert found.errors == ["d/locked: Permission denied"]
    assert found.bytes == {"d/z.json": TEXT}


def test_a_full_disk_is_an_error_not_a_crash(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    monkeypatch.setattr("shutil.copyfileobj", full)
    assert find("-").errors == ["-: No space left on device"]


def test_a_page_too_large_for_memory_is_refused(find: Find, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_module, "MAX_LINE", 100)
    (tmp_path / "page").write_bytes(b"x" * 101)
    (dump,) = find("page").dumps.values()
    with pytest.raises(DumpError, match="too large for a single page"):
        dump.read()
    with pytest.raises(DumpError, match=r"page:1: line longer"):
        list(dump.lines())


# -- JSON documents ----------------------------------------------------------------------------------------------------


def documents(data: bytes) -> list[tuple[int, bytes]]:
    return list(Dump("d", lambda: io.BytesIO(data), label="d", source=Path("d")).documents())


def test_documents_come_one_a_line_in_a_row_or_spread_over_lines() -> None:
    assert documents(b'{"a": 1}\n\n  \n{"b": 2}') == [(1, b'{"a": 1}\n'), (4, b'{"b": 2}')]
    assert documents(b'{"a": 1}{"b": 2} [3]\n') == [(1, b'{"a": 1}'), (1, b'{"b": 2}'), (1, b"[3]")]
    assert documents(b'\xef\xbb\xbf{"a": 1}\n') == [(1, b'{"a": 1}\n')]
    assert documents(b'{\n "a": [\n  1\n ]\n}\n{"b":\n2}') == [(1, b'{\n "a": [\n  1\n ]\n}'), (6, b'{"b":\n2}')]
    assert documents(b"") == []


def test_a_list_is_read_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_module, "MAX_LINE", 40)

    def items(data: bytes) -> list[tuple[int, bytes]]:
        return list(Dump("d", lambda: io.BytesIO(data), label="d", source=Path("d")).items())

    long = b"[\n" + b",\n".join(b'{"a": %d}' % number for number in range(100)) + b"\n]\n"
    assert items(long) == [(number + 2, b'{"a": %d}' % number + b"\n" * (number == 99)) for number in range(100)]
    assert items(b'\n [{"a": [1, {}]} ,[2],\n{\n"b": []}]') == [
        (2, b'{"a": [1, {}]}'),
        (2, b"[2]"),
        (3, b'{\n"b": []}'),
    ]
    assert items(b"[]") == items(b"") == items(b"[\n]") == []


def test_brackets_and_quotes_inside_strings_are_text() -> None:
    text = b'{"a":\n "}]{[ \\" \\\\"}\n'
    assert documents(text + text) == [(1, text.rstrip()), (3, text.rstrip())]


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(max_size=3), json_values, max_size=3), max_size=3),
    st.sampled_from(["", "\n", "\n\n"]),
    st.data(),
)
def test_every_way_to_write_documents_reads_the_same(
    values: list[dict[str, object]], between: str, data: st.DataObject
) -> None:
    indents = data.draw(st.lists(st.sampled_from([None, 0, 2]), min_size=len(values), max_size=len(values)))
    ascii_only = data.draw(st.booleans())
    written = [json.dumps(v, indent=i, ensure_ascii=ascii_only) for v, i in zip(values, indents, strict=True)]
    found = documents(between.join(written).encode("utf-8", "surrogatepass"))
    assert [json.loads(document) for _, document in found] == values


def test_a_truncated_document_comes_as_it_is() -> None:
    assert documents(b'{"a": 1}\n{"b": "x') == [(1, b'{"a": 1}\n'), (2, b'{"b": "x')]


def test_a_damaged_line_costs_only_itself() -> None:
    assert documents(b'{"a": 1}\n{"b": "x\n{"c": 3}\n{"d": 4}\n') == [
        (1, b'{"a": 1}\n'),
        (2, b'{"b": "x\n'),
        (3, b'{"c": 3}\n'),
        (4, b'{"d": 4}\n'),
    ]


def test_what_is_no_json_costs_no_line_after_it() -> None:
    assert documents(b'oops\n{"c": 3}\n') == [(1, b"oops\n"), (2, b'{"c": 3}')]
    assert documents(b'oops {"c": 3} "x }\n{"d": 4}\n') == [
        (1, b"oops "),
        (1, b'{"c": 3}'),
        (1, b' "x }\n'),
        (2, b'{"d": 4}'),
    ]


def test_brackets_of_damaged_lines_that_match_do_not_swallow_what_is_between() -> None:
    assert documents(b'{"a"\n{"c": 3}\n}\n') == [(1, b'{"a"\n'), (2, b'{"c": 3}\n'), (3, b"}")]
    assert documents(b'[\n{"c": "\xff"}\n]\n') == [(1, b'[\n{"c": "\xff"}\n]')], "bad UTF-8 is forgiven"


def test_a_damaged_line_in_a_long_file_does_not_hold_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump_module, "MAX_LINE", 1_000)
    found = documents(b'{"b": [\n' + b'{"c": 3}\n' * 10_000)
    assert len(found) == 10_001


@pytest.mark.parametrize(
    "mark", [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b"\n", b"\0", b"\xff", b'\\"', b'"\\', b"[]"]
)
def test_a_megabyte_of_any_mark_is_read_in_linear_time(mark: bytes) -> None:
    data = mark * ((1 << 20) // len(mark))
    for text in (data, b'{"a": "' + data[: 1 << 17], b"{\n" + data[: 1 << 17]):
        assert b"".join(b"".join(d.split()) for _, d in documents(text)) == b"".join(text.split())


class Record(msgspec.Struct):
    id: int | None = None
    text: str | None = None
    more: object = None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"id": "12"}', Record(id=12)),
        (b'{"text": "null"}', Record(text="null")),
        (b'{"text": "a\\u0000b"}', Record(text="a\0b")),
        (b'{"text": "a\0b\tc"}', Record(text="a\0b\tc")),
        (b'{"text": "a\xffb"}', Record(text="a\ufffdb")),
        (b'{"text": "\\ud83d\\ude00"}', Record(text="😀")),
        (b'{"text": "\\ud83d"}', Record(text="\ufffd")),
        (b'{"text": "\\ude00\\ud83d"}', Record(text="\ufffd\ufffd")),
        (b'{"text": "\\ud83d\\ud83d\\ude00"}', Record(text="\ufffd😀")),
        (b'{"text": "\\ud800 \\\\ud83d"}', Record(text="\ufffd \\ud83d")),
        (b'{"\\ud800": 1, "id": 2}', Record(id=2)),
        (b'{"id": 99999999999999999999999}', Record(id=99999999999999999999999)),
    ],
)
def test_json_of_the_wild_is_forgiven(data: bytes, expected: Record) -> None:
    assert decode_json(data, Record) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"id": "x"}',
        b'{"text": 1}',
        b'{"id": 1e400}',
        b'{"id": NaN}',
        b'{"id": ' + b"9" * 10_000 + b"}",
        b'{"more": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"more": ' + b"[" * 10_000 + b'"\\ud800"' + b"]" * 10_000 + b"}",
        b'{"more": ' * 100_000,
    ],
    ids=lambda data: f"{data[:20]!r}",
)
def test_what_is_no_json_of_that_shape_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_json(data, Record)


def test_no_depth_of_nesting_crashes() -> None:
    for depth in range(100, 1_200, 7):
        for inside in (b"1", b'"\\ud800"'):
            data = b'{"more": ' + b"[" * depth + inside + b"]" * depth + b"}"
            with suppress(msgspec.DecodeError):
                decode_json(data, Record)
