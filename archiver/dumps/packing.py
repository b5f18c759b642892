"""Compressed streams: recognised by their first bytes, never by name, and bounded.

What grows past its share is a bomb, not a dump: one stream past ``Limits.ratio`` times its packed size, all that comes
out of one file past ``Limits.size``, its members past ``Limits.members``.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol

import msgspec
import zstandard

from archiver.dumps.dump import Dump
from archiver.errors import DumpError

BOMB = "that is a bomb, not a dump (--trust-packed allows more)"
MAX_UNPACKED_ALWAYS = 64 << 20
"""Bytes that one stream may always unpack to, whatever the ratio."""
MAX_TOTAL_ALWAYS = 1 << 30
"""Bytes that all streams of one file may always unpack to together."""
ZSTD_WINDOW = 1 << 31
"""Reddit's monthly dumps are packed with a window of 2 GiB."""

Stream = BinaryIO | io.BufferedIOBase


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may come out of one packed file."""

    ratio: int = 300
    """Unpacked bytes for each packed one; real dumps stay below 30."""
    size: int = 4 << 40
    """Unpacked bytes in all; a month of Reddit's comments has a tenth of that."""
    members: int = 100_000
    """Files in an archive, those of archives inside it included."""

    def times(self, factor: int) -> Limits:
        """So many times as much of everything."""
        return Limits(ratio=self.ratio * factor, size=self.size * factor, members=self.members * factor)


class Budget:
    """What may still come out of one file on disk, whatever is packed inside what."""

    def __init__(self, packed_size: int, limits: Limits) -> None:
        self.limits = limits
        self._bytes = min(limits.size, max(MAX_TOTAL_ALWAYS, packed_size * limits.ratio))
        self._members = limits.members

    def allowed(self, packed_size: int) -> int:
        """How many bytes one stream of so many packed ones may unpack to."""
        return max(MAX_UNPACKED_ALWAYS, packed_size * self.limits.ratio)

    def spend(self, name: str, count: int) -> None:
        """Take account of unpacked bytes; raises DumpError where they have become too many."""
        self._bytes -= count
        if self._bytes < 0:
            raise DumpError(f"{name}: all that is packed with it unpacks to too many bytes; {BOMB}")

    def enter(self, name: str) -> None:
        """Take account of a member; raises DumpError where they have become too many."""
        self._members -= 1
        if self._members < 0:
            raise DumpError(f"{name}: packed with more than {self.limits.members:,} files; {BOMB}")


def decompressor(dump: Dump, head: bytes, packed_size: int, budget: Budget) -> Callable[[], io.BufferedIOBase] | None:
    """How to open a compressed file unpacked; None if it is not compressed."""
    if head.startswith(b"\x1f\x8b"):
        unpack: Callable[[Any], Readable] = lambda stream: gzip.GzipFile(fileobj=stream)  # noqa: E731
    elif head.startswith(b"BZh"):
        unpack = bz2.BZ2File
    elif head.startswith(b"\xfd7zXZ\0"):
        unpack = lzma.LZMAFile
    elif head.startswith((b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18")):
        unpack = _Zstd
    else:
        return None
    share = Share(dump.name, packed_size, budget)

    def opener() -> io.BufferedIOBase:
        packed = dump.open()
        return share.stream(unpack(packed), packed)

    return opener


class Readable(Protocol):
    """A stream that gives what it has; reading on to the asked size would lose what stands before a damage."""

    def read1(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class Share:
    """The part of a budget that one packed stream may use, however often it is read."""

    def __init__(self, name: str, packed_size: int, budget: Budget) -> None:
        self._name = name
        self._budget = budget
        self._allowed = budget.allowed(packed_size)
        self._counted = 0

    def stream(self, unpacked: Readable, *closing: AbstractContextManager[Any]) -> io.BufferedReader:
        """``unpacked``, bounded."""
        return io.BufferedReader(_Bounded(unpacked, self.reach, closing), 1 << 18)

    def reach(self, position: int) -> None:
        """Take account of the bytes up to ``position``; raises DumpError where they have become too many."""
        if position > self._allowed:
            ratio = self._budget.limits.ratio
            raise DumpError(f"{self._name}: unpacks to more than {ratio} times its size; {BOMB}")
        if position > self._counted:
            self._budget.spend(self._name, position - self._counted)
            self._counted = position


class _Bounded(io.RawIOBase):
    """A stream that says how far it was read, and closes what it reads from."""

    def __init__(
        self, stream: Readable, reach: Callable[[int], None], closing: tuple[AbstractContextManager[Any], ...]
    ) -> None:
        self._stream = stream
        self._reach = reach
        self._position = 0
        self._closing = closing

    def readable(self) -> bool:
        """As io.BufferedReader asks for it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what can be filled; raises DumpError where it has become too much."""
        data = self._stream.read1(len(buffer))
        self._position += len(data)
        self._reach(self._position)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close what it reads from, too."""
        for resource in self._closing:
            resource.__exit__(None, None, None)
        super().close()


class _Zstd:
    """A reader of zstd frames that notices when the last one is cut off, which the library's own passes over."""

    CHUNK = 1 << 13
    """Packed bytes unpacked at a time; small, because a hostile frame grows 30,000-fold."""

    def __init__(self, packed: Stream) -> None:
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
