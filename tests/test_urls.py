"""Names are safe on every file system and never shared; links between pages lead where they should."""

from __future__ import annotations

import re
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver import sorts, urls
from archiver.model import Comment, Community, Person, Post
from archiver.urls import Addresses, fragment, page_name, relative, safe_name

ALL_ORDERS = sorted({*sorts.COMMENT_ORDERS, *sorts.POST_ORDERS, *sorts.PERSON_ORDERS})

# Names that people and attackers think of, beside any text at all.
tricky = st.sampled_from([
    "..", ".", "", "CON", "con", "nul.txt", "com1", "a/b", "a\\b", "x" * 300, "X" * 300, "😀", "é", "É", "K", "\u212a",
    "a.", "a ", ".hidden", "-rf", "news-2", "News-2", "x.new", "x.NEW", "x.top-2", "x.html", "a:b", "a~b", "\u202eabc",
    "\ud800", "a\0b", "a\nb", "a\u200bb", "r/x", "lemmy.ml", "İ", "ß", "ẞ", "ss",
])  # fmt: skip
texts = tricky | st.text(max_size=30) | st.text("abAB.-_@+~/ 12", max_size=8) | st.text(st.characters(), max_size=4)


def ascii_folded(text: str) -> str:
    return re.sub("[A-Z]", lambda match: match[0].lower(), text)


@given(texts, st.booleans())
def test_a_name_is_safe_on_every_file_system(text: str, folded: bool) -> None:
    name = safe_name(text, folded=folded)
    assert re.fullmatch(r"[a-z0-9@_+.~-]+", name)
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert name.split(".")[0] not in {
        "con",
        "prn",
        "aux",
        "nul",
        *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
    }
    assert len(page_name(name, "controversial", 123_456).encode()) <= 255


@given(texts, texts)
@example("Bob", "bob")
@example("É", "é")
@example("x.New", "x~" + "0" * 16)
def test_two_texts_never_share_a_name(one: str, other: str) -> None:
    same = safe_name(one).casefold() == safe_name(other).casefold()
    assert same is (one == other)
    same = safe_name(one, folded=True).casefold() == safe_name(other, folded=True).casefold()
    assert same is (ascii_folded(one) == ascii_folded(other))


@given(texts, texts, st.sampled_from([None, *ALL_ORDERS]), st.integers(1, 30), st.booleans())
def test_no_page_of_one_thing_is_a_page_of_another(
    one: str, other: str, order: str | None, page: int, folded: bool
) -> None:
    name, rival = safe_name(one, folded=folded), safe_name(other, folded=folded)
    if name != rival:
        assert page_name(name, order, page).casefold() != page_name(rival).casefold()


@pytest.mark.parametrize("order", ALL_ORDERS)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_name_that_looks_like_a_page_of_another_gets_a_checksum(order: str, case: type[str]) -> None:
    for suffix in (f".{order}", f".{order}-2", "-2"):
        assert "~" in safe_name(case(f"bob{suffix}"), folded=True)


def test_plain_names_stay_as_they_are() -> None:
    for name in ("technology", "kibiz0r@lemmy.world", "8548268", "ask_science", "www.reddit.com", "3hahrw"):
        assert safe_name(name) == name
    assert safe_name("AskReddit", folded=True) == "askreddit"


def test_every_spelling_of_a_community_leads_to_one_page() -> None:
    addresses = Addresses({"www.reddit.com": "reddit"})
    assert addresses.community("www.reddit.com", "AskReddit") == addresses.community("www.reddit.com", "askreddit")


paths = st.lists(st.sampled_from(["a", "b@c", "~0123", "x+y", "c.d", "_"]), min_size=1, max_size=5).map("/".join)


@given(paths, paths)
def test_a_link_resolved_against_its_page_gives_the_target(target: str, page: str) -> None:
    base = "https://h.test/site/"
    assert unquote(urljoin(f"{base}{page}.html", relative(f"{target}.html", f"{page}.html"))) == f"{base}{target}.html"


@given(texts, texts)
def test_an_elements_id_is_valid_and_its_own(one: str, other: str) -> None:
    assert re.fullmatch(r"c[A-Za-z0-9_-]*", fragment(one))
    assert (fragment(one) == fragment(other)) is (one == other)


def test_an_ordinary_id_is_readable() -> None:
    assert fragment("6093374") == "c6093374"


# -- addresses ---------------------------------------------------------------------------------------------------------

ADDRESSES = Addresses({"lemmy.ml": "lemmy", "www.reddit.com": "reddit", "unknown.invalid": "lemmy"})


