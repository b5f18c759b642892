"""The command line: parses, calls, exits. What it says of what was done stands in telling.py.

What only one command needs is loaded by that command: a build with nothing to do takes little longer than loading.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver import __version__, importers, telling
from archiver.errors import ArchiverError, ConfigError, ThemeError
from archiver.model import Moment
from archiver.store import Archive

if TYPE_CHECKING:
    from archiver import intake

PROBLEMS_SHOWN = 50
"""Lines of what is wrong, unless all are asked for."""

ARCHIVE = Path("archive.db")
OUTPUT = Path("public")

a_path = click.Path(path_type=Path)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
verbose_option = click.option(
    "-v", "--verbose", is_flag=True, help="Say more, such as each reason why records were skipped."
)
captured_option = click.option(
    "--captured-at",
    metavar="WHEN",
    help="When the dumps were made: 2024-10-23 or 2024-10-23T18:00Z.",
    callback=lambda _context, _option, text: _moment(text),
)
format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(importers.NAMES),
    metavar="NAME",
    help="Use this format; do not recognise it.",
)
keep_option = click.option(
    "--keep-deleted", is_flag=True, help="Keep the text of deleted and removed posts and comments."
)
trust_option = click.option(
    "--trust-packed",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Let packed files unpack to N times what else is a bomb: 300 times their size, 4 TiB, 100,000 files.",
)
fail_option = click.option("--fail-fast", is_flag=True, help="Stop at the first dump that cannot be read.")


class _Commands(click.Group):
    """The edge where errors become one line and an exit status: expected ones, and what the system refuses."""

    def invoke(self, ctx: click.Context) -> Any:
        # Names may hold what the terminal cannot show.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except ArchiverError as error:
            telling.error(error)
            ctx.exit(2 if isinstance(error, ConfigError | ThemeError) else 1)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever reads has read enough
                raise
            telling.error(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or error)
            ctx.exit(1)
        except KeyboardInterrupt:
            click.secho("stopped; what was finished before is kept", fg="red", err=True)
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="archiver")
def main() -> None:
    """Turn dumps of discussion threads into an accessible static site.

    The quickest way: archiver build thread.json
    """


@main.command("import")
@click.argument("dumps", metavar="DUMP...", nargs=-1, required=True)
@click.option("--archive", type=a_path, default=ARCHIVE, show_default=True, help="The archive file.")
@format_option
@captured_option
@keep_option
@trust_option
@fail_option
@quiet_option
@verbose_option
def import_(
    dumps: tuple[str, ...],
    archive: Path,
    format_name: str | None,
    captured_at: Moment | None,
    keep_deleted: bool,
    trust_packed: int,
    fail_fast: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Add dumps to the archive file.

    DUMP is a file, a folder, or - for standard input; packed files (.gz .bz2 .xz .zst .zip .tar) are unpacked.
    """
    from archiver import intake

    started = time.monotonic()
    options = _options(format_name, captured_at, keep_deleted, trust_packed, fail_fast)
    with telling.progress(quiet=quiet) as progress, Archive(archive, writable=True) as opened:
        report = intake.import_dumps(opened, dumps, options, progress, jobs=_processors())
    telling.problems(report, verbose=verbose)
    if not quiet:
        click.echo(f"{telling.imported(report)}; {time.monotonic() - started:.1f} seconds")
        if report.captures or report.known:
            click.echo(f"Archive: {archive}. Make a site of it with: {telling.command('build --archive', archive)}")
    _exit(report)


