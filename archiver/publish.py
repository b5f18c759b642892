"""The whole job, in one function: dumps into the archive, the archive into pages, the pages into the site folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from archiver import theme
from archiver.changes import Changes
from archiver.config import Settings
from archiver.crew import Crew, Piece
from archiver.errors import ConfigError
from archiver.job import Job
from archiver.ledger import Rendered
from archiver.model import Numbers
from archiver.output import Build
from archiver.redactions import Redactions
from archiver.store import Archive, Purged, absent, purge, reading

if TYPE_CHECKING:
    from archiver import intake

THREADS_AT_ONCE = 100
PERSONS_AT_ONCE = 500
LISTED_AT_ONCE = 1000
"""Sizes of the pieces of work that are handed to a worker; of communities, by the posts in them."""
WORTH_WORKERS = 500
"""Threads and people from which on starting processes takes less time than it saves."""


class Report(msgspec.Struct, frozen=True):
    """What a build did."""

    imported: intake.Report | None
    """None: there was no dump to import."""
    threads: int
    comments: int
    written: int
    unchanged: int
    removed: int
    seconds: float
    purged: Purged = Purged()
    """What redactions took from the archive file."""
    absent: Sequence[int] = ()
    """Numbers of the redactions that name nothing in the archive."""


def build_site(
    dumps: Sequence[str],
    archive_path: Path,
    output: Path,
    settings: Settings,
    importing: intake.Options | None,
    jobs: int,
    progress: intake.Progress,
    redactions: Redactions = (),
) -> Report:
    """Import the dumps, purge what has to go, render every page and put the site in place. Raises ArchiverError.

    ``importing``: how; None: in the usual way.

    dump ─► importer ─► records ─► archive ─► thread tree ─► orders ─► pages ─► site folder
    """
    started = time.monotonic()
    # An archive that is only read may lie where nothing can be written.
    purges = any(entry.mode == "purge" for entry in redactions)
    writable = bool(dumps) or not archive_path.exists() or purges
    theme.load(settings.theme)
    with ExitStack() as opened:
        # A theme that is not there, or a site folder that cannot be used, is said before anything is imported.
        build = Build(output)
        opened.callback(build.discard)
        whole = opened.enter_context(Archive(archive_path, writable=writable))
        crew = opened.enter_context(Crew(jobs))
        imported = _import(whole, dumps, importing, progress, crew, settings) if dumps else None
        _check_root(settings, whole)
        if purges:
            _check_templates(settings)
        nothing, purged = absent(whole, redactions), purge(whole, redactions)
        archive = opened.enter_context(reading(archive_path, redactions))
        numbers = _numbers(archive)
        changes = Changes(archive, build.ledger, output, settings)
        if changes:
            job = Job(str(archive_path), str(output), str(build.work), settings, changes.origin, redactions)
            size = numbers.threads + numbers.comments if changes.count is None else changes.count
            do = partial(crew.do, job, spread=size >= WORTH_WORKERS)
            # The longest first, so that no worker is left alone with one at the end.
            first = chain(_lists(changes, numbers), _pieces("threads", changes.threads(), THREADS_AT_ONCE))
            for thread, comments in _render(do(first), build, "threads", progress):
                changes.moved(thread, comments)
            # What people wrote leads to the pages of threads.
            for _ in _render(do(_pieces("persons", changes.persons(), PERSONS_AT_ONCE)), build, "people", progress):
                pass
        crew.dismiss()
        written, unchanged, removed = build.commit(changes.facts)
    seconds = time.monotonic() - started
    return Report(imported, numbers.threads, numbers.comments, written, unchanged, removed, seconds, purged, nothing)


def _import(
    archive: Archive,
    dumps: Sequence[str],
    importing: intake.Options | None,
    progress: intake.Progress,
    crew: Crew,
    settings: Settings,
) -> intake.Report:
    from archiver import intake  # where there is something to import, as it takes long to load

    spare = partial(crew.prepare, settings)
    options = importing or intake.Options()
    return intake.import_dumps(archive, dumps, options, progress, jobs=crew.jobs, spare=spare)


def _check_root(settings: Settings, archive: Archive) -> None:
    """Raises ConfigError for a host at the top of the site that it has no page of: a slip of the pen."""
    host, sites = settings.root_host, archive.sites()
    if host and sites and host not in sites:
        raise ConfigError(
            f"root_host (or --root-host): the archive holds nothing of '{host}'; its sites are those of: archiver info"
        )


def _check_templates(settings: Settings) -> None:
    """Raises ThemeError for templates that cannot be used; told while nothing is purged, which does not come back."""
    from archiver import units  # which takes long to load

    units.compile_templates(settings)


def _numbers(archive: Archive) -> Numbers:
    counts = archive.counts()
    return Numbers(counts["post"], counts["comment"], archive.community_sizes())


def _pieces(kind: Literal["threads", "persons"], things: Iterator[Any], size: int) -> Iterator[Piece]:
    while piece := list(islice(things, size)):
        yield Piece(kind, piece)


def _lists(changes: Changes, numbers: Numbers) -> Iterator[Piece]:
    """The lists of posts: of all, then of each community."""
    yield Piece("front", [numbers])
    names: list[tuple[str, str]] = []
    posts = 0
    for host, name, threads in changes.communities(numbers.communities):
        names.append((host, name))
        posts += threads + 1
        if posts >= LISTED_AT_ONCE:
            yield Piece("communities", names)
            names, posts = [], 0
    if names:
        yield Piece("communities", names)


def _render(
    made: Iterator[list[Rendered]], build: Build, what: str, progress: intake.Progress
) -> Iterator[tuple[int, list[str]]]:
    """Note what came of each piece; yields (thread, comments) where comments moved to other pages."""
    finished = 0
    for rendered in made:
        yield from build.add(rendered)
        finished += len(rendered)
        progress(f"building {what}", finished, None)
