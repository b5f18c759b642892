"""A comment (t1) or a post (t3) of Reddit as a record, whoever saved it."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from archiver.importers.reddit_things import (
    NOTHING,
    ORIGIN,
    CommentThing,
    Count,
    PostThing,
    Thing,
    comment_url,
    local_id,
    moment,
    post_url,
    unescape,
    votes,
)
from archiver.model import Comment, Community, Moment, Post, Role, State
from archiver.platforms import REDDIT_HOST

NOBODY: Final = frozenset(("[deleted]", "[removed]", ""))
"""What stands in the author's place when the account is gone."""
ROLES: Final[dict[str | None, Role]] = {"moderator": "moderator", "admin": "admin"}
BY_ITS_AUTHOR: Final = frozenset(("deleted", "author"))
"""Values of ``removed_by_category`` that mean a deletion, not a removal."""
LEGACY_EDITS_END: Final = 1_338_508_800_000_000
"""2012-06-01, in microseconds: later edits have a time; ``"edited": true`` says only that there was one before."""
HALF_A_YEAR: Final = 180 * 86_400_000_000
"""After which Reddit closed threads: the end of an edit without a time that is younger than it should be."""

T = TypeVar("T")


def comment(
    thing: CommentThing,
    id: str,
    *,
    post: str,
    parent: str | None,
    escaped: bool,
    real_votes: bool,
    keep_deleted: bool,
    position: int | None = None,
) -> Comment:
    """The record of a t1, whose own id and post the caller found out."""
    state = _comment_state(thing)
    body = thing.body
    if state != "live" and (not keep_deleted or _is_placeholder(body)):
        body = None
    author, flair = thing.author, thing.author_flair_text
    if escaped:
        body, flair = unescape(body), unescape(flair)
    score, up, down = (None, None, None) if thing.score_hidden else votes(thing, real=real_votes)
    permalink = thing.permalink
    return Comment(
        host=REDDIT_HOST,
        post=post,
        id=id,
        parent=parent,
        community=thing.subreddit,
        author=None if author in NOBODY else author,
        body=body,
        body_format=None if body is None else "reddit",
        created=moment(thing.created_utc),
        edited=_edited(thing) if thing.edited else None,
        score=score,
        upvotes=up,
        downvotes=down,
        score_hidden=thing.score_hidden,
        state=state,
        op=thing.is_submitter,
        role=ROLES.get(thing.distinguished),
        distinguished=True if thing.distinguished else None,
        pinned=thing.stickied,
        locked=thing.locked,
        collapsed=thing.collapsed,
        flair=flair or None,
        position=position,
        source_url=ORIGIN + permalink if permalink and permalink[0] == "/" else comment_url(post, id, thing.subreddit),
    )


def post(
    thing: PostThing,
    id: str,
    *,
    escaped: bool,
    real_votes: bool,
    keep_deleted: bool,
    captured_order: str | None = None,
) -> Post:
    """The record of a t3, whose own id the caller found out."""
    state = _post_state(thing)
    hidden = state != "live" and not keep_deleted
    body = thing.selftext or ("" if thing.is_self else None)
    if hidden or (state != "live" and _is_placeholder(body)):
        body = None
    title, url, flair = thing.title, _link(thing, id), thing.link_flair_text
    if state != "live" and _is_placeholder(title):
        title = None
    if escaped:
        body, title, url, flair = unescape(body), unescape(title), unescape(url), unescape(flair)
    score, up, down = (None, None, None) if thing.hide_score else votes(thing, real=real_votes)
    permalink = thing.permalink
    return Post(
        host=REDDIT_HOST,
        id=id,
        community=thing.subreddit,
        author=None if thing.author in NOBODY else thing.author,
        title=title,
        url=url,
        body=body,
        body_format=None if body is None else "reddit",
        created=moment(thing.created_utc),
        edited=_edited(thing) if thing.edited else None,
        score=score,
        upvotes=up,
        downvotes=down,
        ratio=thing.upvote_ratio,
        state=state,
        locked=thing.locked,
        pinned=thing.stickied,
        nsfw=thing.over_18,
        spoiler=thing.spoiler,
        flair=flair or None,
        role=ROLES.get(thing.distinguished),
        crosspost_of=f"{ORIGIN}/comments/{local_id(thing.crosspost_parent)}/" if thing.crosspost_parent else None,
        declared_comments=thing.num_comments,
        source_url=ORIGIN + permalink if permalink and permalink[0] == "/" else post_url(id, thing.subreddit),
        captured_order=captured_order,
        media=None if hidden else _media(thing),
        poll=None if hidden else _poll(thing, escaped=escaped),
    )


