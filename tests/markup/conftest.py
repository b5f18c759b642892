from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.markup import Context

sys.path.append(str(Path(__file__).parent.parent / "bench"))  # for the prose that measuring is done with

ARCHIVE = {
    ("community", "here"): "../c/here.html",
    ("community", "there@other.example"): "../c/there@other.example.html",
    ("person", "ann"): "../u/ann.html",
    ("person", "bob@other.example"): "../u/bob@other.example.html",
}


@pytest.fixture
def context() -> Callable[..., Context]:
    """``context(host)``: the context of a text written at ``host``, in an archive that holds ARCHIVE."""
    return lambda host="home.example", prefix="c1-": Context(host, lambda *key: ARCHIVE.get(key), prefix)
