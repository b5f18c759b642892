"""Themes are found by name or folder, extend each other, and every mistake in one is a clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver import theme
from archiver.errors import ThemeError


def make(folder: Path, text: str | None, **files: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / "theme.yaml").write_text(text)
    for name, content in files.items():
        path = folder / "static" / name.replace("__", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return str(folder)


def test_every_installed_theme_loads() -> None:
    names = [one.name for one in theme.installed()]
    assert theme.DEFAULT in names
    assert "classic" in names
    for one in theme.installed():
        assert one.title
        assert all(folder.is_dir() for folder in one.folders)


def test_a_folder_is_a_theme_that_extends_the_default(tmp_path: Path) -> None:
    found = theme.load(make(tmp_path / "mine", None, logo__svg="<svg/>"))
    assert found.name == "mine"
    assert found.folders[0] == tmp_path / "mine"
    assert found.folders[1:] == theme.load(theme.DEFAULT).folders
    assert found.templates[0] == tmp_path / "mine" / "templates"
    assert found.templates[-1] == theme.data_root() / "templates"


def test_a_theme_may_stand_alone(tmp_path: Path) -> None:
    assert theme.load(make(tmp_path / "mine", "extends: null")).folders == (tmp_path / "mine",)


def test_a_themes_own_files_win(tmp_path: Path) -> None:
    parent = make(tmp_path / "parent", "extends: null\ntitle: P", a__css="parent", b__css="parent")
    found = theme.load(make(tmp_path / "child", f"extends: {parent}", a__css="child"))
    files = {name: path.read_text() for name, path in found.static_files().items() if name in ("a.css", "b.css")}
    assert files == {"a.css": "child", "b.css": "parent"}


@pytest.mark.parametrize("name", ["", "nonsense", "../themes", "mod\0ern", "MODERN.", "classic/x"])
def test_a_theme_that_is_not_there_is_said_with_those_that_are(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ThemeError, match=r"no theme is called .*; the themes are classic, modern"):
        theme.load(name)


def test_the_folder_of_a_parent_is_meant_as_seen_from_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "parent", "extends: null")
    child = make(tmp_path / "child", "extends: ../parent")
    monkeypatch.chdir(tmp_path.parent)
    assert theme.load(child).folders == (tmp_path / "child", tmp_path / "parent")


def test_a_folder_that_holds_no_theme_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine" / "template").mkdir(parents=True)
    with pytest.raises(ThemeError, match=r"mine: is no theme: it has no theme\.yaml, templates/ or static/"):
        theme.load(str(tmp_path / "mine"))
    (tmp_path / "mine" / "templates").mkdir()
    assert theme.load(str(tmp_path / "mine")).title == "mine"


def test_a_theme_that_extends_itself_is_said(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    make(one, f"extends: {other}")
    make(other, f"extends: {one}")
    with pytest.raises(ThemeError, match="extends itself"):
        theme.load(str(one))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("colour: red", "unknown field `colour`; the keys are title, extends"),
        ("title: [1]", "Expected `str"),
        ("- list", "Expected `object`"),
        ("a: b: c", "mapping values"),
        ("extends: nonsense", "mine/theme.yaml: extends: no theme is called 'nonsense'"),
        ("title: 2001-99-99", "month"),
        ("title: " + "[" * 5_000, "theme.yaml: "),
        ("title: !!python/object/apply:os.system ['true']", "constructor"),
        ("title: &a x\nextends: *a", "aliases are not allowed"),
    ],
)
def test_a_wrong_theme_file_is_said(text: str, part: str, tmp_path: Path) -> None:
    with pytest.raises(ThemeError) as caught:
        theme.load(make(tmp_path / "mine", text))
    assert part in str(caught.value)
