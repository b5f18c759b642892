"""Whatever a body holds, only allowed elements, attributes and schemes come out, in linear time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from archiver.markup import LONGEST_PARSED, Context, excerpt, render, title
from archiver.markup.commonmark import MAX_NESTING
from archiver.model import BodyFormat

FORMATS = get_args(BodyFormat)
CONTEXT = Context("home.example", lambda *_: None, "c1-")
TAGS = {
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
}
ATTRIBUTES = {
    "href": r"(https?|mailto|gemini|magnet):.+|#c1-fn(ref)?\d+(:\d+)?",
    "rel": "nofollow ugc noopener",
    "class": r"image|video|audio|footnote|footnote-back|footnotes|spoiler|md-h[1-6]|align-(left|right|center)",
    "id": r"c1-fn(ref)?\d+(:\d+)?",
    "tabindex": "0",
    "start": r"\d+",
    "title": r"[\s\S]*",
    "aria-label": r"Back to reference \d+(:\d+)?",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)' onclick=alert(1) style=x:y id=main class=comment target=_top>x</a>",
    "[x](javascript:alert(1)) [y](<java\tscript:x>) <javascript:alert(1)> ![z](javascript:x)",
    '[x](https://a.example "\\" onclick=alert(1) ")',
    "[x]: javascript:alert(1)\n[x]",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    '<a href="&#106;avascript:alert(1)">x</a><a href="//evil.example">y</a><a href="../../x">z</a>',
    "</div></article></body><p>out",
    "```</code></pre><script>x</script>\n```",
    "::: spoiler </summary><script>x</script>\nx\n:::",
    "@a@b.c\"onclick=x !x@y.zz'",
    "{<b>|</ruby><script>}",
    "[^1]\n\n[^1]: <script>x</script>",
    "|<b>|\n|-|\n|<script>|",
    '/r/abc"onclick=x u/x<script>',
    "\u202eevil\u0000<\u0000script>",
]


def assert_safe(html: str) -> None:
    body = LexborHTMLParser(f"<body><div id=outside>{html}</div><p id=after></p>").body
    assert body is not None
    assert [child.attributes.get("id") for child in body.iter(include_text=True)] == ["outside", "after"], "broke out"
    for node in body.css("#outside *"):
        assert node.tag in TAGS
        for name, value in node.attributes.items():
            assert re.fullmatch(ATTRIBUTES[name], value or ""), (node.tag, name, value)


@pytest.mark.parametrize("body_format", FORMATS)
def test_hostile_texts(body_format: BodyFormat) -> None:
    for body in HOSTILE:
        assert_safe(render(body, body_format, CONTEXT))
        assert_safe(title(body, body_format))


def test_the_check_sees_what_is_unsafe() -> None:
    for html in (
        "<script>x</script>",
        "<p onclick=x>",
        "<a href=javascript:x>y</a>",
        "</div>x",
        "<p style=x>",
        "<a href=x>",
    ):
        with pytest.raises((AssertionError, KeyError)):
            assert_safe(html)


@pytest.mark.parametrize("body_format", FORMATS)
def test_known_vectors(real_dumps: Path, body_format: BodyFormat) -> None:
    count = 0
    for path in sorted((real_dumps / "xss").glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            count += 1
            assert_safe(render(vector, body_format, CONTEXT))
            assert_safe(title(vector, body_format))
    assert count > 500


MARKS = st.sampled_from(
    [*"\\`*_{}[]()#+-.!:|&<>/^~@\"'= \n", "http://", "www.", "u/", "r/", ">!", "!<", "::: spoiler "]
)
BODIES = st.lists(MARKS | st.text(max_size=5), max_size=40).map("".join)


@given(BODIES, st.sampled_from(FORMATS))
@settings(deadline=None, max_examples=600)
def test_random_texts(body: str, body_format: BodyFormat) -> None:
    assert_safe(render(body, body_format, CONTEXT))
    assert_safe(title(body, body_format))
    assert len(excerpt(body, body_format, 20)) <= 20


@pytest.mark.parametrize("body_format", FORMATS)
def test_control_characters_are_dropped(body_format: BodyFormat) -> None:
    assert "ab" in render("a\x00\x01\x7f\x85\ufeffb", body_format, CONTEXT)
    render("lone \ud800 half", body_format, CONTEXT).encode()


@pytest.mark.parametrize("body_format", FORMATS)
def test_very_long_and_very_deep_bodies(body_format: BodyFormat) -> None:
    for body in (">" * 10_000 + " end", "- " * 10_000 + "end", "<div>" * 10_000 + "end", "*" * 1_000_000 + "end"):
        html = str(render(body, body_format, CONTEXT))
        assert "end" in html
        assert html.count("<blockquote>") <= MAX_NESTING


def test_too_long_bodies_are_text() -> None:
    html = render("<p>*a*</p> &lt;b>" * LONGEST_PARSED, "html", CONTEXT)
    assert html.startswith("<p>*a*  &lt;b&gt; *a*")
    assert render("*a* " * LONGEST_PARSED, "lemmy", CONTEXT).startswith("<p>*a* *a*")
