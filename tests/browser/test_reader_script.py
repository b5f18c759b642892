"""What the small script adds, in a real browser, on pages opened from a disk; nothing of it is needed to read."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from archiver import serve, theme

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
    assert press(page, "jjk") == ["ca", "ce", "ca"]
    page.locator("#ca > details > summary").click()
    assert press(page, "jjj") == ["cb", "cd", "ce"]  # c is still folded, below b


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
    opener = page.get_by_role("button", name="Show shortcuts")
    opener.click()
    dialog = page.get_by_role("dialog")
    assert [key.inner_text() for key in dialog.locator("kbd").all()] == ["j", "k", "p", "n", "?"]
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Show shortcuts"


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
    assert "years ago" in (page.locator("#ca > .meta time").first.get_attribute("title") or "")


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


def test_its_controls_come_from_it_alone(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator(".reader, .colours, .keys, .last-order, main button, main input, select").count() == 0
    assert page.locator("#cc").is_visible()
    context.close()


def test_the_page_of_a_comment_is_where_keys_go_on(page: Page) -> None:
    """The focus on anything of a comment counts as being there; keys change no address."""
    before = page.url
    page.locator("#cd > .meta .permalink").focus()
    assert press(page, "kj") == ["cc", "cd"]
    page.locator("#cf").evaluate("(comment) => comment.scrollIntoView()")
    assert press(page, "n") == ["ce"]
    assert press(page, "nj") == ["ce", "cf"]  # after the last thread there is none
    assert press(page, "j") == ["cf"]
    assert page.url == before


def test_where_a_key_leads_is_in_sight_at_once_and_framed(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 200})
    press(page, "jjjjj")
    top = page.locator("#ce").evaluate("(comment) => comment.getBoundingClientRect().top")
    assert -1 <= top <= 40
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_flat_replies_know_their_parent(page: Page) -> None:
    """Deep replies lie beside their parent, not in it; the link tells."""
    page.evaluate("document.querySelector('#cb > details > ol').append(document.querySelector('#cd').parentElement)")
    page.locator("#cd > .meta .permalink").focus()
    assert press(page, "p") == ["ca"]
    assert press(page, "p") == ["ca"]  # a first comment answers none


@pytest.mark.parametrize(
    "field", ["<input>", "<input type=search>", "<textarea></textarea>", "<p contenteditable>x</p>"]
)
def test_what_is_typed_in_a_field_is_typed(page: Page, field: str) -> None:
    page.evaluate("(field) => document.querySelector('main').insertAdjacentHTML('afterbegin', field)", field)
    typed = page.locator("main > :first-child")
    typed.focus()
    page.keyboard.type("jkpn?")
    assert at(page) == ""
    assert typed.evaluate("(field) => field.value ?? field.textContent").startswith("jkpn?")
    assert not page.get_by_role("dialog").is_visible()


def test_a_question_mark_lists_the_keys_and_the_focus_comes_back(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 400})
    press(page, "jj")
    scrolled = page.evaluate("scrollY")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    assert dialog.is_visible()
    page.keyboard.press("n")
    assert page.evaluate("scrollY") == scrolled
    dialog.get_by_role("button", name="Close").click()
    assert not dialog.is_visible()
    assert at(page) == "cb"


def test_keys_switched_off_are_all_off_until_switched_on(page: Page) -> None:
    toggle = page.get_by_role("checkbox", name="Keyboard shortcuts")
    toggle.uncheck()
    assert press(page, "jn?") == [""] * 3
    assert not page.get_by_role("dialog").is_visible()
    page.get_by_role("button", name="Show shortcuts").click()
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    toggle.check()
    assert press(page, "j") == ["ca"]


@pytest.mark.parametrize("name", ["modern", "classic", "plain"])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_every_theme_follows_the_choice_of_colours(
    browser: Browser, make_site: Callable[..., Any], name: str, system: Any
) -> None:
    """The choice looks as the same setting of the system does, on every kind of page."""
    start = (make_site([], name=name, theme=name).folder / "index.html").as_uri()
    looks = "[...document.querySelectorAll('body, a, select, .site-header')].map((e) => [getComputedStyle(e)].map("
    looks += "(s) => [s.color, s.backgroundColor, s.borderBlockEndColor].join()).join())"
    told = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(start)
        told[scheme] = page.evaluate(looks)
        context.close()
    assert told["light"] != told["dark"]
    context = browser.new_context(color_scheme=system)
    page = context.new_page()
    page.goto(start)
    page.mouse.move(900, 600)
    for choice in ("dark", "light", "system"):
        page.get_by_label("Colours").select_option(choice)
        page.evaluate("document.activeElement.blur()")
        assert page.evaluate(looks) == told[system if choice == "system" else choice], choice
    context.close()


def test_the_order_read_last_is_not_offered_where_it_is_needless(page: Page, address: str) -> None:
    assert page.locator(".last-order").count() == 0  # nothing was chosen yet
    page.locator("nav.orders a", has_text="new").click()
    assert page.locator(".last-order").count() == 0
    page.goto(address)
    assert page.locator(".last-order").inner_text() == "You last read in this order: new – switch"
    page.locator("nav.orders a", has_text="top").click()
    assert page.url == address
    assert page.locator(".last-order").count() == 0  # the default was chosen
    page.goto(address.replace("p1.html", "p1.new.html"))
    assert page.locator(".last-order").count() == 0  # another one was asked for by its address
    page.locator("nav.orders a", has_text="old").click()
    assert page.url == address  # comes out like top here
    assert page.locator(".last-order").count() == 0


def test_times_say_in_the_words_of_the_site_how_long_ago_and_keep_what_is_said(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    path = Path(address.removeprefix("file://"))
    text = path.read_text(encoding="utf-8").replace('<html lang="en"', '<html lang="de"')
    text = text.replace("</main>", '<time datetime="2020-01-01">day</time><time datetime="2020-01-01T00:00:00Z" '
        'title="said">x</time><time datetime="2020-13-99T00:00:00Z">no time</time></main>')  # fmt: skip
    path.write_text(text, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.clock.set_fixed_time("2023-12-20T00:00:00Z")
    page.goto(address)
    assert page.locator("#ca > .meta time").get_attribute("title") == "vor 3 Jahren"
    extra = page.locator("main > time")
    assert [extra.nth(n).get_attribute("title") for n in range(3)] == [None, "said", None]
    assert page.locator(".reader").is_visible()  # a time that is none stops nothing
    for now, said in (("2020-09-13T12:26:50Z", "vor 10 Sekunden"), ("2020-09-15T00:00:00Z", "vor 1 Tag")):
        page.clock.set_fixed_time(now)
        page.reload()
        assert page.locator("#ca > .meta time").get_attribute("title") == said
    context.close()


def test_an_unknown_language_breaks_nothing(browser: Browser, address: str) -> None:
    path = Path(address.removeprefix("file://"))
    path.write_text(path.read_text(encoding="utf-8").replace('<html lang="en"', '<html lang="no such"'))
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    assert page.locator("#ca > .meta time").get_attribute("title")
    assert press(page, "j") == ["ca"]
    context.close()


@pytest.mark.parametrize("name", ["modern", "classic", "plain"])
def test_its_controls_are_large_enough_and_stay_off_paper(
    browser: Browser, page: Page, address: str, make_site: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    site = make_site([tmp_path / "dump.ndjson"], name=name, default_order="top", theme=name)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto((site.folder / "www.reddit.com/r/tea/comments/p1.new.html").as_uri())
    page.locator("nav.orders a", has_text="new").click()
    page.goto((site.folder / "www.reddit.com/r/tea/comments/p1.html").as_uri())
    added = page.locator(".reader button, .reader label, .colours select, .last-order a")
    for control in added.all():
        box = control.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24, control.inner_text()
    assert added.count() == 6
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.emulate_media(media="print")
    for control in page.locator(".reader, .colours, .last-order").all():
        assert control.is_hidden()


def test_forced_colours_frame_buttons_and_focus(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    button = page.get_by_role("button", name="Show shortcuts")
    assert button.evaluate("(button) => getComputedStyle(button).borderTopStyle") == "solid"
    press(page, "j")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_server_that_sends_the_policy_sees_no_breach(browser: Browser, address: str, tmp_path: Path) -> None:
    """The pages' own policy holds everywhere; `archiver serve` sends it as a header too."""
    with serve.server(tmp_path / "site", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(e.violatedDirective, e.blockedURI))"
        )
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/www.reddit.com/r/tea/comments/p1.html")
        page.get_by_label("Colours").select_option("dark")
        assert press(page, "jj?") == ["ca", "cb", ""]
        assert page.get_by_role("dialog").is_visible()
        assert complaints == []
        page.evaluate("document.body.setAttribute('style', 'color: red')")
        assert complaints  # so breaches are heard
        context.close()
        server.shutdown()