@main.command()
@click.argument("dumps", metavar="[DUMP]...", nargs=-1)
@click.option("--archive", type=a_path, help="The archive file.  [default: beside the output]")
@click.option("--output", type=a_path, default=OUTPUT, show_default=True, help="The site folder.")
@click.option(
    "--config", "config_file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A site.yaml."
)
@click.option("--theme", metavar="NAME|FOLDER", help="How pages look; see: archiver themes.")
@click.option("--base-url", metavar="URL", help="Where the site will be served, for canonical links.")
@click.option("--root-host", metavar="HOST", help="The host whose pages live at the top of the site.")
@click.option("--orders", metavar="LIST", help="Orders of comments to build, with commas between.")
@click.option("--default-order", metavar="NAME", help="The order readers see first.  [default: hot]")
@click.option("--jobs", type=click.IntRange(1, 256), help="Processes to use.  [default: one for each processor]")
@format_option
@captured_option
@keep_option
@trust_option
@fail_option
@quiet_option
@verbose_option
def build(
    dumps: tuple[str, ...],
    archive: Path | None,
    output: Path,
    config_file: Path | None,
    theme: str | None,
    base_url: str | None,
    root_host: str | None,
    orders: str | None,
    default_order: str | None,
    jobs: int | None,
    format_name: str | None,
    captured_at: Moment | None,
    keep_deleted: bool,
    trust_packed: int,
    fail_fast: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Build the site, after adding any DUMP to the archive first.

    What redactions.yaml names is taken back: the one beside the --config file, or in the current folder without one.
    """
    from archiver import config, publish, redactions

    settings = config.load(
        config_file,
        {
            "theme": theme,
            "base_url": base_url,
            "root_host": root_host,
            "orders": [name.strip() for name in orders.split(",")] if orders is not None else None,
            "default_order": default_order,
        },
    )
    importing = _options(format_name, captured_at, keep_deleted, trust_packed, fail_fast) if dumps else None
    redacted = (config_file.parent if config_file else Path()) / redactions.FILE
    taken_back = redactions.load(redacted)
    path = archive or _archive_beside(output, bool(dumps))
    if not dumps and not path.exists():
        raise click.UsageError(f"there is no archive {path} yet; name a DUMP to build from, or an --archive")
    with telling.progress(quiet=quiet) as progress:
        processes = jobs or _processors()
        report = publish.build_site(dumps, path, output, settings, importing, processes, progress, taken_back)
    if report.imported:
        telling.problems(report.imported, verbose=verbose)
    telling.copies(report.purged)
    telling.absent(redacted, taken_back, report.absent)
    skipped = report.imported.skipped if report.imported else 0
    if not quiet:
        telling.redactions(redacted, taken_back, report.purged)
        click.echo(
            f"{telling.counted(report.threads, 'thread')}, {telling.counted(report.comments, 'comment')}, "
            f"{skipped:,} skipped; {telling.counted(report.written, 'file')} written, "
            f"{report.unchanged:,} unchanged, {report.removed:,} removed; {report.seconds:.1f} seconds"
        )
        click.echo(f"Open {output / 'index.html'} in a browser, or run: {telling.command('serve', output)}")
    if report.imported:
        _exit(report.imported)


@main.command("serve")
@click.argument("site", type=a_path, default=OUTPUT)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port on this machine.")
@click.option("--host", help="Address to listen at; 0.0.0.0 lets everybody in.  [default: 127.0.0.1]")
def serve_(site: Path, port: int, host: str | None) -> None:
    """Show a site at http://localhost, on this machine only unless told otherwise."""
    from archiver import serve

    host = host or serve.LOOPBACK
    server = serve.server(site, port, host)
    name = "localhost" if host == serve.LOOPBACK else f"[{host}]" if ":" in host else host
    click.echo(f"Serving {site} at http://{name}:{server.server_address[1]}/index.html (stop with Ctrl+C)")
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("Stopped.")


@main.command()
@click.argument("archive", type=a_path, default=ARCHIVE)
@verbose_option
def info(archive: Path, verbose: bool) -> None:
    """Say what an archive file holds."""
    with Archive(archive, writable=False) as opened:
        counts = opened.counts()
        click.echo(
            f"{archive}: {telling.counted(counts['post'], 'thread')}, {telling.counted(counts['comment'], 'comment')}, "
            f"{telling.counted(counts['capture'], 'dump')}"
        )
        for site in opened.sites().values():
            version = f" {site.version}" if site.version else ""
            click.echo(telling.printable(f"  {site.host} ({site.platform}{version})"))
        for capture in opened.captures():
            held = f"{telling.counted(capture.posts, 'post')}, {telling.counted(capture.comments, 'comment')}"
            name = telling.printable(capture.name)
            click.echo(f"  {name}: {capture.format}, {held}, {capture.skipped:,} skipped")
            if capture.error:
                click.echo(telling.printable(f"    not read to its end: {capture.error}"))
            for count, skip in opened.skips(capture.id) if verbose else ():
                first = f" (first in line {skip.line:,})" if skip.line else ""
                click.echo(telling.printable(f"    {count:,} × {skip.reason}{first}"))


@main.command("verify")
@click.argument("path", type=a_path)
@click.argument("dumps", metavar="[DUMP]...", nargs=-1)
@quiet_option
@verbose_option
def verify_(path: Path, dumps: tuple[str, ...], quiet: bool, verbose: bool) -> None:
    """Prove that an archive file or a site folder is whole.

    A site is compared with its manifest, file by file. An archive is checked by SQLite's own means, every comment must
    be reachable in its thread, and its dumps must be what they were when they were imported: those named, or those
    found beside the archive and in the current folder.
    """
    from archiver import verify

    counts: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    site = verify.is_site(path)
    if site and dumps:
        raise click.UsageError("dumps are compared with an archive file, not with a site")
    with telling.progress(quiet=quiet) as progress:
        for problem in verify.check_site(path, counts, progress) if site else verify.check_archive(path, dumps, counts):
            wrong[problem.kind] += 1
            if verbose or wrong.total() <= PROBLEMS_SHOWN:
                click.echo(f"{problem.kind}: {telling.printable(problem.what)}")
    if wrong.total() > PROBLEMS_SHOWN and not verbose:
        click.echo(f"… and {wrong.total() - PROBLEMS_SHOWN:,} more; see them all with -v")
    if not quiet:
        click.echo(f"{path}: {telling.verdict(counts, wrong, site=site)}")
    if wrong:
        sys.exit(1)


@main.command()
def formats() -> None:
    """List the formats of dumps that can be read."""
    width = max(len(name) for name in importers.NAMES)
    for importer in importers.every():
        click.echo(f"{importer.name:{width}}  {importer.title}")


@main.command()
def themes() -> None:
    """List the themes that sites can have."""
    from archiver import theme

    found = theme.installed()
    width = max(len(one.name) for one in found)
    for one in found:
        click.echo(f"{one.name:{width}}  {one.title}{' (default)' if one.name == theme.DEFAULT else ''}")


@main.command("languages")
@verbose_option
def languages_(verbose: bool) -> None:
    """List the languages a site can be in, and how much of each is still English."""
    from archiver import config, words

    for language in config.languages():
        missing = words.missing(language)
        click.echo(f"{language}  {telling.counted(len(missing), 'message')} missing")
        for message in missing if verbose else ():
            click.echo(f"    {message}")


def _options(format: str | None, captured: Moment | None, keep: bool, trust: int, fail_fast: bool) -> intake.Options:
    from archiver import dumps, intake

    limits = dumps.Limits().times(trust)
    return intake.Options(format=format, captured=captured, keep_deleted=keep, fail_fast=fail_fast, limits=limits)


def _processors() -> int:
    return os.cpu_count() or 1


def _archive_beside(output: Path, has_dumps: bool) -> Path:
    """``archive.db`` for the usual output; another output has its own, so that two sites do not mix.

    Without a dump to import, an archive.db made by ``archiver import`` serves any output.
    """
    if output.name == OUTPUT.name:
        return output.parent / ARCHIVE
    own = output.parent / f"{output.name}.db"
    return own if has_dumps or own.exists() else ARCHIVE


def _moment(text: str | None) -> Moment | None:
    """A day or an instant as users write it: "2024-10-23", "2024-10-23T18:00Z"."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("write a day or time such as 2024-10-23 or 2024-10-23T18:00Z") from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    start = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
        return Moment(start, start + 86_400_000_000 - 1, "day")
    return Moment(start, start, "exact")


def _exit(report: intake.Report) -> None:
    if report.errors or report.skipped:
        sys.exit(1)
