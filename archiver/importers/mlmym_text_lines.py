"""The lines of a page saved as plain text, and how to look for what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.dumps import Dump
from archiver.model import Skip

PAGER = re.compile(r"view more:(?: ‹ prev)?(?: next ›)?|there doesn't seem to be anything here")


class Lines(list[str]):
    """Lines without their ends. Ranges are ``start`` to ``end``, which is not part of them."""

    def match(self, pattern: re.Pattern[str], index: int) -> re.Match[str] | None:
        """The match of a whole line, without the blanks around it; None also behind the last one."""
        return pattern.fullmatch(self[index].strip()) if index < len(self) else None

    def matching(self, pattern: re.Pattern[str], start: int, end: int) -> Iterator[int]:
        """The lines in a range that match."""
        return (index for index in range(start, end) if self.match(pattern, index))

    def following(self, index: int) -> int:
        """The next line with something on it; the number of lines at the end."""
        index += 1
        while index < len(self) and not self[index].strip():
            index += 1
        return index

    def filled(self, start: int, end: int) -> list[str]:
        """What stands in the lines of a range that are not blank."""
        return [text for line in self[start:end] if (text := line.strip())]

    def text(self, start: int, end: int) -> str:
        """A range as one text, without blank lines around it."""
        return "\n".join(self[start:end]).strip("\n")

    def unknown(self, start: int, end: int) -> list[Skip]:
        """A note of what stands where nothing was expected."""
        found = [index for index in range(start, end) if self[index].strip() and not self.match(PAGER, index)]
        if not found:
            return []
        detail = f"{len(found)} lines, first: {self[found[0]].strip()[:80]}"
        return [Skip(line=found[0] + 1, reason="text outside the known parts of the page", detail=detail)]


def lines_of(dump: Dump) -> tuple[Lines, list[Skip]]:
    """The lines of a dump, and a note where it is not UTF-8."""
    data = dump.read()
    skips = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        skips = [Skip(line=line, reason="bytes that are not UTF-8", detail="shown as U+FFFD from here on")]
        text = data.decode("utf-8-sig", "replace")
    return Lines(line.rstrip() for line in re.split(r"\r\n?|\n", text)), skips
