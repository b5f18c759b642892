"""The words of the site in other languages: complete catalogues, right plurals, dates and numbers by locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from archiver import config, words
from archiver.errors import ConfigError
from archiver.words import Words

DAY = 1_701_424_800_000_000
"""2023-12-01T10:00:00Z."""


@pytest.mark.parametrize("language", ["ar", "de", "es", "fr", "ja"])
def test_a_catalogue_keeps_the_places_and_tags_of_every_message(language: str) -> None:
    with (config.CATALOGUES / f"{language}.po").open("rb") as lines:
        catalogue = read_po(lines, locale=language)
    for message in catalogue:
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple | list) else (message.string,)
        for text in filter(None, translated if message.id else ()):
            wanted = set(re.findall(r"%\(\w+\)s|<[^>]*>", "".join(sources)))
            optional = {"%(num)s"} if message.pluralizable else set()  # "one reply" need not name its number
            assert wanted - optional <= set(re.findall(r"%\(\w+\)s|<[^>]*>", text)) <= wanted, text


@pytest.mark.parametrize("language", config.languages())
def test_nothing_is_left_in_english(language: str) -> None:
    assert words.missing(language) == []


def test_plurals() -> None:
    english = Words("en")
    replies = [english.ngettext("%(num)s reply", "%(num)s replies", n) for n in (0, 1, 2, 1234)]
    assert replies == ["0 replies", "1 reply", "2 replies", "1,234 replies"]
    arabic = Words("ar")
    assert len({arabic.ngettext("%(num)s reply", "%(num)s replies", n) for n in (0, 1, 2, 3, 11, 100)}) == 6


def test_dates_and_numbers_by_locale() -> None:
    assert Words("en").instant(DAY) == ("2023-12-01T10:00:00Z", "1 Dec 2023, 10:00")
    assert Words("de").day(DAY) == ("2023-12-01", "01.12.2023")
    assert Words("ja").day(DAY) == ("2023-12-01", "2023/12/01")
    assert Words("de").number(34879) == "34.879"
    assert (
        Words("fr").percent(0.969).replace("\xa0", " ").replace("\u202f", " ") == "96,9 %"
    )  # either space, by the age of Babel
    assert Words("en").percent(1) == "100%"


def test_years_beyond_the_calendar_are_its_last_and_first() -> None:
    assert Words().day(10**18)[0] == "9999-12-31"
    assert Words().day(-(10**18))[0] == "0001-01-01"


def test_an_unknown_language_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no words for 'tlh'; there are ar, de, en, es, fr, ja"):
        Words("tlh")


def test_a_site_in_arabic_reads_from_right_to_left(make_site: Callable[..., Any], tmp_path: Path) -> None:
    dump = Path(__file__).parent.parent / "examples" / "dumps" / "mlmym-thread.txt"
    site = make_site([dump], language="ar")
    page = site.page("index.html")
    assert page.css_first("html").attributes == {"lang": "ar", "dir": "rtl"}
    assert "All threads" not in page.text()
    assert site.broken_links() == []
