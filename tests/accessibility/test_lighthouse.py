"""Lighthouse, as a phone, over the program's own server, on a page of 500 comments."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archiver.serve import server
from tests.accessibility.conftest import LONG, chromium

CATEGORIES = ("accessibility", "best-practices", "seo", "performance")
FAST_ENOUGH = 90


def lighthouse(script: Path, url: str, report: Path, categories: tuple[str, ...]) -> dict[str, Any]:
    command = ["node", script, url, "--quiet", "--output=json", f"--output-path={report}"]
    # Lighthouse asks for robots.txt from within the page, whose policy allows no connections.
    command += [
        "--skip-audits=robots-txt",
        f"--only-categories={','.join(categories)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]
    environment = {**os.environ, "CHROME_PATH": chromium()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def scores(found: dict[str, Any]) -> dict[str, int]:
    return {name: round(100 * category["score"]) for name, category in found["categories"].items()}


def faults(found: dict[str, Any], category: str) -> list[str]:
    """The audits that cost points."""
    audits = [found["audits"][ref["id"]] for ref in found["categories"][category]["auditRefs"] if ref["weight"]]
    return [f"{audit['id']}: {audit['title']}" for audit in audits if audit["score"] not in (None, 1)]


def test_lighthouse(site: Path, tmp_path: Path, tool: Callable[[str], Path]) -> None:
    script = tool("lighthouse/cli/index.js")
    with server(site, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_address[1]}/{LONG}"
        found = lighthouse(script, url, tmp_path / "report.json", CATEGORIES)
        for category in CATEGORIES[:3]:
            assert (faults(found, category), scores(found)[category]) == ([], 100), category
        speed = scores(found)["performance"]
        if speed < FAST_ENOUGH:  # the machine may have been busy with something else: once more
            again = lighthouse(script, url, tmp_path / "again.json", ("performance",))
            speed = max(speed, scores(again)["performance"])
        running.shutdown()
    assert speed >= FAST_ENOUGH
