"""From a file of bodies of Lemmy's or PieFed's API to records: what both importers share.

A file may hold one body, many in a row, or one a line, of any kind and in any order, of more than one instance. Each
body says which instance it comes from by showing something ``local``; one that shows none belongs to the instance
the body before it came from.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress

import msgspec

from archiver.dumps import Dump
from archiver.errors import DumpError
from archiver.importers import fediverse_bodies as bodies
from archiver.importers import fediverse_records as records
from archiver.importers.fediverse_bodies import View
from archiver.importers.fediverse_parts import EMPTY_LISTS, Part, Parts, decode_view, local_host, split
from archiver.importers.fediverse_records import Context
from archiver.model import Moment, Post, Record, Seen, Skip
from archiver.platforms import UNKNOWN_HOST

ANSWER = re.compile(rb'(?:\xef\xbb\xbf)?\s*[\[{].*?"(?:ap_id|actor_id)"\s*:\s*"', re.DOTALL)
PIEFED_WORDS = re.compile(rb'"(?:user_name|restricted_to_mods|instance_sticky|repliesEnabled)"\s*:')
"""Keys that one of PieFed's answers has and none of Lemmy's."""

EMBEDDED, WHOLE, MODERATED = 1, 2, 3
"""How much a sighting of a thing tells; a further one that tells no more is not given again."""

Records = Iterator[Record | Skip | Seen]


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where the APIs differ in more than words."""

    platform: str
    body: str
    """What a document should be, for messages: "Lemmy API body"."""
    languages: dict[int, str]
    """Tags of the language ids that are the same on every instance."""
    version: Callable[[View], str | None]
    """Version of the software, told by the shape of a view."""
    as_written: Callable[[str | None], Callable[[str, Moment | None], str]]
    """version → how texts are turned back to what their authors wrote."""


def is_answer(head: bytes) -> bool:
    """Whether this begins like JSON of either API; which one, PIEFED_WORDS tell."""
    return ANSWER.match(head) is not None


def read(dump: Dump, dialect: Dialect) -> Records:
    """Everything in the dump."""
    yield from _Reader(dump, dialect).read()


def origin(dump: Dump) -> str | None:
    """Host of the first document that tells, reading no further."""
    try:
        for _, data in dump.documents():
            with suppress(msgspec.DecodeError):
                if host := next((host for parts in split(data) if (host := _host(parts))), None):
                    return host
    except DumpError:  # which reading on will meet too, and report, after what comes before it
        pass
    return None


