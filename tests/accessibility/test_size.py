"""The largest threads there are: 100,000 comments side by side, in a mixed tree, and in one chain of replies."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.accessibility.conftest import TEA, comment, post

SIZE = 100_000
PER_PAGE = 500
BYTES = 512 * 1024
ELEMENTS = 10_000
DEPTH = 512
"""Browsers flatten what is nested deeper."""
SECONDS = 2
"""What a page may take to load where nothing else keeps the machine busy …"""
LOADS = 10
"""… and how many loads may miss that because something does; measured in the browser, from navigation to load."""

MEASURE = """() => {
    const waiting = [[document.documentElement, 1]];
    let elements = 0, deepest = 0;
    while (waiting.length) {
        const [element, depth] = waiting.pop();
        elements++;
        deepest = Math.max(deepest, depth);
        for (const child of element.children) waiting.push([child, depth + 1]);
    }
    return [elements, deepest];
}"""
LOADED = """() => new Promise((tell) => {
    const look = () => {
        const end = performance.getEntriesByType('navigation')[0].loadEventEnd;
        if (end) tell(end); else setTimeout(look, 20);
    };
    look();
})"""


def mixed(at: int, random_: random.Random) -> int | None:
    """A third of the comments answers the post, the others any comment before them."""
    return random_.randrange(at) if at % 3 else None


SHAPES: dict[str, Callable[[int, random.Random], int | None]] = {
    "wide": lambda _at, _random: None,
    "mixed": mixed,
    "chain": lambda at, _random: at - 1 if at else None,
}
"""Which comment the one at a place answers; None: the post."""


def thread(name: str) -> list[dict[str, Any]]:
    random_ = random.Random(7)
    parents = [SHAPES[name](at, random_) for at in range(SIZE)]
    # Nobody is named: pages of people are not what is measured here.
    return [
        post(name, f"100,000 comments: {name}", num_comments=SIZE),
        *(
            comment(name, f"{name}{at}", None if parent is None else f"{name}{parent}", author="[deleted]")
            for at, parent in enumerate(parents)
        ),
    ]


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the threads' pages, built by the command, in one order."""
    folder = tmp_path_factory.mktemp("huge")
    with (folder / "dump.ndjson").open("w", encoding="utf-8") as dump:
        for name in SHAPES:
            dump.writelines(json.dumps(line) + "\n" for line in thread(name))
    command = [sys.executable, "-m", "archiver", "build", "dump.ndjson", "--output", "site", "--orders", "old"]
    subprocess.run([*command, "--quiet"], cwd=folder, check=True)
    return folder / "site" / TEA


def pages(huge: Path, name: str) -> list[Path]:
    """The pages of a thread, first to last."""
    found = [huge / f"{name}.html"]
    while (after := huge / f"{name}-{len(found) + 1}.html").exists():
        found.append(after)
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_100000_comments_come_out_on_pages_of_bounded_size(huge: Path, name: str) -> None:
    texts = [path.read_bytes() for path in pages(huge, name)]
    counts = [text.count(b'<article class="comment') for text in texts]
    assert sum(counts) == SIZE
    assert max(counts) <= PER_PAGE
    assert max(map(len, texts)) <= BYTES


@pytest.mark.parametrize("name", SHAPES)
def test_a_page_of_100000_comments_loads_at_once(huge: Path, open_page: Callable[..., Page], name: str) -> None:
    found = pages(huge, name)
    for path in (found[0], found[len(found) // 2], found[-1]):
        page = open_page(path)
        elements, depth = page.evaluate(MEASURE)
        assert elements <= ELEMENTS
        assert depth < DEPTH
        taken = [loading(page)]
        while taken[-1] >= SECONDS and len(taken) < LOADS:
            page.reload()
            taken.append(loading(page))
        assert min(taken) < SECONDS, (path.name, taken)


def loading(page: Page) -> float:
    """Seconds from the navigation to the end of the page's load event, as the browser measured them."""
    return float(page.evaluate(LOADED)) / 1000
