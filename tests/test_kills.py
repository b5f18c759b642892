"""``kill -9`` at any moment of an import or build, and the same command again: the site is the undisturbed one."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

fcntl = pytest.importorskip("fcntl", reason="processes cannot be killed this way here")

KILLS = 200
SERVERS = 2
"""As many commands run at a time."""
KILLS_A_ROUND = 6
"""Of one command, before it may end."""
HANGS = 300
"""Seconds after which nothing will come any more."""
SETTINGS = "comments_per_page: 5\nposts_per_page: 5\nwhole_page_comments: 8\n"

Line = dict[str, Any]


def lines(first: int, last: int) -> list[Line]:
    """Posts with a few comments each, by people who are named in others' texts."""
    found: list[Line] = []
    for n in range(first, last):
        post = {"id": f"p{n}", "title": f"Post {n}", "selftext": f"see r/tea{n % 4} and u/ann{n + 3}", "is_self": True}
        post |= {"author": f"ann{n}", "subreddit": f"tea{n % 3}", "created_utc": 1_600_000_000 + n, "score": n % 9}
        found.append(post)
        for m in range(n % 8):
            parent = f"t1_c{n}x{m - 1}" if m % 2 else f"t3_p{n}"
            comment = {"id": f"c{n}x{m}", "link_id": f"t3_p{n}", "parent_id": parent, "author": f"bob{(n + m) % 9}"}
            comment |= {"body": f"Text {m} u/ann{m}", "subreddit": f"tea{n % 3}", "score": m}
            found.append(comment | {"created_utc": 1_600_001_000 + n * 10 + m})
    return found


SERVER = """
import fcntl, json, os, sys, time
from archiver import cli, output, publish
# So that a few threads are spread over several workers, in many pieces.
publish.WORTH_WORKERS, publish.THREADS_AT_ONCE = 1, 5
# A slow disk, so that kills come while files are moved in.
for slow in ("_move_one", "_remove"):
    owner = output.Build if hasattr(output.Build, slow) else output
    setattr(owner, slow, lambda *given, do=getattr(owner, slow): (time.sleep(0.001), do(*given)))
for line in sys.stdin:
    child = os.fork()
    if child:
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)
        continue
    folder, said, words = json.loads(line)
    os.chdir(folder)
    for target, number in ((os.devnull, 0), (os.devnull, 1), (said, 2)):
        os.dup2(os.open(target, os.O_RDWR | os.O_CREAT), number)
    # Held until the last process that has it as its standard error is gone.
    fcntl.flock(2, fcntl.LOCK_EX)
    cli.main(words)
"""
"""Runs commands one after another, each in a process of its own; all that start-up takes is done before."""


class Server:
    """Starts the commands of one field after another."""

    def __init__(self) -> None:
        code = [sys.executable, "-P", "-c", SERVER]
        env = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
        self.process = subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate(timeout=HANGS)

    def start(self, *job: object) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def done(self) -> bool:
        """Is it finished?"""
        assert self.process.stdout
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def wait(self) -> int:
        """How the command ended: 0, or the signal that killed it."""
        assert self.process.stdout
        assert select.select([self.process.stdout], [], [], HANGS)[0], "it hangs"
        return int(self.process.stdout.readline())


