"""No input breaks archiver: all that ever did are tried again, and a minute of new ones."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from fuzz import CASES, broken, fuzz
from mutation import mutated_json, shrunk
from targets import GOOD, TARGETS, Target, check_lines, lines, seeds

from archiver import importers

KEPT = sorted(path for path in CASES.glob("*/*") if path.is_file())
SECONDS = 60 / len(TARGETS)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.relative_to(CASES).as_posix())
def test_a_kept_case_breaks_nothing_any_more(path: Path) -> None:
    assert broken(TARGETS[path.parent.name], path.read_bytes()) is None


@pytest.mark.parametrize("name", TARGETS)
def test_new_inputs_break_nothing(name: str) -> None:
    """In a process of its own, as users of build.py run it; a finding is kept beside the others and printed."""
    command = [sys.executable, str(CASES.parent / "fuzz.py"), "--seconds", str(SECONDS), "--target", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("seed ")


def test_the_fuzzer_sees_tracebacks_and_hangs_and_lost_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(data: bytes) -> None:
        if b"x" in data:
            raise ValueError(data)
        while b"y" in data:
            time.process_time()

    target = Target(lambda random: bytes(random.choice((b"aaaa", b"axaa"))), check)
    monkeypatch.setattr("fuzz.HANG", 1)
    assert broken(target, b"a") is None
    assert "ValueError" in str(broken(target, b"ax"))
    assert "processor time" in str(broken(target, b"y"))
    monkeypatch.setitem(TARGETS, "lines", target)
    monkeypatch.setattr("fuzz.CASES", tmp_path)
    assert fuzz("lines", 1, 0.2)[1] == 1
    (kept,) = tmp_path.glob("lines/*")
    assert kept.read_bytes() == b"x", "made smaller"
    monkeypatch.setattr("targets.read", lambda *_: [])
    with pytest.raises(AssertionError, match="lost"):
        check_lines(b"lemmy-api\n" + GOOD["lemmy-api"] + b"\nbad\n")


@pytest.mark.parametrize("importer", importers.NAMES)
def test_every_format_has_seeds(importer: str) -> None:
    assert len(seeds(importer)) > 2


def test_the_same_seed_makes_the_same_input() -> None:
    for name, target in TARGETS.items():
        assert target.make(Random(f"7 {name}")) == target.make(Random(f"7 {name}"))
    document = json.loads(lines("lemmy-api")[0])
    assert mutated_json(Random(1), document) != mutated_json(Random(2), json.loads(lines("lemmy-api")[0]))


def test_what_is_found_is_made_smaller() -> None:
    assert shrunk(b"a" * 50 + b"needle" + b"b" * 50, lambda data: b"needle" in data) == b"needle"
