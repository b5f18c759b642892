"""Reads the monthly dumps of Reddit as Pushshift and Arctic Shift made them: one comment or submission a line.

Sources: the schemas and file_content_explanations.md of ArthurHeitmann/arctic_shift, the published files of 2005 to
2024, and Pushshift's own API answers saved line by line, or as one list. Comments (RC) and submissions (RS) may be
mixed.

**HTML entities.** Pushshift read Reddit's API without ``raw_json=1``, so its text is HTML-escaped once; Arctic Shift's
is not; merged files hold both. See :class:`_Escaping` for how each record is judged.

**Votes.** ``ups`` and ``downs`` are taken only where they can be real: downs above 0, and ups - downs = score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from archiver.dumps import Dump, Importer, decode_json
from archiver.errors import DumpError
from archiver.importers import reddit_records as records
from archiver.importers import reddit_things as things
from archiver.importers.reddit_things import CommentThing, PostThing, Thing
from archiver.model import Comment, Community, Moment, Post, Record, Seen, Site, Skip
from archiver.platforms import REDDIT_HOST

REDDIT_KEYS: Final = frozenset(
    b"all_awardings author_flair_css_class author_flair_text author_fullname controversiality created_utc distinguished"
    b" gilded is_self link_flair_text link_id num_comments over_18 parent_id permalink retrieved_on retrieved_utc"
    b" selftext stickied subreddit subreddit_id".split()
)
"""Names that no other format known here puts together in one object."""
OTHER_KEYS: Final = frozenset((b"kind", b"data", b"json", b"response", b"comments"))
"""Names at the top of Reddit's own API answers, and of BDFR's files."""
ENOUGH_KEYS: Final = 4
LINES_LOOKED_AT: Final = 20
COMMUNITIES_REMEMBERED: Final = 10_000
ARCTIC_SHIFT_BEGINS: Final = 1_680_307_200
"""2023-04-01, in seconds: who retrieved a record before is Pushshift, who after is not."""

_COMMENTS: Final[msgspec.json.Decoder[CommentThing | PostThing]] = msgspec.json.Decoder(CommentThing, strict=False)
_POSTS: Final[msgspec.json.Decoder[CommentThing | PostThing]] = msgspec.json.Decoder(PostThing, strict=False)
_LIST_FIRST = re.compile(rb"\s*\[\s*\{")
# A string, with the colon that makes it a key, or a bracket. The closing quote is optional, so that nothing backtracks.
_TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)"?(\s*+:)?|[{}\[\]]', re.DOTALL)


def recognise(head: bytes) -> bool:
    """Is one of the first lines, or of the items of a list, a flat JSON object with names of Reddit's things?"""
    if _is_list(head):
        return _is_thing(_top_keys(head.partition(b"[")[2]))
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", LINES_LOOKED_AT)[:LINES_LOOKED_AT]
    return any(line.lstrip().startswith(b"{") and _is_thing(_top_keys(line)) for line in lines)


def _is_list(head: bytes) -> bool:
    return _LIST_FIRST.match(head.removeprefix(b"\xef\xbb\xbf")) is not None


def _is_thing(keys: set[bytes]) -> bool:
    return len(keys & REDDIT_KEYS) >= ENOUGH_KEYS and not keys & OTHER_KEYS


def _top_keys(line: bytes) -> set[bytes]:
    """Names in the outermost object of a line that may be cut off anywhere."""
    keys, depth = set(), 0
    for token in _TOKEN.finditer(line):
        mark = token[0]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
        elif depth == 1 and token[2]:
            keys.add(token[1])
    return keys


class _Escaping:
    """Tells whether a record's text is HTML-escaped, by its own characters and by the records before it.

    A bare ``<``, ``>`` or ``&`` proves that the text is not; then the next such records that only *look* escaped
    (``&amp;`` typed by somebody explaining HTML) are left alone too. Never seen: it is escaped, and unescaped once.
    Text that shows nothing goes with the records before it, for the sake of what stands beside it (flair, link, poll).
    Records that Pushshift retrieved and later ones are judged apart, because files are often merged of both.
    """

    PATIENCE: Final = 3
    """How many records in a row must look escaped until one is believed, once raw ones were seen."""

    def __init__(self) -> None:
        self._raw = [0, 0]

    def judge(self, thing: Thing, text: str) -> bool:
        """Are the record's fields escaped, going by its title or text?"""
        later = (thing.retrieved_on or thing.retrieved_utc or 0) >= ARCTIC_SHIFT_BEGINS
        if "&" not in text and "<" not in text and ">" not in text:
            return not self._raw[later]
        if not things.is_escaped(text):
            self._raw[later] = self.PATIENCE
            return False
        if self._raw[later]:
            self._raw[later] -= 1
            return False
        return True


