"""Opens what people have: files, folders, standard input, packed or not, as named byte streams.

Packing is recognised by magic bytes, never by name. Everything unpacked is bounded: a stream that grows past
``MAX_RATIO`` times its packed size is a bomb, not a dump.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import re
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar, cast

import msgspec
import zstandard

from archiver.errors import DumpError
from archiver.model import Moment, Record, Seen, Skip

HEAD_BYTES = 1 << 16
"""How much of a dump an importer is shown to recognise it."""
MAX_RATIO = 300
"""Unpacked bytes allowed per packed byte; real dumps stay below 30."""
MAX_UNPACKED_ALWAYS = 64 << 20
"""Bytes that may always be unpacked, whatever the ratio."""
MAX_LINE = 256 << 20
"""Bytes in one line."""
MAX_NESTING = 4
"""Packed files inside packed files."""
ZSTD_WINDOW = 1 << 31
"""Reddit's monthly dumps are packed with a window of 2 GiB."""

READ_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, tarfile.TarError, zipfile.BadZipFile)

T = TypeVar("T")
_Stream = BinaryIO | io.BufferedIOBase


class Importer(msgspec.Struct, frozen=True, kw_only=True):
    """A dump format: two questions and their answers. One file in importers/ each."""

    name: str
    """As ``--format`` takes it."""
    title: str
    """What it reads, for people: "Lemmy thread page saved as text from mlmym"."""
    recognise: Callable[[bytes], bool]
    """Is a dump that starts with these bytes (at most HEAD_BYTES) of this format?"""
    read: Callable[[Dump], Iterator[Record | Skip | Seen]]
    """Everything in the dump; raises DumpError where it cannot go on."""
    origin: Callable[[Dump], str | None] | None = None
    """The host a dump was captured from, where it says so; lets files of one folder help each other."""


class Dump:
    """One unpacked file of a dump, readable as often as needed."""

    def __init__(
        self,
        name: str,
        opener: Callable[[], io.BufferedIOBase],
        *,
        label: str,
        source: Path,
        member: str = "",
        captured: Moment | None = None,
        keep_deleted: bool = False,
    ) -> None:
        self.name = name
        """For messages: the path as given, members of packed files as ``a.zip/b.json``."""
        self.label = label
        """For the archive: the name without the folders of this machine."""
        self.source = source
        """The file on disk that holds it (standard input: its temporary copy)."""
        self.member = member
        """Its path inside a packed file; empty where the file on disk is the dump."""
        self.captured = captured
        """When the user says it was captured."""
        self.keep_deleted = keep_deleted
        """Keep the text of deleted and removed posts and comments."""
        self.origin: str | None = None
        """Host that files beside this one were captured from; set before reading."""
        self._opener = opener

    def open(self) -> io.BufferedIOBase:
        """Open the unpacked bytes. Raises DumpError with the file's name."""
        try:
            return self._opener()
        except READ_ERRORS as error:
            raise DumpError(f"{self.name}: {_reason(error)}") from error

    def head(self) -> bytes:
        """The first bytes, for recognising the format; fewer where the rest is damaged. Raises DumpError for none."""
        found = b""
        with self.open() as stream:
            try:
                while len(found) < HEAD_BYTES and (piece := stream.read1(HEAD_BYTES - len(found))):
                    found += piece
            except READ_ERRORS as error:
                if not found:
                    raise DumpError(f"{self.name}: {_reason(error)}") from error
        return found

    def read(self) -> bytes:
        """All bytes, for formats that are one document (a saved page). At most MAX_LINE."""
        with self.open() as stream:
            try:
                data = stream.read(MAX_LINE + 1)
            except READ_ERRORS as error:
                raise DumpError(f"{self.name}: {_reason(error)}") from error
        if len(data) > MAX_LINE:
            raise DumpError(f"{self.name}: larger than {MAX_LINE >> 20} MiB, too large for a single page")
        return data

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """(line number from 1, line with its end) for each line; raises DumpError at the line that cannot be read."""
        number = 0
        with self.open() as stream:
            try:
                while line := stream.readline(MAX_LINE):
                    number += 1
                    if len(line) == MAX_LINE and not line.endswith(b"\n"):
                        raise DumpError(f"{self.name}:{number}: line longer than {MAX_LINE >> 20} MiB")
                    yield number, line
            except READ_ERRORS as error:
                raise DumpError(f"{self.name}:{number + 1}: {_reason(error)}") from error

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """(line it starts on, bytes) of each JSON document: one a line, several in a row, or spread over lines.

        An incomplete one comes as it is; whoever decodes it notices. Complete lines after a damaged one are not lost.
        """
        buffer: list[tuple[int, bytes]] = []
        depth = held = 0
        for number, line in self.lines():
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not buffer:
                if text.isspace():
                    continue
                if _is_document(text):
                    yield number, text
                    continue
            begin = 0
            for token in _JSON_TOKEN.finditer(text):
                mark = token[0]
                if mark in b"{[":
                    depth += 1
                elif mark in b"}]":
                    depth -= 1
                    if depth <= 0:
                        yield _joined([*buffer, (number, text[begin : token.end()])])
                        buffer, begin, depth, held = [], token.end(), 0, 0
            if text[begin:].strip():
                buffer.append((number, text[begin:]))
                held += len(text) - begin
            if held > MAX_LINE:
                yield from _salvaged(buffer)
                buffer, depth, held = [], 0, 0
        yield from _salvaged(buffer)


