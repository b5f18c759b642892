"""Lighthouse, as a phone, over the program's own server, on a page of 500 comments."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver.serve import TYPES, file_for, server
from tests.accessibility.conftest import LONG, chromium

CATEGORIES = ("accessibility", "best-practices", "seo")
"""Its performance score measures time, which tests do not do here; docs/accessibility.md says what it was."""

NOT_ASKED = {
    "robots-txt": "Lighthouse asks for it from within the page, whose policy allows no connections at all",
    "target-size": "it measures replies that are not laid out yet one over another; test_axe.py lays all of them out",
}
"""Audits that are left out, and why."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of the site on the program's own server, which here compresses as web servers do."""
    with server(site, 0) as running:
        handler: Any = running.RequestHandlerClass

        class Compressing(handler):  # type: ignore[misc]
            def do_GET(self) -> None:  # noqa: N802  as http.server calls it
                path = file_for(site.resolve(), self.path)
                if path is None:
                    self.send_error(404)
                    return
                body = gzip.compress(path.read_bytes())
                self.send_response(200)
                self.send_header("Content-Type", TYPES[path.suffix])
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        running.RequestHandlerClass = Compressing
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def lighthouse(script: Path, url: str, report: Path, categories: tuple[str, ...]) -> dict[str, Any]:
    """What Lighthouse reports, emulating a phone on a slow line."""
    command = ["node", script, url, "--quiet", "--output=json", f"--output-path={report}"]
    command += [f"--only-categories={','.join(categories)}", f"--skip-audits={','.join(NOT_ASKED)}"]
    command += ["--chrome-flags=--headless=new --no-sandbox --disable-gpu"]
    environment = {**os.environ, "CHROME_PATH": chromium()}
    for _ in range(2):  # on a busy machine the browser may not answer in time
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode == 0:
            break
    if "DevTools protocol" in done.stderr:
        pytest.skip(f"the browser did not answer Lighthouse in time: {done.stderr.strip()}")
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
    with served(site) as address:
        found = lighthouse(script, f"{address}/{LONG}", tmp_path / "report.json", CATEGORIES)
    for category in CATEGORIES:
        assert (faults(found, category), scores(found)[category]) == ([], 100), category
