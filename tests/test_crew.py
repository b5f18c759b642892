"""Worker processes start when they are told to, and end with the crew."""

from __future__ import annotations

import multiprocessing
import shutil
from pathlib import Path

import jinja2
import pytest

from archiver import theme, units
from archiver.config import Settings
from archiver.crew import Crew


@pytest.mark.parametrize(("jobs", "started"), [(1, 0), (2, 2)])
def test_processes_that_are_prepared_wait_and_end(jobs: int, started: int) -> None:
    with Crew(jobs) as crew:
        crew.prepare(Settings())
        assert len(multiprocessing.active_children()) == started
    assert multiprocessing.active_children() == []


def test_templates_are_compiled_once_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(
        theme.data_root() / "templates", tmp_path / "mine" / "templates", ignore=shutil.ignore_patterns("static")
    )
    compiled: list[str | None] = []
    compiling = jinja2.Environment.compile

    def noted(self: jinja2.Environment, source: str, name: str, filename: str) -> object:
        compiled.append(name)
        return compiling(self, source, name, filename)

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    settings = Settings(theme=str(tmp_path / "mine"))
    units.compile_templates(settings)
    assert "thread.html" in compiled
    compiled.clear()
    units.compile_templates(settings)
    assert compiled == []
    with (tmp_path / "mine" / "templates" / "thread.html").open("a") as template:
        template.write("{# another #}")
    units.compile_templates(settings)
    assert compiled == ["thread.html"]
