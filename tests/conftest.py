"""What every test may use: the real dumps (where they are), and golden files rewritten by --update-golden."""

from __future__ import annotations

import posixpath
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import hypothesis
import msgspec
import pytest
from selectolax.lexbor import LexborHTMLParser

from archiver import config, dumps, intake, publish

REAL_DUMPS = Path(__file__).parent.parent.parent / "shared" / "dumps"

# A property is true or false however busy the machine is.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files from what the code gives")


@pytest.fixture(scope="session")
def real_dumps() -> Path:
    """The folder of real dumps; skips where it is absent: it is not part of the project."""
    if not REAL_DUMPS.is_dir():
        pytest.skip(f"the folder of real dumps, {REAL_DUMPS}, is not here")
    return REAL_DUMPS


@pytest.fixture
def hang_guard() -> Any:
    """``with hang_guard(60):`` fails what takes so many seconds of processor time: far more than a slow machine needs.

    It is there for what would take minutes or hours. Where the system has no such timer, nothing is guarded.
    """

    @contextmanager
    def guard(seconds: int) -> Iterator[None]:
        def fail(*_: object) -> None:
            pytest.fail(f"took more than {seconds} seconds of processor time")

        if not hasattr(signal, "setitimer"):
            yield
            return
        before = signal.signal(signal.SIGPROF, fail)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    return guard


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """``golden(path, text)`` compares text to the file, or writes it with --update-golden."""

    def check(path: Path, actual: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(actual, encoding="utf-8", newline="\n")
        assert path.exists(), f"{path} is missing: make it with pytest --update-golden"
        assert path.read_text(encoding="utf-8") == actual

    return check


@pytest.fixture
def open_dump() -> Any:
    """``open_dump(path, **options)`` gives the one Dump in a file."""
    with ExitStack() as workplace:

        def opened(path: Path, **options: Any) -> dumps.Dump:
            (dump,) = dumps.find([str(path)], workplace, **options)
            assert isinstance(dump, dumps.Dump), dump
            return dump

        yield opened


def as_json(records: list[Any]) -> str:
    """Records as lines of JSON for golden files: one a line, unknown fields left out."""
    lines = []
    for record in records:
        known = {key: value for key, value in msgspec.structs.asdict(record).items() if value not in (None, ())}
        lines.append(msgspec.json.encode({"": type(record).__name__, **known}).decode())
    return "\n".join(lines) + "\n"


@pytest.fixture
def records_golden(golden: Callable[[Path, str], None]) -> Callable[[Path, list[Any]], None]:
    """``records_golden(path, records)``: the golden file of what an importer read."""
    return lambda path, records: golden(path, as_json(records))


class BuiltSite:
    """A site folder, and what tests ask of it."""

    def __init__(self, folder: Path, report: publish.Report) -> None:
        self.folder = folder
        self.report = report

    def paths(self) -> list[str]:
        """Every file of the site, below its folder."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    def page(self, path: str) -> LexborHTMLParser:
        """One page, parsed."""
        return LexborHTMLParser((self.folder / path).read_text(encoding="utf-8"))

    def thread(self, path: str, order: str | None = None) -> list[LexborHTMLParser]:
        """All pages of one order of a thread (None: the default), parsed; ``path`` goes without ``.html``."""
        stem = path
        for link in self.page(f"{path}.html").css("nav.orders a") if order else ():
            if link.text() == {"captured": "as captured"}.get(order or "", order):
                stem = posixpath.join(posixpath.dirname(path), (link.attributes["href"] or "").removesuffix(".html"))
        pages = [self.page(f"{stem}.html")]
        while (self.folder / f"{stem}-{len(pages) + 1}.html").exists():
            pages.append(self.page(f"{stem}-{len(pages) + 1}.html"))
        return pages

    def broken_links(self) -> list[str]:
        """Links of pages that lead to no file of the site, or to no element of it."""
        ids: dict[str, set[str]] = {}
        links: list[tuple[str, str]] = []
        for path in self.paths():
            if not path.endswith(".html"):
                continue
            page = self.page(path)
            ids[path] = {node.attributes["id"] or "" for node in page.css("[id]")}
            links += [
                (path, node.attributes.get("href") or node.attributes.get("src") or "")
                for node in page.css("[href], [src]")
            ]
        broken = []
        for path, link in links:
            if link.startswith(("https:", "http:", "mailto:", "gemini:", "magnet:")):
                continue
            target, _, fragment = link.partition("#")
            found = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target))) if target else path
            known = (self.folder / found).is_file() and (not fragment or fragment in ids.get(found, ()))
            if not known:
                broken.append(f"{path} -> {link}")
        return broken

    def bytes(self) -> dict[str, bytes]:
        """Every file with what is in it."""
        return {path: (self.folder / path).read_bytes() for path in self.paths()}


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BuiltSite]:
    """``make_site(dumps, name="site", jobs=1, **settings)`` imports and builds as the command line does."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    def make(found: list[Path], name: str = "site", jobs: int = 1, **settings: Any) -> BuiltSite:
        report = publish.build_site(
            [str(path) for path in found],
            tmp_path / f"{name}.db",
            tmp_path / name,
            config.load(None, settings),
            intake.Options(),
            jobs,
            lambda _what, _done, _total: None,
        )
        return BuiltSite(tmp_path / name, report)

    return make
