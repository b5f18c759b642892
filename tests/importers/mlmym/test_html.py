"""Pages saved as HTML."""

import re
from pathlib import Path

import pytest

from archiver import importers
from archiver.errors import DumpError
from archiver.importers import mlmym_html, mlmym_html_elements
from archiver.model import Comment, Gap, Post, Seen, Site, Skip

HERE = Path(__file__).parent
POST = '<!DOCTYPE html><main><div class="post" id="p1"></div><div class="commentmenu">all 2 comments</div>'


def of(records, kind):
    return [record for record in records if isinstance(record, kind)]


def read(open_dump, tmp_path, text, **options):
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    return list(mlmym_html.read(open_dump(path, **options)))


@pytest.mark.parametrize("name", ["thread.html", "saved-by-browser.html"])
def test_records(name, open_dump, records_golden):
    dump = open_dump(HERE / name)
    assert importers.recognise(dump).name == "mlmym-html"
    records_golden(HERE / f"{name}.records", list(mlmym_html.read(dump)))


def test_the_text_of_deleted_comments_is_kept_only_when_asked_for(open_dump):
    dropped = of(mlmym_html.read(open_dump(HERE / "thread.html")), Comment)[1]
    kept = of(mlmym_html.read(open_dump(HERE / "thread.html", keep_deleted=True)), Comment)[1]
    assert (dropped.state, dropped.body) == ("deleted", None)
    assert (kept.state, kept.body, kept.body_format) == ("deleted", "What **I** said", "lemmy")


def test_the_link_of_a_deleted_post_goes_with_its_text(open_dump, tmp_path):
    text = (HERE / "thread.html").read_text(encoding="utf-8").replace("post distinguished", "post deleted")
    (dropped,) = of(read(open_dump, tmp_path, text), Post)
    (kept,) = of(read(open_dump, tmp_path, text, keep_deleted=True), Post)
    assert (dropped.state, dropped.url, dropped.body) == ("deleted", None, None)
    assert (kept.state, kept.url) == ("deleted", "https://pictures.example/knot.png")
    assert kept.body == "<p>Wet &amp; cold, <em>please</em>.</p>"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/net.example/post/77", None),
        ("https://net.example/net.example/post/77", None),
        ("https://sea.example/net.example/post/77", "https://sea.example/net.example/post/77"),
        ("https://sea.example", "https://sea.example"),
        ("mailto:a@sea.example", None),
    ],
)
def test_a_post_shares_what_its_title_leads_to_unless_that_is_the_post(href, url, open_dump, tmp_path):
    text = (HERE / "thread.html").read_text(encoding="utf-8").replace("https://pictures.example/knot.png", href)
    (post,) = of(read(open_dump, tmp_path, text), Post)
    assert post.url == url


@pytest.mark.parametrize(
    ("href", "completed"),
    [
        ("/net.example/c/knots?sort=Top#a", "https://net.example/c/knots?sort=Top#a"),
        ("/c/knots%2Fties?sort=Top", "https://net.example/c/knots%2Fties?sort=Top"),
        ("//sea.example/c/knots", "//sea.example/c/knots"),
        ("/about", "/about"),
        ("https://sea.example/c/knots", "https://sea.example/c/knots"),
    ],
)
def test_links_of_mlmym_become_those_of_the_instance(href, completed, open_dump, tmp_path):
    text = (HERE / "thread.html").read_text(encoding="utf-8")
    first = of(read(open_dump, tmp_path, text.replace('<a href="/net.example/u/reef">', f'<a href="{href}">')), Comment)
    assert f'<a href="{completed}">reef</a>' in first[0].body


def test_nothing_is_dropped_silently(open_dump):
    records = list(mlmym_html.read(open_dump(HERE / "thread.html")))
    assert [(skip.reason, skip.detail) for skip in of(records, Skip)] == [
        ("comment with the id of another", "twin"),
        ("comment without an id", "odd"),
    ]
    assert [comment.id for comment in of(records, Comment)] == ["1", "2", "3", "4", "5", "6"]
    assert [(gap.parent, gap.count) for gap in of(records, Gap)] == [("1", 2), (None, None)]


