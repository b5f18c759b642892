"""How the cost of the whole job grows: with the archive, with one thread, with its depth."""

from __future__ import annotations

import measure
from work import Dump, Job

PAIRS = (
    ("many threads", "many", 10_000, 100_000),
    ("one thread", "one", 5_000, 20_000),
    ("a chain, each comment in answer to the last", "chain", 10_000, 100_000),
)


def measured() -> list[tuple[str, float, float, float]]:
    """Of each pair: its name, how much more there is, CPU seconds of the larger, and how much more these are."""
    rows = []
    for name, shape, small, large in PAIRS:
        before, after = cpu(small, shape), cpu(large, shape)
        rows.append((f"{name}: {small:,} → {large:,}", large / small, after, after / before))
    return rows


def cpu(comments: int, shape: str) -> float:
    """CPU seconds of import and first build, in one process."""
    job = Job(1)
    return measure.together(job.read(Dump(comments, shape)), job.build()).cpu
