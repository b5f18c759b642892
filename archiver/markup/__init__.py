"""From one text somebody wrote to HTML that is safe to show: the only place in the program that makes ``Markup``."""

from __future__ import annotations

from functools import cache

import msgspec
from markdown_it import MarkdownIt
from markupsafe import Markup

from archiver.markup.commonmark import convert, safe_parser
from archiver.markup.lemmy import lemmy_parser
from archiver.markup.links import Context
from archiver.markup.pages import render_html
from archiver.markup.plain import clean, quote, render_text
from archiver.markup.reddit import reddit_parser
from archiver.markup.sanitise import sanitise
from archiver.model import BodyFormat
from archiver.platforms import REDDIT_HOST

__all__ = ["LONGEST_PARSED", "Context", "excerpt", "render", "title"]

LONGEST_PARSED = 256 * 1024
"""Characters; longer bodies are shown as plain text, so that no body can stop a build."""


def render(body: str, body_format: BodyFormat, context: Context) -> Markup:
    """Safe HTML of ``body``: block elements, headings from h4, ids beginning with ``context.prefix``. Never fails."""
    body = clean(body)
    if body_format == "text" or len(body) > LONGEST_PARSED:
        return Markup(sanitise(render_text(body, context), relative=True))
    if body_format == "html":
        html, relative = render_html(body, context)
    else:
        if body_format == "reddit":
            body = body.expandtabs(4)
            context = msgspec.structs.replace(context, host=REDDIT_HOST)
        html, relative = convert(_parser(body_format), body, context)
    return Markup(sanitise(html, relative=relative))


def title(text: str) -> Markup:
    """A title: escaped text without markup."""
    return Markup(quote(clean(text)))


def excerpt(body: str, body_format: BodyFormat, length: int = 300) -> str:
    """The beginning of ``body`` as plain text of at most ``length`` characters, cut at a word with "…"."""
    text = " ".join(clean(body[: length * 4]).split())
    if len(text) <= length:
        return text
    return text[: length - 1].rpartition(" ")[0] + "…"


@cache
def _parser(body_format: BodyFormat) -> MarkdownIt:
    if body_format == "lemmy":
        return lemmy_parser()
    return reddit_parser() if body_format == "reddit" else safe_parser("commonmark")
