"""How a document of Lemmy's or PieFed's API falls apart into views, each decoded when it is its turn.

One bad view does not take the good ones beside it along, and nothing is decoded before it is known what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

import msgspec

from archiver.dumps import decode_json
from archiver.importers.fediverse_bodies import Comment, Community, Person, Post, Site, Thing, View, host_of

Noun = Literal["post", "comment", "community", "person"]

NONE = msgspec.Raw(b"null")


class Body(msgspec.Struct, frozen=True):
    """Whatever may stand at the top of a document; nothing is decoded before it is known what it is."""

    site_view: msgspec.Raw = NONE
    site: msgspec.Raw = NONE
    admins: msgspec.Raw = NONE
    community_view: msgspec.Raw = NONE
    post_view: msgspec.Raw = NONE
    comment_view: msgspec.Raw = NONE
    person_view: msgspec.Raw = NONE
    moderators: msgspec.Raw = NONE
    communities: msgspec.Raw = NONE
    users: msgspec.Raw = NONE
    posts: msgspec.Raw = NONE
    cross_posts: msgspec.Raw = NONE
    comments: msgspec.Raw = NONE
    items: msgspec.Raw = NONE
    community: msgspec.Raw = NONE
    post: msgspec.Raw = NONE
    comment: msgspec.Raw = NONE
    person: msgspec.Raw = NONE
    # Of things without a view around them:
    path: msgspec.Raw = NONE
    ap_id: msgspec.Raw = NONE
    actor_id: msgspec.Raw = NONE
    creator_id: msgspec.Raw = NONE
    user_id: msgspec.Raw = NONE
    posting_restricted_to_mods: msgspec.Raw = NONE
    restricted_to_mods: msgspec.Raw = NONE
    bot_account: msgspec.Raw = NONE
    bot: msgspec.Raw = NONE


class Part(msgspec.Struct, frozen=True):
    """One view of a document, not yet decoded."""

    noun: Noun
    """What it should be about."""
    raw: msgspec.Raw
    listed: bool = False
    """Its place among its neighbours is the order of the answer."""
    bare: bool = False
    """The thing itself, without a view around it."""


class Parts(msgspec.Struct):
    """What one body holds, or a list of views."""

    site: Site | None = None
    moderators: list[msgspec.Raw] | None = None
    views: list[Part] = []

    @property
    def known(self) -> bool:
        """Whether it is of these APIs at all."""
        return bool(self.site or self.views)


# Whole before part: a community with its numbers comes before the posts that name it.
_SINGLE: tuple[tuple[str, Noun], ...] = (
    ("community_view", "community"),
    ("person_view", "person"),
    ("post_view", "post"),
    ("comment_view", "comment"),
)
_LISTS: tuple[tuple[str, Noun], ...] = (
    ("communities", "community"),
    ("users", "person"),
    ("posts", "post"),
    ("cross_posts", "post"),
    ("comments", "comment"),
    ("items", "comment"),
)
_VIEWS: tuple[Noun, ...] = ("comment", "post", "person", "community")
EMPTY_LISTS = re.compile(rb'\s*\{\s*"(?:comments|posts|items)"\s*:\s*\[\s*\]\s*[,}]')
"""The last page of a list."""


def split(document: bytes) -> list[Parts]:
    """What is in a document: one body, or a list of bodies, of views, of things without a view, or of all these.

    Raises msgspec.DecodeError for what is not JSON, or not an object or list.
    """
    if not document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return [_parts(document)]
    loose = Parts()
    found = [loose]
    for item in map(_item, decode_json(document, list[msgspec.Raw])):
        if isinstance(item, Part):
            loose.views.append(item)
        else:
            found.append(item)
    return found


def _item(raw: msgspec.Raw) -> Part | Parts:
    """An item of a list."""
    with suppress(msgspec.DecodeError):
        if part := _alone(decode_json(bytes(raw), Body), raw, listed=True):
            return part
        parts = _parts(bytes(raw))
        if parts.known or EMPTY_LISTS.match(raw):
            return parts
    return Part("comment", raw)  # whose decoding will say what is wrong


def _parts(document: bytes) -> Parts:
    """The views of a body."""
    body = decode_json(document, Body)
    parts = Parts(views=[Part(noun, raw) for field, noun in _SINGLE if _given(raw := getattr(body, field))])
    if _given(body.site_view) or (_given(body.site) and _given_list(body.admins)):
        parts.site = decode_json(document, Site)
    if _given_list(body.moderators):
        parts.moderators = decode_json(bytes(body.moderators), list[msgspec.Raw])
    if not parts.views and (part := _alone(body, msgspec.Raw(document), listed=False)):
        parts.views.append(part)
        return parts
    listed = not _given(body.person_view)  # whose comments stand in no thread's order
    for field, noun in _LISTS:
        if _given_list(raw := getattr(body, field)):
            items = decode_json(bytes(raw), list[msgspec.Raw])
            parts.views.extend(Part(noun, item, listed=listed) for item in items)
    return parts


def _alone(body: Body, raw: msgspec.Raw, *, listed: bool) -> Part | None:
    """The part that a view or thing without a body around it is."""
    if noun := _view_noun(body):
        return Part(noun, raw, listed=listed)
    if noun := _bare_noun(body):
        return Part(noun, raw, listed=listed, bare=True)
    return None


def _given(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"{"


def _given_list(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"["


def _view_noun(body: Body) -> Noun | None:
    return next((noun for noun in _VIEWS if _given(getattr(body, noun))), None)


def _bare_noun(body: Body) -> Noun | None:
    """What a thing without a view is, told by fields that only it has."""

    def has(*fields: str) -> bool:
        return any(getattr(body, field) is not NONE for field in fields)

    if not has("ap_id", "actor_id"):
        return None
    if has("creator_id", "user_id"):
        return "comment" if has("path") else "post"
    if has("posting_restricted_to_mods", "restricted_to_mods"):
        return "community"
    return "person" if has("bot_account", "bot") else None


def decode_view(part: Part) -> View:
    """The view decoded, or the view a bare thing would have had; raises msgspec.DecodeError."""
    data = bytes(part.raw)
    if not part.bare:
        return decode_json(data, View)
    match part.noun:
        case "post":
            return View(post=decode_json(data, Post))
        case "comment":
            return View(comment=decode_json(data, Comment))
        case "community":
            return View(community=decode_json(data, Community))
        case "person":
            return View(person=decode_json(data, Person))


def things(view: View) -> Iterator[Thing]:
    """Everything in the view that has a home."""
    for thing in (view.post, view.comment, view.community, view.person, view.creator, view.moderator):
        if thing:
            yield thing


def local_host(view: View) -> str | None:
    """Host of the instance whose view this is, where it shows something of its own."""
    return next((host for thing in things(view) if thing.local and (host := host_of(thing.url))), None)
