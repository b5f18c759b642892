"""The blocks of the Reddit dialect, read as snudown reads them (github.com/reddit/snudown, src/markdown.c).

They differ from CommonMark: a heading needs no space, lists and code fences do not interrupt a paragraph, a quote goes
on across a blank line, the content of a list item stands four columns in, and ``>!`` begins a spoiler.

Each rule takes whole lines from column 0; what stands within a quote or an item is parsed as a text of its own.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

_QUOTE = re.compile(r" {0,3}>(?!!) ?")
_SPOILER = re.compile(r" {0,3}>! ?")
_RULE = re.compile(r" {0,3}(?:(?:\* *+){3,}+|(?:- *+){3,}+|(?:_ *+){3,}+)")
_FENCE = re.compile(r" {0,3}(?:`{3,}+|~{3,}+) *+(?:\{[^}]*+\}|\S*+)\s*+")
_FENCE_END = re.compile(r" {0,3}(?:`{3,}+|~{3,}+)\s*+")
_UNDERLINE = re.compile(r"(?:(=++)|-++) *+")
_BULLET = re.compile(r" {0,3}[*+-] ")
_NUMBER = re.compile(r" {0,3}([0-9]++)\. ")


def add_blocks(md: MarkdownIt) -> None:
    """Give ``md`` the block rules of the dialect in place of CommonMark's."""
    ruler = md.block.ruler
    ruler.disable(["html_block", "lheading"])
    ruler.at("heading", _heading)
    ruler.at("fence", _fence)
    ruler.at("blockquote", _blockquote)
    ruler.at("list", _list)
    ruler.at("paragraph", _paragraph)
    ruler.before("blockquote", "spoiler", _spoiler)
    ruler.before("blockquote", "row_end", _row_end, {"alt": ["blockquote"]})


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] : state.eMarks[line]]


def _is_underline(state: StateBlock, line: int, end: int) -> bool:
    return line < end and _UNDERLINE.fullmatch(_line(state, line)) is not None


def _ends_paragraph(text: str) -> bool:
    if text.startswith("#") or _QUOTE.match(text) or _RULE.fullmatch(text):
        return True
    return _SPOILER.match(text) is not None and "!<" not in text


def _push_inline(state: StateBlock, kind: str, tag: str, text: str, *, hidden: bool = False) -> None:
    """Add a paragraph or heading that holds ``text``."""
    state.push(f"{kind}_open", tag, 1).hidden = hidden
    inline = state.push("inline", "", 0)
    inline.content = text.strip(" \n")
    inline.children = []
    state.push(f"{kind}_close", tag, -1).hidden = hidden


def _parse_lines(state: StateBlock, lines: list[str]) -> None:
    """Parse ``lines`` as blocks below the element just opened."""
    inner = StateBlock("\n".join(lines), state.md, state.env, state.tokens)
    inner.level = state.level
    state.md.block.tokenize(inner, 0, inner.lineMax)


def _row_end(state: StateBlock, start: int, _end: int, silent: bool) -> bool:
    """Ends a table at the first line without a bar; no block of its own."""
    return silent and "|" not in _line(state, start)


def _heading(state: StateBlock, start: int, _end: int, _silent: bool) -> bool:
    text = _line(state, start)
    if not text.startswith("#"):
        return False
    level = min(6, len(text) - len(text.lstrip("#")))
    content = text[level:].strip(" ").rstrip("#").rstrip(" ")
    if content:
        _push_inline(state, "heading", f"h{level}", content)
    state.line = start + 1
    return True


