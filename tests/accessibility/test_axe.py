"""axe-core in Chromium: WCAG 2.2 A and AA and its best practices, on every kind of page in every look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.accessibility.conftest import KINDS, LONG, THEMES

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
UNDECIDED = {
    "1:1 contrast ratio": "an inline spoiler: a bar on purpose, until pointed at or tabbed to",
    "partially overlaps other elements": "inline text that wraps; its colours are decided where it does not",
    "because of element overlap": "the same",
    "partially obscured by another element": "scrolled out of a wide table or block of code; the rest of it is decided",
    "content is too short": "a table cell or footnote of one letter, in the colours of the text around",
    "only non-text characters": "the arrow back from a footnote, in the colour of all links",
    "if the visible text is part of the accessible name": "that arrow is a picture; its name says where it leads",
}
"""Messages of rules that cannot decide, and why that is no fault. Violations are never explained away."""
WIDTHS = (1280, 320)

START = """(tags) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.thread > li { content-visibility: visible !important; }');
    document.adoptedStyleSheets = [sheet];
    window.found = axe.run(document, {
        runOnly: {type: 'tag', values: tags}, resultTypes: ['violations', 'incomplete'], preload: false,
    });
}"""
"""All of a page is looked at, also what is not laid out until it is scrolled to."""
END = """async () => {
    const found = await window.found;
    const undecided = found.incomplete.flatMap((rule) => rule.nodes.map((node) => [rule.id + ' (undecided)', node]));
    const wrong = found.violations.flatMap((rule) => rule.nodes.map((node) => [rule.id, node]));
    return wrong.concat(undecided).map(([rule, node]) => [rule, node.target.join(' '),
        node.any.concat(node.all, node.none).map((one) => one.message).join('; ')]);
}"""


@pytest.fixture(scope="module")
def source(tool: Callable[[str], Path]) -> str:
    """The script of axe-core."""
    return tool("axe-core/axe.min.js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """What axe found, once it is done, without what is explained."""
    return [
        f"{rule} at {selector}: {message}"
        for rule, selector, message in page.evaluate(END)
        if not (rule.endswith("(undecided)") and any(known in message for known in UNDECIDED))
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing(sites: Any, open_page: Any, source: str, theme: str, kind: str) -> None:
    pages = [open_page(sites(theme) / KINDS[kind], width=width) for width in WIDTHS]
    found = []
    for page in pages:
        page.evaluate(source)
    for scheme in ("light", "dark"):
        for page in pages:  # both at once: each has a process of its own
            page.emulate_media(color_scheme=scheme)
            page.evaluate(START, TAGS)
        for page, width in zip(pages, WIDTHS, strict=True):
            found += [f"{width} px, {scheme}: {fault}" for fault in faults(page)]
    assert "\n".join(found) == ""


def test_axe_finds_nothing_on_500_comments(site: Path, open_page: Any, source: str) -> None:
    page = open_page(site / LONG, color_scheme="dark")
    page.evaluate(source)
    page.evaluate(START, TAGS)
    assert "\n".join(faults(page)) == ""
