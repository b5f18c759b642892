"""Cuts a thread page of mlmym saved as plain text into its parts: sidebar, post, comments.

Source of the lines: rystaf/mlmym, templates/main.html, sidebar.html and post.html, as text extractors (Resiliparse and
others) print them.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from archiver.dumps import Dump
from archiver.errors import DumpError
from archiver.importers import mlmym_phrases as phrases
from archiver.importers import mlmym_text_comments as comments
from archiver.importers.ages import AGE
from archiver.importers.mlmym_text_comments import EDITED, Block
from archiver.importers.mlmym_text_lines import Lines, lines_of
from archiver.model import Skip

SORTED_BY = re.compile(r"sorted by: ?(?P<orders>hot(?: [a-z]+)+)")
SINGLE = re.compile("you are viewing a single comment's thread")
REST = re.compile("view the rest of the comments")
META = re.compile(
    rf"submitted (?P<age>{AGE}) ?{EDITED} ?by (?P<author>\S+) to (?:c/)?(?P<community>\S+)", re.IGNORECASE
)
TITLE = re.compile(r"(?P<title>.+) \([^\s()]+\)")
"""Title and domain of a post."""
SCORE = re.compile(r"-?\d{1,9}")
BUTTONS = re.compile(r"(?:NSFW ?)?(?:(?P<count>\d{1,9}) comments?)?(?: ?fedilink)?(?: ?hide all child comments)?")


class Sidebar(msgspec.Struct, kw_only=True):
    """What stands beside the thread."""

    day: str | None = None
    score: int | None = None
    liked: str | None = None
    title: str | None = None
    readers: int | None = None
    active: int | None = None
    text: str | None = None
    founded: str | None = None
    moderators: tuple[str, ...] = ()


class Head(msgspec.Struct, kw_only=True):
    """What stands above the comments."""

    meta: re.Match[str] | None = None
    score: int | None = None
    title: str | None = None
    body: str | None = None
    nsfw: bool | None = None
    comments: int | None = None


class Page(msgspec.Struct, kw_only=True):
    """A whole page."""

    id: str
    """In place of the post's own, which the text does not tell: the beginning of its checksum."""
    sidebar: Sidebar = msgspec.field(default_factory=Sidebar)
    head: Head = msgspec.field(default_factory=Head)
    tally: re.Match[str] | None = None
    orders: tuple[str, ...] | None = None
    single: bool = False
    """Only one comment with its replies."""
    blocks: list[Block] = []
    skips: list[Skip] = []
    """What could not be read, and lines that belong to nothing known."""


def opened(dump: Dump) -> Page:
    """The page in the dump. The sidebar stands before the post or behind the comments.

    Raises DumpError where there is no page.
    """
    lines, skips = lines_of(dump)
    menu = _find_menu(lines)
    stats = _find_stats(lines, menu)
    if menu is None and stats is None:
        reason = "no thread page of mlmym: neither 'this post was submitted on …' nor 'sorted by: …'"
        raise DumpError(f"{dump.name}: {reason}")
    digest = hashlib.sha256("\n".join(lines).strip().encode("utf-8", "surrogatepass")).hexdigest()
    page = Page(id=digest[:12], skips=skips)
    top = len(lines) if menu is None else menu
    post = _find_post(lines, top)
    if stats is None:
        page.skips += lines.unknown(0, top if post is None else post)
    elif stats < top:
        page.skips += lines.unknown(0, min(stats, top if post is None else post))
        _read_sidebar(page, lines, stats, post if post is not None and post > stats else top)
    if post is not None:
        _read_post(page, lines, post, stats if stats is not None and post < stats < top else top)
    if menu is not None:
        end = stats if stats is not None and stats > menu else len(lines)
        _read_comments(page, lines, _read_menu(page, lines, menu), end)
    if stats is not None and stats > top:
        _read_sidebar(page, lines, stats, len(lines))
    return page


def _find_menu(lines: Lines) -> int | None:
    """The line "all 37 comments", followed by the orders; or the one that stands there on the page of one comment."""
    for index in range(len(lines)):
        tally = lines.match(phrases.TALLY, index)
        if (tally and lines.match(SORTED_BY, lines.following(index))) or lines.match(SINGLE, index):
            return index
    return None


