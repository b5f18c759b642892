"""The whole job, in one function: dumps into the archive, the archive into pages, the pages into the site folder."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from archiver import intake, paging, sorts, theme, tree
from archiver.config import Settings
from archiver.errors import PublishError
from archiver.intake import Progress
from archiver.model import Community, Person
from archiver.output import Build, Staging, Written
from archiver.platforms import PLATFORMS, REDDIT
from archiver.render import EntryView, ListPage, Numbers, Page, Renderer, Span
from archiver.sorts import PostLine, Ranking
from archiver.store import Archive

THREADS_AT_ONCE = 200
PERSONS_AT_ONCE = 500
COMMUNITIES_AT_ONCE = 20
"""Sizes of the pieces of work that are handed to a worker."""
WORTH_WORKERS = 3000
"""Comments and posts from which on starting processes takes less time than it saves."""


T = TypeVar("T")


ENTRIES_KEPT = 5000
"""Entries of a person, and heads of threads, that a worker keeps in memory."""


class Job(msgspec.Struct, frozen=True):
    """What a worker needs to know to render any page of the site."""

    archive: str
    output: str
    workplace: str
    settings: Settings


class Done(msgspec.Struct, frozen=True):
    """What came of one piece of work."""

    files: list[Written]
    places: dict[int, dict[str, int]]
    """By thread: the page on which comments stand, for those not on the first."""


class Report(msgspec.Struct, frozen=True):
    """What a build did."""

    imported: intake.Report
    threads: int
    comments: int
    written: int
    unchanged: int
    removed: int
    seconds: float


def build_site(
    dumps: Sequence[str],
    archive_path: Path,
    output: Path,
    settings: Settings,
    importing: intake.Options,
    jobs: int,
    progress: Progress,
) -> Report:
    """Import the dumps, render every page and put the site in place. Raises ArchiverError.

    dump ─► importer ─► records ─► archive ─► thread tree ─► orders ─► pages ─► site folder
    """
    started = time.monotonic()
    with Archive(archive_path, writable=True) as archive:
        imported = intake.import_dumps(archive, dumps, importing, progress)
        build = Build(output)
        try:
            job = Job(str(archive_path), str(output), str(build.folder), settings)
            numbers = _numbers(archive)
            with _Crew(job, jobs if numbers.threads + numbers.comments >= WORTH_WORKERS else 1) as crew:
                threads, persons = iter(archive.thread_keys()), archive.authors()
                crew.run(_threads, _pieces(threads, THREADS_AT_ONCE), build, "threads", numbers.threads, progress)
                crew.run(_persons, _pieces(persons, PERSONS_AT_ONCE), build, "people", None, progress)
                places = ((c.host, c.name) for c in archive.communities())
                total = len(numbers.communities)
                crew.run(_communities, _pieces(places, COMMUNITIES_AT_ONCE), build, "communities", total, progress)
                crew.run(_front, iter([[numbers]]), build, "front pages", 1, progress)
            written, unchanged, removed = build.commit()
        finally:
            build.discard()
    seconds = time.monotonic() - started
    return Report(imported, numbers.threads, numbers.comments, written, unchanged, removed, seconds)


def _numbers(archive: Archive) -> Numbers:
    counts = archive.counts()
    return Numbers(counts["post"], counts["comment"], archive.community_sizes())


def _pieces(things: Iterator[T], size: int) -> Iterator[list[T]]:
    while piece := list(islice(things, size)):
        yield piece


# -- workers -----------------------------------------------------------------------------------------------------------


class Worker:
    """Everything that rendering needs, opened once in each process."""

    def __init__(self, job: Job) -> None:
        self.settings = job.settings
        self.archive = Archive(Path(job.archive), writable=False)
        self.staging = Staging(Path(job.output), Path(job.workplace))
        self.sites = self.archive.sites()
        self.theme = theme.load(job.settings.theme)
        self.thread_head = lru_cache(ENTRIES_KEPT)(self.archive.thread_head)
        self.renderer = Renderer(job.settings, self.theme, self.sites, lru_cache(100_000)(self._exists))

    def _exists(self, kind: str, host: str, name: str) -> bool:
        return (self.archive.has_person if kind == "person" else self.archive.has_community)(host, name)

    def write(self, page: Page) -> Written:
        """Put a page among the files of the site."""
        return self.staging.write(page.path, page.text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Let go of the files."""
        self.archive.__exit__()
        self.staging.close()


_worker: Worker
"""The one of this process."""


def _open_worker(job: Job) -> None:
    global _worker
    _worker = Worker(job)


def _in_worker(work: Callable[[Worker, list[T]], Done], piece: list[T]) -> Done:
    return work(_worker, piece)


class _Crew:
    """Does pieces of work, in this process or spread over several."""

    def __init__(self, job: Job, jobs: int) -> None:
        self._alone = Worker(job) if jobs == 1 else None
        self._limit = jobs * 2
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1:
            # "spawn": the same on every system, and safe beside the threads of a progress bar.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(jobs, context, initializer=_open_worker, initargs=(job,))

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._alone:
            self._alone.close()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def run(
        self,
        work: Callable[[Worker, list[T]], Done],
        pieces: Iterator[list[T]],
        build: Build,
        what: str,
        total: int | None,
        progress: Progress,
    ) -> None:
        """Do all pieces and note what came of them."""
        finished = 0
        for size, done in self._results(work, pieces):
            build.add(done.files)
            for thread, places in done.places.items():
                build.place(thread, places)
            finished += size
            progress(f"building {what}", finished, total)

    def _results(
        self, work: Callable[[Worker, list[T]], Done], pieces: Iterator[list[T]]
    ) -> Iterator[tuple[int, Done]]:
        if self._alone:
            for piece in pieces:
                yield len(piece), work(self._alone, piece)
            return
        assert self._pool
        waiting: dict[Future[Done], int] = {}
        try:
            while True:
                # Only a few pieces ahead, so that memory does not grow with the archive.
                for piece in islice(pieces, self._limit - len(waiting)):
                    waiting[self._pool.submit(_in_worker, work, piece)] = len(piece)
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise PublishError("a worker was killed, perhaps for lack of memory; try again with --jobs 1") from error


