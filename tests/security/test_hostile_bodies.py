"""Hostile texts as bodies, in every dialect: nothing runs, leaves, covers, restyles or breaks out in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest

from archiver.model import BodyFormat, Comment, Community, Person, Post, Record
from archiver.model import Site as Source

HOST = "home.example"
DIALECTS = get_args(BodyFormat)
EACH_PAGE = 1000
SETTINGS: dict[str, Any] = {
    "orders": ["old"],
    "default_order": "old",
    "comments_per_page": EACH_PAGE,
    "whole_page_comments": 0,
    "posts_per_page": 500,
}


def threads(texts: dict[str, list[str]]) -> Iterator[Record]:
    """A thread a dialect, whose comments are the texts; its post has all of them as body, its community as sidebar."""
    yield Source(host=HOST, platform="lemmy")
    for dialect, bodies in texts.items():
        all_of_them = "\n\n".join(bodies)
        yield Community(host=HOST, name=dialect, sidebar=all_of_them, sidebar_format=dialect)  # type: ignore[arg-type]
        yield Person(host=HOST, name=f"by_{dialect}")
        common: dict[str, Any] = {"host": HOST, "community": dialect, "author": f"by_{dialect}", "body_format": dialect}
        yield Post(id=f"p_{dialect}", title=dialect, body=all_of_them, state="live", **common)
        for at, body in enumerate(bodies):
            yield Comment(post=f"p_{dialect}", id=str(at), body=body, state="live", **common)


def pages(dialect: str, count: int) -> list[str]:
    """The pages that show the texts of a dialect: its thread, its community, and the excerpts."""
    numbers = ["", *(f"-{n}" for n in range(2, -(-count // EACH_PAGE) + 1))]
    return [f"{HOST}/post/p_{dialect}{number}.html" for number in numbers] + [
        f"{HOST}/c/{dialect}.html",
        f"{HOST}/u/by_{dialect}.html",
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_body_does_anything(
    vectors: list[str], dialect: str, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    site = build(records=threads({dialect: vectors}), **SETTINGS)
    plain = build(records=threads({dialect: ["A word."]}), name="plain", **SETTINGS)
    watched, beside = watch(site), watch(plain)
    looks = {kind: beside.looks(path) for kind, path in zip("pcu", pages(dialect, 1), strict=True)}
    shown = 0
    for path in pages(dialect, len(vectors)):
        assert watched.check(path) == []
        assert watched.looks(path) == looks[path.split("/")[1][0]], path
        shown += watched.page.locator("article.comment").count()
    assert shown == len(vectors)


# -- the checks can fail -----------------------------------------------------------------------------------------------

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
EVILS = {
    "a script": ("<script>pwned(1)</script>", "a script ran: pwned"),
    "a handler": ("<img src=data:x onerror=alert(1)>", "a script ran: alert"),
    "a name of its own": ("<script>var leaked = 1</script>", "another global"),
    "a request": ('<img src="https://evil.example/x.png">', "left the page: https://evil.example/x.png"),
    "a style sheet": (
        '<link rel=stylesheet href="https://evil.example/x.css">',
        "left the page: https://evil.example/x.css",
    ),
    "a frame": ('<iframe src="https://evil.example/"></iframe>', "left the page: https://evil.example/"),
    "another page": ('<meta http-equiv=refresh content="999;url=https://evil.example/">', "element: <meta"),
    "a window": ("<script>Window.prototype.open.call(window, 'about:blank')</script>", "element: <script>"),
    "a link that runs": ('<a href="javascript:pwned(1)">x</a>', "link: <a href="),
    "a link without rel": ('<a href="https://evil.example/">x</a>', "rel of <a href="),
    "a form": ("<form><input></form>", "element: <form>"),
    "a cover": ('<div style="position:fixed;inset:0;z-index:9">x</div>', "is covered by <div"),
    "a cover out of its place": (
        '</div><p style="margin:-900px 0 0;block-size:1800px;position:relative">x</p>',
        "is covered by <p",
    ),
    "other looks": ("<style>.who a{color:red}</style>", "other looks"),
    "a hidden header": ("<style>.site-title a{visibility:hidden}</style>", "is covered by"),
    "another header": ("</div></article></li></ol></section></main></div><header>x</header>", "header"),
    "another heading": ("<h1>x</h1>", "2 × h1"),
    "another comment": ('</div></article><article class="comment" id="x"><h3 class="who">x</h3>', "out of its place"),
    "an id": ('<p id="content">x</p>', "id twice: content"),
    "a class": ('<p class="ghost">x</p>', "class of <p"),
}
STOPPED = ("a script", "a handler", "a name of its own", "a request", "a style sheet", "a frame", "other looks")


@pytest.fixture
def wrong(build: Callable[..., Any], watch: Callable[..., Any]) -> Callable[..., list[str]]:
    """``wrong(html, policy=False)``: what the checks say where a comment holds this HTML as it is."""
    site = build(records=threads({"text": ["A word.", "THE PLACE", "A word."]}), **SETTINGS)
    path = pages("text", 3)[0]
    file = site.folder / path
    before, after = file.read_text(encoding="utf-8").split('<article class="comment" id="c1"')
    reference = watch(site).looks(path)

    def ask(html: str, *, policy: bool) -> list[str]:
        text = f'{before}<article class="comment" id="c1"{after.replace("<p>THE PLACE</p>", html, 1)}'
        file.write_text(text if policy else POLICY.sub("", text), encoding="utf-8")
        watched = watch(site)
        found: list[str] = watched.check(path)
        looks = watched.looks(path)
        found += ["another global"] if looks.pop("globals") != reference["globals"] else []
        found += ["other looks"] if looks | {"globals": reference["globals"]} != reference else []
        watched.page.close()
        return found

    return ask


def test_without_the_defences_the_checks_see_it(wrong: Callable[..., list[str]]) -> None:
    assert wrong("<p>A word.</p>", policy=True) == []
    unseen = {}
    for name, (html, told) in EVILS.items():
        found = wrong(html, policy=False)
        if not any(told in problem for problem in found):
            unseen[name] = found
    assert unseen == {}


def test_the_policy_alone_stops_what_runs_loads_or_styles(wrong: Callable[..., list[str]]) -> None:
    """The second wall: were the first one broken, the page's own policy would still hold."""
    for name in STOPPED:
        found = wrong(EVILS[name][0], policy=True)
        assert any("the policy stopped" in problem for problem in found), (name, found)
        for told in ("a script ran", "left the page", "another global", "other looks"):
            assert not [problem for problem in found if told in problem], (name, found)
