"""Rebuilds a tree of comments from a page that lost its indentation.

Known are the comments in pre-order, how many direct replies each had, and that siblings stood in a certain order. Some
comments may be missing, each with all replies below it. Every tree that fits is considered: a subtree is a run of
comments, so for each comment the possible ends of its run are worked out from the last comment to the first. The time
is polynomial and nothing recurses.

Reading the counts greedily, as Polish notation, gives a wrong tree as soon as one comment is missing.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TypeAlias, TypeVar

import msgspec

EFFORT = 1_500_000
"""Steps before a search gives up: a second or two. Real threads of 500 comments take a tenth of that."""

_End = tuple[int, int]
"""Where a subtree ends (the comment after it), and how many of the marks standing there it has used."""
_Path: TypeAlias = "tuple[_Path, int, _End] | None"
"""Children chosen so far, last first: (the others, the child, its end)."""
_Row = dict[tuple[int, int], dict[int, "_Best"]]
"""Siblings that end at the same place: by marks used and key of the last one, then by their number."""
_Key = TypeVar("_Key")


class Entry(msgspec.Struct, frozen=True):
    """One comment, as the solver sees it."""

    key: int
    """Never rises from one sibling to the next. The same for all: nothing is known about the order."""
    replies: int
    """Direct replies it had."""
    not_loaded: tuple[int, ...] = ()
    """Marks "load more comments (3 replies)" printed behind it: each ends a comment with that many replies missing."""


class Tree(msgspec.Struct, frozen=True):
    """The best tree."""

    parents: tuple[int | None, ...]
    unique: bool
    """No other tree fits."""


class _Best(msgspec.Struct, frozen=True):
    """The best of the partial trees that come to the same."""

    evidence: int
    trees: int
    """How many there are: one or more than one (2)."""
    path: _Path


class TooManyTreesError(Exception):
    """The search was given up."""


def rebuild(
    entries: Sequence[Entry],
    *,
    evidence: Set[tuple[int, int]] = frozenset(),
    missing: int | None = None,
    effort: int = EFFORT,
) -> Tree | None:
    """The tree with the fewest missing replies, then the most evidence; None where no tree fits.

    ``evidence``: pairs (parent, comment) for which something speaks. ``missing``: at most so many replies are missing.
    Raises TooManyTreesError when ``effort`` is used up.
    """
    try:
        return _Search(entries, evidence, effort, exact=True).best(missing)
    except TooManyTreesError:
        return _Search(entries, frozenset(), effort, exact=False).best(missing)


class _Search:
    def __init__(self, entries: Sequence[Entry], evidence: Set[tuple[int, int]], effort: int, *, exact: bool) -> None:
        self.entries = entries
        self.exact = exact
        """Count trees and weigh evidence; else keep just the trees with the fewest siblings."""
        self.effort = effort
        self.answers = evidence
        self.marks = [(), *(entry.not_loaded for entry in entries)]
        """Marks standing before each comment, and behind the last."""
        self.subtrees: list[dict[_End, _Best]] = [{} for _ in entries]

    def best(self, missing: int | None) -> Tree | None:
        count = len(self.entries)
        for comment in reversed(range(count)):
            self._find_subtrees(comment)
        replies = sum(entry.replies for entry in self.entries)
        most = count if missing is None else min(count, missing + count - replies)
        found: dict[int, _Best] = {}
        for (used, _), rows in self._siblings(-1, most)[count].items():
            if used == len(self.marks[count]):
                for siblings, best in rows.items():
                    _keep(found, siblings, best)
        if not found:
            return None
        unique = self.exact and sum(best.trees for best in found.values()) == 1
        return Tree(self._parents(found[min(found)].path), unique)

    def _find_subtrees(self, comment: int) -> None:
        """Every run of comments that can be ``comment`` with all below it."""
        self._close(comment, (comment + 1, 0), 0, _Best(0, 1, None))
        replies = self.entries[comment].replies
        if not replies:
            return
        for end, row in self._siblings(comment, replies).items():
            for (used, _), rows in row.items():
                for siblings, best in rows.items():
                    if siblings:
                        self._close(comment, (end, used), siblings, best)

    def _close(self, comment: int, end: _End, siblings: int, best: _Best) -> None:
        """Note a run that ends here; behind it may stand the mark that says how many more replies there were."""
        place, used = end
        ends = self.subtrees[comment]
        _keep(ends, end, best)
        marks = self.marks[place]
        if used < len(marks) and siblings + marks[used] <= self.entries[comment].replies:
            _keep(ends, (place, used + 1), best)

    def _siblings(self, parent: int, most: int) -> dict[int, _Row]:
        """Every row of at most ``most`` siblings below ``parent``, by where it ends."""
        start, count = parent + 1, len(self.entries)
        top = max((entry.key for entry in self.entries), default=0)
        found: dict[int, _Row] = {count: {}}
        found[start] = {(0, top): {0: _Best(0, 1, None)}}
        for child in range(start, count):
            row = found.get(child, {})
            self._spend(1 + len(row))
            before = self._continued(row, child, most)
            if not before:
                continue
            key, answer = self.entries[child].key, int((parent, child) in self.answers)
            self._spend(len(before) * len(self.subtrees[child]))
            for end, subtree in self.subtrees[child].items():
                rows = found.setdefault(end[0], {}).setdefault((end[1], key), {})
                for siblings, best in before.items():
                    evidence = best.evidence + subtree.evidence + answer
                    step = _Best(evidence, min(2, best.trees * subtree.trees), (best.path, child, end))
                    self._keep_row(rows, siblings + 1, step)
        return found

    def _continued(self, row: _Row, child: int, most: int) -> dict[int, _Best]:
        """The rows that ``child`` may continue, by their number of siblings."""
        fitting: dict[int, _Best] = {}
        for (used, key), rows in row.items():
            if used == len(self.marks[child]) and key >= self.entries[child].key:
                self._spend(len(rows))
                for siblings, best in rows.items():
                    if siblings < most:
                        self._keep_row(fitting, siblings, best)
        return fitting

    def _keep_row(self, rows: dict[int, _Best], siblings: int, best: _Best) -> None:
        if not self.exact and rows:
            # Fewer siblings leave more room: one row is enough.
            if min(rows) <= siblings:
                return
            rows.clear()
        _keep(rows, siblings, best)

    def _spend(self, steps: int) -> None:
        self.effort -= steps
        if self.effort < 0:
            raise TooManyTreesError

    def _parents(self, path: _Path) -> tuple[int | None, ...]:
        parents: list[int | None] = [None] * len(self.entries)
        waiting: list[tuple[int | None, _Path]] = [(None, path)]
        while waiting:
            parent, step = waiting.pop()
            while step is not None:
                step, child, end = step
                parents[child] = parent
                waiting.append((child, self.subtrees[child][end].path))
        return tuple(parents)


def _keep(known: dict[_Key, _Best], key: _Key, best: _Best) -> None:
    """Add partial trees that come to the same; the first of those with most evidence stays."""
    other = known.get(key)
    if other is None:
        known[key] = best
        return
    chosen = best if best.evidence > other.evidence else other
    known[key] = _Best(chosen.evidence, min(2, best.trees + other.trees), chosen.path)
