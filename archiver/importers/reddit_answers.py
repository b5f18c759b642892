"""What Reddit's API answers, out of its wrappings: lists of things, still to be read one by one.

Every thing stays undecoded until its turn, so that one of a wrong shape costs only itself.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from archiver.dumps import decode_json
from archiver.importers.reddit_things import NOTHING, is_escaped, local_id

ORDER_NAMES: Final = {"confidence": "best"}
"""Orders that people know by another name than the API."""

Children = list[msgspec.Raw]

_HTML = re.compile(rb'"(?:body|selftext)_html"\s*:\s*"\s*(<|\\u003[cC]|&lt;)')
_TEXT = re.compile(rb'"(?:body|selftext|title)"\s*:\s*("(?:[^"\\]++|\\.)*+")', re.DOTALL)


class Wrapped(msgspec.Struct):
    """A thing as it lies in a listing: what it is, and its fields."""

    kind: str
    data: msgspec.Raw


class _Listing(msgspec.Struct):
    children: Children


class _Things(msgspec.Struct):
    things: Children


class _Json(msgspec.Struct):
    data: _Things


class _Envelope(msgspec.Struct):
    """Whatever an object at the top of a file may be."""

    kind: str | None = None
    data: msgspec.Raw = NOTHING
    json: _Json | None = None
    response: msgspec.Raw = NOTHING
    uri: str = ""
    request_body: str | None = None
    error: int | None = None
    message: str | None = None


class _Replies(msgspec.Struct):
    replies: msgspec.Raw = NOTHING


class Answer(msgspec.Struct):
    """An answer out of its wrapping, with what a recorded request says about it."""

    listings: list[Children]
    flat: bool = False
    """From "load more comments": not nested."""
    order: str | None = None
    post: str | None = None


def opened(document: bytes) -> Answer:
    """Unwrap a document; raises msgspec.DecodeError for what is no answer."""
    order = post = None
    while True:
        if document.lstrip().startswith(b"["):
            listings = [_children(decode_json(bytes(raw), Wrapped), raw) for raw in decode_json(document, Children)]
            return Answer(listings, order=order, post=post)
        envelope = decode_json(document, _Envelope)
        if envelope.response is NOTHING:
            break
        order, post = _request(envelope)
        document = bytes(envelope.response)
    if envelope.json:
        return Answer([envelope.json.data.things], flat=True, order=order, post=post)
    if envelope.kind and envelope.data is not NOTHING:
        thing = Wrapped(envelope.kind, envelope.data)
        return Answer([_children(thing, msgspec.Raw(document))], order=order, post=post)
    if envelope.error:
        raise msgspec.ValidationError(f"error {envelope.error}: {envelope.message}")
    raise msgspec.ValidationError("neither a listing nor a thing nor an answer")


def _children(thing: Wrapped, raw: msgspec.Raw) -> Children:
    """What is in a listing; anything else is alone."""
    return decode_json(bytes(thing.data), _Listing).children if thing.kind == "Listing" else [raw]


def _request(envelope: _Envelope) -> tuple[str | None, str | None]:
    """Order and post that were asked for, from the address and the form that was sent."""
    asked = parse_qs(urlsplit(envelope.uri).query) | parse_qs(envelope.request_body or "")
    order, post = asked.get("sort", [None])[0], asked.get("link_id", [None])[0]
    return ORDER_NAMES.get(order, order) if order else None, local_id(post) if post else None


def replies_in(replies: msgspec.Raw) -> Children:
    """The things in ``replies``, which is "" where there are none; raises msgspec.DecodeError for anything else."""
    if bytes(replies) in (b'""', b"null"):
        return []
    return _children(decode_json(bytes(replies), Wrapped), replies)


def replies_of(data: msgspec.Raw) -> msgspec.Raw:
    """The ``replies`` of a comment that cannot be read itself."""
    try:
        return decode_json(bytes(data), _Replies).replies
    except (msgspec.DecodeError, RecursionError):
        return NOTHING


def was_escaped(document: bytes) -> bool:
    """Was this answer read without ``raw_json=1``? Its HTML tells at once, else the first text that shows it."""
    if html := _HTML.search(document):
        return html[1] == b"&lt;"
    for text in _TEXT.finditer(document):
        try:
            escaped = is_escaped(decode_json(text[1], str))
        except msgspec.DecodeError:
            continue
        if escaped is not None:
            return escaped
    return False


def why(error: Exception) -> str:
    """The reason of a Skip for a document that ``opened`` refused."""
    if isinstance(error, msgspec.ValidationError):
        return "not an answer of Reddit's API"
    if isinstance(error, RecursionError) or "recursion" in str(error) or "deep" in str(error):
        return "nested too deep"
    return "not valid JSON"
