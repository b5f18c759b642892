"""The Jinja environment of a theme, and the frame that every page shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from itertools import islice
from traceback import walk_tb
from typing import Any, NamedTuple

import jinja2
import msgspec
from markupsafe import Markup, escape

from archiver.config import Settings
from archiver.errors import ThemeError
from archiver.render import compiling
from archiver.render.comments import view as comment_view
from archiver.render.entries import view as entry_view
from archiver.render.post_lines import view as post_line_view
from archiver.render.shapes import CUT, Row, Shapes
from archiver.theme import Theme
from archiver.views import CommunityView, SiteView
from archiver.words import Words

Pieces = tuple[bytes, bytes, bytes, bytes]
"""What opens a comment, what opens and closes the list of its replies, what closes it; in UTF-8, as all pieces are."""

ROWS = ("comment", "post", "post_line", "entry", "sidebar")
"""Templates of things in pages, which render many at once."""

PAGES = ("thread", "listing", "person")
"""Templates of pages of which there are many: what differs between them, for many at once."""

SINGLE = ("communities", "about", "accessibility")
"""Templates of pages that there are once."""

_SHARED = ("base", "shell")
"""Templates that others use."""

_FAULTS = (
    jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What templates raise: a theme's may do anything with what they are given."""


class Frame(NamedTuple):
    """What stands around a page."""

    path: str
    """Of its file, below the site folder."""
    kind: str
    """ "thread", "community", "person" …"""
    canonical: str
    """Path of the page that stands for all orders."""
    sided: bool = False
    """It has something at its side."""


class Around(NamedTuple):
    """What base.html asks about a page."""

    kind: str
    root: str
    """The way to the top of the site."""
    canonical: str | None
    """Address of the page that stands for all orders."""
    sided: bool = False


class Page(msgspec.Struct, frozen=True):
    """A finished page."""

    path: str
    """Below the site folder."""
    data: bytes


class _Loader(jinja2.FileSystemLoader):
    """Names the template that cannot be read."""

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """As Jinja does it. Raises TemplateError."""
        try:
            return super().get_source(environment, template)
        except jinja2.TemplateNotFound:  # an OSError too
            raise
        except (OSError, UnicodeDecodeError) as error:
            raise jinja2.TemplateError(f"{template}: {error}") from error


