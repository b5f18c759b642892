"""Rows of one shape are put together as their template would have done it, whatever they and the template hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from archiver import theme
from archiver.config import Settings
from archiver.render import comments, entries, post_lines
from archiver.render.compiling import Direct, only_shows, quickened
from archiver.render.shapes import CUT, SHAPES_KEPT, Row, Shapes
from archiver.render.templates import Templates
from archiver.words import Words

TEMPLATES = Templates(Settings(), theme.load(theme.DEFAULT), Words(), "Title")

TEXTS = st.none() | st.text(st.characters(exclude_characters="\0"), max_size=8) | st.sampled_from(["%s", "<b>&'"])
PAIRS = st.lists(st.sampled_from([("op", "OP"), ("bot", "a <bot>")]), max_size=2).map(tuple)
STATES = st.sampled_from([None, "live", "deleted", "removed", "redacted"])


def rows(kinds: st.SearchStrategy[Any], texts: int, html: int = 0) -> st.SearchStrategy[list[Row]]:
    """Some rows, among them such of one shape with other texts."""
    body = st.none() | st.sampled_from([Markup(""), Markup("<p>a % b</p>")])
    one = st.builds(Row, kinds, st.tuples(*[TEXTS] * texts), st.tuples(*[body] * html))
    others = st.lists(TEXTS, min_size=texts, max_size=texts)
    return st.builds(lambda some, new: some + [alike(row, new) for row in some], st.lists(one, max_size=4), others)


def alike(row: Row, texts: list[str | None]) -> Row:
    """A row of the same shape with some of these texts."""
    pairs = zip(row.texts, texts, strict=True)
    return row._replace(texts=tuple(text and (other or text) for text, other in pairs))


def rendered(kind: str, views: Sequence[object], pieces: int) -> list[bytes]:
    return TEMPLATES._split(kind, views, pieces)[:-1]


@given(rows(st.tuples(st.booleans(), STATES, PAIRS, st.booleans(), st.booleans()), 24, 1))
def test_comments_are_as_their_template_makes_them(some: list[Row]) -> None:
    expected = rendered("comment", [comments.view(row) for row in some], 3)
    assert [piece for one in TEMPLATES.comments(some) for piece in (one[0], one[1], one[3])] == expected


@given(rows(st.tuples(st.sampled_from(["post", "comment"])), 11))
def test_entries_are_as_their_template_makes_them(some: list[Row]) -> None:
    assert TEMPLATES.entries(some) == rendered("entry", [entries.view(row) for row in some], 1)


@given(rows(st.tuples(STATES, PAIRS, PAIRS, st.booleans()), 21))
def test_posts_in_lists_are_as_their_template_makes_them(some: list[Row]) -> None:
    assert TEMPLATES.post_lines(some) == rendered("post_line", [post_lines.view(row) for row in some], 1)


def shapes_of(template: str) -> tuple[Shapes, Callable[[Sequence[Row]], list[bytes]], list[int]]:
    """The shapes of a template that shows rows of a text and a piece of HTML; how it renders them; how many it did."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.code_generator_class = Direct
    environment.globals.update(_=lambda text: text, cut=CUT)
    if "rows" not in template:
        template = f"{{% for c in rows %}}{template}{{{{ cut }}}}{{% endfor %}}"
    compiled = quickened(environment.from_string(template))
    asked: list[int] = []

    def ask(some: Sequence[Row]) -> list[str]:
        asked.append(len(some))
        rows = [SimpleNamespace(kind=row.kinds[0], a=row.texts[0], h=row.html[0]) for row in some]
        return compiled.render(rows=rows).split(CUT)

    return Shapes(ask, shaped=only_shows(compiled)), lambda some: [one.encode() for one in ask(some)[:-1]], asked


ROWS = [Row((1,), (text,), (Markup(f"<i>{number}</i>"),)) for number, text in enumerate(["bob", "<eve>", " x ", "12"])]


@pytest.mark.parametrize(
    "template",
    [
        "{{ c.a }}",
        "{{ c.a }}, {{ c.h }} {{ c.a }} 100 %",
        "{% if c.a %}{{ c.h }}{% endif %}",
        "{{ 'yes' if c.kind == 1 else 'no' }}{{ c.a if c.a is not none else '' }}",
        "{% set word = _('word') %}{% for c in rows %}{{ word }}{{ c.a }}{{ _('x') }}{{ cut }}{% endfor %}",
        "{% set at = c.a %}{% if c.kind in (1, 2) %}{{ at }}{% endif %}",
    ],
)
def test_what_shows_texts_is_asked_once_for_a_shape(template: str) -> None:
    shapes, ask, asked = shapes_of(template)
    made = shapes.pieces(ROWS)
    assert asked == [1, 1]  # with stand-ins, and with the first row's own texts
    assert made == ask(ROWS)


