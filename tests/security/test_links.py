"""Links of texts: harmless schemes and pages of the archive only, with ``rel`` wherever they leave; on parsed HTML."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from archiver import urls
from archiver.markup import Context, render
from archiver.model import BodyFormat

INSIDE = "../c/here.html"
CONTEXT = Context("home.example", lambda kind, name: INSIDE if (kind, name) == ("community", "here") else None, "c1-")
OUTSIDE = re.compile(r"(?:https?://[^/?#]|mailto:.|gemini:.|magnet:.)", re.DOTALL)
OWN = re.compile(r"\.\./c/here\.html|#c1-fn(?:ref)?[0-9]+(?::[0-9]+)?")

schemes = st.sampled_from([
    "javascript:", "JAVASCRIPT:", "java\tscript:", "\x01javascript:", "data:", "vbscript:", "file:", "blob:", "about:",
    "ftp:", "http:", "https:", "HTTPS:", "mailto:", "gemini:", "magnet:", "ws:", "tel:", "irc:", "view-source:", "",
    "//", "/", "\\\\", "/\\", "&#106;avascript:", "javascript&colon;", "%6aavascript:", "\u017fcript:", "c:", "::",
    "http:javascript:", "x-y:", "?", "#",
])  # fmt: skip
rests = st.sampled_from([
    "alert(1)", "//evil.example/x", "evil.example", "?xt=urn:btih:0", "a@b.example", "/c/here", "%0aalert(1)",
])  # fmt: skip
addresses = st.builds("".join, st.tuples(schemes, rests | st.text(max_size=8)))
shapes = st.sampled_from([
    "{}", "[x]({})", "[x](<{}>)", '[x]({} "t")', "[x]: {}\n\n[x]", "<{}>", "![x]({})", "[![y]({})](https://a.example)",
    "<a href='{}'>x</a>", '<a href="{}" rel=opener target=_blank>x</a>', "<img src='{}'>", "<area href='{}'>", "{}{}",
    "<svg><a xlink:href='{}'>x</a></svg>", "<form action='{}'>", "<a href={}>x", "[{}]({})", "r/{}", "@{}", "!{}",
])  # fmt: skip


def links(html: str) -> list[tuple[str, str | None]]:
    found = LexborHTMLParser(f"<body>{html}").css("[href], [src], [action], [ping], [formaction]")
    assert all(node.tag == "a" for node in found)
    return [(node.attributes["href"] or "", node.attributes.get("rel")) for node in found]


@pytest.mark.parametrize("body_format", get_args(BodyFormat))
@given(shape=shapes, address=addresses)
def test_only_harmless_links_come_out(body_format: BodyFormat, shape: str, address: str) -> None:
    for href, rel in links(render(shape.replace("{}", address), body_format, CONTEXT)):
        leaves = OUTSIDE.match(href.lower())
        assert leaves or OWN.fullmatch(href), href
        assert rel == ("nofollow ugc noopener" if leaves else None), href


@given(addresses | st.text(max_size=20))
def test_an_address_of_a_dump_is_linked_only_where_it_is_harmless(address: str) -> None:
    found = urls.linkable(address)
    assert found is None or OUTSIDE.match(found.lower())
    assert found is None or not re.search(r"[\x00-\x20\x7f<>\"]", found.partition("//")[2].partition("/")[2])


def test_harmless_links_do_come_out() -> None:
    body = "[a](https://a.example) [b](mailto:a@b.example) [c](magnet:?x=1) [d](gemini://x) [e](http://x) [f](/c/here)"
    assert [href for href, _ in links(render(body, "commonmark", CONTEXT))] == [
        "https://a.example", "mailto:a@b.example", "magnet:?x=1", "gemini://x", "http://x", INSIDE,
    ]  # fmt: skip
