"""Plain text, titles and excerpts."""

from __future__ import annotations

import pytest

from archiver.markup import excerpt, render, title


def test_paragraphs_and_line_breaks(context) -> None:
    assert render("one\ntwo\n\n \n\nthree <b>&", "text", context()) == (
        "<p>one<br>\ntwo</p>\n<p>three &lt;b&gt;&amp;</p>\n"
    )


def test_bullets(context) -> None:
    assert render("such as\n  • one\n  • two\nend", "text", context()) == (
        "<p>such as</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<p>end</p>\n"
    )


def test_bare_links(context) -> None:
    assert render("see https://a.example/x?a=1&b=2.", "text", context()) == (
        '<p>see <a href="https://a.example/x?a=1&amp;b=2" rel="nofollow ugc noopener">https://a.example/x?a=1&amp;b=2</a>.</p>\n'
    )


def test_markup_is_text(context) -> None:
    assert render("*a* [b](c) # d", "text", context()) == "<p>*a* [b](c) # d</p>\n"


def test_titles() -> None:
    assert title('a *b* <i> & "c"') == 'a *b* &lt;i&gt; &amp; "c"'
    assert title("a *b* `c` ~~d~~ [e](f) # g", "lemmy") == "a <em>b</em> <code>c</code> <s>d</s> [e](f) # g"
    assert title("a\u202eb\nc") == "ab c"


@pytest.mark.parametrize(
    ("body", "body_format", "text"),
    [
        (
            '# Head\n\nsome *bold* and **strong** `code` [link](https://a.example "t")\n> quote',
            "lemmy",
            "Head some bold and strong code link quote",
        ),
        ("before\n::: spoiler Ending\nhe dies\n:::\nafter", "lemmy", "before Ending (spoiler) after"),
        ("he >!dies!< x^2 ^(small) \\*", "reddit", "he (spoiler) x2 small) *".replace("small)", "small)")),
        ("snake_case_name _em_ &amp; 1 < 2", "reddit", "snake_case_name em & 1 < 2"),
        ('one<p>two &lt;b&gt; <a href="x">three</a>', "html", "one two <b> three"),
        ("* star\n2. two", "text", "* star 2. two"),
        ("- item\n1. item\n```py\ncode\n```", "commonmark", "item item code"),
        ("", "lemmy", ""),
    ],
)
def test_excerpts_have_no_markup(body, body_format, text) -> None:
    assert excerpt(body, body_format) == text


def test_excerpts_are_cut_at_a_word() -> None:
    assert excerpt("one two three four", "text", 12) == "one two…"
    assert excerpt("x" * 50, "text", 10) == "x" * 9 + "…"
    assert excerpt("one two", "text", 7) == "one two"


def test_an_excerpt_of_much_markup_says_that_there_is_more() -> None:
    assert excerpt("[a](https://b.example/" + "x" * 5000 + ")", "lemmy", 20).endswith("…")
