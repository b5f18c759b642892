"""What readers see and do, in a real browser, on pages opened from a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

THREAD = "www.reddit.com/r/tea/comments/p1.html"
THEMES = ("modern", "classic", "plain")


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty page that fails the test for any complaint of the browser and any request to a host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=request.param)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: request.url.startswith("file:") or complaints.append(request.url))
    yield opened
    context.close()
    assert complaints == []


def line(id: str, parent: str, **more: Any) -> dict[str, Any]:
    return {
        "id": id, "link_id": "t3_p1", "parent_id": parent, "author": f"user_{id}", "subreddit": "tea", "score": 1,
        "body": "A word.", "created_utc": 1700000000, "retrieved_on": 1710000000, **more,
    }  # fmt: skip


HARD = [
    line("wide", "t3_p1", body="|" + "a|" * 40 + "\n" + "|-" * 40 + "|\n" + "|" + "long cell|" * 40),
    line("word", "t3_p1", body="x" * 2000),
    line("code", "t3_p1", body="    " + "code " * 200),
    line("name", "t3_p1", author="n" * 200),
    line("zalgo", "t3_p1", body="Z" + "\u0300" * 400),
    line("bidi", "t3_p1", author="\u202egpj.exe", body="\u202e text"),
    *(line(f"d{n}", f"t1_d{n - 1}" if n else "t3_p1") for n in range(600)),
]


@pytest.fixture
def site(tmp_path: Path, make_site: Callable[..., Any]) -> Callable[..., Any]:
    """``site(theme)`` builds a site of one thread with everything that breaks layouts."""
    post = {
        "id": "p1", "title": "Which kettle? " + "w" * 120, "author": "ann", "subreddit": "tea", "selftext": "Hm.",
        "is_self": True, "url": "", "score": 1, "num_comments": 1, "created_utc": 1700000000, "domain": "self.tea",
        "retrieved_on": 1710000000, "permalink": "/r/tea/comments/p1/",
    }  # fmt: skip
    dump = tmp_path / "dump.ndjson"
    dump.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in [post, *HARD]))
    return lambda theme="modern", **settings: make_site([dump], theme=theme, **settings)


def open_page(page: Page, site: Any, path: str, fragment: str = "") -> None:
    page.goto((site.folder / path).as_uri() + fragment)


def test_replies_fold_and_open_without_a_script(page: Page, site: Any) -> None:
    built = site()
    open_page(page, built, THREAD)
    first = page.locator("details.replies > summary").first
    reply = page.locator("#cd1 > .body")
    assert reply.is_visible()
    first.click()
    assert not reply.is_visible()
    open_page(page, built, THREAD, "#cd1")
    assert reply.is_visible()


def test_a_link_to_a_folded_comment_opens_it(page: Page, site: Any) -> None:
    open_page(page, site(), THREAD)
    page.locator("details.replies > summary").first.click()
    page.evaluate("location.hash = '#cd3'")
    page.wait_for_timeout(300)
    assert page.locator("#cd3 > .body").is_visible()


def test_every_parent_of_a_600_deep_chain_is_in_the_page_or_linked(page: Page, site: Any) -> None:
    """Browsers flatten a DOM beyond 512 elements; the relation must not hang on nesting alone."""
    built = site(comments_per_page=1000)
    open_page(page, built, THREAD)
    wrong = page.evaluate("""() => {
        const wrong = [];
        for (let n = 1; n < 600; n++) {
            const link = document.querySelector(`#cd${n} > .meta a.parent`);
            if (!link || link.getAttribute('href') !== `#cd${n - 1}`) wrong.push(n);
            const above = document.querySelector(`#cd${n}`).parentElement.closest('article.comment');
            if (n < 50 && above.id !== `cd${n - 1}`) wrong.push(n);
        }
        return wrong;
    }""")
    assert wrong == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_makes_a_page_wider_than_a_phone(browser: Browser, site: Any, theme: str, scheme: Any) -> None:
    built = site(theme)
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    for path in ("index.html", THREAD, "www.reddit.com/r/tea.html", "www.reddit.com/user/ann.html", "about.html"):
        open_page(page, built, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_one_first_heading_and_the_landmarks(page: Page, site: Any, theme: str) -> None:
    open_page(page, site(theme), THREAD)
    assert page.locator("h1").count() == 1
    for landmark in ("header", "main", "aside", "footer"):
        assert page.locator(f"body {landmark}").first.is_visible()
    assert page.locator("h3.who").count() == page.locator("article.comment").count()


def test_skip_links_lead_to_content_and_comments(page: Page, site: Any) -> None:
    open_page(page, site(), THREAD)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "comments"


def test_a_name_that_turns_text_around_turns_only_itself(page: Page, site: Any) -> None:
    open_page(page, site(comments_per_page=1000), THREAD)
    comment = page.locator("#cbidi")
    comment.scroll_into_view_if_needed()
    name, points = comment.locator("h3 bdi").bounding_box(), comment.locator(".points").bounding_box()
    assert name
    assert points
    assert comment.locator(".points").inner_text() == "1 point"
    # Both begin at the same edge: the name did not push the line to the other side.
    assert abs(comment.bounding_box()["x"] - min(name["x"], points["x"])) < 40  # type: ignore[index]


def test_printing_shows_folded_replies(page: Page, site: Any) -> None:
    open_page(page, site(), THREAD)
    page.locator("details.replies > summary").first.click()
    page.emulate_media(media="print")
    assert page.locator("#cd1 > .body").is_visible()
