"""The Reddit dialect: what snudown made of the texts of old.reddit.com, and the API's ``body_html`` still holds."""

from __future__ import annotations

from markdown_it import MarkdownIt

from archiver.markup.commonmark import safe_parser
from archiver.markup.lemmy import render_spoiler
from archiver.markup.reddit_blocks import add_blocks
from archiver.markup.reddit_inline import add_inline


def reddit_parser() -> MarkdownIt:
    """The parser of the dialect."""
    md = safe_parser("js-default")
    add_blocks(md)
    add_inline(md)
    md.add_render_rule("s_open", lambda *_: "<del>")
    md.add_render_rule("s_close", lambda *_: "</del>")
    md.add_render_rule("container_spoiler_open", render_spoiler)
    md.add_render_rule("container_spoiler_close", render_spoiler)
    return md
