"""The Jinja environment of a theme, and the frame that every page shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup, escape

from archiver import urls
from archiver.config import Settings
from archiver.errors import ThemeError
from archiver.theme import Theme
from archiver.views import CommentView
from archiver.words import Words

Pieces = tuple[str, str, str, str]
"""What opens a comment, what opens and closes the list of its replies, what closes it."""

_CUT = "\0"
"""Between pieces: no text of a dump keeps this character (markup and store take it out)."""

ROWS = ("comment", "post", "post_line", "entry", "chrome")
"""Templates of things in lists, which render many at once."""

_SHARED = ("base", "macros")
"""Templates that others use."""

NAMES = ("thread", "listing", "person", "communities", "about", "accessibility")
"""Templates of whole pages."""


class Chrome(NamedTuple):
    """What all pages of a kind and a folder have around what they show."""

    head: Markup
    skip: Markup
    header: Markup
    footer: Markup


class Page(msgspec.Struct, frozen=True):
    """A finished page."""

    path: str
    """Below the site folder."""
    text: str


class Templates:
    """The templates of one theme, compiled."""

    def __init__(self, settings: Settings, theme: Theme, words: Words, title: str) -> None:
        """Raises ThemeError where a template is missing or wrong."""
        self._base_url = settings.base_url and settings.base_url.rstrip("/")
        self._theme = theme.name
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([str(folder) for folder in theme.templates]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            extensions=["jinja2.ext.i18n"],
        )
        environment.globals["site"] = {"title": title, "language": words.language, "direction": words.direction}
        environment.globals["number"] = words.number
        environment.filters["listed"] = words.listed
        translate = _translator(words)
        environment.globals.update(_=translate, gettext=translate, around=_splitter(translate))
        self._chrome = lru_cache(256)(self._chrome_of)
        environment.globals["cut"] = Markup(_CUT)  # noqa: S704  a constant
        try:
            templates = {name: environment.get_template(f"{name}.html") for name in (*NAMES, *ROWS, *_SHARED)}
        except jinja2.TemplateError as error:
            raise ThemeError(f"theme '{theme.name}': {_place(error)}{error}") from error
        self._templates = {name: _quickened(template) for name, template in templates.items()}

    def page(self, kind: str, path: str, frame: Mapping[str, Any], values: Mapping[str, Any]) -> Page:
        """One whole page. ``frame``: what base.html shows around it, with the path of the canonical page."""
        root = urls.relative("index.html", path).removesuffix("index.html")
        canonical = f"{self._base_url}/{frame['canonical']}" if self._base_url else None
        context = {"kind": kind, "number": 1, "root": root, "sided": False, **frame, "canonical": canonical}
        try:
            text = self._templates[kind].render(page=context, chrome=self._chrome(context["kind"], root), **values)
        except jinja2.TemplateError as error:
            raise ThemeError(f"theme '{self._theme}': {kind}.html: {_place(error)}{error}") from error
        return Page(path, text)

    def _chrome_of(self, kind: str, root: str) -> Chrome:
        """What stands around the pages of a kind in a folder."""
        pieces = self._split("chrome", [{"kind": kind, "root": root}], len(Chrome._fields))
        return Chrome(*(Markup(piece) for piece in pieces[:-1]))  # noqa: S704 (made by the template)

    def comments(self, views: Sequence[CommentView]) -> list[Pieces]:
        """Each comment in pieces: what opens it, the list of its replies, closes that list, closes the comment."""
        *pieces, end = self._split("comment", views, 3)
        return [(opening, replies, end, close) for opening, replies, close in zip(*[iter(pieces)] * 3, strict=True)]

    def rows(self, kind: str, views: Sequence[Any]) -> list[str]:
        """The HTML of each of several things: "post", "post_line" or "entry"."""
        return self._split(kind, views, 1)[:-1]

    def _split(self, kind: str, views: Sequence[Any], pieces: int) -> list[str]:
        """Everything rendered by one call, cut into so many pieces for each and what follows the last."""
        try:
            found = self._templates[kind].render(rows=views).split(_CUT)
        except jinja2.TemplateError as error:
            raise ThemeError(f"theme '{self._theme}': {kind}.html: {_place(error)}{error}") from error
        if len(found) != pieces * len(views) + 1:
            raise ThemeError(
                f"theme '{self._theme}': {kind}.html: must have {{{{ cut }}}} where the built-in one has it"
            )
        return found


def _quickened(template: jinja2.Template) -> jinja2.Template:
    """The same template with less work for each value and each page."""
    # Jinja looks names up in a chain of mappings, and copies it for each page.
    template.globals = dict(template.globals)
    # Compiled templates escape by this name; most values need it not, and a Markup object for each takes longer.
    names = template.root_render_func.__globals__
    if names.get("escape") is escape:
        names["escape"] = _escaped
    return template


_needs_escape = re.compile("[&<>'\"]").search


def _escaped(value: object) -> str:
    """What autoescape writes for a value."""
    kind = type(value)
    if kind is Markup or (kind is str and not _needs_escape(value)):  # type: ignore[call-overload]
        return value  # type: ignore[return-value]
    return escape(value)


def _splitter(translate: Callable[[str], Markup]) -> Callable[[str, str], tuple[Markup, Markup]]:
    """``around("reply to <bdi>%(name)s</bdi>", "name")``: what stands before and behind, for templates that loop."""

    def around(message: str, name: str) -> tuple[Markup, Markup]:
        before, _, after = translate(message).partition(f"%({name})s")
        return before, after

    return around


def _translator(words: Words) -> Callable[..., Markup]:
    """``_("depth %(number)s", number=3)`` for templates. Messages may hold tags; values are escaped."""
    known: dict[str, Markup] = {}

    def translate(message: str, **values: object) -> Markup:
        found = known.get(message)
        if found is None:
            # Messages and catalogues are part of the program, as templates are.
            found = known[message] = Markup(words.gettext(message))  # noqa: S704
        return found % values if values else found

    return translate


def _place(error: Exception) -> str:
    line = getattr(error, "lineno", None)
    name = getattr(error, "name", None)
    return f"{name}:{line}: " if line and name else ""