def community(name: str, readers: int | None = None) -> Community:
    """The record of a subreddit; those called ``u_NAME`` are a person's own."""
    path = f"user/{name[2:]}" if name.startswith("u_") else f"r/{name}"
    return Community(host=REDDIT_HOST, name=name, readers=readers, source_url=f"{ORIGIN}/{path}/")


def _is_placeholder(text: str | None) -> bool:
    """Is this what Reddit puts in the place of text that is gone?"""
    return text is not None and (text == "[deleted by user]" or _fate(text) != "live")


def _fate(text: str | None) -> State:
    if not text or text[0] != "[":
        return "live"
    if text == "[deleted]":
        return "deleted"
    if text == "[removed]":
        return "removed"
    # Goes on with " ]", or with "in response to a copyright notice. ]" and the like.
    if len(text) < 120 and text[-1] == "]" and text[:19].casefold() == "[ removed by reddit":
        return "removed"
    return "live"


def _comment_state(thing: CommentThing) -> State:
    body = thing.body
    if body and body[0] == "[" and (state := _fate(body)) != "live":
        return state
    return _told_state(thing)


def _post_state(thing: PostThing) -> State:
    if category := thing.removed_by_category:
        return "deleted" if category in BY_ITS_AUTHOR else "removed"
    if thing.title == "[deleted by user]":
        return "deleted"
    state = _fate(thing.selftext)
    if state == "live" and thing.title and thing.title.startswith("[ "):
        state = _fate(thing.title)
    return state if state != "live" else _told_state(thing)


def _told_state(thing: Thing) -> State:
    """State by what the dump tells beside the text, which may still be there."""
    if thing.removed or thing.banned_by:
        return "removed"
    if (later := thing.aftermath) and later.was_deleted_later:
        return "removed" if (later.removal_type or "deleted") != "deleted" else "deleted"
    return "live"


def _edited(thing: Thing) -> Moment | None:
    """When the last edit was; ``true`` means before mid-2012, not known when."""
    if thing.edited is not True:
        return moment(thing.edited)
    created = moment(thing.created_utc)
    if created is None:
        return None
    known = moment(thing.retrieved_on or thing.retrieved_utc)
    end = LEGACY_EDITS_END if created.earliest < LEGACY_EDITS_END else created.earliest + HALF_A_YEAR
    return Moment(created.earliest, min(end, known.latest) if known else end, "about")


def _link(thing: PostThing, id: str) -> str | None:
    """The address a post shares. Text posts have their own."""
    url = thing.url
    if not url or thing.is_self:
        return None
    if url[0] == "/":
        url = ORIGIN + url
    if thing.is_self is None and "reddit.com/" in url and f"/comments/{id}/" in url:
        return None
    return url


class _Source(msgspec.Struct):
    u: str | None = None
    gif: str | None = None
    mp4: str | None = None


class _Medium(msgspec.Struct):
    s: _Source | None = None
    hlsUrl: str | None = None  # noqa: N815 - Reddit's spelling
    dashUrl: str | None = None  # noqa: N815


class _GalleryItem(msgspec.Struct):
    media_id: str


class _Gallery(msgspec.Struct):
    items: list[_GalleryItem]


class _Option(msgspec.Struct):
    text: str
    vote_count: Count | None = None


class _Poll(msgspec.Struct):
    options: list[_Option]


def _media(thing: PostThing) -> tuple[str, ...] | None:
    """Addresses of a gallery's pictures in its order, or of the pictures within the text.

    They are unescaped in any case: dumps of some years have them escaped where the text beside them is not.
    """
    media = _decoded(thing.media_metadata, dict[str, _Medium])
    if not media:
        return None
    gallery = _decoded(thing.gallery_data, _Gallery)
    ids = [item.media_id for item in gallery.items] if gallery else list(media)
    addresses = [_address(media[id]) for id in ids if id in media]
    return tuple(address for address in addresses if address) or None


def _address(medium: _Medium) -> str | None:
    source = medium.s or _Source()
    address = unescape(source.u or source.gif or source.mp4 or medium.hlsUrl or medium.dashUrl)
    return address if address and address.startswith(("https://", "http://")) else None


def _poll(thing: PostThing, *, escaped: bool) -> tuple[tuple[str, int | None], ...] | None:
    """A poll's options; ``poll_data`` is false or null on posts that are none."""
    poll = _decoded(thing.poll_data, _Poll)
    if poll is None:
        return None
    return tuple(((unescape(o.text) or "") if escaped else o.text, o.vote_count) for o in poll.options) or None


def _decoded(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """A detail in the shape it should have, or None: it must not cost the record."""
    if raw is NOTHING or bytes(raw) in (b"null", b"false"):
        return None
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
