"""Renders units: what belongs together in the site and is made at once. Runs in every worker process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path

from archiver import markup, paging, sorts, theme, tree
from archiver.config import Settings
from archiver.job import Job
from archiver.ledger import ASK, FRONT, Rendered, Written, named_unit, thread_unit
from archiver.model import Community, Numbers, Person
from archiver.output import Staging
from archiver.platforms import PLATFORMS, REDDIT
from archiver.ranking import Ranking
from archiver.render import Entry, ListedPage, ListPage, Page, Renderer, Span
from archiver.scratch import Scratch
from archiver.sorts import EntryLine, PostLine
from archiver.store import reading

PIECES_KEPT = 5000
"""Posts or entries of a list that stay in memory from one order to the next."""
ENTRIES_AT_ONCE = 500
"""Entries of people that are rendered together."""
PAGES_AT_ONCE = 100
"""Pages of people that are rendered together."""
COMMUNITIES_KEPT = 50
"""Communities kept for the next thread."""
NAMES_KEPT = 50_000
"""People and communities of whom a worker remembers whether they have a page."""

Pieces = Scratch[int, bytes]
"""The HTML of posts or entries, by their keys or places."""


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
        return self.staging.write(page.path, page.data, content)

    def asked(self) -> list[ASK]:
        """Whose pages were asked for since the last call."""
        asked = sorted(self._asked)
        self._asked.clear()
        return asked

    def close(self) -> None:
        """Let go of the files."""
        self.archive.__exit__()
        self.staging.close()


def compile_templates(settings: Settings) -> None:
    """What each process does before its first page, as far as no archive is needed. Raises ThemeError, ConfigError."""
    Renderer(settings, theme.load(settings.theme), {}, lambda *_: False)


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


def persons(worker: Worker, names: Sequence[tuple[str, str]]) -> list[Rendered]:
    """Every page of each person, given as (host, name)."""
    rendered = []
    waiting: list[tuple[ListedPage, list[Written]]] = []
    for person, lines, entries in _written(worker, worker.archive.persons(names)):
        files: list[Written] = []
        for page in _person(worker, person, lines, entries):
            waiting.append((page, files))
            if len(waiting) >= PAGES_AT_ONCE:
                _write(worker, waiting)
        # Entries lead nowhere but to their authors and threads, so no page that comes or goes changes them.
        rendered.append(Rendered(named_unit("person", person.host, person.name), files, []))
    _write(worker, waiting)
    return rendered


def _write(worker: Worker, waiting: list[tuple[ListedPage, list[Written]]]) -> None:
    """Render pages together, and note each among the files it belongs to."""
    pages = worker.renderer.lists.persons([page for page, _ in waiting])
    for page, (_, files) in zip(pages, waiting, strict=True):
        files.append(worker.write(page))
    waiting.clear()


def _person(worker: Worker, person: Person, lines: list[EntryLine], entries: Pieces) -> Iterator[ListedPage]:
    """Every page of what one person wrote, not rendered yet."""
    site = worker.sites[person.host]
    arrange = partial(sorts.arrange_entries, lines, ranking=Ranking(PLATFORMS[site.platform], site.version, 0))
    arranged = sorts.distinct(sorts.offered_entries(lines), arrange)
    posts = sum(line.comment is None for line in lines)
    head = worker.renderer.lists.person_head(person, [order.names for order in arranged], posts, len(lines) - posts)
    for names, things in arranged:
        for number, span in enumerate(paging.batches(len(things), worker.settings.posts_per_page), 1):
            places = [things[at].place for at in span]
            pieces = entries.get(places)
            shown = ListPage(names, number, len(things))
            yield worker.renderer.lists.person_page(head, shown, [pieces[place] for place in places])


def _written(worker: Worker, people: Iterable[Person]) -> Iterator[tuple[Person, list[EntryLine], Pieces]]:
    """What people's posts and comments are ordered by, and their HTML, which looks alike in every order.

    The HTML is rendered for many people together.
    """
    begun: list[tuple[Person, list[EntryLine], Pieces]] = []
    waiting: list[tuple[Pieces, int, Entry]] = []
    for person in people:
        begun.append((person, [], Scratch(PIECES_KEPT, bytes, bytes)))
        _, lines, entries = begun[-1]
        for line, post, comment in worker.archive.written(person.host, person.name, markup.EXCERPT_READS):
            lines.append(line)
            page = worker.staging.page_of(line.key, comment.id) if comment else 1
            waiting.append((entries, line.place, Entry(post, comment, page)))
            if len(waiting) >= ENTRIES_AT_ONCE:
                _keep(worker, waiting)
                yield from begun[:-1]
                del begun[:-1]
    _keep(worker, waiting)
    yield from begun


def _keep(worker: Worker, waiting: list[tuple[Pieces, int, Entry]]) -> None:
    """Render entries together, and keep each with those it belongs to."""
    made = worker.renderer.lists.entries([entry for _, _, entry in waiting])
    for entries, some in groupby(zip(waiting, made, strict=True), lambda pair: pair[0][0]):
        entries.keep({place: html for (_, place, _), html in some})
    waiting.clear()


def communities(worker: Worker, names: Iterable[tuple[str, str]]) -> list[Rendered]:
    """The lists of posts of each community, given as (host, name)."""
    rendered = []
    for host, name in names:
        site = worker.sites[host]
        lines = sorts.by_id(worker.archive.post_lines(host, name))
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
    scratch: Pieces = Scratch(PIECES_KEPT, bytes, bytes)

    def posts(shown: list[PostLine]) -> list[bytes]:
        """Their HTML, which looks alike in every order."""
        found = scratch.get([line.key for line in shown])
        if fresh := {line.key: line.here for line in shown if line.key not in found}:
            made = render.post_lines(community, zip(worker.archive.posts(list(fresh)), fresh.values(), strict=True))
            new = dict(zip(fresh, made, strict=True))
            scratch.keep(new)
            found |= new
        return [found[line.key] for line in shown]

    for names, things in arranged:
        order = render.list_order(head, groups, names, len(things), ranking.as_of)
        around = {number: _checksum(worker.origin, order.shown(number)) for number in (1, 2)}
        for number, span in enumerate(paging.batches(len(things), size), 1):
            shown = [things[at] for at in span]
            content = _checksum(around[min(number, 2)], number, [(line.key, line.changed) for line in shown])
            known = worker.staging.known(order.path(number), content)
            if known is None:
                known = worker.write(render.posts(order, number, posts(shown)), content)
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
    files = _listing(worker, sorts.by_id(worker.archive.post_lines()), ranking, None, numbers)
    captures = [(capture, worker.archive.skips(capture.id)) for capture in worker.archive.captures()]
    files.append(worker.write(worker.renderer.lists.communities(numbers)))
    files.append(worker.write(worker.renderer.lists.about(numbers, captures)))
    files.append(worker.write(worker.renderer.lists.accessibility()))
    for name, path in sorted(worker.theme.static_files().items()):
        files.append(worker.staging.write(f"static/{name}", path.read_bytes()))
    return [Rendered(FRONT, files, worker.asked())]
