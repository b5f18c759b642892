"""The short way gives what the full parser gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import prose
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import dumps, importers
from archiver.errors import DumpError
from archiver.markup import Context, render_fully
from archiver.markup.fast import render_short, render_simple
from archiver.markup.plain import clean
from archiver.markup.reddit_fast import LONGEST
from archiver.model import BodyFormat, Comment, Post

CONTEXT = Context("home.example", lambda *_: None, "")
Way = Callable[[str, BodyFormat, Context], str | None]

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
    *(
        "*",
        "**",
        "***",
        "_",
        "__",
        "~~",
        "~",
        "`",
        "``",
        "[",
        "]",
        "](",
        "](https://a.example/b_c)",
        "(",
        ")",
        "^",
        "^^",
    ),
    *("*em*", "**strong**", "_em_", "~~del~~", "`code`", "`a\n  b`", "[text](https://a.example)", "[a *b* c](/r/here)"),
    *(
        "[x](#s)",
        "[y] (http://b.example?c=d&e)",
        "[z](http://a.example 'title')",
        "[a](www.a.example)",
        "[](http://a.b)",
    ),
    *(
        "https://",
        "http://a.example/b",
        "HTTPS://A.example.",
        "www.a.example/(b)",
        "http://localhost",
        "http://a.example:80",
    ),
    *(
        "http://a.123",
        "http://xn--a.example",
        "ftp://a.example",
        "http://a.example/\u00e9\"'<",
        "mailto://a.b",
        "s://a",
    ),
    *(
        "r/here",
        "/r/there",
        "u/ann",
        "/u/bob_b",
        "r/a",
        "/r/a+b",
        "r/",
        "xr/here",
        "u/r/here",
        "r/reddit.com",
        "/r/all-ab",
    ),
    *(
        "&",
        "&amp;",
        "&#39;",
        "&#x200B;",
        "&nbsp;",
        "&#13;",
        "&a",
        "<",
        "<3",
        ">",
        "<b>",
        "<=a@b>",
        "<http://a.example>",
        "a@b.cc",
        "@",
    ),
    *(
        "\\",
        "\\*",
        "\\_",
        "\\a",
        "\\[",
        "\\/r/here",
        "\\\n",
        ">!",
        "!<",
        "\t",
        "\u00a0",
        "\r\n",
        "\u2019",
        "\u2014",
        "\U0001f600",
    ),
]
BLOCKS = [
    *(
        "\n> ",
        "\n>",
        "\n\n> ",
        "\n\n    ",
        "\n    ",
        "\n\n* ",
        "\n* ",
        "\n- ",
        "\n+ ",
        "\n 1. ",
        "\n2. ",
        "\n\n3. ",
        "\n  * ",
    ),
    *(
        "\n\n",
        "\n",
        " \n",
        "  \n",
        "   \n ",
        "\n \n",
        "\n\n\n",
        "\n# ",
        "\n#a",
        "\n---",
        "\n\n---\n",
        "\n===",
        "\n--\n",
        "\n```\n",
    ),
    *(
        "\na|b\n-|-\n",
        "\n|",
        "\n[a]: http://a.example\n",
        "\n~~~",
        "\n***\n",
        "\n1) ",
        "\n10. ",
        "\n>> ",
        "\n> > ",
        "\n> * ",
        "\n_",
    ),
]
MARKED_TEXTS = (
    st.lists(st.sampled_from(WORDS + [" "] * 12 + MARKED + BLOCKS) | st.text(max_size=2), max_size=16)
    .map("".join)
    .map(lambda text: text.removeprefix("\n"))
)


def differs(body: str, body_format: BodyFormat) -> bool | None:
    """Whether the short way gives something else, or asks the archive something else; None if it is not taken."""
    short, asked = answer(render_short, body, body_format)
    full, asked_fully = answer(render_fully, body, body_format)
    if short is None:
        assert set(asked) <= set(asked_fully), "what is asked in vain is asked again"
        return None
    return (short, asked) != (full, asked_fully)


def answer(way: Way, body: str, body_format: BodyFormat) -> tuple[str | None, list[tuple[str, str]]]:
    """What one way makes of a body, and what it asked the archive for."""
    asked: list[tuple[str, str]] = []

    def link(kind: str, name: str) -> str | None:
        asked.append((kind, name))
        return f"../{kind}/{name}.html" if len(name) % 2 else None

    return way(clean(body), body_format, Context("www.reddit.com", link, "c1-")), asked


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


def test_made_up_prose_takes_the_short_ways() -> None:
    random = Random(1)
    found = [differs(prose.body(random), "reddit") for _ in range(3000)]
    assert True not in found
    assert found.count(None) < 30


def test_real_bodies_take_the_short_ways(real_dumps: Path) -> None:
    """All but those with rarer markup: at least nine in ten of those that hold any."""
    bodies = sorted({(body, body_format) for body, body_format in bodies_of(real_dumps)})
    assert [body for body, body_format in bodies if differs(body, body_format)] == []
    marked = [body for body, found in bodies if found == "reddit" and render_simple(clean(body), "reddit") is None]
    taken = sum(differs(body, "reddit") is False for body in marked)
    assert len(marked) > 900
    assert taken > 0.9 * len(marked)


def bodies_of(real_dumps: Path) -> Iterator[tuple[str, BodyFormat]]:
    pairs = real_dumps / "markdown" / "reddit-body-html-pairs.ndjson"
    for line in pairs.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)["body"], "reddit"
    with ExitStack() as workplace:
        for dump in dumps.find([str(real_dumps / "reddit"), str(real_dumps / "lemmy")], workplace):
            with suppress(DumpError):  # some are of no kind that is read
                if isinstance(dump, dumps.Dump):
                    for record in importers.recognise(dump).read(dump):
                        if isinstance(record, Post | Comment) and record.body and record.body_format:
                            yield record.body, record.body_format


@pytest.mark.parametrize("end", ["", "x" * LONGEST])
def test_long_bodies_are_left_to_the_full_parser(end: str) -> None:
    assert (render_short("*a* " + end, "reddit", CONTEXT) is None) is bool(end)


@pytest.mark.parametrize(
    "body",
    [
        "*a _b* c_",
        "a*b*c",
        "****a****",
        "`a",
        "[a [b](http://c.example)](http://d.example)",
        "[a](http://b.example 'title')",
        "[a]: http://b.example",
        "http://a.123",
        "[a](http://[b)",
        "http://xn--a.example",
        "<a:b>",
        "<=a@b>",
        "<http://a.example>",
        "&#13;",
        "^(a b)",
        ">!a!<",
        "a@b.example",
        "# a",
        "a\n---",
        "---",
        "```\na\n```",
        "a|b\n-|-",
        "* a\n * b",
        "* a\n\n    b",
        "> > > > > a",
        "a\u00a0b",
    ],
)
def test_what_is_not_certain_is_left_to_the_full_parser(body: str) -> None:
    assert render_short(body, "reddit", CONTEXT) is None


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
