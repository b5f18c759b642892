"""What stands in a paragraph of the Reddit dialect, read without the full parser: its commonest inline markup.

Every sign that could mean something to the full parser is looked at, in its order. What is certain is written; whatever
is not raises NotSimple. The text only ever goes on, and no pattern goes back, so that the reading takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from markdown_it.common.entities import entities
from markdown_it.common.utils import isValidEntityCode

from archiver.markup.links import REL, Context, resolve
from archiver.markup.plain import quote
from archiver.markup.reddit_autolinks import SCHEMES, address_at
from archiver.markup.reddit_fast_emphasis import Run, pair, run_at

_SIGNS = ("\\", "`", "*", "_", "~", "[", "<", "&", "^", "@")
_ADDRESS_SIGNS = {":": "://", "w": "www\\.", "/": "/(?<=[ru]/)"}
"""What bare links are found by, and what it must stand in."""
_SCHEME = re.compile(rf"(?<![A-Za-z])(?i:{SCHEMES})\Z")
_LONGEST_SCHEME = 9
_ESCAPABLE = frozenset("\\`*_{}[]()#+-.!:|&<>/^~")
_CODE = re.compile(r"`([^`]++)`(?!`)")
_FEW = 20
"""Signs that the full way may look for the end of, in bodies that this one reads, and never tire."""
_LINK = re.compile(r"\[([^\[\]\\]*+)\](?:[ \n]*+(\([ \n]*+([^)\\'\"]*+)(\)?))?)?")
_SAFE = re.compile(r"(?i:https?://|/)[A-Za-z0-9#/?]")
_CERTAIN = re.compile(
    r"https?://(?:(?!(?i:xn)--)[A-Za-z0-9-]++\.)++(?!(?i:xn)--)[A-Za-z][A-Za-z0-9-]*+(?:[/?#].*+)?|(?![^/]*:)[!-~]++",
    re.DOTALL,
)
"""Addresses that the last gate lets pass for certain: those of hosts with ordinary names, and those in the archive."""
_HARMLESS_LESS = re.compile(r"<(?=[ \n<)]|\Z)")
_TAG = re.compile(r"</?[A-Za-z0-9][^<>:@\n]*+>")
_ENTITY = re.compile(r"&(?:#([0-9]{2,6}+)|#[xX]([0-9A-Fa-f]{2,5}+)|(#[0-9A-Za-z]*+|[A-Za-z][0-9A-Za-z]*+));")
_RAISED = re.compile(r"(\^{1,3}+)([A-Za-z0-9.,!?'\"-]*+)(?=[ \n]|\Z)")
_MAIL = re.compile(r"@[A-Za-z0-9_-]*+\.")
_BEFORE_AT = re.compile(r"[A-Za-z0-9.+_-]")


class NotSimple(Exception):  # noqa: N818 (no error: the full parser is asked)
    """This text may mean more than can be told without the full parser."""


def signs_in(text: str) -> str:
    """The signs that ``text`` holds, each once: so few are quicker to find, piece by piece, than all there are."""
    signs = [sign for sign in _SIGNS if sign in text]
    if "/" in text:
        if "://" in text:
            signs.append(":")
        if "r/" in text or "u/" in text:
            signs.append("/")
    if "www." in text:
        signs.append("w")
    return "".join(signs)


def render_inline(text: str, signs: str, context: Context) -> str:
    """HTML of ``text``, a paragraph's in a body that holds ``signs``; raises NotSimple.

    There is no white space in it but " " and line ends.
    """
    if "\n" in text and (" \n" in text or "\n " in text):
        signs += "\n"
    if not signs or not _search(signs)(text):
        return quote(text)
    return _Reading(text, signs, context).read(0, len(text))


@lru_cache(1000)
def _search(signs: str) -> Callable[..., re.Match[str] | None]:
    """Search for any of ``signs``."""
    if len(signs) == 1:
        return re.compile(_ADDRESS_SIGNS.get(signs, re.escape(signs))).search
    return re.compile(rf"[{re.escape(signs)}](?:(?<=[^:w/])|(?<=:)//|(?<=w)ww\.|(?<=[ru]/))").search


class _Reading:
    """A paragraph, or the text of a link, while it is read."""

    __slots__ = ("context", "done", "html", "in_link", "runs", "signs", "src")

    def __init__(self, src: str, signs: str, context: Context, *, in_link: bool = False) -> None:
        self.src = src
        self.signs = signs
        self.context = context
        self.in_link = in_link
        self.done = 0
        """Up to where the text is written."""
        self.html: list[str] = []
        self.runs: list[Run] = []

    def read(self, start: int, end: int) -> str:
        """HTML of the text from ``start`` to ``end``."""
        src = self.src
        search = _search(self.signs)
        self.done = start
        pos = start
        while sign := search(src, pos, end):
            start = sign.start()
            pos = _READERS[src[start]](self, start, end)
        self.write_text(end)
        if self.runs and not pair(self.runs, self.html):
            raise NotSimple
        return "".join(self.html)

    def write_text(self, end: int) -> None:
        """Write the text up to ``end`` as it stands."""
        if end > self.done:
            self.html.append(quote(self.src[self.done : end]))

    def write(self, html: str, start: int, end: int) -> int:
        """Write ``html`` for what stands from ``start`` to ``end``, after the text before it; gives ``end``."""
        self.write_text(start)
        self.html.append(html)
        self.done = end
        return end

    def link(self, address: str, html: str, start: int, end: int) -> int:
        """Write a link around ``html``, if the address may be one; gives ``end``."""
        href = resolve(address, self.context)
        if href is not None:
            if not _CERTAIN.fullmatch(href):
                raise NotSimple
            rel = f' rel="{REL}"' if ":" in href.partition("/")[0] else ""
            html = f'<a href="{_in_attribute(href)}"{rel}>{html}</a>'
        return self.write(html, start, end)


def _in_attribute(text: str) -> str:
    return quote(text).replace('"', "&quot;")


def _line_end(reading: _Reading, start: int, end: int) -> int:
    """Two spaces before it break the line; spaces around it are dropped."""
    src = reading.src
    pos = start + 1
    while pos < end and src[pos] == " ":
        pos += 1
    before = start
    while before > reading.done and src[before - 1] == " ":
        before -= 1
    if before == start and pos == start + 1:
        return pos
    return reading.write("<br>\n" if start - before > 1 else "\n", before, pos)


def _escape(reading: _Reading, start: int, end: int) -> int:
    if start + 1 < end and reading.src[start + 1] in _ESCAPABLE:
        return reading.write(quote(reading.src[start + 1]), start, start + 2)
    return start + 1


def _code(reading: _Reading, start: int, end: int) -> int:
    code = _CODE.match(reading.src, start, end)
    if code is None:
        raise NotSimple
    content = code[1].replace("\n", " ").strip(" ")
    return reading.write(f"<code>{quote(content)}</code>", start, code.end())


def _link(reading: _Reading, start: int, end: int) -> int:
    """``[text](address)``; a bracket that nothing follows is text."""
    src = reading.src
    link = _LINK.match(src, start, end)
    if link is None or (start and src[start - 1] == "\\"):
        raise NotSimple
    if link[2] is None:
        return start + 1
    address = link[3].rstrip(" \n").removeprefix("<").removesuffix(">")
    if not link[4] or not link[1].strip(" \n") or not _SAFE.match(address):
        raise NotSimple
    if _search(reading.signs)(src, start + 1, link.end(1)):
        text = _Reading(src, reading.signs, reading.context, in_link=True).read(start + 1, link.end(1))
    else:
        text = quote(link[1])
    return reading.link(address, text, start, link.end())


def _address(reading: _Reading, start: int, end: int) -> int:
    """A web address, r/community or u/person, around the sign at ``start``."""
    src = reading.src
    begin = start
    if reading.in_link:
        return start + 1
    if src[start] == ":":
        scheme = _SCHEME.search(src, max(reading.done, start - _LONGEST_SCHEME), start)
        if scheme is None:
            return start + 1
        begin = scheme.start()
    elif src[start] == "/":
        if start == reading.done:
            return start + 1
        begin = start - 1
        if begin > reading.done and src[begin - 1] == "/":
            begin -= 1
    found = address_at(src, begin, end)
    if found is None:
        return start + 1
    address, after = found
    return reading.link(address, quote(src[begin:after]), begin, after)


def _less(reading: _Reading, start: int, end: int) -> int:
    """What looks like a tag is text; so is a "<" alone, if what follows it cannot be an address."""
    src = reading.src
    if tag := _TAG.match(src, start, end):
        return reading.write(quote(tag[0]), start, tag.end())
    if _HARMLESS_LESS.match(src, start, end) or (src.find(">", start) < 0 and src.count("<") < _FEW):
        return start + 1
    raise NotSimple


def _entity(reading: _Reading, start: int, end: int) -> int:
    entity = _ENTITY.match(reading.src, start, end)
    if entity is None:
        return start + 1
    if entity[3]:
        text = entities.get(entity[3])
        if text is None:
            raise NotSimple
    else:
        code = int(entity[1] or entity[2], 10 if entity[1] else 16)
        if code <= 0x20 or not isValidEntityCode(code):
            raise NotSimple
        text = chr(code)
    return reading.write(quote(text).replace("\xa0", "&nbsp;"), start, entity.end())


def _raised(reading: _Reading, start: int, end: int) -> int:
    """``^word`` and ``^^word``; the last "^" raises nothing where no word follows it."""
    raised = _RAISED.match(reading.src, start, end)
    if raised is None or reading.in_link or "www." in raised[2]:
        raise NotSimple
    levels, word = len(raised[1]), raised[2]
    if not word:
        levels, word = levels - 1, "^"
    return reading.write("<sup>" * levels + quote(word) + "</sup>" * levels, start, raised.end())


def _at(reading: _Reading, start: int, end: int) -> int:
    """An "@" that no mail address stands around."""
    src = reading.src
    if start and _BEFORE_AT.match(src[start - 1]) and _MAIL.match(src, start, end):
        raise NotSimple
    return start + 1


def _emphasis(reading: _Reading, start: int, end: int) -> int:
    """Write signs of emphasis as they stand, and note them: they may become tags."""
    after, opens, closes = run_at(reading.src, start, end)
    if opens or closes:
        signs = reading.src[start:after]
        reading.write(signs, start, after)
        reading.runs.append(Run(signs, len(reading.html) - 1, opens, closes))
    return after


_READERS: dict[str, Callable[[_Reading, int, int], int]] = {
    "\n": _line_end,
    "\\": _escape,
    "`": _code,
    "*": _emphasis,
    "_": _emphasis,
    "~": _emphasis,
    "[": _link,
    "<": _less,
    "&": _entity,
    "^": _raised,
    "@": _at,
    ":": _address,
    "w": _address,
    "/": _address,
}
