"""What redactions.yaml names is nowhere: not in the site, not in its ledger; purged, not in the archive file."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver import config, intake, markup, publish, redactions
from archiver.errors import ArchiverError, ConfigError
from archiver.redactions import Redactions, wording
from archiver.redactions.wording import GONE, Wording
from archiver.store import Archive

REDDIT = "www.reddit.com"
SMALL = {"comments_per_page": 3, "posts_per_page": 2, "whole_page_comments": 5}

Line = dict[str, Any]


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


# -- the file ----------------------------------------------------------------------------------------------------------


def entries(folder: Path, text: str) -> Redactions:
    path = folder / redactions.FILE
    path.write_text(text, encoding="utf-8")
    return redactions.load(path)


def test_no_file_and_an_empty_one_take_nothing_back(tmp_path: Path) -> None:
    assert redactions.load(tmp_path / redactions.FILE) == ()
    assert entries(tmp_path, "") == ()
    assert entries(tmp_path, "# nobody asked yet\n") == ()


def test_what_only_looks_like_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / redactions.FILE).symlink_to(tmp_path / "gone.yaml")
    with pytest.raises(ConfigError, match=r"redactions\.yaml: leads to a file that is not there"):
        redactions.load(tmp_path / redactions.FILE)
    (tmp_path / redactions.FILE).rename(tmp_path / "away")
    (tmp_path / "redactions.yml").touch()
    with pytest.raises(ConfigError, match=r"redactions\.yml: must be called redactions\.yaml"):
        redactions.load(tmp_path / redactions.FILE)


def test_every_word_is_taken_as_it_is_written(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        "\n".join(f"- {{person: {name}, host: a.b, mode: hide}}" for name in ("no", "0123", "1e3", "2001-01-01")),
    )
    assert [entry.person for entry in found] == ["no", "0123", "1e3", "2001-01-01"]


def test_an_account_is_the_same_however_it_is_named(tmp_path: Path) -> None:
    here, there = entries(tmp_path, "- {person: Eve, host: a.b, mode: hide}\n- {person: eve, host: c.d, mode: hide}")
    (other,) = entries(tmp_path, "- {person: eve@A.b, host: c.d, mode: hide}")
    assert here.key == other.key == ("eve", "a.b")
    assert there.key == ("eve", "c.d")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("person: eve", "must be a list of entries"),
        ("- eve", "entry 1: expected `object`"),
        ("- {person: eve, host: a.b}", "entry 1: mode: is missing; allowed are hide, anonymise, purge"),
        (
            "- {person: eve, host: a.b, mode: erase}",
            "mode: invalid enum value 'erase'; allowed are hide, anonymise, purge",
        ),
        ("- {person: eve, mode: hide}", "entry 1: host: is missing"),
        ("- {user: eve, host: a.b, mode: hide}", "`user`; the keys are person, comment, post, community, domain, host"),
        ("- {host: a.b, mode: hide}", "must name one of person, comment, post, community, domain, not nothing"),
        ("- {person: eve, post: p, host: a.b, mode: hide}", "not person and post"),
        (
            "- {post: p, host: a.b, mode: anonymise}",
            "mode: anonymise is for people; allowed for a post are hide, purge",
        ),
        ("- {person: u/eve, host: a.b, mode: hide}", "must be a name alone, such as eve or eve@lemmy.ml, not 'u/eve'"),
        ("- {person: '@eve@a.b', host: a.b, mode: hide}", "must be a name alone"),
        ("- {person: '', host: a.b, mode: hide}", "person: is empty"),
        ("- {domain: 'https://a.b/', mode: hide}", "must be a host alone, such as shop.example, not 'https://a.b/'"),
        ("- {domain: a.b, host: a.b, mode: hide}", "host: a domain has none"),
        (
            "- {person: eve, host: a.b, mode: hide}\n- {person: EVE@a.b, host: c.d, mode: purge}",
            "entry 2 names the same",
        ),
        ("- {person: &x eve, host: *x, mode: hide}", "aliases are not allowed"),
        ("- {person: [eve], host: a.b, mode: hide}", "person: expected `str"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_entry(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        entries(tmp_path, text)
    assert str(tmp_path / redactions.FILE) in str(error.value)
    assert said in str(error.value)


# -- texts -------------------------------------------------------------------------------------------------------------

eve = Wording([wording.person("eve", "a.b", "PSEUDO")], [], ())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eve", "PSEUDO"),
        ("thanks EVE!", "thanks PSEUDO!"),
        ("u/eve /u/Eve @eve @eve@a.b", "u/PSEUDO /u/PSEUDO @PSEUDO @PSEUDO"),
        ("/user/eve/", "/user/PSEUDO/"),
        ("[her](https://a.b/u/eve) https://c.d/u/eve@a.b/comments?x", "[her](PSEUDO) PSEUDO"),
        ("https://a.b/@eve/17", "PSEUDO"),
        (
            "Eve's, (eve) “eve” eve-like _eve_ **eve** __eve__",
            "PSEUDO's, (PSEUDO) “PSEUDO” PSEUDO-like _PSEUDO_ **PSEUDO** __PSEUDO__",
        ),
        ("e&#118;e &#x65;ve %65ve e\u200bv\u00ade e\x01ve", "PSEUDO PSEUDO PSEUDO PSEUDO PSEUDO"),
        ("https://x.y/talk_with_eve_today?by=eve", "https://x.y/talk_with_PSEUDO_today?by=PSEUDO"),
        ("believe eleven Steve evelyn eve_x x_eve eve2 évé", "believe eleven Steve evelyn eve_x x_eve eve2 évé"),
        ("@eve@other.site", "@eve@other.site"),
        ("write to eve@mail.org", "write to PSEUDO@mail.org"),
        ("r/u_eve", "r/u_PSEUDO"),
    ],
)
def test_a_name_is_found_in_all_its_spellings_and_not_in_other_words(text: str, shown: str) -> None:
    assert eve.text(text) == shown


def test_names_of_scripts_without_spaces_are_found_between_letters() -> None:
    taro = Wording([wording.person("太郎", "a.b", "X")], [], ())
    assert taro.text("太郎さんは") == "Xさんは"


def test_an_escaped_name_is_found() -> None:
    assert (
        Wording([wording.person("a_b.c", REDDIT, "X")], [], ()).text(r"u/a\_b.c a&lowbar;b\.c a_b.cd") == "u/X X a_b.cd"
    )


@pytest.mark.parametrize(
    ("body", "body_format"),
    [("<p>e<font>v</font>e</p>", "html"), ("e[](/x)ve", "commonmark"), ("<p>thanks <!-- -->e<!-- -->ve</p>", "html")],
)
def test_markup_does_not_bring_a_name_back(body: str, body_format: Any) -> None:
    shown, new_format = eve.body(body, body_format)
    html = str(markup.render(shown, new_format, markup.Context(host="a.b", link=lambda *_: None)))
    assert "eve" not in html


def test_markup_stays_where_a_name_is_only_in_another_word() -> None:
    assert eve.body("I *believe* `@eve@other.site`", "lemmy") == ("I *believe* `@eve@other.site`", "lemmy")


domain = Wording([], [wording.domain("shop.example")], ())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("go to shop.example now", f"go to {GONE} now"),
        ("[x](https://www.Shop.example/a?b=c#d), SHOP.EXAMPLE.", f"[x]({GONE}), {GONE}."),
        ("//shop.example:8080/x a@shop.example", f"{GONE} {GONE}"),
        ("https://web.example/?u=https%3A%2F%2Fshop.example%2F", f"{GONE}%2F"),
        ("myshop.example shop.example.org", "myshop.example shop.example.org"),
    ],
)
def test_a_domain_is_neither_linked_nor_named(text: str, shown: str) -> None:
    assert domain.text(text) == shown


def test_a_community_goes_as_a_mention_and_not_as_a_word() -> None:
    tea = Wording([wording.community("tea", "a.b")], [], ())
    assert tea.text("tea: !tea@a.b /c/tea https://a.b/c/tea/x c/teapot") == f"tea: {GONE} {GONE} {GONE} c/teapot"


odd_names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Mn"]), min_size=1, max_size=12
).filter(lambda name: "@" not in name and not name.startswith(("u/", "/")))


@given(
    name=odd_names,
    before=st.sampled_from(["", "a ", "u/", "@", "(", "\n> "]),
    after=st.sampled_from(["", " b", ".", "'s", "\n"]),
)
@example(name="\uf900", before="", after="")
def test_any_name_goes_and_the_text_around_it_stays(name: str, before: str, after: str) -> None:
    found = Wording([wording.person(name, "a.b", "\ue000")], [], ())
    if not {*(before + after).casefold()} & {*name.casefold()}:
        assert found.text(before + name + after) == f"{before}\ue000{after}"


@given(name=odd_names, text=st.text())
def test_any_text_without_a_name_stays(name: str, text: str) -> None:
    found = Wording([wording.person(name, "a.b", "\ue000")], [], ())
    shown = found.text(text)
    assert shown == text or "\ue000" in shown


letters = st.text(st.characters(categories=["Ll"], max_codepoint=0x17F), min_size=1, max_size=8)


@given(name=letters, left=letters, right=letters)
def test_inside_another_word_a_name_stays(name: str, left: str, right: str) -> None:
    found = Wording([wording.person(name, "a.b", "\ue000")], [], ())
    assert found.text(f"{left}{name}{right}") == f"{left}{name}{right}"


@pytest.mark.parametrize(
    "part",
    ["eve", "eve@", "_", "%65", "&#", "http://a/u/", "https://", "comments/", "r/", "<", "\u200b", "e", "shop.", "."],
)
def test_texts_of_one_sign_take_linear_time(part: str, hang_guard: Any) -> None:
    one = Wording(
        [wording.person("eve", "a.b", "X"), wording.community("tea", REDDIT)], [wording.domain("shop.example")], {"p1"}
    )
    with hang_guard(60):
        one.text("eve shop.example comments/ " + part * (1_000_000 // len(part)) + " tea")


# -- whole builds ------------------------------------------------------------------------------------------------------


def post(id: str, author: str = "ann", **more: Any) -> Line:
    values: Line = {"id": id, "title": f"Post {id}", "selftext": "", "author": author, "subreddit": "tea", "score": 1}
    return (
        values
        | {"created_utc": 1_600_000_000, "num_comments": 0, "is_self": True, "retrieved_on": 1_700_000_000}
        | more
    )


def comment(id: str, on: str, author: str, body: str, parent: str | None = None, **more: Any) -> Line:
    values: Line = {
        "id": id,
        "link_id": f"t3_{on}",
        "parent_id": f"t1_{parent}" if parent else f"t3_{on}",
        "body": body,
    }
    values |= {"author": author, "subreddit": "tea", "score": 2, "created_utc": 1_600_000_100}
    return values | {"permalink": f"/r/tea/comments/{on}/slug_of_{on}/{id}/", "retrieved_on": 1_700_000_000} | more


LONG = " ".join(f"hushhush{number}" for number in range(3000))
SLUG = "/r/tea/comments/p1/mallorys_zaubertitel"
ASKING = r"ask u/mallory\_9 or [him](https://www.reddit.com/user/MALLORY_9/about)"
DUMP = [
    post("p1", "Mallory_9", title="Mallorys Zaubertitel", selftext="zaubertext von mir", permalink=f"{SLUG}/"),
    post("p2", "ann", title="About mallory_9 and tea", link_flair_text="u/Mallory_9", selftext=ASKING),
    post("p3", "ann", title="Link", url="https://cdn.shop.example/x", is_self=False),
    post("p4", "bob", title="Secretly", subreddit="gossip", selftext="whispered words"),
    post("p5", "mallory_9", title="At home", subreddit="u_mallory_9", selftext="my own place"),
    post("p6", "mallory_9", title="Unanswered Zaubertitel", selftext="nobody came"),
    comment("c1", "p1", "bob", "first answer", permalink=f"{SLUG}/c1/"),
    comment("c2", "p2", "mallory_9", "zauberwort " + LONG, author_flair_text="zauberflair"),
    comment("c3", "p2", "bob", f"I agree with mallory_9, see https://old.reddit.com{SLUG}/", parent="c2"),
    comment("c4", "p3", "carl", "geheimwort, said carl; mallory_90 is somebody else"),
    comment("c5", "p3", "ann", "buy at shop.example or http://www.shop.example/tea?x=1, see r/gossip"),
    comment("c6", "p4", "dora", "only ever here", subreddit="gossip"),
    {"id": "broken mallory_9", "link_id": 7},
]  # fmt: skip

MALLORY = ("mallory_9", "mallory%5f9", "mallory&#95;9", "mallorys_zaubertitel")
HERS = (
    "zaubertext",
    "zauberwort",
    "zauberflair",
    "hushhush",
    "zaubertitel",
    "unanswered",
    "my own place",
    "nobody came",
)


class Built:
    """A site built in a folder of its own."""

    def __init__(self, folder: Path, text: str, dumps: list[list[Line]], **more: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.archive, self.site = folder / "a.db", folder / "site"
        paths = []
        for number, lines in enumerate(dumps):
            path = folder / f"dump-{number}.ndjson"
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            paths.append(str(path))
        self.report = publish.build_site(
            paths, self.archive, self.site, config.load(None, SMALL), intake.Options(**more), 1, lambda *_: None,
            entries(folder, text),
        )  # fmt: skip

    def pages(self) -> dict[str, bytes]:
        files = (path for path in self.site.rglob("*") if path.is_file())
        return {path.relative_to(self.site).as_posix(): path.read_bytes() for path in files}

    def page(self, path: str) -> str:
        return (self.site / path).read_text()

    def holding(self, *words: str, archive: bool = False) -> list[str]:
        """What of these words is anywhere in the site, its file names, its ledger (and the archive file), and where."""
        files = [path for folder in (self.site, self.folder / ".site.archiver") for path in folder.rglob("*")]
        files += self.folder.glob("a.db*") if archive else []
        found = []
        for path in files:
            held = str(path.relative_to(self.folder)).lower().encode()
            held += path.read_bytes().lower() if path.is_file() else b""
            held = held.replace(b"mallory_90", b"")
            found += [f"{word} in {path.relative_to(self.folder)}" for word in words if word.lower().encode() in held]
        return found


def one(kind: str, mode: str, name: str = "mallory_9") -> str:
    return f"- {{{kind}: {name}, host: {REDDIT}, mode: {mode}}}\n"


def test_without_redactions_all_of_it_is_there(tmp_path: Path) -> None:
    words = [*HERS, "mallory_9", "geheimwort", "shop.example", "whispered"]
    found = Built(tmp_path, "", [DUMP]).holding(*words)
    assert {one.split(" in ")[0] for one in found} == set(words)


def test_a_hidden_person_is_nowhere(tmp_path: Path) -> None:
    built = Built(tmp_path, one("person", "hide"), [DUMP])
    assert built.holding(*MALLORY, *HERS) == []
    page = built.page("www.reddit.com/r/tea/comments/p1.html")
    assert "<bdi>Removed on request</bdi>" in page
    assert "Removed on request." in page
    assert "first answer" in page
    assert "mallory_90 is somebody else" in built.page("www.reddit.com/r/tea/comments/p3.html")
    answered = built.page("www.reddit.com/r/tea/comments/p2.html")
    assert "I agree with […], see […]" in answered
    assert len(re.findall('class="comment[ "]', answered)) == 2
    assert not (built.site / "www.reddit.com/user" / "mallory_9.html").exists()


def test_an_anonymised_person_keeps_the_texts_under_a_pseudonym(tmp_path: Path) -> None:
    built = Built(tmp_path, one("person", "anonymise"), [DUMP])
    assert built.holding("mallory_9", "mallory%5f9") == []
    (name,) = {found[1] for path in built.pages() if (found := re.search("/user/(anonymous-[0-9a-f]{10})[.-]", path))}
    thread = built.page("www.reddit.com/r/tea/comments/p2.html")
    assert f"About {name} and tea" in thread
    assert f'<a href="../../../user/{name}.html">u/{name}</a>' in thread
    assert f"I agree with {name}" in thread
    hers = thread[thread.index('id="c-') if 'id="c-' in thread else thread.index('id="cc2"') :].split("</article>")[0]
    assert "zauberwort" in hers
    assert "Original" not in hers.split("I agree")[0]
    assert "www.reddit.com/comments/p2/_/c2" not in thread
    assert "zaubertext" in built.page("www.reddit.com/r/tea/comments/p1.html")
    assert f"r/u_{name}/comments/p5.html" in " ".join(built.pages())
    assert built.page(f"www.reddit.com/r/u_{name}.html")


def test_the_pseudonym_stays_and_cannot_be_worked_out(tmp_path: Path) -> None:
    def pseudonyms(built: Built) -> set[bytes]:
        return {name for page in built.pages().values() for name in re.findall(rb"anonymous-[0-9a-f]{10}", page)}

    first = pseudonyms(Built(tmp_path / "a", one("person", "anonymise"), [DUMP]))
    again = pseudonyms(Built(tmp_path / "a", one("person", "anonymise") + one("person", "anonymise", "carl"), [DUMP]))
    elsewhere = pseudonyms(Built(tmp_path / "b", one("person", "anonymise"), [DUMP]))
    assert len(first) == 1
    assert len(again) == 2
    assert first < again
    assert first != elsewhere


def test_a_hidden_comment_keeps_its_place(tmp_path: Path) -> None:
    built = Built(tmp_path, one("comment", "hide", "c4"), [DUMP])
    assert built.holding("geheimwort") == []
    page = built.page("www.reddit.com/r/tea/comments/p3.html")
    assert "Removed on request." in page
    assert len(re.findall('class="comment[ "]', page)) == 2
    assert "Removed on request." in built.page("www.reddit.com/user/carl.html")


def test_a_comment_is_told_by_its_post_too(tmp_path: Path) -> None:
    text = f"- {{comment: c4, post: p2, host: {REDDIT}, mode: hide}}"
    assert Built(tmp_path / "other", text, [DUMP]).holding("geheimwort") != []
    assert Built(tmp_path / "own", text.replace("p2", "p3"), [DUMP]).holding("geheimwort") == []


def test_a_hidden_post_keeps_its_address_and_answers(tmp_path: Path) -> None:
    built = Built(tmp_path, one("post", "hide", "p1"), [DUMP])
    assert built.holding("mallorys", "zaubertext") == []
    page = built.page("www.reddit.com/r/tea/comments/p1.html")
    assert "<bdi>Removed on request</bdi>" in page
    assert "first answer" in page
    assert "Removed on request" in built.page("www.reddit.com/user/bob.html")
    assert "Mallory_9" in page


def test_a_hidden_community_is_not_built(tmp_path: Path) -> None:
    built = Built(tmp_path, one("community", "hide", "gossip"), [DUMP])
    assert built.holding("gossip", "whispered", "secretly", "only ever here", "dora") == []
    assert built.report.threads == 5
    assert built.report.comments == 5


def test_nothing_leads_to_a_hidden_domain(tmp_path: Path) -> None:
    built = Built(tmp_path, "- {domain: shop.example, mode: hide}", [DUMP])
    assert built.holding("shop.example") == []
    assert "buy at […] or […], see" in built.page("www.reddit.com/r/tea/comments/p3.html")


PURGED = {
    "person": (one("person", "purge"), [*MALLORY, *HERS]),
    "comment": (one("comment", "purge", "c4"), ["geheimwort"]),
    "post": (one("post", "purge", "p1"), ["mallorys", "zaubertext", "first answer"]),
    "community": (one("community", "purge", "gossip"), ["gossip", "whispered", "secretly", "only ever here"]),
    "domain": ("- {domain: shop.example, mode: purge}", ["shop.example"]),
}


@pytest.mark.parametrize(("text", "words"), PURGED.values(), ids=PURGED)
def test_what_is_purged_is_not_in_the_archive_file_either(tmp_path: Path, text: str, words: list[str]) -> None:
    Built(tmp_path, "", [DUMP])
    built = Built(tmp_path, text, [DUMP])
    assert built.report.purged
    assert built.holding(*words, archive=True) == []
    with closing(sqlite3.connect(built.archive)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not Built(tmp_path, text, [DUMP]).report.purged


@pytest.mark.parametrize(("text", "words"), PURGED.values(), ids=PURGED)
def test_a_later_import_does_not_bring_it_back(tmp_path: Path, text: str, words: list[str]) -> None:
    first = Built(tmp_path, text, [DUMP])
    again = Built(tmp_path, text, [DUMP], keep_deleted=True)
    assert again.report.imported.captures == 1
    assert again.report.purged
    assert again.holding(*words, archive=True) == []
    assert again.pages() == first.pages()


def test_a_purged_post_has_no_page_and_what_others_answered_a_purged_person_stays(tmp_path: Path) -> None:
    built = Built(tmp_path / "post", PURGED["post"][0], [DUMP])
    assert "www.reddit.com/r/tea/comments/p1.html" not in built.pages()
    built = Built(tmp_path / "person", PURGED["person"][0], [DUMP])
    assert "first answer" in built.page("www.reddit.com/r/tea/comments/p1.html")
    assert "www.reddit.com/r/tea/comments/p6.html" not in built.pages()
    assert "A comment that is not in this archive" in built.page("www.reddit.com/r/tea/comments/p2.html")


def test_copies_that_hold_what_was_purged_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.db.v1").touch()
    (tmp_path / "b.db.v1").touch()
    assert Built(tmp_path, "", [DUMP]).report.purged.copies == ()
    assert Built(tmp_path, PURGED["comment"][0], [DUMP]).report.purged.copies == (str(tmp_path / "a.db.v1"),)


def test_purging_that_was_cut_short_is_finished_by_the_next_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Built(tmp_path, "", [DUMP])
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as db:
        # As a kill between deleting and vacuuming would leave it, without what overwrites the deleted.
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM comment WHERE id = 'c2'")
        db.execute("UPDATE archive SET purged = 'pending'")
    assert Built(tmp_path, one("comment", "purge", "c2"), [DUMP]).holding("hushhush", archive=True) == []


ALL = (
    one("person", "anonymise") + one("person", "hide", "carl") + one("comment", "purge", "c5")
    + one("post", "hide", "p3") + one("community", "hide", "gossip") + "- {domain: shop.example, mode: hide}\n"
)  # fmt: skip


def same_secret(folder: Path, secret: str) -> None:
    with closing(sqlite3.connect(folder / "a.db", isolation_level=None)) as db:
        db.execute("UPDATE archive SET secret = ?", (secret,))


@pytest.mark.parametrize(
    "text", [*(text for text, _ in PURGED.values()), ALL, one("person", "hide"), one("person", "anonymise")]
)
def test_a_site_that_grew_is_the_fresh_one(tmp_path: Path, text: str) -> None:
    more = [
        comment("c9", "p2", "mallory_9", "one more"),
        comment("c8", "p9", "eve", "u/mallory_9 came back", parent="c9"),
    ]
    for name in ("grown", "fresh"):
        Built(tmp_path / name, "", [])
        same_secret(tmp_path / name, "same")
    Built(tmp_path / "grown", "", [DUMP[:8]])
    Built(tmp_path / "grown", text, [DUMP[:8], DUMP])
    grown = Built(tmp_path / "grown", text, [DUMP[:8], DUMP, more])
    fresh = Built(tmp_path / "fresh", text, [DUMP[:8], DUMP, more])
    assert sorted(grown.pages()) == sorted(fresh.pages())
    assert {path for path in grown.pages() if grown.pages()[path] != fresh.pages()[path]} == set()


def test_what_is_given_back_is_shown_again(tmp_path: Path) -> None:
    whole = Built(tmp_path, "", [DUMP]).pages()
    hidden = Built(tmp_path, ALL.replace("purge", "hide"), [DUMP]).pages()
    assert hidden != whole
    assert Built(tmp_path, "", [DUMP]).pages() == whole


def test_a_site_with_redactions_that_did_not_change_is_not_rendered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Built(tmp_path, ALL, [DUMP])
    monkeypatch.setattr(publish.Crew, "do", None)
    assert Built(tmp_path, ALL, [DUMP]).report.written == 0


@pytest.mark.parametrize(
    ("wrong", "imports"), [({"theme": "nope"}, True), ({"theme": "torn"}, False), ({"root_host": "a.example"}, False)]
)
def test_nothing_is_purged_where_the_settings_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], imports: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn" / "templates").mkdir(parents=True)
    (tmp_path / "torn" / "templates" / "person.html").write_text("{% if %}")
    built = Built(tmp_path, "", [DUMP])
    before = built.archive.read_bytes()
    (tmp_path / "new.ndjson").write_text(json.dumps(post("p99")) + "\n")
    with pytest.raises(ArchiverError, match=r"no theme is called|Expected an expression|holds nothing of"):
        publish.build_site(
            [str(tmp_path / "new.ndjson")] * imports, built.archive, built.site, config.load(None, wrong),
            None, 1, lambda *_: None, entries(tmp_path, one("person", "purge")),
        )  # fmt: skip
    assert built.archive.read_bytes() == before


@pytest.mark.parametrize(
    ("entry", "is_there"),
    [
        (one("person", "hide"), True),
        (one("person", "anonymise", "MALLORY_9"), True),
        (one("person", "hide", "mallory9"), False),
        ("- {person: mallory_9, host: reddit.com, mode: hide}", False),
        ("- {person: ann@www.reddit.com, host: a.b, mode: hide}", True),
        (one("community", "hide", "Gossip"), True),
        (one("community", "hide", "u_mallory_9"), True),
        (one("community", "hide", "gossips"), False),
        (one("post", "hide", "p1"), True),
        (one("post", "hide", "c1"), False),
        (one("comment", "hide", "c1"), True),
        (one("comment", "hide", "p1"), False),
        (f"- {{comment: c1, post: p1, host: {REDDIT}, mode: hide}}", True),
        (f"- {{comment: c1, post: p2, host: {REDDIT}, mode: hide}}", False),
        ("- {comment: c1, host: old.reddit.com, mode: hide}", False),
        # Not asked.
        ("- {domain: nowhere.example, mode: hide}", True),
        (one("post", "purge", "p99"), True),
    ],
)
def test_entries_that_name_nothing_are_noticed(tmp_path: Path, entry: str, is_there: bool) -> None:
    built = Built(tmp_path, f"{one('comment', 'hide', 'c5')}{entry}", [DUMP])
    assert built.report.absent == ([] if is_there else [2])


def test_workers_redact_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "WORTH_WORKERS", 0)
    shutil.copytree(Built(tmp_path / "one", ALL, [DUMP]).folder, tmp_path / "two")
    shutil.rmtree(tmp_path / "two" / "site")
    shutil.rmtree(tmp_path / "two" / ".site.archiver")
    publish.build_site(
        [], tmp_path / "two" / "a.db", tmp_path / "two" / "site", config.load(None, SMALL), intake.Options(), 2,
        lambda *_: None, entries(tmp_path / "two", ALL),
    )  # fmt: skip
    site = tmp_path / "two" / "site"
    two = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert two == Built(tmp_path / "one", ALL, [DUMP]).pages()


# -- deletions by the people themselves --------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1, 300, 30_000])
def test_what_a_later_capture_saw_deleted_goes_everywhere(tmp_path: Path, length: int) -> None:
    body = "hushhush " * length
    early = [post("p1", selftext=body[:3000]), *(comment(f"c{n}", "p1", f"w{n}", f"{n} {body}") for n in range(40))]
    later = [post("p1", "[deleted]", title="Post p1", selftext="[deleted]", retrieved_on=1_700_000_009)]
    later += [comment(f"c{n}", "p1", "[deleted]", "[deleted]", retrieved_on=1_700_000_009) for n in range(40)]
    assert Built(tmp_path, "", [early]).holding("hushhush", archive=True) != []
    assert Built(tmp_path, "", [early, later]).holding("hushhush", archive=True) == []


def test_rows_that_were_moved_leave_no_traces_of_what_was_deleted(tmp_path: Path) -> None:
    some = random.Random(0)
    words = {number: f"tok{number:05}x{some.randrange(10**9)}" for number in range(1500)}
    bodies = {number: " ".join([word] * some.choice([1, 3, 10, 100, 600])) for number, word in words.items()}
    gone = set(some.sample(sorted(words), 500))
    early = [comment(f"c{number}", f"p{number % 20}", "ann", body) for number, body in bodies.items()]
    later = [
        comment(f"c{number}", f"p{number % 20}", "ann", "[deleted]" if number in gone else f"{bodies[number]} again")
        | {"retrieved_on": 1_700_000_009}
        for number in some.sample(sorted(words), 1500)
        if number in gone or number % 2
    ]
    path = tmp_path / "a.db"
    for name, lines in (("early", early), ("later", later)):
        dump = tmp_path / f"{name}.ndjson"
        dump.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with Archive(path, writable=True) as archive:
            intake.import_dumps(archive, [str(dump)], intake.Options(), lambda *_: None)
        held = path.read_bytes()
        left = {number for number in gone if words[number].encode() in held}
        assert left == (gone if name == "early" else set())
