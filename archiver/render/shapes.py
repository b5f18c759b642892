"""Rows that templates show by the hundred thousand: a template is asked once for each *shape* of row, not for each row.

Two rows have one shape if they differ in nothing but the texts they show. Of each shape one row is rendered with
stand-ins in place of its texts; what stands around these is then put around the texts of all others. That holds for
templates that only show rows (``compiling.only_shows``); where one looks at a text all the same, its stand-in refuses.
All others are asked for every row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from archiver.render.compiling import needs_escape
from archiver.render.stand_ins import MARKS, SHOWN, LookedAtError, stand_in


class Row(NamedTuple):
    """What a template shows of one thing; its view gives the names to it."""

    kinds: tuple[Any, ...]
    """What a template may compare: states, classes, yes or no."""
    texts: tuple[str | None, ...]
    """What it may show, escaped, or ask whether it is there."""
    html: tuple[Markup | None, ...] = ()
    """The same, shown as it is."""


Ask = Callable[[Sequence[Row]], list[str]]
"""Has the template render rows; gives what it makes of each, with CUT between the pieces, and what follows the last."""

CUT = "\0"
"""No text of a dump keeps this character (markup and store take it out)."""
SHAPES_KEPT = 500
"""Rows of further shapes are left to the template; so many are not to be expected."""


class Shape(NamedTuple):
    """What the template makes of all rows of a shape."""

    around: str
    """With "%s" where texts stand."""
    shown: Callable[[Sequence[str | None]], Any]
    """Picks those from all texts of a row."""

    def filled(self, row: Row) -> str:
        """What the template would make of this row."""
        texts = row.texts
        together = "".join(filter(None, texts))
        # Hardly any has to be escaped; so many questions are quicker than a pattern.
        if "&" in together or "<" in together or ">" in together or '"' in together or "'" in together:
            texts = tuple([escape(text) if text and needs_escape(text) else text for text in texts])
        made: str = self.around % self.shown(texts + row.html)
        return made


class Shapes:
    """The shapes of one template's rows."""

    def __init__(self, ask: Ask, *, shaped: bool) -> None:
        """``shaped``: the template only shows rows."""
        self._ask = ask
        self._most = SHAPES_KEPT if shaped else 0
        self._known: dict[Any, Shape | None] = {}
        """None: rows of this shape are left to the template."""
        self.end = ""
        """What the template made behind the last row, when it was asked last."""

    def pieces(self, rows: Sequence[Row]) -> list[bytes]:
        """All pieces that the template makes of all rows, in UTF-8."""
        found: list[str] = []
        others: list[int] = []
        for row in rows:
            kinds, texts, html = row
            key = kinds, *[text and True for text in texts], *[text and True for text in html]
            shape = self._known.get(key)
            if shape is None and key not in self._known and len(self._known) < self._most:
                shape = self._known[key] = self._shape_of(row)
            if shape is None:
                others.append(len(found))
            found.append(shape.filled(row) if shape else "")
        if others:
            *all_made, self.end = self._ask([rows[place] for place in others])
            for place, made in zip(others, all_made, strict=True):
                found[place] = made
        # As bytes they take less space, and are copied into pages as they are. A dump may have half a character.
        return CUT.join(found).encode("utf-8", "replace").split(CUT.encode()) if found else []

    def _shape_of(self, row: Row) -> Shape | None:
        try:
            made, _ = self._ask([_with_stand_ins(row)])
        except LookedAtError:
            return None
        shape = _shape_in(made)
        wanted, self.end = self._ask([row])
        return shape if shape and shape.filled(row) == wanted else None


def _with_stand_ins(row: Row) -> Row:
    texts = tuple(text and stand_in(number, html=False) for number, text in enumerate(row.texts))
    html = tuple(text and stand_in(number, html=True) for number, text in enumerate(row.html, len(texts)))
    return Row(row.kinds, texts, html)  # type: ignore[arg-type]  # they stand for Markup


def _shape_in(made: str) -> Shape | None:
    """The shape of what was made with stand-ins; None if more was done with them than to show them."""
    around = SHOWN.sub("%s", made.replace("%", "%%"))
    numbers = [int(found[2]) for found in SHOWN.finditer(made)]
    # With none at all, there would be nothing to pick.
    return None if MARKS.search(around) or not numbers else Shape(around, itemgetter(*numbers))
