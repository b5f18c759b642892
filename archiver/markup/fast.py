"""The short ways: for bodies without markup, which most are, and for those of Reddit with none but common markup.

A body may take one only if it certainly means the same to the full parser; tests compare the two on random texts. The
last gate is not asked: what is written here is escaped text in paragraphs, and reddit_fast.py says why it is safe.
"""

from __future__ import annotations

import re

from archiver.markup.links import Context, on_reddit
from archiver.markup.plain import UNUSUAL_SPACE, quote
from archiver.markup.reddit_fast import render_reddit
from archiver.model import BodyFormat

_MARKUP = ("\\", "`", "*", "_", "[", "<", "~", "^", "@", "\t", "{", " \n", "www.")
"""Without these, and what the patterns below find, a body holds no markup. To ask for one text after the other is far
quicker than to search for any character of a class."""
_TEXTS = {"reddit": _MARKUP, "lemmy": (*_MARKUP, '"')}
_CLOSER = (
    ("&", re.compile("&(?! )")),  # an entity, perhaps
    ("\n", re.compile(r"\n(?:[-+=#>|: ]|[0-9]++[.)])")),  # a block
)
_PATTERNS = {
    "reddit": (*_CLOSER, ("/", re.compile("/(?:/|(?<=[ru]/))")), (">", re.compile(">!"))),
    "lemmy": (
        *_CLOSER,
        ("/", re.compile("//")),
        (".", re.compile(r"\.(?![\s)]|\Z)")),  # a bare host name or an ellipsis
        ("'", re.compile(r"'(?:(?![A-Za-z])|(?<![A-Za-z]'))")),  # only apostrophes within words are simple
        ("(", re.compile(r"\((?:[cCrR]|[tT][mM])\)")),
        ("?", re.compile(r"\?[?!]{2}")),
        ("!", re.compile("![?!]{2}")),
        ("-", re.compile("--")),
        ("+", re.compile(r"\+-")),
        (",", re.compile(",,")),
    ),
}
"""What to search for in a body that holds a sign."""
_START = re.compile(r"[-+=#>|: ]|[0-9]++[.)]")
_BLANK = re.compile(r"\n\n++")


def render_short(body: str, body_format: BodyFormat, context: Context) -> str | None:
    """HTML of a body that can do without the full parser; None for any other."""
    simple = render_simple(body, body_format)
    if simple is None and body_format == "reddit":
        return render_reddit(body, on_reddit(context))
    return simple


def render_simple(body: str, body_format: BodyFormat) -> str | None:
    """HTML of a body without markup; None for any other body and for formats without a short way."""
    texts = _TEXTS.get(body_format)
    if texts is None:
        return None
    for text in texts:
        if text in body:
            return None
    for sign, pattern in _PATTERNS[body_format]:
        if sign in body and pattern.search(body):
            return None
    if _START.match(body) or (not body.isascii() and UNUSUAL_SPACE.search(body)):
        return None
    body = quote(body.strip(" \n"))
    if not body:
        return ""
    if body_format == "lemmy":
        body = body.replace("'", "\u2019")
    if "\n\n" in body:
        body = _BLANK.sub("</p>\n<p>", body)
    return f"<p>{body}</p>\n"
