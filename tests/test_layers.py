"""The house's own rules: imports point down only, no importer sees another, functions stay short, the edge speaks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import archiver
from archiver import importers

PACKAGE = Path(archiver.__file__).parent
LAYERS = [
    ["__main__"],
    ["cli"],
    ["telling"],
    ["publish", "verify"],
    ["changes", "crew"],
    ["units"],
    ["render", "store", "importers", "intake", "reader", "output", "serve"],
    ["job"],
    ["ledger", "redactions"],
    ["theme", "markup", "dumps", "views", "words", "paging", "scratch"],
    ["tree", "sorts", "ranking", "urls", "config"],
    ["platforms", "own", "interrupts"],
    ["model"],
    ["errors"],
]
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
IMPORTER_MAY_SEE = {"model", "errors", "dumps", "platforms"}
IMPORTER_MODULES = {name.replace("-", "_") for name in importers.NAMES}
FORBIDDEN_NAMES = {"utils", "helpers", "core", "manager", "common"}
MAX_LINES = 60

MODULES = sorted(PACKAGE.rglob("*.py"))
named = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def room(path: Path) -> str:
    """The room a module belongs to: the package or module just below archiver."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> Iterator[tuple[str, ...]]:
    """What a module imports from this program, as parts of dotted names below ``archiver``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            # "from archiver.x import y": y may be a module or a thing in x; both are below x.
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "archiver":
                yield tuple(name.split(".")[1:])


def called(path: Path, *names: str) -> list[int]:
    """Lines that call one of these functions."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]


@named
def test_imports_point_down_only(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        assert list(imported(path)) == []
        return
    assert own in LEVEL, f"{own} is in no layer yet: give it one in LAYERS"
    for parts in imported(path):
        if parts[0] not in (own, "__version__"):
            # Rooms of one layer may see each other (intake asks the store and the importers).
            assert LEVEL[parts[0]] >= LEVEL[own], f"{own} sees {parts[0]}, which is above it"


def test_no_room_sees_itself_through_another() -> None:
    sees = {own: set[str]() for own in LEVEL}
    for path in MODULES:
        if room(path) in sees:
            sees[room(path)] |= {parts[0] for parts in imported(path)} & set(LEVEL) - {room(path)}
    while sees:
        free = [own for own, others in sees.items() if not others & set(sees)]
        assert free, f"these rooms import each other: {sorted(sees)}"
        for own in free:
            del sees[own]


@pytest.mark.parametrize("path", sorted((PACKAGE / "importers").glob("*.py")), ids=lambda path: path.stem)
def test_an_importer_sees_no_other(path: Path) -> None:
    if path.stem == "__init__":
        return
    for parts in imported(path):
        if parts[0] == "importers":
            assert parts[1] not in IMPORTER_MODULES, f"{path.stem} sees {parts[1]}"
        else:
            assert parts[0] in IMPORTER_MAY_SEE, f"{path.stem} sees {parts[0]}"


@named
def test_names_say_what_a_module_does(path: Path) -> None:
    assert path.stem not in FORBIDDEN_NAMES


@named
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= MAX_LINES, f"{path.name}:{node.lineno}: {node.name} has {length} lines"


@named
def test_no_error_is_caught_without_its_name(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            reraised = any(isinstance(inner, ast.Raise) for inner in node.body)
            assert caught not in ("Exception", "everything"), f"{path.name}:{node.lineno}"
            assert caught != "BaseException" or reraised, f"{path.name}:{node.lineno}"


@named
def test_only_the_command_line_speaks_and_exits(path: Path) -> None:
    if room(path) not in ("cli", "telling", "__main__"):
        assert called(path, "print", "click.echo", "click.secho", "sys.exit", "exit", "sys.stdout.write") == []


@named
def test_only_the_store_and_the_output_speak_sql(path: Path) -> None:
    if room(path) not in ("store", "output", "ledger", "scratch"):
        assert "sqlite3" not in path.read_text(encoding="utf-8")
