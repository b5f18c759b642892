"""What has to be rendered: everything, or what differs from what the site was built from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec

from archiver import theme
from archiver.config import Settings
from archiver.ledger import ASK, FRONT, Ledger, named_unit, thread_unit
from archiver.store import Archive

LIBRARIES = ("babel", "jinja2", "linkify-it-py", "markdown-it-py", "markupsafe", "mdit-py-plugins", "nh3")
"""Those that pages are made with: a newer one may make others."""

Name = tuple[str, str]
"""(host, name) of a person or community."""


class Changes:
    """The units to render; they are forgotten in the ledger, so that what comes of them can be noted."""

    def __init__(self, archive: Archive, ledger: Ledger, output: Path, settings: Settings) -> None:
        self._archive = archive
        self._ledger = ledger
        identity, revision = archive.state()
        self.facts = {"look": _look(archive, settings), "archive": identity, "revision": str(revision)}
        """What to remember of this build."""
        self._people = settings.people
        self._threads: set[int] = set()
        self._persons: set[Name] = set()
        self._communities: set[Name] = set()
        self._lists: set[str] = set()
        self._front = False
        self.everything = any(ledger.fact(name) != self.facts[name] for name in ("look", "archive"))
        if self.everything:
            ledger.forget_all()
        else:
            self._find(int(ledger.fact("revision") or 0), revision, output)

    @property
    def origin(self) -> str:
        """What all pages depend on."""
        return f"{self.facts['look']} {self.facts['archive']}"

    @property
    def count(self) -> int | None:
        """Threads and people to render; None: all of them."""
        return None if self.everything else len(self._threads) + len(self._persons)

    def __bool__(self) -> bool:
        return self.everything or self._front

    def threads(self) -> Iterator[int]:
        """Keys of the threads to render."""
        return iter(self._archive.thread_keys() if self.everything else sorted(self._threads))

    def persons(self) -> Iterator[Name]:
        """The people to render, after the threads."""
        if not self._people:
            return iter(())
        return self._archive.authors() if self.everything else iter(sorted(self._persons))

    def communities(self, sizes: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str, int]]:
        """The communities to render, of those with these sizes: (host, name, threads)."""
        for host, name, threads in sizes:
            if self.everything or named_unit("community", host, name) in self._lists:
                yield host, name, threads

    def moved(self, thread: int, comments: Iterable[str]) -> None:
        """Comments stand on another page now, so the lists of those who wrote them lead elsewhere."""
        if not self.everything:
            self._add_persons(self._archive.authors_of(thread, comments))

    def _find(self, since: int, revision: int, output: Path) -> None:
        self._add_units(self._ledger.damaged(output))
        self._threads.update(self._archive.changed_threads(since))
        for kind, found in (("person", self._persons), ("community", self._communities)):
            for host, name in self._archive.changed(kind, since):
                self._came_or_went((kind, host, name))
                found.add((host, name))
        self._lists = {named_unit("community", *name) for name in self._communities}
        self._ledger.forget(thread_unit(key) for key in self._threads)
        self._ledger.forget(named_unit("person", *name) for name in self._persons)
        self._ledger.forget(self._lists)
        self._persons = set(self._spelled(self._persons))
        self._front = self._front or revision != since or bool(self._threads or self._persons or self._communities)
        if self._front:
            self._ledger.forget([FRONT])

    def _came_or_went(self, ask: ASK) -> None:
        """Where somebody got a page, or lost it, the texts that name them have to follow."""
        kind, *name = ask
        if kind == "person" and not self._people:
            return
        exists = self._archive.has_person(*name) if kind == "person" else self._archive.has_community(*name)
        if exists != self._ledger.has(named_unit(*ask)):
            self._add_units(list(self._ledger.who_asked(ask)))

    def _add_units(self, units: Iterable[str]) -> None:
        for unit in units:
            if unit == FRONT:
                self._front = True
            elif unit.startswith("thread "):
                self._threads.add(int(unit.removeprefix("thread ")))
            else:
                kind, host, name = msgspec.json.decode(unit, type=tuple[str, str, str])
                (self._persons if kind == "person" else self._communities).add((host, name))

    def _add_persons(self, names: Iterable[Name]) -> None:
        for name in self._spelled(names):
            self._persons.add(name)
            self._ledger.forget([named_unit("person", *name)])

    def _spelled(self, names: Iterable[Name]) -> Iterator[Name]:
        """Those of these people who wrote something, each by one spelling of the name."""
        for host, name in names:
            if (author := self._archive.author(host, name)) is not None:
                yield host, author


def _look(archive: Archive, settings: Settings) -> str:
    """A checksum of all that decides how every page looks: the program, the theme, the settings, the sites."""
    package = Path(__file__).parent
    root = theme.data_root()
    folders = [package, root / "templates", *theme.load(settings.theme).folders]
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(folder)}\0".encode("utf-8", "replace") + path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    digest.update(msgspec.json.encode([settings, archive.sites()]))
    return digest.hexdigest()
