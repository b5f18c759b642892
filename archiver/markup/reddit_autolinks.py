"""Bare links of the Reddit dialect: web and mail addresses, r/communities, u/people (snudown, src/autolink.c)."""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline

SCHEMES = "https?|ftp|mailto|git|steam|ircs?|news|mumble|ssh|ts3server"
BOUNDARY = r"(?<![^\x00-/:-@\[-`{-\x7f])"
"""Only after the start, ASCII white space or punctuation."""
STARTS = (
    rf"(?<![A-Za-z])(?i:{SCHEMES})://(?=[A-Za-z0-9])"
    rf"|{BOUNDARY}www\."
    rf"|/[ru]/(?=[\w-])|{BOUNDARY}(?<!\\/)[ru]/(?=[\w-])"
)
"""Regular expression of the places where the rule below has something to look at, besides "@"."""

_START = re.compile(STARTS)
_DOMAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*+", re.ASCII)
_NAME = re.compile(r"reddit\.com|(?:t:)?[A-Za-z0-9][A-Za-z0-9_]*+")
_NAME_CHARACTER = re.compile(r"[A-Za-z0-9_]")
_PATH = re.compile(r"/[A-Za-z0-9_/-]*+")
_PERSON = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_/-]*+")
_SOLID = re.compile(r"[^ \t\n\r\f\v]*+")
_BEFORE_AT = re.compile(r"[A-Za-z0-9.+_-]*+")
_AFTER_AT = re.compile(r"@[A-Za-z0-9._-]*+")
LONGEST_NAME = 256
"""Characters before the "@" of a mail address."""
_ENTITY_END = re.compile(r";[A-Za-z]++&")
_OPENING = {'"': '"', "'": "'", ")": "(", "]": "[", "}": "{"}


def autolink(state: StateInline, silent: bool) -> bool:
    """Inline rule for bare links."""
    if state.linkLevel or silent:
        return False
    if state.src[state.pos] == "@":
        return _mail(state)
    found = address_at(state.src, state.pos, state.posMax)
    if found is None:
        return False
    href, end = found
    _push(state, href, state.src[state.pos : end])
    state.pos = end
    return True


def address_at(src: str, pos: int, limit: int) -> tuple[str, int] | None:
    """Where the bare link that begins at ``pos`` leads to, and where it ends; None when none begins there."""
    start = _START.match(src, pos, limit)
    if start is None:
        return None
    found = start[0]
    if found.endswith("://"):
        end = _web_end(src, pos, start.end(), limit)
        href = src[pos:end]
    elif found == "www.":
        end = _trimmed_end(src, pos, limit)
        href = "http://" + src[pos:end]
    else:
        end = (_community_end if found.endswith("r/") else _person_end)(src, start.end(), limit)
        href = "/" + src[pos:end].removeprefix("/")
    return (href, end) if end > pos else None


def _push(state: StateInline, href: str, text: str) -> None:
    opening = state.push("link_open", "a", 1)
    opening.attrs = {"href": href}
    opening.info = "auto"
    state.push("text", "", 0).content = text
    state.push("link_close", "a", -1).info = "auto"


def _web_end(src: str, start: int, host: int, limit: int) -> int:
    """Where the address that begins at ``start``, its host at ``host``, ends; 0 when there is no host with a dot."""
    domain = _DOMAIN.match(src, host, limit)
    return _trimmed_end(src, start, limit) if domain and "." in domain[0] else 0


def _trimmed_end(src: str, start: int, limit: int) -> int:
    """Where the address that begins at ``start`` ends: at white space, less the punctuation of the sentence."""
    solid = _SOLID.match(src, start, limit)
    return start + len(trimmed(solid[0])) if solid else start


def trimmed(link: str) -> str:
    """``link`` up to a "<" and without what belongs to the sentence around it."""
    link = link.partition("<")[0]
    end = len(link)
    backwards = link[::-1]
    while end:
        if link[end - 1] in "?!.,":
            end -= 1
        elif link[end - 1] == ";":
            entity = _ENTITY_END.match(backwards, len(link) - end)
            end -= len(entity[0]) if entity else 1
        else:
            break
    link = link[:end]
    opening = _OPENING.get(link[-1:])
    if opening and (link.count(opening) != link.count(link[-1]) or opening == link[-1]):
        link = link[:-1]
    return link


def _community_end(src: str, pos: int, limit: int) -> int:
    """Where the community names that begin at ``pos`` end; 0 when one of them is none."""
    minus = src[pos : pos + 4].lower() == "all-"
    while True:
        name = _NAME.match(src, pos, limit)
        if name is None or not 2 <= len(name[0]) <= 24:
            return 0
        pos = name.end()
        if name[0] == "reddit.com" and _NAME_CHARACTER.match(src, pos, limit):
            return 0
        if pos < limit and (src[pos] == "+" or (minus and src[pos] == "-")):
            pos += 1
            continue
        path = _PATH.match(src, pos, limit)
        return path.end() if path else pos


def _person_end(src: str, pos: int, limit: int) -> int:
    person = _PERSON.match(src, pos, limit)
    return person.end() if person else 0


def _mail(state: StateInline) -> bool:
    """A mail address around the "@" the parser stands at."""
    after = _AFTER_AT.match(state.src, state.pos, state.posMax)
    if not after or "." not in after[0].rstrip(".") or state.src.startswith("@", after.end(), state.posMax):
        return False
    before = _BEFORE_AT.match(state.src[max(0, state.pos - LONGEST_NAME) : state.pos][::-1])
    name = before[0][::-1] if before else ""
    if not name or not state.pending.endswith(name):
        return False
    domain = trimmed(after[0])
    state.pending = state.pending[: -len(name)]
    _push(state, f"mailto:{name}{domain}", name + domain)
    state.pos += len(domain)
    return True
