"""Reads large dumps in a process of its own, while this one writes down what was read before."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec

from archiver import dumps, importers
from archiver.dumps import Dump, Importer
from archiver.errors import DumpError
from archiver.interrupts import uninterrupted
from archiver.model import Community, Gap, Moment, Person, Post, Seen, Site, Skip
from archiver.store.portion import Item, Portion, portions
from archiver.store.rows import Batch

WORTH_PROCESS = 4 << 20
"""Bytes on disk from which on a process takes less time to start than it saves."""
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


class Reader:
    """A process that reads dumps, one after the other. Use as a context manager."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._receiving: Connection
        self._tasks: Connection

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self) -> bool:
        """Let the process start, unless it runs already; False where the system has none to give."""
        if self._process is None:
            with suppress(OSError):
                self._start()
        return self._process is not None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        with ExitStack() as theirs:
            self._receiving, sending = context.Pipe(duplex=False)
            theirs.callback(sending.close)
            tasks, self._tasks = context.Pipe(duplex=False)
            theirs.callback(tasks.close)
            _widen(self._receiving)
            process = context.Process(target=_serve, args=(tasks, sending), daemon=True)
            with uninterrupted():
                process.start()
            self._process = process

    def read(self, dump: Dump, importer: Importer, limits: dumps.Limits) -> Generator[Portion, None, None]:
        """All that the importer reads, once the process has begun. Raises DumpError where it cannot go on.

        Close it where it is not read to its end.
        """
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
        finished = False
        try:
            with suppress(OSError):  # it was killed, which is seen at once
                self._tasks.send(task)
            while not (finished := (message := self._received(dump))[:1] in (_DONE, _FAILED)):
                yield _portion(message)
        finally:
            if not finished:
                self.close()
        if message[:1] == _FAILED:
            raise DumpError(str(message[1:], "utf-8", "surrogatepass"))

    def _received(self, dump: Dump) -> bytes:
        try:
            return self._receiving.recv_bytes()
        except (EOFError, OSError) as error:  # OSError: in the middle of a message
            raise DumpError(f"{dump.name}: the process that read it was killed, perhaps for lack of memory") from error

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._receiving.close()
            self._tasks.close()
            self._process.terminate()
            self._process.join()
            self._process = None


def _widen(pipe: Connection) -> None:
    """Let several portions wait in it, so that neither process waits for the other at each of them."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):  # more than this user may have
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, IN_PIPE)


def _portion(message: bytes) -> Portion:
    """The portion in a message."""
    kind, content = message[:1], memoryview(message)[1:]
    if kind == _PICKLED:
        found: Portion = pickle.loads(content)  # noqa: S301  this program's own process wrote it
        return found
    runs, comments, newest = _PORTION.decode(content)
    return Portion(
        [_COUNT.decode(run) if number == _COMMENTS else _ITEMS[number].decode(run) for number, run in runs],
        comments,
        newest,
    )


def _serve(tasks: Connection, sending: Connection) -> None:
    """Read each dump that is asked for and send what is in it: the whole life of the other process."""
    # Ctrl+C reaches both processes; this one ends with the other.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError), closing(sending):
        while True:
            _send(sending, tasks.recv())


def _send(sending: Connection, task: _Task) -> None:
    end = _DONE
    with ExitStack() as workplace:
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