class _Reader:
    """What reading one file has to remember."""

    def __init__(self, dump: Dump) -> None:
        self._dump = dump
        self._escaping = _Escaping()
        self._readers: dict[str, int | None] = {}
        """Communities met, with the newest number of their readers."""
        self._oldest = float("inf")
        self._newest = 0.0

    def records(self) -> Iterator[Record | Skip | Seen]:
        """Everything in the file, in its order; then what only the whole file tells."""
        yield Site(host=REDDIT_HOST, platform="reddit")
        try:
            for number, line in self._dump.items() if _is_list(self._dump.head()) else self._dump.lines():
                thing = _decoded(number, line)
                if thing is None:
                    continue
                if not isinstance(thing, Thing):
                    yield thing
                    continue
                if (name := thing.subreddit) and name not in self._readers:
                    yield from self._meet(name)
                yield self._record(number, thing)
        except DumpError:
            # The readable lines are out; say when they were captured before saying where they ended.
            yield from self._known_readers()
            yield from self._seen()
            raise
        yield from self._known_readers()
        yield from self._seen()

    def _record(self, number: int, thing: CommentThing | PostThing) -> Comment | Post | Skip:
        own = thing.id or things.local_id(thing.name or "")
        if not own:
            return Skip(line=number, reason="record without an id")
        self._note_time(thing)
        real_votes = bool(thing.downs) and _add_up(thing)
        if type(thing) is CommentThing:
            post = things.local_id(thing.link_id or "")
            if not post:
                return Skip(line=number, reason="comment without its post")
            return records.comment(
                thing,
                own,
                post=post,
                parent=things.parent_of(thing.parent_id, post),
                escaped=self._escaping.judge(thing, thing.body or ""),
                real_votes=real_votes,
                keep_deleted=self._dump.keep_deleted,
            )
        if thing.subreddit and thing.subreddit_subscribers is not None:
            self._readers[thing.subreddit] = thing.subreddit_subscribers
        return records.post(
            thing,
            own,
            escaped=self._escaping.judge(thing, f"{thing.title} {thing.selftext}"),
            real_votes=real_votes,
            keep_deleted=self._dump.keep_deleted,
        )

    def _meet(self, name: str) -> Iterator[Community]:
        if len(self._readers) >= COMMUNITIES_REMEMBERED:
            yield from self._known_readers()
            self._readers.clear()
        self._readers[name] = None
        yield records.community(name)

    def _known_readers(self) -> Iterator[Community]:
        for name, readers in self._readers.items():
            if readers is not None:
                yield records.community(name, readers)

    def _note_time(self, thing: Thing) -> None:
        retrieved = thing.retrieved_on or thing.retrieved_utc
        if retrieved is None:
            return
        # Plain comparisons: this runs for each of a hundred million lines, and min() takes ten times as long.
        if retrieved < self._oldest:
            self._oldest = retrieved
        if (later := thing.aftermath) and later.retrieved_2nd_on:
            retrieved = later.retrieved_2nd_on
        if retrieved > self._newest:
            self._newest = retrieved

    def _seen(self) -> Iterator[Seen]:
        oldest, newest = things.moment(self._oldest), things.moment(self._newest)
        if oldest and newest:
            yield Seen(captured=newest if oldest == newest else Moment(oldest.earliest, newest.latest, "about"))


def _add_up(thing: Thing) -> bool:
    """Are the votes more than Reddit's later ``ups == score`` and ``downs == 0``?"""
    ups, downs = thing.ups, thing.downs
    return ups is not None and downs is not None and downs > 0 and ups - downs == thing.score


def _decoded(number: int, line: bytes) -> CommentThing | PostThing | Skip | None:
    """The thing in a line; None for an empty line."""
    # Within a JSON string this would read \"link_id\", so it can hardly be anything but the key of a comment.
    decoder = _COMMENTS if b'"link_id"' in line else _POSTS
    try:
        thing = decoder.decode(line)
        if type(thing) is CommentThing and thing.link_id:
            return thing  # as nearly all
        return _settled(number, line, thing)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _forgiven(number, line)


def _settled(number: int, line: bytes, thing: CommentThing | PostThing) -> CommentThing | PostThing | Skip:
    """The thing, if it is a comment or a submission after all."""
    if type(thing) is CommentThing:
        if thing.link_id:
            return thing
        if thing.body is not None or b'"title"' not in line:
            return Skip(line=number, reason="comment without its post")
        thing = decode_json(line, PostThing)  # "link_id" was a value in it, not a key
    if thing.title is None and thing.selftext is None and thing.url is None and thing.num_comments is None:
        return Skip(line=number, reason="neither a comment nor a submission")
    return thing


def _forgiven(number: int, line: bytes) -> CommentThing | PostThing | Skip | None:
    """The same, slowly: for lines that are damaged, or not as strict as JSON is."""
    clean = line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0")
    if not clean:
        return None
    is_comment = b'"link_id"' in clean
    try:
        return _settled(
            number, clean, decode_json(clean, CommentThing) if is_comment else decode_json(clean, PostThing)
        )
    except msgspec.ValidationError as error:
        name = "comment" if is_comment else "submission"
        return Skip(line=number, reason=f"{name} of a wrong shape", detail=str(error))
    except (msgspec.DecodeError, RecursionError) as error:
        return Skip(line=number, reason="not valid JSON", detail=str(error))


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Comments and submissions in the order of the file; they have no ``position``: the file is not a page."""
    return _Reader(dump).records()


IMPORTER = Importer(
    name="pushshift",
    title="Reddit comments and submissions, one JSON object a line (Pushshift, Arctic Shift)",
    recognise=recognise,
    read=read,
)
