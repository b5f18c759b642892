"""Brings dumps into the archive: finds them, recognises each, adds what its importer reads, counts what it cannot."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from functools import cached_property
from itertools import groupby
from pathlib import Path

import msgspec

from archiver import dumps, importers, reader
from archiver.dumps import Dump, Importer
from archiver.errors import ConfigError, DumpError
from archiver.model import Capture, Moment
from archiver.store import Archive, CaptureWriter, overwrite
from archiver.store.portion import portions

Progress = Callable[[str, int, int | None], None]
"""``progress(what, done, total)``; total None: not known beforehand."""

LONGEST_EPOCH = 12
"""Digits of a time that the archive file can hold."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to import."""

    format: str | None = None
    """Name of the importer; None: each dump is recognised by its content."""
    captured: Moment | None = None
    """When the dumps were captured, if the user says so."""
    keep_deleted: bool = False
    """Keep the text of deleted and removed posts and comments."""
    fail_fast: bool = False
    """Stop at the first error instead of going on with the next dump."""
    limits: dumps.Limits = dumps.Limits()
    """How much packed files may unpack to."""


class Report(msgspec.Struct):
    """What an import did."""

    captures: int = 0
    """Dumps read."""
    known: int = 0
    """Dumps that were in the archive already."""
    posts: int = 0
    comments: int = 0
    skipped: int = 0
    errors: list[str] = msgspec.field(default_factory=list)
    """One line for each dump that could not be read, or not to its end."""
    skips: list[str] = msgspec.field(default_factory=list)
    """One line for each reason why records of a dump were skipped."""


def import_dumps(
    archive: Archive,
    arguments: Iterable[str],
    options: Options,
    progress: Progress,
    *,
    jobs: int = 1,
    spare: Callable[[], None] = lambda: None,
) -> Report:
    """Import every dump that the arguments name. Each is added whole or, if the program dies, not at all.

    ``jobs``: processes to use, at most; a second one reads what this one writes down.
    ``spare`` is called when that second process has nothing to read any more, and this one is still busy.
    What cannot be read becomes a line in the report; with ``fail_fast`` it is raised as DumpError. Raises StoreError.
    """
    importing = _Importing(archive, options, progress, jobs, spare)
    importing.add(arguments)
    report = importing.report
    if report.captures or report.known:
        overwrite(archive)
    archive.rest()
    return report


class _Found:
    """A dump that was found, and what it takes to read it."""

    def __init__(self, dump: Dump, importer: Importer) -> None:
        self.dump = dump
        self.importer = importer
        self.beside: reader.Beside | None = None
        """The process that reads it, once that was started."""
        self.workplace: ExitStack | None = None
        """Where it was unpacked, if it is the last that was unpacked there."""

    @cached_property
    def digest(self) -> str:
        """Checksum of its file. Raises DumpError."""
        return dumps.sha256(self.dump.source)

    def close(self) -> None:
        """Let go of all that."""
        if self.beside:
            self.beside.close()
        if self.workplace:
            self.workplace.close()


