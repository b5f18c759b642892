"""Reads saved answers of PieFed's alpha API: Lemmy's, with other words and some things more (polls, flairs).

Any of /alpha/post, /alpha/post/list, /alpha/post/replies (nested), /alpha/comment/list (flat), /alpha/community,
/alpha/user and /alpha/site, or the views in them, alone or many in a file.
Source: app/api/alpha/{schema,views}.py of PieFed (2025 and 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from archiver.dumps import Dump, Importer
from archiver.importers import fediverse
from archiver.importers.fediverse_bodies import View
from archiver.model import Moment, Record, Seen, Skip

EMPTY = re.compile(rb'\s*\{\s*"(?:comments|posts)"\s*:\s*\[\s*\]\s*,\s*"next_page"\s*:\s*(?:null|"\d*")\s*\}\s*$')
"""The page after the last one."""


def recognise(head: bytes) -> bool:
    """Whether this is JSON with the marks of PieFed's API."""
    return bool(EMPTY.match(head) or (fediverse.is_answer(head) and fediverse.PIEFED_WORDS.search(head)))


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything in the dump."""
    return fediverse.read(dump, DIALECT)


def version(view: View) -> str | None:  # noqa: ARG001
    """The shape does not tell; GetSite does."""
    return None


def as_written(version: str | None) -> Callable[[str, Moment | None], str]:  # noqa: ARG001
    """Texts are saved as they were written."""
    return lambda text, _: text


DIALECT = fediverse.Dialect(
    platform="piefed",
    body="PieFed API body",
    languages={},  # Each instance numbers its own.
    version=version,
    as_written=as_written,
)

IMPORTER = Importer(
    name="piefed-api",
    title="Answers of PieFed's API, as JSON",
    recognise=recognise,
    read=read,
    origin=fediverse.origin,
)
