"""No text takes more than linear time: calls are counted, and what hides in one call of C must come to an end."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any, get_args

import pytest

from archiver.markup import LONGEST_PARSED, Context, excerpt, render, title
from archiver.markup.links import LONGEST_LINKS
from archiver.model import BodyFormat

FORMATS = get_args(BodyFormat)
CONTEXT = Context("home.example", lambda *_: None, "c1-")
LONG = LONGEST_PARSED - 1
"""Characters of the longest text that is parsed; longer ones are shown as text."""
MEGABYTE = 1 << 20
HANG = 30
"""Seconds of processor time for a text that takes 2 at most; one that takes quadratic time needs minutes."""
HEAVY = [
    *(">", "> ", "- ", "*", "* ", "_", "[", "]", "![", "[a](", "[^", "(", "<", "<a ", "<div>", "`", "`a", "~a", "^"),
    *("^(", "@", "a@", "@a@b.", '"', "'", "http://a", "://", "|a|\n|-|\n", ">!", ">!a\n", "{a|", "::: spoiler a\n"),
    *("*a* ", "[a](/b) ", "/r/ab ", "> a\n\n", "* a\n\n", "*a b_ ", "a  \n"),
    *("\n", "#\n", "&", "&#", "/r/a+", "1. a\n", "\\", "\t", " ", "    \n", "e\u0301", "\u0301", "\u202e"),
]


def calls(work: Callable[[], object]) -> int:
    """How many functions were called, those of C included."""
    count = 0

    def note(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def growth(work: Callable[[str], object], sign: str) -> float:
    """By how much the calls grow where the text is four times as long: 4 if it is linear, 16 if it is quadratic."""
    work("warm *up*")
    few, many = (calls(lambda size=size: work("a" + sign * (size // len(sign)))) for size in (LONG // 64, LONG // 16))  # type: ignore[misc]
    return many / few


@pytest.mark.parametrize("body_format", FORMATS)
def test_calls_grow_with_the_text(body_format: BodyFormat) -> None:
    for sign in HEAVY:
        assert growth(lambda text: render(text, body_format, CONTEXT), sign) < 4.5, sign


def test_the_count_sees_what_is_quadratic() -> None:
    def quadratic(text: str) -> None:
        for start in range(0, len(text), 64):
            for _ in range(start, len(text), 64):
                len(text)

    assert growth(quadratic, "a") > 15


@pytest.mark.parametrize("body_format", ["lemmy", "reddit", "html"])
def test_no_sign_hangs(body_format: BodyFormat, hang_guard: Callable[[int], AbstractContextManager[None]]) -> None:
    for sign in HEAVY:
        with hang_guard(HANG):
            render("a" + sign * (LONG // 2 // len(sign)), body_format, CONTEXT)


def test_no_megabyte_hangs(hang_guard: Callable[[int], AbstractContextManager[None]]) -> None:
    """Of any format: what is so long goes the way of HTML that is too long, or half of that way."""
    for sign in HEAVY:
        text = "a" + sign * (MEGABYTE // len(sign))
        with hang_guard(HANG):
            render(text, "html", CONTEXT)
            title(text, "lemmy")
            excerpt(text, "html")


URL = "http://a.example/" + "y" * 100_000
REPEATED = {
    "reference": f"[x]: {URL}\n\n" + "[x]" * 30_000,
    "title": f"[x]: http://a.example '{URL}'\n\n" + "[x]" * 30_000,
    "image": f"[x]: {URL}\n\n" + "![x]" * 30_000,
    "footnote": f"[^x]: {URL}\n\n" + "[^x]" * 30_000,
    "cells": "a|" * 40_000 + "\n" + "-|" * 40_000 + "\n" + "a|\n" * 20_000,
    "link left open": f"<a href='{URL}'>" + "<p>x" * 30_000,
    "link left open, quoted": f"<a title='>' href='{URL}'>" + "<p>x" * 30_000,
    "elements left open": "".join(f"<b id={number}>" for number in range(900)) + "<p>x</p>" * 20_000,
}


@pytest.mark.parametrize("body_format", FORMATS)
@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_nothing_is_repeated_without_end(text: str, body_format: BodyFormat) -> None:
    assert len(render(text, body_format, CONTEXT)) < 2 * LONGEST_LINKS + 25 * len(text)


def test_links_are_kept_as_far_as_they_may_be_repeated() -> None:
    for text, body_format in ((REPEATED["reference"], "lemmy"), (REPEATED["link left open"], "html")):
        html = render(text, body_format, CONTEXT)  # type: ignore[arg-type]
        assert 5 <= html.count(f'href="{URL}"') <= LONGEST_LINKS // len(URL)
        assert html.count("x") >= 15_000, "their text stays"


def test_the_guard_sees_what_hangs(hang_guard: Callable[[int], AbstractContextManager[None]]) -> None:
    with pytest.raises(pytest.fail.Exception, match="processor time"), hang_guard(1):
        re.search(r"(?:a+)+b", "a" * 60)
