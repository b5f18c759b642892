"""One archive with every odd case, its sites, the browser, and the checkers of tests/tools.

Where a tool is absent its tests skip and say why; in CI (``CI=true``) they fail instead.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from archiver import config, intake, publish

TOOLS = Path(__file__).parent.parent / "tools"
EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "dumps"
THEMES = ("modern", "classic", "plain")
REDDIT = "www.reddit.com"
GARDEN = "allotment.example"
TEA = f"{REDDIT}/r/tea/comments"

KINDS = {
    "front page": "index.html",
    "communities": "communities.html",
    "about": "about.html",
    "accessibility statement": "accessibility.html",
    "community": f"{REDDIT}/r/tea.html",
    "community with a sidebar": f"{GARDEN}/c/tea.html",
    "person": f"{REDDIT}/user/ann.html",
    "person of another server": f"{GARDEN}/u/bob@far.example.html",
    "small thread": f"{TEA}/small.html",
    "odd thread of Reddit": f"{TEA}/odd.html",
    "odd thread of Lemmy": f"{GARDEN}/post/7.html",
    "poll": f"{TEA}/poll.html",
    "pictures": f"{TEA}/media.html",
    "thread without comments": f"{TEA}/bare.html",
    "removed thread": f"{TEA}/gone.html",
    "untitled thread": f"{TEA}/lost.html",
    "cut branch": f"cut/{TEA}/deep.html",
    "cut branch, second page": f"cut/{TEA}/deep-2.html",
    "empty archive": "empty/index.html",
    "empty archive, communities": "empty/communities.html",
    "empty archive, about": "empty/about.html",
}
"""Every kind of page, by an example of it that is small enough to be looked at in every way."""
LONG = f"{TEA}/long.html"
"""A page of 500 comments as people write them."""
DEEP = f"{TEA}/deep.html"
"""A chain of 600 replies, the first page."""
SMALL = KINDS["small thread"]


def absent(tool: str, remedy: str) -> NoReturn:
    """Skips the test because a tool is not there; fails it in CI, which must have them all."""
    reason = f"{tool} is not here; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """``program(name, remedy)``: the path of a program, or the test ends here."""
    return lambda name, remedy: shutil.which(name) or absent(name, remedy)


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """``tool(path)``: a file of an npm package, or the test ends here."""

    def find(path: str) -> Path:
        file = TOOLS / "node_modules" / path
        return file if file.exists() else absent(path, "install it: (cd tests/tools && npm ci)")

    return find


# -- the archive -------------------------------------------------------------------------------------------------------

WORDS = ["kettle", "leaf", "water", "pot", "steam", "cup", "and", "with", "under", "the", "my", "our", "copper", "lid"]


def prose(random_: random.Random, words: int) -> str:
    text = " ".join(random_.choice(WORDS) for _ in range(words))
    return text[:1].upper() + text[1:] + "."


def post(id: str, title: str, **more: Any) -> dict[str, Any]:
    """A post as Pushshift's dumps have it."""
    return {
        "id": id, "title": title, "author": "ann", "subreddit": "tea", "selftext": "Which one?", "is_self": True,
        "url": "", "score": 12, "upvote_ratio": 0.91, "num_comments": 1, "created_utc": 1700000000,
        "domain": "self.tea", "retrieved_on": 1710000000, "permalink": f"/r/tea/comments/{id}/", **more,
    }  # fmt: skip


def comment(post: str, id: str, parent: str | None = None, body: str = "A word.", **more: Any) -> dict[str, Any]:
    """A comment as Pushshift's dumps have it."""
    return {
        "id": id, "link_id": f"t3_{post}", "parent_id": f"t1_{parent}" if parent else f"t3_{post}",
        "author": f"user_{id}", "subreddit": "tea", "score": 1, "body": body, "created_utc": 1700000100,
        "retrieved_on": 1710000000, **more,
    }  # fmt: skip


