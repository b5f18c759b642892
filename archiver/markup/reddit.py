"""The Reddit dialect (snudown)."""

from __future__ import annotations

from markdown_it import MarkdownIt

from archiver.markup.commonmark import parser


def reddit_parser() -> MarkdownIt:
    """The parser of the dialect."""
    return parser("js-default")
