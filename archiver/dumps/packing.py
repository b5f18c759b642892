"""Compressed streams: recognised by their first bytes, never by name, and bounded.

A stream that grows past ``MAX_RATIO`` times its packed size is a bomb, not a dump.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol

import zstandard

from archiver.dumps.dump import Dump
from archiver.errors import DumpError

MAX_RATIO = 300
"""Unpacked bytes allowed per packed byte; real dumps stay below 30."""
MAX_UNPACKED_ALWAYS = 64 << 20
"""Bytes that may always be unpacked, whatever the ratio."""
ZSTD_WINDOW = 1 << 31
"""Reddit's monthly dumps are packed with a window of 2 GiB."""

Stream = BinaryIO | io.BufferedIOBase


def allowed(packed_size: int) -> int:
    """How many bytes may come out of so many packed ones."""
    return max(MAX_UNPACKED_ALWAYS, packed_size * MAX_RATIO)


def decompressor(dump: Dump, head: bytes) -> Callable[[], io.BufferedIOBase] | None:
    """How to open a compressed file unpacked; None if it is not compressed."""
    size = dump.source.stat().st_size

    def opened(unpack: Callable[[Any], Readable]) -> Callable[[], io.BufferedIOBase]:
        def opener() -> io.BufferedIOBase:
            packed = dump.open()
            return io.BufferedReader(Bounded(dump.name, unpack(packed), size, packed), 1 << 18)

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


class Readable(Protocol):
    """A stream that gives what it has; reading on to the asked size would lose what stands before a damage."""

    def read1(self, size: int = -1, /) -> bytes:
        """At most ``size`` bytes; none at the end."""
        ...


class Bounded(io.RawIOBase):
    """A stream that refuses to unpack more than its share."""

    def __init__(self, name: str, stream: Readable, packed_size: int, *closing: AbstractContextManager[Any]) -> None:
        self._name = name
        self._stream = stream
        self._left = allowed(packed_size)
        self._closing = closing

    def readable(self) -> bool:
        """As io.BufferedReader asks for it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill what can be filled; raises DumpError where it has become too much."""
        data = self._stream.read1(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise DumpError(
                f"{self._name}: unpacks to more than {MAX_RATIO} times its size; that is a bomb, not a dump"
            )
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