WIDE = "|" + "a|" * 40 + "\n" + "|-" * 40 + "|\n" + "|" + "long cell|" * 40
NARROW = "kettle|price\n:--|--:\nsteel|30\ncopper|90"
HEADINGS = "# First\n\nText.\n\n### Third, after none second\n\nMore.\n\n###### Sixth"
LISTS = "* one\n* two\n\n    * nested\n\n1. first\n2. second\n\n> quoted\n\n> > twice\n\n***\n\nEnd."
IMAGES = "![a cup](https://i.example/cup.png) and [](https://i.example/empty) and https://i.example/bare.jpg"

SMALL_THREAD = [
    post(
        "small", "Which kettle do you use?", num_comments=7, locked=True, link_flair_text="Question",
        selftext="I have a **copper** one:\n\n" + NARROW + "\n\nand [a link](https://kettle.example/).",
    ),
    comment("small", "s1", None, "Steel. It *whistles*.", score=9, distinguished="moderator", stickied=True),
    comment("small", "s2", "s1", "Mine too!\n\n> It whistles", author="ann", created_utc=1700000200, edited=1700000300),
    comment("small", "s3", "s2", "[deleted]", author="[deleted]", created_utc=1700000250),
    comment("small", "s4", "s3", "What did it say?", score=-2, created_utc=1700000400),
    comment("small", "s5", "s1", "Only >!at noon!<.\n\n    code()", created_utc=1700000500),
    comment("small", "s6", None, "Copper for me.", author_flair_text="tinker", created_utc=1700000600),
]  # fmt: skip

ODD_THREAD = [
    post(
        "odd", "Which " + "w" * 150 + " أي إبريق", over_18=True, spoiler=True, locked=True, stickied=True,
        is_self=False, url="https://kettle.example/[a] <b>|100%/\u00fc?q={c}^" + "long/" * 60, selftext="",
        num_comments=99, edited=1700000900,
        crosspost_parent="t3_other", distinguished="moderator", link_flair_text="F" * 80,
    ),
    comment("odd", "wide", None, WIDE),
    comment("odd", "word", "wide", "x" * 2000),
    comment("odd", "code", "word", "    " + "code " * 200 + "\n\nand `" + "inline" * 60 + "`"),
    comment("odd", "name", None, author="n" * 200, author_flair_text="flair " * 30),
    comment("odd", "zalgo", None, "Z" + "\u0300" * 400, author="Z\u0300\u0301\u0302" * 5),
    comment("odd", "bidi", None, "\u202e text", author="\u202egpj.exe"),
    comment("odd", "arabic", "bidi", "أيّ إبريق تفضّلون؟ أنا أفضّل النحاس.\n\n* واحد\n* اثنان", author="ليلى"),
    comment("odd", "spoiler", None, ">!hidden [link](https://a.example/)!< and >!more!<"),
    comment("odd", "heads", None, HEADINGS, distinguished="admin", is_submitter=True),
    comment("odd", "lists", "heads", LISTS),
    comment("odd", "images", "heads", IMAGES, edited=True),
    comment("odd", "super", None, "a^b^c^(d e) r/tea u/ann u/nobody_here ~~gone~~"),
    comment("odd", "deleted", None, "[deleted]", author="[deleted]"),
    comment("odd", "removed", "deleted", "[removed]"),
    comment("odd", "below", "removed", "Below a removed one.", score_hidden=True, locked=True),
    comment("odd", "orphan", "nowhere", "My parent is not in the dump."),
    comment("odd", "loop1", "loop2", "We answer each other."),
    comment("odd", "loop2", "loop1", "We answer each other."),
    comment("odd", "undated", None, "When?", created_utc=None, author=None, score=None),
    *(comment("odd", f"n{n}", f"n{n - 1}" if n else None, f"Depth {n + 1}. " + "long" * 20) for n in range(14)),
]  # fmt: skip

OTHERS = [
    post("poll", "How hot?", num_comments=0, poll_data={
        "options": [{"text": "Boiling", "vote_count": 12}, {"text": "أقل", "vote_count": 1}, {"text": "Cold"}],
    }),
    post("media", "My pots", is_self=False, selftext="", url="https://www.reddit.com/gallery/media", is_gallery=True,
         gallery_data={"items": [{"media_id": "m1"}, {"media_id": "m2"}]},
         media_metadata={f"m{n}": {"s": {"u": f"https://i.example/{n}.jpg"}} for n in (1, 2)}),
    post("bare", "Nobody answered", num_comments=0, selftext=""),
    post("gone", "[deleted by user]", author="[deleted]", selftext="[removed]", removed_by_category="moderator"),
    comment("gone", "g1", None, "What was it?", author="ann"),
    comment("lost", "l1", None, "The post of this thread is not in the dump."),
    *(post(f"more{n}", f"Thread number {n}", subreddit=f"tea{n % 8}", num_comments=0) for n in range(30)),
]  # fmt: skip


