"""The short way gives what the full parser gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.markup import Context, render_fully
from archiver.markup.fast import render_short, render_simple
from archiver.markup.plain import clean
from archiver.model import BodyFormat

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


MARKED = [
    *("*", "**", "***", "_", "__", "~~", "~", "`", "``", "[", "]", "](", "](https://a.example/b_c)", "(", ")", "^", "^^"),
    *("*em*", "**strong**", "_em_", "~~del~~", "`code`", "`a\n  b`", "[text](https://a.example)", "[a *b* c](/r/here)"),
    *("[x](#s)", "[y] (http://b.example?c=d&e)", "[z](http://a.example 'title')", "[a](www.a.example)", "[](http://a.b)"),
    *("https://", "http://a.example/b", "HTTPS://A.example.", "www.a.example/(b)", "http://localhost", "http://a.example:80"),
    *("http://a.123", "http://xn--a.example", "ftp://a.example", "http://a.example/\u00e9\"'<", "mailto://a.b", "s://a"),
    *("r/here", "/r/there", "u/ann", "/u/bob_b", "r/a", "/r/a+b", "r/", "xr/here", "u/r/here", "r/reddit.com", "/r/all-ab"),
    *("&", "&amp;", "&#39;", "&#x200B;", "&nbsp;", "&copy;", "&a", "<", "<3", ">", "<b>", "<http://a.example>", "a@b.cc", "@"),
    *("\\", "\\*", "\\_", "\\a", "\\[", "\\/r/here", "\\\n", ">!", "!<", "\t", "\u00a0", "\r\n", "\u2019", "\u2014", "\U0001f600"),
]
BLOCKS = [
    *("\n> ", "\n>", "\n\n> ", "\n\n    ", "\n    ", "\n\n* ", "\n* ", "\n- ", "\n+ ", "\n 1. ", "\n2. ", "\n\n3. ", "\n  * "),
    *("\n\n", "\n", " \n", "  \n", "   \n ", "\n \n", "\n\n\n", "\n# ", "\n#a", "\n---", "\n\n---\n", "\n===", "\n--\n", "\n```\n"),
    *("\na|b\n-|-\n", "\n|", "\n[a]: http://a.example\n", "\n~~~", "\n***\n", "\n1) ", "\n10. ", "\n>> ", "\n> > ", "\n> * ", "\n_"),
]
MARKED_TEXTS = (
    st.lists(st.sampled_from(WORDS + [" "] * 12 + MARKED + BLOCKS) | st.text(max_size=2), max_size=16)
    .map("".join)
    .map(lambda text: text.removeprefix("\n"))
)


def differs(body: str, body_format: BodyFormat) -> bool | None:
    """Whether the short way gives something else, or asks the archive something else; None if it is not taken."""
    found = []
    for way in (render_short, render_fully):
        asked: list[tuple[str, str]] = []

        def link(kind: str, name: str, asked: list[tuple[str, str]] = asked) -> str | None:
            asked.append((kind, name))
            return f"../{kind}/{name}.html" if len(name) % 2 else None

        html = way(clean(body), body_format, Context("www.reddit.com", link, "c1-"))
        if html is None:
            return None
        found.append((html, asked))
    return found[0] != found[1]


@pytest.mark.parametrize("texts", [TEXTS, MARKED_TEXTS], ids=["plain", "marked"])
@pytest.mark.parametrize("body_format", ["lemmy", "reddit"])
def test_both_ways_agree(body_format: BodyFormat, texts: st.SearchStrategy[str]) -> None:
    taken = 0

    @given(texts)
    @settings(deadline=None, max_examples=1500)
    def check(body: str) -> None:
        nonlocal taken
        different = differs(body, body_format)
        taken += different is not None
        assert not different

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
