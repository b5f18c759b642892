"""What the small script adds, in a real browser, on pages opened from a disk; nothing of it is needed to read."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from archiver import theme

LIMIT = 6 * 1024
"""Bytes of the script, gzipped."""

TREE = {"a": None, "b": "a", "c": "b", "d": "a", "e": None, "f": "e"}
"""Comments and the ones they answer; older ones have higher scores, so hot and top keep this order."""


@pytest.fixture
def address(tmp_path: Path, make_site: Callable[..., Any]) -> str:
    """Where a thread of six comments lies, with orders that differ."""
    common = {"subreddit": "tea", "retrieved_on": 1710000000}
    post = {
        **common, "id": "p1", "title": "Which kettle?", "author": "ann", "selftext": "", "is_self": True, "score": 1,
        "num_comments": 6, "created_utc": 1600000000, "domain": "self.tea", "permalink": "/r/tea/comments/p1/",
    }  # fmt: skip
    comments = [
        {
            **common, "id": name, "link_id": "t3_p1", "parent_id": f"t1_{parent}" if parent else "t3_p1",
            "author": f"user_{name}", "body": "A word.", "score": 50 - at, "created_utc": 1600000000 + at,
        }
        for at, (name, parent) in enumerate(TREE.items())
    ]  # fmt: skip
    dump = tmp_path / "dump.ndjson"
    dump.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in [post, *comments]))
    site = make_site([dump], default_order="top", theme="modern")
    return str((site.folder / "www.reddit.com/r/tea/comments/p1.html").as_uri())


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The thread, opened; any complaint of the browser fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(address)
    yield opened
    context.close()
    assert complaints == []


def at(page: Page) -> str:
    """The comment that has the focus."""
    return str(page.evaluate("document.activeElement.closest('article.comment')?.id ?? ''"))


def press(page: Page, keys: str) -> list[str]:
    """Where each key leads."""
    found = []
    for key in keys:
        page.keyboard.press(key)
        found.append(at(page))
    return found


def test_it_is_small() -> None:
    script = theme.data_root() / "templates" / "static" / "reader.js"
    assert len(gzip.compress(script.read_bytes())) <= LIMIT


def test_all_replies_fold_and_unfold(page: Page) -> None:
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert page.locator("#cb").is_hidden()
    assert page.locator("#cf").is_hidden()
    page.get_by_role("button", name="Unfold all").click()
    assert page.locator("#cc").is_visible()


def test_keys_move_between_comments(page: Page) -> None:
    assert press(page, "jjjjk") == ["ca", "cb", "cc", "cd", "cc"]
    assert press(page, "ppn") == ["cb", "ca", "ce"]
    assert page.evaluate("document.activeElement.tagName") == "H3"


def test_keys_pass_over_what_is_folded(page: Page) -> None:
    page.get_by_role("button", name="Fold all", exact=True).click()
    page.locator("body").focus()
    assert press(page, "jj")[-1] in ("ce", "ca")
    assert "cb" not in press(page, "jk")


def test_keys_can_be_switched_off_and_stay_off(page: Page, address: str) -> None:
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    assert press(page, "j") == [""]
    page.goto(address)
    assert not page.get_by_role("checkbox", name="Keyboard shortcuts").is_checked()
    assert press(page, "j") == [""]


def test_keys_leave_other_programs_and_choices_alone(page: Page) -> None:
    page.keyboard.press("Control+j")
    page.keyboard.press("Alt+j")
    assert at(page) == ""
    page.get_by_label("Colours").focus()
    page.keyboard.press("j")
    assert at(page) == ""


def test_the_keys_are_listed(page: Page) -> None:
    opener = page.get_by_role("button", name="Keys")
    opener.click()
    dialog = page.get_by_role("dialog")
    assert [key.inner_text() for key in dialog.locator("kbd").all()] == ["j", "k", "p", "n", "?"]
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Keys"


def test_colours_are_chosen_and_remembered(page: Page, address: str) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    page.get_by_label("Colours").select_option("dark")
    dark = background()
    assert dark != light
    page.goto(address)
    assert background() == dark


def test_the_order_read_last_is_offered_never_forced(page: Page, address: str) -> None:
    page.locator("nav.orders a", has_text="new").click()
    page.goto(address)
    assert page.url == address
    page.locator(".last-order a").click()
    assert page.url.endswith("p1.new.html")


def test_times_say_how_long_ago(page: Page) -> None:
    assert "years ago" in (page.locator("#ca time").first.get_attribute("title") or "")


def test_blocked_storage_breaks_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})")
    page.goto(address)
    page.get_by_label("Colours").select_option("dark")
    assert press(page, "j") == ["ca"]
    context.close()
    assert errors == []
