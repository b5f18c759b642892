"""Pages: records in, HTML out. Knows templates and addresses; never sees the archive file or the disk."""

from __future__ import annotations

from collections.abc import Mapping

from archiver.config import Settings
from archiver.model import Site
from archiver.render.entries import Entry
from archiver.render.lists import ListedPage, ListPage, ListRenderer
from archiver.render.parts import Exists, Parts, Span
from archiver.render.templates import Page, Templates
from archiver.render.threads import ThreadRenderer
from archiver.theme import Theme
from archiver.words import Words

__all__ = ["Entry", "ListPage", "ListedPage", "Page", "Renderer", "Span"]


class Renderer:
    """Renders every kind of page of one site."""

    def __init__(self, settings: Settings, theme: Theme, sites: Mapping[str, Site], exists: Exists) -> None:
        """``exists`` tells whether a person or community has a page.
        Raises ThemeError for an unusable template, ConfigError for an unknown language.
        """
        words = Words(settings.language)
        parts = Parts(settings, words, sites, exists)
        templates = Templates(settings, theme, words, parts.title)
        self.threads = ThreadRenderer(settings, templates, parts)
        self.lists = ListRenderer(settings, templates, parts)
