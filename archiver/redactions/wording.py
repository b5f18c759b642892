"""Finds what must not be read in texts, in all its spellings, and puts something else in its place.

A spelling may be escaped (``\\_``, ``&#101;``, ``%65``) or have signs in it that nobody sees. All patterns take linear
time. A name inside another word is not that name: ``eve`` is not in "believe".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from html import unescape
from html.entities import html5
from urllib.parse import unquote

import msgspec

from archiver import markup
from archiver.markup import Context
from archiver.model import BodyFormat
from archiver.platforms import REDDIT_HOST, UNKNOWN_HOST

GONE = "[…]"
"""In place of what is not shown, in every language."""

_UNSEEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*+"
_BEFORE = r"(?<![^\W_])(?<![^\W_]_)(?<![^\W_]__)(?<![^\W_]___)"
_AFTER = r"(?!_{0,3}[^\W_])"
_QUOTED = "(?<=%[0-9a-f][0-9a-f])"
_HOST_BEFORE = rf"(?:(?<![\w-])|{_QUOTED})"
_ADDRESS = r"""(?:https?://[^\s/<>"'()\[\]]{1,255})"""
_TAIL = r"""(?:[/?\#][^\s<>"'()\[\]]*(?<![.,;:!?]))?+"""
_TOKEN = re.compile(r"""[^\s<>"'()\[\]]++""")
_ELSEWHERE = re.compile(r"@[\w-]+\.\w")
_SHOWN = re.compile(r"""(?:href|title|id)="([^"]*+)"|<[^<>]*+>""")
_LETTERS = re.compile(r"[^\W_]++")
_TAG = re.compile(r"<[^<>]*+>")
_THREAD = re.compile(
    rf"(?:{_ADDRESS}?/)?+(?:r/[\w-]{{1,50}}/)?+comments/([a-z0-9]{{1,20}})(?![A-Za-z0-9]){_TAIL}", re.IGNORECASE
)
_ENTITIES: dict[str, list[str]] = {}
for _entity, _value in html5.items():
    _ENTITIES.setdefault(_value, []).append(re.escape(_entity))


class Term(msgspec.Struct, frozen=True):
    """Something to find."""

    needle: str
    """Is in :func:`_bare` of every text that holds it."""
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]
    anywhere: re.Pattern[str]
    """The same in an address, where ``_`` and ``-`` stand between words."""
    instead: str
    """What stands in its place there."""


def person(local: str, host: str, instead: str) -> Term:
    """A person's name: alone, as a mention (``u/name``, ``@name@host``), or as the address of the profile."""
    name = _spelled(local)
    before, after = _BEFORE if _is_bound(local[0]) else "", _AFTER if _is_bound(local[-1]) else ""
    profile = rf"(?P<profile>{_ADDRESS}/(?:(?:u|users?|profile)/|@))"
    at = f"(?P<at>@{_spelled(host)}(?![A-Za-z0-9-]))?"
    pattern = rf"(?:{profile}|{before}(?P<own>u_)?){name}{at}{after}(?(profile){_TAIL})"

    def replace(found: re.Match[str]) -> str:
        if host != REDDIT_HOST and not found["at"] and _ELSEWHERE.match(found.string, found.end()):
            before = found.string[max(0, found.start() - 3) : found.start()]
            if before.endswith("@") or before.lower() == "/u/":
                return found[0]  # somebody of the same name on another site
        return (found["own"] or "") + instead

    return _term(local, pattern, replace, name, instead)


def community(local: str, host: str) -> Term:
    """A community's name as a mention (``r/name``, ``!name@host``) or address; not as a plain word."""
    name = _spelled(local)
    letter = "r" if host == REDDIT_HOST else "[cm]"
    at = f"(?:@{_spelled(host)}(?![A-Za-z0-9-]))?"
    sigil = rf"(?:{_ADDRESS}?/|(?<![\w/])){letter}/|(?<!\w)!"
    pattern = rf"(?:{sigil}){name}{at}{_AFTER}{_TAIL}"
    return _term(local, pattern, lambda _: GONE, f"{letter}/{name}")


def domain(host: str) -> Term:
    """A host, and what lies below it: addresses that lead there, the host alone."""
    name = _spelled(host)
    pattern = rf"""{_HOST_BEFORE}{name}(?![\w-])(?!\.[^\W_])(?::\d{{1,5}})?+{_TAIL}"""
    return _term(host, pattern, lambda _: GONE, rf"{_HOST_BEFORE}{name}(?![\w-])")


def _term(text: str, pattern: str, replace: Callable[[re.Match[str]], str], name: str, instead: str = GONE) -> Term:
    anywhere = rf"(?:(?<![^\W_])|{_QUOTED}){name}(?![^\W_])" if _is_bound(text[0]) and _is_bound(text[-1]) else name
    flags = re.IGNORECASE
    return Term(_letters(text), re.compile(pattern, flags), replace, re.compile(anywhere, flags), instead)


