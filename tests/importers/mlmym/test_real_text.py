"""The thread page the project began with: every fact of it, and the one tree that fits."""

import json
from datetime import UTC, datetime

from archiver import importers
from archiver.model import Comment, Community, Post, Seen, Site, Skip


def day(microseconds):
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).date().isoformat()


def test_the_page_gives_the_expected_tree_and_facts(real_dumps, open_dump):
    folder = real_dumps / "mlmym"
    dump = open_dump(folder / "lemmy-ml-thread-2023-11-28.txt")
    expected = json.loads((folder / "lemmy-ml-thread-2023-11-28.tree.json").read_text(encoding="utf-8"))
    assert importers.recognise(dump).name == "mlmym-text"
    records = list(importers.named("mlmym-text").read(dump))

    assert not [record for record in records if isinstance(record, Skip)]
    comments = [record for record in records if isinstance(record, Comment)]
    kept = [sum(other.parent == comment.id for other in comments) for comment in comments]
    given = [
        {
            "n": int(comment.id),
            "parent": comment.parent and int(comment.parent),
            "author": comment.author,
            "score": comment.score,
            "age": comment.created.words,
            "edited": comment.edited is not None,
            "edited_age": comment.edited and comment.edited.words,
            "declared_children": comment.declared_children,
            "kept_children": children,
            "missing_children": comment.declared_children - children,
            "text": comment.body,
        }
        for comment, children in zip(comments, kept, strict=True)
    ]
    assert given == expected["comments"]

    (post,) = (record for record in records if isinstance(record, Post))
    assert (post.score, post.upvotes, post.downvotes, post.ratio) == (92, 95, 3, 0.969)
    assert (post.declared_comments, post.nesting, post.captured_order) == (37, "inferred", "top")
    assert (day(post.created.earliest), day(post.created.latest)) == ("2023-11-28", "2023-11-28")
    (community,) = (record for record in records if isinstance(record, Community))
    assert (community.name, community.title, community.readers, community.active_users) == (
        "technology",
        "Technology",
        34879,
        55,
    )
    assert community.sidebar.count("\n\n") >= 9
    assert community.founded.words == "5 years ago"
    (seen,) = (record for record in records if isinstance(record, Seen))
    assert (day(seen.captured.earliest), day(seen.captured.latest)) == ("2024-10-23", "2024-11-22")
    assert isinstance(records[0], Site)
    assert records[0].host == "unknown.invalid"
