"""Renders units: what belongs together in the site and is made at once. Runs in every worker process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

from archiver import markup, paging, sorts, theme, tree
from archiver.job import Job
from archiver.ledger import ASK, FRONT, Rendered, Written, named_unit, thread_unit
from archiver.model import Comment, Community, Numbers, Person, Post
from archiver.output import Scratch, Staging
from archiver.platforms import PLATFORMS, REDDIT
from archiver.ranking import Ranking
from archiver.render import ListPage, Page, Renderer, Span
from archiver.sorts import EntryLine, PostLine
from archiver.store import reading

PIECES_KEPT = 5000
"""Posts or entries of a list that stay in memory from one order to the next."""
ENTRIES_AT_ONCE = 500
"""Entries of a person that are rendered together."""
PAGES_AT_ONCE = 10
"""Pages of a person's list that are rendered together."""
COMMUNITIES_KEPT = 50
"""Communities kept for the next thread."""
NAMES_KEPT = 50_000
"""People and communities of whom a worker remembers whether they have a page."""


class Worker:
    """Everything that rendering needs, opened once in each process."""

    def __init__(self, job: Job) -> None:
        self.settings = job.settings
        self.origin = job.origin
        self.archive = reading(Path(job.archive), job.redactions)
        self.staging = Staging(Path(job.output), Path(job.workplace))
        self.sites = self.archive.sites()
        self.theme = theme.load(job.settings.theme)
        self.renderer = Renderer(job.settings, self.theme, self.sites, self._exists)
        self.community = lru_cache(COMMUNITIES_KEPT)(self.archive.community)
        self._has = lru_cache(NAMES_KEPT)(self._has_page)
        self._asked: set[ASK] = set()

    def _exists(self, kind: str, host: str, name: str) -> bool:
        self._asked.add((kind, host, name))
        return self._has(kind, host, name)

    def _has_page(self, kind: str, host: str, name: str) -> bool:
        if kind == "person":
            return self.settings.people and self.archive.has_person(host, name)
        return self.archive.has_community(host, name)

    def write(self, page: Page, content: str | None = None) -> Written:
        """Put a page among the files of the site."""
        return self.staging.write(page.path, page.text.encode("utf-8", "replace"), content)

    def asked(self) -> list[ASK]:
        """Whose pages were asked for since the last call."""
        asked = sorted(self._asked)
        self._asked.clear()
        return asked

    def close(self) -> None:
        """Let go of the files."""
        self.archive.__exit__()
        self.staging.close()


def threads(worker: Worker, keys: Iterable[int]) -> list[Rendered]:
    """Every page of each thread."""
    return [_thread(worker, key) for key in keys]


def _thread(worker: Worker, key: int) -> Rendered:
    stored = worker.archive.thread(key)
    post = stored.post
    thread = tree.build(post, stored.comments, stored.gaps)
    as_of = stored.captured.latest if stored.captured else stored.newest
    site = worker.sites[post.host]
    ranking = Ranking(PLATFORMS[site.platform], site.version, as_of)
    offered = [o for o in sorts.offered(stored.comments) if o in worker.settings.orders] or ["old"]
    community = worker.community(post.host, post.community) if post.community else None
    arranged = sorts.distinct(offered, partial(sorts.arrange, thread, ranking=ranking))
    render = worker.renderer.threads
    pages = render.pages(thread, arranged, community, Span(stored.captured, stored.newest))
    files = [worker.write(page) for page in pages]
    places = render.places(arranged) if len(stored.comments) > worker.settings.comments_per_page else {}
    return Rendered(thread_unit(key), files, worker.asked(), places, key)


def persons(worker: Worker, names: Iterable[tuple[str, str]]) -> list[Rendered]:
    """Every page of each person, given as (host, name)."""
    return [_person(worker, host, name) for host, name in names]


def _person(worker: Worker, host: str, name: str) -> Rendered:
    person = worker.archive.person(host, name)
    lines, entries = _entries(worker, person, worker.archive.written(host, name, markup.EXCERPT_READS))
    posts = sum(line.comment is None for line in lines)
    totals = posts, len(lines) - posts
    site = worker.sites[host]
    arrange = partial(sorts.arrange_entries, lines, ranking=Ranking(PLATFORMS[site.platform], site.version, 0))
    arranged = sorts.distinct(sorts.offered_entries(lines), arrange)
    groups = [order.names for order in arranged]
    files: list[Written] = []
    for names, things in arranged:
        pages = enumerate(paging.batches(len(things), worker.settings.posts_per_page), 1)
        while some := list(islice(pages, PAGES_AT_ONCE)):
            shown = []
            for number, span in some:
                places = [things[at].place for at in span]
                pieces = entries.get(places)
                shown.append((ListPage(names, number, len(things)), [pieces[place] for place in places]))
            files += map(worker.write, worker.renderer.lists.person(person, groups, totals, shown))
    return Rendered(named_unit("person", host, name), files, worker.asked())


