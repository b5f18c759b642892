"""The last gate: whatever the renderers made, only these elements, attributes and schemes leave the house.

Nothing that runs, loads, or styles is on the lists; ids and relative links only where
a renderer of ours says it made some.
"""

from __future__ import annotations

import nh3

from archiver.markup.links import REL
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
_IDS = {"a": ATTRIBUTES["a"] | {"id"}, "ol": {"start"}, "li": {"id"}}

_absolute = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    tag_attribute_values=FIXED,
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    url_relative="deny",
    link_rel=None,
)
_relative = nh3.Cleaner(
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
