"""The last gate: whatever the renderers made, only these elements, attributes and schemes leave the house.

Nothing that runs, loads, or styles is on the lists; ids and relative links only where
a renderer of ours says it made some.
"""

from __future__ import annotations

from typing import Any

import nh3

from archiver.markup.links import LONGEST_LINKS, REL, Allowance
from archiver.urls import SCHEMES

HEADINGS = {f"md-h{level}" for level in range(1, 7)}
ALIGNMENTS = {"align-left", "align-center", "align-right"}
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby"),
    *("s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th"),
    *("thead", "tr", "tt", "u", "ul", "var"),
}
ATTRIBUTES = {"a": {"href", "title", "aria-label"}, "ol": {"start"}}
FIXED = {"a": {"rel": {REL}}, **{name: {"tabindex": {"0"}} for name in ("pre", "span", "table")}}
CLASSES = {
    "a": {"image", "video", "audio", "footnote-back"},
    "details": {"spoiler"},
    "div": {"footnotes"},
    "h2": HEADINGS,
    "h3": HEADINGS,
    "h4": HEADINGS,
    "h5": HEADINGS,
    "h6": HEADINGS,
    "span": {"spoiler"},
    "sup": {"footnote"},
    "td": ALIGNMENTS,
    "th": ALIGNMENTS,
}
HARMLESS = 16 * LONGEST_LINKS
"""Characters times tags: so much may come out at most of a body that repeats one link in every element."""
_IDS = {"a": ATTRIBUTES["a"] | {"id"}, "ol": {"start"}, "li": {"id"}}


class Cleaner:
    """nh3, bounded: a link that its parser opens again in each paragraph is not repeated without end."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._plain = nh3.Cleaner(**settings)

    def clean(self, html: str) -> str:
        """``html`` balanced, and only what the settings allow."""
        if len(html) * html.count("<") <= HARMLESS:
            return self._plain.clean(html)
        allowance = Allowance()

        def kept(_tag: str, name: str, value: str) -> str | None:
            return value if name not in ("href", "title") or allowance.covers(value) else None

        return nh3.Cleaner(**self._settings, attribute_filter=kept).clean(html)


_absolute = Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values=FIXED,
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    url_relative="deny",
    link_rel=None,
)
_relative = Cleaner(
    tags=TAGS,
    attributes=_IDS,
    tag_attribute_values=FIXED,
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    link_rel=None,
)


def sanitise(html: str, *, relative: bool) -> str:
    """``html`` without anything dangerous. ``relative``: our renderer put links into the archive or ids in it."""
    return (_relative if relative else _absolute).clean(html)
