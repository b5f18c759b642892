"""What the command line says: how far long work is, and what came of it. Nothing else but cli.py prints."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.store import Purged

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from archiver import intake
    from archiver.redactions import Redactions

PLAIN_SECONDS = 5
"""Between two lines about progress, where there is no terminal to draw a bar on."""


def counted(count: int, thing: str) -> str:
    """ "2 files": the command line speaks English, whatever the site's language."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def verdict(counts: Counter[str], wrong: Counter[str], *, site: bool) -> str:
    """What was compared, and what came of it."""
    if site:
        held = f"{counted(counts['files'], 'file')} in the manifest"
    else:
        near = "; name the others to compare them" if counts["not found"] else ""
        strange = f", {counted(counts['others'], 'file')} never imported" if counts["others"] else ""
        held = (
            f"{counted(counts['threads'], 'thread')}, {counted(counts['comments'], 'comment')}, "
            f"{counted(counts['dumps'], 'dump')} compared, {counts['not found']:,} not found{strange}{near}"
        )
    return f"{held}; {', '.join(f'{count:,} {kind}' for kind, count in sorted(wrong.items())) or 'nothing is wrong'}"


def printable(text: str) -> str:
    """What a stranger may have named, on one line and without signs that a terminal obeys."""
    # Bytes of file names that are no text come as half characters from U+DC80 on.
    codes = ((sign, ord(sign)) for sign in text)
    return "".join(
        sign if sign.isprintable() else f"\\x{code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code:02x}"
        for sign, code in codes
    )


def command(words: str, path: Path) -> str:
    """A command on a path, as it is typed."""
    quoted = f'"{path}"' if os.name == "nt" else shlex.quote(str(path))
    return f"archiver {words} {printable(quoted)}"


def imported(report: intake.Report) -> str:
    """What an import brought, in one sentence."""
    known = f" ({report.known:,} there already)" if report.known else ""
    return (
        f"{counted(report.captures, 'dump')} read{known}: {counted(report.posts, 'post')}, "
        f"{counted(report.comments, 'comment')}, {report.skipped:,} skipped"
    )


def problems(report: intake.Report, *, verbose: bool) -> None:
    """Say what of the dumps could not be read; ``verbose``: each reason of it."""
    lines = report.skips if verbose else report.skips[:10]
    for line in lines:
        click.secho(printable(line), fg="yellow", err=True)
    if len(report.skips) > len(lines):
        click.secho(f"… and {len(report.skips) - len(lines):,} more such lines; see them all with -v", err=True)
    for line in report.errors:
        error(line)


def error(sentence: object) -> None:
    """Say what went wrong, in one line."""
    click.secho(f"error: {printable(str(sentence))}", fg="red", err=True)


def copies(purged: Purged) -> None:
    """Say which files still hold what was purged."""
    for copy in purged.copies:
        click.secho(f"{copy}: made by an upgrade, still holds what was purged; delete it", fg="yellow", err=True)


def absent(path: Path, redactions: Redactions, numbers: Iterable[int]) -> None:
    """Say which entries of the redactions.yaml at ``path`` name nothing that is in the archive."""
    for number in numbers:
        entry = redactions[number - 1]
        kind, name = entry.kind, printable(entry.named)
        missing = f"nothing by '{name}'" if kind == "person" else f"no {kind} '{name}'"
        told = f"the archive holds {missing} of {printable(entry.host or '')}; its sites are those of: archiver info"
        click.secho(f"{path}: entry {number}: {told}", fg="yellow", err=True)


def redactions(path: Path, redactions: Redactions, purged: Purged) -> None:
    """Say how much the redactions.yaml at ``path`` takes back, and what was purged for it."""
    if redactions:
        click.echo(f"{counted(len(redactions), 'redaction')} of {path}")
    if any(entry.mode == "purge" for entry in redactions) and not purged:
        click.echo("nothing to purge: what is to be purged is not in the archive, or no longer")
    if purged:
        click.echo(
            f"purged from the archive: {counted(purged.posts, 'post')}, "
            f"{counted(purged.comments, 'comment')}; {counted(purged.texts, 'other record')} cleaned"
        )


@contextmanager
def progress(*, quiet: bool) -> Iterator[intake.Progress]:
    """How far long work is: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield lambda _what, _done, _total: None
    elif sys.stderr.isatty():
        with _bar() as bars:
            yield _bars(bars)
    else:
        yield _lines()


def _bar() -> RichProgress:
    from rich import progress  # where there is a terminal, as it takes long to load
    from rich.console import Console

    columns = (
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)


def _bars(bars: RichProgress) -> intake.Progress:
    tasks: dict[str, Any] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        if what not in tasks:
            for task in tasks.values():
                bars.remove_task(task)
            tasks.clear()
            tasks[what] = bars.add_task(printable(what), total=total)
        bars.update(tasks[what], completed=done, total=total)

    return tell


def _lines() -> Callable[[str, int, int | None], None]:
    last = time.monotonic()

    def tell(what: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_SECONDS:
            last = time.monotonic()
            click.echo(f"{printable(what)}: {done:,}{f' of {total:,}' if total is not None else ''}", err=True)

    return tell
