"""Bodies that are HTML already."""

from __future__ import annotations

import pytest

from archiver.markup import render

REL = 'rel="nofollow ugc noopener"'


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (
            "one<p>two<p><pre><code>x &lt; y</code></pre>",
            '<p>one</p>\n<p>two</p>\n<pre tabindex="0"><code>x &lt; y</code></pre>\n',
        ),
        ("a <i>b</i> c", "<p>a <i>b</i> c</p>\n"),
        ("<p>a</p>b", "<p>a</p>\n<p>b</p>\n"),
        (
            "<details><summary>T</summary><p>x</p></details>",
            '<details class="spoiler"><summary>T</summary><p>x</p></details>\n',
        ),
        ("<summary>lost</summary><li>lost", "<div>lost</div>\n<div>lost</div>\n"),
        (
            "<h1>a</h1><h3>b</h3><h2>c</h2>",
            '<h4 class="md-h1">a</h4>\n<h5 class="md-h3">b</h5>\n<h5 class="md-h2">c</h5>\n',
        ),
        (
            '<p><img src="/x/cat.png"><img alt="a dog" src="https://a.example/d.png">',
            (
                f'<p><a href="https://home.example/x/cat.png" {REL} class="image">cat.png</a>'
                f'<a href="https://a.example/d.png" {REL} class="image">a dog</a></p>\n'
            ),
        ),
        ('<p><a href="item?id=1">x</a>', f'<p><a href="https://home.example/item?id=1" {REL}>x</a></p>\n'),
        ('<p><a href="/c/here">x</a>', '<p><a href="../c/here.html">x</a></p>\n'),
        ('<p><a href="javascript:x">text</a>', "<p>text</p>\n"),
        (
            '<p><a href="https://a.example"><img src="b.png"></a>',
            f'<p><a href="https://a.example" {REL}>b.png</a></p>\n',
        ),
        (
            '<table><tr><td align="right" style="x">1</td></tr></table>',
            '<table tabindex="0"><tbody><tr><td class="align-right">1</td></tr></tbody></table>\n',
        ),
        ("<p><tt>x</tt><font color=red>y</font><script>z</script>", "<p><code>x</code>y</p>\n"),
        ("", ""),
    ],
)
def test_html(context, body: str, html: str) -> None:
    assert render(body, "html", context()) == html


def test_deep_elements_lose_their_tags_only(context) -> None:
    html = str(render("<b>" * 3 + "<div>" * 5000 + "end", "html", context()))
    assert "end" in html
    assert html.count("<div>") < 100