class Field:
    """A folder with dumps, in which commands are run and killed."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.said: list[Path] = []
        self.chance = random.Random(str(folder))
        folder.mkdir()
        for name, span in (("one", (0, 12)), ("two", (9, 18))):
            (folder / f"{name}.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines(*span)))
        (folder / "site.yaml").write_text(SETTINGS)

    def start(self, *words: str) -> int:
        self.said.append(self.folder / f"said-{len(self.said)}")
        return self.server.start(str(self.folder), str(self.said[-1]), words)

    def run(self, *words: str) -> float:
        """Run a command to its end. Returns how long it took, to know when to kill the next."""
        started = time.monotonic()
        self.start(*words)
        status = self.server.wait()
        assert status == 0, self.said[-1].read_text()
        return time.monotonic() - started

    def kill(self, when: float | str, *words: str) -> bool:
        """Kill a command, and no process that it started, after seconds or soon after there are such files."""
        process = self.start(*words)
        if isinstance(when, str):
            while not self.server.done() and not any(self.folder.glob(when)):
                time.sleep(0.001)
            when = self.chance.uniform(0, 0.15 if when == MOVING else 0.03)
        end = time.monotonic() + when
        while not self.server.done() and time.monotonic() < end:
            time.sleep(0.001)
        if not self.server.done():
            # It may end in between; then it was not killed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return self.server.wait() == signal.SIGKILL

    def no_process_is_left(self) -> None:
        end = time.monotonic() + HANGS
        for path in self.said:
            if not path.exists():  # killed before it could say anything
                continue
            with path.open() as said:
                while time.monotonic() < end:
                    try:
                        fcntl.flock(said, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        time.sleep(0.01)
                else:
                    pytest.fail("a worker outlived its parent")

    def site(self) -> dict[str, bytes | None]:
        """Every file and folder of the site."""
        root = self.folder / "public"
        found = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
        return {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}

    def left_over(self) -> list[str]:
        """What is beside the site."""
        return sorted(path.name for path in (self.folder / ".public.archiver").iterdir())


BUILD = ("build", "--config", "site.yaml")
BOTH = ("one.ndjson", "two.ndjson")
MOVING, IMPORTING, WORKING = ".public.archiver/work-*/site/manifest.tsv", "archive.db-wal", ".public.archiver/work-*"
JOBS: dict[str, tuple[bool, tuple[str, ...], str]] = {
    "import": (False, ("import", *BOTH), IMPORTING),
    "first build": (False, (*BUILD, "--jobs", "1", *BOTH), WORKING),
    "first build by two": (False, (*BUILD, "--jobs", "2", *BOTH), WORKING),
    "update": (True, (*BUILD, "--jobs", "1", *BOTH), MOVING),
    "update by two": (True, (*BUILD, "--jobs", "2", *BOTH), MOVING),
    "all pages change": (True, (*BUILD, "--jobs", "1", *BOTH, "--theme", "plain"), MOVING),
}
"""Name: (is there a site of the first dump already?, the command, the files that say when half of the kills come)."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site of the first dump, to be copied."""
    folder = tmp_path_factory.mktemp("kills") / "ground"
    with Server() as server:
        Field(folder, server).run(*BUILD, "--jobs", "1", "one.ndjson")
    return folder


class Rounds:
    """Kills of every command, on one server."""

    def __init__(self, folder: Path, ground: Path, server: Server) -> None:
        self.folder = folder
        self.ground = ground
        self.server = server
        self.chance = random.Random(str(folder))
        self.kills: Counter[str] = Counter()

    def prepare(self, name: str, number: int) -> Field:
        field = Field(self.folder / f"{name}-{number}", self.server)
        if JOBS[name][0]:
            shutil.copytree(self.ground, field.folder, dirs_exist_ok=True)
        return field

    def finish(self, field: Field, name: str) -> float:
        lasts = field.run(*JOBS[name][1])
        if name == "import":
            field.run(*BUILD, "--jobs", "1")
        return lasts

    def play(self) -> dict[str, dict[str, bytes | None]]:
        """Kill until there are enough. Returns what sites had to be."""
        lasts, expected = {}, {}
        for name in JOBS:
            field = self.prepare(name, 0)
            lasts[name], expected[name] = self.finish(field, name), field.site()
        for number in range(1, KILLS):
            if self.kills.total() - self.kills["while moving"] >= KILLS / SERVERS:
                return expected
            for name in JOBS:
                self.disturb(name, number, lasts[name], expected[name])
        raise AssertionError("nearly nothing could be killed")

    def disturb(self, name: str, number: int, lasts: float, expected: dict[str, bytes | None]) -> None:
        """Kill a command several times, then let it end."""
        field = self.prepare(name, number)
        _, command, moment = JOBS[name]
        for at in range(KILLS_A_ROUND):
            self.kills[name] += field.kill(moment if at % 2 else self.chance.uniform(0, 1) * lasts, *command)
            self.kills["while moving"] += any(field.folder.glob(MOVING))
        self.finish(field, name)
        assert field.site() == expected, name
        assert field.left_over() == ["ledger.db"], name
        field.no_process_is_left()
        shutil.rmtree(field.folder)


def test_killed_at_any_moment_it_ends_as_if_undisturbed(ground: Path, tmp_path: Path) -> None:
    def play(number: int) -> tuple[dict[str, dict[str, bytes | None]], Counter[str]]:
        (tmp_path / str(number)).mkdir()
        with Server() as server:
            rounds = Rounds(tmp_path / str(number), ground, server)
            return rounds.play(), rounds.kills

    with ThreadPoolExecutor(SERVERS) as pool:
        for expected, kills in pool.map(play, range(SERVERS)):
            assert expected["update"] == expected["update by two"] == expected["first build"] == expected["import"]
            assert all(kills[name] for name in (*JOBS, "while moving")), kills


def test_workers_end_with_their_parent(ground: Path, tmp_path: Path) -> None:
    with Server() as server:
        field = Field(tmp_path / "field", server)
        assert field.kill(".public.archiver/work-*/site/*", *BUILD, "--jobs", "2", *BOTH)
        field.no_process_is_left()
