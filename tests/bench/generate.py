"""Makes dumps to measure with: one invented subreddit as Pushshift kept it in 2022, always the same for the same size.

    python tests/bench/generate.py FOLDER COMMENTS [SHAPE]

SHAPE: ``many`` threads of all sizes (one post for 20 comments), ``one`` thread, or a ``chain``, where each comment
answers the one before. Writes RS.zst and RC.zst, extra.ndjson (one more comment, in a thread of middling size) and
facts.json.
"""

from __future__ import annotations

import heapq
import html
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, TextIO

import zstandard
from prose import WORDS, body, title

SEED = 20220101
BEGIN, YEAR = 1_640_995_200, 31_536_000
"""2022-01-01, and how long the subreddit is written in; in seconds."""
STEEPNESS = 0.844
"""Of the sizes of threads: rank n has n to the power of minus this. The largest of 5,000 then has 5,440 of 100,000."""
PER_POST, PER_AUTHOR = 20, 5
ORPHANS = 0.003
SUBREDDIT = "quiet_workshop"


class Thread:
    """A post and what of its comments is still to be written."""

    def __init__(self, random: Random, at: int, comments: int, chain: bool) -> None:
        self.at = at
        self.size = comments
        self.id = ""
        self.author = ""
        self.ids = [""] * comments
        self.parents = [_parent(random, number, chain) for number in range(comments)]
        self.times: list[int] = []
        for parent in self.parents:
            since = self.times[parent] if parent is not None else at
            self.times.append(since + 1 + int(random.expovariate(1 / 9000)))


def _parent(random: Random, number: int, chain: bool) -> int | None:
    """Which earlier comment is answered; None: the post is."""
    if number == 0:
        return None
    if chain:
        return number - 1
    if random.random() < 0.35:
        return None
    return random.randrange(max(0, number - 40), number) if random.random() < 0.6 else random.randrange(number)


def sizes(posts: int, comments: int) -> list[int]:
    """How many comments each thread has, the largest first; their sum is ``comments``."""
    weights = [rank**-STEEPNESS for rank in range(1, posts + 1)]
    share = comments / sum(weights)
    found = [int(weight * share) for weight in weights]
    for rank in range(comments - sum(found)):
        found[rank % posts] += 1
    return found


