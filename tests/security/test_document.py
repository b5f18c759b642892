"""SECURITY.md names tests; each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_every_test_that_is_promised_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    tests = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    files, functions = set(re.findall(r"test_\w+\.py", text)), set(re.findall(r"\btest_\w+\b(?!\.py)", text))
    assert len(files) > 5
    assert len(functions) > 10
    assert files - tests.keys() == set()
    assert {name for name in functions if not any(f"def {name}(" in test for test in tests.values())} == set()
