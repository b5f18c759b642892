"""The Reddit dialect: made-up texts, and Reddit's own HTML where the real dumps are at hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.markup import Context, render

REL = 'rel="nofollow ugc noopener"'
SCHEMES = ("http:", "https:", "mailto:", "gemini:", "magnet:")
HOST = "www.reddit.com"


def link(path: str, text: str) -> str:
    return f'<a href="https://www.reddit.com{path}" {REL}>{text}</a>'


@pytest.mark.parametrize(
    ("body", "inner"),
    [
        ("x^2 y^(two words) z^a^b", "x<sup>2</sup> y<sup>two words</sup> z<sup>a<sup>b</sup></sup>"),
        ("^^tiny", "<sup><sup>tiny</sup></sup>"),
        ("^ alone, ^(open", "^ alone, <sup>(open</sup>".replace("<sup>(open</sup>", "^(open")),
        ("a >!hidden *x*!< b", 'a <span class="spoiler" tabindex="0">hidden <em>x</em></span> b'),
        ("[>!x!<](https://a.example)", f'<a href="https://a.example" {REL}><span class="spoiler">x</span></a>'),
        ("~~gone~~ ~one~", "<del>gone</del> ~one~"),
        (
            "see r/abc, /r/abc+def, u/ann",
            f'see {link("/r/abc", "r/abc")}, {link("/r/abc+def", "/r/abc+def")}, <a href="../u/ann.html">u/ann</a>',
        ),
        ("r/here", '<a href="../c/here.html">r/here</a>'),
        (
            "\\/r/abc \\u/ann xr/abc r/a",
            "/r/abc \\u/ann xr/abc r/a".replace("\\u/ann", '\\<a href="../u/ann.html">u/ann</a>'),
        ),
        (
            "/r/t:when /r/reddit.com /r/reddit.community",
            f"{link('/r/t:when', '/r/t:when')} {link('/r/reddit.com', '/r/reddit.com')} /r/reddit.community",
        ),
        ("/r/all-abc-de", link("/r/all-abc-de", "/r/all-abc-de")),
        ("(http://a.example/b_(c)).", f'(<a href="http://a.example/b_(c)" {REL}>http://a.example/b_(c)</a>).'),
        ("www.a.example, x", f'<a href="http://www.a.example" {REL}>www.a.example</a>, x'),
        ("ann@a.example", f'<a href="mailto:ann@a.example" {REL}>ann@a.example</a>'),
        ("http://localhost a.example", "http://localhost a.example"),
        ("<b class='x'>*raw*</b>", "&lt;b class='x'&gt;<em>raw</em>&lt;/b&gt;"),
        ("&#3232;\\_&#3232; &amp; AT&T", "ಠ_ಠ &amp; AT&amp;T"),
        ("![pic](https://a.example/p.png)", f'!<a href="https://a.example/p.png" {REL}>pic</a>'),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("[hidden](#s)", "hidden"),
        ('[t](/x "why")', f'<a href="https://www.reddit.com/x" title="why" {REL}>t</a>'),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4".replace("2*3*4", "2<em>3</em>4")),
        ("a  \nb", "a<br>\nb"),
        ("`` ` ``", "<code>`</code>"),
        ("text\n* no list\n1. nor this\n```", "text\n* no list\n1. nor this\n```"),
    ],
)
def test_inline(context, body: str, inner: str) -> None:
    assert render(body, "reddit", context(HOST)) == f"<p>{inner}</p>\n"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("#h\ntext", '<h4 class="md-h1">h</h4>\n<p>text</p>\n'),
        ("one\ntwo\n---\nthree", '<p>one</p>\n<h4 class="md-h2">two</h4>\n<p>three</p>\n'),
        ("> a\n\n> b\nlazy\n\nc", "<blockquote>\n<p>a</p>\n<p>b\nlazy</p>\n</blockquote>\n<p>c</p>\n"),
        ("* a\n- b\n + c", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n"),
        ("* a\n\n  b", "<ul>\n<li>a</li>\n</ul>\n<p>b</p>\n"),
        ("* a\n\n    b\n* c", "<ul>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        (
            ">!hidden\n>!more\n\nafter",
            '<details class="spoiler"><summary>Spoiler</summary>\n<p>hidden\nmore</p>\n</details>\n<p>after</p>\n',
        ),
        ("~~~\na\n```\nb", '<pre tabindex="0"><code>a\n</code></pre>\n<p>b</p>\n'),
        ("a|b\n:-|-:\n1|2\nend", None),
    ],
)
def test_blocks(context, body: str, html: str | None) -> None:
    result = str(render(body, "reddit", context(HOST)))
    if html is None:
        assert '<td class="align-right">2</td>' in result
        assert result.endswith("</table>\n<p>end</p>\n")
    else:
        assert result == html


def test_links_lead_to_reddit_whatever_the_host(context) -> None:
    assert render("r/abc", "reddit", context("unknown.invalid")) == f"<p>{link('/r/abc', 'r/abc')}</p>\n"


def test_agreement_with_reddit(real_dumps: Path) -> None:
    """At least 99.5 %; docs/markup.md names what is left."""
    path = real_dumps / "markdown" / "reddit-body-html-pairs.ndjson"
    pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    context = Context(HOST, lambda *_: None, "")
    unequal = 0
    for pair in pairs:
        theirs = pair["body_html"].removeprefix('<div class="md">').removesuffix("</div>")
        unequal += normal(str(render(pair["body"], "reddit", context))) != normal(theirs)
    assert len(pairs) == 2245
    assert unequal <= 6, f"{unequal} of {len(pairs)} differ"


def normal(html: str) -> str:
    """``html`` without the differences we mean (docs/markup.md) and without white space between blocks."""
    parts: list[str] = []
    body = LexborHTMLParser(f"<body>{html}").body
    assert body is not None
    _write(body, parts)
    text = re.sub(r"\s+", " ", "".join(parts))
    blocks = "p|ul|ol|li|blockquote|h[1-6]|hr|pre|table|thead|tbody|tr|td|th|br|details|summary"
    return re.sub(rf" ?(</?(?:{blocks})\b[^>]*>) ?", r"\1", text).strip()


def _write(node: LexborNode, parts: list[str]) -> None:
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            parts.append(child.text_content or "")
            continue
        tag = child.tag or ""
        attributes = {key: value or "" for key, value in child.attributes.items()}
        classes = attributes.pop("class", "")
        if classes.startswith("md-h"):  # headings are shifted
            tag = classes[3:]
        if re.fullmatch("h[1-6]", tag) and not child.text().strip() and child.child is None:  # empty ones are dropped
            continue
        for ours in ("rel", "tabindex", "start"):
            attributes.pop(ours, None)
        if classes.startswith("align-"):
            attributes["align"] = classes[6:]
        empty = child.child is None
        if tag == "a":
            if attributes["href"].startswith("//"):
                attributes["href"] = "https:" + attributes["href"]
            elif attributes["href"].startswith("/"):
                attributes["href"] = f"https://{HOST}{attributes['href']}"
            if not attributes["href"].lower().startswith(SCHEMES):  # links that lead nowhere are text
                _write(child, parts)
                continue
        parts.append(f"<{tag}{''.join(f' {key}={attributes[key]!r}' for key in sorted(attributes))}>")
        if tag == "a" and empty:  # links without a text show their title or address
            parts.append(attributes.get("title") or attributes["href"])
        _write(child, parts)
        parts.append(f"</{tag}>")
