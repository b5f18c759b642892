"""Worker processes."""

from __future__ import annotations

from archiver.crew import Crew


def test_processes_that_are_prepared_have_loaded_what_makes_pages() -> None:
    with Crew(2) as crew:
        crew.prepare()
        assert crew._pool
        loaded = [crew._pool.submit(eval, "'archiver.units' in __import__('sys').modules") for _ in range(4)]
        assert all(one.result(60) for one in loaded)


def test_a_crew_of_one_starts_no_process() -> None:
    with Crew(1) as crew:
        crew.prepare()
        assert crew._pool is None
