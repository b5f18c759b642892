"""The Lemmy dialect, as lemmy-ui shows it (LemmyNet/lemmy-ui, src/shared/markdown.ts).

CommonMark with tables, strikethrough, bare links, typography, spoilers, sub- and superscript, footnotes, ruby and
mentions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_core import StateCore, linkify, smartquotes
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import linkify as linkify_address
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

from archiver.markup.commonmark import safe_parser
from archiver.markup.links import Context, Kind, mention

BUDGET = 20_000_000
"""Characters a rule of the library with quadratic cost may read for one text; beyond, it is left out."""
_MENTION = re.compile(r"(/[cmu]/|!|@)([A-Za-z0-9._%+-]++)@([A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++)")
_WITHIN_HOST = re.compile(r"\.[^\s.]")
_RUBY = re.compile(r"\{([^{}|\n]++)\|([^{}|\n]++)\}")


def lemmy_parser() -> MarkdownIt:
    """The parser of the dialect."""
    md = safe_parser("js-default", typography=True)
    container_plugin(md, "spoiler", validate=_is_spoiler, render=render_spoiler)
    sub_plugin(md)
    superscript_plugin(md)
    footnote_plugin(md)
    md.add_render_rule("footnote_ref", _footnote_ref)
    md.add_render_rule("footnote_block_open", _footnote_block_open)
    md.add_render_rule("footnote_block_close", _footnote_block_close)
    md.add_render_rule("footnote_open", _footnote_open)
    md.add_render_rule("footnote_anchor", _footnote_anchor)
    md.inline.ruler.before("link", "ruby", _ruby)
    md.inline.ruler.at("linkify", _bare_address)
    md.core.ruler.at("linkify", _bare_links)
    md.core.ruler.at("smartquotes", _quotes)
    md.core.ruler.after("linkify", "mentions", _mentions)
    return md


def _bare_address(state: StateInline, silent: bool) -> bool:
    """The library's rule for "://" reads the whole paragraph each time; it may, as long as that stays cheap."""
    if not state.src.startswith("://", state.pos):
        return False
    state.env["reading"] = state.env.get("reading", 0) + len(state.src)
    start = state.pos
    if state.env["reading"] > BUDGET or not linkify_address(state, silent):
        return False
    # Where it only skips, it may take what stands far before for the scheme, and go back.
    if state.pos <= start:
        state.pos = start
        return False
    return True


def _bare_links(state: StateCore) -> None:
    """The library's search for bare links, for paragraphs that may hold one and that it reads in reasonable time."""
    tokens = state.tokens
    state.tokens = [
        token
        for token in tokens
        if token.type == "inline" and _may_hold_link(token.content) and _has_few_links(token.content)
    ]
    linkify(state)
    state.tokens = tokens


def _may_hold_link(text: str) -> bool:
    """A look for what every address has: the library's own takes a third of the time of a whole body."""
    return (
        ":" in text
        or "@" in text
        or "//" in text
        or _WITHIN_HOST.search(text) is not None
        or "localhost" in text.casefold()
    )


def _has_few_links(text: str) -> bool:
    return len(text) < 1000 or len(text) * sum(map(text.count, ":@./")) <= BUDGET


def _quotes(state: StateCore) -> None:
    """The library's typographic quotes, for the paragraphs it can set in reasonable time."""
    tokens = state.tokens
    state.tokens = [token for token in tokens if len(token.content) * sum(map(token.content.count, "\"'")) <= BUDGET]
    smartquotes(state)
    state.tokens = tokens


def _is_spoiler(params: str, _markup: str) -> bool:
    return params.strip().startswith("spoiler ")


def render_spoiler(_self: object, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """The tags of a spoiler block: folded away, opened without a script."""
    if tokens[index].nesting != 1:
        return "</details>\n"
    title = tokens[index].info.strip().removeprefix("spoiler").strip()
    return f'<details class="spoiler"><summary>{escapeHtml(title)}</summary>\n'


def _ruby(state: StateInline, silent: bool) -> bool:
    """``{text|reading}``."""
    if state.src[state.pos] != "{":
        return False
    match = _RUBY.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("ruby_open", "ruby", 1)
        state.push("text", "", 0).content = match[1]
        for tag, content in (("rp", "("), ("rt", match[2]), ("rp", ")")):
            state.push(f"{tag}_open", tag, 1)
            state.push("text", "", 0).content = content
            state.push(f"{tag}_close", tag, -1)
        state.push("ruby_close", "ruby", -1)
    state.pos = match.end()
    return True


def _mentions(state: StateCore) -> None:
    """Link ``@person@host``, ``!community@host``, ``/c/community@host`` and ``/u/person@host``."""
    for block in state.tokens:
        if block.type != "inline" or not block.children or "@" not in block.content:
            continue
        children: list[Token] = []
        inside = 0
        for token in block.children:
            if token.type in ("link_open", "link_close"):
                inside += token.nesting
            if token.type == "text" and not inside and "@" in token.content:
                children.extend(_with_mentions(token, state.env["context"]))
            else:
                children.append(token)
        block.children = children


def _with_mentions(token: Token, context: Context) -> list[Token]:
    """The tokens that ``token``, a text, falls apart into."""
    text = token.content
    parts: list[Token] = []
    done = 0
    for match in _MENTION.finditer(text):
        host = match[3]
        while "." in host and not (host.rpartition(".")[2].isalpha() and len(host.rpartition(".")[2]) > 1):
            host = host.rpartition(".")[0]
        if "." not in host:
            continue
        end = match.start(3) + len(host)
        kind: Kind = "person" if match[1] in ("@", "/u/") else "community"
        parts.append(Token("text", "", 0, content=text[done : match.start()], level=token.level))
        opening = Token("link_open", "a", 1, {"href": mention(kind, match[2], host, context)}, level=token.level)
        opening.info = "auto"
        opening.meta["resolved"] = True
        parts.append(opening)
        parts.append(Token("text", "", 0, content=text[match.start() : end], level=token.level + 1))
        parts.append(Token("link_close", "a", -1, info="auto", level=token.level))
        done = end
    parts.append(Token("text", "", 0, content=text[done:], level=token.level))
    return parts


def _footnote(token: Token, env: EnvType) -> tuple[str, str]:
    """The prefix that keeps ids of two texts of a page apart, and the number of the note."""
    env["relative"] = True
    context: Context = env["context"]
    return escapeHtml(context.prefix), str(int(token.meta["id"]) + 1)


def _footnote_ref(_self: object, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
    prefix, number = _footnote(tokens[index], env)
    again = tokens[index].meta.get("subId", 0)
    name = f"{number}:{again}" if again > 0 else number
    link = f'<a href="#{prefix}fn{number}" id="{prefix}fnref{name}">[{name}]</a>'
    return f'<sup class="footnote">{link}</sup>'


def _footnote_block_open(*_arguments: object) -> str:
    return '<div class="footnotes">\n<ol>\n'


def _footnote_block_close(*_arguments: object) -> str:
    return "</ol>\n</div>\n"


def _footnote_open(_self: object, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
    prefix, number = _footnote(tokens[index], env)
    return f'<li id="{prefix}fn{number}">'


def _footnote_anchor(_self: object, tokens: Sequence[Token], index: int, _options: OptionsDict, env: EnvType) -> str:
    prefix, number = _footnote(tokens[index], env)
    again = tokens[index].meta.get("subId", 0)
    name = f"{number}:{again}" if again > 0 else number
    return (
        f' <a href="#{prefix}fnref{name}" class="footnote-back" aria-label="Back to reference {name}">\u21a9\ufe0e</a>'
    )
