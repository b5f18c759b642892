"""The short ways: for bodies without markup, which most are, and for those of Reddit with none but common markup.

A body may take one only if it certainly means the same to the full parser; tests compare the two on random texts. The
last gate is not asked: what is written here is escaped text in paragraphs, and reddit_fast.py says why it is safe.
"""

from __future__ import annotations

import re

from archiver.markup.links import Context, on_reddit
from archiver.markup.plain import quote
from archiver.markup.reddit_fast import render_reddit
from archiver.model import BodyFormat

_BOTH = (
    r"[\\`*_\[<~^@\t{]"  # markup
    r"|&(?! )"  # an entity, perhaps
    r"|[^\S \n]"  # unusual white space
    r"|//|www\."  # links
    r"| \n"  # a line break, perhaps
    r"|^(?:[-+=#>|: ]|[0-9]++[.)])"  # a block
)
_MARKUP = {
    "lemmy": re.compile(
        rf"{_BOTH}"
        r"|\.(?![\s)]|\Z)"  # a bare host name or an ellipsis
        r"|\"|(?<![A-Za-z])'|'(?![A-Za-z])"  # typographic quotes; only apostrophes within words are simple
        r"|--|\+-|,,|[?!]{3}|\((?:[cCrR]|[tT][mM])\)",
        re.MULTILINE,
    ),
    "reddit": re.compile(rf"{_BOTH}|>!|[ru]/", re.MULTILINE),
}
_BLANK = re.compile(r"\n\n++")


def render_short(body: str, body_format: BodyFormat, context: Context) -> str | None:
    """HTML of a body that can do without the full parser; None for any other."""
    simple = render_simple(body, body_format)
    if simple is None and body_format == "reddit":
        return render_reddit(body, on_reddit(context))
    return simple


def render_simple(body: str, body_format: BodyFormat) -> str | None:
    """HTML of a body without markup; None for any other body and for formats without a short way."""
    markup = _MARKUP.get(body_format)
    if markup is None or markup.search(body):
        return None
    body = quote(body.strip(" \n"))
    if not body:
        return ""
    if body_format == "lemmy":
        body = body.replace("'", "\u2019")
    return "<p>" + _BLANK.sub("</p>\n<p>", body) + "</p>\n"
