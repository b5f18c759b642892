"""The docs name everything there is, and nothing of this is forgotten when it changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from archiver import cli, config, sorts, theme
from archiver.importers import NAMES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", sorted(cli.main.commands))
def test_readme_names_every_command(command: str) -> None:
    assert f"archiver {command}" in README


@pytest.mark.parametrize("importer", NAMES)
def test_readme_names_every_format(importer: str) -> None:
    assert f"`{importer}`" in README


def test_readme_names_every_theme_order_and_setting() -> None:
    words = [one.name for one in theme.installed()] + list(sorts.COMMENT_ORDERS)
    words += config.Settings.__struct_fields__
    assert [word for word in words if word not in README] == []


def test_orders_of_settings_are_the_orders_there_are() -> None:
    assert get_args(config.Order) == sorts.COMMENT_ORDERS


def test_links_between_docs_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("name", ["docs/reliability.md", "SECURITY.md"])
def test_every_promise_has_the_test_that_it_names(name: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / name).read_text(encoding="utf-8"))
    assert named
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{test}"


def test_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (ROOT / "archiver").glob("*.py") if not path.name.startswith("__")}
    rooms |= {f"{path.parent.name}/" for path in (ROOT / "archiver").glob("*/__init__.py")}
    assert sorted(room for room in rooms if f"`{room}`" not in page) == []


def test_nothing_of_a_workplace_is_named() -> None:
    for folder in ("archiver", "templates", "themes", "docs", "examples", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".html", ".css", ".yaml", ".json", ""):
                text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
                assert "/work/" not in text, path
                assert "/root/" not in text, path
