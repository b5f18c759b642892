"""Hostile texts as titles, names, addresses, flairs and every other field, and in the settings of a site."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from archiver.model import BodyFormat, Comment, Community, Gap, Person, Post, Record
from archiver.model import Site as Source

HOSTS = {"home.example": "lemmy", "www.reddit.com": "reddit"}
FORMATS = get_args(BodyFormat)
LISTS = ("index.html", "index-2.html", "communities.html", "about.html")
SAMPLE = 5
"""Threads, communities and people that are opened; the others are parsed."""


def every_field(vectors: list[str]) -> Iterator[Record]:
    """Records whose every text is hostile."""
    for host, platform in HOSTS.items():
        everything = "\n\n".join(vectors)
        yield Source(host=host, platform=platform, name=everything, version=vectors[0], sidebar=everything)
    hosts = list(HOSTS)
    for at, text in enumerate(vectors):
        host = hosts[at % 2]
        common: dict[str, Any] = {"host": host, "source_url": text}
        written: dict[str, Any] = {
            **common, "author": text, "body": text, "body_format": FORMATS[at % 5], "state": "live", "flair": text,
            "language": text, "community": text,
        }  # fmt: skip
        yield Community(
            **common, name=text, title=text, summary=text, sidebar=text, sidebar_format=FORMATS[at % 5], readers=1,
            moderators=(text, vectors[at - 1]),
        )  # fmt: skip
        yield Person(**common, name=text, display_name=text)
        yield Post(
            **written, id=f"{at}{text}", title=text, url=text, crosspost_of=text, captured_order=text,
            offered_orders=(text,), media=(text, "https://a.example/x.png"), poll=((text, 1), (text, None)),
        )  # fmt: skip
        yield Comment(**written, post=f"{at}{text}", id=text)
        yield Comment(**written, post=f"{at}{text}", id="reply", parent=text)
        yield Gap(host=host, post=f"{at}{text}", parent="reply", count=2, source_url=text)
        yield Gap(host=host, post=f"{at}{text}", ids=(text,), source_url=text)


def test_no_field_does_anything(vectors: list[str], build: Callable[..., Any], watch: Callable[..., Any]) -> None:
    site = build(records=every_field(vectors), posts_per_page=500)
    assert watch(site).parse(site) == []
    paths = site.pages()
    assert len(paths) > 2.5 * len(vectors)
    # Those that share a field's place with others, and some of each kind.
    chosen = [path for path in LISTS if path in paths]
    for folder in ("home.example/post", "home.example/c", "www.reddit.com/user", "www.reddit.com/r"):
        found = [path for path in paths if path.startswith(f"{folder}/")]
        chosen += found[:: len(found) // SAMPLE + 1]
    watched = watch(site)
    assert [problem for path in chosen for problem in watched.check(path)] == []
    assert len(chosen) > 3 * SAMPLE


def test_no_setting_does_anything_and_no_field_where_it_is_served(
    own_vectors: list[str], build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    settings: dict[str, Any] = {name: " ".join(own_vectors) for name in ("title", "description")}
    # With quotes or angle brackets it is refused.
    settings["base_url"] = "https://a.example/&quot;onload=pwned(1)/%22%3E%3Cscript%3Epwned(1)%3C/script%3E"
    site = build(records=every_field(own_vectors[::4]), posts_per_page=500, **settings)
    assert watch(site).parse(site) == []
    with site.served():
        watched = watch(site)
        chosen = ["index.html", "communities.html", "about.html", *site.pages()[:: len(site.pages()) // 10]]
        assert [problem for path in chosen for problem in watched.check(path)] == []
