"""Values that are made when they are first asked for, and kept for the next time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(dict[K, V]):
    """``kept[key]`` is what ``make(key)`` gives, but to ask again costs no more than to look into a dict.

    That is a little less than functools.lru_cache takes, and half of it with several arguments; some of these are asked
    for every comment.
    """

    def __init__(self, make: Callable[[K], V], most: int) -> None:
        """``most``: values that are kept; when there are more, all are made anew."""
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, key: K) -> V:
        if len(self) >= self._most:
            self.clear()
        value = self[key] = self._make(key)
        return value
