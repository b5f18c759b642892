"""How templates become Python: as Jinja does it, with less work for each value they show."""

from __future__ import annotations

import re
from keyword import iskeyword
from types import CodeType
from typing import ClassVar

from jinja2 import BytecodeCache, Template, nodes
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from archiver.render.stand_ins import StandIn

needs_escape = re.compile("[&<>'\"]").search
"""Most texts have none of these, which takes less time to find out than to make a Markup object."""


_SHOWS = "only_shows"
"""The name of that in what is written."""
_PLAIN = (
    nodes.And, nodes.Assign, nodes.Call, nodes.Compare, nodes.CondExpr, nodes.Const, nodes.For, nodes.Getattr,
    nodes.Getitem, nodes.If, nodes.Name, nodes.Not, nodes.Operand, nodes.Or, nodes.Output, nodes.TemplateData,
    nodes.Test, nodes.Tuple,
)  # fmt: skip
"""What may stand in a loop over rows that only shows them."""


def only_shows(template: Template) -> bool:
    """Does it show rows one after the other, and nothing else that depends on them?"""
    found: bool = template.root_render_func.__globals__[_SHOWS]
    return found


def _only_shows(template: nodes.Template) -> bool:
    loops = [node for node in template.body if isinstance(node, nodes.For)]
    names = [name for name in template.find_all(nodes.Name) if name.name == "rows"]
    if len(loops) != 1 or names != [loops[0].iter]:
        return False
    if any(template.find_all((nodes.Include, nodes.Extends))):  # which may see the rows as well
        return False
    return all(map(_is_plain, (loops[0], *loops[0].find_all(nodes.Node))))


def _is_plain(node: nodes.Node) -> bool:
    """Does it see no more of a row than what ``stand_ins`` can refuse, and nothing of the other rows?"""
    if isinstance(node, nodes.For):
        return not (node.else_ or node.test or node.recursive)
    if isinstance(node, nodes.Call):  # of words only
        constant = all(isinstance(one, nodes.Const) for one in node.args) and not (node.kwargs or node.dyn_args)
        return constant and isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext")
    if isinstance(node, nodes.Test):
        return node.name in ("none", "defined")
    if isinstance(node, nodes.Getitem):
        return isinstance(node.arg, nodes.Const)
    if isinstance(node, nodes.Operand):  # a text does not ask what may be within it
        return node.op not in ("in", "notin") or isinstance(node.expr, nodes.Tuple)
    if isinstance(node, nodes.Name):
        return node.name != "loop"
    return isinstance(node, _PLAIN)


class Direct(CodeGenerator):
    """``x.name`` is Python's ``x.name``, and ``f(x)`` its call.

    Jinja looks for an item where there is no attribute, and asks of each function whether it wants to know the context.
    Views have attributes only, and functions here want nothing.
    """

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        """Write the template, and whether it only shows its rows."""
        shows = _only_shows(node)  # which writing may change
        super().visit_Template(node, frame)
        self.writeline(f"{_SHOWS} = {shows}")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802  Jinja's name
        """Write an attribute."""
        # Blocks are items; numbers would swallow the dot.
        if (isinstance(node.node, nodes.Name) and node.node.name == "self") or isinstance(node.node, nodes.Const):
            super().visit_Getattr(node, frame)
            return
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        """Write a call."""
        if forward_caller or node.dyn_args or node.dyn_kwargs or any(iskeyword(given.key) for given in node.kwargs):
            super().visit_Call(node, frame, forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, frame)
            self.write(", ")
        self.write(")")


class Remembered(BytecodeCache):
    """What this process compiled before: it may, while the archive to be rendered is still being made."""

    _codes: ClassVar[dict[tuple[str, str], CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same source."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember what was compiled."""
        assert bucket.code
        self._codes[bucket.key, bucket.checksum] = bucket.code


def quickened(template: Template) -> Template:
    """The same template with less work for each value and each page."""
    # Jinja looks names up in a chain of mappings, and copies it for each page.
    template.globals = dict(template.globals)
    # Compiled templates escape by this name; most values need it not, and a Markup object for each takes longer.
    names = template.root_render_func.__globals__
    if names.get("escape") is escape:
        names["escape"] = _escaped
    return template


def _escaped(value: object) -> str:
    """What autoescape writes for a value."""
    kind = type(value)
    if kind is Markup or (kind is str and not needs_escape(value)):  # type: ignore[call-overload]
        return value  # type: ignore[return-value]
    return value.shown if isinstance(value, StandIn) else escape(value)
