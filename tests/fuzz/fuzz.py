"""Fuzzes the targets for so many seconds in all: python tests/fuzz/fuzz.py --seconds 60 [--target NAME] [--seed N].

Each input is made from the seed, the target and its number alone. What breaks the rule (see targets.py) is made
smaller and kept in cases/, where the tests replay it.
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random, SystemRandom

from mutation import shrunk
from targets import TARGETS, Target

CASES = Path(__file__).parent / "cases"
HANG = 10
"""Seconds of processor time for each begun megabyte of input."""
FINDINGS = 5
"""So many in one target end its turn."""


class Hang(BaseException):
    """An input took too long. Not an Exception, so that nothing that is being tested can catch it."""


def broken(target: Target, data: bytes) -> str | None:
    """What the target's check says against the input; None if the rule holds."""

    def stop(*_: object) -> None:
        raise Hang(f"takes more than {seconds} seconds of processor time")

    seconds = HANG * (1 + len(data) // (1 << 20))
    timed = hasattr(signal, "setitimer")
    if timed:
        signal.signal(signal.SIGPROF, stop)
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        target.check(data)
    except (Exception, Hang):  # noqa: BLE001  whatever it is, it is what is looked for
        return traceback.format_exc()
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def last_line(report: str) -> str:
    return report.strip().splitlines()[-1].partition(":")[0]


def keep(name: str, target: Target, data: bytes, report: str) -> Path:
    """Make a finding smaller and keep it."""

    def fails(smaller: bytes) -> bool:
        found = broken(target, smaller)
        return found is not None and last_line(found) == last_line(report)

    small = data if "Hang" in last_line(report) else shrunk(data, fails)
    path = CASES / name / hashlib.sha256(small).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(small)
    return path


def fuzz(name: str, seed: int, seconds: float) -> tuple[int, int]:
    """(inputs tried, findings) of one target in so many seconds."""
    target, end = TARGETS[name], time.monotonic() + seconds
    tried = 0
    known: set[str] = set()
    while time.monotonic() < end and len(known) < FINDINGS:
        data = target.make(Random(f"{seed} {name} {tried}"))
        report = broken(target, data)
        tried += 1
        if report is None or (where := report.strip().rpartition('  File "')[2]) in known:
            continue
        known.add(where)
        path = keep(name, target, data, report)
        print(f"{name}: input {tried - 1} of seed {seed}, kept as {path}:\n{report}", flush=True)
    return tried, len(known)


def main(arguments: list[str]) -> int:
    """Fuzz all targets in turn, each for its share of the time; returns 1 if one was broken."""
    parser = argparse.ArgumentParser(prog="build.py fuzz", description="Look for inputs that break archiver.")
    parser.add_argument("--seconds", type=float, default=60, help="how long in all (60)")
    parser.add_argument("--target", choices=TARGETS, help="one target alone")
    parser.add_argument("--seed", type=int, help="the seed of an earlier run, to repeat it")
    given = parser.parse_args(arguments)
    seed = SystemRandom().randrange(10**9) if given.seed is None else given.seed
    names = [given.target] if given.target else list(TARGETS)
    print(f"seed {seed}", flush=True)
    findings = 0
    for name in names:
        tried, found = fuzz(name, seed, given.seconds / len(names))
        findings += found
        print(f"{name:18}{tried:>9,} inputs{found:>5} findings", flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
