"""Stand-ins for texts: a template may show them, or ask whether they are there; they refuse to answer anything else."""

from __future__ import annotations

import re
from typing import NoReturn

from markupsafe import Markup

SHOWN = re.compile("\x01([te])([0-9]+)\x02")
"""A stand-in for HTML ("t") or an escaped text ("e") as it is shown, with its number. No template has such controls."""
MARKS = re.compile("[\x01\x02]")
"""What is left of one that was changed."""

_REFUSED = (
    *(name for name in dir(Markup) if not name.startswith("_")),
    *(f"__{name}__" for name in ("eq", "ne", "lt", "le", "gt", "ge", "hash", "len", "iter", "getitem", "contains")),
    *(f"__{name}__" for name in ("add", "radd", "mod", "rmod", "mul", "rmul", "str", "html", "html_format", "format")),
    *(f"__{name}__" for name in ("int", "float", "index")),
)


class LookedAtError(Exception):
    """A template did more with a text than to show it."""


def _refuse(*_: object, **__: object) -> NoReturn:
    raise LookedAtError


class StandIn(str):
    """Stands for a text, or for HTML."""

    __slots__ = ("shown",)
    shown: Markup
    """What autoescape makes of it."""

    def __bool__(self) -> bool:
        return True


for _name in _REFUSED:
    setattr(StandIn, _name, _refuse)


def stand_in(number: int, *, html: bool) -> StandIn:
    """The stand-in for the text of that number."""
    # Shown without being escaped, it is none that is looked for.
    made = StandIn(f"\x01{'t' if html else ''}{number}\x02")
    made.shown = Markup(f"\x01{'t' if html else 'e'}{number}\x02")  # noqa: S704  nothing but a number
    return made
