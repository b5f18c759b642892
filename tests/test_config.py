"""Settings are checked; every error names the file or option, the key, and what is allowed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest

from archiver import config, sorts
from archiver.errors import ConfigError

BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefghijklmn", "bcdefghijklmno", strict=False)
)


def load(tmp_path: Path, text: str, **options: Any) -> config.Settings:
    path = tmp_path / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, options)


def test_settings_have_defaults() -> None:
    settings = config.load(None, {})
    assert (settings.theme, settings.default_order, settings.comments_per_page) == ("modern", "hot", 500)
    assert settings.orders == sorts.COMMENT_ORDERS


def test_the_orders_are_those_that_can_be_sorted() -> None:
    assert get_args(config.Order) == sorts.COMMENT_ORDERS


def test_options_win_over_the_file_where_they_are_given(tmp_path: Path) -> None:
    settings = load(tmp_path, "title: T\ntheme: classic\nposts-per-page: 9\n", theme="plain", base_url=None)
    assert (settings.title, settings.theme, settings.posts_per_page) == ("T", "plain", 9)


def test_keys_may_be_written_with_either_stroke(tmp_path: Path) -> None:
    assert load(tmp_path, "base_url: https://x.test").base_url == load(tmp_path, "base-url: https://x.test").base_url


def test_a_theme_folder_is_meant_as_seen_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert load(tmp_path, "theme: ./plain").theme == str(tmp_path / "plain")
    assert load(tmp_path, "theme: plain").theme == "plain", "a name alone is that of a theme"
    assert load(tmp_path, "theme: ./none").theme == "./none"
    assert load(tmp_path, "theme: ./plain", theme="./plain").theme == "./plain", "as seen from the current folder"


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "# nothing\n") == config.load(None, {})


def test_the_first_order_is_the_default_where_none_is_named(tmp_path: Path) -> None:
    assert load(tmp_path, "orders: [new, top]").default_order == "new"
    assert load(tmp_path, "orders: [new, hot]").default_order == "hot"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("colour: red", ["unknown field `colour`", "the keys are title, description, "]),
        ("title: [1]", ["title: ", "expected `str"]),
        ("comments_per_page: 5000", ["comments_per_page: ", "<= 1000"]),
        ("comments_per_page: 0", ["comments_per_page: ", ">= 1"]),
        ("posts-per-page: many", ["posts_per_page: ", "expected `int`"]),
        ("orders: [hot, best]", ["orders: ", "'best'", "allowed are hot, top, controversial, new, old, captured"]),
        ("orders: []", ["orders: none is named", "allowed are hot"]),
        ("orders: hot", ["orders: ", "allowed are hot"]),
        ("default_order: best", ["default_order: ", "'best'", "allowed are hot"]),
        ("default_order: hot\norders: [top]", ["default_order: 'hot' is not among orders (top)"]),
        ("base_url: x.test", ["base_url must be an address such as https://", "not 'x.test'"]),
        ("base_url: javascript:alert(1)", ["base_url must be an address"]),
        ("base_url: https://", ["base_url must be an address"]),
        ("base_url: 'https://x y/'", ["base_url must be an address"]),
        ("base_url: https://x.test/a?b#c", ["base_url must be an address"]),
        ('base_url: https://x.test/"><script>', ["base_url must be an address"]),
        ("root_host: LEMMY.ml", ["in small letters"]),
        ("language: xx", ["language: no words for 'xx'; there are ar, de, en"]),
        ("title: a\ntitle: b", ["'title' stands there twice", "line 2"]),
        ("base-url: https://x.test\nbase_url: https://y.test", ["a key stands there twice"]),
        ('title: "\\ud800"', ["holds half a character", "line 1"]),
        ("[1, 2]", ["must hold 'key: value' lines; the keys are title"]),
        ("just words", ["must hold 'key: value' lines"]),
        ("a: b: c", ["not valid YAML", "line 1"]),
        ("title: 2001-99-99", ["not valid YAML"]),
        ("nsfw: !!bool maybe", ["not valid YAML"]),
        ("title: !!timestamp x", ["not valid YAML"]),
        ("title: !!python/object/apply:os.system ['true']", ["not valid YAML", "could not determine a constructor"]),
        ("title: " + "[" * 5_000, ["not valid YAML"]),
        (BOMB, ["aliases are not allowed", "line 2"]),
        (BOMB.replace("a:", "orders:", 1), ["aliases are not allowed"]),
        ("title: \x00", ["not valid YAML"]),
    ],
)
def test_an_error_names_the_file_the_key_and_what_is_allowed(text: str, parts: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path / 'site.yaml'}: ")
    assert "\n" not in sentence
    assert len(sentence) < 600
    for part in parts:
        assert part in sentence


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"orders": ["best"]}, ["--orders: ", "'best'", "allowed are hot"]),
        ({"default_order": "best"}, ["--default-order: ", "allowed are hot"]),
        ({"base_url": "ftp://x"}, ["--base-url: "]),
        ({"default_order": "new", "orders": ["top"]}, ["--default-order: ", "(top)"]),
    ],
)
def test_an_error_in_an_option_names_the_option(options: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(None, options)
    for part in parts:
        assert part in str(caught.value)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: No such file"):
        config.load(tmp_path / "none.yaml", {})
    with pytest.raises(ConfigError, match="directory"):
        config.load(tmp_path, {})
    (tmp_path / "latin.yaml").write_bytes(b"title: caf\xe9")
    with pytest.raises(ConfigError, match=r"latin\.yaml: not valid YAML"):
        config.load(tmp_path / "latin.yaml", {})


LAUGHS = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}\n" for old, new in pairwise("abcdefghijk")
)


@pytest.mark.parametrize(
    "text", [LAUGHS, "title: &a [*a]\n", "title: &t One\ndescription: *t\n"], ids=["laughs", "in itself", "one"]
)
def test_aliases_which_can_stand_for_any_amount_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"site\.yaml: not valid YAML: aliases are not allowed .*line \d, column \d"):
        config.load(tmp_path / "site.yaml", {})


def test_a_file_of_settings_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(f"title: {'x' * config.LONGEST}")
    with pytest.raises(ConfigError, match=r"site\.yaml: longer than"):
        config.load(tmp_path / "site.yaml", {})
