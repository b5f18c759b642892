"""The shared parser: CommonMark with what every dialect needs to be safe, accessible and bounded.

markdown-it does the reading. Raw HTML is off; after the parse, one walk over the tokens (``_finish``) decides on links,
images, headings and tables, so that no dialect can forget to.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, cast

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.parser_block import ParserBlock
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from archiver.markup.links import REL, Allowance, Context, resolve

MAX_NESTING = 40
"""Levels of quotes, lists (two each) and inline markup; anything deeper is shown as text."""
VIDEO = (".mp4", ".webm", ".ogv", ".mov", ".m4v")
AUDIO = (".mp3", ".ogg", ".oga", ".opus", ".m4a", ".flac", ".wav")


class BoundedBlocks(ParserBlock):
    """Block parser that keeps what is nested too deeply, as one paragraph of text; the original drops it."""

    def tokenize(self, state: StateBlock, startLine: int, endLine: int) -> None:  # noqa: N803 (names of the library)
        """Read the lines from ``startLine`` up to ``endLine``."""
        if state.level < state.md.options["maxNesting"]:
            super().tokenize(state, startLine, endLine)
            return
        text = state.getLines(startLine, endLine, state.blkIndent, keepLastLF=False).strip()
        if text:
            state.push("paragraph_open", "p", 1).block = True
            inline = state.push("inline", "", 0)
            inline.content = ""
            inline.children = [Token("text", "", 0, content=text)]
            state.push("paragraph_close", "p", -1).block = True
        state.line = endLine


def core_parser(preset: str, *, html: bool = False, typography: bool = False) -> MarkdownIt:
    """markdown-it with bounded nesting. ``preset``: "commonmark", or "js-default" (tables, strikethrough too)."""
    options = {"html": html, "typographer": typography, "linkify": typography, "maxNesting": MAX_NESTING}
    md = MarkdownIt(preset, options)
    blocks = BoundedBlocks()
    blocks.ruler = md.block.ruler
    md.block = blocks
    return md


def safe_parser(preset: str, *, typography: bool = False) -> MarkdownIt:
    """The core parser without raw HTML and with the walk that makes links, images, headings and tables safe."""
    md = core_parser(preset, typography=typography)
    md.options["xhtmlOut"] = False
    md.validateLink = _any_link  # type: ignore[method-assign,assignment]
    md.inline.ruler.at("link", _link_rule)
    md.inline.ruler.at("image", _image_rule)
    md.core.ruler.push("finish", _finish)
    md.add_render_rule("code_block", _pre)
    md.add_render_rule("fence", _pre)
    return md


def _closes_later(state: StateInline) -> bool:
    """Whether any "]" follows; asked before each search for the end of a link, so that many "[" cost nothing."""
    known = state.env.get("last bracket")
    if known is None or known[0] is not state:
        known = state.env["last bracket"] = (state, state.src.rfind("]"))
    return bool(known[1] > state.pos)


def _link_rule(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "[" and _closes_later(state) and link(state, silent)


def _image_rule(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "!" and _closes_later(state) and image(state, silent)


def _any_link(_url: str) -> bool:
    """Links are judged by ``_finish``, which keeps the text of the bad ones."""
    return True


def convert(md: MarkdownIt, body: str, context: Context) -> tuple[str, bool]:
    """HTML of ``body`` and whether it holds ids or relative links of our own making."""
    env: MutableMapping[str, Any] = {"context": context, "relative": False, "allowance": Allowance()}
    html = cast(str, md.render(body, env))
    return html, bool(env["relative"])


def _pre(_self: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """A block of code; it may scroll, so the keyboard must be able to reach it."""
    return f'<pre tabindex="0"><code>{escapeHtml(tokens[index].content)}</code></pre>\n'


def _finish(state: StateCore) -> None:
    """The walk that every parse ends with: headings, tables, links and images."""
    context: Context = state.env["context"]
    headings: list[int] = []
    kept: list[Token] = []
    for index, token in enumerate(state.tokens):
        if token.type == "heading_open":
            if not state.tokens[index + 1].content.strip():
                continue
            _shift(token, headings, context.headings)
        elif token.type == "heading_close":
            if not state.tokens[index - 1].content.strip():
                continue
            token.tag = f"h{min(6, context.headings - 1 + len(headings))}"
        elif token.type == "table_open":
            token.attrs = {"tabindex": "0"}  # it may scroll, so the keyboard must be able to reach it
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            token.attrs = {"class": "align-" + str(token.attrs["style"]).rpartition(":")[2]}
        elif token.type == "inline" and token.children:
            token.children = finish_inline(token.children, state)
        kept.append(token)
    state.tokens[:] = kept


def _shift(token: Token, headings: list[int], highest: int) -> None:
    """Give a heading its level on the page: from ``highest``, below what it stands under; no level is skipped."""
    level = int(token.tag[1])
    while headings and headings[-1] >= level:
        headings.pop()
    headings.append(level)
    token.tag = f"h{min(6, highest - 1 + len(headings))}"
    token.attrs = {"class": f"md-h{level}"}


def finish_inline(tokens: list[Token], state: StateCore) -> list[Token]:
    """``tokens`` with safe links only, each with a text, and with links in place of images."""
    context: Context = state.env["context"]
    allowance: Allowance = state.env["allowance"]
    done: list[Token] = []
    inside: list[bool] = []
    for token in tokens:
        if token.type == "link_open":
            written = str(token.attrs.get("href", ""))
            if not allowance.covers(written, str(token.attrs.get("title", ""))):
                href = None
            else:
                href = written if "resolved" in token.meta else resolve(written, context)
            inside.append(href is not None and True not in inside)
            if inside[-1] and href is not None:
                _aim(token, href, state)
                done.append(token)
        elif token.type == "link_close":
            if inside.pop():
                if done[-1].type == "link_open":
                    done.append(_text(str(done[-1].attrs.get("title") or done[-1].attrs["href"])))
                done.append(token)
        elif token.type == "image":
            done.extend(_image(token, state, plain=True in inside))
        else:
            done.append(token)
    return done


def _aim(token: Token, href: str, state: StateCore) -> None:
    """Make ``token`` a link to ``href``."""
    title = token.attrs.get("title")
    token.attrs = {"href": href}
    if title:
        token.attrs["title"] = title
    if ":" in href.partition("/")[0]:
        token.attrs["rel"] = REL
    else:
        state.env["relative"] = True


def _image(token: Token, state: StateCore, *, plain: bool) -> list[Token]:
    """The link that stands for an image, video or sound; its text alone within another link."""
    source = str(token.attrs.get("src", ""))
    title = str(token.attrs.get("title", ""))
    alt = state.md.renderer.renderInlineAsText(token.children, state.md.options, state.env).strip()  # type: ignore[attr-defined]
    if title.startswith("emoji "):
        return [_text(f":{title.removeprefix('emoji ').strip() or alt}:")]
    if not state.env["allowance"].covers(source, title):
        return [_text(alt or "image")]
    path = source.partition("?")[0].partition("#")[0]
    text = _text(alt or path.rstrip("/").rpartition("/")[2] or "image")
    href = resolve(source, state.env["context"])
    if href is None or plain:
        return [text]
    opening = Token("link_open", "a", 1, {"href": href})
    if title:
        opening.attrs["title"] = title
    _aim(opening, href, state)
    kind = "video" if path.lower().endswith(VIDEO) else "audio" if path.lower().endswith(AUDIO) else "image"
    opening.attrs["class"] = kind
    return [opening, text, Token("link_close", "a", -1)]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
