"""The things that the APIs of Lemmy and PieFed speak of, field by field, under every name they have had.

PieFed's API is Lemmy's with some other words, and Lemmy 1.0 renamed and inlined what 0.18 and 0.19 had, so one
structure holds every spelling of a thing and tells it by one name. Only fields that are shown are listed: what the
person who saved the body voted, read or saved, and anybody's e-mail, is never decoded.
Sources: lemmy-js-client 0.18.3, 0.19.9 and 1.0.0-beta.1; app/api/alpha/{schema,views}.py of PieFed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from archiver.model import Moment, State

PERMANENTLY_DELETED = "*Permanently Deleted*"
"""What Lemmy writes over the text of deleted things after a month."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Counts(msgspec.Struct, frozen=True):
    """The numbers of a post, comment or community; in Lemmy 1.0 inlined into the thing itself."""

    score: int | None = None
    upvotes: int | None = None
    downvotes: int | None = None
    comments: int | None = None
    child_count: int | None = None
    newest_comment_time: str | None = None
    newest_comment_time_necro: str | None = None
    newest_comment_time_at: str | None = None
    subscribers: int | None = None
    users_active_day: int | None = None
    subscriptions_count: int | None = None
    """PieFed: people of this instance."""
    total_subscriptions_count: int | None = None
    """PieFed: people of all instances."""
    active_daily: int | None = None


class Thing(msgspec.Struct, frozen=True):
    """What a post, comment, community and person have in common."""

    id: int | None = None
    actor_id: str | None = None
    ap_id: str | None = None
    local: bool | None = None
    published: str | None = None
    published_at: str | None = None
    updated: str | None = None
    updated_at: str | None = None
    edited_at: str | None = None
    deleted: bool | None = None
    removed: bool | None = None

    @property
    def url(self) -> str | None:
        """Address of the original on the instance it comes from."""
        address = self.ap_id or self.actor_id
        return address if address and host_of(address) else None

    @property
    def created_text(self) -> str | None:
        """Time it was made, as written."""
        return self.published_at or self.published

    @property
    def created(self) -> Moment | None:
        """Time it was made."""
        return moment(self.created_text)

    @property
    def edited(self) -> Moment | None:
        """Time of the last edit, where that is after it was made."""
        edited, created = moment(self.updated_at or self.updated or self.edited_at), self.created
        return edited if edited and (not created or edited.earliest > created.earliest) else None


class Person(Thing, frozen=True):
    """An account."""

    name: str | None = None
    user_name: str | None = None
    display_name: str | None = None
    title: str | None = None
    bot_account: bool | None = None
    bot: bool | None = None
    admin: bool | None = None
    flair: str | None = None


class Community(Thing, frozen=True):
    """A community, with Lemmy 1.0's inlined numbers."""

    name: str | None = None
    title: str | None = None
    description: str | None = None
    """Lemmy 0.x and PieFed: the sidebar; Lemmy 1.0's alphas: the summary."""
    sidebar: str | None = None
    summary: str | None = None
    nsfw: bool | None = None
    banned: bool | None = None
    visibility: str | None = None
    subscribers: int | None = None
    users_active_day: int | None = None


class Choice(msgspec.Struct, frozen=True):
    """An option of a PieFed poll."""

    choice_text: str
    num_votes: int | None = None
    sort_order: int = 0


class Poll(msgspec.Struct, frozen=True):
    """A PieFed poll."""

    choices: list[Choice] = []


class Post(Thing, frozen=True):
    """A post, with Lemmy 1.0's inlined numbers."""

    name: str | None = None
    title: str | None = None
    url_: str | None = msgspec.field(default=None, name="url")
    body: str | None = None
    creator_id: int | None = None
    user_id: int | None = None
    locked: bool | None = None
    nsfw: bool | None = None
    language_id: int | None = None
    featured_community: bool | None = None
    featured_local: bool | None = None
    sticky: bool | None = None
    instance_sticky: bool | None = None
    url_content_type: str | None = None
    post_type: str | None = None
    flair: str | None = None
    poll: Poll | None = None
    score: int | None = None
    upvotes: int | None = None
    downvotes: int | None = None
    comments: int | None = None
    newest_comment_time_at: str | None = None


