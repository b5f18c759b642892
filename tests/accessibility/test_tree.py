"""What assistive technology is given: Chromium's accessibility tree of a small thread, in reading order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.accessibility.conftest import SMALL

GOLDEN = Path(__file__).parent / "golden"
SAID = {"heading", "article", "link", "navigation", "main", "banner", "contentinfo", "complementary", "region", "list"}
SAID |= {"DisclosureTriangle", "button", "table", "listitem", "blockquote", "code", "mark", "time", "Details"}


def lines(nodes: list[dict[str, Any]]) -> list[str]:
    """The nodes in reading order, indented below what holds them."""
    known = {node["nodeId"]: node for node in nodes}
    written: list[str] = []
    waiting = [(nodes[0]["nodeId"], 0)]
    while waiting:
        id, depth = waiting.pop()
        if (node := known.get(id)) is None:
            continue
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        told = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
        said = role in SAID and not node["ignored"]
        if said:
            extra = "".join(f" {key} {told[key]}" for key in ("level", "expanded") if key in told)
            written.append("  " * depth + f"{role}{extra}" + (f": {' '.join(name.split())}" if name else ""))
        elif role == "StaticText" and name.strip():
            written.append("  " * depth + f"“{' '.join(name.split())}”")
        below = depth + 1 if said else depth
        if not (role == "link" or (role == "heading" and not any_links(node, known))):
            waiting += [(child, below) for child in reversed(node.get("childIds", ()))]
    return written


def any_links(node: dict[str, Any], known: dict[str, dict[str, Any]]) -> bool:
    waiting = list(node.get("childIds", ()))
    while waiting:
        child = known.get(waiting.pop())
        if child and child["role"]["value"] == "link":
            return True
        waiting += child.get("childIds", ()) if child else ()
    return False


def test_a_thread_reads_as_headings_and_articles(
    site: Path, launch: Callable[..., Browser], golden: Callable[[Path, str], None]
) -> None:
    context = launch("--force-renderer-accessibility").new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / SMALL).as_uri())
    nodes = context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    context.close()
    golden(GOLDEN / "tree.txt", "\n".join(lines(nodes)) + "\n")
