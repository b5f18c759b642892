"""What holds on every machine, however busy: counts and memory, and how processor time grows, but no time by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import growth
import measure
import tables
from work import Dump, Job

SMALL, LARGE = 2_500, 10_000
MOST_GROWTH = 8
"""Four times as many comments are about 4 times the processor time, and 16 times where it is quadratic."""
TRIES = 3
"""A growth above the bound is measured again, for a machine with other work to do."""
MOST_MEMORY = 150 * tables.MIB
MOVING = ("active", "comments", "top-year")
"""The orders of lists in which one new comment may move every thread."""


def check() -> int:
    """Measure, print what was promised and found; returns the exit status."""
    rows = [*_grows_no_faster_than_the_archive(), *_writes_what_changed()]
    lines = [
        [name, f"{found:,.1f}", f"{most:,.1f}", "ok" if found <= most else "TOO MUCH"] for name, found, most in rows
    ]
    tables.show(tables.table(["", "found", "at most", ""], lines))
    return int(any(found > most for _, found, most in rows))


def _grows_no_faster_than_the_archive() -> Iterator[tuple[str, float, float]]:
    ratio = float("inf")
    for _ in range(TRIES):
        ratio = min(ratio, growth.cpu(LARGE, "many") / growth.cpu(SMALL, "many"))
        if ratio <= MOST_GROWTH:
            break
    yield f"CPU time of {LARGE:,} comments / of {SMALL:,}", ratio, MOST_GROWTH


def _writes_what_changed() -> Iterator[tuple[str, float, float]]:
    dump, job = Dump(LARGE), Job(2)
    costs = [job.read(dump), job.build(), job.build(), job.build(dump.extra)]
    yield "MiB of the largest process", max(cost.rss for cost in costs) / tables.MIB, MOST_MEMORY / tables.MIB
    yield "files written by a second build", costs[2].written, 0
    most = sum(_may_change(job.site, path, dump) for path, _ in measure.files(job.site))
    yield "files written for one more comment", costs[3].written, most


def _may_change(site: Path, path: Path, dump: Dump) -> bool:
    """May a page differ after the extra comment: does it show the comment, its thread, or how much there is?"""
    thread, person = str(dump.facts["thread"]), str(dump.facts["person"]).lower()
    name = path.relative_to(site).as_posix()
    if "/" not in name:
        return True  # the lists of the whole archive show how many comments it has
    if "/comments/" in name or "/user/" in name:
        return path.name.startswith((f"{thread}.", f"{thread}-", f"{person}.", f"{person}-"))
    return any(f".{order}" in name for order in MOVING) or f"/{thread}." in path.read_text(encoding="utf-8")
