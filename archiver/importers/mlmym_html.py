"""Reads a Lemmy thread page of the mlmym front end that was saved as HTML, by a browser or a mirroring tool.

The page tells ids, nesting and exact times; it does not tell up and down votes of comments, bots, and locked posts.
Its elements are found by mlmym_html_page.py and become records in mlmym_html_records.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archiver.dumps import Dump, Importer
from archiver.importers import mlmym_html_page as pages
from archiver.importers import mlmym_html_records as records
from archiver.model import Person, Record, Seen, Site, Skip
from archiver.platforms import LEMMY

_MARKS = re.compile(
    rb'<div[^>]*\bclass="commentmenu"|<div class="stats">\s*this post was submitted on'
    rb'|<div class="warning">\s*you are viewing a single comment'
)


def recognise(head: bytes) -> bool:
    """HTML with one of the elements that only mlmym's thread pages have."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" and bool(_MARKS.search(head))


def read(dump: Dump) -> Iterator[Record | Skip | Seen]:
    """Everything the page says."""
    page = pages.opened(dump)
    yield from page.skips
    if page.captured and not dump.captured:
        yield Seen(captured=page.captured)
    yield Site(host=page.host, platform=LEMMY.name)
    community = records.community(page)
    if community:
        yield community
    post = records.post(page, community.name if community else None)
    comments = [records.comment(page, post, found, position) for position, found in enumerate(page.comments)]
    moderators = (community.moderators if community else None) or ()
    names = [*moderators, post.author, *(comment.author for comment in comments)]
    for name in dict.fromkeys(names):
        if name:
            yield Person(host=page.host, name=name)
    yield post
    yield from comments
    yield from records.gaps(page)


IMPORTER = Importer(
    name="mlmym-html",
    title="Lemmy thread page of mlmym, saved as HTML",
    recognise=recognise,
    read=read,
)
