"""Texts that would spill: signs that turn the direction of writing, towers of marks, words without an end."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from archiver.model import Comment, Community, Gap, Person, Post, Record
from archiver.model import Site as Source

HOST = "home.example"
THREAD = f"{HOST}/post/p.html"
LISTS = ("index.html", f"{HOST}/c/tea.html", "communities.html", "about.html")
THEMES = ("modern", "classic", "plain")


def thread(text: str, name: str | None = None) -> Iterator[Record]:
    """A thread in which somebody writes ``text`` wherever one can, between harmless comments."""
    name = name or text
    yield Source(host=HOST, platform="lemmy", name=text)
    about: dict[str, Any] = {"title": text, "summary": text, "sidebar": text, "sidebar_format": "text"}
    yield Community(host=HOST, name="tea", moderators=(name,), readers=1, **about)
    yield Community(host=HOST, name=name, **about)
    yield Person(host=HOST, name=name)
    written: dict[str, Any] = {"host": HOST, "author": name, "state": "live", "flair": text, "score": 1}
    head: dict[str, Any] = {"community": "tea", "title": text, "media": (f"https://{text}/",), "poll": ((text, 1),)}
    yield Post(**written, **head, id="p", body=text, body_format="text", url="https://a.example/")
    yield Post(**written, **head | {"community": name}, id="q")
    calm: dict[str, Any] = {"host": HOST, "post": "p", "author": "ann", "body_format": "commonmark", "score": 1}
    for at, body in enumerate((text, f"    {text}", f"|a|\n|-|\n|{text}|", f"> # {text}\n- `{text}`")):
        yield Comment(**calm, id=f"{at}a", body="A word.")
        yield Comment(**written, post="p", id=f"{at}b", body=body, body_format="commonmark")
        yield Comment(**calm, id=f"{at}c", parent=f"{at}b", body="A reply.", state="live")
    yield Comment(**calm, id="z", body="The last word.", state="live")
    yield Gap(host=HOST, post="p", parent="0b", count=1)


# -- direction ---------------------------------------------------------------------------------------------------------

READ = """() => {
  /* The page's words and those of others, as the eye reads them: by line, and by place within it. */
  const theirs = "bdi, .flair, [id$=b] > .body, .post > .body, h1, .side > h2, .side .summary, .side .body, .poll dt";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const lines = new Map();
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const element = text.parentElement;
    const domain = element.closest(".domain");
    if (element.closest(".sr, .skip, script") || (element.closest(theirs) && !domain)) continue;
    const block = domain || element.closest("p, h2, h3, li, dd, dt, summary, td") || element;
    const box = block.getBoundingClientRect();
    for (let at = 0; at < text.length; at++) {
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const sign = range.getBoundingClientRect();
      if (!sign.width || !text.data[at].trim()) continue;
      if (!lines.has(block)) lines.set(block, []);
      lines.get(block).push([Math.round((sign.bottom - box.top) / 10), sign.left, text.data[at]]);
    }
  }
  const read = (signs) => signs.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((sign) => sign[2]).join("");
  return [...lines.values()].map(read);
}"""
TURNS = {
    "override": "\u202e",
    "embedding": "\u202b",
    "isolate": "\u2067",
    "many": "\u202e\u2067\u202b\u2066\u202d\u202e",
    "ends of what was not begun": "\u202c\u2069\u202c\u2069\u2069",
    "right to left": "\u05d0\u05d1\u05d2",
}


@pytest.mark.parametrize("theme", THEMES)
def test_signs_that_turn_the_direction_turn_nothing_else(
    theme: str, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    spots = {}
    for name, turn in {"none": "", **TURNS}.items():
        # The words within are symmetrical, so that all lines are as wide whatever turns them.
        text = f"{turn}oo{turn}oo"
        site = build(records=thread(text), name=f"{theme}-{name}".replace(" ", "-"), theme=theme, title="An archive")
        watched = watch(site)
        watched.open(THREAD)
        spots[name] = watched.page.evaluate(READ)
        watched.page.close()
    assert len(spots["none"]) > 20
    for name in TURNS:
        assert spots[name] == spots["none"], name


# -- towers ------------------------------------------------------------------------------------------------------------

TOWER = "Z" + "\u0300" * 100 + "Z" + "\u0323" * 100
OTHERS = "[id$=a] > .body, [id$=c] > .body, [id$=c] > .who, .site-nav, #cz > .body, #cz > .who, .captured"
INK = """(bare) => {
  /* All is white but what the maker of towers wrote. */
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .thread > li { content-visibility: visible !important; }
    *, ::before, ::after { color: transparent !important; border-color: transparent !important;
      box-shadow: none !important; background: white none !important; text-decoration: none !important;
      font-family: "DejaVu Sans", sans-serif !important; }
    [id$=b] > :is(.who, .meta, .body), [id$=b] > :is(.who, .meta, .body) *, .parent bdi, .post, .post *, .side, .side *,
      .site-title * { color: red !important; }
    ${bare ? "* { overflow: visible !important; contain: none !important; clip-path: none !important; }" : ""}
  `);
  document.adoptedStyleSheets = [sheet];
}"""
BOXES = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
  const box = element.getBoundingClientRect();
  /* Without the edges: what is clipped may stand out by .35em, into the room between two texts. */
  return { x: Math.ceil(box.x), y: Math.ceil(box.y + scrollY) + 6, width: Math.floor(box.width),
    height: Math.floor(box.height) - 12 };
})"""
INKED = """async ([picture, boxes]) => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + picture)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  canvas.drawImage(bitmap, 0, 0);
  return boxes.filter(({ x, y, width, height }) =>
    canvas.getImageData(x, y, width, height).data.some((value, at) => at % 4 === 1 && value < 128));
}"""


@pytest.mark.parametrize("theme", THEMES)
def test_towers_of_marks_cover_nobody_elses_words(
    theme: str, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    site = build(records=thread(TOWER), theme=theme)
    inked = {}
    for bare in (False, True):
        watched = watch(site)
        watched.open(THREAD)
        watched.page.evaluate(INK, bare)
        boxes = watched.page.evaluate(BOXES, OTHERS)
        assert len(boxes) > 12
        picture = base64.b64encode(watched.page.screenshot(full_page=True)).decode()
        inked[bare] = watched.page.context.new_page().evaluate(INKED, [picture, boxes])
        watched.page.close()
    if not inked[True]:
        pytest.skip("no font here puts marks above each other")
    assert inked[False] == []


# -- width -------------------------------------------------------------------------------------------------------------


ENDLESS = ("\u202e", "\u00a0", "\u6f22", "|", "https://a.example/", "Z\u0300")


@pytest.mark.parametrize(("theme", "text"), [*((theme, "w" * 100_000) for theme in THEMES), ("modern", "")])
def test_words_without_an_end_make_no_page_wider(
    theme: str, text: str, build: Callable[..., Any], watch: Callable[..., Any]
) -> None:
    text = text or " ".join(sign * 2_000 for sign in ENDLESS)
    site = build(records=thread(text), theme=theme)
    watched = watch(site)
    for width in (320, 1280):
        watched.page.set_viewport_size({"width": width, "height": 800})
        for path in (THREAD, *LISTS, *site.pages(f"{HOST}/u/*.html")):
            watched.open(path)
            assert watched.page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
