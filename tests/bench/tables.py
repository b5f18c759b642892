"""Figures as tables of Markdown, which read well in a terminal too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MIB = 1024 * 1024
Row = list[str]
Step = tuple[str, str]
"""Number of processes, name."""


def show(text: str) -> None:
    """Print."""
    print(text, flush=True)  # noqa: T201  a task for people


def report(figures: dict[str, Any], before: dict[str, Any] | None) -> str:
    """All tables of one run; with ratios to an earlier one, if there is one."""
    dump, site = figures["dump"], figures["site"]
    comments = site["comments"]
    head = (
        f"{dump['posts']:,} posts, {dump['comments']:,} comments, {dump['packed_bytes'] / 1e6:.1f} MB packed; "
        f"{figures['cores']} cores, Python {figures['python']}; medians of {figures['runs']}; "
        f"load {figures['load'][0]:.1f} at the start, {figures['load'][1]:.1f} at the end"
    )
    parts = [
        head,
        *(_steps(figures, jobs, before) for jobs in figures["steps"]),
        table(
            ["site", ""],
            [
                ["files", f"{site['files']:,}"],
                ["pages", f"{site['pages']:,}"],
                ["MB", f"{site['bytes'] / 1e6:,.1f}"],
                ["MB of the archive file", f"{site['archive_bytes'] / 1e6:,.1f}"],
                ["markup a comment and order, besides the body's text", f"{comments['markup']:,.0f} bytes"],
                ["the same, gzipped", f"{comments['gzipped']:,.0f} bytes"],
            ],
        ),
        _ratios(figures),
    ]
    return "\n\n".join(parts)


def growth(rows: list[tuple[str, float, float, float]]) -> str:
    """What costs so much more when there is so much more."""
    header = ["", "comments ×", "CPU s", "CPU ×"]
    return table(header, [[name, f"{more:.0f}", f"{cpu:.1f}", f"{ratio:.1f}"] for name, more, cpu, ratio in rows])


def _steps(figures: dict[str, Any], jobs: str, before: dict[str, Any] | None) -> str:
    count, pages = figures["dump"]["comments"], figures["site"]["pages"]
    old = before["steps"].get(jobs, {}) if before else {}
    rows = []
    for name, cost in figures["steps"][jobs].items():
        wall = cost["wall"]
        many = not name.startswith(("second", "one more"))
        row = [name, f"{wall:.2f}", f"{cost['cpu']:.2f}", f"{cost['rss'] / MIB:.0f}", f"{cost['written']:,.0f}"]
        row += [f"{count / wall:,.0f}" if many else "", f"{pages / wall:,.0f}" if name == "first build" else ""]
        if before:
            was = old.get(name)
            row += [f"{cost[figure] / was[figure]:.2f}" if was else "" for figure in ("wall", "cpu", "rss")]
        rows.append(row)
    header = [f"--jobs {jobs}", "wall s", "CPU s", "peak MiB", "files written", "comments/s", "pages/s"]
    return table(header + (["wall ×", "CPU ×", "peak ×"] if before else []), rows)


def _ratios(figures: dict[str, Any]) -> str:
    rows = [
        [name, *(f"{_get(figures, kind, over) / _get(figures, kind, under):.2f}" for kind in ("wall", "cpu"))]
        for name, over, under in _compared(list(figures["steps"]))
    ]
    return table([f"ratios (floor: cp -r, {figures['unpacked_by']})", "wall ×", "CPU ×"], rows)


def _compared(tried: list[str]) -> Iterator[tuple[str, list[Step], list[Step]]]:
    """What is compared, as sums of steps: this by that."""
    for jobs in tried:
        whole, equal, first = [(jobs, "import"), (jobs, "first build")], [(jobs, "equal work")], [(jobs, "first build")]
        yield f"--jobs {jobs}: import and first build / floor", whole, [(jobs, "floor")]
        yield f"--jobs {jobs}: equal work / its floor", equal, [(jobs, "floor of equal work")]
        yield f"--jobs {jobs}: import and first build / equal work", whole, equal
        yield f"--jobs {jobs}: second build / first", [(jobs, "second build, nothing new")], first
    if {"1", "2"} <= set(tried):
        for name in ("first build", "equal work"):
            yield f"{name}: --jobs 1 / --jobs 2", [("1", name)], [("2", name)]


def _get(figures: dict[str, Any], kind: str, steps: list[Step]) -> float:
    return sum(float(figures["steps"][jobs][name][kind]) for jobs, name in steps)


def table(header: Row, rows: list[Row]) -> str:
    """A table with its columns in line; the first is of words, the others of figures."""
    widths = [max(len(row[at]) for row in [header, *rows]) for at in range(len(header))]
    lines = [header, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])], *rows]
    return "\n".join(
        "| " + " | ".join(f"{cell:{'<' if at == 0 else '>'}{widths[at]}}" for at, cell in enumerate(line)) + " |"
        for line in lines
    )
