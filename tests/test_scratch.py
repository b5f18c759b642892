"""What is kept comes back, wherever it lies."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import PublishError
from archiver.scratch import Scratch

# Older versions of SQLite end a text of JSON at a NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)


@given(st.integers(0, 8), st.lists(st.dictionaries(texts, st.binary(max_size=9), max_size=5), max_size=5))
def test_what_is_kept_comes_back(most: int, some: list[dict[str, bytes]]) -> None:
    scratch: Scratch[str, bytes] = Scratch(most, bytes, bytes)
    kept: dict[str, bytes] = {}
    for pieces in some:
        new = {key: piece for key, piece in pieces.items() if key not in kept}
        scratch.keep(new)
        kept |= new
        assert scratch.get([*pieces, "no such key"]) == {key: kept[key] for key in pieces}
    assert scratch.get(list(kept)) == kept


def test_pieces_of_several_parts_and_with_numbers_as_keys_come_back() -> None:
    scratch: Scratch[int, tuple[bytes, ...]] = Scratch(1, b"|".join, lambda packed: tuple(packed.split(b"|")))
    pieces = {number: (b"%d" % number, b"", b"x") for number in (5, 3, 2**40)}
    for key, piece in pieces.items():
        scratch.keep({key: piece})
    assert scratch.get([3, 5, 2**40, 7]) == pieces


def test_a_temporary_file_that_cannot_be_written_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("archiver.scratch.sqlite3.connect", full)
    with pytest.raises(PublishError, match="database or disk is full; the old site is as it was"):
        Scratch[int, bytes](0, bytes, bytes).keep({1: b"x"})
