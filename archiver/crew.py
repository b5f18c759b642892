"""Worker processes: pieces of work go out, what came of them comes back, a few at a time."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any, NamedTuple

from archiver.errors import PublishError
from archiver.ledger import Rendered
from archiver.units import Job, Worker


class Piece(NamedTuple):
    """Work for one process: ``work(worker, things)``."""

    work: Callable[[Worker, Any], list[Rendered]]
    things: list[Any]


_worker: Worker
"""The one of this process."""


def _open_worker(job: Job) -> None:
    global _worker
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(job)


def _end_with_parent() -> None:
    """A worker whose parent is killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(1)


def _in_worker(piece: Piece) -> list[Rendered]:
    return piece.work(_worker, piece.things)


class Crew:
    """Does pieces of work, in this process or spread over several. Use as a context manager."""

    def __init__(self, job: Job, jobs: int) -> None:
        self._alone = Worker(job) if jobs == 1 else None
        self._limit = jobs * 2
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1:
            # "spawn": the same on every system, and safe beside the threads of a progress bar.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(jobs, context, initializer=_open_worker, initargs=(job,))

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._alone:
            self._alone.close()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def do(self, pieces: Iterator[Piece]) -> Iterator[list[Rendered]]:
        """What comes of each piece, in whatever order they are finished. Raises ArchiverError."""
        if self._alone:
            for piece in pieces:
                yield piece.work(self._alone, piece.things)
            return
        assert self._pool
        waiting: set[Future[list[Rendered]]] = set()
        try:
            while True:
                # Only a few pieces ahead, so that memory does not grow with the archive.
                for piece in islice(pieces, self._limit - len(waiting)):
                    waiting.add(self._pool.submit(_in_worker, piece))
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    waiting.remove(future)
                    yield future.result()
        except BrokenProcessPool as error:
            raise PublishError("a worker was killed, perhaps for lack of memory; try again with --jobs 1") from error