class Comment(Thing, frozen=True):
    """A comment, with Lemmy 1.0's inlined numbers."""

    content: str | None = None
    body: str | None = None
    creator_id: int | None = None
    user_id: int | None = None
    post_id: int | None = None
    path: str | None = None
    distinguished: bool | None = None
    locked: bool | None = None
    language_id: int | None = None
    score: int | None = None
    upvotes: int | None = None
    downvotes: int | None = None
    child_count: int | None = None


class Tag(msgspec.Struct, frozen=True):
    """A tag of a community on a post (Lemmy 1.0)."""

    name: str | None = None
    display_name: str | None = None


class View(msgspec.Struct, frozen=True):
    """PostView, CommentView, CommentSlimView, CommunityView, CommunityModeratorView or PersonView."""

    post: Post | None = None
    comment: Comment | None = None
    community: Community | None = None
    creator: Person | None = None
    person: Person | None = None
    moderator: Person | None = None
    counts: Counts | None = None
    creator_is_admin: bool | None = None
    creator_is_moderator: bool | None = None
    tags: list[Tag] | None = None
    replies: list[msgspec.Raw] | None = None
    """PieFed's /post/replies: the answers, nested."""
    comment_report: msgspec.Raw | None = None
    post_report: msgspec.Raw | None = None

    @property
    def thing(self) -> Thing | None:
        """What the view is about: the others stand beside it to say where it belongs."""
        return self.comment or self.post or self.person or self.community


class Language(msgspec.Struct, frozen=True):
    """A row of the instance's table of languages."""

    id: int
    code: str


class SiteText(msgspec.Struct, frozen=True):
    """The instance as it speaks of itself."""

    name: str | None = None
    actor_id: str | None = None
    ap_id: str | None = None
    sidebar: str | None = None
    sidebar_md: str | None = None
    description: str | None = None
    summary: str | None = None
    all_languages: list[Language] | None = None
    """PieFed's place for it."""


class SiteView(msgspec.Struct, frozen=True):
    """Lemmy's wrapping of it."""

    site: SiteText


class Site(msgspec.Struct, frozen=True):
    """GetSite of either kind."""

    site_view: SiteView | None = None
    site: SiteText | None = None
    version: str | None = None
    all_languages: list[Language] | None = None

    @property
    def languages(self) -> dict[int, str]:
        """Tags of the instance's language ids, those that say a language."""
        rows = self.all_languages or self.text.all_languages or ()
        return {row.id: row.code for row in rows if row.code not in ("", "und")}

    @property
    def text(self) -> SiteText:
        """The instance itself."""
        return self.site_view.site if self.site_view else self.site or SiteText()


@lru_cache(maxsize=4096)
def host_of(address: str | None) -> str | None:
    """Lower-case host of a web address; None for anything else."""
    match = _ADDRESS.match(address or "")
    return match[1].lower() if match else None


_ADDRESS = re.compile(r"https?://(?:[^/?#@\s]*@)?([^/?#@:\s]+)", re.IGNORECASE)


def moment(text: str | None) -> Moment | None:
    """A time as chrono writes it: 0, 3, 6 or 9 digits of a second, with Z, or (0.18) without a zone and meaning UTC."""
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    instant = (time - EPOCH) // MICROSECOND
    return Moment(instant, instant)


def state_of(thing: Thing, text: str | None) -> State:
    """Deletion by the author is told before removal: it is the wish that lasts."""
    if thing.deleted or (text or "").strip() == PERMANENTLY_DELETED:
        return "deleted"
    return "removed" if thing.removed else "live"
