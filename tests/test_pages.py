"""Every kind of page as it is written, kept small; ``build.py test --update-golden`` rewrites them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

GOLDEN = Path(__file__).parent / "golden"
HOST = "garden.example"


def body(kind: str, id: int, **fields: Any) -> dict[str, Any]:
    """A post, comment, person or community as Lemmy 0.19 sends it."""
    return {
        "id": id,
        "local": True,
        "published": "2023-12-01T10:00:00Z",
        "ap_id": f"https://{HOST}/{kind}/{id}",
        **fields,
    }


ANN = {"id": 1, "name": "ann", "actor_id": f"https://{HOST}/u/ann", "local": True, "bot_account": False}
BOB = {"id": 2, "name": "bob", "actor_id": "https://far.example/u/bob", "local": False, "bot_account": True}
TEA = {
    "id": 3, "name": "tea", "title": "Tea & kettles", "actor_id": f"https://{HOST}/c/tea", "local": True,
    "description": "All about **tea**.", "published": "2020-01-01T00:00:00Z",
}  # fmt: skip
POST = body(
    "post", 7, name="Which <kettle>?", body="I ask @bob@far.example.", creator_id=1, community_id=3, locked=True,
    url="https://kettle.example/buy", nsfw=False, deleted=False, removed=False, featured_community=False,
)  # fmt: skip


def view(person: dict[str, Any], comment: dict[str, Any], up: int, down: int) -> dict[str, Any]:
    counts = {"comment_id": comment["id"], "score": up - down, "upvotes": up, "downvotes": down, "child_count": 1}
    return {"comment": comment, "creator": person, "post": POST, "community": TEA, "counts": counts}


@pytest.fixture
def site(tmp_path: Path, make_site: Callable[..., Any]) -> Any:
    """A site of one thread with three comments, of which one is deleted and one misses a reply."""
    folder = tmp_path / "dump"
    folder.mkdir()
    posted = {"post": POST, "creator": ANN, "community": TEA}
    posted["counts"] = {"post_id": 7, "comments": 4, "score": 5, "upvotes": 6, "downvotes": 1}
    community_view = {"community": TEA, "counts": {"subscribers": 1234, "users_active_day": 5}}
    moderators = [{"community": TEA, "moderator": ANN}]
    get_post = {"post_view": posted, "community_view": community_view, "moderators": moderators, "cross_posts": []}
    said = {"content": "Mine *whistles*.", "creator_id": 2, "post_id": 7, "deleted": False, "removed": False}
    comments = [
        view(BOB, body("comment", 11, path="0.11", **said), 3, 1),
        view(
            ANN, body("comment", 12, path="0.11.12", **{**said, "content": "Oh!\n\n> whistles", "creator_id": 1}), 1, 0
        ),
        view(BOB, body("comment", 13, path="0.13", **{**said, "content": "", "deleted": True}), 9, 0),
    ]
    (folder / "post.json").write_bytes(msgspec.json.encode(get_post))
    (folder / "comments.json").write_bytes(msgspec.json.encode({"comments": comments}))
    return make_site([folder], title="Garden archive", description="What we said about tea.")


@pytest.mark.parametrize(
    "path",
    ["index", "communities", "about", f"{HOST}/post/7", f"{HOST}/c/tea", f"{HOST}/u/ann", f"{HOST}/u/bob@far.example"],
)
def test_page(site: Any, golden: Callable[[Path, str], None], path: str) -> None:
    page = (site.folder / f"{path}.html").read_text(encoding="utf-8")
    golden(GOLDEN / f"{path.replace('/', '_')}.html", page)


def test_the_golden_pages_are_all_there_is_to_see(site: Any) -> None:
    assert site.broken_links() == []
    assert site.report.imported.errors == site.report.imported.skips == []