class Templates:
    """The templates of one theme, compiled."""

    def __init__(self, settings: Settings, theme: Theme, words: Words, title: str) -> None:
        """Raises ThemeError where a template is missing or wrong."""
        self._base_url = settings.base_url and settings.base_url.rstrip("/")
        self._theme = theme.name
        environment = jinja2.Environment(
            loader=_Loader([str(folder) for folder in theme.templates]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            bytecode_cache=compiling.Remembered(),
            extensions=["jinja2.ext.i18n"],
        )
        environment.code_generator_class = compiling.Direct
        environment.globals["site"] = SiteView(title, words.language, words.direction)
        environment.globals["number"] = words.number
        environment.filters["listed"] = words.listed
        translate = _translator(words)
        environment.globals.update(_=translate, gettext=translate, around=_splitter(translate))
        self._shell = lru_cache(256)(self._shell_of)
        self._cut = environment.globals["cut"] = Markup(CUT)  # noqa: S704  a constant
        with self._explained():
            macros = compiling.quickened(environment.get_template("macros.html"))
            # Once for all templates: to import them in each takes longer than most of what they do.
            environment.globals["m"] = macros.module
            templates = {name: environment.get_template(f"{name}.html") for name in (*ROWS, *PAGES, *SINGLE, *_SHARED)}
        self._templates = {name: compiling.quickened(template) for name, template in templates.items()}
        self._shapes = {
            "comment": self._shapes_of("comment", comment_view, 3),
            "entry": self._shapes_of("entry", entry_view, 1),
            "post_line": self._shapes_of("post_line", post_line_view, 1),
        }

    def page(self, name: str, values: Mapping[str, Any]) -> Page:
        """A page that there is once; all of these lie at the top of the site."""
        path = f"{name}.html"
        with self._explained():
            text = self._templates[name].render(page=Around(name, "", self._canonical(path)), **values)
        return Page(path, _encoded(text))

    def pages(
        self, name: str, frames: Sequence[Frame], views: Sequence[Any], contents: Sequence[Iterable[bytes]]
    ) -> Iterator[Page]:
        """Several pages of one template, rendered by one call. ``contents``: the pieces that each is filled with."""
        pieces = iter(self._split(name, views, 5))
        for frame, content in zip(frames, contents, strict=True):
            yield self._filled(frame, content, *islice(pieces, 5))

    def _filled(
        self,
        frame: Frame,
        content: Iterable[bytes],
        title: bytes,
        description: bytes,
        above: bytes,
        below: bytes,
        aside: bytes,
    ) -> Page:
        canonical = _encoded(escape(self._canonical(frame.canonical) or ""))
        shell = self._shell(frame.kind, _root(frame.path), frame.sided)
        to_title, to_description, to_canonical, to_main, to_aside, end = shell
        head = to_title, title, to_description, description, to_canonical, canonical
        return Page(frame.path, b"".join((*head, to_main, above, *content, below, to_aside, aside, end)))

    def _shell_of(self, kind: str, root: str, sided: bool) -> list[bytes]:
        """What stands around all pages of a kind in a folder, in six pieces."""
        canonical = self._cut if self._base_url else None
        with self._explained():
            found = self._templates["shell"].render(page=Around(kind, root, canonical, sided))
        pieces = _encoded(found).split(CUT.encode())
        if not canonical:
            pieces[2:2] = [b""]
        if len(pieces) != 6:
            raise ThemeError(f"theme '{self._theme}': base.html must have each block and page.canonical once")
        return pieces

    def _canonical(self, path: str) -> str | None:
        return f"{self._base_url}/{path}" if self._base_url else None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong while a template is compiled or rendered is said with its file and line."""
        try:
            yield
        except _FAULTS as error:
            raise ThemeError(f"theme '{self._theme}': {_place(error)}{_said(error)}") from error

    def comments(self, rows: Sequence[Row]) -> list[Pieces]:
        """Each comment in pieces: what opens it, the list of its replies, closes that list, closes the comment."""
        found = self._pieces("comment", rows, 3)
        pieces, end = iter(found), _encoded(self._shapes["comment"].end)
        return [(opening, replies, end, close) for opening, replies, close in zip(pieces, pieces, pieces, strict=True)]

    def entries(self, rows: Sequence[Row]) -> list[bytes]:
        """The HTML of each of several things that people wrote."""
        return self._pieces("entry", rows, 1)

    def post_lines(self, rows: Sequence[Row]) -> list[bytes]:
        """The HTML of each of several posts in a list."""
        return self._pieces("post_line", rows, 1)

    def _pieces(self, kind: str, rows: Sequence[Row], pieces: int) -> list[bytes]:
        found = self._shapes[kind].pieces(rows)
        self._check(kind, len(found), pieces * len(rows))
        return found

    def _shapes_of(self, kind: str, view: Callable[[Row], Any], pieces: int) -> Shapes:
        def ask(rows: Sequence[Row]) -> list[str]:
            found = self._rendered(kind, [view(row) for row in rows]).split(CUT)
            self._check(kind, len(found), pieces * len(rows) + 1)
            return [*(CUT.join(found[at : at + pieces]) for at in range(0, len(found) - 1, pieces)), found[-1]]

        return Shapes(ask, shaped=compiling.only_shows(self._templates[kind]))

    def part(self, kind: str, view: Any) -> Markup:
        """The HTML of one thing, "post" or "sidebar", to be shown by another template."""
        return Markup(self._split(kind, [view], 1)[0].decode())  # noqa: S704 (made by the template)

    def with_side(self, community: CommunityView) -> CommunityView:
        """The community with its HTML for the side of a page, which is made once."""
        if community.html is None:
            community.html = self.part("sidebar", community)
        return community

    def _split(self, kind: str, views: Sequence[Any], pieces: int) -> list[bytes]:
        """Everything rendered by one call, cut into so many pieces for each and what follows the last."""
        found = _encoded(self._rendered(kind, views)).split(CUT.encode())
        self._check(kind, len(found), pieces * len(views) + 1)
        return found

    def _rendered(self, kind: str, views: Sequence[Any]) -> str:
        with self._explained():
            return self._templates[kind].render(rows=views)

    def _check(self, kind: str, found: int, wanted: int) -> None:
        if found != wanted:
            raise ThemeError(
                f"theme '{self._theme}': {kind}.html: must have {{{{ cut }}}} where the built-in one has it"
            )


def _encoded(text: str) -> bytes:
    # As bytes it takes less space, and is copied into pages as it is. Half a character may come in from a dump.
    return text.encode("utf-8", "replace")


def _splitter(translate: Callable[[str], Markup]) -> Callable[[str, str], tuple[Markup, Markup]]:
    """``around("reply to <bdi>%(name)s</bdi>", "name")``: what stands before and behind, for templates that loop."""

    @cache
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


def _root(path: str) -> str:
    """The way from a page to the top of the site."""
    return "../" * path.count("/")


def _place(error: Exception) -> str:
    """The file of a template and the line that an error comes from, as far as they are known."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}: "
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        if "__jinja_exception__" in frame.f_globals:  # where Jinja has put the template's lines in already
            place = f"{frame.f_code.co_filename}:{line}: "
        elif template := frame.f_globals.get("__jinja_template__"):
            place = f"{template.filename}:{template.get_corresponding_lineno(line)}: "
    return place


def _said(error: Exception) -> str:
    """What went wrong, on one line."""
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template '{error.name}'"
    return " ".join(str(error).split()) or type(error).__name__
