"""What a process costs, and what it left on the disk."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

CLOCK_STEP = 0.02
"""Seconds; longer than the step of the clock that files are stamped by."""

UNPACK = """
import sys, zstandard
for path in sys.argv[1:]:
    with open(path, "rb") as packed:
        for _ in zstandard.ZstdDecompressor().read_to_iter(packed):
            pass
"""


@dataclass
class Cost:
    """Of one process with all its children; a file counts as written if it was made or replaced meanwhile."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of the process and its children."""
    rss: int
    """The most memory that any single one of these processes held; bytes."""
    written: int = 0
    """Files written in the folder that was watched."""


def run(command: list[str | Path], watched: Path | None = None, log: Path | None = None) -> Cost:
    """Run to the end and measure. Exits with what the process said if it fails."""
    # RSS survives fork and exec, so whoever starts processes to be measured must be small itself.
    with open(log or os.devnull, "wb") as output:  # noqa: PTH123
        mark = _mark(watched) if watched else 0
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace") if log else ""
        sys.exit(f"{' '.join(map(str, command))} failed with {process.returncode}\n{said}")
    unit = 1 if sys.platform == "darwin" else 1024
    written = sum(stat.st_ctime_ns > mark for _, stat in files(watched)) if watched else 0
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, written)


def median(costs: list[Cost]) -> Cost:
    """Of each figure by itself."""
    rows = [asdict(cost) for cost in costs]
    return Cost(**{name: statistics.median(row[name] for row in rows) for name in rows[0]})


def together(*costs: Cost) -> Cost:
    """One after another."""
    return Cost(
        sum(cost.wall for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.rss for cost in costs),
        sum(cost.written for cost in costs),
    )


def files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file below a folder, one at a time; none if there is no such folder."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            yield path, path.stat()


def floor(site: Path, dumps: list[Path], scratch: Path) -> tuple[Cost, str]:
    """The least that any program can need for a site: to unpack the dump and to write the files; and what unpacked."""
    copied = run(["cp", "-r", site, scratch / "copy"])
    if zstd := shutil.which("zstd"):
        return together(copied, run([zstd, "-dc", *dumps])), "zstd"
    return together(copied, run([sys.executable, "-c", UNPACK, *dumps])), "python-zstandard"


def _mark(folder: Path) -> int:
    """A time before which nothing that is written from now on is stamped."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = folder.parent / "mark"
    mark.touch()
    stamp = mark.stat().st_ctime_ns
    time.sleep(CLOCK_STEP)
    return stamp
