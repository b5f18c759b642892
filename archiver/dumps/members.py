"""Files inside packed files: the members of zips and tars, bounded in number and size."""

from __future__ import annotations

import io
import lzma
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from archiver.dumps.dump import READ_ERRORS, Dump, reason
from archiver.dumps.packing import BOMB, Budget, Share, Stream
from archiver.errors import DumpError

ZIP_ERRORS = (*READ_ERRORS, RuntimeError, ValueError, LookupError, OverflowError, struct.error)
"""What zipfile raises for damaged files; "method not supported" is a RuntimeError."""
ZIPS_OPEN = 8
"""Zips kept open at once: enough for those inside each other, and far from what systems allow."""

_ENCRYPTED = 1
"""Among the flags of a zip's members."""
DIRECTORY_ENTRY = 300
"""Bytes of a zip's directory for each file that it may hold: 46, its path, and what packers add."""

Found = Iterator[tuple[Dump, int] | DumpError]
"""Members, each with its packed size."""


class Zips:
    """Zips open on demand, the one that was used longest ago closed again; a folder may hold thousands."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, zipfile.ZipFile] = OrderedDict()

    def get(self, path: Path) -> zipfile.ZipFile:
        """The zip, open. What is being read from one goes on when it is closed here."""
        archive = self._open.pop(path, None)
        if archive is None:
            if len(self._open) >= ZIPS_OPEN:
                self._open.popitem(last=False)[1].close()
            archive = zipfile.ZipFile(path)
        self._open[path] = archive
        return archive

    def close(self) -> None:
        """Close all."""
        for archive in self._open.values():
            archive.close()
        self._open.clear()


class _Bounded(io.FileIO):
    """A zip whose directory is not read if it is too long: zipfile holds nine times as much in memory."""

    def __init__(self, path: Path, name: str, budget: Budget) -> None:
        super().__init__(path)
        self._name = name
        self._longest = budget.limits.members * DIRECTORY_ENTRY

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._longest:
            raise DumpError(f"{self._name}: has a directory of {size:,} bytes; {BOMB}")
        return super().read(size)


def _check_directory(path: Path, name: str, budget: Budget) -> None:
    """Raises DumpError where it would take too much memory, and what zipfile raises."""
    with _Bounded(path, name, budget) as file:
        if file.seek(0, io.SEEK_END) > budget.limits.members * DIRECTORY_ENTRY:
            zipfile.ZipFile(file).close()


def zip_members(dump: Dump, path: Path, zips: Zips, budget: Budget) -> Found:
    """The files in a zip, which lies at ``path``."""
    seen: dict[str, int] = {}
    try:
        _check_directory(path, dump.name, budget)
        infos = sorted(zips.get(path).infolist(), key=lambda info: info.filename)
    except ZIP_ERRORS as error:
        yield DumpError(f"{dump.name}: {reason(error)}")
        return
    for info in infos:
        if not info.filename or info.is_dir() or Path(info.filename).name.startswith("."):
            continue
        name = f"{dump.name}/{info.filename}"
        budget.enter(dump.name)
        if info.file_size > budget.allowed(info.compress_size):
            sizes = f"{info.file_size:,} bytes from {info.compress_size:,}"
            yield DumpError(f"{name}: unpacks to {sizes}; {BOMB}")
            continue
        share = Share(name, info.compress_size, budget)
        opener = partial(_open_member, zips, path, info, name, share)
        yield member(dump, _unique(info.filename, seen), opener), info.compress_size


def _open_member(zips: Zips, path: Path, info: zipfile.ZipInfo, name: str, share: Share) -> io.BufferedIOBase:
    if info.flag_bits & _ENCRYPTED:
        raise DumpError(f"{name}: is encrypted; unpack it first")
    try:
        stream: Any = zips.get(path).open(info)
    except ZIP_ERRORS as error:
        raise DumpError(f"{name}: {reason(error)}") from error
    return share.stream(stream, stream)


def tar_members(dump: Dump, workplace: ExitStack, packed_size: int, budget: Budget) -> Found:
    """Members are copied out first: a packed tar can only be read from front to back."""
    folder = Path(workplace.enter_context(tempfile.TemporaryDirectory(prefix="archiver-")))
    largest = budget.allowed(packed_size)
    seen: dict[str, int] = {}
    with dump.open() as stream, tarfile.open(fileobj=cast(BinaryIO, stream), mode="r|") as archive:
        for number, info in enumerate(archive):
            content = archive.extractfile(info) if info.isreg() else None
            if content is None or Path(info.name).name.startswith("."):
                continue
            budget.enter(dump.name)
            if info.size > largest:  # a sparse file claims any size
                yield DumpError(f"{dump.name}/{info.name}: unpacks to {info.size:,} bytes; {BOMB}")
                continue
            budget.spend(dump.name, info.size if info.issparse() else 0)
            copy = folder / str(number)
            cut_off = _copy(content, copy)
            yield member(dump, _unique(info.name, seen), partial(reopen, copy)), info.size
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


def member(dump: Dump, path: str, opener: Callable[[], io.BufferedIOBase]) -> Dump:
    """A dump inside another."""
    name, label, inside = (f"{outer}/{path}" for outer in (dump.name, dump.label, dump.member))
    return Dump(
        name,
        opener,
        label=label,
        source=dump.source,
        member=inside,
        captured=dump.captured,
        keep_deleted=dump.keep_deleted,
    )


def spool(stream: Stream, workplace: ExitStack) -> Path:
    """Copy a stream that can be read only once to a temporary file."""
    folder = workplace.enter_context(tempfile.TemporaryDirectory(prefix="archiver-"))
    path = Path(folder) / "dump"
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)
    return path


def reopen(path: Path) -> io.BufferedIOBase:
    """Open a file on disk."""
    return path.open("rb")
