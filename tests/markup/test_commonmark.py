"""The core parser is CommonMark, whole; the bounds change nothing within them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from archiver.markup import render
from archiver.markup.commonmark import MAX_NESTING, core_parser


def test_the_specification_holds(real_dumps: Path) -> None:
    parser = core_parser("commonmark", html=True)
    parser.options["xhtmlOut"] = True

    def rendered(markdown: str) -> str:
        # The library writes no line break within an empty quote (its own tests allow for that, too).
        return str(parser.render(markdown)).replace("<blockquote></blockquote>", "<blockquote>\n</blockquote>")

    text = (real_dumps / "markdown" / "commonmark_0.31.2_spec.json").read_text(encoding="utf-8")
    examples = json.loads(text.replace("→", "\\t"))
    wrong = [example["number"] for example in examples if rendered(example["markdown"]) != example["html"]]
    assert len(examples) == 652
    assert wrong == []


def test_headings_begin_at_h4_and_skip_no_level(context) -> None:
    html = render("### low\n\n# high\n\n#### deep\n\n## middle\n\n#", "commonmark", context())
    assert html.splitlines() == [
        '<h4 class="md-h3">low</h4>',
        '<h4 class="md-h1">high</h4>',
        '<h5 class="md-h4">deep</h5>',
        '<h5 class="md-h2">middle</h5>',
    ]


def test_seven_levels_are_not_needed(context) -> None:
    html = render("\n\n".join("#" * level + " x" for level in range(1, 7)), "commonmark", context())
    assert [line[1:3] for line in html.splitlines()] == ["h4", "h5", "h6", "h6", "h6", "h6"]
    assert html.count("</h6>") == 4


def test_headings_begin_below_the_one_the_text_stands_under(context) -> None:
    below = msgspec.structs.replace(context(), headings=2)
    assert render("# a\n\n### b", "commonmark", below) == '<h2 class="md-h1">a</h2>\n<h3 class="md-h3">b</h3>\n'
    assert render("<h1>a</h1>", "html", below) == '<h2 class="md-h1">a</h2>\n'


def test_tables_can_be_scrolled_by_keyboard(context) -> None:
    assert render("|a|\n|-|\n|b|", "lemmy", context()).startswith('<table tabindex="0">')


def test_images_become_links(context) -> None:
    html = render("![a cat](https://a.example/cat.png) ![](/pics/dog.webm?x=1) ![](data:x)", "commonmark", context())
    assert '<a href="https://a.example/cat.png" rel="nofollow ugc noopener" class="image">a cat</a>' in html
    assert (
        '<a href="https://home.example/pics/dog.webm?x=1" rel="nofollow ugc noopener" class="video">dog.webm</a>'
        in html
    )
    assert html.endswith(" data:x</p>\n")


def test_an_image_within_a_link_is_text(context) -> None:
    html = render("[![cat](/cat.png)](https://a.example/)", "commonmark", context())
    assert html == '<p><a href="https://a.example/" rel="nofollow ugc noopener">cat</a></p>\n'


def test_a_link_without_a_text_shows_its_title_or_address(context) -> None:
    html = render('[](https://a.example/) [](https://b.example/ "why")', "commonmark", context())
    assert ">https://a.example/</a>" in html
    assert ">why</a>" in html


def test_code_can_be_reached_by_keyboard(context) -> None:
    for body in ("```py\na<b\n```", "    a<b"):
        assert render(body, "commonmark", context()) == '<pre tabindex="0"><code>a&lt;b\n</code></pre>\n'


def test_deep_nesting_stays_as_text(context) -> None:
    for body in (">" * 300 + " end", "- " * 300 + "end", "[" * 300 + "end" + "](x)" * 300):
        html = str(render(body, "commonmark", context()))
        assert "end" in html
        assert html.count("<blockquote>") + html.count("<ul>") <= MAX_NESTING
