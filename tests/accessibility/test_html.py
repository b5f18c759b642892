"""html-validate, the Nu checker, and what no checker sees, on every kind of page."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.accessibility.conftest import DEEP, KINDS, LONG, THEMES, build

PAGES = [*KINDS.values(), LONG, DEEP]
RULES = {
    "no-missing-references": "error",
    "long-title": "off",  # titles are what people wrote
    "doctype-style": "off",  # upper or lower case: the same to every parser
    "no-trailing-whitespace": "off",  # bodies hold blocks of code as they were written
}
FALSE_ALARMS = (
    "blocked by “style-src” directive",
    "blocked by “script-src” directive",
    "blocked by “img-src” directive",
)
"""The Nu checker takes 'self' for the name of a host where pages are files."""


def html_validate(tool: Callable[[str], Path], folder: Path, files: list[Path]) -> list[str]:
    """What html-validate finds in the files."""
    settings = {"root": True, "extends": ["html-validate:recommended", "html-validate:a11y"], "rules": RULES}
    config, found = folder / "html-validate.json", folder / "found.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    script = tool("html-validate/bin/html-validate.mjs")
    # Into a file: what it prints to a pipe is cut at 64 kB.
    with found.open("wb") as output:
        command = ["node", script, "--config", config, "--formatter", "json", *files]
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return [
        f"{result['filePath']}:{message['line']}: {message['ruleId']}: {message['message']}"
        for result in json.loads(found.read_bytes())
        for message in result["messages"]
    ]


def nu(tool: Callable[[str], Path], program: Callable[[str, str], str], files: list[Path]) -> list[str]:
    """What the Nu checker finds in the files."""
    java = program("java", "on Debian: apt install default-jre-headless")
    command = [java, "-jar", tool("vnu-jar/build/dist/vnu.jar"), "--format", "gnu", "--stdout", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if not any(known in line for known in FALSE_ALARMS)]


@pytest.fixture(scope="module")
def real_pages(tmp_path_factory: pytest.TempPathFactory, real_dumps: Path) -> list[Path]:
    """The threads of a few real dumps, with their communities and front pages."""
    folder = tmp_path_factory.mktemp("real") / "site"
    reddit = real_dumps / "reddit"
    names = ["permalink_WouldYouRather_g9zfex_poll.json", "permalink_test_4b1tfm_deleted.json"]
    names += ["permalink_test_mcqjl8_inline-media_rtj.json", "escaped_Python_4dy7xr_60of60_complete.json"]
    dumps = [*(reddit / name for name in names), real_dumps / "mlmym", real_dumps / "lemmy" / "v3-0.19-voyager"]
    build(folder, dumps, orders=["top", "old"], default_order="top")
    # Not the other orders, whose names have one more dot, and not each person.
    pages = sorted(path for path in folder.rglob("*.html") if path.name.count(".") == 1)
    return [path for path in pages if path.parent.name not in ("user", "u")]


def test_html_validate_finds_nothing(site: Path, tmp_path: Path, tool: Any) -> None:
    assert "\n".join(html_validate(tool, tmp_path, [site / path for path in PAGES])) == ""


def test_the_nu_checker_finds_nothing(site: Path, tool: Any, program: Any) -> None:
    assert "\n".join(nu(tool, program, [site / path for path in PAGES])) == ""


def test_both_find_nothing_on_real_threads(real_pages: list[Path], tmp_path: Path, tool: Any, program: Any) -> None:
    assert "\n".join(html_validate(tool, tmp_path, real_pages) + nu(tool, program, real_pages)) == ""


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_inline_runs_or_styles(sites: Callable[[str], Path], theme: str) -> None:
    for path in PAGES:
        page = LexborHTMLParser((sites(theme) / path).read_text(encoding="utf-8"))
        scripts = [node.html for node in page.css("script:not([src])")]
        styles = [node.html for node in page.css("style, [style]")]
        handlers = [node.html for node in page.css("*") if any(name.startswith("on") for name in node.attributes)]
        assert (path, scripts, styles, handlers) == (path, [], [], [])


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_wider_than_a_phone(sites: Callable[[str], Path], open_page: Any, theme: str) -> None:
    page = open_page(sites(theme) / "index.html", width=320)
    wide = {}
    for path in [*KINDS.values(), DEEP]:
        page.goto((sites(theme) / path).as_uri())
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[path] = width
    assert wide == {}


def test_every_parent_of_a_600_deep_chain_is_in_the_page_or_linked(site: Path, open_page: Any) -> None:
    """Browsers flatten a DOM beyond 512 elements: the relation must not hang on nesting alone."""
    wrong = []
    for path in (DEEP, DEEP.replace(".html", "-2.html")):
        wrong += open_page(site / path).evaluate("""() => [...document.querySelectorAll('article.comment')].filter(
            (comment) => {
                const n = Number(comment.id.slice(2));
                const link = comment.querySelector(':scope > .meta a.parent');
                return n > 0 && !(link && link.hash === `#cd${n - 1}`
                    && (link.pathname !== location.pathname || document.querySelector(link.hash)));
            }).map((comment) => comment.id)""")
    assert wrong == []
