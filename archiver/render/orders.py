"""The orders of a list: the files they live in, the links between them, what titles of pages say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archiver import urls
from archiver.render.parts import N_
from archiver.views import OrderLink, PageLink
from archiver.words import Words

ORDER_TITLES = {
    "hot": N_("hot"),
    "active": N_("active"),
    "top": N_("top"),
    "top-year": N_("year"),
    "top-month": N_("month"),
    "top-week": N_("week"),
    "top-day": N_("day"),
    "controversial": N_("controversial"),
    "new": N_("new"),
    "old": N_("old"),
    "captured": N_("as captured"),
    "comments": N_("most comments"),
}


class OrderFiles(NamedTuple):
    """Where each order of one list lives; the default one has the plain address, equal ones share a file."""

    base: str
    """Path of the list below the site folder, without suffix."""
    default: str
    groups: Sequence[tuple[str, ...]]
    """Names of the orders that come out alike, by file."""

    @property
    def whole(self) -> str:
        """The page that holds all of a long thread."""
        return urls.page_name(self.base, "whole")

    def own(self, names: Sequence[str]) -> str:
        """Which of the orders ``names``, that share a file, the file is named after."""
        return self.default if self.default in names else names[0]

    def path(self, names: Sequence[str], page: int = 1) -> str:
        """The file of one page of the order(s) ``names``."""
        own = self.own(names)
        return urls.page_name(self.base, None if own == self.default else own, page)

    def pages(self, names: Sequence[str], here: str, current: int, count: int) -> list[PageLink]:
        """Links to the first and last of ``count`` pages of an order, and to those around the current one (0: none)."""
        near = range(max(1, current - 2), min(count, current + 2) + 1) if current else ()
        shown = sorted({1, count, *near})
        return [
            PageLink(
                number=number,
                href=urls.relative(self.path(names, number), here),
                current=number == current,
                beside=number - current if current and abs(number - current) == 1 else 0,
                after_gap=bool(at) and number - shown[at - 1] > 1,
            )
            for at, number in enumerate(shown)
        ]

    def links(self, names: Sequence[str], here: str, shown: Sequence[str], words: Words) -> list[OrderLink]:
        """Links to those of the orders ``shown`` that there are; ``names`` is the current one."""
        group_of = {name: group for group in self.groups for name in group}
        own = self.own(names)
        return [
            OrderLink(
                name,
                words.gettext(ORDER_TITLES[name]),
                urls.relative(self.path(group_of[name]), here),
                current=name == own,
                same=name in names and name != own,
            )
            for name in shown
            if name in group_of
        ]

    def titled(self, title: str, names: Sequence[str], words: Words) -> str:
        """The title of pages in the order ``names``; it names an order that is not the one that readers see first."""
        own = self.own(names)
        if own == self.default:
            return title
        order = words.gettext(ORDER_TITLES[own])
        if own.startswith("top-"):
            top = words.gettext(ORDER_TITLES["top"])
            order = words.gettext("%(order)s: %(period)s") % {"order": top, "period": order}
        return words.gettext("%(title)s (%(order)s)") % {"title": title, "order": order}
