"""Communities, people and posts with names that file systems refuse or mix up: through a whole build, to every link."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from archiver.model import Comment, Community, Person, Post, Record
from archiver.model import Site as Source

HOSTS = {"home.example": "lemmy", "www.reddit.com": "reddit"}
NAMES = [
    "..", ".", "...", "CON", "con.txt", "nul", "COM1.txt", "LPT9", "AUX.html", "a/b", "a\\b", "/etc/passwd",
    "C:\\x", "C:", "x" * 300, "x" * 299 + "y", "漢" * 300, "😀", "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "a.", "a..", "a ", " a", "a\t", "a.html", "a-2", "a.new", "a.top-2", "e\u0301", "\xe9", "E\u0301", "\u212a",
    "\u017f", "ﬁ", "\u0130", "ß", "\u200ea", "\u202ea\u202c", "a\u200b", "\u2066a\u2069", ".hidden", "~",
    "~root", "-rf", "a?b", "a#b", "a%2fb", "%2e%2e", "a:b", "a*b", 'a"b', "a<b>", "a|b", "$(x)", "`x`", "'",
    "index", "index.html", "static", "manifest.tsv", "communities", "about", "a@b", "a@@b", "\x7f", "\xad",
    "a\nb", "\U0010ffff",
]  # fmt: skip
SPELLINGS = ["Bob", "bob", "BOB"]
"""One person or community; but three posts."""
WINDOWS = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


def everybody() -> Iterator[Record]:
    """Each name as a person, a community and a post, on two kinds of site."""
    for host, platform in HOSTS.items():
        yield Source(host=host, platform=platform)
        for name in NAMES + SPELLINGS:
            yield Person(host=host, name=name)
            yield Community(host=host, name=name)
            yield Post(host=host, id=name, community=name, author=name, title=name, state="live", score=1)
            yield Comment(host=host, post=name, id=name, author=name, body="A word.", body_format="text", score=1)


@pytest.fixture
def site(build: Callable[..., Any]) -> Any:
    return build(records=everybody(), posts_per_page=500)


def test_every_file_has_a_name_for_every_system(site: Any) -> None:
    paths = [path.relative_to(site.folder) for path in site.folder.rglob("*")]
    assert len(paths) > 2 * 3 * len(NAMES)
    for path in paths:
        for part in path.parts:
            assert re.fullmatch(r"[a-z0-9@_+.~-]{1,200}", part), path
            assert not part.startswith("."), path
            assert not part.endswith((".", " ")), path
            assert not WINDOWS.match(part), path
    folded = [unicodedata.normalize("NFKD", str(path)).casefold() for path in paths]
    assert len(set(folded)) == len(folded)


def test_every_name_has_its_page(site: Any) -> None:
    posts = 2 * (len(NAMES) + len(SPELLINGS))
    # Letters of ASCII are one whatever their case, for people and communities.
    others = 2 * len({re.sub("[A-Z]", lambda letter: letter[0].lower(), name) for name in NAMES + SPELLINGS})
    assert site.report.threads == posts
    threads = [path for path in site.pages() if "/post/" in path or "/comments/" in path]
    assert len(threads) == posts
    people = [path for path in site.pages() if "/u/" in path or "/user/" in path]
    communities = [path for path in site.pages() if re.match("[^/]*/[cr]/[^/]*$", path)]
    # Lists that differ by their order have more pages.
    assert len({path.removesuffix(".html") for path in people if not re.search(r"\.(new|top|hot)", path)}) == others
    assert len({path for path in communities if not re.search(r"\.(new|top|hot|active|comments)", path)}) == others


@pytest.mark.parametrize("served", [False, True], ids=["from a disk", "served"])
def test_every_link_leads_to_its_page(served: bool, site: Any, watch: Callable[..., Any]) -> None:
    """As the browser resolves them; the title of the page found is the name that the link bears."""
    with site.served() if served else nullcontext():
        follow(site, watch(site))


def follow(site: Any, watched: Any) -> None:
    found: dict[str, str] = {}
    for path in ("index.html", "communities.html"):
        watched.open(path)
        selector = "main article h2 a, main article .author a, main .communities a"
        links = watched.page.evaluate(
            f"[...document.querySelectorAll('{selector}')].map((a) => [a.href, a.textContent])"
        )
        found |= dict(links)
    assert len(found) > 2 * 3 * len(NAMES)
    assert all(re.fullmatch(r"[a-z0-9@_+.~/-]+", href.removeprefix(watched.own)) for href in found)
    for href in found:
        assert (site.folder / href.removeprefix(watched.own)).is_file(), href
    for href, text in list(found.items())[::5]:
        answer = watched.page.goto(href)
        assert answer
        assert answer.status in (0, 200), href
        shown = watched.page.locator("h1").text_content().split()
        wanted = text.removeprefix("r/").split()
        assert shown == wanted or shown == text.split(), (href, text)
    assert watched.problems == []
