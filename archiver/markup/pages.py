"""Bodies that are HTML already (saved pages, Hacker News): made uniform by the sanitiser, then rewritten tag by tag."""

from __future__ import annotations

from archiver.markup.links import Context
from archiver.markup.sanitise import sanitise


def render_html(body: str, context: Context) -> tuple[str, bool]:
    """Safe HTML of ``body`` and whether it holds links into the archive."""
    return sanitise(body, relative=False), False