@pytest.mark.parametrize(
    "template",
    [
        "{{ c.a|upper }}",
        "{{ c.a|title }}",
        "{{ c.a|length }}",
        "{{ c.a[0] }}",
        "{{ c.a[:2] }}",
        "{{ c.a|first }}",
        "{{ c.a|safe }}",
        "{{ c.a|urlencode }}",
        "{{ c.a|int }}",
        "{% if c.a|int > 5 %}many{% endif %}{{ c.a }}",
        "{% if c.a == '12' %}twelve{% endif %}{{ c.a }}",
        "{% if c.a != '12' %}not twelve{% endif %}{{ c.a }}",
        "{% if c.a in ('12', 'x') %}known{% endif %}{{ c.a }}",
        "{% set w %}{{ c.a }}{% endset %}{% if w == '12' %}twelve{% endif %}{{ w }}",
        "{% filter trim %}{{ c.a }}{% endfilter %}",
        "{{ 'x12'.endswith(c.a) }}{{ c.a }}",
        "{{ 'at 12 there'|replace(c.a, 'N') }}{{ c.a }}",
        "{{ loop.index }}{{ c.a }}",
        "{% if not loop.first %}<hr>{% endif %}{{ c.a }}",
        "{{ loop.cycle('odd', 'even') }}{{ c.a }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{% for c in rows %}{{ m(c.a)|trim }}{{ cut }}{% endfor %}",
        "{% set one = cycler('odd', 'even') %}{% for c in rows %}{{ one.next() }}{{ c.a }}{{ cut }}{% endfor %}",
        "{% for c in rows %}{{ c.a }}{{ cut }}{% else %}none{% endfor %}",
        "{% for c in rows %}{{ c.a }}{{ cut }}{% endfor %}{% if rows %}</ol>{% endif %}",
        "{% for c in rows %}{{ c.a }}{{ rows|length }}{{ cut }}{% endfor %}",
        "{% if c.a in 'x12x' %}part{% endif %}{{ c.a }}",
        "{% if c.a not in 'x12x' %}no part{% endif %}{{ c.a }}",
        "{% if c.a is in('x12x') %}part{% endif %}{{ c.a }}",
        "{% if 'o' in c.a %}with o{% endif %}{{ c.a }}",
        "{% if ('u/' ~ c.a) == 'u/12' %}twelve{% endif %}{{ c.a }}",
        "{{ {'12': 'twelve'}.get(c.a, 'other') }}",
        "{% for letter in c.a %}{{ letter }}-{% endfor %}",
        "{{ c.a|replace('b', 'c') }}",
        "{{ c.a.replace('b', 'c') }}",
        "{{ c.a.startswith('b') }}",
        "{{ c.a|trim }}",
        "{{ c.a|center(9) }}",
        "{{ c.a|wordcount }}",
        "{{ c.a|truncate(3) }}",
        "{{ c.a|forceescape|forceescape }}",
        "{{ c.a|tojson }}",
        "{{ '%s' % c.a }}",
        "{{ c.h|striptags }}",
        "{{ c.h|length }}",
        "{{ c.h|upper }}",
        "{% if c.h > 'x' %}late{% endif %}",
        "{{ c.a|e }}",
        "{{ 'u/' ~ c.a }}",
        "{{ c.a + '!' }}",
        "nothing of it",
    ],
)
def test_what_looks_at_texts_is_asked_for_every_row(template: str) -> None:
    shapes, ask, asked = shapes_of(template)
    made = shapes.pieces(ROWS)
    assert asked[-1] == len(ROWS)
    assert made == ask(ROWS)


@pytest.mark.parametrize("more", ["{% include 'other.html' %}", "{% extends 'other.html' %}"])
def test_what_other_templates_do_is_not_known(more: str) -> None:
    environment = jinja2.Environment(autoescape=True)
    environment.code_generator_class = Direct
    loop = "{% for c in rows %}{{ c.a }}{% endfor %}"
    assert only_shows(environment.from_string(loop))
    assert not only_shows(environment.from_string(more + loop))


def test_no_text_and_an_empty_one_are_two_shapes() -> None:
    shapes, ask, _ = shapes_of("{% if c.a is none %}none{% endif %}-{{ c.a }}-{% if not c.a %}nothing{% endif %}")
    some = [Row((1,), (text,), (Markup("x"),)) for text in (None, "", "a", None, "", "b")]
    assert shapes.pieces(some) == ask(some)


def test_more_shapes_than_are_kept_are_left_to_the_template_together() -> None:
    shapes, ask, asked = shapes_of("{{ c.kind }} {{ c.a }}")
    some = [Row((number,), (f"<{number}>",), (Markup("x"),)) for number in range(SHAPES_KEPT + 20)]
    made = shapes.pieces(some)
    assert asked[-1] == 20
    assert made == ask(some)


def test_half_characters_are_replaced_and_the_end_is_known() -> None:
    shapes, _, _ = shapes_of("{% for c in rows %}{{ c.a }}{{ cut }}{% endfor %}</ol>")
    assert shapes.pieces([Row((1,), ("\ud83d",), (Markup("y"),))] * 2) == [b"?"] * 2
    assert shapes.end == "</ol>"
    assert shapes.pieces([]) == []


@pytest.mark.parametrize("name", [one.name for one in theme.installed()])
def test_installed_themes_only_show_texts(name: str) -> None:
    made = Templates(Settings(), theme.load(name), Words(), "Title")
    for text in ("x", None):
        for ghost in (True, False):
            kinds = (ghost, "live", (("op", "OP"),), False, True)
            made.comments([Row(kinds, ("x", *[text] * 23), (Markup("y"),))])
        made.entries([Row(("post",), ("x", *[text] * 10))])
        made.post_lines([Row(("live", (("bot", "bot"),), (("pinned", "pinned"),), True), ("x", *[text] * 20))])
    known = [shape for shapes in made._shapes.values() for shape in shapes._known.values()]
    assert len(known) == 8
    assert all(known)