def long_thread(size: int) -> list[dict[str, Any]]:
    """Comments as people write them: some threads of a hundred replies, many of one; depth up to about 12."""
    random_ = random.Random(7)
    lines = [post("long", "A long talk about kettles", num_comments=size, selftext=prose(random_, 80))]
    parents: list[str | None] = []
    for n in range(size):
        parent = None if n % 9 == 0 else random_.choice(parents[-40:])
        parents.append(f"t{n}")
        said = "\n\n".join(prose(random_, random_.randint(3, 40)) for _ in range(random_.randint(1, 2)))
        lines.append(
            comment(
                "long",
                f"t{n}",
                parent,
                said,
                author=f"user_{n % 40}",
                score=random_.randint(-5, 90),
                created_utc=1700000100 + n,
            )
        )
    return lines


def deep_thread(depth: int) -> list[dict[str, Any]]:
    lines = [post("deep", "A chain of replies", num_comments=depth)]
    return lines + [comment("deep", f"d{n}", f"d{n - 1}" if n else None, author=f"user_{n % 40}") for n in range(depth)]


FOOTNOTES = "A claim[^1] and another[^note].\n\n[^1]: Its *source*.\n[^note]: A note."
LEMMY_BODIES = [
    FOOTNOTES,
    FOOTNOTES,
    "::: spoiler Kettle ending\nIt **boils**.\n\n- one\n- two\n:::\n\nAfter.",
    "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |",
    "| wide " * 30 + "|\n" + "|---" * 30 + "|\n" + "| cell " * 30 + "|",
    HEADINGS + "\n\nSetext\n===\n\nSecond\n---",
    "![a cup](https://i.example/cup.png)\n\n[![linked](https://i.example/x.png)](https://a.example)\n\n![](https://i.example/y)",
    "```python\n" + "print('long line')  # " * 20 + "\n```\n\nH~2~O, x^2^, {漢字|かんじ}, `code`",
    "@bob@far.example and !tea@allotment.example and <script>alert(1)</script> & https://a.example/?x=1&y=2",
    "1. one\n   1. nested\n2. two\n\n- [ ] task\n\n> quoted\n> > twice\n\n---\n\nEnd.",
    "שלום עולם, איזה קומקום?\n\n> ציטוט",
]  # fmt: skip


