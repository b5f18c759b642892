"""Keyboard alone: every control is reached, in order, seen and left again; replies fold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.accessibility.conftest import KINDS, LONG, SMALL, THEMES

GOLDEN = Path(__file__).parent / "golden"

NUMBER = """() => {
    const wanted = 'a[href], button, summary, input, select, textarea, [tabindex]';
    const controls = [...document.querySelectorAll(wanted)].filter(
        (element) => element.tabIndex >= 0 && element.checkVisibility({contentVisibilityAuto: false}));
    controls.forEach((element, at) => { element.walked = at; });
    return controls.length;
}"""
"""Numbers the controls in the order of the page."""
STOP = """() => {
    const element = document.activeElement;
    const html = element.outerHTML.slice(0, 200);
    if (element === document.body || element.walked === undefined) return [-1, '', true, html];
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const inView = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
        && box.right > 0 && box.left < innerWidth;
    const framed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const role = {A: 'link', BUTTON: 'button', SUMMARY: 'fold', PRE: 'code', TABLE: 'table', SPAN: 'spoiler'};
    const name = (element.getAttribute('aria-label') || element.innerText).replace(/\\s+/g, ' ').trim();
    return [element.walked, `${role[element.tagName] || element.tagName}: ${name.slice(0, 60)}`,
        inView && framed, html];
}"""


def walk(page: Page, stops: int | None = None) -> list[str]:
    """Tabs through a page, or its first controls, and gives their roles and names; asserts what the module says."""
    count: int = page.evaluate(NUMBER)
    names, unseen = [], []
    for at in range(min(count, stops or count)):
        page.keyboard.press("Tab")
        number, name, seen, html = page.evaluate(STOP)
        assert number == at, f"stop {at} is control {number}: {html}"
        names.append(name)
        if not seen:
            unseen.append(html)
    assert unseen == []
    if stops is None:  # no trap at the end either
        page.keyboard.press("Tab")
        assert page.evaluate(STOP)[0] in (-1, 0)
    return names


def test_a_walk_through_500_comments(
    site: Path, open_page: Callable[..., Page], golden: Callable[[Path, str], None]
) -> None:
    names = walk(open_page(site / LONG, java_script_enabled=False))
    assert sum(name.startswith("fold: ") for name in names) > 100
    golden(GOLDEN / "walk.txt", "\n".join(names[:40]) + "\n")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", ["front page", "person", "odd thread of Reddit", "odd thread of Lemmy", "about"])
def test_a_walk_through_each_look(sites: Any, open_page: Callable[..., Page], theme: str, kind: str) -> None:
    walk(open_page(sites(theme) / KINDS[kind], width=320 if theme == "modern" else 1280))


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_replies_fold_by_keyboard(site: Path, open_page: Callable[..., Page], key: str, scripts: bool) -> None:
    page = open_page(site / SMALL, java_script_enabled=scripts)
    reply = page.locator("#cs2 > .body")
    page.locator("details.replies > summary").first.focus()
    page.keyboard.press(key)
    assert not reply.is_visible()
    page.keyboard.press(key)
    assert reply.is_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_focus_changes_what_is_seen(sites: Any, open_page: Callable[..., Page], theme: str) -> None:
    """Not only the computed outline: pixels around the control must change."""
    page = open_page(sites(theme) / SMALL)
    page.keyboard.press("Tab")
    kinds = [".site-title a", ".site-nav a", ".who a", ".permalink", ".parent", ".original", "summary", ".body pre"]
    for kind in [*kinds, ".body table", ".body span.spoiler", ".body a", ".orders a", ".orders a[aria-current]"]:
        control = page.locator(kind).first
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box
        clip: Any = {"x": box["x"] - 6, "y": box["y"] - 6, "width": box["width"] + 12, "height": box["height"] + 12}
        page.evaluate("document.activeElement.blur()")
        before = page.screenshot(clip=clip)
        control.focus()
        assert page.screenshot(clip=clip) != before, kind
