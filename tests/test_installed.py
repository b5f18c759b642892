"""What is installed is what is in the checkout; CI runs these tests with the built wheel."""

from __future__ import annotations

from pathlib import Path

import archiver
from archiver import theme

CHECKOUT = Path(__file__).parent.parent


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_templates_and_themes_are_installed_whole() -> None:
    for name in ("templates", "themes"):
        assert files(theme.data_root() / name) == files(CHECKOUT / name)


def test_types_are_published() -> None:
    assert (Path(archiver.__file__).parent / "py.typed").exists()
