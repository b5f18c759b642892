"""The Jinja environment of a theme, and the frame that every page shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from archiver import urls
from archiver.config import Settings
from archiver.errors import ThemeError
from archiver.theme import Theme
from archiver.views import CommentView
from archiver.words import Words

NAMES = ("thread", "listing", "person", "communities", "about", "accessibility")
"""Templates of whole pages."""


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
            extensions=["jinja2.ext.i18n"],
        )
        environment.globals["site"] = {"title": title, "language": words.language, "direction": words.direction}
        environment.globals["number"] = words.number
        environment.filters["listed"] = words.listed
        translate = _translator(words)
        environment.globals.update(_=translate, gettext=translate)
        try:
            self._pages = {name: environment.get_template(f"{name}.html") for name in NAMES}
            pieces: Any = environment.get_template("comment.html").module
            self._pieces = pieces.open, pieces.replies, pieces.close
            self.end_of_replies: Markup = pieces.end()
        except (jinja2.TemplateError, AttributeError) as error:
            raise ThemeError(f"theme '{theme.name}': {_place(error)}{error}") from error

    def page(self, kind: str, path: str, frame: Mapping[str, Any], values: Mapping[str, Any]) -> Page:
        """One whole page. ``frame``: what base.html shows around it, with the path of the canonical page."""
        root = urls.relative("index.html", path).removesuffix("index.html")
        canonical = f"{self._base_url}/{frame['canonical']}" if self._base_url else None
        context = {"kind": kind, "number": 1, "root": root, **frame, "canonical": canonical}
        try:
            text = self._pages[kind].render(page=context, **values)
        except jinja2.TemplateError as error:
            raise ThemeError(f"theme '{self._theme}': {kind}.html: {_place(error)}{error}") from error
        return Page(path, text)

    def comment(self, view: CommentView) -> tuple[Markup, Markup, Markup]:
        """One comment in pieces: what opens it, what opens the list of its replies, what closes it."""
        opening, replies, closing = self._pieces
        try:
            return opening(view), replies(view), closing(view)
        except jinja2.TemplateError as error:
            raise ThemeError(f"theme '{self._theme}': comment.html: {_place(error)}{error}") from error


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
