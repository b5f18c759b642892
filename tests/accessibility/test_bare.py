"""Without scripts, without style sheets, in a text browser, and from a disk without a network."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from archiver import intake, publish
from tests.accessibility.conftest import KINDS, LONG, SMALL
from tests.conftest import BuiltSite

GOLDEN = Path(__file__).parent / "golden"
CRAWLED = 30
HIDDEN = "(one) => !one.checkVisibility() && !one.closest('details.spoiler, rp')"
"""What is not shown; spoilers are folded on purpose, and ``rp`` is for browsers without ruby."""


def test_a_thread_in_a_text_browser(
    site: Path, program: Callable[[str, str], str], golden: Callable[[Path, str], None]
) -> None:
    w3m = program("w3m", "on Debian: apt install w3m")
    command = [w3m, "-dump", "-cols", "80", "-I", "UTF-8", "-O", "UTF-8", "-T", "text/html", site / SMALL]
    done = subprocess.run(command, capture_output=True, check=True)
    golden(GOLDEN / "w3m.txt", done.stdout.decode())


@pytest.mark.parametrize("kind", ["front page", "small thread", "odd thread of Lemmy", "person"])
def test_without_style_everything_is_there_in_order(site: Path, open_page: Callable[..., Page], kind: str) -> None:
    page = open_page(site / KINDS[kind], java_script_enabled=False)
    styled = page.locator("main").inner_text().split()
    page.evaluate("for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) sheet.remove()")
    bare = page.locator("main").inner_text().split()
    hidden = page.evaluate("[...document.querySelectorAll('main *')].filter(HIDDEN).length".replace("HIDDEN", HIDDEN))
    assert hidden == 0
    assert len(bare) >= len(styled) > 20
    tops = page.evaluate("[...document.querySelectorAll('article')].map((e) => e.getBoundingClientRect().top)")
    assert tops == sorted(tops)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_with_and_without_scripts(site: Path, open_page: Callable[..., Page], kind: str, scripts: bool) -> None:
    """Every page says the same and works; complaints of the browser fail the fixture."""
    page = open_page(site / KINDS[kind], java_script_enabled=scripts)
    assert page.locator("h1").count() == 1
    assert page.locator("main").is_visible()
    for fold in page.locator("details.replies").all()[:3]:
        assert fold.get_attribute("open") is not None
    hidden = page.evaluate(
        "[...document.querySelectorAll('main article > *')].filter((e) => !e.checkVisibility()).length"
    )
    assert hidden == 0
    for order in page.locator("nav.orders a").evaluate_all("links => links.map((link) => link.href)"):
        page.goto(order)
        assert page.locator("h1").count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_link_leads_to_a_comment_of_a_long_page(site: Path, open_page: Callable[..., Page], scripts: bool) -> None:
    """What is off screen is not laid out (content-visibility), and links must land all the same."""
    page = open_page(site / LONG, fragment="#ct400", java_script_enabled=scripts)
    comment = page.locator("#ct400")
    for _ in range(50):  # a busy machine takes its time
        page.wait_for_timeout(100)
        if (top := comment.evaluate("(comment) => comment.getBoundingClientRect().top")) < 200:
            break
    assert comment.locator("> .body").is_visible()
    assert 0 <= top < 200


def test_all_links_of_a_whole_site_lead_somewhere(site: Path) -> None:
    report = publish.Report(intake.Report(), 0, 0, 0, 0, 0, 0.0)
    assert BuiltSite(site, report).broken_links() == []


def test_following_links_asks_for_files_only(site: Path, open_page: Callable[..., Page]) -> None:
    page = open_page(site / "index.html")
    waiting, seen = [page.url], set[str]()
    while waiting and len(seen) < CRAWLED:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        page.goto(url)
        links: list[str] = page.evaluate("[...document.links].map((link) => link.href.split('#')[0])")
        new = [link for link in dict.fromkeys(links) if link.startswith("file:")]
        waiting += new[:: max(1, len(new) // 8)]
    assert len(seen) == CRAWLED
