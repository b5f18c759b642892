"""Cuts a thread in one order into pages that people, and their screen readers, can carry."""

from __future__ import annotations

from collections.abc import Sequence

from archiver.tree import Node


def cut(nodes: Sequence[Node], limit: int) -> list[list[Node]]:
    """Pages of at most ``limit`` nodes, in order; at least one page.

    Pages end between top-level threads where they can. A top-level thread too long for one page starts on its own
    page and goes on over the next ones.
    """
    pages: list[list[Node]] = [[]]
    for unit in _units(nodes):
        if pages[-1] and len(pages[-1]) + len(unit) > limit:
            pages.append([])
        pages[-1] += unit[:limit]
        pages += [unit[start : start + limit] for start in range(limit, len(unit), limit)]
    return pages


def _units(nodes: Sequence[Node]) -> list[list[Node]]:
    """Top-level threads: each root with all below it."""
    units: list[list[Node]] = []
    for node in nodes:
        if node.depth == 0:
            units.append([])
        units[-1].append(node)
    return units


def batches(count: int, size: int) -> list[range]:
    """The places of ``count`` things on pages of ``size``; at least one page."""
    return [range(start, min(start + size, count)) for start in range(0, max(count, 1), size)]
