"""From one text somebody wrote to HTML that is safe to show: the only place in the program that makes ``Markup``."""

from __future__ import annotations

import re
from functools import cache

import msgspec
from markdown_it import MarkdownIt
from markupsafe import Markup

from archiver.markup.commonmark import convert, core_parser, safe_parser
from archiver.markup.excerpts import READS as EXCERPT_READS
from archiver.markup.excerpts import excerpt
from archiver.markup.fast import render_short
from archiver.markup.lemmy import lemmy_parser
from archiver.markup.links import Context, on_reddit
from archiver.markup.pages import render_html, without_tags
from archiver.markup.plain import clean, quote, render_text
from archiver.markup.reddit import reddit_parser
from archiver.markup.sanitise import sanitise
from archiver.model import BodyFormat

__all__ = ["EXCERPT_READS", "LONGEST_PARSED", "Context", "excerpt", "render", "title"]

LONGEST_PARSED = 256 * 1024
"""Characters; longer bodies are shown as plain text, so that no body can stop a build."""
_LONGEST_TITLE = 1000
_BIDI_CONTROLS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def render(body: str, body_format: BodyFormat, context: Context, prefix: str | None = None) -> Markup:
    """Safe HTML of ``body``: block elements, headings and ids as the context says. Never fails.

    ``prefix``: what makes its ids unique, if not that of the context; many texts may then share one.
    """
    body = clean(body)
    if body_format == "text" or len(body) > LONGEST_PARSED:
        if body_format == "html":
            body = without_tags(body)
        return Markup(sanitise(render_text(body, context), relative=True))  # noqa: S704 (sanitised)
    short = render_short(body, body_format, context)
    if short is not None:
        return Markup(short)  # noqa: S704 (escaped text, fixed tags and judged links; see fast.py)
    # The short ways make no ids.
    if prefix is not None:
        context = msgspec.structs.replace(context, prefix=prefix)
    return Markup(render_fully(body, body_format, context))  # noqa: S704 (sanitised)


def render_fully(body: str, body_format: BodyFormat, context: Context) -> str:
    """What :func:`render` does with a body that holds markup; for tests to compare the short ways with."""
    if body_format == "html":
        html, relative = render_html(body, context)
    else:
        if body_format == "reddit":
            # Tabs count as four columns.
            body = body.expandtabs(4)
            context = on_reddit(context)
        html, relative = convert(_parser(body_format), body, context)
    return sanitise(html, relative=relative)


def title(text: str, body_format: BodyFormat | None = None) -> Markup:
    """A title as inline HTML: escaped text, in which Lemmy knows emphasis, code and strikethrough.

    Controls that turn the direction of writing are dropped: they would turn the rest of the line too.
    """
    text = " ".join(_BIDI_CONTROLS.sub("", clean(text)).split())
    if body_format == "lemmy" and len(text) <= _LONGEST_TITLE and any(sign in text for sign in "*_`~"):
        return Markup(sanitise(_title_parser().renderInline(text), relative=False))  # noqa: S704 (sanitised)
    return Markup(quote(text))  # noqa: S704 (escaped)


@cache
def _parser(body_format: BodyFormat) -> MarkdownIt:
    if body_format == "lemmy":
        return lemmy_parser()
    return reddit_parser() if body_format == "reddit" else safe_parser("commonmark")


@cache
def _title_parser() -> MarkdownIt:
    return core_parser("zero").enable(["emphasis", "backticks", "strikethrough", "balance_pairs", "fragments_join"])
