"""What Reddit's "things" have in common, whoever saved them: a comment (t1) and a post (t3) as records.

Field names and meanings are those of Reddit's API (https://www.reddit.com/dev/api, and its source up to 2017,
reddit-archive/reddit, r2/r2/lib/jsontemplates.py); monthly dumps hold the same objects. Every field but the id comes
and goes with the year, so every one may be absent here.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from archiver.model import Comment, Community, Moment, Post, Role, State
from archiver.platforms import REDDIT_HOST

ORIGIN: Final = f"https://{REDDIT_HOST}"
NOBODY: Final = frozenset(("[deleted]", "[removed]", ""))
"""What stands in the author's place when the account is gone."""
ROLES: Final[dict[str | None, Role]] = {"moderator": "moderator", "admin": "admin"}
BY_ITS_AUTHOR: Final = frozenset(("deleted", "author"))
"""Values of ``removed_by_category`` that mean a deletion, not a removal."""
LEGACY_EDITS_END: Final = 1_338_508_800
"""2012-06-01: later edits have a time; ``"edited": true`` says only that there was one before."""
END_OF_TIME: Final = 253_402_300_800
"""Year 10000, in seconds; past it a number is no date."""
BASE_36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

Count = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)]
NOTHING: Final = msgspec.Raw(b"null")

T = TypeVar("T")


class Aftermath(msgspec.Struct, gc=False):
    """What Arctic Shift found at its second visit, 36 hours later (its file_content_explanations.md).

    Its ``removal_type`` alone says nothing: it also stands on things that were removed first and came back.
    """

    was_deleted_later: bool | None = None
    removal_type: str | None = None
    retrieved_2nd_on: float | None = None


class Thing(msgspec.Struct, gc=False):
    """The fields of comments and posts alike. Numbers may come as strings: decode with ``strict=False``."""

    id: str | None = None
    name: str | None = None
    subreddit: str | None = None
    author: str | None = None
    created_utc: float | None = None
    edited: bool | float | None = None
    score: Count | None = None
    ups: Count | None = None
    downs: Count | None = None
    distinguished: str | None = None
    stickied: bool | None = None
    locked: bool | None = None
    permalink: str | None = None
    removed: bool | None = None
    banned_by: str | bool | None = None
    """The moderator who removed it; told to moderators, who may be the ones who saved it with its text."""
    retrieved_on: float | None = None
    retrieved_utc: float | None = None
    aftermath: Aftermath | None = msgspec.field(default=None, name="_meta")


class CommentThing(Thing, gc=False):
    """The data of a t1."""

    link_id: str | None = None
    parent_id: str | int | None = None
    body: str | None = None
    score_hidden: bool | None = None
    collapsed: bool | None = None
    is_submitter: bool | None = None
    author_flair_text: str | None = None
    link_title: str | None = None
    """Given where a comment is shown outside its thread: on the page of a person or of a subreddit's comments."""
    replies: msgspec.Raw = NOTHING


class PostThing(Thing, gc=False):
    """The data of a t3."""

    title: str | None = None
    url: str | None = None
    selftext: str | None = None
    is_self: bool | None = None
    hide_score: bool | None = None
    upvote_ratio: float | None = None
    over_18: bool | None = None
    spoiler: bool | None = None
    num_comments: Count | None = None
    link_flair_text: str | None = None
    subreddit_subscribers: Count | None = None
    removed_by_category: str | None = None
    crosspost_parent: str | None = None
    gallery_data: msgspec.Raw = NOTHING
    media_metadata: msgspec.Raw = NOTHING
    poll_data: msgspec.Raw = NOTHING


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
    if _is_placeholder(title) and (state != "live" or title != "[deleted]"):
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


def local_id(fullname: str) -> str:
    """``abc`` for ``t3_abc``, and for ``abc``."""
    return fullname[3:] if fullname.startswith(("t1_", "t3_")) else fullname


def parent_of(parent_id: str | int | None, post: str) -> str | None:
    """The comment a ``parent_id`` means; None for the post.

    The Pushshift API of 2022 and 2023 gave null for the post, and the number in place of its base-36 spelling
    (voussoir/timesearch#19).
    """
    if isinstance(parent_id, str):
        if parent_id.startswith("t3_"):
            return None
        parent = local_id(parent_id)
    elif parent_id is None or parent_id < 0:
        return None
    else:
        parent = _base36(parent_id)
    return parent if parent and parent != post else None


def moment(seconds: float | None) -> Moment | None:
    """An exact time; None for what is no date."""
    if seconds is None or not 0 < seconds < END_OF_TIME:
        return None
    microseconds = round(seconds * 1_000_000)
    return Moment(microseconds, microseconds)


def post_url(id: str, community: str | None) -> str:
    """Where Reddit shows a post."""
    return f"{ORIGIN}/r/{community}/comments/{id}/" if community else f"{ORIGIN}/comments/{id}/"


def comment_url(post: str, id: str, community: str | None) -> str:
    """Where Reddit shows a comment with its replies."""
    return f"{post_url(post, community)}_/{id}/"


def votes(thing: Thing, *, real: bool) -> tuple[int | None, int | None, int | None]:
    """Score, upvotes and downvotes.

    Since mid-2014 Reddit says ``ups == score`` and ``downs == 0`` whatever the votes were, so the two count only where
    the caller has seen that they are ``real``. Comments of 2012 have no score but these.
    """
    score, ups = thing.score, thing.ups
    if ups is None:
        return score, None, None
    downs = thing.downs or 0
    if score is None:
        score = ups - downs
    return (score, ups, downs) if real else (score, None, None)


def is_escaped(text: str) -> bool | None:
    """Did this text pass through Reddit's HTML escaping? None where it does not show.

    Without ``raw_json=1`` the API writes each ``&``, ``<`` and ``>`` as an entity, so text with a bare one was not
    escaped, and text in which every ``&`` begins one of the three entities most likely was.
    """
    if "<" in text or ">" in text:
        return False
    ampersands = text.count("&")
    if not ampersands:
        return None
    return ampersands == text.count("&amp;") + text.count("&lt;") + text.count("&gt;")


def unescape(text: str | None) -> str | None:
    """Undo Reddit's escaping, once."""
    if text is None or "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


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
    state = _fate(thing.body)
    return state if state != "live" else _told_state(thing)


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
    """When the last edit was; ``true`` means "before mid-2012, not known when"."""
    if thing.edited is not True:
        return moment(thing.edited)
    created = moment(thing.created_utc)
    if created is None:
        return None
    latest = moment(thing.retrieved_on or thing.retrieved_utc or LEGACY_EDITS_END) or created
    return Moment(created.earliest, max(created.latest, latest.latest), "about")


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


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = BASE_36[digit] + digits
    return digits
