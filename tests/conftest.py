"""What every test may use: the real dumps (where they are), and golden files rewritten by --update-golden."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archiver import dumps

REAL_DUMPS = Path(__file__).parent.parent.parent / "shared" / "dumps"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files from what the code gives")


@pytest.fixture(scope="session")
def real_dumps() -> Path:
    """The folder of real dumps; skips where it is absent: it is not part of the project."""
    if not REAL_DUMPS.is_dir():
        pytest.skip(f"the folder of real dumps, {REAL_DUMPS}, is not here")
    return REAL_DUMPS


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
