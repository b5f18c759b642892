"""The Reddit dialect in a short way: bodies of which every block and every sign is one of the commonest, and certain.

The bytes are those of the full parser; a body that holds anything else is left to it (None). The last gate
(sanitise.py) is not asked, so this must be as safe by itself. All that is written is
- text, in which "&", "<" and ">" are escaped,
- tags that stand in this module and in reddit_fast_inline.py, with nothing from the body in them, but
- the number that a list starts with, and
- addresses of links: those that ``links.resolve`` gives (of the web, or within the archive), of a form that the gate is
  known to let pass, and escaped as attributes.
"""

from __future__ import annotations

import re

from archiver.markup.links import Context
from archiver.markup.plain import UNUSUAL_SPACE, quote
from archiver.markup.reddit_fast_inline import NotSimple, render_inline, signs_in

LONGEST = 20_000
"""Characters; in less, no text can exhaust what the full way may spend on searches or on long addresses."""
_DEEPEST = 3
"""Quotes and lists within each other."""
_BLANK = re.compile(r"(\n(?: *+\n)++)")
_ODD_START = re.compile(r"\n(?:[ >#*+=|:_`~-]|[0-9]++\.)")
"""Beginnings of lines that may be more than a paragraph's."""
_ODD_LINE = re.compile(r"\n *+(?:[>#]|[-=*_:| ]++(?:\n|\Z))")
"""Lines that end a paragraph, underline it, or make a table of it."""
_FENCE = re.compile(r" *+(?:```|~~~)")
_INDENT = re.compile(" {4}")
_NOT_INDENTED = re.compile(r"^ {0,3}[^ \n]", re.MULTILINE)
_CODE_INDENT = re.compile(r"^ {1,4}", re.MULTILINE)
_LINE_INDENT = re.compile(r"\n {1,4}")
_QUOTE = re.compile(r" {0,3}>")
_QUOTE_SIGN = re.compile(r"^ {0,3}> ?", re.MULTILINE)
_ITEM = re.compile(r"^( {0,3})(?:[*+-]|([0-9]++)\.) ", re.MULTILINE)
_ANY_ITEM = re.compile(r"\n *+(?:[*+-]|[0-9]++\.) ")


def render_reddit(body: str, context: Context) -> str | None:
    """HTML of a body in the Reddit dialect; None when only the full parser can tell. ``context`` is Reddit's."""
    if len(body) > LONGEST or (">" in body and ">!" in body) or ("]" in body and "]:" in body):
        return None
    if not body.isascii() and UNUSUAL_SPACE.search(body):
        return None
    try:
        return _blocks(body.expandtabs(4), signs_in(body), context, 0)
    except NotSimple:
        return None


def _blocks(text: str, signs: str, context: Context, depth: int) -> str:
    """HTML of the blocks in ``text``."""
    if not _ODD_START.search("\n" + text):
        text = text.strip("\n")
        return "".join([_paragraph(part, signs, context) for part in _BLANK.split(text)[::2]]) if text else ""
    if depth > _DEEPEST:
        raise NotSimple
    blocks = _Blocks(_without_blank_ends(text), signs, context, depth)
    html = []
    while blocks.left:
        html.append(blocks.read())
    return "".join(html)


def _without_blank_ends(text: str) -> str:
    """``text`` without the blank lines it begins and ends with."""
    end = text.find("\n", len(text.rstrip(" \n")))
    if end >= 0:
        text = text[:end]
    return text[text.rfind("\n", 0, len(text) - len(text.lstrip(" \n"))) + 1 :] if text.strip(" ") else ""


def _paragraph(text: str, signs: str, context: Context) -> str:
    return f"<p>{render_inline(text.strip(' '), signs, context)}</p>\n"


class _Blocks:
    """The blocks of one text while they are read."""

    def __init__(self, text: str, signs: str, context: Context, depth: int) -> None:
        self.signs = signs
        self.context = context
        self.depth = depth
        self.left = _BLANK.split(text)[::-1] if text else []
        """What is not read yet, last first: pieces between blank lines, each followed by the blank lines before it."""

    def read(self) -> str:
        """HTML of the next block."""
        piece = self.left[-1]
        if piece.startswith("    "):
            return self._code()
        if _QUOTE.match(piece):
            return self._quote()
        if item := _ITEM.match(piece):
            return self._list(item[1], item[2])
        if _FENCE.match(piece):
            raise NotSimple
        odd = _ODD_LINE.search("\n" + piece)
        if odd is None:
            return _paragraph(self._next(), self.signs, self.context)
        # A quote needs no blank line before it.
        head, tail = piece[: max(0, odd.start() - 1)], piece[odd.start() :]
        if not head or not _QUOTE.match(tail):
            raise NotSimple
        self.left[-1] = tail
        return _paragraph(head, self.signs, self.context)

    def _next(self) -> str:
        """The next piece, taken off with the blank lines after it."""
        piece = self.left.pop()
        del self.left[-1:]
        return piece

    def _while(self, start: re.Pattern[str]) -> str:
        """The next pieces that begin so, with the blank lines between them."""
        pieces = [self.left.pop()]
        while len(self.left) > 1 and start.match(self.left[-2]):
            pieces += [self.left.pop(), self.left.pop()]
        del self.left[-1:]
        return "".join(pieces)

    def _code(self) -> str:
        text = self._while(_INDENT)
        if _NOT_INDENTED.search(text):
            raise NotSimple
        return f'<pre tabindex="0"><code>{quote(_CODE_INDENT.sub("", text))}\n</code></pre>\n'

    def _quote(self) -> str:
        quoted = _blocks(_QUOTE_SIGN.sub("", self._while(_QUOTE)), self.signs, self.context, self.depth + 1)
        if not quoted:
            raise NotSimple
        return f"<blockquote>\n{quoted}</blockquote>\n"

    def _list(self, indent: str, number: str | None) -> str:
        """A list without lists in it; from the first blank line on, its items hold paragraphs."""
        html = []
        loose = False
        while True:
            items = _items(self._next(), indent, number is not None)
            following = _ITEM.match(self.left[-1]) if self.left else None
            if self.left and self.left[-1].startswith("    "):
                raise NotSimple
            goes_on = following is not None and (following[2] is None) is (number is None)
            for place, item in enumerate(items):
                loose = loose or (goes_on and place == len(items) - 1)
                html.append(self._item(item, loose))
            if not goes_on:
                break
        if number is None:
            return f"<ul>\n{''.join(html)}</ul>\n"
        if len(number) > 9:
            raise NotSimple
        start = "" if int(number) == 1 else f' start="{int(number)}"'
        return f"<ol{start}>\n{''.join(html)}</ol>\n"

    def _item(self, text: str, loose: bool) -> str:
        words = text.strip(" \n")
        if not words:
            raise NotSimple
        if loose:
            return f"<li>\n{_blocks(text, self.signs, self.context, self.depth + 1)}</li>\n"
        return f"<li>{render_inline(words, self.signs, self.context)}</li>\n"


def _items(piece: str, indent: str, ordered: bool) -> list[str]:
    """The texts of the items in a piece of a list; raises NotSimple where they are not all of one kind and depth."""
    found = list(_ITEM.finditer(piece))
    alike = all(item[1] == indent and (item[2] is not None) is ordered for item in found)
    if not alike or len(_ANY_ITEM.findall("\n" + piece)) != len(found) or _ODD_LINE.search("\n" + piece):
        raise NotSimple
    ends = [item.start() - 1 for item in found[1:]] + [len(piece)]
    return [_LINE_INDENT.sub("\n", piece[item.end() : end]) for item, end in zip(found, ends, strict=True)]
