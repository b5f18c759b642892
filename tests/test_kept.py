"""Values are made once, and never too many are kept."""

from __future__ import annotations

from archiver.kept import Kept


def test_a_value_is_made_once_and_again_only_after_there_were_too_many() -> None:
    made: list[int] = []

    def double(number: int) -> int:
        made.append(number)
        return number * 2

    kept = Kept(double, 3)
    assert [kept[number] for number in (1, 2, 1, 3, 2)] == [2, 4, 2, 6, 4]
    assert made == [1, 2, 3]
    assert kept[4] == 8
    assert len(kept) == 1
    assert kept[1] == 2
    assert made == [1, 2, 3, 4, 1]
