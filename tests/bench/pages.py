"""Weighs the comments of a site's thread pages: how much is markup, how much what people wrote.

    python tests/bench/pages.py SITE

Prints JSON. A process of its own, so that its memory is not counted with what is measured.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

SAMPLE = 400
"""Pages that are weighed, spread evenly over all."""


def weigh(site: Path) -> dict[str, float]:
    """Bytes of markup for each comment shown, besides the text of its body; plain, and as the page gzipped."""
    pages = sorted(site.glob("*/r/*/comments/**/*.html"))
    step = max(1, len(pages) // SAMPLE)
    shown = markup = packed = 0
    for path in pages[::step]:
        page = path.read_bytes()
        begin, end = page.find(b'<article class="comment'), page.rfind(b"</article>")
        if begin < 0:
            continue  # a thread without comments
        comments = page[begin:end]
        bodies = LexborHTMLParser(comments.decode()).css("article.comment .body")
        shown += comments.count(b'<article class="comment')
        text = "\n".join(body.text() for body in bodies).encode()
        markup += len(comments) - len(text)
        packed += len(gzip.compress(comments, 6)) - len(gzip.compress(text, 6))
    if not shown:
        sys.exit(f"{site}: no comments found in {len(pages)} thread pages")
    return {"pages": len(pages), "shown": shown, "markup": markup / shown, "gzipped": packed / shown}


if __name__ == "__main__":
    print(json.dumps(weigh(Path(sys.argv[1]))))  # noqa: T201  what it is run for