# -- pieces of work ----------------------------------------------------------------------------------------------------


def _threads(worker: Worker, keys: list[int]) -> Done:
    files: list[Written] = []
    places: dict[int, dict[str, int]] = {}
    for key in keys:
        stored = worker.archive.thread(key)
        post = stored.post
        thread = tree.build(post, stored.comments, stored.gaps)
        span = Span(stored.captured, stored.newest)
        as_of = stored.captured.latest if stored.captured else stored.newest
        site = worker.sites[post.host]
        ranking = Ranking(PLATFORMS[site.platform], site.version, as_of)
        offered = [o for o in sorts.offered(stored.comments) if o in worker.settings.orders] or ["old"]
        community = worker.archive.community(post.host, post.community) if post.community else None
        arranged = sorts.distinct(offered, partial(sorts.arrange, thread, ranking=ranking))
        pages = worker.renderer.threads.pages(thread, arranged, community, span)
        files += [worker.write(page) for page in pages]
        if len(stored.comments) > worker.settings.comments_per_page:
            places[key] = worker.renderer.threads.places(arranged)
    return Done(files, places)


def _persons(worker: Worker, persons: list[tuple[str, str]]) -> Done:
    files: list[Written] = []
    for host, name in persons:
        person = worker.archive.person(host, name)
        lines = worker.archive.entry_lines(host, name)
        totals = (sum(line.comment is None for line in lines), sum(line.comment is not None for line in lines))
        site = worker.sites[host]
        ranking = Ranking(PLATFORMS[site.platform], site.version, 0)
        arrange = partial(sorts.arrange_entries, lines, ranking=ranking)
        arranged = sorts.distinct(sorts.offered_entries(lines), arrange)
        groups = [order.names for order in arranged]
        entry = lru_cache(ENTRIES_KEPT)(partial(_entry, worker, person))
        for names, things in arranged:
            for number, span in enumerate(paging.batches(len(things), worker.settings.posts_per_page), 1):
                entries = [entry(things[at].key, things[at].comment) for at in span]
                current = ListPage(names, number, len(things))
                files.append(worker.write(worker.renderer.lists.person(person, groups, current, totals, entries)))
    return Done(files, {})


def _entry(worker: Worker, person: Person, key: int, comment: str | None) -> EntryView:
    """One thing a person wrote; it looks alike in every order."""
    if comment is None:
        ((_, post, _),) = worker.archive.posts([key])
        return worker.renderer.lists.entry(person, post, None, 1)
    thread = worker.thread_head(key)
    written = worker.archive.comment(thread, key, comment)
    return worker.renderer.lists.entry(person, thread, written, worker.staging.page_of(key, comment))


def _communities(worker: Worker, communities: list[tuple[str, str]]) -> Done:
    files: list[Written] = []
    for host, name in communities:
        site = worker.sites[host]
        lines = list(worker.archive.post_lines(host, name))
        ranking = Ranking(PLATFORMS[site.platform], site.version, worker.archive.as_of(host, name))
        files += _listing(worker, lines, ranking, worker.archive.community(host, name), None)
    return Done(files, {})


def _listing(
    worker: Worker, lines: list[PostLine], ranking: Ranking, community: Community | None, numbers: Numbers | None
) -> list[Written]:
    """Every page of one list of posts, in every order."""
    files = []
    size = worker.settings.posts_per_page
    arrange = partial(sorts.arrange_posts, lines, ranking=ranking, pinned_first=community is not None)
    arranged = sorts.distinct(sorts.offered_posts(lines, ranking), arrange)
    groups = [order.names for order in arranged]
    for names, things in arranged:
        for number, span in enumerate(paging.batches(len(things), size), 1):
            posts = [(post, count) for _, post, count in worker.archive.posts(things[at].key for at in span)]
            current = ListPage(names, number, len(things))
            files.append(worker.write(worker.renderer.lists.posts(community, groups, current, posts, numbers)))
    return files


def _front(worker: Worker, piece: list[Numbers]) -> Done:
    """The pages about the whole archive, and the files of the theme."""
    (numbers,) = piece
    platforms = {site.platform for site in worker.sites.values()}
    versions = {site.version for site in worker.sites.values()}
    # Lemmy's ranks depend on the time of capture, Reddit's do not: those compare across sites.
    platform = PLATFORMS[next(iter(platforms))] if len(platforms) == 1 else REDDIT
    version = next(iter(versions)) if len(versions) == 1 else None
    ranking = Ranking(platform, version, worker.archive.as_of())
    files = _listing(worker, list(worker.archive.post_lines()), ranking, None, numbers)
    captures = [(capture, worker.archive.skips(capture.id)) for capture in worker.archive.captures()]
    files.append(worker.write(worker.renderer.lists.communities(numbers)))
    files.append(worker.write(worker.renderer.lists.about(numbers, captures)))
    files.append(worker.write(worker.renderer.lists.accessibility()))
    for name, path in sorted(worker.theme.static_files().items()):
        files.append(worker.staging.write(f"static/{name}", path.read_bytes()))
    return Done(files, {})
