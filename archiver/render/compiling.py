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


class Direct(CodeGenerator):
    """``x.name`` is Python's ``x.name``, and ``f(x)`` its call.

    Jinja looks for an item where there is no attribute, and asks of each function whether it wants to know the context.
    Views have attributes only, and functions here want nothing.
    """

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802  Jinja's name
        """Write an attribute."""
        if isinstance(node.node, nodes.Name) and node.node.name == "self":  # blocks, which are items
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

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        """Write a comparison. Whether something stands within a text is not asked of it otherwise."""
        first = node.ops[0]
        if len(node.ops) > 1 or first.op not in ("in", "notin"):
            super().visit_Compare(node, frame)
            return
        self.write("(environment.tests['in'](" if first.op == "in" else "(not environment.tests['in'](")
        self.visit(node.expr, frame)
        self.write(", ")
        self.visit(first.expr, frame)
        self.write("))")


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
