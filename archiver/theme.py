"""Finds templates and themes, from a checkout and from an installed wheel alike; themes extend themes."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import msgspec

from archiver.config import read_yaml, seen_from
from archiver.errors import ConfigError, ThemeError

DEFAULT = "modern"


class Theme(msgspec.Struct, frozen=True):
    """A theme with all it falls back on."""

    name: str
    title: str
    folders: tuple[Path, ...]
    """Where to look, in order: the theme's own folder, the ones it extends, the built-in one."""

    @property
    def templates(self) -> list[Path]:
        """Folders of templates, the ones that win first."""
        return [*(folder / "templates" for folder in self.folders), data_root() / "templates"]

    def static_files(self) -> dict[str, Path]:
        """Files to copy into the site's ``static/``, by their name below it."""
        files: dict[str, Path] = {}
        for folder in (data_root() / "templates", *reversed(self.folders)):
            static = folder / "static"
            for path in sorted(static.rglob("*")) if static.is_dir() else ():
                if path.is_file():
                    files[path.relative_to(static).as_posix()] = path
        return files


class _Description(msgspec.Struct, forbid_unknown_fields=True):
    """theme.yaml."""

    title: str | None = None
    extends: str | None = DEFAULT
    """Name of the theme that everything missing here is taken from; null: only the built-in templates."""


def data_root() -> Path:
    """The folder that holds ``templates/`` and ``themes/``: the package when installed, else the checkout."""
    package = Path(str(importlib.resources.files("archiver")))
    return package if (package / "templates").is_dir() else package.parent


def installed() -> list[Theme]:
    """The themes that come with the program, by name."""
    return [load(path.name) for path in sorted((data_root() / "themes").iterdir()) if path.is_dir()]


def load(name: str) -> Theme:
    """The theme of that name, or in that folder. Raises ThemeError."""
    folders: list[Path] = []
    title: str | None = None
    at: str | None = name
    while at is not None:
        folder = _parent(at, folders[-1]) if folders else _folder(at)
        if folder in folders:
            raise ThemeError(f"{folder / 'theme.yaml'}: extends itself")
        description = _describe(folder)
        # A theme without a parent of its own, or the default itself, ends the chain.
        folders.append(folder)
        title = title or description.title or folder.name
        at = description.extends
    return Theme(Path(name).name, title or name, tuple(folders))


def _parent(name: str, child: Path) -> Path:
    """The theme that another extends."""
    try:
        return _folder(seen_from(child, name))
    except ThemeError as error:
        raise ThemeError(f"{child / 'theme.yaml'}: extends: {error}") from error


def _folder(name: str) -> Path:
    themes = {path.name: path for path in sorted((data_root() / "themes").iterdir()) if path.is_dir()}
    if name in themes:
        return themes[name]
    if name and Path(name).is_dir():
        return _checked(Path(name).resolve())
    raise ThemeError(f"no theme is called '{name}' and no such folder exists; the themes are {', '.join(themes)}")


def _checked(folder: Path) -> Path:
    """A folder that holds a theme. What is not found, or not read, would silently be taken from its parent."""
    parts = [folder / name for name in ("theme.yaml", "templates", "static") if (folder / name).exists()]
    if not parts:
        raise ThemeError(f"{folder}: is no theme: it has no theme.yaml, templates/ or static/")
    for part in parts[1:] if parts[0].name == "theme.yaml" else parts:
        try:
            next(part.iterdir(), None)
        except OSError as error:
            raise ThemeError(f"{part}: {error.strerror}") from error
    return folder


def _describe(folder: Path) -> _Description:
    path = folder / "theme.yaml"
    if not path.exists():
        return _Description()
    try:
        return msgspec.convert(read_yaml(path) or {}, _Description)
    except ConfigError as error:
        raise ThemeError(str(error)) from error
    except msgspec.ValidationError as error:
        raise ThemeError(f"{path}: {error}; the keys are {', '.join(_Description.__struct_fields__)}") from error
