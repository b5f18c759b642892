"""Measures whole runs of the command, from a dump to a site. Run by ``build.py bench``; see docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import check
import growth
import measure
import tables
import work
from measure import Cost
from work import HERE, Dump, Job

FEW = 10_000
"""Up to so many comments, a single run says little."""


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="build.py bench", description=__doc__)
    parser.add_argument("--comments", type=int, default=FEW, help="size of the dump (default: %(default)s)")
    parser.add_argument("--jobs", type=int, help="processes (default: 1, then 2)")
    parser.add_argument("--runs", type=int, help=f"take medians of so many (default: 3 up to {FEW:,} comments, else 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures")
    parser.add_argument("--against", type=Path, metavar="FILE", help="show ratios to figures kept before")
    parser.add_argument("--growth", action="store_true", help="measure how costs grow with the archive instead")
    parser.add_argument("--check", action="store_true", help="check what CI promises instead: counts, never seconds")
    options = parser.parse_args()
    try:
        sys.exit(_run(options))
    finally:
        work.clear()


def _run(options: argparse.Namespace) -> int:
    if options.check:
        return check.check()
    if options.growth:
        tables.show(tables.growth(growth.measured()))
        return 0
    before = json.loads(options.against.read_text(encoding="utf-8")) if options.against else None
    runs = options.runs or (3 if options.comments <= FEW else 1)
    figures = everything(options.comments, [options.jobs] if options.jobs else [1, 2], runs)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    tables.show(tables.report(figures, before))
    return 0


def everything(comments: int, jobs: list[int], runs: int) -> dict[str, Any]:
    """All figures of one size: ``steps`` by number of processes and name, and what they made."""
    dump = Dump(comments)
    figures: dict[str, Any] = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "runs": runs,
        "load": [os.getloadavg()[0]],
        "dump": dump.facts | {"packed_bytes": sum(path.stat().st_size for path in dump.files)},
        "steps": {},
    }
    for number in jobs:
        rounds = [_round(dump, number, figures) for _ in range(runs)]
        figures["steps"][str(number)] = {
            name: asdict(measure.median([costs[name] for costs in rounds])) for name in rounds[0]
        }
    figures["load"].append(os.getloadavg()[0])
    return figures


def _round(dump: Dump, jobs: int, figures: dict[str, Any]) -> dict[str, Cost]:
    """Every step once; notes in ``figures`` what the site is like, which does not change from round to round."""
    job = Job(jobs)
    costs = {"import": job.read(dump), "first build": job.build()}
    costs["floor"], figures["unpacked_by"] = measure.floor(job.site, dump.files, job.folder)
    if "site" not in figures:
        sizes = [(path.suffix == ".html", stat.st_size) for path, stat in measure.files(job.site)]
        weighed = subprocess.run([sys.executable, HERE / "pages.py", job.site], check=True, capture_output=True)
        figures["site"] = {
            "files": len(sizes),
            "pages": sum(is_page for is_page, _ in sizes),
            "bytes": sum(size for _, size in sizes),
            "archive_bytes": job.archive.stat().st_size,
            "comments": json.loads(weighed.stdout),
        }
    costs["second build, nothing new"] = job.build()
    costs["one more comment, import and build"] = job.build(dump.extra)
    alone = Job(jobs)
    costs["equal work"] = alone.equal_work(dump)
    costs["floor of equal work"], _ = measure.floor(alone.site, dump.files, alone.folder)
    return costs


if __name__ == "__main__":
    main()
