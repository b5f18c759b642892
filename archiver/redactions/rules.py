"""What redactions.yaml does to records: pure functions, one for each kind."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from typing import TypeVar

import msgspec

from archiver.model import Capture, Comment, Community, Gap, Person, Post, Site, Skip
from archiver.platforms import REDDIT_HOST
from archiver.redactions import wording
from archiver.redactions.entries import Redaction, Redactions, identity, names_on
from archiver.redactions.wording import GONE, Term, Wording

NO_ADDRESS = "about:withheld"
"""In place of the address of an original: no link may have that scheme, and none is worked out where one is known."""

PROFILE = "u_"
"""What the name of somebody's own community on Reddit begins with."""

PSEUDONYM_DIGITS = 10
"""Hexadecimal: enough that no two of a million people share one by accident more than once in a while."""

Names = dict[tuple[str, str], str | None]
"""By identity: what is shown instead; None: nothing."""

R = TypeVar("R", Post, Comment)


class Rules:
    """All that is taken back from one archive."""

    def __init__(self, redactions: Redactions, secret: str, threads: Collection[str] = ()) -> None:
        """``secret``: what pseudonyms are made with. ``threads``: ids of hidden threads on Reddit."""
        self._secret = secret.encode()
        self._people: Names = {}
        self._communities: Names = {}
        self._posts = {entry.key[:2] for entry in redactions if entry.kind == "post"}
        self._comments = {entry.key for entry in redactions if entry.kind == "comment"}
        for entry in redactions:
            self._name(entry)
        self._originals = {shown: key for key, shown in self._people.items() if shown is not None}
        self.wording = Wording(
            _terms(redactions, self._people),
            (wording.domain(entry.key[0]) for entry in redactions if entry.kind == "domain"),
            threads,
        )

    def _name(self, entry: Redaction) -> None:
        if entry.kind == "person":
            local, host = entry.key
            shown = self._pseudonym(local, host) if entry.mode == "anonymise" else None
            self._people[local, host] = shown
            if host == REDDIT_HOST:
                self._communities[PROFILE + local, host] = shown and PROFILE + shown
        elif entry.kind == "community":
            local, host = entry.key
            self._communities[local, host] = None

    def _pseudonym(self, local: str, host: str) -> str:
        digest = hmac.new(self._secret, f"{local}@{host}".encode("utf-8", "replace"), hashlib.sha256)
        return f"anonymous-{digest.hexdigest()[:PSEUDONYM_DIGITS]}"

    # -- names -------------------------------------------------------------------------------------------------------

    def person_name(self, host: str, name: str) -> str | None:
        """The name to show of somebody; None: nothing."""
        return self._people.get(identity(host, name), name) if self._people else name

    def community_name(self, host: str, name: str) -> str | None:
        """The name to show of a community; None: nothing, and nothing in it."""
        return self._communities.get(identity(host, name), name) if self._communities else name

    def people(self, host: str, shown: str) -> list[str]:
        """The names in the archive of whom pages call ``shown``; none for those who are not named on any page."""
        if shown in self._originals:
            return names_on(host, *self._originals[shown])
        return [] if identity(host, shown) in self._people else [shown]

    def community_of(self, host: str, shown: str) -> str | None:
        """The name in the archive of the community that pages call ``shown``; None where there is no such page."""
        if shown.startswith(PROFILE) and (original := self._originals.get(shown.removeprefix(PROFILE))):
            return PROFILE + original[0]
        return None if identity(host, shown) in self._communities else shown

    def gone_communities(self, host: str) -> list[str]:
        """The names that communities of which nothing is shown have on a site."""
        return [name for key, shown in self._communities.items() if shown is None for name in names_on(host, *key)]

    def hidden_people(self, host: str) -> list[str]:
        """The names that people have on a site who are not named on any page."""
        return [name for key, shown in self._people.items() if shown is None for name in names_on(host, *key)]

    def hidden_posts(self, host: str) -> list[str]:
        """The ids of the posts of a site that are named themselves."""
        return [id for id, own in self._posts if own == host]

    def hides_comment(self, comment: Comment) -> bool:
        """Is it named itself, or its author to be hidden?"""
        if comment.author is not None and self.person_name(comment.host, comment.author) is None:
            return True
        key = (comment.id, comment.host)
        return bool(self._comments) and ((*key, "") in self._comments or (*key, comment.post) in self._comments)

    # -- records -----------------------------------------------------------------------------------------------------

    def post(self, post: Post, *, hidden: bool) -> Post:
        """A post as pages may show it."""
        post = self._named(post)
        if hidden:
            return msgspec.structs.replace(
                post, title=None, url=None, body=None, body_format=None, state="redacted", flair=None, role=None,
                bot=None, crosspost_of=None, source_url=NO_ADDRESS, language=None, media=None, poll=None,
            )  # fmt: skip
        if not self.wording:
            return post
        body, body_format = self._body(post)
        media = (self.wording.address(url) for url in post.media or ())
        return msgspec.structs.replace(
            post,
            title=self.text(post.title),
            url=self.address(post.url),
            body=body,
            body_format=body_format,
            flair=self.text(post.flair),
            crosspost_of=self.address(post.crosspost_of),
            source_url=self.address(post.source_url),
            media=None if post.media is None else tuple(url for url in media if url is not None),
            poll=None if post.poll is None else tuple((self.wording.text(one), votes) for one, votes in post.poll),
        )

    def comment(self, comment: Comment, *, in_hidden: bool) -> Comment:
        """A comment as pages may show it. ``in_hidden``: its post is hidden, whose title its address may hold."""
        hidden = self.hides_comment(comment)
        comment = self._named(comment)
        if hidden:
            return msgspec.structs.replace(
                comment, body=None, body_format=None, state="redacted", role=None, bot=None, distinguished=None,
                flair=None, source_url=NO_ADDRESS, language=None,
            )  # fmt: skip
        source = comment.source_url if not in_hidden or comment.source_url == NO_ADDRESS else None
        if not self.wording:
            return comment if source == comment.source_url else msgspec.structs.replace(comment, source_url=source)
        body, body_format = self._body(comment)
        return msgspec.structs.replace(
            comment, body=body, body_format=body_format, flair=self.text(comment.flair), source_url=self.address(source)
        )

    def gap(self, gap: Gap, *, in_hidden: bool) -> Gap:
        """A gap in a thread."""
        return msgspec.structs.replace(gap, source_url=None if in_hidden else self.address(gap.source_url))

    def person(self, person: Person, shown: str) -> Person:
        """An account, called ``shown``."""
        if shown in self._originals:
            return Person(host=person.host, name=shown, bot=person.bot, source_url=NO_ADDRESS)
        return msgspec.structs.replace(
            person, display_name=self.text(person.display_name), source_url=self.address(person.source_url)
        )

    def community(self, community: Community) -> Community:
        """A community that is shown."""
        name = self.community_name(community.host, community.name) or community.name
        renamed = name != community.name
        moderators = (self.person_name(community.host, name) for name in community.moderators or ())
        return msgspec.structs.replace(
            community,
            name=name,
            title=self.text(community.title),
            sidebar=self.text(community.sidebar),
            summary=self.text(community.summary),
            moderators=None if community.moderators is None else tuple(one for one in moderators if one is not None),
            source_url=NO_ADDRESS if renamed else self.address(community.source_url),
        )

    def site(self, site: Site) -> Site:
        """A site, whose host stays."""
        return msgspec.structs.replace(site, name=self.text(site.name), sidebar=self.text(site.sidebar))

    def capture(self, capture: Capture) -> Capture:
        """A dump, whose name may be somebody's."""
        return msgspec.structs.replace(capture, name=self.wording.text(capture.name), error=self.text(capture.error))

    def skip(self, skip: Skip) -> Skip:
        """What could not be read."""
        return msgspec.structs.replace(skip, reason=self.wording.text(skip.reason), detail=self.text(skip.detail))

    def text(self, text: str | None) -> str | None:
        """A text without what must not be read."""
        return text and self.wording.text(text)

    def address(self, url: str | None) -> str | None:
        """An address; None where something that must not be read stands in it."""
        return url and self.wording.address(url)

    def _body(self, record: R) -> tuple[str | None, str | None]:
        if not record.body or not record.body_format:
            return record.body, record.body_format
        return self.wording.body(record.body, record.body_format)

    def _named(self, record: R) -> R:
        """A record with the names to show; without the address of the original, where that tells the author's."""
        author = None if record.author is None else self.person_name(record.host, record.author)
        community = record.community and self.community_name(record.host, record.community)
        if (author, community) == (record.author, record.community):
            return record
        return msgspec.structs.replace(record, author=author, community=community, source_url=NO_ADDRESS)


def _terms(redactions: Redactions, people: Names) -> Iterable[Term]:
    # Long names first, since a short one may be a part of them.
    for entry in sorted(redactions, key=lambda entry: (-len(entry.key[0]), entry.key)):
        if entry.kind == "person":
            local, host = entry.key
            yield wording.person(local, host, people[local, host] or GONE)
        elif entry.kind == "community":
            local, host = entry.key
            yield wording.community(local, host)
