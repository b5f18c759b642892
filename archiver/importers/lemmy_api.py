"""Reads saved answers of Lemmy's HTTP API: v3 of 0.18 and 0.19, v4 of 1.0, and 1.0's own imitation of v3.

Any of GetPost, GetComments, GetPosts, GetCommunity, ListCommunities, GetSite, GetPersonDetails and Search, the views
in them, or the things in those, alone or many in a file. Sources: lemmy-js-client (as in fediverse_bodies.py) and
the crates db_schema, api_common and api_019 of Lemmy 0.18.5, 0.19.20 and 1.0.0-beta.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from archiver.dumps import Dump, Importer
from archiver.importers import fediverse
from archiver.importers.fediverse_bodies import View
from archiver.importers.fediverse_records import clock
from archiver.model import Moment, Record, Seen, Skip

SIGNS = re.compile(
    rb'"(?:creator_id|posting_restricted_to_mods|bot_account|local_site)"\s*:'
    rb'|"path"\s*:\s*"0\.\d'
)
EMPTY = re.compile(
    rb'\s*\{\s*"(?:comments|posts)"\s*:\s*\[\s*\]\s*\}\s*$'
    rb'|\s*\{\s*"items"\s*:\s*\[\s*\]\s*(?:,\s*"(?:next|prev)_page"\s*:[^,{}\[\]]*)*\}\s*$'
)
"""The page after the last one."""

ESCAPING_SINCE = 1_688_169_600_000_000
"""July 2023, in microseconds: nothing saved before was escaped."""
ESCAPING_VERSIONS = ("0.18", "0.18.3", "0.18.4", "0.18.5")
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|nbsp|quot);)")
ESCAPES = re.compile(r"&(?:amp|lt|gt);")
CHARACTERS = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}


def recognise(head: bytes) -> bool:
    """Whether this is JSON with the marks of Lemmy's API, and none of PieFed's."""
    if EMPTY.match(head):
        return True
    return fediverse.is_answer(head) and bool(SIGNS.search(head)) and not fediverse.PIEFED_WORDS.search(head)


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything in the dump."""
    return fediverse.read(dump, DIALECT)


def version(view: View) -> str | None:
    """0.18 wrote times without a zone, 0.19 with one, and 1.0 renamed them."""
    thing = view.thing
    if not thing or not thing.created_text:
        return None
    if thing.published_at or clock(view):
        return "1.0"
    return "0.19" if thing.created_text.endswith("Z") else "0.18"


def as_written(version: str | None) -> Callable[[str, Moment | None], str]:
    """How to undo what this version did to texts when it saved them."""
    return unescaped if version in ESCAPING_VERSIONS else lambda text, _: text


def unescaped(text: str, saved: Moment | None) -> str:
    """The text before Lemmy 0.18.3 to 0.18.5 escaped it for HTML, which no later version undid.

    A text with an ampersand that starts no escape was saved by a version that did not escape, and one saved before
    July 2023 too: these are left as they are, as is what people themselves escaped (``&amp;amp;`` gives ``&amp;``).
    """
    if not saved or saved.earliest < ESCAPING_SINCE or BARE_AMPERSAND.search(text):
        return text
    return ESCAPES.sub(lambda match: CHARACTERS[match[0]], text)


DIALECT = fediverse.Dialect(
    platform="lemmy",
    body="Lemmy API body",
    languages={37: "en"},  # The same row in every Lemmy database; GetSite brings the whole table.
    version=version,
    as_written=as_written,
)

IMPORTER = Importer(
    name="lemmy-api",
    title="Answers of Lemmy's API (0.18, 0.19, 1.0), as JSON",
    recognise=recognise,
    read=read,
    origin=fediverse.origin,
)
