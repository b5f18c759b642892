"""Records to table rows and back, and how two sightings of one thing become one record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from archiver.model import Comment, Community, Moment, Person, Post, Precision, Site

R = TypeVar("R", bound=msgspec.Struct)

Rank = tuple[int, str]
"""How new a capture is: (time, sha256); the checksum decides between captures of one time."""

_LARGEST = 2**63 - 1
_DAY = 86_400_000_000


class Table(Generic[R]):
    """One kind of record and the table that holds it."""

    def __init__(self, kind: type[R], name: str, key: tuple[str, ...], *, outside: tuple[str, ...] = ()) -> None:
        """``key``: fields that identify a record. ``outside``: fields that other tables hold."""
        self.kind = kind
        self.name = name
        self.key = key
        self.fields = tuple(field for field in kind.__struct_fields__ if field not in outside)
        hints = {field: str(hint) for field, hint in get_type_hints(kind).items()}
        self._moments = {field for field in self.fields if "Moment" in hints[field]}
        self._bools = {field for field in self.fields if "bool" in hints[field]}
        self._lists = {field for field in self.fields if "tuple" in hints[field]}
        self.columns: list[str] = []
        for field in self.fields:
            self.columns.append(field)
            if field in self._moments:
                self.columns += [f"{field}_latest", f"{field}_words"]

    def values(self, record: R) -> list[Any]:
        """The row of a record, in the order of ``columns``."""
        row: list[Any] = []
        for field in self.fields:
            value = getattr(record, field)
            if field in self._moments:
                fits = value is not None and -_LARGEST <= value.earliest <= value.latest <= _LARGEST
                row += (value.earliest, value.latest, value.words) if fits else (None, None, None)
            elif value is None:
                row.append(None)
            elif field in self._lists:
                row.append(msgspec.json.encode(value).decode())
            elif isinstance(value, str) and "\0" in value:
                row.append(value.replace("\0", "�"))
            elif isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
                row.append(None)  # no count or score is that large: not known
            else:
                row.append(value)
        return row

    def record(self, row: Sequence[Any], **outside: Any) -> R:
        """The record of a row, given the fields that stand outside the table."""
        found: dict[str, Any] = {}
        at = 0
        for field in self.fields:
            value = row[at]
            if field in self._moments:
                if value is not None:
                    found[field] = moment(value, row[at + 1], row[at + 2])
                at += 2
            elif value is not None:
                if field in self._bools:
                    value = bool(value)
                elif field in self._lists:
                    value = _as_tuples(msgspec.json.decode(value))
                found[field] = value
            at += 1
        return self.kind(**found, **outside)


SITES = Table(Site, "site", ("host",))
COMMUNITIES = Table(Community, "community", ("host", "name"))
PERSONS = Table(Person, "person", ("host", "name"))
POSTS = Table(Post, "post", ("host", "id"))
COMMENTS = Table(Comment, "comment", ("id",), outside=("host", "post", "community"))
"""A comment's row belongs to a post's, which holds the host and the community."""


def moment(earliest: int, latest: int, words: str | None) -> Moment:
    """A moment from its three columns; the precision follows from them."""
    precision: Precision = "about"
    if earliest == latest and words is None:
        precision = "exact"
    elif words is None and earliest % _DAY == 0 and latest - earliest == _DAY - 1:
        precision = "day"
    return Moment(earliest, latest, precision, words)


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
    for field in old.__struct_fields__:
        left, right = getattr(old, field), getattr(new, field)
        if left is None and right is None:
            continue
        source = older.get(field, old_capture)
        if right is not None and (left is None or _wins(field, left, ranks[source], right, ranks[new_capture])):
            left, source = right, new_capture
        fields[field] = left
        if source != newest:
            sources[field] = source
    return _without_withdrawn(type(old)(**fields), sources, newest, ranks), sources, newest


def _wins(field: str, left: Any, left_rank: Rank, right: Any, right_rank: Rank) -> bool:
    """Does the right value replace the left one?"""
    if field == "version" and (left.startswith(right) or right.startswith(left)):
        return len(right) > len(left)  # "0.19.5" says all that "0.19" does
    return right_rank >= left_rank


def _without_withdrawn(record: R, sources: dict[str, int], newest: int, ranks: Mapping[int, Rank]) -> R:
    """Drop a text that is older than the deletion or removal of its thing."""
    if getattr(record, "state", None) not in ("deleted", "removed") or getattr(record, "body", None) is None:
        return record
    if ranks[sources.get("body", newest)] >= ranks[sources.get("state", newest)]:
        return record  # the capture that saw the deletion kept the text on purpose
    sources.pop("body")
    sources.pop("body_format", None)
    return msgspec.structs.replace(record, body=None, body_format=None)


def _as_tuples(value: Any) -> Any:
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value
