"""Where links lead."""

from __future__ import annotations

from typing import Any

import pytest

from archiver.markup import render
from archiver.markup.links import resolve

UNKNOWN = "unknown.invalid"


@pytest.mark.parametrize(
    ("written", "leads"),
    [
        ("https://a.example/x?y#z", "https://a.example/x?y#z"),
        ("HTTP://a.example", "http://a.example"),
        ("//a.example/x", "https://a.example/x"),
        ("/\\a.example/x", "https://a.example/x"),
        ("/post/1", "https://home.example/post/1"),
        ("mailto:ann@home.example", "mailto:ann@home.example"),
        ("gemini://a.example/", "gemini://a.example/"),
        ("magnet:?xt=urn:btih:0", "magnet:?xt=urn:btih:0"),
        ("java\nscript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("\x01javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("../../etc/passwd", None),
        ("#top", None),
        ("?x", None),
        ("", None),
        ("mailto:", None),
        ("http:a.example", None),
        ("http://", None),
        ("https:///x", None),
        ("blob:https://a.example/1", None),
    ],
)
def test_only_harmless_links_survive(context, written: str, leads: str | None) -> None:
    assert resolve(written, context()) == leads


@pytest.mark.parametrize(
    ("written", "leads"),
    [
        ("/c/here", "../c/here.html"),
        ("/u/ann/", "../u/ann.html"),
        ("/c/there@other.example", "../c/there@other.example.html"),
        ("https://home.example/c/here", "../c/here.html"),
        ("https://other.example/u/bob", "../u/bob@other.example.html"),
        ("https://third.example/c/there@other.example", "../c/there@other.example.html"),
        ("https://home.example/c/here?sort=New", "https://home.example/c/here?sort=New"),
        ("https://home.example/c/here/x", "https://home.example/c/here/x"),
        ("/c/absent", "https://home.example/c/absent"),
    ],
)
def test_what_the_archive_holds_is_linked_within_it(context, written: str, leads: str) -> None:
    assert resolve(written, context()) == leads


def test_links_of_an_unknown_host_are_text(context) -> None:
    assert resolve("/post/1", context(UNKNOWN)) is None
    assert render("[text](/post/1)", "lemmy", context(UNKNOWN)) == "<p>text</p>\n"


def test_a_dead_link_keeps_its_text(context) -> None:
    assert render("[some *text*](javascript:alert(1))", "lemmy", context()) == "<p>some <em>text</em></p>\n"


def test_links_within_the_archive_have_no_rel(context) -> None:
    assert render("[x](/c/here)", "lemmy", context()) == '<p><a href="../c/here.html">x</a></p>\n'


def test_every_address_is_as_addresses_should_be(context: Any) -> None:
    for scheme in ("mailto:", "magnet:?", "gemini://a.example/", "https://a.example/"):
        assert resolve(f'{scheme}x<y> "z"|', context()) == f"{scheme}x%3Cy%3E%22z%22%7C"