def _fence(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    if not _FENCE.fullmatch(_line(state, start)):
        return False
    line = start + 1
    while line < end and not _FENCE_END.fullmatch(_line(state, line)):
        line += 1
    code = state.push("fence", "code", 0)
    code.content = "".join(_line(state, inside) + "\n" for inside in range(start + 1, line))
    state.line = min(line + 1, end)
    return True


def _blockquote(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    if not _QUOTE.match(_line(state, start)):
        return False
    lines = []
    line = start
    while line < end:
        text = _line(state, line)
        if quoted := _QUOTE.match(text):
            text = text[quoted.end() :]
        elif not text.strip(" "):
            after = _line(state, line + 1) if line + 1 < end else "-"
            if after.strip(" ") and not _QUOTE.match(after):
                break
        lines.append(text)
        line += 1
    state.push("blockquote_open", "blockquote", 1)
    _parse_lines(state, lines)
    state.push("blockquote_close", "blockquote", -1)
    state.line = line
    return True


def _spoiler(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    """Lines that begin with ``>!``, unless ``!<`` makes them a spoiler within a paragraph."""
    if not _SPOILER.match(_line(state, start)):
        return False
    lines: list[str] = []
    line = start
    first = True
    while line < end:
        text = _line(state, line)
        if hidden := _SPOILER.match(text):
            first = first and line == start
            text = text[hidden.end() :]
        elif not text.strip(" "):
            if line + 1 >= end or not _SPOILER.match(_line(state, line + 1)):
                break
            first = False
        elif _ends_paragraph(text):
            break
        if first and "!<" in text:
            return False
        lines.append(text)
        line += 1
    opening = state.push("container_spoiler_open", "details", 1)
    opening.info = "spoiler Spoiler"
    _parse_lines(state, lines)
    state.push("container_spoiler_close", "details", -1)
    state.line = line
    return True


def _paragraph(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    """A paragraph; its last line is a heading when it is underlined."""
    lines: list[str] = []
    line = start
    level = 0
    while line < end:
        text = _line(state, line)
        if not text.strip(" "):
            break
        if underline := _UNDERLINE.fullmatch(text):
            level = 1 if underline[1] else 2
            line += 1
            break
        if line > start and _ends_paragraph(text):
            break
        lines.append(text)
        line += 1
    heading = lines.pop() if level and lines else ""
    if lines:
        _push_inline(state, "paragraph", "p", "\n".join(lines))
    if heading:
        _push_inline(state, "heading", f"h{level}", heading)
    state.line = line
    return True


def _list(state: StateBlock, start: int, end: int, _silent: bool) -> bool:
    if not _item_width(state, start, end):
        return False
    number = _NUMBER.match(_line(state, start))
    tag = "ol" if number else "ul"
    opening = state.push("list_open", tag, 1)
    if number and number[1].lstrip("0") != "1" and len(number[1]) < 10:
        opening.attrs = {"start": int(number[1])}
    items = _Items(state, end, ordered=number is not None)
    line = start
    while line < end and not items.ended and (width := _item_width(state, line, end)):
        line = items.read(line, width)
    state.push("list_close", tag, -1)
    state.line = line
    return True


def _item_width(state: StateBlock, line: int, end: int) -> int:
    """Width of the bullet or number that the line begins with; 0 when it is no item."""
    text = _line(state, line)
    match = _BULLET.match(text) or _NUMBER.match(text)
    return match.end() if match and not _is_underline(state, line + 1, end) else 0


class _Items:
    """Reads the items of one list."""

    def __init__(self, state: StateBlock, end: int, *, ordered: bool) -> None:
        self.state = state
        self.end = end
        self.ordered = ordered
        self.ended = False
        """Whether the item read last ended the list."""
        self.loose = False
        """Whether a blank line within or after an item made it and all later ones hold paragraphs."""

    def read(self, line: int, width: int) -> int:
        """Read the item at ``line`` and write its tokens; the line after it."""
        first = _line(self.state, line)
        indent = min(3, len(first) - len(first.lstrip(" ")))
        lines = [first[width:]]
        sublist = 0
        blank = False
        line += 1
        while line < self.end:
            text = _line(self.state, line)
            if not text.strip(" "):
                blank = True
                line += 1
                continue
            depth = min(4, len(text) - len(text.lstrip(" ")))
            text = text[depth:]
            bullet = _BULLET.match(text) is not None
            number = _NUMBER.match(text) is not None
            if blank and (bullet if self.ordered else number):
                self.ended = True
                break
            if number or (bullet and not _RULE.fullmatch(text)):
                self.loose = self.loose or blank
                if depth == indent:
                    break
                sublist = sublist or len(lines)
            elif blank and depth < 4:
                self.ended = True
                break
            elif blank:
                lines.append("")
                self.loose = True
            blank = False
            lines.append(text)
            line += 1
        self._write(lines, sublist or len(lines))
        return line

    def _write(self, lines: list[str], sublist: int) -> None:
        """The tokens of an item whose lines from ``sublist`` on begin a list within it."""
        state = self.state
        state.push("list_item_open", "li", 1)
        if self.loose:
            _parse_lines(state, lines[:sublist])
        else:
            _push_inline(state, "paragraph", "p", "\n".join(lines[:sublist]), hidden=True)
        if lines[sublist:]:
            _parse_lines(state, lines[sublist:])
        state.push("list_item_close", "li", -1)