def _entries(
    worker: Worker, person: Person, written: Iterator[tuple[EntryLine, Post, Comment | None]]
) -> tuple[list[EntryLine], Scratch]:
    """What somebody's posts and comments are ordered by, and their HTML, which looks alike in every order."""
    lines: list[EntryLine] = []
    entries = Scratch(PIECES_KEPT)
    while some := list(islice(written, ENTRIES_AT_ONCE)):
        lines += (line for line, _, _ in some)
        paged = (
            (post, comment, worker.staging.page_of(line.key, comment.id) if comment else 1)
            for line, post, comment in some
        )
        made = worker.renderer.lists.entries(person, paged)
        entries.keep({line.place: html for (line, _, _), html in zip(some, made, strict=True)})
    return lines, entries


def communities(worker: Worker, names: Iterable[tuple[str, str]]) -> list[Rendered]:
    """The lists of posts of each community, given as (host, name)."""
    rendered = []
    for host, name in names:
        site = worker.sites[host]
        lines = list(worker.archive.post_lines(host, name))
        ranking = Ranking(PLATFORMS[site.platform], site.version, worker.archive.as_of(host, name))
        files = _listing(worker, lines, ranking, worker.community(host, name), None)
        rendered.append(Rendered(named_unit("community", host, name), files, worker.asked()))
    return rendered


def _listing(
    worker: Worker, lines: list[PostLine], ranking: Ranking, community: Community | None, numbers: Numbers | None
) -> list[Written]:
    """Every page of one list of posts, in every order. Pages that show what they showed before are left alone."""
    files = []
    render = worker.renderer.lists
    size = worker.settings.posts_per_page
    arrange = partial(sorts.arrange_posts, lines, ranking=ranking, pinned_first=community is not None)
    arranged = sorts.distinct(sorts.offered_posts(lines, ranking), arrange)
    groups = [order.names for order in arranged]
    head = render.list_head(community, numbers)
    scratch = Scratch(PIECES_KEPT)

    def posts(keys: list[int]) -> list[str]:
        """Their HTML, which looks alike in every order."""
        found = scratch.get(keys)
        if fresh := [key for key in keys if key not in found]:
            made = render.post_lines(community, [(post, count) for _, post, count in worker.archive.posts(fresh)])
            scratch.keep(dict(zip(fresh, made, strict=True)))
            found |= zip(fresh, made, strict=True)
        return [found[key] for key in keys]

    for names, things in arranged:
        for number, span in enumerate(paging.batches(len(things), size), 1):
            shown = [things[at] for at in span]
            frame, view = render.page_of_posts(head, groups, ListPage(names, number, len(things)))
            content = _checksum(worker.origin, [(line.key, line.changed) for line in shown], frame, view)
            known = worker.staging.known(frame.path, content)
            if known is None:
                known = worker.write(render.posts(frame, view, posts([line.key for line in shown])), content)
            files.append(known)
    return files


def _checksum(*things: object) -> str:
    return hashlib.blake2b(repr(things).encode("utf-8", "replace"), digest_size=16).hexdigest()


def front(worker: Worker, pieces: Iterable[Numbers]) -> list[Rendered]:
    """The pages about the whole archive, and the files of the theme."""
    (numbers,) = pieces
    platforms = {site.platform for site in worker.sites.values()}
    versions = {site.version for site in worker.sites.values()}
    # Lemmy's ranks depend on the time of capture, Reddit's do not: those compare across sites.
    platform = PLATFORMS[next(iter(platforms))] if len(platforms) == 1 else REDDIT
    version = next(iter(versions)) if len(versions) == 1 else None
    ranking = Ranking(platform, version, worker.archive.as_of())
    files = _listing(worker, list(worker.archive.post_lines()), ranking, None, numbers)
    captures = [(capture, worker.archive.skips(capture.id)) for capture in worker.archive.captures()]
    files.append(worker.write(worker.renderer.lists.communities(numbers)))
    files.append(worker.write(worker.renderer.lists.about(numbers, captures)))
    files.append(worker.write(worker.renderer.lists.accessibility()))
    for name, path in sorted(worker.theme.static_files().items()):
        files.append(worker.staging.write(f"static/{name}", path.read_bytes()))
    return [Rendered(FRONT, files, worker.asked())]
