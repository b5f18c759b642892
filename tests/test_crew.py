"""Worker processes start when they are told to, and end with the crew."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from multiprocessing.process import BaseProcess
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


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are something else here")
def test_ctrl_c_ends_processes_quietly() -> None:
    with Crew(2) as crew:
        crew.prepare(Settings())
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        assert crew._pool
        assert crew._pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_DFL
        assert signal.SIGINT not in crew._pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()


@pytest.mark.skipif(os.name != "posix", reason="signals are something else here")
def test_a_command_that_ctrl_c_is_not_meant_for_goes_on() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Crew(2) as crew:
            crew.prepare(Settings())
            assert crew._pool
            assert crew._pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux what a process blocks")
def test_processes_that_just_began_do_not_stop_at_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked: list[bool] = []
    started = BaseProcess.start

    def noted(self: BaseProcess) -> None:
        started(self)
        status = Path(f"/proc/{self.pid}/status").read_text()
        (mask,) = (int(row.split()[1], 16) for row in status.splitlines() if row.startswith("SigBlk"))
        blocked.append(bool(mask >> (signal.SIGINT - 1) & 1))

    monkeypatch.setattr(BaseProcess, "start", noted)
    with Crew(2) as crew:
        crew.prepare(Settings())
    assert blocked == [True, True]


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
