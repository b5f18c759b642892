"""Records to table rows and back, and how two sightings of one thing become one record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from archiver.model import Comment, Community, Person, Post, Site
from archiver.store.cells import cells_of, moment, moment_values, texts

R = TypeVar("R", bound=msgspec.Struct)

Rank = tuple[int, str]
"""How new a capture is: (time, sha256); the checksum decides between captures of one time."""
RANK = "coalesce(captured, newest, 0), sha256 || member"
"""The same from the table of captures."""


class Batch(msgspec.Struct):
    """Several records of one kind, as their table holds them."""

    count: int
    cells: dict[str, Sequence[Any]]
    """By column; columns in which all are empty may lack."""
    outside: dict[str, Sequence[Any]]
    """The fields that other tables hold, by name."""


class Table(Generic[R]):
    """One kind of record and the table that holds it."""

    def __init__(self, kind: type[R], name: str, key: tuple[str, ...], *, outside: tuple[str, ...] = ()) -> None:
        """``key``: fields that identify a record. ``outside``: fields that other tables hold."""
        self.kind = kind
        self.name = name
        self.key = key
        self.fields = tuple(field for field in kind.__struct_fields__ if field not in outside)
        self._outside = outside
        hints = {field: str(hint) for field, hint in get_type_hints(kind).items()}
        self._moments = {field for field in self.fields if "Moment" in hints[field]}
        self._bools = {field for field in self.fields if "bool" in hints[field]}
        self._lists = {field for field in self.fields if "tuple" in hints[field]}
        self._cells = {field: cells_of(hints[field]) for field in self.fields}
        self.columns: list[str] = []
        for field in self.fields:
            self.columns.append(field)
            if field in self._moments:
                self.columns += [f"{field}_latest", f"{field}_words"]

    def batch(self, records: Sequence[R]) -> Batch:
        """The rows of records."""
        given = self._given(records)
        outside = {field: texts(given[field]) for field in self._outside}
        return Batch(len(records), self._filled(given), outside)

    def _given(self, records: Sequence[R]) -> dict[str, Sequence[Any]]:
        """What records have in each field."""
        fields = self.kind.__struct_fields__
        if not records:
            return dict.fromkeys(fields, ())
        # All fields of a record at once: asking for each takes several times as long.
        return dict(zip(fields, zip(*map(msgspec.structs.astuple, records), strict=True), strict=True))

    def _filled(self, given: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        # Only columns with something in them: sqlite3 takes longer to bind None than a number or a text.
        found: dict[str, Sequence[Any]] = {}
        for field in self.fields:
            values = given[field]
            if values.count(None) == len(values):
                continue
            if field in self._moments:
                found[field], found[f"{field}_latest"], words = zip(*map(moment_values, values), strict=True)
                if words.count(None) < len(words):
                    found[f"{field}_words"] = words
            else:
                found[field] = self._cells[field](values)
        return found

    def values(self, record: R) -> list[Any]:
        """The row of a record, in the order of ``columns``."""
        known = self._filled(self._given((record,)))
        return [known[column][0] if column in known else None for column in self.columns]

    def record(self, row: Sequence[Any], **outside: Any) -> R:
        """The record of a row, given the fields that stand outside the table."""
        return self._made(row, **outside)

    @cached_property
    def _made(self) -> Callable[..., R]:
        """Makes the record of a row, with its fields written out: a loop over them takes half as long again."""
        values = []
        for field in self.fields:
            at = self.columns.index(field)
            made = f"r[{at}]"
            if field in self._moments:
                made = f"moment(r[{at}], r[{at + 1}], r[{at + 2}])"
            elif field in self._bools:
                made = f"r[{at}] == 1"
            elif field in self._lists:
                made = f"as_tuples(decode(r[{at}]))"
            values.append(f"{field}={made}" if made == f"r[{at}]" else f"{field}=None if r[{at}] is None else {made}")
        names = {"kind": self.kind, "moment": moment, "as_tuples": _as_tuples, "decode": msgspec.json.decode}
        written = f"lambda r, **outside: kind({', '.join(values)}, **outside)"
        maker: Callable[..., R] = eval(written, names)  # noqa: S307  nothing but names of fields
        return maker


SITES = Table(Site, "site", ("host",))
COMMUNITIES = Table(Community, "community", ("host", "name"))
PERSONS = Table(Person, "person", ("host", "name"))
POSTS = Table(Post, "post", ("host", "id"))
_UNLISTED = (
    "body", "body_format", "language", "nesting", "captured_order", "offered_orders", "newest_comment", "media", "poll",
    "source_url",
)  # fmt: skip
LISTED_POSTS = Table(Post, "post", ("host", "id"), outside=_UNLISTED)
"""Posts without what lists do not show."""
COMMENTS = Table(Comment, "comment", ("id",), outside=("host", "post", "community"))
"""A comment's row belongs to a post's, which holds the host and the community."""


def merge(
    old: R, older: Mapping[str, int], old_capture: int, new: R, new_capture: int, ranks: Mapping[int, Rank]
) -> tuple[R, dict[str, int], int]:
    """Join two sightings of one thing: for each field, the newest capture that knows it wins.

    ``older`` names the fields of ``old`` that come from an older capture than ``old_capture``, and which. Returns the
    record, the same kind of map for it, and its newest capture. In whatever order captures are merged, the result is
    the same.
    """
    newest = max(old_capture, new_capture, key=ranks.__getitem__)
    fields: dict[str, Any] = {}
    sources: dict[str, int] = {}
    from_right: set[str] = set()
    for field in old.__struct_fields__:
        left, right = getattr(old, field), getattr(new, field)
        source = older.get(field, old_capture)
        leader = _FOLLOWS.get(field)
        if leader:  # a format belongs to its text, wherever that comes from
            if leader not in fields:
                continue
            from_new = leader in from_right
        else:
            from_new = left is None or (
                right is not None and _wins(field, left, ranks[source], right, ranks[new_capture])
            )
        if from_new:
            left, source = right, new_capture
            from_right.add(field)
        if left is not None:
            fields[field] = left
            if source != newest:
                sources[field] = source
    withdrawals = [older[_WITHDRAWN]] if _WITHDRAWN in older else []
    withdrawals += [older.get("state", old_capture)] if _is_withdrawn(old) else []
    first = _is_withdrawn(new) and new_capture not in withdrawals
    withdrawals += [new_capture] if first else []
    if withdrawals:
        withdrawn = max(withdrawals, key=ranks.__getitem__)
        # A sighting of the deletion that has the text kept it on purpose; an older text has to go.
        source = sources.get("body", newest)
        older_line = first and source == new_capture and "body" not in from_right
        if "body" in fields and (older_line or ranks[source] < ranks[withdrawn]):
            for field in ("body", "body_format"):
                fields.pop(field, None)
                sources.pop(field, None)
        if fields["state"] == "live":
            sources[_WITHDRAWN] = withdrawn
    return type(old)(**fields), sources, newest


_FOLLOWS = {"body_format": "body", "sidebar_format": "sidebar"}
_WITHDRAWN = "withdrawn"
"""In ``older``: the newest capture that saw a thing deleted or removed which was seen alive again later."""


def _is_withdrawn(record: msgspec.Struct) -> bool:
    return getattr(record, "state", None) in ("deleted", "removed")


def _wins(field: str, left: Any, left_rank: Rank, right: Any, right_rank: Rank) -> bool:
    """Does the right value replace the left one?"""
    if field == "version":
        return (*_precision(right), right_rank) >= (*_precision(left), left_rank)
    return right_rank >= left_rank


def _precision(version: str) -> tuple[int, int, bool]:
    """Software only gets newer, and "0.19.5" says all that "0.19" does."""
    release = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return int(release[1]) if release else -1, int(release[2]) if release else -1, version.count(".") > 1


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value