def _find_stats(lines: Lines, menu: int | None) -> int | None:
    """The line "this post was submitted on", followed by points: the first above the comments, or the last below."""
    submitted = lines.matching(phrases.SUBMITTED, 0, len(lines))
    found = [index for index in submitted if lines.match(phrases.LIKED, lines.following(index))]
    if not found:
        return None
    return found[0] if menu is None or found[0] < menu else found[-1]


def _find_post(lines: Lines, top: int) -> int | None:
    """Where the post begins: its score and title stand above "submitted … by … to …"."""
    meta = next(lines.matching(META, 0, top), None)
    if meta is None:
        return None
    above = [index for index in range(max(0, meta - 6), meta) if lines[index].strip()]
    return next((index for index in reversed(above[-3:]) if lines.match(SCORE, index)), meta)


def _read_sidebar(page: Page, lines: Lines, start: int, end: int) -> None:
    sidebar = page.sidebar
    liked = lines.following(start)
    if (day := lines.match(phrases.SUBMITTED, start)) and (votes := lines.match(phrases.LIKED, liked)):
        sidebar.day, sidebar.score, sidebar.liked = day["day"], int(votes["score"]), votes["liked"]
    readers = next(lines.matching(phrases.READERS, liked, end), None)
    if readers is None or not (count := lines.match(phrases.READERS, readers)):
        page.skips += lines.unknown(liked + 1, end)
        return
    sidebar.readers = phrases.number(count["readers"])
    sidebar.title = " ".join(lines.filled(liked + 1, readers)) or None
    start = readers + 1
    active = lines.following(readers)
    if active < end and (count := lines.match(phrases.ACTIVE, active)):
        sidebar.active = phrases.number(count["active"])
        start = active + 1
    foot = max(lines.matching(phrases.FOUNDED, start, end), default=end)
    sidebar.text = lines.text(start, foot) or None
    if foot < end and (founded := lines.match(phrases.FOUNDED, foot)):
        sidebar.founded = founded["age"]
        _read_moderators(page, lines, lines.following(foot), end)


def _read_moderators(page: Page, lines: Lines, start: int, end: int) -> None:
    if start < end and lines[start].strip() == "MODERATORS":
        start = lines.following(start)
        names = []
        while start < end and " " not in lines[start].strip():
            names.append(lines[start].strip())
            start = lines.following(start)
        page.sidebar.moderators = tuple(names)
    page.skips += lines.unknown(start, end)


def _read_post(page: Page, lines: Lines, start: int, end: int) -> None:
    head = page.head
    meta = next(lines.matching(META, start, end))
    head.meta = lines.match(META, meta)
    if above := lines.filled(start, meta):
        head.score = int(above[0])
        title = " ".join(above[1:])
        head.title = match["title"] if (match := TITLE.fullmatch(title)) else title or None
    body = index = lines.following(meta)
    buttons = []
    while index < end and (button := lines.match(BUTTONS, index)):
        buttons.append(button)
        index = lines.following(index)
    if any("fedilink" in button[0] for button in buttons):  # else it can be the post's own text
        body = index
        head.nsfw = True if any(button[0].startswith("NSFW") for button in buttons) else None
        head.comments = next((int(button["count"]) for button in buttons if button["count"]), None)
    head.body = lines.text(body, end) or None


def _read_menu(page: Page, lines: Lines, menu: int) -> int:
    """Read what stands above the comments; gives the line behind it."""
    page.tally = lines.match(phrases.TALLY, menu)
    page.single = page.tally is None
    index = lines.following(menu)
    if orders := lines.match(SORTED_BY, index):
        page.orders = tuple(orders["orders"].split())
        return index + 1
    while lines.match(REST, index):
        index = lines.following(index)
    return index


def _read_comments(page: Page, lines: Lines, start: int, end: int) -> None:
    heads = comments.heads(lines, start, end)
    page.skips += lines.unknown(start, heads[0] if heads else end)
    page.blocks += comments.blocks(lines, heads, end)
