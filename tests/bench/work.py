"""Archives and their sites, made by the real command."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import measure
from measure import Cost

HERE = Path(__file__).resolve().parent
WORK = HERE.parent.parent / "bench"
"""Dumps are kept here from run to run; what is built is not."""
_NUMBERS = count()


class Dump:
    """A generated dump; made on first use, and made anew when the code that makes it changed."""

    def __init__(self, comments: int, shape: str = "many") -> None:
        code = b"".join((HERE / name).read_bytes() for name in ("generate.py", "prose.py"))
        self.folder = WORK / "dumps" / f"{shape}-{comments}-{hashlib.sha256(code).hexdigest()[:8]}"
        if not (self.folder / "facts.json").exists():
            print(f"Making a dump of {comments:,} comments …", file=sys.stderr, flush=True)  # noqa: T201
            # In a process of its own: what is measured must not inherit its memory.
            subprocess.run([sys.executable, HERE / "generate.py", self.folder, str(comments), shape], check=True)
        self.facts: dict[str, Any] = json.loads((self.folder / "facts.json").read_text(encoding="utf-8"))
        self.files = [self.folder / "RS.zst", self.folder / "RC.zst"]
        self.extra = self.folder / "extra.ndjson"


class Job:
    """Import and builds of one archive; each step is one process."""

    def __init__(self, jobs: int) -> None:
        self.folder = WORK / "runs" / f"{os.getpid()}-{next(_NUMBERS)}"
        self.folder.mkdir(parents=True)
        self.site = self.folder / "site"
        self.archive = self.folder / "archive.db"
        self._jobs = str(jobs)

    def read(self, dump: Dump) -> Cost:
        """Import a dump."""
        return self._run("import", *dump.files, "--archive", self.archive)

    def build(self, *more: str | Path) -> Cost:
        """Build the site; ``more`` are dumps and options."""
        return self._run("build", *more, "--archive", self.archive, "--output", self.site, "--jobs", self._jobs)

    def equal_work(self, dump: Dump) -> Cost:
        """From the dump to a site with one order and no pages of people, which is what other programs make."""
        settings = self.folder / "site.yaml"
        settings.write_text("people: false\n", encoding="utf-8")
        return self.build(*dump.files, "--orders", "top", "--config", settings)

    def _run(self, *words: str | Path) -> Cost:
        # -P: what is installed is measured, not what lies in the folder this is called from.
        return measure.run([sys.executable, "-P", "-m", "archiver", *words], self.site, self.folder / "log")


def clear() -> None:
    """Take away what was built. Only at the end: after many files were deleted, making new ones was seen to be slow."""
    for folder in (WORK / "runs").glob(f"{os.getpid()}-*"):
        shutil.rmtree(folder)
