"""Brings dumps into the archive: finds them, recognises each, adds what its importer reads, counts what it cannot."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
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

    Large files of a folder come last, the largest at the end: where posts and comments have files of their own, the
    posts are mostly fewer, and should be known when comments on them come.
    ``jobs``: processes to use, at most; a second one reads what this one writes down.
    ``spare`` is called whenever that second process has read a dump to its end, and this one is still busy.
    What cannot be read becomes a line in the report; with ``fail_fast`` it is raised as DumpError. Raises StoreError.
    """
    chosen = importers.named(options.format) if options.format else None
    arguments = list(arguments)
    with reader.Reader() as beside:
        importing = _Importing(archive, options, progress, beside if jobs > 1 else None, spare)
        importing.expects_large = any(map(_is_large_file, arguments))
        for argument in arguments:
            with ExitStack() as workplace:
                importing.add(importing.recognised(argument, chosen, workplace))
    report = importing.report
    if report.captures or report.known:
        overwrite(archive)
    archive.rest()
    return report


class _Importing:
    """One import: where dumps go, how, and what came of them."""

    def __init__(
        self,
        archive: Archive,
        options: Options,
        progress: Progress,
        beside: reader.Reader | None,
        spare: Callable[[], None],
    ) -> None:
        self.report = Report()
        self.expects_large = False
        """Is there a large dump, now or later?"""
        self._archive = archive
        self._options = options
        self._progress = progress
        self._beside = beside
        self._spare = spare

    def recognised(self, argument: str, chosen: Importer | None, workplace: ExitStack) -> list[tuple[Dump, Importer]]:
        """The dumps that an argument names, each with the importer that reads it."""
        options = self._options
        known = {"captured": options.captured, "keep_deleted": options.keep_deleted}
        pairs = []
        for dump in dumps.find([argument], workplace, options.limits, **known):
            try:
                if isinstance(dump, DumpError):
                    raise dump
                pairs.append((dump, chosen or importers.recognise(dump)))
            except DumpError as error:
                self._note(error)
        return pairs

    def add(self, pairs: list[tuple[Dump, Importer]]) -> None:
        """Add dumps that were found together."""
        self._share_origins(pairs)
        pairs.sort(key=lambda pair: _size_if_large(pair[0]))
        self.expects_large |= any(_size_if_large(dump) for dump, _ in pairs)
        for dump, importer in pairs:
            try:
                self._add(dump, importer)
            except DumpError as error:
                self._note(error)

    def _note(self, error: DumpError) -> None:
        if self._options.fail_fast:
            raise error
        self.report.errors.append(str(error))

    def _share_origins(self, pairs: list[tuple[Dump, Importer]]) -> None:
        """Files that do not say where they were captured come from where the others do, if those agree."""
        ordered = sorted(pairs, key=lambda pair: pair[1].name)
        for _, group in groupby(ordered, key=lambda pair: pair[1].name):
            members = list(group)
            origins: set[str] = set()
            for dump, importer in members:
                try:
                    if importer.origin and (origin := importer.origin(dump)):
                        origins.add(origin)
                except DumpError as error:
                    self._note(error)
            if len(origins) == 1:
                for dump, _ in members:
                    dump.origin = next(iter(origins))

    def _add(self, dump: Dump, importer: Importer) -> None:
        """Add one dump, unless it is known. Raises DumpError where it cannot be, or not to its end."""
        try:
            digest, size = dumps.sha256(dump.source), dump.source.stat().st_size
        except OSError as error:
            raise DumpError(f"{dump.name}: {error.strerror}") from error
        known = self._archive.known(digest, dump.member)
        if known and not self._may_find_more(known, importer):
            self.report.known += 1
            self._note_skips(dump, digest, known.skipped)
            if known.error:
                raise DumpError(known.error)
            return
        if self._beside and self.expects_large:
            self._beside.begin()  # which takes a while
        capture = _capture(dump, importer, self._options, digest, size)
        with self._archive.adding(capture, dump.member) as writer:
            problem = self._read(dump, importer, writer)
            # Otherwise the checksum would vouch for bytes that were not read.
            dump.check_unchanged()
        self.report.captures += 1
        self.report.posts += writer.posts
        self.report.comments += writer.comments
        self._note_skips(dump, digest, writer.skipped)
        if problem:
            raise problem

    def _may_find_more(self, known: Capture, importer: Importer) -> bool:
        """May reading a known dump again bring more: for what the user says of it, or as it brought nothing before?"""
        options, is_other = self._options, known.format != importer.name
        held_nothing = not (known.posts or known.comments)
        return bool(options.captured or options.keep_deleted or (is_other and (options.format or held_nothing)))

    def _note_skips(self, dump: Dump, digest: str, skipped: int) -> None:
        """What cannot be read of a dump is said each time that it is named."""
        self.report.skipped += skipped
        self.report.skips += _skips(self._archive, dump, digest) if skipped else ()

    def _read(self, dump: Dump, importer: Importer, writer: CaptureWriter) -> DumpError | None:
        """Write down all that can be read; returns why it is not all there is."""
        beside = self._beside if reader.worth_process(dump) and self._beside and self._beside.begin() else None
        problem = None
        try:
            with closing(
                beside.read(dump, importer, self._options.limits) if beside else portions(importer.read(dump))
            ) as read:
                for portion in read:
                    self._progress(f"reading {dump.label}", writer.posts + writer.comments, None)
                    writer.add(portion)
        except DumpError as error:
            if self._options.fail_fast:
                raise
            problem = error
            writer.fail(str(error))
        if beside:
            self._spare()
        return problem


def _is_large_file(argument: str) -> bool:
    with suppress(OSError):
        path = Path(argument)
        return path.is_file() and path.stat().st_size >= reader.WORTH_PROCESS
    return False


def _size_if_large(dump: Dump) -> int:
    """Bytes on disk of a dump that another process should read; 0 of any other."""
    return dump.found[2] if dump.found and reader.worth_process(dump) else 0


def _capture(dump: Dump, importer: Importer, options: Options, digest: str, size: int) -> Capture:
    """What is known of a dump before it is read."""
    return Capture(
        id=0,
        name=dump.label,
        sha256=digest,
        size=size,
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
