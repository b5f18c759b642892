"""The beginning of a body as plain text, made without parsing the body."""

from __future__ import annotations

import re
from html import unescape

import nh3

from archiver.markup.plain import clean
from archiver.model import BodyFormat

_text_only = nh3.Cleaner(tags=set(), attributes={}, link_rel=None)
_BREAKS = re.compile(r"<(?=/?(?:p|br|li|div|blockquote|h[1-6]|tr|td|th|pre|hr|dd|dt|summary)\b)", re.IGNORECASE)
_LEMMY_SPOILER = re.compile(r"^:::+ *spoiler ([^\n]*+)\n.*?(?:^:::+ *$|\Z)", re.MULTILINE | re.DOTALL)
_REDDIT_SPOILER = re.compile(r">!.*?(?:!<|\n\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ *(?:`{3,}|~{3,}).*$", re.MULTILINE)
_LINE_START = re.compile(r"^(?:[ >]|#{1,6}|[-+*] |[0-9]{1,9}[.)] |[-=*_| :]+$)+", re.MULTILINE)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:?")
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?: +[\"'][^\n]*?[\"'])?\)|\[[^\[\]]*\])")
_RUBY = re.compile(r"\{([^{}|\n]+)\|[^{}|\n]+\}")
_MARKUP = ("`", "~", "{", ">", ":")
"""Without any of these, there are no blocks that go over several lines, and no braces."""
_MARKED_LINE = re.compile(r"\n[ >#+*0-9=_|:-]")
"""How a line begins that _LINE_START matches."""
_SIGN = ("\\", "*", "`", "~", "_", "^")
"""What _SIGNS looks for, besides more."""
_SIGNS = re.compile(r"\\([!-/:-@\[-`{-~])|[*`]+|~~|(?<![^\W_])_+|_+(?![^\W_])|\^\(|\^")


LENGTH = 300
"""Characters of an excerpt, at most."""
READS = LENGTH * 4 + 1
"""Characters of a body that are enough to make its excerpt; the last tells only that there is more."""


def excerpt(body: str, body_format: BodyFormat, length: int = LENGTH) -> str:
    """The beginning of ``body`` as plain text of at most ``length`` characters, cut at a word with "…".

    Hidden text (spoilers) stays hidden. Only the first few lengths of the body are read, so it may be shorter.
    """
    start = body[: length * 4]
    text = clean(start)
    if body_format == "html":
        text = unescape(_text_only.clean(_BREAKS.sub(" <", text)))
    elif body_format != "text":
        text = _without_markup(text, body_format)
    if not (text.isascii() and text.isprintable()) or "  " in text or text != text.strip(" "):
        text = " ".join(text.split())
    if len(text) <= length and len(start) == len(body):
        return text
    if len(text) > length - 1:
        text = text[:length].rpartition(" ")[0] or text[: length - 1]
    return text.rstrip(" ,;:.…")[: length - 1] + "…"


def _without_markup(text: str, body_format: BodyFormat) -> str:
    """``text`` without the signs of its dialect, as far as a look at each line can tell.

    Each search is made only where the text has its sign: this runs for all that anybody wrote.
    """
    if _any(_MARKUP, text):
        if body_format == "lemmy":
            text = _RUBY.sub(r"\1", _LEMMY_SPOILER.sub(r"\1 (spoiler)", text))
        if body_format == "reddit" and ">!" in text:
            text = _REDDIT_SPOILER.sub("(spoiler)", text)
        if "```" in text or "~~~" in text:
            text = _FENCE.sub("", text)
    if _MARKED_LINE.search(f"\n{text}"):
        text = _LINE_START.sub("", text)
    if "[" in text:
        text = _LINK.sub(r"\1", _FOOTNOTE.sub("", text))
    if _any(_SIGN, text):
        text = _SIGNS.sub(r"\1", text)
    return unescape(text) if "&" in text else text


def _any(signs: tuple[str, ...], text: str) -> bool:
    """Is one of the signs in the text? To ask for one after the other is quicker than to search for a class."""
    for sign in signs:  # noqa: SIM110  any() takes longer than all of it
        if sign in text:
            return True
    return False
