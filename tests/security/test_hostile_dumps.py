"""Dumps of the real formats whose every text is hostile: what importers read of them does nothing either."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any


def write(path: Path, *bodies: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    return path


def lemmy(folder: Path, vectors: list[str]) -> Path:
    """Views of posts and comments, in the words of Lemmy 0.19 and PieFed."""
    posts, comments = [], []
    for at, text in enumerate(vectors, 1):
        times = {"published": "2024-01-01T00:00:00Z", "local": at % 2 == 0, "ap_id": text, "actor_id": text}
        person = {**times, "id": at, "name": text, "display_name": text, "flair": text}
        community = {**times, "id": at, "name": text, "title": text, "description": text, "summary": text}
        poll = {"choices": [{"choice_text": text, "num_votes": 1}]}
        post = {**times, "id": at, "name": text, "url": text, "body": text, "creator_id": at, "community_id": at}
        post |= {
            "flair": text,
            "poll": poll,
            "thumbnail_url": text,
            "embed_title": text,
            "url_content_type": "image/png",
        }
        comment = {**times, "id": at, "content": text, "post_id": at, "creator_id": at, "path": f"0.{at}"}
        shared = {"creator": person, "community": community, "counts": {"score": 1, "comments": 3}}
        tags = [{"name": text, "display_name": text}]
        posts.append({"post": post, "tags": tags, **shared})
        comments.append({"comment": comment, "post": post, **shared})
    site = {"id": 1, "name": vectors[0], "sidebar": vectors[1], "description": vectors[2], "actor_id": vectors[3]}
    body = {"site_view": {"site": site, "local_site": {"id": 1}}, "admins": [], "version": vectors[4]}
    write(folder / "site.json", body)
    write(folder / "posts.json", {"posts": posts})
    return write(folder / "comments.json", {"comments": comments}).parent


def thing(at: int, text: str) -> dict[str, Any]:
    return {
        "subreddit": text, "author": text, "author_flair_text": text, "created_utc": 1600000000 + at, "score": 1,
        "retrieved_on": 1700000000, "permalink": text if at % 2 else "/r/x" + text, "distinguished": text,
    }  # fmt: skip


def post(at: int, text: str) -> dict[str, Any]:
    return thing(at, text) | {
        "id": f"p{at}", "title": text, "selftext": text, "url": text, "link_flair_text": text, "domain": text,
        "poll_data": {"options": [{"text": text, "vote_count": 1}]}, "crosspost_parent": f"t3_{text}",
        "media_metadata": {"a": {"s": {"u": text}}, "b": {"s": {"u": "https://evil.example/" + text}}},
        "num_comments": 9, "is_self": at % 3 == 0,
    }  # fmt: skip


def comment(at: int, text: str, post: str) -> dict[str, Any]:
    return thing(at, text) | {"id": f"c{at}", "link_id": f"t3_{post}", "parent_id": f"t3_{post}", "body": text}


def pushshift(path: Path, vectors: list[str]) -> Path:
    lines = [post(at, text) for at, text in enumerate(vectors)]
    return write(path, *lines, *(comment(at, text, f"p{at}") for at, text in enumerate(vectors)))


def reddit(path: Path, vectors: list[str]) -> Path:
    """A thread as its address with .json answers."""
    head = {**post(900, vectors[0]), "id": "thread", "name": "t3_thread", "subreddit": "tea"}
    children = [
        {"kind": "t1", "data": {**comment(at, text, "thread"), "name": f"t1_c{at}", "subreddit": "tea", "replies": ""}}
        for at, text in enumerate(vectors, 1000)
    ]
    more = {"kind": "more", "data": {"id": vectors[0], "parent_id": "t3_thread", "children": vectors[:20], "count": 20}}
    listings = [[{"kind": "t3", "data": head}], [*children, more]]
    return write(path, [{"kind": "Listing", "data": {"children": listing, "after": None}} for listing in listings])


def mlmym(folder: Path, vectors: list[str]) -> Path:
    """Pages of one thread, with a comment each: one text may hide all that follows it in a page."""
    page = (Path(__file__).parent.parent / "importers" / "mlmym" / "thread.html").read_text(encoding="utf-8")
    head = page.partition('<div class="comment" id="c1">')[0]
    folder.mkdir(parents=True)
    for at, text in enumerate(vectors, 100):
        comment = f"""<div class="comment" id="c{at}"><div class="meta"><a class="minimize" href="" for="c{at}">[–]</a>
        <a class="creator" href="/net.example/u/{escape(text)}">{escape(text)}</a> <b>12 points</b>
        <span title="2024-03-14 10:11:12 +0000 UTC">8 months ago</span></div>
        <div class="content"><div>{text}</div><ul class="buttons"><li><a href="{escape(text)}">fedilink</a></li>
        </ul></div><div class="children"></div></div>"""
        (folder / f"{at}.html").write_text(f"{head}{comment}</div></main></body></html>", encoding="utf-8")
    return folder


def test_no_dump_does_anything(
    own_vectors: list[str], tmp_path: Path, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    dumps = [
        lemmy(tmp_path / "dumps" / "lemmy", own_vectors),
        pushshift(tmp_path / "dumps" / "pushshift.ndjson", own_vectors),
        reddit(tmp_path / "dumps" / "reddit.json", own_vectors),
        mlmym(tmp_path / "dumps" / "mlmym", own_vectors),
    ]
    site = build(dumps, posts_per_page=500)
    assert not site.report.imported.errors
    assert site.report.imported.comments > 4 * 0.9 * len(own_vectors)
    assert site.report.imported.posts > 2 * 0.9 * len(own_vectors)
    assert watch(site).parse(site) == []
    paths = ["index.html", "communities.html", *site.pages("**/thread.html"), *site.pages("**/post/77.html")]
    paths += site.pages()[:: len(site.pages()) // 12]
    watched = watch(site)
    assert [problem for path in paths for problem in watched.check(path)] == []
