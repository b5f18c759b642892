"""What a dump is, once it is unpacked, and what an importer of dumps is."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import zstandard

from archiver.dumps.documents import items, split
from archiver.errors import DumpError
from archiver.model import Moment, Record, Seen, Skip

HEAD_BYTES = 1 << 16
"""How much of a dump an importer is shown to recognise it."""
MAX_LINE = 256 << 20
"""Bytes in one line, or in one document."""

READ_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, tarfile.TarError, zipfile.BadZipFile)
"""What reading a file, packed or not, may raise."""


State = tuple[int, int, int, int]
"""What changes when a file on disk does: device, inode, size, time of its last change."""


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
        self.found: State | None = None
        """What could be seen of ``source`` when it was found, before anything of it was read."""
        self._opener = opener

    def open(self) -> io.BufferedIOBase:
        """Open the unpacked bytes. Raises DumpError with the file's name."""
        try:
            return self._opener()
        except READ_ERRORS as error:
            raise DumpError(f"{self.name}: {reason(error)}") from error

    def check_unchanged(self) -> None:
        """Raises DumpError where the file on disk is not the one that was found."""
        try:
            now = state_of(self.source)
        except OSError:
            now = None
        if now != self.found:
            raise DumpError(
                f"{self.name}: changed while it was read, so nothing of it was kept; import it when it is complete"
            )

    def head(self) -> bytes:
        """The first bytes, for recognising the format; fewer where the rest is damaged. Raises DumpError for none."""
        found = b""
        with self.open() as stream:
            try:
                while len(found) < HEAD_BYTES and (piece := stream.read1(HEAD_BYTES - len(found))):
                    found += piece
            except READ_ERRORS as error:
                if not found:
                    raise DumpError(f"{self.name}: {reason(error)}") from error
        return found

    def read(self) -> bytes:
        """All bytes, for formats that are one document (a saved page). At most MAX_LINE."""
        with self.open() as stream:
            try:
                data = stream.read(MAX_LINE + 1)
            except READ_ERRORS as error:
                raise DumpError(f"{self.name}: {reason(error)}") from error
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
                raise DumpError(f"{self.name}:{number + 1}: {reason(error)}") from error

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """(line it starts on, bytes) of each JSON document: one a line, several in a row, or spread over lines.

        An incomplete one comes as it is; whoever decodes it notices. Complete lines after a damaged one are not lost.
        """
        return split(self.lines(), MAX_LINE)

    def items(self) -> Iterator[tuple[int, bytes]]:
        """The same for each item of the list that the dump is, however many they are."""
        return items(self.lines(), MAX_LINE)


def state_of(path: Path) -> State:
    """What can be seen of a file without reading it. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def reason(error: Exception) -> str:
    """What went wrong, in a clause for people."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, EOFError):
        return "ends in the middle of its compressed data"
    return str(error) or type(error).__name__
