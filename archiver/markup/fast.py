"""The short way for bodies without markup, which most are: paragraphs of escaped text.

A body may take it only if nothing in it could mean anything to the full parser; tests compare the two on random texts.
"""

from __future__ import annotations

import re

from archiver.markup.plain import quote
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
