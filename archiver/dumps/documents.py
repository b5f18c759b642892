"""JSON documents in a stream of lines: where each begins and ends, and how one becomes typed records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

# A JSON string (to skip it) or a bracket. The closing quote is optional, so that no input makes it backtrack.
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}\[\]]', re.DOTALL)


def split(lines: Iterator[tuple[int, bytes]], limit: int) -> Iterator[tuple[int, bytes]]:
    """(line it starts on, bytes) of each JSON document in numbered lines.

    What is no JSON comes as pieces of its own; one that grows past ``limit`` bytes is given up. Neither costs a
    complete line before, within or after it.
    """
    buffer: list[tuple[int, bytes]] = []
    depth = held = 0
    for number, line in lines:
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not buffer:
            if text.isspace():
                continue
            if document := _document(text):
                yield number, document
                continue
        begin = 0
        for token in _JSON_TOKEN.finditer(text):
            mark = token[0]
            if mark in b"{[":
                if depth == 0:  # what stands before it is no document
                    yield from _salvaged([*buffer, (number, text[begin : token.start()])])
                    buffer, begin, held = [], token.start(), 0
                depth += 1
            elif mark in b"}]":
                depth -= 1
                if depth <= 0:
                    yield from _closed([*buffer, (number, text[begin : token.end()])])
                    buffer, begin, depth, held = [], token.end(), 0, 0
        if text[begin:].strip():
            buffer.append((number, text[begin:]))
            held += len(text) - begin
        if held > limit:
            yield from _salvaged(buffer)
            buffer, depth, held = [], 0, 0
    yield from _salvaged(buffer)


def items(lines: Iterator[tuple[int, bytes]], limit: int) -> Iterator[tuple[int, bytes]]:
    """The same of what stands in one list, item by item, so that a list may be of any length."""
    for number, piece in split(_without_bracket(lines), limit):
        if piece.strip(b" \t\r\n,]"):
            yield number, piece


def _without_bracket(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The lines of a list without its first bracket; its last one belongs to nothing then."""
    for number, line in lines:
        text = line.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text:
            yield number, text.removeprefix(b"[")
            break
    yield from lines


def _closed(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """The document in lines whose brackets match; where it is none after all, what can be saved of it."""
    number, text = _joined(lines)
    if len(lines) == 1 or _is_document(text):
        yield number, text
        return
    try:
        decode_json(text, msgspec.Raw)
    except msgspec.DecodeError:
        yield from _salvaged(lines)
    else:
        yield number, text


def _joined(lines: list[tuple[int, bytes]]) -> tuple[int, bytes]:
    return lines[0][0], b"".join(line for _, line in lines)


def _salvaged(lines: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """What lines hold that never became a document: objects of one line each, and the damaged pieces between."""
    damaged: list[tuple[int, bytes]] = []
    for number, line in lines:
        if not line.strip():
            continue
        if document := line.startswith(b"{") and _document(line):
            if damaged:
                yield _joined(damaged)
            damaged = []
            yield number, document
        else:
            damaged.append((number, line))
    if damaged:
        yield _joined(damaged)


def _document(line: bytes) -> bytes | None:
    """The document that a line is, or that it holds before a comma: an item of a list."""
    if _is_document(line):
        return line
    bare = line.rstrip()
    return bare[:-1] if bare.endswith(b",") and _is_document(bare[:-1]) else None


def _is_document(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def decode_json(data: bytes, kind: type[T]) -> T:
    """Decode one JSON document into typed records, forgiving what JSON of the wild gets wrong in its text.

    Numbers in strings count as numbers where ``kind`` wants one; control characters in strings stay; bytes that are
    not UTF-8 and lone surrogates become U+FFFD. Raises msgspec.DecodeError (with msgspec's words) for anything that is
    not JSON or not of that shape.
    """
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec refuses lone surrogates, bad UTF-8 and control characters, which the standard library lets through.
        try:
            loose: Any = json.loads(data.decode("utf-8", "replace"), strict=False)
            clean = _SURROGATE.sub("\ufffd", json.dumps(loose, ensure_ascii=False))
            return msgspec.json.decode(clean, type=kind, strict=False)
        except (ValueError, RecursionError):
            raise msgspec.DecodeError(str(error) or "nested too deep") from error


# Pairs of them are one character by then.
_SURROGATE = re.compile("[\ud800-\udfff]")
