"""Reads a Lemmy thread page of the mlmym front end that was saved as plain text.

The text tells no addresses and no indentation: host, ids and title of the post are unknown, the nesting is rebuilt from
the number of replies each comment had and from the order of siblings (mlmym_nesting.py), and times are known as ages.
Source of the lines: rystaf/mlmym, templates/main.html, sidebar.html, post.html and comment.html, as text extractors
(Resiliparse and others) print them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import msgspec

from archiver.dumps import Dump, Importer
from archiver.errors import DumpError
from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import AGE, DAY, parse_age, seen_at, when
from archiver.importers.mlmym_nesting import Entry, TooManyTreesError, Tree, rebuild
from archiver.model import Comment, Community, Gap, Moment, Nesting, Person, Post, Record, Seen, Site, Skip, State
from archiver.platforms import LEMMY, UNKNOWN_HOST

EDITED = rf"(?:\* ?\(last edited (?P<edited>{AGE})\))?"
HEADER = re.compile(
    rf"\[(?P<fold>[–—−+-])\] (?P<author>\S.*?) (?P<score>-?\d{{1,9}}) points? (?P<age>{AGE}) ?{EDITED}"
    rf"(?: ?{phrases.CHILDREN})?"
)
SUBMITTED = re.compile(phrases.SUBMITTED)
LIKED = re.compile(phrases.LIKED)
TALLY = re.compile(phrases.TALLY)
SORTED_BY = re.compile(r"sorted by: ?(?P<orders>hot(?: [a-z]+)+)")
SINGLE = "you are viewing a single comment's thread"
META = re.compile(
    rf"submitted (?P<age>{AGE}) ?{EDITED} ?by (?P<author>\S+) to (?:c/)?(?P<community>\S+)", re.IGNORECASE
)
TITLE = re.compile(r"(?P<title>.+) \([^\s()]+\)")
"""Title and domain of a post."""
BUTTONS = re.compile(r"(?:NSFW ?)?(?:(?P<count>\d{1,9}) comments?)?(?: ?fedilink)?(?: ?hide all child comments)?")
COMMENT_BUTTONS = re.compile(
    r"(?:^|\n)[ \t•*-]*permalink[\s•*-]+fedilink[\s•*-]+(?:hide )?source"
    r"(?:[\s•*-]+(?:parent|context|reply|hide|show|show \d+|child comments))*\s*\Z"
)
NOT_LOADED = re.compile(rf"(?:^|\n)load more comments\s+{phrases.REPLIES}\s*\Z")
PAGE_END = re.compile(r"(?:^|\n)(?:load more comments|view more:(?: ‹ prev)?(?: next ›)?)\s*\Z")
READERS = re.compile(phrases.READERS)
ACTIVE = re.compile(phrases.ACTIVE)
FOUNDED = re.compile(rf"founded (?P<age>{AGE})")
PAGER = re.compile(r"view more:(?: ‹ prev)?(?: next ›)?|there doesn't seem to be anything here")
STATES: dict[str, State] = {"[deleted]": "deleted", "[removed by mod]": "removed"}
BOT = re.compile(r"\w{0,30}(?:link|piped|invidious)\w{0,30}bot\b", re.IGNORECASE)
LINK_ID = re.compile(r"https?://\S{1,300}?(?:/|v=)(?P<id>[\w-]{6,200})(?=[^\w/-]|$)")
QUOTE_LENGTH = 20
"""Characters of the shortest paragraph that counts as a quote when it comes again."""
TAIL = 300
"""Characters at the end of a text in which buttons of the page are looked for."""
MAX_MARKS = 200
"""Buttons below one comment; no thread is nested that deep."""
HOT_DAYS = 7
"""After so many days Lemmy's "hot" is the order of scores."""

_STATS = re.compile(rf"^{phrases.SUBMITTED}[ \t]*\r?\n[ \t]*{phrases.LIKED}[ \t]*\r?$", re.MULTILINE)
_MENU = re.compile(rf"^{phrases.TALLY}[ \t\r]*\n\s*sorted by:", re.MULTILINE)


def recognise(head: bytes) -> bool:
    """Two lines that only mlmym prints under each other, in something that is not markup, JSON or mail."""
    text = head.decode("utf-8", "replace").removeprefix("\ufeff").lstrip()
    if text.startswith(("<", "{", "From ")) or (text.startswith("[") and not HEADER.match(text)):
        return False
    return bool(_STATS.search(text) or _MENU.search(text))


