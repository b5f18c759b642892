"""From dumps to a site folder: what comes out, and that it comes out the same however it is made."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from archiver import units
from archiver.errors import ThemeError
from archiver.render import threads

Make = Callable[..., Any]

T0 = 1_700_000_000


def comment(id: int, parent: int | None, author: str, score: int = 1, **more: Any) -> dict[str, Any]:
    """A line of a Pushshift file."""
    return {
        "id": f"k{id}",
        "link_id": "t3_p1",
        "parent_id": f"t1_k{parent}" if parent else "t3_p1",
        "author": author,
        "subreddit": "tea",
        "body": f"Text number {id}.",
        "score": score,
        "created_utc": T0 + id,
        "retrieved_on": T0 + 1_000_000,
        **more,
    }


def post(**more: Any) -> dict[str, Any]:
    return {
        "id": "p1",
        "title": "Which kettle?",
        "author": "ann",
        "subreddit": "tea",
        "selftext": "I *wonder*.",
        "is_self": True,
        "url": "https://www.reddit.com/r/tea/comments/p1/",
        "score": 10,
        "num_comments": 4,
        "created_utc": T0,
        "retrieved_on": T0 + 1_000_000,
        "permalink": "/r/tea/comments/p1/which_kettle/",
        "domain": "self.tea",
        **more,
    }


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """``lines(records, name="d.ndjson")`` writes a dump of JSON lines."""

    def write(records: list[dict[str, Any]], name: str = "d.ndjson") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        return path

    return write


def test_a_thread_has_a_page_for_each_order_that_differs(make_site: Make, lines: Any) -> None:
    dump = lines([post(), comment(1, None, "bob", 1), comment(2, None, "cy", 5), comment(3, 1, "ann", 2)])
    site = make_site([dump])
    names = {path.split("/")[-1] for path in site.paths() if "/comments/" in path}
    # hot, top and new put k2 first; old and the dump's own order put k1 first.
    assert names == {"p1.html", "p1.old.html"}
    page = site.page("www.reddit.com/r/tea/comments/p1.html")
    assert [node.attributes["id"] for node in page.css("article.comment")] == ["ck2", "ck1", "ck3"]
    assert page.css_first("#ck1 #ck3") is not None
    assert [mark.text() for mark in page.css(".mark")] == ["OP"]
    assert "3 of 4 comments in this archive" in page.css_first("p.captured").text()


def test_every_link_of_the_site_leads_somewhere(make_site: Make, lines: Any) -> None:
    records = [post(), *(comment(n, n // 2 or None, f"user{n % 7}", n % 5) for n in range(1, 80))]
    site = make_site([lines(records)], comments_per_page=10, posts_per_page=5)
    assert site.broken_links() == []


def test_without_pages_of_people_nothing_links_to_them(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(), comment(1, None, "bob", 1), comment(2, 1, "ann", 2)])], people=False)
    assert site.broken_links() == []
    assert "bob" in site.page("www.reddit.com/r/tea/comments/p1.html").css_first("#ck1 .who").text()


def test_an_edit_is_given_a_time_only_where_it_is_shown_as_another(make_site: Make, lines: Any) -> None:
    at = 1_700_000_000
    edits = [at, at + 0.6, at + 20, at + 61]
    records = [comment(n, None, "bob", 1) | {"created_utc": at, "edited": edit} for n, edit in enumerate(edits)]
    page = make_site([lines([post(), *records])]).page("www.reddit.com/r/tea/comments/p1.html")
    shown = {node.attributes["id"]: bool(node.css_first(".edited time")) for node in page.css("article.comment")}
    assert shown == {"ck0": False, "ck1": False, "ck2": False, "ck3": True}


def test_every_page_has_a_title_of_its_own(make_site: Make, lines: Any) -> None:
    comments = [comment(n, n // 3 or None, "bob", n * 7 % 11) for n in range(1, 30)]
    posts = [post(id=f"p{n}", title=f"P{n}", score=n * 7 % 11, created_utc=T0 - n * 40 * 86_400) for n in range(1, 12)]
    site = make_site([lines([*posts, *comments])], comments_per_page=10, posts_per_page=3)
    titles = {path: site.page(path).css_first("title").text() for path in site.paths() if path.endswith(".html")}
    assert titles["www.reddit.com/r/tea/comments/p1.html"].startswith("P1 : r/tea")
    assert titles["www.reddit.com/r/tea/comments/p1.old-2.html"].startswith("P1 (old), page 2 : ")
    assert titles["index.top-year-2.html"] == "Archive of www.reddit.com (top: year), page 2"
    assert titles["www.reddit.com/r/tea.top.html"] == "r/tea (top) – Archive of www.reddit.com"
    assert len(set(titles.values())) == len(titles)


def test_periods_say_what_they_are_counted_from(make_site: Make, lines: Any) -> None:
    posts = [post(id=f"p{n}", score=n, created_utc=T0 - n * 100 * 86_400) for n in range(1, 9)]
    site = make_site([lines(posts)])
    year, whole = (site.page(f"index.{name}.html").css_first(".summary").text() for name in ("top-year", "top"))
    assert year == "3 threads, counted back from 26 Nov 2023, when this was captured last"
    assert whole == "8 threads"


def test_long_lists_lead_to_the_page_before_and_the_next(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(id=f"p{n}") for n in range(1, 12)])], posts_per_page=3)
    found = {}
    for number in ("", "-2", "-4"):
        links = site.page(f"index{number}.html").css("nav.pages")[0].css("a[rel]")
        found[number] = [(link.attributes["rel"], link.attributes["href"]) for link in links]
    assert found == {
        "": [("next", "index-2.html")],
        "-2": [("prev", "index.html"), ("next", "index-3.html")],
        "-4": [("prev", "index-3.html")],
    }


def test_a_post_that_is_missing_is_said_to_be(make_site: Make, lines: Any) -> None:
    site = make_site([lines([comment(1, None, "bob")])])
    listing, thread = site.page("index.html"), site.page("www.reddit.com/r/tea/comments/p1.html")
    assert [flag.text() for flag in listing.css(".post-line .flag")] == ["not in this archive"]
    assert thread.css_first(".post .note").text() == "The post itself is not in this archive, only comments on it."
    assert not thread.css(".post .flag")
    for page in (listing, thread):
        assert not page.css_first("main article > .meta").css(".points, .by")


def test_what_an_author_is_stands_beside_the_name(make_site: Make, lines: Any) -> None:
    dump = lines([post(distinguished="moderator", stickied=True), comment(1, None, "bob")])
    site = make_site([dump])
    for page in (site.page("index.html"), site.page("www.reddit.com/r/tea/comments/p1.html")):
        meta = page.css_first("main article > .meta")
        assert meta.css_first(".by").text().split() == ["by", "ann", "moderator"]
        assert [flag.text() for flag in meta.css(".flag")] == ["pinned"]


def test_pictures_are_listed_where_nothing_else_leads_to_them(make_site: Make, lines: Any) -> None:
    ids = ("one", "two", "three")
    media = {id: {"status": "valid", "e": "Image", "s": {"u": f"https://preview.redd.it/{id}.jpg?s=1"}} for id in ids}
    more = {"is_gallery": True, "media_metadata": media, "gallery_data": {"items": [{"media_id": id} for id in ids]}}
    site = make_site([lines([post(selftext="See https://preview.redd.it/two.jpg?s=9", **more)])])
    links = site.page("www.reddit.com/r/tea/comments/p1.html").css(".media a")
    assert [link.text() for link in links] == ["preview.redd.it/…/one.jpg", "preview.redd.it/…/three.jpg"]


@pytest.mark.parametrize("text", ["", " \n "])
def test_a_post_without_words_has_no_frame_for_them(make_site: Make, lines: Any, text: str) -> None:
    page = make_site([lines([post(selftext=text)])]).page("www.reddit.com/r/tea/comments/p1.html")
    assert not page.css(".post > .body")


def test_a_long_thread_goes_on_over_pages_and_loses_nothing(make_site: Make, lines: Any) -> None:
    records = [post(), *(comment(n, n - 1 if n % 30 else None, "user", n % 5) for n in range(1, 101))]
    site = make_site([lines(records)], comments_per_page=20)
    for order in (None, "old"):
        pages = site.thread("www.reddit.com/r/tea/comments/p1", order)
        found = [node.attributes["id"] for page in pages for node in page.css("article.comment")]
        assert sorted(found) == sorted({f"ck{n}" for n in range(1, 101)})
        assert len(pages) >= 5
        for page in pages:
            assert len(page.css("article.comment")) <= 20
    assert [page for page in pages if page.css_first("p.continues")]
    whole = site.page("www.reddit.com/r/tea/comments/p1.whole.html")
    assert len(whole.css("article.comment")) == 100
    assert site.broken_links() == []
    none = make_site([], comments_per_page=20, whole_page_comments=99)
    assert "www.reddit.com/r/tea/comments/p1.whole.html" not in none.paths()


def test_the_same_bytes_from_any_number_of_workers_and_any_order_of_dumps(make_site: Make, lines: Any) -> None:
    first = lines([post(), *(comment(n, n // 3 or None, f"user{n % 9}", n % 4) for n in range(1, 60))], "one.ndjson")
    second = lines(
        [comment(n, n // 3 or None, f"user{n % 9}", n % 7, retrieved_on=T0 + 2_000_000) for n in range(40, 90)],
        "two.ndjson",
    )
    one = make_site([first, second], name="a")
    other = make_site([second, first], name="b", jobs=2)
    assert one.bytes() == other.bytes()


def test_a_second_build_writes_nothing_and_one_comment_more_only_what_shows_it(make_site: Make, lines: Any) -> None:
    records = [post(), comment(1, None, "bob"), comment(2, None, "cy")]
    others = [
        post(id="p2", title="Another", permalink="/r/tea/comments/p2/another/"),
        comment(50, None, "dee", link_id="t3_p2", parent_id="t3_p2"),
    ]
    site = make_site([lines([*records, *others], "one.ndjson")])
    times = {path: (site.folder / path).stat().st_mtime_ns for path in site.paths()}
    again = make_site([])
    assert (again.report.written, again.report.unchanged) == (0, len(times) - 1)  # the manifest does not count itself
    assert times == {path: (site.folder / path).stat().st_mtime_ns for path in site.paths()}
    more = make_site([lines([comment(3, 1, "ann")], "two.ndjson")])
    touched = {path for path in more.paths() if (more.folder / path).stat().st_mtime_ns != times.get(path)}
    assert "www.reddit.com/r/tea/comments/p1.html" in touched
    assert "www.reddit.com/r/tea/comments/p2.html" not in touched
    assert "www.reddit.com/user/dee.html" not in touched


def test_orphans_hang_on_a_ghost_and_loops_are_cut(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(), comment(1, 99, "bob"), comment(2, 3, "cy"), comment(3, 2, "dee")])])
    page = site.page("www.reddit.com/r/tea/comments/p1.html")
    assert page.css_first("#ck99.ghost #ck1") is not None
    assert len(page.css("article.comment:not(.ghost)")) == 3
    assert "form a loop" in page.css_first("#ck2").text()


def test_root_host_puts_its_pages_at_the_top(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(), comment(1, None, "bob")])], root_host="www.reddit.com")
    assert "r/tea/comments/p1.html" in site.paths()
    assert "user/bob.html" in site.paths()
    assert site.broken_links() == []


def test_base_url_gives_canonical_links_to_the_default_order(make_site: Make, lines: Any) -> None:
    dump = lines([post(), comment(1, None, "bob", 1), comment(2, None, "cy", 5)])
    site = make_site([dump], base_url="https://archive.example/")
    page = site.page("www.reddit.com/r/tea/comments/p1.old.html")
    link = page.css_first("link[rel=canonical]").attributes["href"]
    assert link == "https://archive.example/www.reddit.com/r/tea/comments/p1.html"


def test_names_that_file_systems_cannot_hold_get_pages_all_the_same(make_site: Make, lines: Any) -> None:
    names = ["..", "CON", "a/b", "x" * 300, "🍵🍵", "a.b.", "new.top", "tea-2", "\u202egpj.exe"]
    records = [post(), *(comment(n, None, name, subreddit="tea") for n, name in enumerate(names, 1))]
    site = make_site([lines(records)])
    assert site.broken_links() == []
    assert len([path for path in site.paths() if path.startswith("www.reddit.com/user/")]) == len(names) + 1


def test_people_have_pages_of_what_they_wrote(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(), comment(1, None, "ann", body="Some **bold** words"), comment(2, None, "bob")])])
    page = site.page("www.reddit.com/user/ann.html")
    assert page.css_first("p.summary").text().startswith("1 post and 1 comment in this archive.")
    assert [node.attributes["href"] for node in page.css(".entry h2 a")] == [
        "../r/tea/comments/p1.html#ck1",
        "../r/tea/comments/p1.html",
    ]
    assert page.css_first(".excerpt").text() == "Some bold words"


def test_listings_page_through_all_posts(make_site: Make, lines: Any) -> None:
    records = [
        post(id=f"q{n}", title=f"Title {n}", created_utc=T0 + n, score=n, permalink=f"/r/tea/comments/q{n}/t/")
        for n in range(1, 8)
    ]
    site = make_site([lines(records)], posts_per_page=3)
    found = []
    for name in ("index.html", "index-2.html", "index-3.html"):
        found += [node.css_first("h2 a").text() for node in site.page(name).css("article.post-line")]
    assert sorted(found) == sorted(f"Title {n}" for n in range(1, 8))
    assert not (site.folder / "index-4.html").exists()
    assert site.page("www.reddit.com/r/tea.html").css_first("h1").text() == "r/tea"


def test_an_empty_archive_makes_a_site_that_says_so(make_site: Make) -> None:
    site = make_site([])
    assert "No threads." in site.page("index.html").css_first("main").text()
    assert site.broken_links() == []


def test_a_chain_of_3000_replies_stays_one_thread(make_site: Make, lines: Any) -> None:
    site = make_site([lines([post(), *(comment(n, n - 1 or None, "u") for n in range(1, 3001))])])
    pages = site.thread("www.reddit.com/r/tea/comments/p1")
    found = [node.attributes["id"] for page in pages for node in page.css("article.comment")]
    assert found == [f"ck{n}" for n in range(1, 3001)]
    for page in pages:
        for node in page.css("article.comment a.parent"):
            assert node.attributes["href"]


@pytest.mark.parametrize("kept", [10_000, 7])
def test_links_to_parents_lead_to_where_they_are_on_every_page(
    make_site: Make, lines: Any, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """Whichever page shows a comment first, and however many pieces of HTML are held in memory."""
    monkeypatch.setattr("archiver.render.threads.FRAGMENTS_KEPT", kept)
    # Scores turn the order of branches round, so that pages end elsewhere in each order.
    records = [comment(n, n // 2 or None, "u", score=(n * 7) % 11, num=n) for n in range(1, 41)]
    site = make_site([lines([post(), *records])], comments_per_page=6, whole_page_comments=100)
    pages = {path: site.page(path) for path in site.paths() if "/comments/p1" in path}
    assert len(pages) > 20
    for path, page in pages.items():
        here = {node.attributes["id"] for node in page.css("article.comment")}
        for node in page.css("article.comment a.parent"):
            name, _, fragment = (node.attributes["href"] or "").partition("#")
            assert bool(name) == (fragment not in here), path
    assert site.broken_links() == []


def test_a_theme_folder_may_override_any_file(make_site: Make, lines: Any, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "templates").mkdir(parents=True)
    (folder / "static").mkdir()
    (folder / "theme.yaml").write_text("title: Mine\nextends: classic\n")
    (folder / "templates" / "about.html").write_text(
        '{% extends "base.html" %}{% block main %}<h1>My words</h1>{% endblock %}'
    )
    (folder / "static" / "logo.svg").write_text("<svg/>")
    site = make_site([lines([post(), comment(1, None, "bob")])], theme=str(folder))
    assert site.page("about.html").css_first("h1").text() == "My words"
    assert "static/logo.svg" in site.paths()
    classic = Path(__file__).parent.parent / "themes" / "classic" / "static" / "theme.css"
    assert (site.folder / "static" / "theme.css").read_bytes() == classic.read_bytes()


@pytest.mark.parametrize("name", ["thread.html", "comment.html", "listing.html", "macros.html"])
def test_a_template_with_a_fault_is_one_clear_error(make_site: Make, lines: Any, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / name).write_text("{% macro open(c) %}{% endmacro %}\n{{ nothing.at.all }}")
    with pytest.raises(ThemeError, match=rf"theme 'mine': \S+/mine/templates/{name}:2: 'nothing' is undefined"):
        make_site([lines([post(), comment(1, None, "bob")])], theme=str(folder))


@pytest.mark.parametrize("name", ["thread.html", "comment.html", "about.html", "macros.html"])
def test_a_template_that_asks_for_what_is_not_there_is_told(
    make_site: Make, lines: Any, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "mine"
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / name).write_text("{{ site.titel }}")
    with pytest.raises(ThemeError, match=rf"theme 'mine': \S+/mine/templates/{name}:1: .*no attribute 'titel'"):
        make_site([lines([post(), comment(1, None, "bob")])], theme=str(folder))


@pytest.mark.parametrize("name", ["thread.html", "post_line.html", "about.html", "macros.html"])
@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ site.title + 1 }}", "mine/templates/{name}:2: can only concatenate str"),
        ("{{ 1 / 0 }}", "mine/templates/{name}:2: division by zero"),
        ("{{ 'x'|round }}", "mine/templates/{name}:2: type str doesn't define __round__"),
        ("{{ '%d' % 'x' }}", "mine/templates/{name}:2: %d format"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "mine/templates/{name}:2: maximum recursion depth"),
        ("{{ 1|nothing }}", "mine/templates/{name}:2: No filter named 'nothing'"),
        ("{% if %}", "mine/templates/{name}:2: Expected an expression"),
        ("{% include 'none.html' %}", "mine/templates/{name}:2: there is no template 'none.html'"),
        ("\udcff", "{name}: 'utf-8' codec can't decode"),
    ],
)
def test_whatever_goes_wrong_in_a_template_is_one_clear_error(
    make_site: Make, lines: Any, tmp_path: Path, name: str, template: str, said: str
) -> None:
    folder = tmp_path / "mine"
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / name).write_bytes(f"\n{template}".encode("utf-8", "surrogateescape"))
    with pytest.raises(ThemeError, match=rf"^theme 'mine': [^\n]*{re.escape(said.format(name=name))}[^\n]*$"):
        make_site([lines([post(), comment(1, None, "bob")])], theme=str(folder))


CUT = "{{ cut }}"


@pytest.mark.parametrize(
    ("name", "template", "said"),
    [
        ("thread.html", "{% for page in rows %}<p>no cuts</p>{% endfor %}", "thread.html: must have {{ cut }}"),
        ("comment.html", f"{{% for c in rows %}}{CUT}{{% endfor %}}", "comment.html: must have {{ cut }}"),
        ("person.html", f"{{% for page in rows %}}{CUT * 6}{{% endfor %}}", "person.html: must have {{ cut }}"),
        (
            "base.html",
            "{% block title %}{% endblock %}{% block main %}{% endblock %}",
            "base.html must have each block",
        ),
    ],
)
def test_a_template_without_its_cuts_is_one_clear_error(
    make_site: Make, lines: Any, tmp_path: Path, name: str, template: str, said: str
) -> None:
    folder = tmp_path / "mine"
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / name).write_text(template)
    with pytest.raises(ThemeError, match=f"theme 'mine'.*{re.escape(said)}"):
        make_site([lines([post(), comment(1, None, "bob")])], theme=str(folder))


def test_lists_longer_than_what_is_kept_in_memory_are_the_same(
    make_site: Make, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = lines(
        [*(post(id=f"p{n}", score=n * 7 % 11) for n in range(1, 9)), *(comment(n, None, "bob") for n in range(1, 9))]
    )
    whole = make_site([dump], posts_per_page=2)
    expected = {path: (whole.folder / path).read_bytes() for path in whole.paths()}
    monkeypatch.setattr(units, "PIECES_KEPT", 3)
    monkeypatch.setattr(units, "ENTRIES_AT_ONCE", 2)
    monkeypatch.setattr(units, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(threads, "AT_ONCE", 2)
    again = make_site([dump], posts_per_page=2)
    assert {path: (again.folder / path).read_bytes() for path in again.paths()} == expected
