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
    """Oldest first, those of one time by id: how every order has what it ranks alike."""
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
    """Oldest first, as all siblings are."""
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
    _settle(roots, nodes.values())
    thread = Thread(post, roots, count, 0, None)
    order = list(walk(roots))
    _measure(order)
    _count_missing(thread, nodes, order, gaps)
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


def natural(id: str) -> tuple[int, str]:
    """Ids as numbers sort: by length, then by character (works for decimal and base 36 alike)."""
    return len(id), id


def _settle(roots: list[Node], nodes: Iterable[Node]) -> None:
    """Sort all siblings, so that no order has to ask for more than its own ranks."""
    for node in nodes:
        if len(node.children) > 1:
            node.children.sort(key=_age)
    for root in roots:
        if root.comment is None:
            root.children.sort(key=_age)
    roots.sort(key=_age)


def _age(node: Node) -> tuple[bool, int, int, str]:
    """What siblings are sorted by; those without a time come last."""
    # A ghost stands where its oldest answer would.
    comment = node.comment or node.children[0].comment
    assert comment
    created = comment.created
    return created is None, created.earliest if created else 0, *natural(comment.id)


def _measure(order: list[Node]) -> None:
    for node in order:
        if node.parent:
            node.depth = node.parent.depth + 1
    for node in reversed(order):
        if node.parent:
            node.parent.descendants += node.descendants + (node.comment is not None)


def _count_missing(thread: Thread, nodes: dict[str, Node], order: list[Node], gaps: Iterable[Gap]) -> None:
    """Compare what the source counted or named with what is here, from the leaves up, so that nothing counts twice."""
    open_gaps: dict[str | None, list[Gap]] = {}
    for gap in gaps:
        open_gaps.setdefault(gap.parent, []).append(gap)
    below: dict[str, int] = {}
    for node in reversed(order):
        here = {child.id: 1 + below[child.id] for child in node.children}
        accounted = sum(here.values())
        declared = _declared(node, accounted)
        node.missing = declared or 0
        left = open_gaps.pop(node.id, None) if node.comment else None
        if left:
            count, node.missing_url = _still_missing(left, nodes, here, declared)
            node.missing = None if count is None else max(count, node.missing)
        below[node.id] = accounted + (node.missing or 0)
    here = {root.id: 1 + below[root.id] for root in thread.roots}
    for parent, left in sorted(open_gaps.items(), key=lambda item: (item[0] is not None, item[0] or "")):
        # Also gaps below a comment that is not here: they are missing from the thread all the same.
        told = thread.post.declared_comments if parent is None else None
        declared = 0 if told is not None and told <= thread.count else None
        count, url = _still_missing(left, nodes, here if parent is None else {}, declared)
        thread.missing = None if thread.missing is None or count is None else thread.missing + count
        thread.missing_url = thread.missing_url or url


def _declared(node: Node, accounted: int) -> int | None:
    """Replies that the comment's own counts promise and that are not here; None: it has no counts.

    Counts that are too low are counts of an older capture.
    """
    if node.comment and node.comment.declared_descendants is not None:
        return max(0, node.comment.declared_descendants - accounted)
    if node.comment and node.comment.declared_children is not None:
        return max(0, node.comment.declared_children - len(node.children))
    return None


def _still_missing(
    gaps: list[Gap], nodes: dict[str, Node], here: dict[str, int], declared: int | None
) -> tuple[int | None, str | None]:
    """(replies missing at one place, where the original shows them); gaps that later captures filled do not count.

    ``here``: the replies at that place, each with the number of comments it accounts for.
    """
    still: list[tuple[int | None, str | None]] = []
    named: set[str] = set()
    for gap in sorted(gaps, key=lambda gap: (-len(gap.ids), gap.ids)):
        count: int | None
        if gap.ids:
            absent = [id for id in gap.ids if id not in nodes]
            fresh = [id for id in absent if id not in named]  # a gap of another capture may name the same
            if not fresh:
                continue
            named.update(fresh)
            found = sum(here.get(id, 1) for id in gap.ids if id in nodes) + len(absent) - len(fresh)
            count = None if gap.count is None else max(gap.count - found, len(fresh))
        elif gap.count is not None:
            # Without ids only the comment's own counts tell what of it was filled.
            count = gap.count if declared is None else min(gap.count, declared)
        else:
            # "Continue this thread" says nothing; any answer that came later filled it.
            count = declared if declared is not None else 0 if gap.parent is not None and here else None
        if count != 0:
            still.append((count, gap.source_url))
    known = [count for count, _ in still if count is not None]
    return sum(known) if len(known) == len(still) else None, next((url for _, url in still if url), None)