class Block(msgspec.Struct, frozen=True):
    """A comment as the page prints it."""

    line: int
    header: re.Match[str]
    body: str
    not_loaded: tuple[int, ...]

    @property
    def score(self) -> int:
        """As the page prints it."""
        return int(self.header["score"])

    @property
    def replies(self) -> int | None:
        """Direct replies; unknown where no number is printed."""
        return int(self.header["children"]) if self.header["children"] else None


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
    sidebar: Sidebar
    head: Head
    tally: re.Match[str] | None = None
    orders: tuple[str, ...] | None = None
    single: bool = False
    """Only one comment with its replies."""
    more: bool = False
    """Further comments stood on a next page."""
    blocks: list[Block]
    unknown: list[Skip]
    """Lines that belong to nothing known."""


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything the page says."""
    text, skip = _text_of(dump)
    if skip:
        yield skip
    page = _parse(text, dump.name)
    yield from page.unknown
    yield from _records(page, dump.captured)


def _text_of(dump: Dump) -> tuple[str, Skip | None]:
    data = dump.read()
    try:
        text, skip = data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = data.decode("utf-8-sig", "replace")
        skip = Skip(line=line, reason="bytes that are not UTF-8", detail="shown as U+FFFD from here on")
    lines = re.split(r"\r\n?|\n", text)
    return "\n".join(line.rstrip() for line in lines), skip


def _parse(text: str, name: str) -> Page:
    """Cut the page into sidebar, post and comments. The sidebar stands before the post or behind the comments."""
    lines = text.split("\n")
    menu = _find_menu(lines)
    stats = _find_stats(lines, menu)
    if menu is None and stats is None:
        raise DumpError(f"{name}: no thread page of mlmym: neither 'this post was submitted on …' nor 'sorted by: …'")
    digest = hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()
    page = Page(id=digest[:12], sidebar=Sidebar(), head=Head(), blocks=[], unknown=[])
    top = len(lines) if menu is None else menu
    post = _find_post(lines, top)
    if stats is None:
        page.unknown += _unknown(lines, 0, top if post is None else post)
    elif stats < top:
        page.unknown += _unknown(lines, 0, min(stats, top if post is None else post))
        _read_sidebar(page, lines, stats, post if post is not None and post > stats else top)
    if post is not None:
        _read_post(page, lines, post, stats if stats is not None and post < stats < top else top)
    if menu is not None:
        end = stats if stats is not None and stats > menu else len(lines)
        _read_comments(page, lines, _read_menu(page, lines, menu), end)
    if stats is not None and stats > top:
        _read_sidebar(page, lines, stats, len(lines))
    return page


def _following(lines: Sequence[str], index: int) -> int:
    """The next line with something on it; the number of lines at the end."""
    index += 1
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _matches(pattern: re.Pattern[str], lines: Sequence[str], index: int) -> re.Match[str] | None:
    return pattern.fullmatch(lines[index].strip()) if index < len(lines) else None


def _find_menu(lines: Sequence[str]) -> int | None:
    """The line "all 37 comments", followed by the orders; or the one that stands there on the page of one comment."""
    for index, line in enumerate(lines):
        if line.strip() == SINGLE:
            return index
        if _matches(TALLY, lines, index) and _matches(SORTED_BY, lines, _following(lines, index)):
            return index
    return None


def _find_stats(lines: Sequence[str], menu: int | None) -> int | None:
    """The line "this post was submitted on", followed by points: the first above the comments, or the last below."""
    found = [
        index
        for index in range(len(lines))
        if _matches(SUBMITTED, lines, index) and _matches(LIKED, lines, _following(lines, index))
    ]
    if not found:
        return None
    return found[0] if menu is None or found[0] < menu else found[-1]


def _find_post(lines: Sequence[str], top: int) -> int | None:
    """Where the post begins: its score and title stand above "submitted … by … to …"."""
    meta = next((index for index in range(top) if _matches(META, lines, index)), None)
    if meta is None:
        return None
    above = [index for index in range(max(0, meta - 6), meta) if lines[index].strip()]
    for index in reversed(above[-3:]):
        if re.fullmatch(r"-?\d{1,9}", lines[index].strip()):
            return index
    return meta


def _unknown(lines: Sequence[str], start: int, end: int) -> list[Skip]:
    """A note of what stands where nothing was expected."""
    found = [index for index in range(start, end) if lines[index].strip() and not _matches(PAGER, lines, index)]
    if not found:
        return []
    detail = f"{len(found)} lines, first: {lines[found[0]].strip()[:80]}"
    return [Skip(line=found[0] + 1, reason="text outside the known parts of the page", detail=detail)]


def _read_sidebar(page: Page, lines: Sequence[str], start: int, end: int) -> None:
    sidebar = page.sidebar
    liked = _following(lines, start)
    if (day := _matches(SUBMITTED, lines, start)) and (votes := _matches(LIKED, lines, liked)):
        sidebar.day, sidebar.score, sidebar.liked = day["day"], int(votes["score"]), votes["liked"]
    readers = next((index for index in range(liked, end) if _matches(READERS, lines, index)), None)
    if readers is None or not (count := _matches(READERS, lines, readers)):
        page.unknown += _unknown(lines, liked + 1, end)
        return
    sidebar.readers = phrases.number(count["readers"])
    sidebar.title = " ".join(line.strip() for line in lines[liked + 1 : readers] if line.strip()) or None
    start = readers + 1
    if _following(lines, readers) < end and (count := _matches(ACTIVE, lines, _following(lines, readers))):
        sidebar.active = phrases.number(count["active"])
        start = _following(lines, readers) + 1
    foot = max((index for index in range(start, end) if _matches(FOUNDED, lines, index)), default=end)
    sidebar.text = "\n".join(lines[start:foot]).strip("\n") or None
    if foot < end and (founded := _matches(FOUNDED, lines, foot)):
        sidebar.founded = founded["age"]
        _read_moderators(page, lines, _following(lines, foot), end)


def _read_moderators(page: Page, lines: Sequence[str], start: int, end: int) -> None:
    if start < end and lines[start].strip() == "MODERATORS":
        start = _following(lines, start)
        names = []
        while start < end and " " not in lines[start].strip():
            names.append(lines[start].strip())
            start = _following(lines, start)
        page.sidebar.moderators = tuple(names)
    page.unknown += _unknown(lines, start, end)


def _read_post(page: Page, lines: Sequence[str], start: int, end: int) -> None:
    head = page.head
    meta = next(index for index in range(start, end) if _matches(META, lines, index))
    head.meta = _matches(META, lines, meta)
    above = [line.strip() for line in lines[start:meta] if line.strip()]
    if above:
        head.score = int(above[0])
        title = " ".join(above[1:])
        head.title = match["title"] if (match := TITLE.fullmatch(title)) else title or None
    body = index = _following(lines, meta)
    buttons = []
    while index < end and (button := _matches(BUTTONS, lines, index)):
        buttons.append(button)
        index = _following(lines, index)
    if any("fedilink" in button[0] for button in buttons):  # else it can be the post's own text
        body = index
        head.nsfw = True if any(button[0].startswith("NSFW") for button in buttons) else None
        head.comments = next((int(button["count"]) for button in buttons if button["count"]), None)
    head.body = "\n".join(lines[body:end]).strip("\n") or None


def _read_menu(page: Page, lines: Sequence[str], menu: int) -> int:
    """Read what stands above the comments; gives the line behind it."""
    page.tally = _matches(TALLY, lines, menu)
    page.single = page.tally is None
    index = _following(lines, menu)
    if orders := _matches(SORTED_BY, lines, index):
        page.orders = tuple(orders["orders"].split())
        return index + 1
    while _matches(re.compile("view the rest of the comments"), lines, index):
        index = _following(lines, index)
    return index


def _read_comments(page: Page, lines: Sequence[str], start: int, end: int) -> None:
    heads = [index for index in range(start, end) if HEADER.fullmatch(lines[index])]
    # A line of a comment can quote such a line: a real one has a blank line or another one below it.
    known = set(heads)
    heads = [index for index in heads if index + 1 in known or index + 1 >= end or not lines[index + 1].strip()]
    page.unknown += _unknown(lines, start, heads[0] if heads else end)
    for index, following in zip(heads, [*heads, end][1:], strict=True):
        header = HEADER.fullmatch(lines[index])
        assert header
        body, not_loaded, more = _trim("\n".join(lines[index + 1 : following]))
        page.more = page.more or more
        page.blocks.append(Block(index + 1, header, body, not_loaded))


def _trim(body: str) -> tuple[str, tuple[int, ...], bool]:
    """A body without the buttons and links of the page below it, and what these say of further comments."""
    not_loaded: list[int] = []
    more = False
    for _ in range(MAX_MARKS):
        body = body.strip("\n")
        start = max(0, len(body) - TAIL)
        if match := NOT_LOADED.search(body, start):
            not_loaded.insert(0, int(match["replies"]))
        elif match := COMMENT_BUTTONS.search(body, start) or PAGE_END.search(body, start):
            more = more or "load more" in match[0]
        else:
            break
        body = body[: match.start()]
    return body.strip("\n"), tuple(not_loaded), more


def _records(page: Page, told: Moment | None) -> Iterator[Record | Skip | Seen]:
    submitted = phrases.submitted_day(page.sidebar.day, page.orders) if page.sidebar.day else None
    captured = told or _captured(page, submitted)
    yield Site(host=UNKNOWN_HOST, platform=LEMMY.name)
    community = _community(page, captured)
    if community:
        yield community
    names = [*page.sidebar.moderators, *([page.head.meta["author"]] if page.head.meta else [])]
    for name in dict.fromkeys([*names, *(block.header["author"] for block in page.blocks)]):
        yield Person(host=UNKNOWN_HOST, name=name)
    nesting = _nest(page)
    post = _post(page, community.name if community else None, submitted, captured, nesting)
    yield post
    yield from _comments(page, post, captured, nesting.parents)
    if page.more:
        yield Gap(host=UNKNOWN_HOST, post=page.id)
    if captured is None and (page.blocks or page.head.meta or page.sidebar.founded):
        yield Skip(line=None, reason="ages on a page without a date", detail="tell when the page was captured")
    if captured and not told:
        yield Seen(captured=captured)


def _captured(page: Page, submitted: Moment | None) -> Moment | None:
    """When the page was saved: the day of the post, and how old the post was then.

    Where the page does not tell its age, that of its oldest comment: threads begin soon after their post.
    """
    words = [page.head.meta["age"]] if page.head.meta else [block.header["age"] for block in page.blocks]
    ages = [(age, word) for word in words if (age := parse_age(word))]
    return seen_at(submitted, max(ages)[1]) if submitted and ages else None


def _community(page: Page, captured: Moment | None) -> Community | None:
    sidebar, meta = page.sidebar, page.head.meta
    name = meta["community"] if meta else phrases.community_slug(sidebar.title or "")
    if name is None:
        return None
    return Community(
        host=UNKNOWN_HOST,
        name=name,
        title=sidebar.title,
        sidebar=sidebar.text,
        sidebar_format="text" if sidebar.text else None,
        readers=sidebar.readers,
        active_users=sidebar.active,
        founded=when(sidebar.founded, captured) if sidebar.founded else None,
        moderators=sidebar.moderators or None,
    )


def _post(
    page: Page, community: str | None, submitted: Moment | None, captured: Moment | None, nesting: Nested
) -> Post:
    sidebar, head = page.sidebar, page.head
    score = head.score if sidebar.score is None else sidebar.score
    votes = phrases.votes(score, sidebar.liked) if score is not None and sidebar.liked else phrases.NO_VOTES
    created = submitted or (when(head.meta["age"], captured) if head.meta else None)
    totals = (phrases.total_comments(page.tally) if page.tally else None, head.comments)
    return Post(
        host=UNKNOWN_HOST,
        id=page.id,
        community=community,
        author=head.meta["author"] if head.meta else None,
        title=head.title,
        body=head.body,
        body_format="text" if head.body else None,
        created=created,
        edited=when(head.meta["edited"], captured, created) if head.meta and head.meta["edited"] else None,
        score=score,
        upvotes=votes.up,
        downvotes=votes.down,
        ratio=votes.ratio,
        state="live",
        nsfw=head.nsfw,
        declared_comments=max((total for total in totals if total is not None), default=None),
        nesting=nesting.sure,
        captured_order=nesting.order,
        offered_orders=page.orders,
    )


def _comments(page: Page, post: Post, captured: Moment | None, parents: Sequence[int | None]) -> Iterator[Comment]:
    counted = any(block.replies is not None for block in page.blocks)
    for position, (block, parent) in enumerate(zip(page.blocks, parents, strict=True)):
        header, state = block.header, STATES.get(block.body, "live")
        created = when(header["age"], captured, post.created)
        yield Comment(
            host=UNKNOWN_HOST,
            post=page.id,
            id=str(position + 1),
            parent=None if parent is None else str(parent + 1),
            author=header["author"],
            body=block.body if state == "live" else None,
            body_format="text" if state == "live" else None,
            created=created,
            edited=when(header["edited"], captured, created) if header["edited"] else None,
            score=block.score,
            state=state,
            collapsed=True if header["fold"] == "+" else None,
            # A comment without replies prints no count, on a page where others do.
            declared_children=block.replies or (0 if counted else None),
            position=position,
        )


class Nested(msgspec.Struct, frozen=True):
    """Who answers whom, and how that is known."""

    parents: Sequence[int | None]
    sure: Nesting | None
    order: str | None = None


def _nest(page: Page) -> Nested:
    blocks = page.blocks
    flat = Nested([None] * len(blocks), "flat" if len(blocks) > 1 else None)
    if all(block.replies is None for block in blocks):
        return flat
    evidence = _evidence(blocks)
    try:
        fitting = [
            (order, len(set(keys)), tree) for order, keys in _orders(blocks) if (tree := _solve(page, keys, evidence))
        ]
        if not fitting:
            tree = _solve(page, [0] * len(blocks), evidence)
            return Nested(tree.parents, "uncertain") if tree else flat
    except TooManyTreesError:
        return flat
    # An order that tells few comments apart fits by accident where one that tells many apart fits as well;
    # hot, in a young thread, can be any.
    most = max(steps for _, steps, _ in fitting)
    found = [(order, tree) for order, steps, tree in fitting if order is None or 2 * steps > most]
    order, tree = found[0]
    same = all(other.parents == tree.parents for _, other in found)
    sure = same and all(other.unique for _, other in found) and not page.single
    return Nested(tree.parents, "inferred" if sure else "uncertain", order if len(found) == 1 else None)


def _orders(blocks: Sequence[Block]) -> list[tuple[str | None, list[int]]]:
    """The orders the page can have: their names, and a key for each comment that never rises from sibling to sibling.

    The page does not tell which one it was saved in. One that makes no difference between comments tells nothing.
    """
    ages = [age.least if (age := parse_age(block.header["age"])) else 0 for block in blocks]
    orders: list[tuple[str | None, list[int]]] = [
        ("top", [block.score for block in blocks]),
        ("new", [-age for age in ages]),
        ("old", ages),
    ]
    orders = [(name, keys) for name, keys in orders if len(set(keys)) > 1]
    if not orders or min(ages) < HOT_DAYS * DAY:
        orders.append((None, [0] * len(blocks)))  # hot, which cannot be checked while a thread is young
    return orders


def _solve(page: Page, keys: Sequence[int], evidence: frozenset[tuple[int, int]]) -> Tree | None:
    blocks = page.blocks
    entries = [Entry(key, block.replies or 0, block.not_loaded) for key, block in zip(keys, blocks, strict=True)]
    missing = None
    if page.tally and page.tally["word"] == "all" and not any(block.not_loaded for block in blocks):
        # All comments were on the page: no more can be missing than the text lost.
        missing = max(0, int(page.tally["count"]) - len(blocks))
    if tree := rebuild(entries, evidence=evidence, missing=missing):
        return tree
    # The page contradicts itself; the counts and the order are the last to give up.
    return rebuild([Entry(entry.key, entry.replies) for entry in entries], evidence=evidence)


def _evidence(blocks: Sequence[Block]) -> frozenset[tuple[int, int]]:
    """Who speaks for answering whom: a quote the comment it is from, a bot with other links the one with the link."""
    found: set[tuple[int, int]] = set()
    first: dict[str, int] = {}
    links: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        for paragraph in re.split(r"\n\s*\n", block.body):
            quote = paragraph.strip().removeprefix(">").strip()
            if len(quote) >= QUOTE_LENGTH and first.setdefault(quote, index) != index:
                found.add((first[quote], index))
        bot = BOT.match(block.header["author"])
        for match in LINK_ID.finditer(block.body):
            if bot:
                found.update((parent, index) for parent in links.get(match["id"], ()))
            else:
                links.setdefault(match["id"], []).append(index)
    return frozenset(found)


IMPORTER = Importer(
    name="mlmym-text",
    title="Lemmy thread page of mlmym, saved as plain text",
    recognise=recognise,
    read=read,
)
