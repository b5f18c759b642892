"""Finds the dumps that users name: files, folders, standard input, members of packed files."""

from __future__ import annotations

import hashlib
import io
import lzma
import shutil
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from archiver.dumps.dump import READ_ERRORS, Dump, reason
from archiver.dumps.packing import Bounded, Stream, allowed, decompressor
from archiver.errors import DumpError

MAX_NESTING = 4
"""Packed files inside packed files."""


def find(arguments: list[str], workplace: ExitStack, **options: Any) -> Iterator[Dump | DumpError]:
    """Every dump that the arguments name, unpacked; what cannot be opened comes as an error in its place.

    ``-`` is standard input; folders are walked in name order, hidden files left out. Temporary files live as long as
    ``workplace``. ``options`` go to each Dump.
    """
    for argument in arguments:
        try:
            yield from _found(argument, workplace, options)
        except OSError as error:
            yield DumpError(f"{argument}: {reason(error)}")


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
        raise DumpError(f"{path}: {reason(error)}") from error


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
            yield DumpError(f"{path}: {reason(error)}")
            continue
        waiting += sorted(inside, reverse=True)


def _spool(stream: Stream, workplace: ExitStack) -> Path:
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
        yield DumpError(f"{name}: {reason(error)}")


def _layers(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    head = dump.head()
    if not head:
        yield DumpError(f"{dump.name}: the file is empty")
        return
    if depth > MAX_NESTING:
        yield DumpError(f"{dump.name}: packed more than {MAX_NESTING} times")
        return
    if opener := decompressor(dump, head):
        inner = Dump(dump.name, opener, label=dump.label, source=dump.source, member=dump.member, **options)
        yield from _layers(inner, workplace, options, depth + 1)
    elif head.startswith(b"PK\x03\x04"):
        yield from _zip_members(dump, workplace, options, depth)
    elif head[257:262] == b"ustar":
        yield from _tar_members(dump, workplace, options, depth)
    else:
        yield dump


def _zip_members(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    packed = workplace.enter_context(dump.open() if depth == 0 else _spool_layer(dump, workplace).open("rb"))
    archive = workplace.enter_context(zipfile.ZipFile(packed))
    seen: dict[str, int] = {}
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        name = f"{dump.name}/{info.filename}"
        if info.is_dir() or Path(info.filename).name.startswith("."):
            continue
        if info.file_size > allowed(info.compress_size):
            yield DumpError(f"{name}: unpacks to {info.file_size:,} bytes from {info.compress_size:,}; that is a bomb")
            continue

        def opener(info: zipfile.ZipInfo = info, name: str = name) -> io.BufferedIOBase:
            stream: Any = archive.open(info)
            return io.BufferedReader(Bounded(name, stream, info.compress_size, stream), 1 << 18)

        try:
            inner = _member(dump, _unique(info.filename, seen), opener, options)
            yield from _layers(inner, workplace, options, depth + 1)
        except (RuntimeError, NotImplementedError) as error:  # how zipfile says "encrypted" and "method not supported"
            yield DumpError(f"{name}: {error}")
        except READ_ERRORS as error:
            yield DumpError(f"{name}: {reason(error)}")
        except DumpError as error:
            yield error


def _tar_members(dump: Dump, workplace: ExitStack, options: dict[str, Any], depth: int) -> Iterator[Dump | DumpError]:
    """Members are copied out first: a packed tar can only be read from front to back."""
    folder = Path(workplace.enter_context(tempfile.TemporaryDirectory(prefix="archiver-")))
    largest = allowed(dump.source.stat().st_size)
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
                yield DumpError(f"{inner.name}: {reason(error)}")
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
