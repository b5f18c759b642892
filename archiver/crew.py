"""Worker processes: pieces of work go out, what came of them comes back, a few at a time."""

from __future__ import annotations

import atexit
import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from archiver.config import Settings
from archiver.errors import ArchiverError, PublishError
from archiver.job import Job
from archiver.ledger import Rendered

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

    from archiver.units import Worker

# What only several processes need is loaded where they start.


class Piece(NamedTuple):
    """Work for one process."""

    kind: Literal["threads", "persons", "communities", "front"]
    """The function of units that does it."""
    things: list[Any]


T = TypeVar("T")

_worker: Worker | None = None
"""The one of this process."""


def _begin() -> None:
    """A worker ends at once, and with its parent: where that is killed, it would wait for work for ever."""
    from multiprocessing import parent_process

    from archiver.interrupts import end_quietly

    end_quietly()
    # Taking memory down piece by piece took 0.2 s; all files are closed either way.
    atexit.register(os._exit, 0)
    parent = parent_process()
    assert parent

    def wait_for_it() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_for_it, daemon=True).start()


def _load(settings: Settings) -> None:
    """What else the first piece of work would wait for."""
    from archiver import units

    # What is wrong with them is told when they are needed.
    with suppress(ArchiverError):
        units.compile_templates(settings)


def _in_worker(job: Job, piece: Piece) -> list[Rendered]:
    global _worker
    _worker = _worker or _engaged(job)
    return _done(_worker, piece)


def _engaged(job: Job) -> Worker:
    from archiver.units import Worker  # where there is something to do, as it takes long to load

    worker = Worker(job)
    gc.freeze()  # what was loaded stays; looking for circles in it takes time again and again
    return worker


def _done(worker: Worker, piece: Piece) -> list[Rendered]:
    from archiver import units

    work: Callable[[Worker, Any], list[Rendered]] = getattr(units, piece.kind)
    return work(worker, piece.things)


class Crew:
    """Does pieces of one job, in this process or spread over several. Use as a context manager."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        """Processes, at most."""
        self._alone: Worker | None = None
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()

    def prepare(self, settings: Settings) -> None:
        """Let the processes start, if there may be several, while this one does something else."""
        if self.jobs > 1:
            pool = self._started()
            for _ in range(self.jobs):
                _submit(pool, _load, settings)

    def dismiss(self) -> None:
        """Let go of the processes, and of all files."""
        if self._alone:
            self._alone.close()
            gc.unfreeze()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._alone = self._pool = None

    def do(self, job: Job, pieces: Iterator[Piece], *, spread: bool) -> Iterator[list[Rendered]]:
        """What comes of each piece, in whatever order they are finished. Raises ArchiverError.

        ``spread``: over several processes, as far as there may be any.
        """
        if spread and self.jobs > 1:
            yield from self._spread(self._started(), job, pieces)
            return
        self._alone = self._alone or _engaged(job)
        for piece in pieces:
            yield _done(self._alone, piece)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            # "spawn": the same on every system, and safe beside the threads of a progress bar.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.jobs, context, initializer=_begin)
        return self._pool

    def _spread(self, pool: ProcessPoolExecutor, job: Job, pieces: Iterator[Piece]) -> Iterator[list[Rendered]]:
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        waiting: set[Future[list[Rendered]]] = set()
        try:
            while True:
                # Only a few pieces ahead, so that memory does not grow with the archive.
                for piece in islice(pieces, self.jobs * 2 - len(waiting)):
                    waiting.add(_submit(pool, _in_worker, job, piece))
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    waiting.remove(future)
                    yield future.result()
        except BrokenProcessPool as error:
            raise PublishError("a worker was killed, perhaps for lack of memory; try again with --jobs 1") from error


def _submit(pool: ProcessPoolExecutor, do: Callable[..., T], *given: object) -> Future[T]:
    """Hand work to the pool, which may start a process for it."""
    from archiver.interrupts import uninterrupted

    with uninterrupted():
        return pool.submit(do, *given)
