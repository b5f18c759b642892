"""The Lemmy dialect."""

from __future__ import annotations

import pytest

from archiver.markup import render

REL = 'rel="nofollow ugc noopener"'


def link(href: str, text: str) -> str:
    return f'<a href="{href}" {REL}>{text}</a>'


@pytest.mark.parametrize(
    ("body", "inner"),
    [
        (
            "H~2~O and x^2^ and {東|higashi}",
            "H<sub>2</sub>O and x<sup>2</sup> and <ruby>東<rp>(</rp><rt>higashi</rt><rp>)</rp></ruby>",
        ),
        ("~~gone~~", "<s>gone</s>"),
        ('"quoted" -- it\'s (c)...', "“quoted” – it’s ©…"),
        ("<b>raw</b> &amp; &copy;", "&lt;b&gt;raw&lt;/b&gt; &amp; ©"),
        ("see example.com/x.", "see " + link("http://example.com/x", "example.com/x") + "."),
        ("https://a.example/_x_", link("https://a.example/_x_", "https://a.example/_x_")),
        ("ask ann@example.com", "ask " + link("mailto:ann@example.com", "ann@example.com")),
        ("@bob@other.example!", '<a href="../u/bob@other.example.html">@bob@other.example</a>!'),
        ("!here@home.example.", '<a href="../c/here.html">!here@home.example</a>.'),
        ("/c/there@other.example", '<a href="../c/there@other.example.html">/c/there@other.example</a>'),
        ("/u/bob@other.example", '<a href="../u/bob@other.example.html">/u/bob@other.example</a>'),
        ("!x@y.example", link("https://y.example/c/x", "!x@y.example")),
        ("@x@y.example", link("https://y.example/u/x", "@x@y.example")),
        ("@x@localhost", "@x@localhost"),
        ("`@x@y.example`", "<code>@x@y.example</code>"),
        ("[@x@y.example](https://z.example)", link("https://z.example", "@x@y.example")),
        ('![party](https://a.example/p.png "emoji party_parrot")', ":party_parrot:"),
        ("{a|b", "{a|b"),
    ],
)
def test_inline(context, body: str, inner: str) -> None:
    assert render(body, "lemmy", context()) == f"<p>{inner}</p>\n"


def test_spoiler(context) -> None:
    html = render("::: spoiler The *end*\nhe **dies**\n:::\nafter", "lemmy", context())
    assert html == (
        '<details class="spoiler"><summary>The *end*</summary>\n'
        "<p>he <strong>dies</strong></p>\n</details>\n<p>after</p>\n"
    )


def test_unclosed_spoiler_ends_with_the_text(context) -> None:
    assert render("::: spoiler T\nhidden", "lemmy", context()).endswith("<p>hidden</p>\n</details>\n")


def test_footnotes_of_two_comments_do_not_clash(context) -> None:
    body = "one[^a] two[^a] three^[inline]\n\n[^a]: note"
    first, second = (str(render(body, "lemmy", context(prefix=prefix))) for prefix in ("c1-", "c2-"))
    assert '<sup class="footnote"><a href="#c1-fn1" id="c1-fnref1">[1]</a></sup>' in first
    assert 'id="c1-fnref1:1"' in first
    assert '<li id="c1-fn2">' in first
    assert 'href="#c1-fnref1:1" class="footnote-back" aria-label="Back to reference 1:1"' in first
    assert second == first.replace("c1-", "c2-")


def test_table(context) -> None:
    html = str(render("|a|b|c|\n|:-|:-:|-:|\n|1|2|3|", "lemmy", context()))
    assert '<th class="align-left">a</th>\n<th class="align-center">b</th>\n<th class="align-right">c</th>' in html
    assert '<td class="align-left">1</td>' in html
    assert "style" not in html
