"""Hostile texts, sites made of them, and a browser that looks for what they did."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from archiver import config, intake, publish, serve
from archiver.model import Capture, Record
from archiver.store import Archive
from archiver.store.portion import portions

HERE = Path(__file__).parent
CHECKS = (HERE / "checks.js").read_text(encoding="utf-8").strip()
PARSED_AT_ONCE = 200
TRAPS = """
for (const name of ["alert", "confirm", "prompt", "print", "open", "pwned"])
  window[name] = () => console.error("a script ran: " + name);
addEventListener("securitypolicyviolation", (event) => console.error("the policy stopped " + event.violatedDirective));
"""
"""Run before anything of a page: what hostile texts call, and what is stopped by the policy, is told."""


@pytest.fixture(scope="session")
def own_vectors() -> list[str]:
    """The project's own hostile texts, kept beside the tests."""
    return list(json.loads((HERE / "vectors.json").read_text(encoding="utf-8")))


@pytest.fixture(params=["own", "shared"])
def vectors(request: pytest.FixtureRequest, own_vectors: list[str]) -> list[str]:
    """The project's own hostile texts, then those of the test suites of sanitisers, where they are."""
    if request.param == "own":
        return own_vectors
    folder: Path = request.getfixturevalue("real_dumps") / "xss"
    found = [text for path in sorted(folder.glob("*.json")) for text in json.loads(path.read_text(encoding="utf-8"))]
    assert len(found) > 1000
    return sorted(set(found))


class Site:
    """A site folder, as the browser knows it."""

    def __init__(self, folder: Path, report: publish.Report) -> None:
        self.folder = folder
        self.report = report
        self.own = folder.resolve().as_uri() + "/"
        """How all its addresses begin."""

    def pages(self, pattern: str = "**/*.html") -> list[str]:
        """Paths of its pages."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.glob(pattern))

    @contextmanager
    def served(self) -> Iterator[None]:
        """Known by the address of ``archiver serve`` within."""
        before = self.own
        with serve.server(self.folder, 0) as running:
            thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            self.own = f"http://127.0.0.1:{running.server_address[1]}/"
            yield
            self.own = before
            running.shutdown()
            thread.join()


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    """``build(dumps=[], records=[], name="site", **settings)``: a site of dumps, or of records put in without one."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def make(dumps: Iterable[Path] = (), records: Iterable[Record] = (), name: str = "site", **settings: Any) -> Site:
        archive = tmp_path / f"{name}.db"
        capture = Capture(
            id=0, name="none", sha256=hashlib.sha256().hexdigest(), size=0, format="lemmy-api", captured=None,
            newest=None, imported=0, posts=0, comments=0, skipped=0, error=None,
        )  # fmt: skip
        with Archive(archive, writable=True) as opened, opened.adding(capture, "") as writer:
            for some in portions(records):
                writer.add(some)
        report = publish.build_site(
            [str(path) for path in dumps], archive, tmp_path / name, config.load(None, settings), intake.Options(), 1,
            lambda _what, _done, _total: None,
        )  # fmt: skip
        return Site(tmp_path / name, report)

    return make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; skips where there is none, and fails in CI, which must have it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path:
        absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        absent("no Chromium here; on Debian: apt install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=flags)
        yield opened
        opened.close()


class Watch:
    """A page that is looked at, and all it did that a page of the archive does not do."""

    def __init__(self, page: Page, own: str) -> None:
        self.page = page
        self.own = own
        self.problems: list[str] = []
        note = self.problems.append
        page.add_init_script(TRAPS)
        page.on("console", lambda message: note(f"console: {message.text}"))
        page.on("pageerror", lambda error: note(f"error: {error}"))
        page.on("dialog", lambda dialog: (note(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda _: note("a window was opened"))
        page.on("request", lambda asked: asked.url.startswith(own) or note(f"request: {asked.url[:100]}"))
        page.on("framenavigated", lambda frame: frame.url.startswith(own) or note(f"went to {frame.url[:100]}"))
        page.route(re.compile(f"^(?!{re.escape(own)})"), self._stop)

    def _stop(self, route: Route) -> None:
        """Note what the policy let pass, and let it get nowhere."""
        self.problems.append(f"left the page: {route.request.url[:100]}")
        route.abort()

    def open(self, path: str) -> None:
        """Show a page of the site."""
        self.page.goto(self.own + path)

    def check(self, path: str) -> list[str]:
        """All that is wrong with a page; empty if nothing is."""
        self.open(path)
        found = self.problems + self.ask("structure(document, own)") + self.ask("covered()")
        self.problems.clear()
        return [f"{path}: {problem}" for problem in found]

    def parse(self, site: Site) -> list[str]:
        """What is wrong with any page of a site, as the browser's parser sees it: quick, but nothing is shown."""
        problems: list[str] = []
        paths = site.pages()
        # No page of the site: its policy would forbid the base that relative links need.
        self.page.context.route(
            "https://blank.example/", lambda route: route.fulfill(body="", content_type="text/html")
        )
        blank = self.page.context.new_page()
        blank.goto("https://blank.example/")
        for start in range(0, len(paths), PARSED_AT_ONCE):
            pages = [(path, (site.folder / path).read_text()) for path in paths[start : start + PARSED_AT_ONCE]]
            problems += blank.evaluate(f"([pages, own]) => ({CHECKS}).parsed(pages, own)", [pages, self.own])
        return problems

    def ask(self, what: str) -> Any:
        """One of the questions of checks.js."""
        return self.page.evaluate(f"(own) => ({CHECKS}).{what}", self.own)

    def looks(self, path: str) -> dict[str, Any]:
        """How the page's own parts look, and the names of what its scripts made."""
        self.open(path)
        return {**self.ask("looks()"), "globals": self.page.evaluate("Object.keys(window).filter(isNaN).sort()")}


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[[Site], Watch]]:
    """``watch(site)``: a page for looking at a site, from disk or served."""
    contexts = []

    def start(site: Site) -> Watch:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 4000}))
        return Watch(contexts[-1].new_page(), site.own)

    yield start
    for context in contexts:
        context.close()