def _joined(lines: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    return lines[0][0], b"".join(line for _, line in lines)


def _salvaged(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """What lines hold that never became a document: objects of one line each, and the damaged pieces between."""
    damaged: list[tuple[int, bytes]] = []
    for number, line in lines:
        if line.startswith(b"{") and _is_document(line):
            if damaged:
                yield _joined(damaged)
            damaged = []
            yield number, line
        else:
            damaged.append((number, line))
    if damaged:
        yield _joined(damaged)


# A JSON string (to skip it) or a bracket. The closing quote is optional, so that no input makes it backtrack.
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)


def _is_document(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def decode_json(data: bytes, kind: type[T]) -> T:
    """Decode one JSON document into typed records, forgiving what JSON of the wild gets wrong in its text.

    Numbers in strings count as numbers where ``kind`` wants one; control characters in strings stay; bytes that are
    not UTF-8 and lone surrogates become U+FFFD. Raises msgspec.DecodeError (with msgspec's words) for anything that is
    not JSON or not of that shape.
    """
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec refuses lone surrogates, bad UTF-8 and control characters, which the standard library lets through.
        try:
            loose: Any = json.loads(data.decode("utf-8", "replace"), strict=False)
            clean = _SURROGATE.sub("\ufffd", json.dumps(loose, ensure_ascii=False))
            return msgspec.json.decode(clean, type=kind, strict=False)
        except (ValueError, RecursionError):
            raise msgspec.DecodeError(str(error) or "nested too deep") from error


# Pairs of them are one character by then.
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Readable(Protocol):
    """A stream that gives what it has; reading on to the asked size would lose what stands before a damage."""

    def read1(self, size: int = -1, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream that refuses to unpack more than its share."""

    def __init__(self, name: str, stream: _Readable, packed_size: int, *closing: AbstractContextManager[Any]) -> None:
        self._name = name
        self._stream = stream
        self._left = max(MAX_UNPACKED_ALWAYS, packed_size * MAX_RATIO)
        self._closing = closing

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DumpError(
                f"{self._name}: unpacks to more than {MAX_RATIO} times its size; that is a bomb, not a dump"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        for resource in self._closing:
            resource.__exit__(None, None, None)
        super().close()


def find(arguments: list[str], workplace: ExitStack, **options: Any) -> Iterator[Dump | DumpError]:
    """Every dump that the arguments name, unpacked; what cannot be opened comes as an error in its place.

    ``-`` is standard input; folders are walked in name order, hidden files left out. Temporary files live as long as
    ``workplace``. ``options`` go to each Dump.
    """
    for argument in arguments:
        try:
            yield from _found(argument, workplace, options)
        except OSError as error:
            yield DumpError(f"{argument}: {_reason(error)}")


def _found(argument: str, workplace: ExitStack, options: dict[str, Any]) -> Iterator[Dump | DumpError]:
    path = Path(argument)
    if argument == "-":
        yield from _unpack("stdin", "stdin", _spool(sys.stdin.buffer, workplace), workplace, options)
    elif not path.exists():
        yield DumpError(f"{argument}: no such file or folder")
    elif path.is_dir():
        for inner in _walk(path):
            if isinstance(inner, DumpError):
                yield inner
                continue
            label = f"{path.resolve().name}/{inner.relative_to(path).as_posix()}"
            yield from _unpack(str(inner), label, inner, workplace, options)
    elif path.is_fifo():  # such as a shell's <(…), which can be read only once
        with path.open("rb") as stream:
            copy = _spool(stream, workplace)
        yield from _unpack(argument, path.name, copy, workplace, options)
    else:
        yield from _unpack(argument, path.name, path, workplace, options)


def sha256(path: Path) -> str:
    """Checksum of the file as it lies there, packed or not. Raises DumpError."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DumpError(f"{path}: {_reason(error)}") from error


def _walk(folder: Path) -> Iterator[Path | DumpError]:
    """Files below a folder, each folder's entries in name order."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            if path != folder and (path.is_symlink() or not path.is_dir()):
                if path.is_file():
                    yield path
                continue
            inside = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        except OSError as error:
            yield DumpError(f"{path}: {_reason(error)}")
            continue
        waiting += sorted(inside, reverse=True)


def _spool(stream: _Stream, workplace: ExitStack) -> Path:
    """Copy a stream that can be read only once to a temporary file."""
    folder = workplace.enter_context(tempfile.TemporaryDirectory(prefix="archiver-"))
    path = Path(folder) / "dump"
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return path


def _unpack(
    name: str, label: str, path: Path, workplace: ExitStack, options: dict[str, Any]
) -> Iterator[Dump | DumpError]:
    """The dumps in one file on disk."""
    try:
        dump = Dump(name, partial(_reopen, path), label=label, source=path, **options)
        yield from _layers(dump, workplace, options, 0)
    except DumpError as error:
        yield error if str(error).startswith(name) else DumpError(f"{name}: {error}")
    except READ_ERRORS as error:
        yield DumpError(f"{name}: {_reason(error)}")


def _layers(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    head = dump.head()
    if not head:
        yield DumpError(f"{dump.name}: the file is empty")
        return
    if depth > MAX_NESTING:
        yield DumpError(f"{dump.name}: packed more than {MAX_NESTING} times")
        return
    if opener := _decompressor(dump, head):
        inner = Dump(dump.name, opener, label=dump.label, source=dump.source, member=dump.member, **options)
        yield from _layers(inner, workplace, options, depth + 1)
    elif head.startswith(b"PK\x03\x04"):
        yield from _zip_members(dump, workplace, options, depth)
    elif head[257:262] == b"ustar":
        yield from _tar_members(dump, workplace, options, depth)
    else:
        yield dump


def _decompressor(dump: Dump, head: bytes) -> Callable[[], io.BufferedIOBase] | None:
    """How to open a compressed file unpacked; None if it is not compressed."""
    size = dump.source.stat().st_size

    def opened(unpack: Callable[[Any], _Readable]) -> Callable[[], io.BufferedIOBase]:
        def opener() -> io.BufferedIOBase:
            packed = dump.open()
            return io.BufferedReader(_Bounded(dump.name, unpack(packed), size, packed), 1 << 18)

        return opener

    if head.startswith(b"\x1f\x8b"):
        return opened(lambda stream: gzip.GzipFile(fileobj=stream))
    if head.startswith(b"BZh"):
        return opened(bz2.BZ2File)
    if head.startswith(b"\xfd7zXZ\0"):
        return opened(lzma.LZMAFile)
    if head.startswith((b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18")):
        return opened(_Zstd)
    return None


class _Zstd:
    """A reader of zstd frames that notices when the last one is cut off, which the library's own passes over."""

    CHUNK = 1 << 13
    """Packed bytes unpacked at a time; small, because a hostile frame grows 30,000-fold."""

    def __init__(self, packed: _Stream) -> None:
        self._packed = packed
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._ready = b""
        self._rest = b""

    def read1(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes, from as few packed ones as give any."""
        while not self._ready:
            chunk = self._rest or self._packed.read(self.CHUNK)
            self._rest = b""
            if not chunk:
                if self._frame:
                    raise EOFError
                return b""
            self._frame = self._frame or self._unpacker.decompressobj()
            self._ready = self._frame.decompress(chunk)
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


def _zip_members(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    packed = workplace.enter_context(dump.open() if depth == 0 else _spool_layer(dump, workplace).open("rb"))
    archive = workplace.enter_context(zipfile.ZipFile(packed))
    seen: dict[str, int] = {}
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        name = f"{dump.name}/{info.filename}"
        if info.is_dir() or Path(info.filename).name.startswith("."):
            continue
        if info.file_size > max(MAX_UNPACKED_ALWAYS, info.compress_size * MAX_RATIO):
            yield DumpError(f"{name}: unpacks to {info.file_size:,} bytes from {info.compress_size:,}; that is a bomb")
            continue

        def opener(info: zipfile.ZipInfo = info, name: str = name) -> io.BufferedIOBase:
            stream: Any = archive.open(info)
            return io.BufferedReader(_Bounded(name, stream, info.compress_size, stream), 1 << 18)

        try:
            inner = _member(dump, _unique(info.filename, seen), opener, options)
            yield from _layers(inner, workplace, options, depth + 1)
        except (RuntimeError, NotImplementedError) as error:  # how zipfile says "encrypted" and "method not supported"
            yield DumpError(f"{name}: {error}")
        except READ_ERRORS as error:
            yield DumpError(f"{name}: {_reason(error)}")
        except DumpError as error:
            yield error


def _tar_members(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    """Members are copied out first: a packed tar can only be read from front to back."""
    folder = Path(workplace.enter_context(tempfile.TemporaryDirectory(prefix="archiver-")))
    largest = max(MAX_UNPACKED_ALWAYS, dump.source.stat().st_size * MAX_RATIO)
    seen: dict[str, int] = {}
    with dump.open() as stream, tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as archive:
        for number, member in enumerate(archive):
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or Path(member.name).name.startswith("."):
                continue
            if member.size > largest:  # a sparse file claims any size
                yield DumpError(f"{dump.name}/{member.name}: unpacks to {member.size:,} bytes; that is a bomb")
                continue
            copy = folder / str(number)
            cut_off = _copy(content, copy)
            inner = _member(dump, _unique(member.name, seen), partial(_reopen, copy), options)
            try:
                yield from _layers(inner, workplace, options, depth + 1)
            except READ_ERRORS as error:
                yield DumpError(f"{inner.name}: {_reason(error)}")
            except DumpError as error:
                yield error
            if cut_off:
                raise cut_off


def _copy(content: Any, copy: Path) -> Exception | None:
    """Copy a member out, as far as it can be read; the error where it cannot."""
    with copy.open("wb") as target:
        try:
            shutil.copyfileobj(content, target, tarfile.BLOCKSIZE)
        except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            return error
    return None


def _unique(path: str, seen: dict[str, int]) -> str:
    """The path of a member, with a number where an earlier one has the same."""
    seen[path] = seen.get(path, 0) + 1
    return path if seen[path] == 1 else f"{path}#{seen[path]}"


def _member(dump: Dump, path: str, opener: Callable[[], io.BufferedIOBase], options: dict[str, Any]) -> Dump:
    name, label, member = (f"{outer}/{path}" for outer in (dump.name, dump.label, dump.member))
    return Dump(name, opener, label=label, source=dump.source, member=member, **options)


def _spool_layer(dump: Dump, workplace: ExitStack) -> Path:
    with dump.open() as stream:
        return _spool(stream, workplace)


def _reopen(path: Path) -> io.BufferedIOBase:
    return path.open("rb")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, EOFError):
        return "ends in the middle of its compressed data"
    return str(error) or type(error).__name__
