"""Damages what was good: bytes of any kind, JSON by its shape, text by the signs of its dialects.

Everything is drawn from the random generator that is handed in, so that a seed gives the same bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

ODD_BYTES = [
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xfe\xff", b"\xc3", b"\xed\xa0\x80", b"\r\n", b"\n", b"\\", b'"', b"\\ud800"),
    *(b"{", b"}", b"[", b"]", b"{}", b"[]", b"null", b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"<", b"&#0;"),
    *(b"[" * 3000, b'{"a":' * 3000, b"</div>", b"<!--", b"]]>", b"\x1a", b"\x85", b"\xe2\x80\xa8", b",", b":", b"0"),
]
ODD_TEXTS = [
    *("", " ", "\0", "\ud800", "\udfff\ud800", "\ufeff", "\u202e", "a\u0301" * 50, "\U0001f600", "..", ".", "/", "CON"),
    *("a/b", "%00", "%2e%2e", "[deleted]", "[removed]", "0", "-1", "true", "null", "t1_", "t3_", "0.", "0.1.0", "0..1"),
    *("9" * 30, "1e5", "2023-02-30T00:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999+23:59", "https://"),
    *("http://[", "javascript:x", "https://a:b@c:d/?#", "*Permanently Deleted*", "a" * 3000, "<script>", "&amp;lt;"),
    *("http://\ud800", "\r\n", "\u2028", "x@y@z", "@", "unknown.invalid", "١٢٣"),
]
ODD_NUMBERS = [
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**400, 1.5, -0.0, 1e308, 253402300800),
    *(float("nan"), float("inf"), float("-inf"), 1e-320, -62135596800, 1680307200),
]
SIGNS = [
    *(
        "*",
        "**",
        "_",
        "`",
        "```",
        "~",
        "~~",
        "^",
        "^(",
        "[",
        "]",
        "](",
        "![",
        "<",
        ">",
        "> ",
        "- ",
        "1. ",
        "#",
        "|",
        "\n",
    ),
    *("\n\n", "\n    ", "\t", "\\", "&", "&amp;", ">!", "!<", "::: spoiler x\n", "\n:::\n", "[^1]", "[^1]: ", "{a|b}"),
    *("@a@b.c", "!c@d.e", "/r/a", "u/b", "/u/c@d.ef", "http://", "https://a.b/(c)", "www.a.b", "://", "mailto:a@b.c"),
    *("<div>", "</div>", "<p", "<table><tr><td>", "<a href='", "<!--", "-->", "<![CDATA[", "&#x0;", "|a|b|\n|-|-|\n"),
    *("\0", "\ud800", "\u202e", "\u0301", "\ufeff", "\r", "\x0b", "\x85", "\u2028", "•", '"', "'", "--", "...", "(c)"),
    *(
        "http://[",
        "//",
        "\\\\",
        "javascript:",
        "[x]: y\n",
        "[x]",
        "<h1>",
        "<details><summary>",
        "<ol start=9>",
        "<img src=",
    ),
]


def mutated_bytes(random: Random, data: bytes) -> bytes:
    """``data`` with one to eight damages: bytes turned, cut out, doubled, put in, swapped."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.choice((1, 1, 2, 8, 60, 500)))
        match random.randrange(7):
            case 0:
                data = data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                data = data[:end] + data[at:]
            case 3:
                data = data[:at] + random.choice(ODD_BYTES) + data[random.choice((at, end)) :]
            case 4:
                data = data[:at] if random.random() < 0.5 else data[at:]
            case 5:
                other = random.randrange(len(data) + 1)
                data = data[:other] + data[at:end] + data[other:]
            case 6 if random.random() < 0.2:
                data = random.choice(
                    (data.decode("utf-8", "replace").encode("utf-16"), data.replace(b"\n", b"\r"), b"")
                )
    return data


def mutated_json(random: Random, document: Any) -> bytes:
    """A decoded document with one to five places changed, written out again, at times with damaged bytes too."""
    holder = [document]
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        _change(random, holder)
    ascii_only, spread = random.random() < 0.7, random.random() < 0.2
    text = json.dumps(holder[0], ensure_ascii=ascii_only, indent=1 if spread else None)
    data = text.encode("utf-8", "surrogatepass" if random.random() < 0.5 else "replace")
    return mutated_bytes(random, data) if random.random() < 0.15 else data


def _change(random: Random, holder: list[Any]) -> None:
    """Change one place of what ``holder`` holds."""
    places = _places(holder)
    inside, key = random.choice(places)
    value = inside[key]
    match random.randrange(9):
        case 0 if inside is not holder:
            del inside[key]
        case 1:
            inside[key] = random.choice(ODD_TEXTS)
        case 2:
            inside[key] = random.choice(ODD_NUMBERS)
        case 3:
            inside[key] = random.choice((None, True, False, [], {}, [[]], [None], {"": None}, [value], {"data": value}))
        case 4:  # what stands elsewhere: ids that repeat, parents in a circle, shapes in a wrong place
            other, name = random.choice(places)
            inside[key] = _copied(other[name])
        case 5 if isinstance(inside, list):
            inside.insert(random.randrange(len(inside) + 1), _copied(value))
        case 6 if isinstance(inside, dict):
            inside[random.choice((random.choice(ODD_TEXTS), str(key).upper(), f"{key}_"))] = value
        case 7 if isinstance(value, str):
            at = random.randrange(len(value) + 1)
            inside[key] = value[:at] + random.choice((*ODD_TEXTS, *SIGNS)) + value[at:]
        case 8 if random.random() < 0.05:
            for _ in range(random.choice((30, 900, 3000))):
                value = [value] if random.random() < 0.5 else {"replies": value}
            # json.dumps itself recurses, so what is deeper is put in as bytes by mutated_bytes.
            inside[key] = value if _depth(value) < 400 else None


def _places(holder: list[Any]) -> list[tuple[Any, Any]]:
    """Every place in a document: what it is in, and its key there."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [holder]
    while waiting:
        inside = waiting.pop()
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        for key in keys:
            found.append((inside, key))
            if isinstance(inside[key], dict | list):
                waiting.append(inside[key])
    return found


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, dict | list) and value:
        value = value[0] if isinstance(value, list) else next(iter(value.values()))
        depth += 1
    return depth


def mutated_text(random: Random, text: str) -> str:
    """``text`` with signs of the dialects put in, and pieces cut out, doubled or repeated many times."""
    for _ in range(random.choice((1, 2, 4, 10, 30))):
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.randrange(1, 20))
        match random.randrange(6):
            case 0 | 1 | 2:
                text = text[:at] + random.choice(SIGNS) + text[at:]
            case 3:
                text = text[:at] + text[end:]
            case 4:
                text = text[:end] + text[at:]
            case 5:
                piece = random.choice((text[at:end], random.choice(SIGNS), random.choice(SIGNS) + random.choice(SIGNS)))
                text = text[:at] + piece * random.choice((2, 2, 5, 5, 60, random.choice((60, 2000)))) + text[at:]
        if len(text) > 200_000:
            text = text[:200_000]
    return text


def shrunk(data: bytes, fails: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """A smaller ``data`` that still fails, after so many tries: pieces are left out, large ones first."""
    size = len(data) // 2
    while size and tries:
        at = 0
        while at < len(data) and tries:
            tries -= 1
            smaller = data[:at] + data[at + size :]
            if fails(smaller):
                data = smaller
            else:
                at += size
        size //= 2
    return data
