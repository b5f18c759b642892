"""Plain text as HTML, and the reading of control characters that all formats share."""

from __future__ import annotations

import re
from html import escape

import linkify_it  # type: ignore[import-untyped]

from archiver.markup.links import REL, Context, resolve

_CONTROLS = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\ufeff]+")
_CONTROL_BYTES = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_MAY_DROP = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbb\xbf")
"""A C1 control or a byte order mark in UTF-8."""
_NEWLINES = re.compile(r"\r\n?")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
_BULLET = re.compile(r" {0,4}•[ \t]++")
_linkify = linkify_it.LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
UNUSUAL_SPACE = re.compile("[\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""White space besides " ", "\\n" and tabs: rare, and each parser has its own opinion of it."""
LONGEST_LINKED = 256 * 1024
"""Characters; the link finder is not asked about longer texts."""


def clean(text: str) -> str:
    """``text`` with plain line ends and without NUL, C0 and C1 controls and byte order marks (lone halves too)."""
    if "\r" in text:
        text = _NEWLINES.sub("\n", text)
    try:
        utf8 = text.encode()
    except UnicodeEncodeError:
        utf8 = text.encode("utf-8", "replace")
        text = utf8.decode()
    # Most texts have nothing to drop, and so much is seen quicker in their bytes.
    if len(utf8.translate(None, _CONTROL_BYTES)) == len(utf8) and (text.isascii() or not _MAY_DROP.search(utf8)):
        return text
    return _CONTROLS.sub("", text)


def quote(text: str) -> str:
    """``text`` escaped for HTML; quotation marks stay, as none of it stands in an attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def render_text(body: str, context: Context) -> str:
    """HTML of plain text: paragraphs, line breaks, lists of lines that begin with a bullet, and bare links."""
    parts = []
    for paragraph in _BLANK_LINES.split(body.strip("\n")):
        if paragraph.strip():
            parts.extend(_blocks(paragraph, context))
    return "".join(parts)


def _blocks(paragraph: str, context: Context) -> list[str]:
    """The paragraphs and lists that the lines of one paragraph make."""
    blocks: list[str] = []
    lines: list[str] = []
    bullets = False

    def end_block() -> None:
        if lines and bullets:
            blocks.append("<ul>\n" + "".join(f"<li>{line}</li>\n" for line in lines) + "</ul>\n")
        elif lines:
            blocks.append("<p>" + "<br>\n".join(lines) + "</p>\n")
        lines.clear()

    for line in paragraph.split("\n"):
        bullet = _BULLET.match(line)
        if bool(bullet) is not bullets:
            end_block()
            bullets = bool(bullet)
        lines.append(_linked(line[bullet.end() :] if bullet else line.strip(), context))
    end_block()
    return blocks


def _linked(line: str, context: Context) -> str:
    """One line escaped, its bare links made links."""
    if "://" not in line or len(line) > LONGEST_LINKED:
        return quote(line)
    parts = []
    done = 0
    for match in _linkify.match(line) or ():
        href = resolve(match.url, context)
        if href is None:
            continue
        parts.append(quote(line[done : match.index]))
        rel = f' rel="{REL}"' if ":" in href else ""
        parts.append(f'<a href="{escape(href)}"{rel}>{quote(match.text)}</a>')
        done = match.last_index
    parts.append(quote(line[done:]))
    return "".join(parts)