def lemmy_folder(folder: Path) -> Path:
    """Two answers of Lemmy 0.19's API: a post with its community, and its comments."""

    def body(kind: str, id: int, **fields: Any) -> dict[str, Any]:
        address = f"https://{GARDEN}/{kind}/{id}"
        return {"id": id, "local": True, "published": "2023-12-01T10:00:00Z", "ap_id": address, **fields}

    ann = {"id": 1, "name": "ann", "actor_id": f"https://{GARDEN}/u/ann", "local": True, "bot_account": False}
    bob = {"id": 2, "name": "bob", "actor_id": "https://far.example/u/bob", "local": False, "bot_account": True}
    tea = {
        "id": 3, "name": "tea", "title": "Tea & kettles", "actor_id": f"https://{GARDEN}/c/tea", "local": True,
        "description": "# Rules\n\nAll about **tea**.\n\n1. Be kind\n\n[The wiki](https://wiki.example/)",
        "published": "2020-01-01T00:00:00Z",
    }  # fmt: skip
    asked = body(
        "post", 7, name="Which <kettle> & why?", body="I ask @bob@far.example.\n\n" + FOOTNOTES, creator_id=1,
        community_id=3, locked=True, url="https://kettle.example/buy", nsfw=True, deleted=False, removed=False,
        featured_community=True,
    )  # fmt: skip
    posted = {"post": asked, "creator": ann, "community": tea}
    posted["counts"] = {"post_id": 7, "comments": 40, "score": 5, "upvotes": 6, "downvotes": 1}
    views = []
    for n, text in enumerate(LEMMY_BODIES):
        path = f"0.{10 + n}" if n % 3 == 0 else f"0.{10 + n - n % 3}.{10 + n}"
        said = body("comment", 10 + n, path=path, content=text, creator_id=2, post_id=7, deleted=False, removed=False)
        counts = {"comment_id": 10 + n, "score": n, "upvotes": n, "downvotes": 0, "child_count": 4}
        views.append({"comment": said, "creator": bob if n % 2 else ann, "post": asked, "community": tea})
        views[-1]["counts"] = counts
    folder.mkdir()
    community = {"community": tea, "counts": {"subscribers": 1234, "users_active_day": 5}}
    moderators = [{"community": tea, "moderator": ann}]
    shown = {"post_view": posted, "community_view": community, "moderators": moderators, "cross_posts": []}
    (folder / "post.json").write_text(json.dumps(shown), encoding="utf-8")
    (folder / "comments.json").write_text(json.dumps({"comments": views}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def odd_dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The dumps of the archive with every odd case; the examples give PieFed and copied pages."""
    folder = tmp_path_factory.mktemp("dumps")
    lines = [*SMALL_THREAD, *ODD_THREAD, *OTHERS, *long_thread(500), *deep_thread(600)]
    texts = [json.dumps(line) for line in lines] + ['{"id": "no more than an id"}', "not JSON at all"]
    (folder / "tea.ndjson").write_text("\n".join(texts) + "\n", encoding="utf-8")
    (folder / "cut.ndjson").write_text("\n".join(json.dumps(line) for line in deep_thread(15)), encoding="utf-8")
    return [folder / "tea.ndjson", lemmy_folder(folder / "garden"), EXAMPLES]


def build(folder: Path, dumps: list[Path], **settings: Any) -> publish.Report:
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    names = [str(path) for path in dumps]
    checked = config.load(None, settings)
    database = folder.with_name(folder.name + ".db")
    return publish.build_site(names, database, folder, checked, intake.Options(), 1, lambda _what, _done, _total: None)


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory, odd_dumps: list[Path]) -> Callable[[str], Path]:
    """``sites(theme)``: the site of the odd archive, made once; in it are two small ones, ``empty/`` and ``cut/``."""
    made: dict[str, Path] = {}

    def site(theme: str = "modern") -> Path:
        if theme not in made:
            folder = tmp_path_factory.mktemp(theme) / "site"
            told = {"title": "The tea archive", "description": "Kettles, kept.", "theme": theme}
            build(folder, odd_dumps, posts_per_page=10, **told)
            for name, dumps in (("empty", []), ("cut", [odd_dumps[0].with_name("cut.ndjson")])):
                build(folder.parent / name, dumps, comments_per_page=8, **told)
                shutil.move(folder.parent / name, folder / name)
            made[theme] = folder
        return made[theme]

    return site


@pytest.fixture(scope="session")
def site(sites: Callable[[str], Path]) -> Path:
    """The site of the odd archive in the default theme."""
    return sites("modern")


# -- the browser -------------------------------------------------------------------------------------------------------


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or absent("Chromium", "on Debian: apt install chromium")


@pytest.fixture(scope="module")  # not longer: only one Playwright runs at a time, and other tests start their own
def launch() -> Iterator[Callable[..., Browser]]:
    """``launch(*flags)``: Chromium as the system has it."""
    path = chromium()
    opened: list[Browser] = []
    with sync_playwright() as playwright:

        def start(*flags: str) -> Browser:
            always = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *flags]
            opened.append(playwright.chromium.launch(executable_path=path, args=always))
            return opened[-1]

        yield start
        for browser in opened:
            browser.close()


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Browser:
    """One browser for all tests of a module."""
    return launch()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page(file, width=…, color_scheme=…, …)``: a page from the disk; complaints and requests fail the test."""
    complaints: list[str] = []
    contexts = []

    def opened(file: Path, width: int = 1280, fragment: str = "", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url.startswith("file:") or complaints.append(request.url))
        page.goto(file.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