class _Reader:
    """Reads one dump. Remembers what it has given, so that a community named by 300 comments is given once."""

    def __init__(self, dump: Dump, dialect: Dialect) -> None:
        self._dump = dump
        self._dialect = dialect
        self._host = origin(dump) or dump.origin or UNKNOWN_HOST
        self._versions: dict[str, str] = {}
        self._languages = dict(dialect.languages)
        self._told: dict[tuple[str, str, str], int] = {}
        self._names: dict[tuple[str, int], str] = {}
        self._authorless: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        self._positions: Counter[tuple[str, int]] = Counter()
        self._private: set[tuple[str, int]] = set()
        self._captured = False

    def read(self) -> Records:
        for line, data in self._dump.documents():
            try:
                known = [parts for parts in split(data) if parts.known]
            except msgspec.ValidationError as error:
                yield Skip(line=line, reason=f"not a {self._dialect.body}", detail=str(error))
            except msgspec.DecodeError as error:
                yield Skip(line=line, reason="not valid JSON", detail=str(error))
            else:
                for parts in known:
                    yield from self._document(line, parts)
                if not known and not EMPTY_LISTS.match(data):
                    yield Skip(line=line, reason=f"not a {self._dialect.body}")

    def _document(self, line: int, parts: Parts) -> Records:
        self._host = _host(parts) or self._host
        first = next(_views(parts), View())
        captured = records.clock(first)
        context = self._context(parts, first, disguised=captured is not None)
        if self._is_news(context, "site", "", WHOLE if context.version else EMBEDDED) or parts.site:
            yield records.site_record(context, parts.site)
        if captured and not self._captured:
            self._captured = True
            yield Seen(captured=captured)
        moderators: tuple[str, ...] | None = None
        if parts.moderators or (parts.moderators is not None and not context.disguised):
            moderators = yield from self._moderators(line, context, parts.moderators)
        stack = parts.views[::-1]
        while stack:
            part = stack.pop()
            try:
                view = decode_view(part)
            except msgspec.DecodeError as error:
                yield Skip(line=line, reason=f"{part.noun} of a wrong shape", detail=str(error))
                continue
            yield from self._view(line, context, part, view, moderators)
            stack.extend(Part(part.noun, raw, listed=part.listed) for raw in reversed(view.replies or ()))

    def _context(self, parts: Parts, first: View, *, disguised: bool) -> Context:
        """The version is told by GetSite, else by the shape: a file may span years of one instance."""
        if parts.site:
            self._languages |= parts.site.languages
            if parts.site.version:
                self._versions[self._host] = parts.site.version
        shape, known = self._dialect.version(first), self._versions.get(self._host)
        version = known if known and (not shape or known.startswith(shape)) else shape
        return Context(
            platform=self._dialect.platform,
            host=self._host,
            version=version,
            disguised=disguised,
            keep_deleted=self._dump.keep_deleted,
            languages=self._languages,
            as_written=self._dialect.as_written(version),
        )

    def _is_news(self, context: Context, kind: str, name: str, level: int) -> bool:
        key = (context.host, kind, name)
        if self._told.get(key, 0) >= level:
            return False
        self._told[key] = level
        return True

    def _moderators(
        self, line: int, context: Context, raws: list[msgspec.Raw]
    ) -> Generator[Record | Skip | Seen, None, tuple[str, ...]]:
        names = []
        for raw in raws:
            try:
                view = decode_view(Part("community", raw))
            except msgspec.DecodeError as error:
                yield Skip(line=line, reason="moderator of a wrong shape", detail=str(error))
                continue
            if view.moderator and (name := records.name_of(view.moderator, context.host)):
                names.append(name)
                yield from self._person(context, view.moderator)
        return tuple(names)

    def _view(self, line: int, context: Context, part: Part, view: View, moderators: tuple[str, ...] | None) -> Records:
        thing = view.thing
        if view.comment_report or view.post_report:
            yield Skip(line=line, reason="report to moderators, which is private")
        elif thing is None:
            yield Skip(line=line, reason=f"{part.noun} of a wrong shape", detail="nothing known in it")
        elif thing.id is None:
            yield Skip(line=line, reason=f"{_noun(view)} without an id")
        elif self._is_private(context, view):
            yield Skip(line=line, reason=f"{_noun(view)} in a community that is not public")
        elif view.comment:
            yield from self._comment(line, context, part, view, view.comment)
        elif view.post:
            yield from self._post(context, view, view.post, WHOLE if view.counts or view.creator else EMBEDDED)
        elif view.person:
            yield from self._person(context, view.person)
        else:
            named = moderators if part.noun == "community" and not part.listed else None
            yield from self._community(context, view, named)

    def _is_private(self, context: Context, view: View) -> bool:
        """Whether the view is of a community that is not public, or of a post of one: slim views name no community."""
        post = view.comment.post_id if view.comment else view.post.id if view.post else None
        if records.is_private(view.community) and post is not None:
            self._private.add((context.host, post))
        return records.is_private(view.community) or (context.host, post or 0) in self._private

    def _person(self, context: Context, person: bodies.Person | None) -> Records:
        name = records.name_of(person, context.host)
        if not person or not name or not self._is_news(context, "person", name, WHOLE):
            return
        yield records.person_record(context, person, name)
        if person.id is not None:
            key = (context.host, person.id)
            self._names[key] = name
            # Posts given before their author was seen: a comment's view tells the author of its post by number only.
            for post in self._authorless.pop(key, ()):
                yield Post(host=context.host, id=post, author=name)

    def _community(self, context: Context, view: View, moderators: tuple[str, ...] | None = None) -> Records:
        community = view.community
        name = records.name_of(community, context.host)
        if not community or not name:
            return
        # The counts of a post or comment are not the community's.
        counts = view.counts if not view.post and not view.comment else None
        level = MODERATED if moderators is not None else WHOLE if counts else EMBEDDED
        if self._is_news(context, "community", name, level):
            yield records.community_record(context, community, name, counts or bodies.Counts(), moderators)

    def _post(self, context: Context, view: View, post: bodies.Post, level: int) -> Records:
        if not self._is_news(context, "post", str(post.id), level):
            return
        yield from self._community(context, view)
        creator = post.creator_id if post.creator_id is not None else post.user_id
        author = None
        if view.creator and not view.comment:
            yield from self._person(context, view.creator)
            author = records.name_of(view.creator, context.host)
        elif creator is not None:
            author = self._names.get((context.host, creator))
            if not author:
                self._authorless[context.host, creator].append(str(post.id))
        community = records.name_of(view.community, context.host)
        yield records.post_record(context, post, view, community, author)

    def _comment(self, line: int, context: Context, part: Part, view: View, comment: bodies.Comment) -> Records:
        if comment.post_id is None:
            yield Skip(line=line, reason="comment without a post")
            return
        yield from self._person(context, view.creator)
        yield from self._community(context, view)
        if view.post and view.post.id == comment.post_id:
            yield from self._post(context, view, view.post, EMBEDDED)
        position = None
        if part.listed:
            position = self._positions[context.host, comment.post_id]
            self._positions[context.host, comment.post_id] += 1
        if not records.path_fits(comment):
            # Its text is kept, as an answer to the post; the report says that its place is lost.
            yield Skip(line=line, reason="place of a comment whose path is not its own", detail=comment.path)
        author = records.name_of(view.creator, context.host)
        community = records.name_of(view.community, context.host)
        yield records.comment_record(context, view, comment, community, author, position)


def _noun(view: View) -> str:
    return "comment" if view.comment else "post" if view.post else "person" if view.person else "community"


def _views(parts: Parts) -> Iterator[View]:
    """The views that can be decoded, posts first: they tell most about who answered; moderators last."""
    moderators = [Part("community", raw) for raw in parts.moderators or ()]
    for part in sorted(parts.views, key=lambda part: part.noun != "post") + moderators:
        try:
            yield decode_view(part)
        except msgspec.DecodeError:
            continue


def _host(parts: Parts) -> str | None:
    """Host of the instance that answered: by its own words, else by the first thing it calls local."""
    own = parts.site and bodies.host_of(parts.site.text.ap_id or parts.site.text.actor_id)
    return own or next((host for view in _views(parts) if (host := local_host(view))), None)