def test_things_live_at_their_original_path() -> None:
    assert ADDRESSES.post("lemmy.ml", "8548268", "technology") == "lemmy.ml/post/8548268"
    assert ADDRESSES.community("lemmy.ml", "technology") == "lemmy.ml/c/technology"
    assert ADDRESSES.person("lemmy.ml", "kibiz0r@lemmy.world") == "lemmy.ml/u/kibiz0r@lemmy.world"
    assert ADDRESSES.post("www.reddit.com", "3hahrw", "funny") == "www.reddit.com/r/funny/comments/3hahrw"
    assert ADDRESSES.post("www.reddit.com", "3hahrw", None) == "www.reddit.com/comments/3hahrw"


def test_the_root_host_lives_at_the_top() -> None:
    addresses = Addresses({"lemmy.ml": "lemmy"}, root_host="lemmy.ml")
    assert addresses.post("lemmy.ml", "8548268", None) == "post/8548268"


@given(texts, texts, texts)
def test_no_address_leaves_the_site(host: str, id: str, name: str) -> None:
    addresses = Addresses({host: "reddit"})
    for path in (addresses.post(host, id, name), addresses.community(host, name), addresses.person(host, name)):
        assert all(part not in ("", ".", "..") for part in path.split("/"))


def test_originals_are_where_the_source_says_or_the_platform_keeps_them() -> None:
    assert ADDRESSES.original_post(Post(host="lemmy.ml", id="1", source_url="https://x.test/p")) == "https://x.test/p"
    assert ADDRESSES.original_post(Post(host="lemmy.ml", id="1")) == "https://lemmy.ml/post/1"
    assert ADDRESSES.original_comment(Comment(host="lemmy.ml", post="1", id="2")) == "https://lemmy.ml/comment/2"
    assert ADDRESSES.original_community(Community(host="lemmy.ml", name="a/b")) == "https://lemmy.ml/c/a%2Fb"
    assert ADDRESSES.original_person(Person(host="lemmy.ml", name="bob@x.test")) == "https://lemmy.ml/u/bob@x.test"
    assert ADDRESSES.original_person(Person(host="lemmy.ml", name="\ud800")) == "https://lemmy.ml/u/%3F"


def test_things_of_an_unknown_host_have_no_original() -> None:
    assert ADDRESSES.original_post(Post(host="unknown.invalid", id="1")) is None
    assert ADDRESSES.original_comment(Comment(host="unknown.invalid", post="1", id="2")) is None
    assert ADDRESSES.original_community(Community(host="unknown.invalid", name="x")) is None
    assert ADDRESSES.original_person(Person(host="unknown.invalid", name="x")) is None


def test_the_suffixes_guarded_against_are_all_there_are() -> None:
    assert all(urls._OWN_SUFFIXES.fullmatch(f"x.{order}") for order in ALL_ORDERS)


def test_addresses_as_people_type_them_become_well_formed() -> None:
    typed = "https://[::1]/a b/<c>[d]/100%/%20/ü?q={e}|f^"
    assert urls.well_formed(typed) == "https://[::1]/a%20b/%3Cc%3E%5Bd%5D/100%25/%20/ü?q=%7Be%7D%7Cf%5E"


@pytest.mark.parametrize(
    ("given", "link"),
    [
        ("https://a.example/x y", "https://a.example/x%20y"),
        ("HTTP://a.example/", "HTTP://a.example/"),
        ("magnet:?xt=urn:btih:0", "magnet:?xt=urn:btih:0"),
        ("gemini://a.example/", "gemini://a.example/"),
        ("mailto:ann@a.example", "mailto:ann@a.example"),
        ("javascript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("blob:https://a.example/1", None),
        ("//a.example/", None),
        ("https:a.example", None),
        ("http://", None),
        ("relative.html", None),
        ("", None),
        (None, None),
    ],
)
def test_only_harmless_addresses_become_links(given: str | None, link: str | None) -> None:
    assert urls.linkable(given) == link


def test_an_original_with_a_harmful_address_is_not_linked() -> None:
    bad = "javascript:alert(1)"
    assert ADDRESSES.original_post(Post(host="lemmy.ml", id="1", source_url=bad)) is None
    assert ADDRESSES.original_comment(Comment(host="lemmy.ml", post="1", id="2", source_url=bad)) is None
    assert ADDRESSES.original_community(Community(host="lemmy.ml", name="x", source_url=bad)) is None
    assert ADDRESSES.original_person(Person(host="lemmy.ml", name="x", source_url=bad)) is None


def test_no_host_brings_what_no_address_has() -> None:
    assert urls.well_formed('http://[\n"<x>') == "http://[%0A%22%3Cx%3E"
    assert urls.well_formed("http://[::1]:80/[a]") == "http://[::1]:80/%5Ba%5D"
