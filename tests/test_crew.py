"""Worker processes start when they are told to, and end with the crew."""

from __future__ import annotations

import multiprocessing

import pytest

from archiver.crew import Crew


@pytest.mark.parametrize(("jobs", "started"), [(1, 0), (2, 2)])
def test_processes_that_are_prepared_wait_and_end(jobs: int, started: int) -> None:
    with Crew(jobs) as crew:
        crew.prepare()
        assert len(multiprocessing.active_children()) == started
    assert multiprocessing.active_children() == []
