"""The archive as the site may show it: every read passes the rules of redactions.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from archiver.errors import StoreError
from archiver.model import Capture, Comment, Community, Person, Post, Site, Skip
from archiver.platforms import REDDIT_HOST
from archiver.redactions import Redactions
from archiver.sorts import EntryLine, PostLine
from archiver.store.archive import Archive, StoredThread

if TYPE_CHECKING:
    from archiver.redactions.rules import Rules

_SHOWN = """
CREATE TEMP TABLE gone (key INTEGER PRIMARY KEY);
CREATE TEMP TABLE gone_community (host TEXT, name TEXT COLLATE NOCASE, PRIMARY KEY (host, name));
"""
_VIEWS = """
CREATE TEMP VIEW post AS SELECT * FROM main.post WHERE key NOT IN (SELECT key FROM temp.gone);
CREATE TEMP VIEW comment AS SELECT * FROM main.comment WHERE post NOT IN (SELECT key FROM temp.gone);
CREATE TEMP VIEW community AS SELECT * FROM main.community WHERE NOT EXISTS (
    SELECT 1 FROM temp.gone_community AS gone WHERE gone.host = community.host AND gone.name = community.name);
"""
"""They stand before the tables of the same names, so that nothing in a community that is gone is read or counted."""


def reading(path: Path, redactions: Redactions) -> Archive:
    """The archive, to be read for pages: as it is now, whatever others add until it is closed. Raises StoreError."""
    archive = RedactedArchive(path, redactions) if redactions else Archive(path, writable=False)
    archive.hold()
    return archive


class RedactedArchive(Archive):
    """An archive of which some things are not shown, or under another name.

    What it is asked about, and what it gives, has the names that pages show.
    """

    def __init__(self, path: Path, redactions: Redactions) -> None:
        """Raises StoreError."""
        # What finds names in texts takes long to load, and most commands do without.
        from archiver.redactions.rules import Rules

        super().__init__(path, writable=False)
        try:
            with self._explained():
                secret: str = self._one("SELECT secret FROM archive")
                rules = Rules(redactions, secret)
                self._hide_communities(rules)
                hidden = list(self._hidden_posts(rules))
        except StoreError:
            self._db.close()
            raise
        self._hidden = {key for key, _, _ in hidden}
        self._rules = Rules(redactions, secret, {id for _, host, id in hidden if host == REDDIT_HOST})
        self._mark = hashlib.sha256(secret.encode() + msgspec.json.encode(redactions)).hexdigest()

    def _hide_communities(self, rules: Rules) -> None:
        gone = [(host, name) for host in super().sites() for name in rules.gone_communities(host)]
        if not gone:
            return
        self._db.execute("PRAGMA query_only = OFF")
        self._db.executescript(_SHOWN)
        self._db.executemany("INSERT INTO gone_community VALUES (?, ?)", gone)
        sql = "INSERT INTO gone SELECT key FROM main.post WHERE host = ? AND community = ?"
        self._db.executemany(sql, gone)
        self._db.executescript(_VIEWS)
        self._db.execute("PRAGMA query_only = ON")

    def _hidden_posts(self, rules: Rules) -> Iterator[tuple[int, str, str]]:
        """(key, host, id) of the posts of which pages show only that there was something."""
        for host in super().sites():
            for column, values in (("author", rules.hidden_people(host)), ("id", rules.hidden_posts(host))):
                for value in values:
                    sql = f"SELECT key, host, id FROM main.post WHERE host = ? AND {column} = ?"
                    yield from self._rows(sql, (host, value))

    def state(self) -> tuple[str, int]:
        """As for every archive; another one as soon as other things are taken back."""
        identity, revision = super().state()
        return f"{identity} {self._mark}", revision

    # -- names -------------------------------------------------------------------------------------------------------

    def _people(self, names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Those of these people who are named on pages, each once, by the names there."""
        met: set[tuple[str, str]] = set()
        for host, name in names:
            shown = self._rules.person_name(host, name)
            if shown is None or (host, shown) in met:
                continue
            if shown != name:
                met.add((host, shown))
            yield host, shown

    def authors(self) -> Iterator[tuple[str, str]]:
        yield from self._people(super().authors())

    def authors_of(self, key: int, comments: Iterable[str]) -> Iterator[tuple[str, str]]:
        yield from self._people(super().authors_of(key, comments))

    def changed(self, kind: str, since: int) -> Iterator[tuple[str, str]]:
        found = super().changed(kind, since)
        if kind == "person":
            yield from self._people(found)
            return
        for host, name in found:
            if (shown := self._rules.community_name(host, name)) is not None:
                yield host, shown

    def author(self, host: str, name: str) -> str | None:
        for real in self._rules.people(host, name):
            if (found := super().author(host, real)) is not None:
                return found if real == name else name
        return None

    def has_person(self, host: str, name: str) -> bool:
        return any(super(RedactedArchive, self).has_person(host, real) for real in self._rules.people(host, name))

    def has_community(self, host: str, name: str) -> bool:
        real = self._rules.community_of(host, name)
        return real is not None and super().has_community(host, real)

    def _community(self, host: str | None, name: str | None) -> str | None:
        return name if host is None or name is None else self._rules.community_of(host, name)

    # -- records -----------------------------------------------------------------------------------------------------

    def sites(self) -> dict[str, Site]:
        return {host: self._rules.site(site) for host, site in super().sites().items()}

    def communities(self) -> Iterator[Community]:
        yield from map(self._shown_community, super().communities())

    def community(self, host: str, name: str) -> Community:
        return self._shown_community(super().community(host, self._community(host, name) or name))

    def _shown_community(self, community: Community) -> Community:
        shown = self._rules.community(community)
        if shown.moderators is None:
            return shown
        # Pages lead to the original profile of a moderator who wrote nothing here.
        known = set(community.moderators or ())
        kept = tuple(one for one in shown.moderators if one in known or self.has_person(community.host, one))
        return msgspec.structs.replace(shown, moderators=kept)

    def community_sizes(self) -> list[tuple[str, str, int]]:
        found: dict[tuple[str, str], tuple[str, str, int]] = {}
        for host, name, size in super().community_sizes():
            shown = self._rules.community_name(host, name)
            if shown is not None:
                found.setdefault((host, shown.lower()), (host, shown, size))
        return list(found.values())

    def persons(self, names: Sequence[tuple[str, str]]) -> Iterator[Person]:
        real = [(host, next(iter(self._rules.people(host, name)), name)) for host, name in names]
        for (_, name), found in zip(names, super().persons(real), strict=True):
            yield self._rules.person(found, name)

    def thread(self, key: int) -> StoredThread:
        stored, hidden = super().thread(key), key in self._hidden
        return msgspec.structs.replace(
            stored,
            post=self._rules.post(stored.post, hidden=hidden),
            comments=[self._rules.comment(comment, in_hidden=hidden) for comment in stored.comments],
            gaps=[self._rules.gap(gap, in_hidden=hidden) for gap in stored.gaps],
        )

    def post_lines(self, host: str | None = None, community: str | None = None) -> Iterator[PostLine]:
        yield from super().post_lines(host, self._community(host, community))

    def as_of(self, host: str | None = None, community: str | None = None) -> int:
        return super().as_of(host, self._community(host, community))

    def posts(self, keys: Sequence[int]) -> list[Post]:
        found = zip(keys, super().posts(keys), strict=True)
        return [self._rules.post(post, hidden=key in self._hidden) for key, post in found]

    def written(self, host: str, name: str, length: int) -> Iterator[tuple[EntryLine, Post, Comment | None]]:
        people = self._rules.people(host, name)
        found = chain.from_iterable(super(RedactedArchive, self).written(host, real, length) for real in people)
        for place, (line, post, comment) in enumerate(found):
            hidden = line.key in self._hidden
            shown = comment and self._rules.comment(comment, in_hidden=hidden)
            yield line._replace(place=place), self._rules.post(post, hidden=hidden), shown

    def captures(self) -> list[Capture]:
        return [self._rules.capture(capture) for capture in super().captures()]

    def skips(self, capture: int) -> list[tuple[int, Skip]]:
        return [(count, self._rules.skip(skip)) for count, skip in super().skips(capture)]
