"""One view of Lemmy's or PieFed's API to one record: pure functions, no memory of other views."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from archiver.importers import fediverse_bodies as bodies
from archiver.importers.fediverse_bodies import Thing, View, host_of, moment
from archiver.model import Comment, Community, Moment, Person, Post, Role, Site

CROSSPOST = re.compile(r"\s*cross-posted from:\s*<?(https?://[^\s<>]+)>?[ \t]*(?:\r?\n|$)", re.IGNORECASE)
"""First line that lemmy-ui and its kin write into a cross-post."""

NANOSECONDS = re.compile(r"\.\d{7,}")


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all views of one document."""

    platform: str
    host: str
    version: str | None
    disguised: bool
    """Lemmy 1.0 answering in the form of 0.19, see :func:`clock`."""
    keep_deleted: bool
    languages: dict[int, str]
    """Tags of the instance's language ids, as far as known."""
    as_written: Callable[[str, Moment | None], str]
    """(text, when it was saved) → the text as its author wrote it."""

    def text(self, thing: Thing, text: str | None) -> str | None:
        """A text of the thing as its author wrote it."""
        return text and self.as_written(text, thing.edited or thing.created)


def clock(view: View) -> Moment | None:
    """When the answer was given, where it gives that away.

    Lemmy 1.0 answers old clients in the form of 0.19 too, and puts its clock where the newest comment's time should
    be. The clock has nanoseconds; what comes from the database never has more than microseconds.
    """
    time = view.counts and view.counts.newest_comment_time
    return moment(time) if time and NANOSECONDS.search(time) else None


def name_of(thing: bodies.Person | bodies.Community | None, host: str) -> str | None:
    """Name within the host: bare for its own, ``name@home`` for those of other instances."""
    if thing is None:
        return None
    name = (thing.user_name or thing.name) if isinstance(thing, bodies.Person) else thing.name
    home = host_of(thing.url)
    if not name or thing.local or not home or (thing.local is None and home == host):
        return name or None
    return f"{name}@{home}"


def site_record(context: Context, site: bodies.Site | None) -> Site:
    """The instance, with what GetSite says about it if there is one."""
    text = site.text if site else bodies.SiteText()
    markdown = text.sidebar_md or (context.platform == "lemmy" and text.sidebar) or None
    sidebar = markdown or text.sidebar or text.description or text.summary or None
    html = sidebar and not markdown and sidebar == text.sidebar
    return Site(
        host=context.host,
        platform=context.platform,
        version=context.version,
        name=text.name or None,
        sidebar=sidebar,
        sidebar_format=("html" if html else "lemmy") if sidebar else None,
    )


def person_record(context: Context, person: bodies.Person, name: str) -> Person:
    """An account."""
    display = context.text(person, person.display_name or person.title)
    return Person(
        host=context.host,
        name=name,
        display_name=display if display and display != person.user_name else None,
        bot=_first(person.bot_account, person.bot),
        created=person.created,
        source_url=person.url,
    )


def community_record(
    context: Context, community: bodies.Community, name: str, counts: bodies.Counts, moderators: tuple[str, ...] | None
) -> Community:
    """A community; its sidebar goes the way of its posts' texts if it was deleted or removed."""
    # Lemmy 0.x and PieFed call the sidebar "description"; where there is a sidebar beside it, it is the summary.
    short = community.sidebar is not None or community.published_at is not None or context.disguised
    sidebar = community.sidebar if short else community.description
    summary = community.summary or (community.description if short else None)
    state = "removed" if community.banned else bodies.state_of(community, None)
    shown = state == "live" or context.keep_deleted
    return Community(
        host=context.host,
        name=name,
        title=context.text(community, community.title),
        sidebar=context.text(community, sidebar) if shown else None,
        sidebar_format="lemmy" if sidebar and shown else None,
        summary=context.text(community, summary) if shown else None,
        readers=_first(
            community.subscribers, counts.subscribers, counts.total_subscriptions_count, counts.subscriptions_count
        ),
        active_users=_first(community.users_active_day, counts.users_active_day, counts.active_daily),
        founded=community.created,
        moderators=moderators,
        nsfw=community.nsfw,
        state=state,
        source_url=community.url,
    )


