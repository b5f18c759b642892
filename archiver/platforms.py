"""What kinds of site threads come from: where such a site keeps things, and which family of formulas it ranks by.

A new platform is one more entry of PLATFORMS. Patterns are paths below the host; ``{id}``, ``{name}``, ``{post}`` and
``{community}`` stand for local ids and names.
"""

from __future__ import annotations

from typing import Literal

import msgspec

UNKNOWN_HOST = "unknown.invalid"
"""Host of things whose dump does not tell where it was captured (RFC 2606 keeps .invalid free for ever)."""

REDDIT_HOST = "www.reddit.com"


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """The facts about one kind of site that the whole program needs."""

    name: str
    title: str
    """As readers know it."""
    post: str
    """Path of a post: also its address in the archive."""
    post_without_community: str
    """The same where the community is not known."""
    comment: str
    """Path of a single comment at the original site."""
    community: str
    person: str
    community_sigil: str
    """What stands before a community's name in running text."""
    person_sigil: str
    ranking: Literal["lemmy", "piefed", "reddit"]
    """Which formulas of sorts.py hold."""


LEMMY = Platform(
    name="lemmy",
    title="Lemmy",
    post="post/{id}",
    post_without_community="post/{id}",
    comment="comment/{id}",
    community="c/{name}",
    person="u/{name}",
    community_sigil="!",
    person_sigil="@",
    ranking="lemmy",
)

PIEFED = msgspec.structs.replace(LEMMY, name="piefed", title="PieFed", ranking="piefed")

REDDIT = Platform(
    name="reddit",
    title="Reddit",
    post="r/{community}/comments/{id}",
    post_without_community="comments/{id}",
    comment="comments/{post}/_/{id}/",
    community="r/{name}",
    person="user/{name}",
    community_sigil="r/",
    person_sigil="u/",
    ranking="reddit",
)

PLATFORMS = {platform.name: platform for platform in (LEMMY, PIEFED, REDDIT)}
