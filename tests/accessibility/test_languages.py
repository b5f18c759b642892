"""One link of a row is the current one; a site in a right-to-left language keeps its direction around other words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page
from selectolax.lexbor import LexborHTMLParser

from tests.accessibility.conftest import TEA, THEMES, build, comment, post

LATIN = f"{TEA}/latin.html"


@pytest.fixture(scope="module")
def arabic(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``arabic(theme)``: a site in Arabic of a Latin poll, an Arabic post and a dump with faults."""
    folder = tmp_path_factory.mktemp("arabic")
    made: dict[str, Path] = {}
    lines = [
        post(
            "latin", "Which kettle?", poll_data={"options": [{"text": "Steel", "vote_count": 3}, {"text": "نحاس" * 20}]}
        ),
        comment("latin", "l1", None, "Steel."),
        post("arab", "أي إبريق تفضّلون؟", num_comments=0),
    ]
    told = "\n".join(map(json.dumps, lines)) + "\nno JSON\n"
    (folder / "dump.ndjson").write_text(told, encoding="utf-8")

    def site(theme: str) -> Path:
        if theme not in made:
            build(folder / theme, [folder / "dump.ndjson"], theme=theme, language="ar")
            made[theme] = folder / theme
        return made[theme]

    return site


def parsed(file: Path) -> LexborHTMLParser:
    return LexborHTMLParser(file.read_text(encoding="utf-8"))


def test_one_link_of_a_row_is_the_current_one(site: Path) -> None:
    alike = 0
    for file in site.rglob("*.html"):
        for row in parsed(file).css("nav"):
            current = row.css("[aria-current]")
            assert len(current) <= 1, file
            for same in row.css("a.same"):
                alike += 1
                assert same.attributes["title"] == "comes out the same here"
                if current and row.attributes["aria-label"] != "Best of a period":
                    assert same.attributes["href"] == current[0].attributes["href"], file
            if row.attributes["aria-label"] == "Comment order":
                assert len(current) == 1, file
    assert alike > 0


def test_what_is_only_known_in_english_says_so(arabic: Callable[[str], Path]) -> None:
    about = parsed(arabic("modern") / "about.html")
    (reason, *_) = about.css("bdi[lang=en][dir=ltr]")
    assert reason.text() == "not valid JSON"


@pytest.mark.parametrize("theme", THEMES)
def test_latin_titles_stand_where_an_arabic_page_begins(
    arabic: Callable[[str], Path], open_page: Callable[..., Page], theme: str
) -> None:
    begin = """(query) => [...document.querySelectorAll(query)].map((one) => {
        const box = one.closest('h1, h2, dt').parentElement.getBoundingClientRect();
        return Math.round(box.right - one.getBoundingClientRect().right);
    })"""
    page = open_page(arabic(theme) / LATIN, width=1280)
    assert page.evaluate(begin, "h1 bdi") == [0]
    page.goto((arabic(theme) / "index.html").as_uri())
    assert len(set(page.evaluate(begin, ".post-line h2 bdi"))) == 1  # Latin and Arabic ones alike


def test_the_colon_of_a_poll_follows_its_option(arabic: Callable[[str], Path], open_page: Callable[..., Page]) -> None:
    """Plain writes "option: votes"; in an Arabic page the colon stands left of every option."""
    page = open_page(arabic("plain") / LATIN)
    room = """() => [...document.querySelectorAll('.poll dt')].map((dt) => {
        const name = dt.querySelector('bdi').getBoundingClientRect(), all = dt.getBoundingClientRect();
        return name.left - all.left > 1 && Math.abs(all.right - name.right) < 1;
    })"""
    assert page.evaluate(room) == [True, True]


@pytest.mark.parametrize("theme", THEMES)
def test_short_words_break_nowhere_inside(
    arabic: Callable[[str], Path], open_page: Callable[..., Page], theme: str
) -> None:
    """Beside an endless option, on a phone."""
    page = open_page(arabic(theme) / LATIN, width=320)
    broken = page.evaluate("""() => [...document.querySelectorAll('.poll dd, .points')].flatMap((one) => {
        const text = one.firstChild, range = document.createRange();
        return [...text.data.matchAll(/\\S+/g)].filter((word) => {
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((box) => box.top)).size > 1;
        }).map((word) => word[0]);
    })""")
    assert broken == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