class Wording:
    """All that must not be read, and what stands in its place."""

    def __init__(self, terms: Iterable[Term], domains: Iterable[Term], threads: Collection[str]) -> None:
        """``threads``: ids of threads on Reddit whose addresses hold a title that must not be read."""
        self._terms = list(terms)
        self._domains = list(domains)
        self._threads = frozenset(threads)

    def __bool__(self) -> bool:
        return bool(self._terms or self._domains or self._threads)

    def text(self, text: str) -> str:
        """``text`` without what must not be read."""
        terms, domains = self._held(text)
        if self._threads and "comments/" in text.lower():
            text = _THREAD.sub(self._thread, text)
        for term in domains:
            text = _without_addresses(text, term)
        if not terms:
            return text
        if "/" in text:
            text = _TOKEN.sub(lambda found: _address(found[0], terms), text)
        for term in terms:
            text = term.pattern.sub(term.replace, text)
        return text

    def address(self, url: str) -> str | None:
        """``url``, or None where something that must not be read stands in it."""
        terms, domains = self._held(url)
        is_held = any(term.anywhere.search(url) for term in (*terms, *domains))
        return None if is_held or self.text(url) != url else url

    def body(self, body: str, body_format: BodyFormat) -> tuple[str, BodyFormat]:
        """A body and its format; where markup would bring a name back, only its words are kept."""
        text = self.text(body)
        terms, domains = self._held(text)
        if not (terms or domains) or body_format == "text":
            return text, body_format
        shown = str(markup.render(text, body_format, Context(host=UNKNOWN_HOST, link=lambda *_: None)))
        if not self._is_held(shown) and not self._is_held(markup.excerpt(text, body_format)):
            return text, body_format
        return self.text(unescape(_TAG.sub("", shown))), "text"

    def _held(self, text: str) -> tuple[list[Term], list[Term]]:
        """Those terms that may be in the text, and those of domains."""
        bare = _bare(text)
        return [t for t in self._terms if t.needle in bare], [t for t in self._domains if t.needle in bare]

    def _is_held(self, html: str) -> bool:
        """Can what must not be read be read in a page, or in an address on it?"""
        shown = unescape(_SHOWN.sub(lambda found: f" {found[1] or ''} ", html))
        return self.text(shown) != shown

    def _thread(self, found: re.Match[str]) -> str:
        return GONE if found[1].lower() in self._threads else found[0]


def _address(token: str, terms: list[Term]) -> str:
    """A word with a slash in it, such as an address, whose parts are words too."""
    if "/" not in token:
        return token
    for term in terms:
        plain = term.pattern.sub("", token)
        if term.anywhere.search(plain):
            token = term.anywhere.sub(term.instead, term.pattern.sub(term.replace, token))
    return token


def _without_addresses(text: str, term: Term) -> str:
    """``text`` without the addresses that lead to a host; what stands before its name in them goes too."""
    parts: list[str] = []
    done = 0
    for found in term.pattern.finditer(text):
        start = found.start()
        if start > done and text[start - 1] not in " \t\n":
            # Read backwards once: what is found next begins behind this.
            words = _TOKEN.findall(text, done, start)
            tail = words[-1] if words and text.endswith(words[-1], done, start) else ""
            start -= len(tail) if "://" in tail or tail.endswith((".", "//", "@")) else 0
        parts += [text[done:start], GONE]
        done = found.end()
    return "".join([*parts, text[done:]])


def _bare(text: str) -> str:
    """The letters and digits of a text, small, whatever stands between them: as it is, and as it may be read."""
    read = ""
    if not text.isascii() or any(sign in text for sign in "&%<"):
        read = unescape(unquote(text))
        # Names stand in what may be tags, and around them.
        read += _TAG.sub("", read) if "<" in read else ""
    return _letters(text + read)


def _letters(text: str) -> str:
    return "".join(_LETTERS.findall(unicodedata.normalize("NFC", text).casefold()))


def _is_bound(char: str) -> bool:
    """Does a word go on with the next letter? Not in scripts without spaces (Thai and its neighbours, East Asia)."""
    code = ord(char)
    return (char.isalnum() or char == "_") and not (0x0E00 <= code < 0x1000 or 0x1780 <= code < 0x1800 or code > 0x2E7F)


def _spelled(name: str) -> str:
    """A pattern for all the ways to write a name."""
    # Both normal forms change a few characters for good: Unicode has some twice.
    forms = {name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
    return f"(?:{'|'.join(_UNSEEN.join(_char(char) for char in form) for form in sorted(forms))})"


def _char(char: str) -> str:
    if char.isspace():
        return r"\s++"
    cases = {char} | {one for one in (char.lower(), char.upper()) if len(one) == 1}
    codes = sorted({ord(one) for one in cases})
    ways = [re.escape(char)]
    if char.isascii() and not char.isalnum():
        ways.append(rf"\\{re.escape(char)}")
    ways.append(f"&#0{{0,7}}(?:{'|'.join(map(str, codes))})(?![0-9]);?")
    ways.append(f"&#x0{{0,7}}(?:{'|'.join(f'{code:x}' for code in codes)})(?![0-9a-f]);?")
    ways += [f"&{entity}" for one in cases for entity in sorted(_ENTITIES.get(one, ()), key=len, reverse=True)]
    ways += ["".join(f"%{byte:02x}" for byte in one.encode("utf-8", "replace")) for one in sorted(cases)]
    return f"(?:{'|'.join(ways)})"