def test_500_comments_fold_and_are_walked_through_quickly(
    browser: Browser, make_site: Callable[..., Any], tmp_path: Path, address: str
) -> None:
    post, *_ = (tmp_path / "dump.ndjson").read_bytes().splitlines(keepends=True)
    line = {"link_id": "t3_p1", "author": "bob", "subreddit": "tea", "body": "A word.", "created_utc": 1600000000}
    many = [
        line | {"id": f"x{n}", "parent_id": f"t1_x{n - 1}" if n % 10 else "t3_p1", "score": 1000 - n}
        for n in range(500)
    ]
    dump = tmp_path / "many.ndjson"
    dump.write_bytes(post + b"".join(msgspec.json.encode(record) + b"\n" for record in many))
    site = make_site([dump], name="many", default_order="top", comments_per_page=500)
    page = browser.new_page()
    page.goto((site.folder / "www.reddit.com/r/tea/comments/p1.html").as_uri())
    assert page.locator("article.comment").count() == 500
    took = page.evaluate(
        """() => {
            const from = performance.now();
            const name = (nth) => document.querySelectorAll('.reader button')[nth];
            name(0).click();
            const folded = document.querySelectorAll('details.replies[open]').length;
            name(1).click();
            const unfolded = document.querySelectorAll('details.replies:not([open])').length;
            document.body.offsetHeight;
            return [folded, unfolded, performance.now() - from];
        }"""
    )
    assert took[:2] == [0, 0]
    assert took[2] < 2000
    page.get_by_role("button", name="Fold all", exact=True).click()
    seen = press(page, "j" * 50)
    assert seen == [f"cx{n}" for n in range(0, 500, 10)]
    page.close()
