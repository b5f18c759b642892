"""The comments of a page saved as plain text: each begins with a line of its own kind and ends where the next begins.

Source of the lines: rystaf/mlmym, templates/comment.html, as text extractors (Resiliparse and others) print them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from archiver.importers import mlmym_phrases as phrases
from archiver.importers.ages import AGE
from archiver.importers.mlmym_text_lines import Lines

EDITED = rf"(?:\* ?\(last edited (?P<edited>{AGE})\))?"
HEADER = re.compile(
    rf"\[(?P<fold>[–—−+-])\] (?P<author>\S.*?) (?P<score>-?\d{{1,9}}) points? (?P<age>{AGE}) ?{EDITED}"
    rf"(?: ?{phrases.CHILDREN.pattern})?"
)
BUTTONS = re.compile(
    r"(?:^|\n)[ \t•*-]*permalink[\s•*-]+fedilink[\s•*-]+(?:hide )?source"
    r"(?:[\s•*-]+(?:parent|context|reply|hide|show|show \d+|child comments))*\s*\Z"
)
NOT_LOADED = re.compile(rf"(?:^|\n)load more comments\s+{phrases.REPLIES.pattern}\s*\Z")
PAGE_END = re.compile(r"(?:^|\n)(?:load more comments|view more:(?: ‹ prev)?(?: next ›)?)\s*\Z")
TAIL = 300
"""Characters at the end of a text in which buttons of the page are looked for."""
MAX_MARKS = 200
"""Buttons below one comment; no thread is nested that deep."""


class Block(msgspec.Struct, frozen=True):
    """A comment as the page prints it."""

    header: re.Match[str]
    body: str
    not_loaded: tuple[int, ...]
    """How many replies each mark "load more comments (3 replies)" below it names."""
    more: bool
    """Below it, the page says that further comments stand on a next one."""

    @property
    def score(self) -> int:
        """As the page prints it."""
        return int(self.header["score"])

    @property
    def replies(self) -> int | None:
        """Direct replies; unknown where no number is printed."""
        return int(self.header["children"]) if self.header["children"] else None


def heads(lines: Lines, start: int, end: int) -> list[int]:
    """The lines that begin a comment.

    A line of a comment can quote such a line: a real one has a blank line or another one below it.
    """
    known = {index for index in range(start, end) if HEADER.fullmatch(lines[index])}
    return [index for index in sorted(known) if index + 1 in known or index + 1 >= end or not lines[index + 1].strip()]


def blocks(lines: Lines, begins: list[int], end: int) -> Iterator[Block]:
    """The comments that begin at these lines."""
    for index, following in zip(begins, [*begins, end][1:], strict=True):
        header = HEADER.fullmatch(lines[index])
        assert header
        yield _block(header, lines.text(index + 1, following))


def _block(header: re.Match[str], body: str) -> Block:
    """A comment without the buttons and links of the page below it, but with what these say of further comments."""
    not_loaded: list[int] = []
    more = False
    for _ in range(MAX_MARKS):
        body = body.strip("\n")
        start = max(0, len(body) - TAIL)
        if match := NOT_LOADED.search(body, start):
            not_loaded.insert(0, int(match["replies"]))
        elif match := BUTTONS.search(body, start) or PAGE_END.search(body, start):
            more = more or "load more" in match[0]
        else:
            break
        body = body[: match.start()]
    return Block(header, body.strip("\n"), tuple(not_loaded), more)
