"""Nothing that is being read moves when the reader's script, which comes last, adds its controls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from archiver import config
from tests.accessibility.conftest import KINDS, LONG, SMALL, THEMES, build

LIMIT = 0.02
"""Cumulative layout shift; 0.1 is what the Web Vitals call good."""
WIDTHS = (320, 412, 1280)

PAINTED = """() => new Promise((tell) => {
    const look = () => {
        const painted = performance.getEntriesByName('first-contentful-paint').length;
        if (painted && document.readyState === 'interactive') tell();
        else setTimeout(look, 20);
    };
    look();
})"""
SHIFTS = """() => new Promise((tell) => {
    new PerformanceObserver((list) => tell(list.getEntries().reduce((sum, one) => sum + one.value, 0)))
        .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => tell(0), 500);
})"""


def shift(browser: Browser, file: Path, width: int) -> float:
    """How much moves when the script comes only after the page was painted; in shares of the window."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    held: list[Any] = []
    page.route("**/reader.js", lambda route: held.append(route))  # not the method itself: Playwright takes no built-in
    page.goto(file.as_uri(), wait_until="commit")
    page.evaluate(PAINTED)
    for route in held:
        route.continue_()
    page.locator(".colours").wait_for()
    moved = float(page.evaluate(SHIFTS))
    context.close()
    return moved


@pytest.mark.parametrize("theme", THEMES)
def test_the_script_moves_nothing(browser: Browser, sites: Callable[[str], Path], theme: str) -> None:
    paths = [LONG, SMALL, KINDS["front page"], KINDS["thread without comments"]]
    found = {(path, width): shift(browser, sites(theme) / path, width) for path in paths for width in WIDTHS}
    assert {where: moved for where, moved in found.items() if moved >= LIMIT} == {}


@pytest.mark.parametrize("language", config.languages())
def test_its_room_is_large_enough_in_every_language(
    browser: Browser, odd_dumps: list[Path], tmp_path: Path, language: str
) -> None:
    small = tmp_path / "small.ndjson"
    with odd_dumps[0].open(encoding="utf-8") as lines:
        small.write_text("".join(line for line in lines if '"small"' in line or '"t3_small"' in line))
    build(tmp_path / "site", [small], language=language)
    found = {width: shift(browser, tmp_path / "site" / SMALL, width) for width in WIDTHS}
    assert {width: moved for width, moved in found.items() if moved >= LIMIT} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_without_scripts_no_room_is_kept(browser: Browser, sites: Callable[[str], Path], theme: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((sites(theme) / SMALL).as_uri())
    room = """() => [getComputedStyle(document.querySelector('.site-header'), '::after').content,
        getComputedStyle(document.querySelector('ol.thread')).paddingBlockStart]"""
    assert page.evaluate(room) == ["none", "0px"]
    context.close()
