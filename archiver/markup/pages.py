"""Bodies that are HTML already: saved pages of mlmym and old.reddit.com, Hacker News, feeds.

Two steps. nh3 makes any HTML uniform: balanced, known elements only, attributes quoted. Then one pass over its tags
makes them fit: links resolved, images turned into links, headings moved below the page's own, deep nesting cut.
"""

from __future__ import annotations

import re
from html import escape, unescape

from archiver.markup.links import REL, Context, resolve
from archiver.markup.plain import render_text
from archiver.markup.sanitise import TAGS, Cleaner
from archiver.urls import SCHEMES

DEEPEST = 60
"""Elements within each other; the tags of deeper ones are dropped, their text stays."""

_uniform = Cleaner(
    tags=TAGS | {"h1", "h2", "h3", "img"},
    attributes={
        "a": {"href", "title"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        "th": {"align"},
        "td": {"align"},
    },
    url_schemes=set(SCHEMES),
    link_rel=None,
)
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?: [a-z-]++="[^"]*+")*+)>')
_ATTRIBUTE = re.compile(r'([a-z-]++)="([^"]*+)"')
_EMPTY = re.compile(r'<(p|h[456])(?: class="[a-z0-9-]*+")?>\s*+</\1>\n?')
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*+)[^<>]*+>?")
_MARKED = re.compile(r"</?[A-Za-z!][^<>]*+>")
_UNCLOSED = frozenset(
    {"p", "li", "br", "hr", "img", "dt", "dd", "tr", "td", "th", "input", "meta", "link", "col", "wbr"}
)
DEEPEST_PARSED = 1000
"""Tags opened and not closed; the HTML parser's time grows with the square of the depth."""
_VOID = frozenset({"br", "hr", "img"})
_BLOCKS = frozenset(
    ("blockquote", "dd", "details", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre")
) | {"summary", "table", "ul"}
_PARENTS = {"summary": ("details",), "li": ("ul", "ol"), "dt": ("dl",), "dd": ("dl",)}
_RENAMED = {"tt": "code"}


def render_html(body: str, context: Context) -> tuple[str, bool]:
    """HTML of ``body`` and whether it holds links into the archive. The caller still has to sanitise it."""
    if _depth(body) > DEEPEST_PARSED:
        return render_text(without_tags(body), context), True
    page = _Page(context)
    html = _uniform.clean(body)
    done = 0
    for tag in _TAG.finditer(html):
        page.text(html[done : tag.start()])
        page.tag(tag[2], tag[3], closing=bool(tag[1]))
        done = tag.end()
    page.text(html[done:])
    page.end_paragraph()
    return _EMPTY.sub("", "".join(page.parts)), page.relative


def without_tags(body: str) -> str:
    """The text of an HTML body too long or too deep to be parsed."""
    return unescape(_MARKED.sub(" ", body))


def _depth(body: str) -> int:
    """How deep the elements of ``body`` may lie within each other, at most."""
    if body.count("<") <= DEEPEST_PARSED:
        return 0
    depth = deepest = 0
    for tag in _ANY_TAG.finditer(body):
        if tag[2].lower() not in _UNCLOSED:
            depth += -1 if tag[1] else 1
            deepest = max(deepest, depth)
    return deepest


class _Page:
    """What has been written so far, and where in it we are."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.parts: list[str] = []
        self.relative = False
        self.opened: list[tuple[str, str]] = []
        """Elements we are in: name in the body, and name written ("" for none)."""
        self.headings: list[int] = []
        self.in_paragraph = False
        """Whether a paragraph was opened here for text that stood in none (Hacker News begins so)."""
        self.in_link = 0

    def text(self, text: str) -> None:
        """Write text between two tags."""
        if not text:
            return
        if not self.opened and not text.isspace():
            self.begin_paragraph()
        self.parts.append(text)

    def begin_paragraph(self) -> None:
        """Open a paragraph for what stands in none."""
        if not self.in_paragraph:
            self.parts.append("<p>")
            self.in_paragraph = True

    def end_paragraph(self) -> None:
        """Close the paragraph opened for text that stood in none."""
        if self.in_paragraph:
            self.parts.append("</p>\n")
            self.in_paragraph = False

    def tag(self, name: str, attributes: str, *, closing: bool) -> None:
        """Write one tag of the body, or what stands for it."""
        if closing:
            self._close()
            return
        if not self.opened:
            if name in _BLOCKS:
                self.end_paragraph()
            else:
                self.begin_paragraph()
        known = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
        if name == "img":
            self._image(known)
        elif name in _VOID:
            self.parts.append(f"<{name}>")
        else:
            self._open(name, known)

    def _close(self) -> None:
        if not self.opened:
            return
        name, written = self.opened.pop()
        if written:
            self.parts.append(f"</{written}>")
            self.in_link -= written == "a"
        if name in _BLOCKS and not self.opened:
            self.parts.append("\n")

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        written = _RENAMED.get(name, name)
        opening = f"<{written}>"
        if len(self.opened) >= DEEPEST:
            written = ""
        elif name == "a":
            opening = self._link(attributes)
            written = "a" if opening else ""
        elif name[0] == "h" and name[1:].isdigit():
            level = int(name[1:])
            while self.headings and self.headings[-1] >= level:
                self.headings.pop()
            self.headings.append(level)
            written = f"h{min(6, self.context.headings - 1 + len(self.headings))}"
            opening = f'<{written} class="md-h{level}">'
        elif name in _PARENTS and (not self.opened or self.opened[-1][1] not in _PARENTS[name]):
            written, opening = "div", "<div>"
        elif name in ("pre", "table"):
            opening = f'<{name} tabindex="0">'
        elif name == "details":
            opening = '<details class="spoiler">'
        elif name in ("td", "th") and attributes.get("align") in ("left", "right", "center"):
            opening = f'<{name} class="align-{attributes["align"]}">'
        elif name == "ol" and attributes.get("start", "").isdecimal():
            opening = f'<ol start="{attributes["start"]}">'
        self.opened.append((name, written))
        if written:
            self.parts.append(opening)

    def _link(self, attributes: dict[str, str]) -> str:
        """The opening tag of a link; empty when it must not be one."""
        href = resolve(attributes.get("href", ""), self.context, below_root=True)
        if href is None or self.in_link:
            return ""
        self.in_link += 1
        title = f' title="{escape(attributes["title"])}"' if attributes.get("title") else ""
        if ":" in href.partition("/")[0]:
            return f'<a href="{escape(href)}"{title} rel="{REL}">'
        self.relative = True
        return f'<a href="{escape(href)}"{title}>'

    def _image(self, attributes: dict[str, str]) -> None:
        """The link that stands for an image; its text alone within another link."""
        source = attributes.get("src", "")
        name = source.partition("?")[0].rstrip("/").rpartition("/")[2]
        text = escape(attributes.get("alt", "").strip() or name or "image", quote=False)
        href = resolve(source, self.context, below_root=True)
        if href is None or self.in_link:
            self.parts.append(text)
        else:
            self.parts.append(f'<a href="{escape(href)}" rel="{REL}" class="image">{text}</a>')