def post_record(context: Context, post: bodies.Post, view: View, community: str | None, author: str | None) -> Post:
    """A post. Deleted and removed ones keep their title alone, as Lemmy 1.0 does."""
    # Beside a comment, what the view says about counts and creator is said about the comment.
    alone = None if view.comment else view
    counts = (alone and alone.counts) or bodies.Counts()
    title = post.name or post.title
    state = "deleted" if bodies.state_of(post, post.body) == "deleted" else bodies.state_of(post, title)
    shown = state == "live" or context.keep_deleted
    body = context.text(post, post.body) if shown and not _overwritten(post.body) else None
    crosspost = CROSSPOST.match(body) if body else None
    image = post.post_type == "Image" or (post.url_content_type or "").startswith("image/")
    return Post(
        host=context.host,
        id=str(post.id),
        community=community,
        author=author,
        title=context.text(post, title) if not _overwritten(title) else None,
        url=(post.url_ or None) if shown else None,
        body=body or None,
        body_format="lemmy" if body else None,
        created=post.created,
        edited=post.edited,
        score=_first(post.score, counts.score),
        upvotes=_first(post.upvotes, counts.upvotes),
        downvotes=_first(post.downvotes, counts.downvotes),
        state=state,
        locked=post.locked,
        pinned=_either(post.featured_community, post.featured_local, post.sticky, post.instance_sticky),
        nsfw=post.nsfw,
        flair=_flair(post, view),
        role=_role(alone),
        bot=_bot(alone),
        crosspost_of=crosspost[1] if crosspost else None,
        declared_comments=_first(post.comments, counts.comments),
        source_url=post.url,
        language=context.languages.get(post.language_id or 0),
        newest_comment=_newest(context, post, counts),
        media=(post.url_,) if image and shown and post.url_ else None,
        poll=_poll(post) if shown else None,
    )


def comment_record(
    context: Context,
    view: View,
    comment: bodies.Comment,
    community: str | None,
    author: str | None,
    position: int | None,
) -> Comment:
    """A comment."""
    counts = view.counts or bodies.Counts()
    text = comment.content if comment.content is not None else comment.body
    state = bodies.state_of(comment, text)
    # A text that the source itself blanked is unknown, not empty.
    body = context.text(comment, text) if state == "live" or (context.keep_deleted and not _overwritten(text)) else None
    if state != "live":
        body = body or None
    writer, asker = _creator(comment), view.post and _creator(view.post)
    return Comment(
        host=context.host,
        post=str(comment.post_id),
        id=str(comment.id),
        parent=parent_of(comment),
        community=community,
        author=author,
        body=body,
        body_format="lemmy" if body is not None else None,
        created=comment.created,
        edited=comment.edited,
        score=_first(comment.score, counts.score),
        upvotes=_first(comment.upvotes, counts.upvotes),
        downvotes=_first(comment.downvotes, counts.downvotes),
        state=state,
        op=writer == asker if writer is not None and asker is not None else None,
        role=_role(view),
        bot=_bot(view),
        distinguished=comment.distinguished,
        locked=comment.locked,
        flair=(view.creator.flair or None) if view.creator else None,
        declared_descendants=_first(comment.child_count, counts.child_count),
        position=position,
        source_url=comment.url,
        language=context.languages.get(comment.language_id or 0),
    )


def path_fits(comment: bodies.Comment) -> bool:
    """Whether the path is one of this comment: it ends in its id and does not lead through it."""
    steps = (comment.path or "").split(".")
    return steps[-1] == str(comment.id) and str(comment.id) not in steps[:-1]


def parent_of(comment: bodies.Comment) -> str | None:
    """Id of the comment answered, by the path ``0.<ancestor>.….<own id>``; None at the top, and where it cannot be."""
    steps = (comment.path or "").split(".")
    if not path_fits(comment) or len(steps) < 2 or steps[-2] == "0":
        return None
    return steps[-2]


def is_private(community: bodies.Community | None) -> bool:
    """Whether the community is meant for people of its instance, or for its members, alone (Lemmy 0.19.4 and later)."""
    visibility = community and community.visibility
    return bool(visibility) and str(visibility).lower() not in ("public", "unlisted")


T = TypeVar("T")


def _first(*values: T | None) -> T | None:
    return next((value for value in values if value is not None), None)


def _either(*flags: bool | None) -> bool | None:
    known = [flag for flag in flags if flag is not None]
    return any(known) if known else None


def _overwritten(text: str | None) -> bool:
    return (text or "").strip() == bodies.PERMANENTLY_DELETED


def _creator(thing: bodies.Post | bodies.Comment) -> int | None:
    return _first(thing.creator_id, thing.user_id)


def _role(view: View | None) -> Role | None:
    if view and (view.creator_is_admin or (view.creator and view.creator.admin)):
        return "admin"
    return "moderator" if view and view.creator_is_moderator else None


def _bot(view: View | None) -> bool | None:
    return _first(view.creator.bot_account, view.creator.bot) if view and view.creator else None


def _flair(post: bodies.Post, view: View) -> str | None:
    tags = (tag.display_name or tag.name for tag in view.tags or ())
    return post.flair or ", ".join(tag for tag in tags if tag) or None


def _newest(context: Context, post: bodies.Post, counts: bodies.Counts) -> Moment | None:
    """Where there is no comment, Lemmy writes the time of the post; 1.0 in disguise writes its clock."""
    if context.disguised:
        return None
    text = counts.newest_comment_time_necro or post.newest_comment_time_at or counts.newest_comment_time
    newest = moment(text)
    return newest if newest != post.created else None


def _poll(post: bodies.Post) -> tuple[tuple[str, int | None], ...] | None:
    if not post.poll:
        return None
    choices = sorted(post.poll.choices, key=lambda choice: choice.sort_order)
    return tuple((choice.choice_text, choice.num_votes) for choice in choices)
