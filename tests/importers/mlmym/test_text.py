"""Pages saved as text: golden records, and what each kind of page tells."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest

from archiver import importers
from archiver.errors import DumpError
from archiver.importers import mlmym_nesting, mlmym_text, mlmym_text_nesting
from archiver.model import Comment, Community, Gap, Moment, Post, Seen, Skip

HERE = Path(__file__).parent
NAMES = ["sidebar-first", "sidebar-last", "no-counts", "no-comments", "one-comment", "undated"]


def instant(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def read(open_dump, path, **options):
    return list(mlmym_text.read(open_dump(path, **options)))


def of(records, kind):
    return [record for record in records if isinstance(record, kind)]


def page(tmp_path, text):
    path = tmp_path / "page.txt"
    path.write_text(text, encoding="utf-8")
    return path


def thread(comments, tally="top 3 comments"):
    stats = "this post was submitted on 14 Mar 2024\n17 points (86.4% liked)"
    return f"{stats}\n{tally}\nsorted by: hot top new old\n{comments}"


@pytest.mark.parametrize("name", NAMES)
def test_records(name, open_dump, records_golden):
    dump = open_dump(HERE / f"{name}.txt")
    assert importers.recognise(dump).name == "mlmym-text"
    records_golden(HERE / f"{name}.txt.records", list(mlmym_text.read(dump)))


def test_the_tree_is_rebuilt(open_dump):
    records = read(open_dump, HERE / "sidebar-first.txt")
    comments = of(records, Comment)
    assert [comment.parent for comment in comments] == [None, "1", "2", "1", "1", None, "6", "6"]
    assert "(4 children)" in comments[3].body, "a quoted header stays in the text"
    assert comments[2].collapsed
    assert (comments[6].state, comments[6].body) == ("deleted", None)
    (post,) = of(records, Post)
    assert (post.nesting, post.captured_order, post.declared_comments) == ("uncertain", "top", 11)
    assert (post.upvotes, post.downvotes, post.ratio) == (19, 3, 0.864)


def test_load_more_lines_close_their_comments(open_dump):
    records = read(open_dump, HERE / "sidebar-last.txt")
    comments = of(records, Comment)
    assert [comment.parent for comment in comments] == [None, "1", "2", None]
    assert not any("load more" in comment.body for comment in comments)
    (gap,) = of(records, Gap)
    assert (gap.parent, gap.count) == (None, None)
    (community,) = of(records, Community)
    assert (community.name, community.readers, community.moderators) == (
        "weather@sky.example",
        1096,
        ("gust@sky.example", "breeze"),
    )


def test_a_sidebar_may_stand_above_the_post(open_dump, tmp_path):
    lines = (HERE / "sidebar-last.txt").read_text(encoding="utf-8").splitlines()
    stats = next(index for index, line in enumerate(lines) if line.startswith("this post"))
    moved = "\n".join([*lines[stats:], *lines[:stats]])
    (above,) = of(read(open_dump, page(tmp_path, moved)), Post)
    (below,) = of(read(open_dump, HERE / "sidebar-last.txt"), Post)
    assert msgspec.structs.replace(above, id=below.id) == below


def test_without_counts_the_thread_is_flat_and_an_old_page_tells_only_the_month(open_dump):
    records = read(open_dump, HERE / "no-counts.txt")
    (post,) = of(records, Post)
    assert post.nesting == "flat"
    assert post.declared_comments is None
    assert (post.created.earliest, post.created.precision) == (instant("2023-07-01"), "about")
    assert [comment.declared_children for comment in of(records, Comment)] == [None, None]


def test_a_given_time_of_capture_wins(open_dump):
    told = instant("2024-11-20")
    records = read(open_dump, HERE / "sidebar-first.txt", captured=Moment(told, told))
    assert not of(records, Seen)
    first = of(records, Comment)[0]
    assert first.created.latest == told - 240 * 86_400 * 1_000_000
    assert first.created.words == "8 months ago"


def test_ages_without_a_date_are_reported(open_dump):
    records = read(open_dump, HERE / "undated.txt")
    assert [skip.reason for skip in of(records, Skip)] == [
        "text outside the known parts of the page",
        "ages on a page without a date",
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_marks_change_nothing(line_end, open_dump, tmp_path):
    text = (HERE / "sidebar-first.txt").read_text(encoding="utf-8")
    path = tmp_path / "page.txt"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", line_end).encode())
    assert read(open_dump, path) == read(open_dump, HERE / "sidebar-first.txt")


def test_bytes_that_are_not_utf8_are_reported_with_their_line(open_dump, tmp_path):
    path = tmp_path / "page.txt"
    path.write_bytes(thread("[–] a 1 points 1 day ago\n\n").encode() + b"caf\xe9\n")
    records = read(open_dump, path)
    assert [(skip.line, skip.reason) for skip in of(records, Skip)] == [(7, "bytes that are not UTF-8")]
    assert of(records, Comment)[0].body == "caf\ufffd"


@pytest.mark.parametrize(
    ("scores", "ages", "order"),
    [
        ((5, 3, 2), ("3 days", "3 days", "3 days"), None),
        ((5, 3, 2), ("3 weeks", "3 weeks", "3 weeks"), "top"),
        ((1, 9, 2), ("2 weeks", "3 weeks", "4 weeks"), "new"),
        ((1, 9, 2), ("4 weeks", "3 weeks", "2 weeks"), "old"),
        ((3, 2, 1), ("4 weeks", "3 weeks", "2 weeks"), None),
        ((9, 8, 7), ("4 weeks", "4 weeks", "4 weeks"), "top"),
        ((1, 2, 1), ("3 weeks", "3 weeks", "3 weeks"), None),
    ],
)
def test_the_captured_order_is_the_one_that_fits(scores, ages, order, open_dump, tmp_path):
    lines = [
        f"[–] u{index} {score} points {age} ago\n" for index, (score, age) in enumerate(zip(scores, ages, strict=True))
    ]
    lines.append(f"[–] u4 {min(scores)} points {ages[-1]} ago (1 children)\n")
    lines.append(f"[–] u5 0 points {ages[-1]} ago\n")
    (post,) = of(read(open_dump, page(tmp_path, thread("\n".join(lines), "all 6 comments"))), Post)
    assert post.captured_order == order


def test_evidence_decides_between_trees_with_equally_few_missing_replies(open_dump, tmp_path):
    quote = "A sentence that is long enough to be a quote."
    text = thread(
        f"[–] a 5 points 1 year ago (2 children)\n\n{quote}\n\n"
        "[–] b 5 points 1 year ago (2 children)\n\nhttps://v.example/watch?v=abcdef123\n\n"
        f"[–] c 5 points 1 year ago\n\n{quote} Yes.\n\n"
        "[–] SomeLinkBot 5 points 1 year ago\n\nhttps://w.example/abcdef123\n"
    )
    records = read(open_dump, page(tmp_path, text))
    assert [comment.parent for comment in of(records, Comment)] == [None, "1", "2", "2"]
    assert of(records, Post)[0].nesting == "uncertain"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<html>this post was submitted on 14 Mar 2024\n17 points (86.4% liked)\n",
        b'{"body": "this post was submitted on 14 Mar 2024\\n17 points (86.4% liked)"}',
        b"From a@b Mon Jan  1 00:00:00 2024\n\nthis post was submitted on 14 Mar 2024\n17 points (86.4% liked)\n",
        b"I saw: this post was submitted on 14 Mar 2024\n17 points (86.4% liked)\n",
        b"all 37 comments\n",
    ],
)
def test_other_things_are_not_recognised(head):
    assert not mlmym_text.recognise(head)


def test_a_page_without_a_thread_is_refused(open_dump, tmp_path):
    with pytest.raises(DumpError, match=r"page\.txt: no thread page of mlmym: neither"):
        read(open_dump, page(tmp_path, "Nothing of the kind.\n"))


def test_a_page_too_hard_to_rebuild_is_flat(open_dump, tmp_path, monkeypatch):
    monkeypatch.setattr(mlmym_text_nesting, "rebuild", partial(mlmym_nesting.rebuild, effort=3))
    comments = "\n".join(f"[–] u{index} 1 points 1 year ago (3 children)\n" for index in range(20))
    records = read(open_dump, page(tmp_path, thread(comments)))
    assert of(records, Post)[0].nesting == "flat"
    assert len(of(records, Comment)) == 20
