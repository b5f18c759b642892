"""Both readers on real dumps, where they lie beside the checkout: counts and structure, no words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from archiver.importers import pushshift, reddit_api
from archiver.model import Comment, Gap, Post, Seen, Skip


@pytest.fixture
def read(real_dumps: Path, open_dump: Any) -> Any:
    """``read(name)``: all records of a dump, by the one of the two readers that knows it."""

    def reader(name: str) -> list[Any]:
        dump = open_dump(real_dumps / "reddit" / name)
        (importer,) = [i for i in (pushshift.IMPORTER, reddit_api.IMPORTER) if i.recognise(dump.head())]
        return list(importer.read(dump))

    return reader


def of(kind: type[Any], records: list[Any]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def orphans(found: list[Comment]) -> set[str | None]:
    ids = {comment.id for comment in found}
    return {comment.parent for comment in found} - ids - {None}


def test_a_thread_and_what_completes_it(read: Any) -> None:
    thread = read("permalink_funny_3hahrw_476of543.json")
    rest = read("morechildren_funny_3hahrw.ndjson")
    assert not of(Skip, thread + rest)
    found = of(Comment, thread) + of(Comment, rest)
    assert len(of(Comment, thread)) == 476
    assert len({comment.id for comment in found}) == 541
    assert not orphans(found)
    assert {post.captured_order for post in of(Post, rest)} == {"best"}
    assert len(of(Gap, thread)) == 18


def test_the_official_first_month(read: Any) -> None:
    records = read("pushshift/RC_2005-12.zst")
    found = of(Comment, records)
    assert (len(found), len(of(Skip, records))) == (1075, 0)
    assert sum(c.parent in orphans(found) for c in found) == 15
    assert not any("&gt;" in (c.body or "") for c in found)
    assert sum(c.state == "deleted" for c in found) == 105
    assert sum(c.state == "removed" for c in found) == 15


def test_submissions_of_a_subreddit(read: Any) -> None:
    records = read("pushshift/RS_2019-10_filtered.zst")
    found = of(Post, records)
    assert (len(found), len(of(Skip, records))) == (8271, 0)
    assert not any("&amp;" in (p.title or "") or p.url for p in found)
    assert sum(p.state == "deleted" for p in found) == 782
    assert len(of(Seen, records)) == 1


def test_float_times(read: Any) -> None:
    found = of(Comment, read("pushshift/test_comments_2024-02.json"))
    assert len(found) == 27
    assert all(c.created.earliest % 1_000_000 == 0 for c in found)
    assert not any("&gt;" in (c.body or "") for c in found)


@pytest.mark.parametrize(
    "name",
    [
        "escaped_AskReddit_cmwov_199of1376_13continue.json",
        "escaped_Python_2xmo63_45of44_sort-default.json",
        "escaped_Python_2xmo63_sort-top.json",
        "escaped_Python_4dy7xr_60of60_complete.json",
        "escaped_Python_91em1h_11of11_complete.json",
        "old2012_pics_vtvuk_with-ups-downs.json",
    ],
)
def test_nothing_stays_escaped(read: Any, name: str) -> None:
    records = read(name)
    found = of(Comment, records) + of(Post, records)
    assert not [c.id for c in found if re.search("&(amp|lt|gt);", f"{c.body} {c.flair}")]
    assert not of(Skip, records)


def test_continued_threads(read: Any) -> None:
    gaps = of(Gap, read("escaped_AskReddit_cmwov_199of1376_13continue.json"))
    assert sum(not gap.ids for gap in gaps) == 13
    (gap,) = of(Gap, read("permalink_test_6otocc_continue-thread.json"))
    assert (gap.ids, gap.count, gap.parent) == ((), None, "dkk4q9z")
    assert gap.source_url.endswith("/comments/6otocc/_/dkk4q9z/")


def test_real_votes_of_2012(read: Any) -> None:
    records = read("old2012_pics_vtvuk_with-ups-downs.json")
    found = of(Comment, records)
    assert len(found) == 200
    assert all(c.upvotes - c.downvotes == c.score for c in found)
    assert all(gap.count is None and gap.ids for gap in of(Gap, records))


def test_modern_votes_are_not_known(read: Any) -> None:
    found = of(Comment, read("permalink_funny_3hahrw_476of543.json"))
    assert {(c.upvotes, c.downvotes) for c in found} == {(None, None)}


def test_deleted(read: Any) -> None:
    (post,) = of(Post, read("permalink_test_4b1tfm_deleted.json"))
    assert (post.state, post.author, post.body) == ("deleted", None, None)


def test_poll_and_inline_media(read: Any) -> None:
    (poll,) = of(Post, read("permalink_WouldYouRather_g9zfex_poll.json"))
    assert [votes for _, votes in poll.poll] == [40, 14]
    (media,) = of(Post, read("permalink_test_mcqjl8_inline-media_rtj.json"))
    assert len(media.media) == 5
    assert all(address.startswith("https://") and "&amp;" not in address for address in media.media)
