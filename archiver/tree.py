"""Comments to a thread: who answers whom, ghosts for what is missing, loops cut. Nothing here recurses.

Comments in = comments out. A reply whose parent is not in the archive hangs on a ghost with the parent's id; a
comment that is its own ancestor is cut loose and marked; counts that the source declared become "n replies missing".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archiver.model import Comment, Gap, Post


@dataclass(slots=True, eq=False)
class Node:
    """A place in the tree: a comment, or a ghost where one should be."""

    id: str
    """Local id of the comment."""
    comment: Comment | None = None
    """``None``: a ghost, known only because others answer it."""
    parent: Node | None = None
    """``None``: answers the post."""
    children: list[Node] = field(default_factory=list)
    """In no particular order; sorts.py arranges them."""
    depth: int = 0
    """0 for answers to the post."""
    descendants: int = 0
    """Comments below it in this archive, ghosts not counted."""
    missing: int | None = 0
    """Replies below it, not in this archive and not accounted for by a node below; ``None``: some, number unknown."""
    missing_url: str | None = None
    """Where the original shows them."""
    cut: bool = False
    """Its parents formed a loop; it stands at the top although it answers something."""


@dataclass(slots=True, eq=False)
class Thread:
    """A post with its tree of comments."""

    post: Post
    roots: list[Node]
    count: int
    """Comments in this archive."""
    missing: int | None
    """Answers to the post that the source named but did not give; ``None``: some, number unknown."""
    missing_url: str | None


def build(post: Post, comments: Iterable[Comment], gaps: Iterable[Gap]) -> Thread:
    """Build the tree. Linear in the number of comments; every comment comes out exactly once."""
    nodes: dict[str, Node] = {}
    for comment in comments:
        nodes[comment.id] = Node(comment.id, comment)
    count = len(nodes)
    _cut_loops(nodes)
    roots = _attach(nodes)
    thread = Thread(post, roots, count, 0, None)
    order = list(walk(roots))
    _measure(order)
    _declare_missing(order)
    _place_gaps(thread, nodes, gaps)
    return thread


def walk(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node, parents before their children, each followed at once by all below it."""
    stack = [iter(roots)]
    while stack:
        for node in stack[-1]:
            yield node
            if node.children:
                stack.append(iter(node.children))
                break
        else:
            stack.pop()


def _parent_id(node: Node) -> str | None:
    return None if node.cut or node.comment is None else node.comment.parent


def _cut_loops(nodes: dict[str, Node]) -> None:
    """Follow each chain of parents once; where it comes back to itself, cut it at its smallest id."""
    done: set[str] = set()
    for start in nodes:
        path: dict[str, None] = {}
        at: str | None = start
        while at is not None and at in nodes and at not in done and at not in path:
            path[at] = None
            at = _parent_id(nodes[at])
        if at is not None and at in path:
            chain = list(path)
            loop = chain[chain.index(at) :]
            # The smallest id, so that the cut does not depend on the order of the comments.
            nodes[min(loop)].cut = True
        done.update(path)


def _attach(nodes: dict[str, Node]) -> list[Node]:
    roots: list[Node] = []
    ghosts: dict[str, Node] = {}
    for node in nodes.values():
        parent_id = _parent_id(node)
        if parent_id is None:
            roots.append(node)
            continue
        parent = nodes.get(parent_id)
        if parent is None:
            parent = ghosts.get(parent_id)
            if parent is None:
                parent = ghosts[parent_id] = Node(parent_id)
                roots.append(parent)
        node.parent = parent
        parent.children.append(node)
    return roots


def _measure(order: list[Node]) -> None:
    for node in order:
        if node.parent:
            node.depth = node.parent.depth + 1
    for node in reversed(order):
        if node.parent:
            node.parent.descendants += node.descendants + (node.comment is not None)


def _declare_missing(order: list[Node]) -> None:
    """Compare what the source counted with what is here. Counts that are too low are counts of an older capture."""
    below: dict[str, int] = {}
    for node in reversed(order):
        declared = node.comment.declared_descendants if node.comment else None
        accounted = sum(1 + below[child.id] for child in node.children)
        below[node.id] = max(accounted, declared or 0)
        if declared is not None:
            node.missing = max(0, declared - accounted)
        elif node.comment and node.comment.declared_children is not None:
            node.missing = max(0, node.comment.declared_children - len(node.children))


def _place_gaps(thread: Thread, nodes: dict[str, Node], gaps: Iterable[Gap]) -> None:
    """Gaps that later captures filled vanish; the others say how many replies are missing where."""
    open_gaps: dict[str | None, list[Gap]] = {}
    for gap in gaps:
        if not _is_filled(gap, nodes):
            open_gaps.setdefault(gap.parent, []).append(gap)
    for parent, left in open_gaps.items():
        counts = [_still_missing(gap, nodes) for gap in left]
        count = None if None in counts else sum(number for number in counts if number is not None)
        url = next((gap.source_url for gap in left if gap.source_url), None)
        node = nodes.get(parent) if parent is not None else None
        if node is None:
            # Also gaps below a comment that is not here: they are missing from the thread all the same.
            thread.missing = None if thread.missing is None or count is None else thread.missing + count
            thread.missing_url = thread.missing_url or url
        else:
            node.missing, node.missing_url = count, url


def _is_filled(gap: Gap, nodes: dict[str, Node]) -> bool:
    if gap.ids:
        return all(id in nodes for id in gap.ids)
    # "Continue this thread" names nothing; any answer that came later filled it. A plain count is compared below.
    parent = nodes.get(gap.parent) if gap.parent is not None else None
    return gap.count is None and parent is not None and bool(parent.children)


def _still_missing(gap: Gap, nodes: dict[str, Node]) -> int | None:
    if gap.count is None:
        return None
    here = sum(1 + nodes[id].descendants for id in gap.ids if id in nodes)
    named = sum(1 for id in gap.ids if id not in nodes)
    return max(gap.count - here, named)
