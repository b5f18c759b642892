"""Who answers whom on a page saved as text: the order of the page and the evidence in texts, for the solver to use.

The solver is mlmym_nesting.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from archiver.importers.ages import DAY, parse_age
from archiver.importers.mlmym_nesting import Entry, TooManyTreesError, Tree, rebuild
from archiver.importers.mlmym_text_comments import Block
from archiver.importers.mlmym_text_page import Page
from archiver.model import Nesting

BOT = re.compile(r"\w{0,30}(?:link|piped|invidious)\w{0,30}bot\b", re.IGNORECASE)
LINK_ID = re.compile(r"https?://\S{1,300}?(?:/|v=)(?P<id>[\w-]{6,200})(?=[^\w/-]|$)")
QUOTE_LENGTH = 20
"""Characters of the shortest paragraph that counts as a quote when it comes again."""
HOT_DAYS = 7
"""After so many days Lemmy's "hot" is the order of scores."""


class Nested(msgspec.Struct, frozen=True):
    """Who answers whom, and how that is known."""

    parents: Sequence[int | None]
    certainty: Nesting | None
    order: str | None = None


def nested(page: Page) -> Nested:
    """The tree that fits the page best."""
    blocks = page.blocks
    flat = Nested([None] * len(blocks), "flat" if len(blocks) > 1 else None)
    if all(block.replies is None for block in blocks):
        return flat
    evidence = _evidence(blocks)
    try:
        fitting = [
            (order, len(set(keys)), tree) for order, keys in _orders(blocks) if (tree := _solve(page, keys, evidence))
        ]
        if not fitting:
            tree = _solve(page, [0] * len(blocks), evidence)
            return Nested(tree.parents, "uncertain") if tree else flat
    except TooManyTreesError:
        return flat
    # An order that tells few comments apart fits by accident where one that tells many apart fits as well;
    # hot, in a young thread, can be any.
    most = max(steps for _, steps, _ in fitting)
    found = [(order, tree) for order, steps, tree in fitting if order is None or 2 * steps > most]
    order, tree = found[0]
    same = all(other.parents == tree.parents for _, other in found)
    sure = same and all(other.unique for _, other in found) and not page.single
    return Nested(tree.parents, "inferred" if sure else "uncertain", order if len(found) == 1 else None)


def _orders(blocks: Sequence[Block]) -> list[tuple[str | None, list[int]]]:
    """The orders the page can have: their names, and a key for each comment that never rises from sibling to sibling.

    The page does not tell which one it was saved in. One that makes no difference between comments tells nothing.
    """
    ages = [age.least if (age := parse_age(block.header["age"])) else 0 for block in blocks]
    orders: list[tuple[str | None, list[int]]] = [
        ("top", [block.score for block in blocks]),
        ("new", [-age for age in ages]),
        ("old", ages),
    ]
    orders = [(name, keys) for name, keys in orders if len(set(keys)) > 1]
    if not orders or min(ages) < HOT_DAYS * DAY:
        orders.append((None, [0] * len(blocks)))  # hot, which cannot be checked while a thread is young
    return orders


def _solve(page: Page, keys: Sequence[int], evidence: frozenset[tuple[int, int]]) -> Tree | None:
    blocks = page.blocks
    entries = [Entry(key, block.replies or 0, block.not_loaded) for key, block in zip(keys, blocks, strict=True)]
    missing = None
    if page.tally and page.tally["word"] == "all" and not any(block.not_loaded for block in blocks):
        # All comments were on the page: no more can be missing than the text lost.
        missing = max(0, int(page.tally["count"]) - len(blocks))
    if tree := rebuild(entries, evidence=evidence, missing=missing):
        return tree
    # The page contradicts itself; the counts and the order are the last to give up.
    return rebuild([Entry(entry.key, entry.replies) for entry in entries], evidence=evidence)


def _evidence(blocks: Sequence[Block]) -> frozenset[tuple[int, int]]:
    """Who speaks for answering whom: a quote the comment it is from, a bot with other links the one with the link."""
    found: set[tuple[int, int]] = set()
    first: dict[str, int] = {}
    links: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        for paragraph in re.split(r"\n\s*\n", block.body):
            quote = paragraph.strip().removeprefix(">").strip()
            if len(quote) >= QUOTE_LENGTH and first.setdefault(quote, index) != index:
                found.add((first[quote], index))
        bot = BOT.match(block.header["author"])
        for match in LINK_ID.finditer(block.body):
            if bot:
                found.update((parent, index) for parent in links.get(match["id"], ()))
            else:
                links.setdefault(match["id"], []).append(index)
    return frozenset(found)
