"""Emphasis as CommonMark has it (section 6.2), for the runs of signs whose meaning is plain."""

from __future__ import annotations

from functools import lru_cache

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar

_TAGS = {
    "*": ("<em>", "</em>"),
    "**": ("<strong>", "</strong>"),
    "***": ("<em><strong>", "</strong></em>"),
    "~~": ("<del>", "</del>"),
}
_TAGS |= {sign.replace("*", "_"): tags for sign, tags in _TAGS.items()}
_WORD, _SPACE, _PUNCTUATION = 0, 1, 2


class Run:
    """Some ``*``, ``_`` or ``~`` in a row, that may begin or end emphasis."""

    __slots__ = ("closes", "opens", "place", "signs")

    def __init__(self, signs: str, place: int, opens: bool, closes: bool) -> None:
        self.signs = signs
        self.place = place
        """Which piece of HTML it is."""
        self.opens = opens
        self.closes = closes


def run_at(src: str, start: int, end: int) -> tuple[int, bool, bool]:
    """Where the run at ``start`` ends, and whether it can begin and end emphasis."""
    sign = src[start]
    after = start + 1
    while after < end and src[after] == sign:
        after += 1
    last = _kind(src[start - 1]) if start else _SPACE
    following = _kind(src[after]) if after < end else _SPACE
    if (sign == "_" and last == following == _WORD) or (sign == "~" and after == start + 1):
        return after, False, False
    left = following == _WORD or (following == _PUNCTUATION and last != _WORD)
    right = last == _WORD or (last == _PUNCTUATION and following != _WORD)
    opens = left and (sign != "_" or not right or last == _PUNCTUATION)
    closes = right and (sign != "_" or not left or following == _PUNCTUATION)
    return after, opens, closes


@lru_cache(1000)
def _kind(character: str) -> int:
    if character in " \n":
        return _SPACE
    return _PUNCTUATION if isMdAsciiPunct(ord(character)) or isPunctChar(character) else _WORD


def pair(runs: list[Run], html: list[str]) -> bool:
    """Make tags of the runs that belong together; False if that is not certain.

    It is, if they nest, and each can only begin or only end emphasis.
    """
    opened: list[Run] = []
    waiting = dict.fromkeys("*_~", 0)
    for run in runs:
        sign = run.signs[0]
        if run.signs not in _TAGS:
            return False
        if run.opens and run.closes:
            if sum(other.signs[0] == sign for other in runs) > 1:
                return False
        elif run.opens:
            opened.append(run)
            waiting[sign] += 1
        elif waiting[sign]:
            opening = opened.pop()
            waiting[sign] -= 1
            if opening.signs != run.signs:
                return False
            html[opening.place], html[run.place] = _TAGS[run.signs]
    return True
