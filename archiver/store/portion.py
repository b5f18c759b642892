"""What is read of a dump at once. Its comments are rows already: whoever reads makes them while another writes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from itertools import groupby

import msgspec

from archiver.errors import DumpError
from archiver.model import Comment, Post, Record, Seen, Skip
from archiver.store.cells import number
from archiver.store.rows import COMMENTS, Batch

Item = Record | Skip | Seen

AT_ONCE = 500
"""Items of a portion,"""
TEXT_AT_ONCE = 1 << 20
"""or fewer, when their texts have that many characters."""


class Portion(msgspec.Struct):
    """Some items, one behind another in their dump."""

    runs: list[int | list[Item]]
    """In their order: how many of the comments, or items that are none."""
    comments: Batch
    newest: int | None
    """The newest time that the comments tell exactly; microseconds since 1970."""


def portions(items: Iterable[Item]) -> Generator[Portion, None, None]:
    """All that an importer reads. Raises DumpError where it does, behind what was read until then."""
    held: list[Item] = []
    text = 0
    try:
        for item in items:
            held.append(item)
            text += len(getattr(item, "body", None) or "")
            if len(held) >= AT_ONCE or text > TEXT_AT_ONCE:
                yield _portion(held)
                held, text = [], 0
    except DumpError:
        if held:
            yield _portion(held)
        raise
    if held:
        yield _portion(held)


def _portion(items: Sequence[Item]) -> Portion:
    runs: list[int | list[Item]] = []
    comments: list[Comment] = []
    for kind, run in groupby(items, type):
        before = len(comments)
        if kind is Comment:
            comments += run  # type: ignore[arg-type]
            runs.append(len(comments) - before)
        else:
            runs.append(list(run))
    return Portion(runs, COMMENTS.batch(comments), newest(comments))


def newest(records: Iterable[Comment | Post]) -> int | None:
    """The newest time that is told exactly; microseconds since 1970."""
    moments = [moment for record in records for moment in (record.created, record.edited)]
    times = [number(moment.earliest) for moment in moments if moment is not None and moment.precision == "exact"]
    return max((time for time in times if time is not None), default=None)
