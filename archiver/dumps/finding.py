"""Finds the dumps that users name: files, folders, standard input, members of packed files."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from archiver.dumps import members
from archiver.dumps.dump import READ_ERRORS, Dump, reason, state_of
from archiver.dumps.members import Zips, reopen, spool
from archiver.dumps.packing import Budget, Limits, decompressor
from archiver.errors import DumpError
from archiver.own import is_own

MAX_NESTING = 4
"""Packed files inside packed files."""


def find(
    arguments: list[str], workplace: ExitStack, limits: Limits | None = None, **options: Any
) -> Iterator[Dump | DumpError]:
    """Every dump that the arguments name, unpacked; what cannot be opened comes as an error in its place.

    ``-`` is standard input; folders are walked in name order, hidden files left out, archive files and sites too.
    Temporary files live as long as ``workplace``. ``options`` go to each Dump.
    """
    finder = _Finder(workplace, limits or Limits(), options)
    for argument in arguments:
        try:
            yield from finder.found(argument)
        except OSError as error:
            yield DumpError(f"{argument}: {reason(error)}")


def again(name: str, label: str, path: Path, workplace: ExitStack, limits: Limits, **options: Any) -> Dump:
    """A dump that was found before and is a file of its own, in another process. Raises DumpError."""
    found = list(_Finder(workplace, limits, options).unpacked(name, label, path))
    if len(found) == 1 and isinstance(found[0], Dump):
        return found[0]
    raise next((one for one in found if isinstance(one, DumpError)), DumpError(f"{name}: changed while it was read"))


def sha256(path: Path) -> str:
    """Checksum of the file as it lies there, packed or not. Raises DumpError."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DumpError(f"{path}: {reason(error)}") from error


def files(argument: str) -> Iterator[tuple[str, Path] | DumpError]:
    """(name in the archive, path) of each file that an argument names, as it lies there, packed or not."""
    path = Path(argument)
    if not path.exists():
        yield DumpError(f"{argument}: no such file or folder")
    elif not path.is_dir():
        yield path.name, path
    else:
        for inner in _walk(path):
            yield inner if isinstance(inner, DumpError) else (_label(path, inner), inner)


def _label(folder: Path, inner: Path) -> str:
    """The name of a file of a folder without the folders of this machine."""
    return f"{folder.resolve().name}/{inner.relative_to(folder).as_posix()}"


def _walk(folder: Path) -> Iterator[Path | DumpError]:
    """Files below a folder, each folder's entries in name order, without what the program itself made there."""
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            if path != folder and (path.is_symlink() or not path.is_dir()):
                if path.is_file():
                    yield path
                continue
            inside = [entry for entry in path.iterdir() if not entry.name.startswith(".") and not is_own(entry)]
        except OSError as error:
            yield DumpError(f"{path}: {reason(error)}")
            continue
        waiting += sorted(inside, reverse=True)


class _Finder:
    """What finding has to hold on to: temporary files, the zips that are open, what is allowed."""

    def __init__(self, workplace: ExitStack, limits: Limits, options: dict[str, Any]) -> None:
        self._workplace = workplace
        self._limits = limits
        self._options = options
        self._zips = Zips()
        workplace.callback(self._zips.close)

    def found(self, argument: str) -> Iterator[Dump | DumpError]:
        """The dumps that one argument names."""
        path = Path(argument)
        if argument == "-" and sys.stdin is None:
            yield DumpError("-: there is no standard input")
        elif argument == "-":
            yield from self.unpacked("stdin", "stdin", spool(sys.stdin.buffer, self._workplace))
        elif not path.exists():
            yield DumpError(f"{argument}: no such file or folder")
        elif path.is_dir():
            inner: Path | DumpError | None = None
            for inner in _walk(path):
                if isinstance(inner, DumpError):
                    yield inner
                    continue
                yield from self.unpacked(str(inner), _label(path, inner), inner)
            if inner is None:
                yield DumpError(f"{argument}: there is no dump in this folder")
        elif path.is_fifo():  # such as a shell's <(…), which can be read only once
            with path.open("rb") as stream:
                copy = spool(stream, self._workplace)
            yield from self.unpacked(argument, path.name, copy)
        else:
            yield from self.unpacked(argument, path.name, path)

    def unpacked(self, name: str, label: str, path: Path) -> Iterator[Dump | DumpError]:
        """The dumps in one file on disk."""
        try:
            state = state_of(path)
            size = state[2]
            dump = Dump(name, partial(reopen, path), label=label, source=path, **self._options)
            for found in self._layers(dump, size, Budget(size, self._limits), 0):
                if isinstance(found, Dump):
                    found.found = state
                yield found
        except DumpError as error:
            yield error if str(error).startswith(name) else DumpError(f"{name}: {error}")
        except READ_ERRORS as error:
            yield DumpError(f"{name}: {reason(error)}")

    def _layers(self, dump: Dump, size: int, budget: Budget, depth: int) -> Iterator[Dump | DumpError]:
        """The dumps in a file of so many bytes, which may itself be inside others."""
        head = dump.head()
        if not head:
            yield DumpError(f"{dump.name}: the file is empty")
            return
        if depth > MAX_NESTING:
            yield DumpError(f"{dump.name}: packed more than {MAX_NESTING} times")
            return
        if opener := decompressor(dump, head, size, budget):
            inner = Dump(dump.name, opener, label=dump.label, source=dump.source, member=dump.member, **self._options)
            yield from self._layers(inner, size, budget, depth + 1)
        elif head.startswith(b"PK\x03\x04"):
            yield from self._inside(
                members.zip_members(dump, self._path(dump, depth), self._zips, budget), budget, depth
            )
        elif head[257:262] == b"ustar":
            yield from self._inside(members.tar_members(dump, self._workplace, size, budget), budget, depth)
        else:
            yield dump

    def _inside(self, found: members.Found, budget: Budget, depth: int) -> Iterator[Dump | DumpError]:
        for inner in found:
            if isinstance(inner, DumpError):
                yield inner
                continue
            dump, size = inner
            try:
                yield from self._layers(dump, size, budget, depth + 1)
            except READ_ERRORS as error:
                yield DumpError(f"{dump.name}: {reason(error)}")
            except DumpError as error:
                yield error

    def _path(self, dump: Dump, depth: int) -> Path:
        """Where a zip lies on disk, since it has to be read from its end; one inside another is copied out."""
        if depth == 0:
            return dump.source
        with dump.open() as stream:
            return spool(stream, self._workplace)