class Dump:
    """One generated dump, written in the order of time as real ones are."""

    def __init__(self, comments: int, shape: str) -> None:
        self._random = Random(SEED)
        self._chain = shape == "chain"
        self._sizes = sizes(max(1, comments // PER_POST) if shape == "many" else 1, comments)
        self._middling = self._sizes[len(self._sizes) // 2]
        self._authors = max(1, comments // PER_AUTHOR)
        self._last = 0
        self.extra: dict[str, Any] = {}
        """The comment that comes later, as another dump."""
        self.facts = {"posts": len(self._sizes), "comments": comments, "orphans": 0, "body_bytes": 0}

    def records(self) -> Iterator[dict[str, Any]]:
        """Posts and comments by their time; only threads that are still written in are in memory."""
        order = list(self._sizes)
        self._random.shuffle(order)
        step = YEAR // len(order)
        waiting: list[tuple[int, int, int, Thread]] = []
        for number, size in enumerate(order):
            at = BEGIN + number * step + self._random.randrange(step)
            yield from self._comments(waiting, at)
            thread = Thread(self._random, at, size, self._chain)
            yield self._post(thread)
            waiting += [(time, number, child, thread) for child, time in enumerate(thread.times)]
            heapq.heapify(waiting)
        yield from self._comments(waiting, None)

    def _comments(self, waiting: list[tuple[int, int, int, Thread]], until: int | None) -> Iterator[dict[str, Any]]:
        while waiting and (until is None or waiting[0][0] < until):
            _, _, child, thread = heapq.heappop(waiting)
            yield self._comment(thread, child)

    def _id(self) -> str:
        """The next of the ids that Reddit counts up, in base 36."""
        self._last += 1
        digits, number = "", 36**6 + self._last
        while number:
            number, digit = divmod(number, 36)
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
        return digits

    def _author(self) -> str:
        if self._random.random() < 0.05:
            return "[deleted]"
        # A few write most: the first of n authors writes n**-0.4 of all.
        return _name(int(self._authors * self._random.random() ** 2.5))

    def _score(self, spread: float) -> int:
        if self._random.random() < 0.06:
            return -int(self._random.paretovariate(1.2))
        return min(20_000, int(self._random.paretovariate(spread)))

    def _post(self, thread: Thread) -> dict[str, Any]:
        random = self._random
        thread.id, thread.author = self._id(), self._author()
        is_self = random.random() < 0.5
        text = body(random) if is_self else ""
        path = f"/r/{SUBREDDIT}/comments/{thread.id}/{'_'.join(title(random).lower().split()[:6])}/"
        return _head(thread.author, thread.at) | {
            "domain": f"self.{SUBREDDIT}" if is_self else "example.com",
            "id": thread.id,
            "is_self": is_self,
            "link_flair_text": random.choice((None, None, "Help", "Show & tell")),
            "locked": False,
            "num_comments": thread.size,
            "num_crossposts": 0,
            "over_18": False,
            "permalink": path,
            "score": self._score(0.6),
            "selftext": html.escape(text, quote=False),
            "spoiler": False,
            "subreddit_subscribers": 40_000 + thread.at % 977,
            "thumbnail": "self" if is_self else "default",
            "title": html.escape(title(random), quote=False),
            "upvote_ratio": round(random.uniform(0.5, 1), 2),
            "url": f"https://www.reddit.com{path}" if is_self else "https://example.com/page?a=1&amp;b=2",
        }

    def _comment(self, thread: Thread, child: int) -> dict[str, Any]:
        random = self._random
        parent = thread.parents[child]
        to = f"t3_{thread.id}" if parent is None else f"t1_{thread.ids[parent]}"
        if random.random() < ORPHANS and not self._chain:
            self.facts["orphans"] += 1
            to = f"t1_{self._id()}"  # of a comment that is in no dump
        own, author, text = self._id(), self._author(), body(random)
        thread.ids[child] = own
        if author == "[deleted]":
            text = "[deleted]"
        elif random.random() < 0.015:
            text = "[removed]"
        self.facts["body_bytes"] += len(text.encode())
        record = self._comment_record(thread, own, author, to, html.escape(text, quote=False), thread.times[child])
        if thread.size == self._middling and child == thread.size // 2 and not self.extra:
            self.extra = self._later(thread, own)
        return record

    def _later(self, thread: Thread, parent: str) -> dict[str, Any]:
        at = BEGIN + YEAR + 40 * 86_400  # after all others
        text = "One more comment, which nobody had read when the first dump was made."
        return self._comment_record(thread, "zzzzzzz", _name(self._authors // 4), f"t1_{parent}", text, at)

    def _comment_record(self, thread: Thread, own: str, author: str, parent: str, text: str, at: int) -> dict[str, Any]:
        random = self._random
        hidden = random.random() < 0.03
        return _head(author, at) | {
            "body": text,
            "collapsed": False,
            "collapsed_reason": None,
            "comment_type": None,
            "controversiality": int(random.random() < 0.04),
            "id": own,
            "is_submitter": author == thread.author,
            "link_id": f"t3_{thread.id}",
            "locked": False,
            "parent_id": parent,
            "permalink": f"/r/{SUBREDDIT}/comments/{thread.id}/_/{own}/",
            "score": 1 if hidden else self._score(1.1),
            "score_hidden": hidden,
        }


def _name(rank: int) -> str:
    first, second = WORDS[rank % len(WORDS)], WORDS[rank * 7 // 5 % len(WORDS)]
    return f"{first.title()}{'_-'[rank % 2]}{second}{rank}"


def _head(author: str, at: int) -> dict[str, Any]:
    """What posts and comments have in common, with the fields that a reader skips."""
    return {
        "all_awardings": [],
        "author": author,
        "author_flair_css_class": None,
        "author_flair_text": None,
        "author_flair_type": "text",
        "author_fullname": None if author == "[deleted]" else f"t2_{abs(at) % 2_000_003:x}",
        "author_patreon_flair": False,
        "author_premium": False,
        "can_gild": True,
        "created_utc": at,
        "distinguished": None,
        "edited": False,
        "gilded": 0,
        "gildings": {},
        "no_follow": True,
        "retrieved_on": at + 130_000,
        "send_replies": True,
        "stickied": False,
        "subreddit": SUBREDDIT,
        "subreddit_id": "t5_2q1x9",
        "subreddit_name_prefixed": f"r/{SUBREDDIT}",
        "subreddit_type": "public",
        "total_awards_received": 0,
        "treatment_tags": [],
    }


def _packed(path: Path) -> TextIO:
    packer = zstandard.ZstdCompressor(level=3)
    return io.TextIOWrapper(packer.stream_writer(path.open("wb")), encoding="utf-8", newline="\n")


def write(folder: Path, comments: int, shape: str) -> None:
    """Make one dump; facts.json is written last, so that a dump without it is known to be half made."""
    folder.mkdir(parents=True, exist_ok=True)
    dump = Dump(comments, shape)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
    with (
        _packed(folder / "RS.zst") as posts_file,
        _packed(folder / "RC.zst") as comments_file,
    ):
        for record in dump.records():
            (comments_file if "link_id" in record else posts_file).write(encode(record) + "\n")
    (folder / "extra.ndjson").write_text(encode(dump.extra) + "\n", encoding="utf-8")
    facts = dump.facts | {"thread": dump.extra["link_id"][3:], "person": dump.extra["author"], "seed": SEED}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "many")
