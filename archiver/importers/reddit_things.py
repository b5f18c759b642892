"""Reddit's "things", whoever saved them: the fields of a comment (t1) and of a post (t3), and how to read them.

Field names and meanings are those of Reddit's API (https://www.reddit.com/dev/api, and its source up to 2017,
reddit-archive/reddit, r2/r2/lib/jsontemplates.py); monthly dumps hold the same objects. Every field but the id comes
and goes with the year, so every one may be absent here.
"""

from __future__ import annotations

from typing import Annotated, Final, final

import msgspec

from archiver.model import Moment
from archiver.platforms import REDDIT_HOST

ORIGIN: Final = f"https://{REDDIT_HOST}"
END_OF_TIME: Final = 253_402_300_800
"""Year 10000, in seconds; past it a number is no date."""
BASE_36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

Count = Annotated[int, msgspec.Meta(ge=-(1 << 53), le=1 << 53)]
NOTHING: Final = msgspec.Raw(b"null")


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


@final
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


@final
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
    microseconds = int(seconds * 1_000_000)
    return Moment(microseconds, microseconds)


def post_url(id: str, community: str | None) -> str:
    """Where Reddit shows a post."""
    return f"{ORIGIN}/r/{community}/comments/{id}/" if community else f"{ORIGIN}/comments/{id}/"


def comment_url(post: str, id: str, community: str | None) -> str:
    """Where Reddit shows a comment with its replies."""
    if community:
        return f"{ORIGIN}/r/{community}/comments/{post}/_/{id}/"
    return f"{ORIGIN}/comments/{post}/_/{id}/"


def votes(thing: Thing, *, real: bool) -> tuple[int | None, int | None, int | None]:
    """Score, upvotes and downvotes.

    Since mid-2014 Reddit says ``ups == score`` and ``downs == 0`` whatever the votes were, so the two count only where
    the caller has seen that they are ``real``. Comments of 2012 have no score but these.
    """
    score, ups = thing.score, thing.ups
    if ups is None or not (real or score is None):
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
    if text is None or "&" not in text:  # most texts
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = BASE_36[digit] + digits
    return digits
