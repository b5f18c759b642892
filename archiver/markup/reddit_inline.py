"""Inline markup of the Reddit dialect, read as snudown reads it (github.com/reddit/snudown, src/markdown.c)."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.rules_inline import StateInline, backtick

from archiver.markup.reddit_autolinks import SCHEMES, STARTS, autolink

_TERMINATORS = re.compile(rf"[\n\\`*_~\[<&>^@]|{STARTS}")
_ESCAPABLE = frozenset("\\`*_{}[]()#+-.!:|&<>/^~")
_SAFE = re.compile(rf"(?i:(?:{SCHEMES})://|/|#)[A-Za-z0-9#/?]")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!:|&<>/^~])")
_SPACE = re.compile(r"[ \n]*+")
_ADDRESS = re.compile(r"""(?:[^\\)'"]++|\\.)*+""", re.DOTALL)
_TITLE = {quote: re.compile(rf"(?:[^\\{quote}]++|\\.)*+{quote}(?:[^\\{quote})]++|\\.)*+", re.DOTALL) for quote in "\"'"}
_TAG_START = re.compile(r"</?[A-Za-z0-9]")
_TAG = re.compile(r"</?[A-Za-z0-9][^>]*+>")
_WORD = re.compile(r"[^ \n]*+")
_GROUP = re.compile(r"(?:[^)\\]++|\\.)*+", re.DOTALL)


def add_inline(md: MarkdownIt) -> None:
    """Give ``md`` the inline rules of the dialect in place of CommonMark's."""
    inline = md.inline
    inline.ruler.at("text", _text)
    inline.ruler.disable(["image", "html_inline", "linkify"])
    inline.ruler.at("escape", _escape)
    inline.ruler.at("backticks", _code)
    inline.ruler.at("link", _link)
    inline.ruler.after("autolink", "tag", _tag)
    inline.ruler.before("link", "spoiler", _spoiler)
    inline.ruler.before("link", "superscript", _superscript)
    inline.ruler.before("link", "bare_link", autolink)


def _spend(state: StateInline, characters: int) -> bool:
    """Whether a search that finds nothing may still read so many characters; keeps hostile bodies linear."""
    state.env["reading"] = state.env.get("reading", 0) + characters
    return bool(state.env["reading"] <= 1_000_000)


def _text(state: StateInline, silent: bool) -> bool:
    """Plain text up to the next place where another rule has something to look at."""
    match = _TERMINATORS.search(state.src, state.pos, state.posMax)
    end = match.start() if match else state.posMax
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _escape(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\" or state.pos + 1 >= state.posMax or state.src[state.pos + 1] not in _ESCAPABLE:
        return False
    if not silent:
        special = state.push("text_special", "", 0)
        special.content = state.src[state.pos + 1]
        special.info = "escape"
    state.pos += 2
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    """What looks like an HTML tag: shown as it stands, nothing in it is markup."""
    if state.src[state.pos] != "<" or silent or not _spend(state, 0):
        return False
    tag = _TAG.match(state.src, state.pos, state.posMax)
    if tag is None:
        if _TAG_START.match(state.src, state.pos, state.posMax):
            _spend(state, state.posMax - state.pos)
        return False
    state.append_pending(tag[0])
    state.pos = tag.end()
    return True


def _code(state: StateInline, silent: bool) -> bool:
    before = len(state.tokens)
    found = backtick(state, silent)
    if len(state.tokens) > before and state.tokens[-1].type == "code_inline":
        state.tokens[-1].content = state.tokens[-1].content.strip(" ")
    return found


def _enclose(state: StateInline, tag: str, start: int, end: int, after: int) -> None:
    """An element around what stands from ``start`` to ``end``; parsing goes on at ``after``."""
    state.push(f"{tag}_open", tag, 1)
    maximum = state.posMax
    state.pos, state.posMax = start, end
    state.md.inline.tokenize(state)
    state.push(f"{tag}_close", tag, -1)
    state.pos, state.posMax = after, maximum


def _superscript(state: StateInline, silent: bool) -> bool:
    """``^word``, ``^(several words)``, ``^^nested``."""
    if state.src[state.pos] != "^" or silent:
        return False
    start = state.pos + 1
    if state.src.startswith("(", start, state.posMax):
        group = _GROUP.match(state.src, start + 1, state.posMax) if _spend(state, 0) else None
        if group is None or group.end() >= state.posMax:
            _spend(state, state.posMax - start)
            return False
        start, end, after = start + 1, group.end(), group.end() + 1
    else:
        word = _WORD.match(state.src, start, state.posMax)
        end = after = word.end() if word else start
    if after == state.pos + 1:
        return False
    if end > start:
        _enclose(state, "sup", start, end, after)
    state.pos = after
    return True


def _spoiler(state: StateInline, silent: bool) -> bool:
    """``>!hidden!<``; the keyboard can reach it, and the style sheet shows it then."""
    if silent or not state.src.startswith(">!", state.pos, state.posMax):
        return False
    start = state.pos + 2
    end = state.src.find("!<", start, state.posMax) if _spend(state, 0) else -1
    if end <= start:
        _spend(state, state.posMax - start)
        return False
    opened = len(state.tokens) + bool(state.pending)
    _enclose(state, "span", start, end, end + 2)
    state.tokens[opened].attrs = {"class": "spoiler"}
    if not state.linkLevel:
        state.tokens[opened].attrs["tabindex"] = "0"
    return True


def _brackets(state: StateInline) -> dict[int, int]:
    """Where the bracket that opens at a place closes; read once for a paragraph."""
    known = state.env.get("brackets")
    if known and known[0] is state:
        return known[1]  # type: ignore[no-any-return]
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in re.finditer(r"(?<!\\)[\[\]]", state.src):
        if match[0] == "[":
            opened.append(match.start())
        elif opened:
            pairs[opened.pop()] = match.start()
    state.env["brackets"] = (state, pairs)
    return pairs


def _link(state: StateInline, silent: bool) -> bool:
    """``[text](address "title")``, ``[text][reference]`` and ``[reference]``."""
    if state.src[state.pos] != "[" or silent:
        return False
    close = _brackets(state).get(state.pos, state.posMax)
    if close >= state.posMax:
        return False
    space = _SPACE.match(state.src, close + 1, state.posMax)
    after = space.end() if space else close + 1
    if state.src.startswith("(", after, state.posMax):
        found = _target(state, after + 1)
    else:
        found = _reference(state, close, after)
    if found is None or not _SAFE.match(found[0]):
        return False
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": found[0]}
    if found[1]:
        opening.attrs["title"] = found[1]
    maximum = state.posMax
    state.pos, state.posMax = state.pos + 1, close
    state.linkLevel += 1
    state.md.inline.tokenize(state)
    state.linkLevel -= 1
    state.push("link_close", "a", -1)
    state.pos, state.posMax = found[2], maximum
    return True


def _target(state: StateInline, pos: int) -> tuple[str, str, int] | None:
    """Address and title after the "(" before ``pos``, and the place after the ")"."""
    if not _spend(state, 0):
        return None
    src, limit = state.src, state.posMax
    space = _SPACE.match(src, pos, limit)
    start = space.end() if space else pos
    address = _ADDRESS.match(src, start, limit)
    end = address.end() if address else start
    title = ""
    close = end
    if end < limit and src[end] in _TITLE:
        match = _TITLE[src[end]].match(src, end + 1, limit)
        close = match.end() if match else limit
        while match and close < limit and src[close] != ")":
            match = _TITLE[src[end]].match(src, close + 1, limit)
            close = match.end() if match else limit
        inside = src[end + 1 : close].rstrip(" \n") if close < limit else ""
        if inside and inside[-1] in "\"'":
            title = inside[:-1]
        else:
            end = close
    if close >= limit:
        _spend(state, limit - pos)
        return None
    href = src[start:end].rstrip(" \n").removeprefix("<").removesuffix(">")
    return _ESCAPED.sub(r"\1", href), title, close + 1


def _reference(state: StateInline, close: int, after: int) -> tuple[str, str, int] | None:
    """Address and title of the reference a link names."""
    references = state.env.get("references")
    if not references:
        return None
    label = ""
    end = close + 1
    if state.src.startswith("[", after, state.posMax):
        second = state.src.find("]", after, state.posMax)
        if second < 0:
            return None
        label, end = state.src[after + 1 : second], second + 1
    known = references.get(normalizeReference(label or state.src[state.pos + 1 : close]))
    return (known["href"], known["title"], end) if known else None
