"""Reads a large dump in a process of its own, while this one writes down what was read before."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from archiver import dumps, importers
from archiver.dumps import Dump, Importer
from archiver.errors import DumpError
from archiver.model import Community, Gap, Moment, Person, Post, Seen, Site, Skip
from archiver.store.portion import Item, Portion, portions
from archiver.store.rows import Batch

WORTH_PROCESS = 4 << 20
"""Bytes on disk from which on reading in a process of its own saves more time than starting that takes."""
IN_PIPE = 1 << 20
"""Bytes that wait between the processes."""

_KINDS: tuple[type[msgspec.Struct], ...] = (Post, Community, Person, Site, Gap, Skip, Seen)
_COMMENTS = len(_KINDS)
"""In place of a kind, before how many comments follow."""
_ENCODER = msgspec.msgpack.Encoder()
_PORTION = msgspec.msgpack.Decoder(tuple[list[tuple[int, msgspec.Raw]], Batch, int | None])
_COUNT = msgspec.msgpack.Decoder(int)
_ITEMS = [msgspec.msgpack.Decoder(list[kind]) for kind in _KINDS]  # type: ignore[valid-type]

_PACKED, _PICKLED, _FAILED, _DONE = b"m", b"p", b"f", b"d"
"""What a message begins with: a portion, one that MessagePack cannot hold, an error's words, nothing more."""


class _Task(msgspec.Struct):
    """What the other process is told."""

    name: str
    label: str
    path: str
    importer: str
    captured: Moment | None
    keep_deleted: bool
    origin: str | None
    limits: dumps.Limits


def worth_process(dump: Dump) -> bool:
    """Does reading it in a process of its own save time?"""
    # A member of a packed file shares with the others what may be unpacked, so it is read where they are.
    return not dump.member and dump.found is not None and dump.found[2] >= WORTH_PROCESS


class Beside:
    """A dump that a process of its own reads, from now on. Close it, whether it is read to its end or not."""

    def __init__(self, dump: Dump, importer: Importer, limits: dumps.Limits) -> None:
        task = _Task(
            name=dump.name,
            label=dump.label,
            path=str(dump.source),
            importer=importer.name,
            captured=dump.captured,
            keep_deleted=dump.keep_deleted,
            origin=dump.origin,
            limits=limits,
        )
        context = multiprocessing.get_context("spawn")
        self._name = dump.name
        self._receiving, sending = context.Pipe(duplex=False)
        _widen(self._receiving)
        self._process = context.Process(target=_send, args=(sending, task), daemon=True)
        self._process.start()
        sending.close()

    def portions(self) -> Generator[Portion, None, None]:
        """All that the importer reads. Raises DumpError where it cannot go on."""
        while (message := self._received())[:1] != _DONE:
            yield _portion(message)

    def close(self) -> None:
        """End the process."""
        self._receiving.close()
        self._process.terminate()
        self._process.join()

    def _received(self) -> bytes:
        try:
            return self._receiving.recv_bytes()
        except (EOFError, OSError) as error:  # OSError: in the middle of a message
            raise DumpError(f"{self._name}: the process that read it was killed, perhaps for lack of memory") from error


def _widen(pipe: Connection) -> None:
    """Let several portions wait in it, so that neither process waits for the other at each of them."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # more than this user may have
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, IN_PIPE)


def _portion(message: bytes) -> Portion:
    """The portion in a message; raises DumpError where it is an error."""
    kind, content = message[:1], memoryview(message)[1:]
    if kind == _FAILED:
        raise DumpError(str(content, "utf-8", "surrogatepass"))
    if kind == _PICKLED:
        found: Portion = pickle.loads(content)  # noqa: S301  this program's own process wrote it
        return found
    runs, comments, newest = _PORTION.decode(content)
    return Portion(
        [_COUNT.decode(run) if number == _COMMENTS else _ITEMS[number].decode(run) for number, run in runs],
        comments,
        newest,
    )


def _send(sending: Connection, task: _Task) -> None:
    """Read the dump and send what is in it: the whole life of the other process."""
    # Ctrl+C reaches both processes; this one ends with the other.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError), closing(sending), ExitStack() as workplace:
        end = _DONE
        try:
            for portion in portions(_opened(task, workplace)):
                sending.send_bytes(_message(portion))
        except DumpError as error:
            end = _FAILED + str(error).encode("utf-8", "surrogatepass")
        sending.send_bytes(end)


def _opened(task: _Task, workplace: ExitStack) -> Iterator[Item]:
    known = {"captured": task.captured, "keep_deleted": task.keep_deleted}
    dump = dumps.again(task.name, task.label, Path(task.path), workplace, task.limits, **known)
    dump.origin = task.origin
    return importers.named(task.importer).read(dump)


def _message(portion: Portion) -> bytes:
    runs = [(_COMMENTS, run) if isinstance(run, int) else (_KINDS.index(type(run[0])), run) for run in portion.runs]
    try:
        return _PACKED + _ENCODER.encode((runs, portion.comments, portion.newest))
    except (UnicodeEncodeError, OverflowError):  # half a character, or a number of more than 64 bits
        return _PICKLED + pickle.dumps(portion)