def test_a_comment_elsewhere_is_reported(open_dump, tmp_path):
    records = read(open_dump, tmp_path, POST + '<section><div class="comment" id="c1"></div></section>')
    assert [skip.reason for skip in of(records, Skip)] == ["comment outside the thread"]


def test_the_host_of_a_single_instance_is_that_of_its_own_things(open_dump):
    records = list(mlmym_html.read(open_dump(HERE / "saved-by-browser.html")))
    assert of(records, Site)[0].host == "net.example"
    assert of(records, Comment)[0].parent == "30", "the answered comment is not on the page, but named"
    assert of(records, Post)[0].url is None


def test_exact_times_and_ages_give_the_time_of_capture(open_dump):
    (seen,) = of(mlmym_html.read(open_dump(HERE / "saved-by-browser.html")), Seen)
    hour = 3_600_000_000
    start = mlmym_html_elements.go_time("2025-01-02 03:00:00 +0000 UTC").earliest
    assert (seen.captured.earliest, seen.captured.latest) == (start, start + hour - 1)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("1970-01-01 00:00:01 +0000 UTC", 1_000_000),
        ("1970-01-01 02:00:00.5 +0200 CEST", 500_000),
        ("1970-01-01 00:00:00.123456789 +0000 UTC m=+0.5", 123_456),
        ("0001-01-01 00:00:00 +0000 UTC", None),
        ("2023-13-01 00:00:00 +0000 UTC", None),
        ("2023", None),
    ],
)
def test_times_as_go_prints_them(text, microseconds):
    moment = mlmym_html_elements.go_time(text)
    assert (moment and moment.earliest) == microseconds


def test_a_page_without_a_post_is_refused(open_dump, tmp_path):
    with pytest.raises(DumpError, match=r"page\.html: no thread page of mlmym: it has no post"):
        read(open_dump, tmp_path, '<div class="commentmenu">all 2 comments</div>')


def test_a_hundred_thousand_elements_inside_each_other_are_refused_at_once(open_dump, tmp_path):
    with pytest.raises(DumpError, match="nests more than"):
        read(open_dump, tmp_path, POST + "<div>" * 100_000)


def test_a_deep_thread_is_read(open_dump, tmp_path):
    opened = "".join(f'<div class="comment" id="c{index}"><div class="children">' for index in range(1, 2_001))
    comments = of(read(open_dump, tmp_path, POST + opened), Comment)
    assert [comment.parent for comment in comments] == [None, *(str(index) for index in range(1, 2_000))]


def test_addresses_that_are_none_do_no_harm(open_dump, tmp_path):
    text = (HERE / "thread.html").read_text(encoding="utf-8")
    for bad in ("http://[", "javascript:alert(1)", "%", ""):
        records = read(open_dump, tmp_path, re.sub('href="[^"]*"', f'href="{bad}"', text))
        assert len(of(records, Comment)) == 6
        assert of(records, Site)[0].host == "unknown.invalid"
        assert of(records, Post)[0].url is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<html><div class='comment' id='c1'></div>",
        b'{"html": "<div class=\\"commentmenu\\">"}',
        b"all 37 comments\nsorted by: hot top",
    ],
)
def test_other_things_are_not_recognised(head):
    assert not mlmym_html.recognise(head)


def test_the_emulated_real_page_has_the_same_tree_as_its_text(real_dumps, open_dump):
    pages = real_dumps / "mlmym"
    html = of(importers.named("mlmym-html").read(open_dump(pages / "lemmy-ml-thread-emulated.html")), Comment)
    text = of(importers.named("mlmym-text").read(open_dump(pages / "lemmy-ml-thread-2023-11-28.txt")), Comment)
    place = {comment.id: comment.position for comment in [*html, *text]}
    facts = [
        [
            (place.get(comment.parent), comment.author, comment.score, comment.declared_children, bool(comment.edited))
            for comment in comments
        ]
        for comments in (html, text)
    ]
    assert facts[0] == facts[1]
