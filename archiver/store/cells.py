"""Values to cells and back: what SQLite and every reader of its files can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from archiver.model import Moment, Precision

_LARGEST = 2**63 - 1
_DAY = 86_400_000_000
_BITS = {False: 0, True: 1}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def text(value: str) -> str:
    """A text that SQLite and every reader of its files can hold: NUL and halves of characters become U+FFFD."""
    if value.isascii():
        return value.replace("\0", "\ufffd")
    return _NO_TEXT.sub("\ufffd", value)


def number(value: int | None) -> int | None:
    """A number that SQLite can hold; no count, score or time is larger, so a larger one is not known."""
    return value if value is not None and -_LARGEST <= value <= _LARGEST else None


def moment_values(value: Moment | None) -> tuple[int | None, int | None, str | None]:
    """The three columns of a moment."""
    if value is None or not -_LARGEST <= value.earliest <= value.latest <= _LARGEST:
        return None, None, None
    return value.earliest, value.latest, None if value.words is None else text(value.words)


def moment(earliest: int, latest: int, words: str | None) -> Moment:
    """A moment from its three columns; the precision follows from them."""
    precision: Precision = "about"
    if earliest == latest and words is None:
        precision = "exact"
    elif words is None and earliest % _DAY == 0 and latest - earliest == _DAY - 1:
        precision = "day"
    return Moment(earliest, latest, precision, words)


def clean(value: Any) -> Any:
    """The same with only such texts and numbers, however deep in tuples."""
    if isinstance(value, tuple):
        return tuple(clean(item) for item in value)
    if isinstance(value, str):
        return text(value)
    return number(value) if isinstance(value, int) else value


def cells_of(hint: str) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """How the cells of a column are made from the values of a field with that type."""
    if "tuple" in hint:
        return lambda given: [None if value is None else msgspec.json.encode(clean(value)).decode() for value in given]
    if "str" in hint:
        return texts
    if "bool" in hint:  # which sqlite3 takes much longer to bind
        return lambda given: [*map(_BITS.get, given)]
    if "int" in hint:
        return lambda given: [number(value) for value in given]
    return lambda given: given


def texts(given: Sequence[str | None]) -> Sequence[str | None]:
    """The cells of texts: as they are, unless one holds what no cell can."""
    # Hardly any has to be changed. Those of ASCII are looked through together; one other makes all of them wide.
    known = [*filter(None, given)]
    wide = [value for value in known if not value.isascii()]
    plain = "".join([value for value in known if value.isascii()] if wide else known)
    if "\0" in plain or not all(map(_is_whole, wide)):
        return [None if value is None else text(value) for value in given]
    return given


def _is_whole(value: str) -> bool:
    """Is there no NUL and no half of a character? An encoder finds out much faster than a pattern."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
