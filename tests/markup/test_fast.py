"""The short way gives what the full parser gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.markup import Context, render_fully
from archiver.markup.fast import render_simple
from archiver.markup.plain import clean

CONTEXT = Context("home.example", lambda *_: None, "")
WORDS = [
    "word",
    "don't",
    "A",
    "& ",
    " ",
    "\n",
    "\n\n",
    ". ",
    ", ",
    "? ",
    "!",
    "-",
    "1",
    "(",
    ")",
    ":",
    ";",
    "#",
    "é",
    "漢",
    "www",
    "c",
    "tm",
]
SIGNS = [*"'\".,!?-+=|:;#&<>/@~^`*_[]{}\\\t\u00a0\u2028", "r/", "http", "::: ", "   ", "localhost", "example.com", "2."]
TEXTS = st.lists(st.sampled_from(WORDS * 4 + SIGNS) | st.text(max_size=3), max_size=14).map("".join)


@pytest.mark.parametrize("body_format", ["lemmy", "reddit"])
def test_both_ways_agree(body_format) -> None:
    taken = 0

    @given(TEXTS)
    @settings(deadline=None, max_examples=1500)
    def check(body: str) -> None:
        nonlocal taken
        body = clean(body)
        simple = render_simple(body, body_format)
        if simple is not None:
            taken += 1
            assert simple == render_fully(body, body_format, CONTEXT)

    check()
    assert taken > 100, "the texts tested nothing"


@pytest.mark.parametrize(
    "body",
    [
        "*a*",
        "a  \nb",
        "# a",
        "1. a",
        "> a",
        "    a",
        "a\n---",
        "http://x",
        "a\tb",
        "&amp;",
        "a_b_",
        "<b>",
        "[a]",
        "r/abc",
        "u/abc",
        "@x",
        "x^2",
    ],
)
def test_markup_does_not_take_the_short_way(body: str) -> None:
    assert render_simple(body, "reddit") is None


@pytest.mark.parametrize("body", ['"a"', "'a'", "a--b", "a...", "(c)", "a.com", "@a@b.cc", "{a|b}", "^a^", "a????"])
def test_lemmy_typography_does_not_take_the_short_way(body: str) -> None:
    assert render_simple(body, "lemmy") is None


def test_other_formats_have_no_short_way() -> None:
    assert render_simple("a", "html") is None
    assert render_simple("a", "commonmark") is None
