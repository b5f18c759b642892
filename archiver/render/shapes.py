"""Rows that templates show by the hundred thousand: a template is asked once for each *shape* of row, not for each row.

Two rows have one shape if they differ in nothing but the texts they show. Of each shape one row is rendered with
stand-ins in place of its texts; what stands around these is then put around the texts of all others. A template that
does more with a text than to show it, or to ask whether there is one, is asked for every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, NoReturn

from markupsafe import Markup, escape


class Row(NamedTuple):
    """What a template shows of one thing; its view gives the names to it."""

    kinds: tuple[Any, ...]
    """What a template may compare: states, classes, yes or no."""
    texts: tuple[str | None, ...]
    """What it may show, escaped, or ask whether it is there."""
    html: tuple[Markup | None, ...] = ()
    """The same, shown as it is."""


Ask = Callable[[Sequence[Row]], list[list[str]]]
"""Has the template render rows; gives the pieces of each."""
Filling = tuple[str, Callable[[Sequence[str | None]], Any]]
"""A piece with "%s" where texts stand, and what picks those from all texts of a row."""

SHAPES_KEPT = 500
"""Rows of further shapes are left to the template: labels that people chose, say, may be of any number."""

_STAND_IN = re.compile("\x01(<|&lt;)aZ([0-9]+)(?:>|&gt;)\x02")
"""As it comes out, which tells by its brackets and letters whether it was escaped or changed. No text has such
controls."""
_REFUSED = (
    *(name for name in dir(Markup) if not name.startswith("_")),
    *(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge", "hash", "len", "iter", "getitem", "contains")),
    *(f"__{name}__" for name in ("mod", "mul", "rmul", "format", "int", "float", "index")),
)
"""What a template cannot do with a text without looking at it."""


class _LookedAtError(Exception):
    """A template did more with a text than to show it."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise _LookedAtError


_ways: dict[str, Any] = dict.fromkeys(_REFUSED, _refuse) | {"__bool__": lambda _: True}
_TextStandIn = type("_TextStandIn", (str,), _ways)
_HtmlStandIn = type("_HtmlStandIn", (Markup,), _ways)


class Shapes:
    """The shapes of one template's rows."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[Any, list[bytes | Filling] | None] = {}
        """None: rows of this shape are left to the template."""

    def pieces(self, rows: Sequence[Row]) -> list[list[bytes]]:
        """The pieces that the template makes of each row, in UTF-8."""
        found: list[list[bytes]] = []
        others: list[Row] = []
        places: list[int] = []
        for row in rows:
            kinds, texts, html = row
            key = kinds, *[text and True for text in texts], *[text and True for text in html]
            shape = self._known.get(key)
            if shape is None and key not in self._known and len(self._known) < SHAPES_KEPT:
                shape = self._known[key] = self._shape_of(row)
            if shape is None:
                places.append(len(found))
                others.append(row)
                found.append([])
            else:
                found.append(_filled(shape, texts, html))
        for place, pieces in zip(places, self._ask(others) if others else (), strict=True):
            found[place] = [piece.encode("utf-8", "replace") for piece in pieces]
        return found

    def _shape_of(self, row: Row) -> list[bytes | Filling] | None:
        try:
            (pieces,) = self._ask([_with_stand_ins(row)])
        except _LookedAtError:
            return None
        shape = [_filling(piece, len(row.texts)) for piece in pieces]
        known = [one for one in shape if one is not None]
        (wanted,) = self._ask([row])
        # What a template made of the stand-ins themselves, an address say, shows here.
        same = len(known) == len(shape) and _filled(known, row.texts, row.html) == [
            piece.encode("utf-8", "replace") for piece in wanted
        ]
        return known if same else None


def _with_stand_ins(row: Row) -> Row:
    texts = tuple(text and _TextStandIn(f"\x01<aZ{number}>\x02") for number, text in enumerate(row.texts))
    html = tuple(text and _HtmlStandIn(f"\x01<aZ{number}>\x02") for number, text in enumerate(row.html, len(texts)))
    return Row(row.kinds, texts, html)


def _filling(piece: str, texts: int) -> bytes | Filling | None:
    """A piece in which stand-ins for ``texts`` texts, then for HTML, were shown; None if more was done with them."""
    around, numbers = [], []
    parts: Iterator[str] = iter(_STAND_IN.split(piece))
    for part in parts:
        around.append(part)
        if bracket := next(parts, None):
            numbers.append(int(next(parts)))
            if (bracket == "<") is (numbers[-1] < texts):
                return None
    if any("\x01" in part or "\x02" in part for part in around):
        return None
    if not numbers:
        return piece.encode("utf-8", "replace")
    return "%s".join(part.replace("%", "%%") for part in around), itemgetter(*numbers)


def _filled(
    shape: Sequence[bytes | Filling], texts: tuple[str | None, ...], html: tuple[Markup | None, ...]
) -> list[bytes]:
    together = "".join(filter(None, texts))
    # Hardly any has to be escaped; so many questions are quicker than a pattern.
    if "&" in together or "<" in together or ">" in together or '"' in together or "'" in together:
        texts = tuple([text and escape(text) for text in texts])
    values = texts + html
    return [
        piece if isinstance(piece, bytes) else (piece[0] % piece[1](values)).encode("utf-8", "replace")
        for piece in shape
    ]