class _Importing:
    """One import: where dumps go, how, and what came of them."""

    def __init__(
        self, archive: Archive, options: Options, progress: Progress, jobs: int, spare: Callable[[], None]
    ) -> None:
        self.report = Report()
        self._archive = archive
        self._options = options
        self._progress = progress
        self._jobs = jobs
        self._spare = spare
        self._chosen = importers.named(options.format) if options.format else None

    def add(self, arguments: Iterable[str]) -> None:
        """Add every dump that the arguments name; each is found before the one before it is added."""
        with ExitStack() as opened:
            found = self._found(arguments, opened)
            now, after = next(found, None), None
            try:
                while now:
                    after = next(found, None)
                    self._try(now, after)
                    _close(now)
                    now, after = after, None
            finally:
                _close(now)
                _close(after)

    def _found(self, arguments: Iterable[str], opened: ExitStack) -> Iterator[_Found | DumpError]:
        """The dumps that the arguments name, one argument's after the other's; what cannot be opened, in its place.

        Large ones come last: another process begins to read them while this one adds the others. Where posts and
        comments have files of their own, most posts are also known then when comments on them come.
        """
        for argument in sorted(arguments, key=_is_large_file):
            workplace = opened.enter_context(ExitStack())
            found = sorted(self._recognised(argument, workplace), key=_is_large)
            yield from _share_origins([one for one in found if isinstance(one, _Found)])
            last = next((one for one in reversed(found) if isinstance(one, _Found)), None)
            if last:
                last.workplace = workplace
            yield from found

    def _recognised(self, argument: str, workplace: ExitStack) -> Iterator[_Found | DumpError]:
        """The dumps that one argument names, each with the importer that reads it."""
        options = self._options
        known = {"captured": options.captured, "keep_deleted": options.keep_deleted}
        for dump in dumps.find([argument], workplace, options.limits, **known):
            try:
                if isinstance(dump, DumpError):
                    raise dump
                yield _Found(dump, self._chosen or importers.recognise(dump))
            except DumpError as error:
                yield error

    def _try(self, now: _Found | DumpError, after: _Found | DumpError | None) -> None:
        """Add one dump, or note why that cannot be. ``after``: what comes next."""
        try:
            if isinstance(now, DumpError):
                raise now
            self._add(now, after)
        except DumpError as error:
            if self._options.fail_fast:
                raise
            self.report.errors.append(str(error))

    def _add(self, now: _Found, after: _Found | DumpError | None) -> None:
        """Add one dump, unless it is known. Raises DumpError where it cannot be, or not to its end."""
        dump = now.dump
        if known := self._known(now):
            self.report.known += 1
            if known.error:
                raise DumpError(known.error)
            return
        self._start(now)
        capture = _capture(dump, now.importer, self._options, now.digest)
        with self._archive.adding(capture, dump.member) as writer:
            problem = self._read(now, after, writer)
            # Otherwise the checksum would vouch for bytes that were not read.
            dump.check_unchanged()
        self.report.captures += 1
        self.report.posts += writer.posts
        self.report.comments += writer.comments
        self.report.skipped += writer.skipped
        self.report.skips += _skips(self._archive, dump, now.digest)
        if problem:
            raise problem

    def _known(self, found: _Found) -> Capture | None:
        """What the archive has of a dump, if that is enough. Raises DumpError where it cannot be read."""
        if self._options.captured or self._options.keep_deleted:
            return None
        return self._archive.known(found.digest, found.dump.member)

    def _read(self, now: _Found, after: _Found | DumpError | None, writer: CaptureWriter) -> DumpError | None:
        """Write down all that can be read; returns why it is not all there is."""
        if not now.beside:
            self._start(after)
        problem = None
        try:
            with closing(now.beside.portions() if now.beside else portions(now.importer.read(now.dump))) as read:
                for portion in read:
                    self._progress(f"reading {now.dump.label}", writer.posts + writer.comments, None)
                    writer.add(portion)
        except DumpError as error:
            if self._options.fail_fast:
                raise
            problem = error
            writer.fail(str(error))
        if now.beside:
            now.beside.close()
            self._start(after)
            if not (isinstance(after, _Found) and after.beside):
                self._spare()
        return problem

    def _start(self, found: _Found | DumpError | None) -> None:
        """Let another process begin to read a dump, if that saves time."""
        if self._jobs < 2 or not isinstance(found, _Found) or found.beside or not reader.worth_process(found.dump):
            return
        with suppress(DumpError):  # which is told when its turn comes
            if not self._known(found):
                found.beside = reader.Beside(found.dump, found.importer, self._options.limits)


def _is_large_file(argument: str) -> bool:
    with suppress(OSError):
        path = Path(argument)
        return path.is_file() and path.stat().st_size >= reader.WORTH_PROCESS
    return False


def _is_large(found: _Found | DumpError) -> bool:
    return isinstance(found, _Found) and reader.worth_process(found.dump)


def _close(found: _Found | DumpError | None) -> None:
    if isinstance(found, _Found):
        found.close()


def _share_origins(found: list[_Found]) -> Iterator[DumpError]:
    """Files that do not say where they were captured come from where the others do, if those agree."""
    ordered = sorted(found, key=lambda one: one.importer.name)
    for _, group in groupby(ordered, key=lambda one: one.importer.name):
        members = list(group)
        origins: set[str] = set()
        for one in members:
            try:
                if one.importer.origin and (origin := one.importer.origin(one.dump)):
                    origins.add(origin)
            except DumpError as error:
                yield error
        if len(origins) == 1:
            for one in members:
                one.dump.origin = next(iter(origins))


def _capture(dump: Dump, importer: Importer, options: Options, digest: str) -> Capture:
    """What is known of a dump before it is read."""
    assert dump.found
    return Capture(
        id=0,
        name=dump.label,
        sha256=digest,
        size=dump.found[2],
        format=importer.name,
        captured=options.captured,
        newest=None,
        imported=_now(),
        posts=0,
        comments=0,
        skipped=0,
        error=None,
    )


def _skips(archive: Archive, dump: Dump, digest: str) -> Iterator[str]:
    """One line for each reason why records of a dump were skipped."""
    found = archive.known(digest, dump.member)
    for count, skip in archive.skips(found.id) if found else ():
        place = f"{dump.name}:{skip.line}" if skip.line else dump.name
        detail = f" ({skip.detail})" if skip.detail else ""
        more = f", and {count - 1:,} more of that kind" if count > 1 else ""
        yield f"{place}: skipped: {skip.reason}{detail}{more}"


def _now() -> int:
    """Microseconds since 1970; what SOURCE_DATE_EPOCH names, for builds that must repeat. Raises ConfigError."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch and not (epoch.isascii() and epoch.isdecimal() and len(epoch) <= LONGEST_EPOCH):
        raise ConfigError(f"SOURCE_DATE_EPOCH must be a number of seconds since 1970, not '{epoch}'")
    return int(epoch) * 1_000_000 if epoch else time.time_ns() // 1000
