"""Full disks, files that may not be touched, others at the same file: one clear line, and nothing is harmed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archiver import cli, dumps
from archiver.store import Archive, file

NOBODY = 65534
YEAR = 365 * 24 * 60 * 60
Line = dict[str, Any]


def lines(first: int, last: int, length: int = 20) -> str:
    """A dump of posts with two comments each."""
    found: list[Line] = []
    for n in range(first, last):
        common = {"subreddit": "tea", "created_utc": 1_600_000_000 + n, "score": n}
        found.append(common | {"id": f"p{n}", "title": f"Post {n}", "author": f"ann{n}", "selftext": "x " * length})
        found += [
            common | {"id": f"c{n}x{m}", "link_id": f"t3_p{n}", "parent_id": f"t3_p{n}", "author": "bob", "body": "Hm."}
            for m in range(2)
        ]
    return "".join(json.dumps(line | {"retrieved_on": 1_700_000_000}) + "\n" for line in found)


class Place:
    """A folder with a site, its archive, and a second dump that is not in them yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.archive = folder / "archive.db"
        self.site = folder / "public"
        self.one, self.two = folder / "one.ndjson", folder / "two.ndjson"
        self.one.write_text(lines(0, 4))
        self.two.write_text(lines(3, 60, 300))
        self.run("build", "-q", self.one)

    def run(self, *words: str | Path) -> Result:
        """Run a command as users do; a traceback is an error."""
        command, *rest = map(str, words)
        where = ["--archive", str(self.archive)] if command in ("build", "import") else []
        where += ["--output", str(self.site)] if command == "build" else []
        told = CliRunner().invoke(cli.main, [command, *where, *rest])
        assert isinstance(told.exception, SystemExit | None), told.exc_info
        return told

    def fails(self, *words: str | Path) -> str:
        """The one line of a command that fails, and harms nothing."""
        before = self.rows(), self.files()
        told = self.run(*words)
        assert told.exit_code == 1, told.output
        assert told.output.startswith("error: "), told.output
        assert told.output.count("\n") == 1, told.output
        assert (self.rows(), self.files()) == before
        return told.output.removeprefix("error: ").rstrip("\n")

    def rows(self) -> list[Any]:
        copy = Path(tempfile.mkdtemp())
        for path in self.folder.glob("archive.db*"):
            shutil.copy(path, copy / path.name)
        try:
            with closing(sqlite3.connect(copy / "archive.db")) as db:
                tables = ("capture", "post", "comment", "changed", "archive")
                return [list(db.execute(f"SELECT * FROM {table}")) for table in tables]
        finally:
            shutil.rmtree(copy)

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.site.rglob("*") if path.is_file()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr(file, "BUSY_SECONDS", 0.1)
    (tmp_path / "place").mkdir()
    return Place(tmp_path / "place")


# -- disks -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """``disk("size=1m")`` mounts a small disk; ``disk("remount,ro")`` changes it. Skips where it may not."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = []

    def mount(options: str) -> Path:
        mounter = shutil.which("mount")
        if mounter is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip("only root can mount a disk")
        done = subprocess.run(
            [mounter, "-t", "tmpfs", "-o", options, "archiver", folder], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")
        mounted.append(folder)
        return folder

    yield mount
    if mounted:
        subprocess.run(["umount", folder], check=True)


def fill(folder: Path, left: int) -> Path:
    """Fill a disk but for so many bytes."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    ballast.write_bytes(b"\0" * max(0, free.f_bavail * free.f_frsize - left))
    return ballast


@pytest.mark.parametrize("left", [0, 4096, 40_000, 100_000])
@pytest.mark.parametrize("words", [("import",), ("build", "--jobs", "1")], ids=["import", "build"])
def test_a_full_disk_while_importing(
    left: int, words: tuple[str, ...], disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    place = Place(disk("size=4m"))
    ballast = fill(place.folder, left)
    assert "full" in place.fails(*words, place.two)
    ballast.unlink()
    assert place.run("build", place.two).exit_code == 0
    assert place.run("verify", place.archive).exit_code == place.run("verify", place.site).exit_code == 0


@pytest.mark.parametrize("left", [0, 40_000, 80_000, 200_000, 300_000])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_full_disk_while_building(left: int, jobs: str, disk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setattr("archiver.publish.WORTH_WORKERS", 1)
    place = Place(disk("size=4m"))
    place.run("import", place.two)
    ballast = fill(place.folder, left)
    line = place.fails("build", "--jobs", jobs)
    assert "full" in line or "No space left on device" in line
    ballast.unlink()
    assert place.run("build").exit_code == 0
    assert place.run("verify", place.site).exit_code == 0


def test_an_archive_on_a_read_only_disk_can_be_read(disk: Any, place: Place) -> None:
    folder = disk("size=4m")
    shutil.copy(place.archive, folder)
    disk("remount,ro")
    fresh = place.folder / "fresh"
    assert place.run("info", folder / "archive.db").exit_code == 0
    assert place.run("verify", folder / "archive.db").exit_code == 0
    words = ["build", "--archive", str(folder / "archive.db"), "--output", str(fresh), "--jobs", "2"]
    assert CliRunner().invoke(cli.main, words).exit_code == 0
    assert (fresh / "manifest.tsv").read_bytes() == (place.site / "manifest.tsv").read_bytes()


def test_nothing_can_be_added_to_a_read_only_disk(disk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(disk("size=4m"))
    disk("remount,ro")
    assert "may be written to" in place.fails("import", place.two)
    assert "may not be written to" in place.fails("build", place.two)
    assert "may not be written to" in place.fails("build", "--theme", "plain")


def test_an_interrupted_archive_on_a_read_only_disk_is_said(disk: Any, place: Place) -> None:
    folder = disk("size=4m")
    with Archive(place.archive, writable=True) as opened:
        opened._db.execute("UPDATE archive SET revision = revision + 1")
        for path in place.folder.glob("archive.db*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, folder)
    disk("remount,ro")
    told = place.run("info", folder / "archive.db")
    assert told.exit_code == 1
    assert "what it left in archive.db-wal cannot be sorted out here; copy both to a folder" in told.output


# -- permissions -------------------------------------------------------------------------------------------------------


@contextmanager
def nobody() -> Iterator[None]:
    """What root may do, files let nobody else do."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A place that everybody may look at, and nobody owns."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are something else here")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "place"
        folder.mkdir()
        folder.parent.chmod(0o755)
        place = Place(folder)
        place.run("build", "--theme", "plain")
        place.run("build")
        if os.geteuid() == 0:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
        yield place
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)


def forbid(*paths: Path, mode: int = 0o555) -> None:
    for path in paths:
        path.chmod(mode)


def test_a_site_that_may_not_be_written_to(shared: Place) -> None:
    # Either of those that change: nothing is moved in before all can be.
    for folder in (shared.site, shared.site / "static"):
        forbid(folder)
        with nobody():
            assert "may not be written to; the old site is as it was" in shared.fails("build", "--theme", "plain")
        forbid(folder, mode=0o755)
    assert [path.name for path in (shared.folder / ".public.archiver").iterdir()] == ["ledger.db"]
    with nobody():
        told = shared.run("build", "--theme", "plain")
        assert told.exit_code == 0
        assert "1 file written," in told.output
    assert shared.run("verify", shared.site).exit_code == 0


def test_an_empty_folder_that_may_not_be_taken_away_stays(shared: Place) -> None:
    (shared.folder / "redactions.yaml").write_text("- {community: tea, host: www.reddit.com, mode: hide}\n")
    (shared.folder / "site.yaml").touch()
    parent = shared.site / "www.reddit.com"
    forbid(parent)
    with nobody():
        told = shared.run("build", "--config", shared.folder / "site.yaml")
    assert told.exit_code == 0, told.output
    assert shared.run("verify", shared.site).exit_code == 0
    assert not [path for path in parent.rglob("*") if path.is_file()]


def test_a_folder_that_may_not_be_written_to(shared: Place) -> None:
    forbid(shared.folder, shared.folder / ".public.archiver")
    with nobody():
        assert "may not be written to" in shared.fails("build", "--theme", "plain")
        other = CliRunner().invoke(
            cli.main, ["build", "--archive", str(shared.archive), "--output", str(shared.folder / "new")]
        )
        assert "Permission denied" in other.output
        assert other.exit_code == 1


def test_an_archive_that_may_only_be_read(shared: Place) -> None:
    forbid(shared.archive, mode=0o444)
    forbid(shared.folder)
    with nobody():
        assert "may not be written to" in shared.fails("import", shared.two)
        assert shared.run("info", shared.archive).exit_code == 0
        assert shared.run("build").exit_code == 0


def test_an_archive_that_may_not_be_read(shared: Place) -> None:
    before = shared.files()
    forbid(shared.archive, mode=0)
    for words in (["info", str(shared.archive)], ["build"], ["import", str(shared.two)]):
        with nobody():
            told = shared.run(*words)
        assert told.exit_code == 1
        assert told.output.startswith(f"error: {shared.archive}: cannot be opened")
        assert told.output.count("\n") == 1
    assert shared.files() == before


def test_a_dump_that_may_not_be_read(shared: Place) -> None:
    forbid(shared.two, mode=0)
    with nobody():
        told = shared.run("import", shared.two)
    assert told.exit_code == 1
    assert f"error: {shared.two}: Permission denied\n" in told.output


def test_a_theme_that_may_not_be_read(shared: Place) -> None:
    (shared.folder / "mine" / "templates").mkdir(parents=True)
    forbid(shared.folder / "mine" / "templates", mode=0)
    with nobody():
        told = shared.run("build", "--theme", shared.folder / "mine")
    assert (told.exit_code, told.output) == (2, f"error: {shared.folder}/mine/templates: Permission denied\n")


def test_a_folder_of_dumps_that_may_not_be_read(shared: Place) -> None:
    (shared.folder / "dumps" / "locked").mkdir(parents=True)
    shared.two.rename(shared.folder / "dumps" / "two.ndjson")
    forbid(shared.folder / "dumps" / "locked", mode=0)
    with nobody():
        told = shared.run("import", shared.folder / "dumps")
    assert told.exit_code == 1
    assert "dumps/locked: Permission denied" in told.output
    assert "1 dump read: 57 posts, " in told.output


# -- others ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_an_archive_that_another_program_writes_to(how: str, place: Place) -> None:
    with closing(sqlite3.connect(place.archive, isolation_level=None)) as other:
        other.execute(how)
        for command in ("import", "build"):
            line = place.fails(command, place.two)
            assert (
                line == f"{place.archive}: another program is writing to this archive; try again when it has finished"
            )
        # Reading does not disturb it.
        assert place.run("info", place.archive).exit_code == 0
        assert place.run("build").exit_code == 0
    assert place.run("import", place.two).exit_code == 0


def test_an_archive_that_another_program_keeps_to_itself(place: Place) -> None:
    with closing(sqlite3.connect(place.archive, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE archive SET revision = revision")
        for words in (["info", str(place.archive)], ["build"], ["import", str(place.two)]):
            told = place.run(*words)
            assert told.exit_code == 1
            assert "another program is writing to this archive" in told.output
            assert told.output.count("\n") == 1


def test_a_second_import_waits_for_the_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BUSY_SECONDS", 60)
    ready = place.folder / "ready"
    code = """
import sqlite3, sys, time
from pathlib import Path
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
Path(sys.argv[2]).touch()
time.sleep(1)
db.execute("COMMIT")
"""
    with subprocess.Popen([sys.executable, "-c", code, place.archive, ready]) as other:
        while not ready.exists():
            time.sleep(0.01)
        assert place.run("import", place.two).exit_code == 0
        assert other.wait() == 0


def test_imports_started_at_once_into_a_new_archive(tmp_path: Path) -> None:
    names = [f"{number}.ndjson" for number in range(4)]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(lines(number * 5, number * 5 + 7))
    code = [sys.executable, "-P", "-m", "archiver", "import", "-q"]
    running = [subprocess.Popen([*code, name], cwd=tmp_path, stderr=subprocess.PIPE, text=True) for name in names]
    said = [process.communicate(timeout=120)[1] for process in running]
    assert said == [""] * 4
    with Archive(tmp_path / "archive.db", writable=False) as opened:
        assert (opened.counts()["capture"], opened.counts()["post"]) == (4, 22)


def test_an_archive_that_another_process_is_just_making(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        end = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        end.start()
        with Archive(tmp_path / "a.db", writable=True) as made:
            assert made.counts()["post"] == 0
        end.join()


def test_two_builds_of_one_site_at_once(place: Place) -> None:
    with closing(sqlite3.connect(place.folder / ".public.archiver" / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        line = place.fails("build", "--theme", "plain")
    assert line.endswith(".public.archiver: another build is writing this site; try again when it has finished")
    assert place.run("build", "--theme", "plain").exit_code == 0


# -- time --------------------------------------------------------------------------------------------------------------


def test_a_clock_that_was_set_back(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1_700_000_000 - 30 * YEAR))
    long_ago = time.time() - 30 * YEAR
    monkeypatch.setattr(time, "time", lambda: long_ago)
    os.utime(place.two, (long_ago, long_ago))
    assert place.run("build", place.two).exit_code == 0
    assert place.run("verify", place.site).exit_code == 0
    (tmp_path / "again").mkdir()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    again = Place(tmp_path / "again")
    assert again.run("build", again.two).exit_code == 0
    different = {
        path.relative_to(again.site).as_posix()
        for path in again.site.rglob("*.html")
        if path.read_bytes() != (place.site / path.relative_to(again.site)).read_bytes()
    }
    assert different == {"about.html"}, "only the page that says when the dumps were imported"


# -- dumps that change -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["grown", "replaced", "gone", "cut"])
def test_a_dump_that_changes_while_it_is_read(kind: str, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    read = dumps.Dump.lines

    def changing(dump: dumps.Dump) -> Iterator[tuple[int, bytes]]:
        for number, line in read(dump):
            if number == 100:
                if kind == "grown":
                    with place.two.open("a") as more:
                        more.write(lines(70, 71))
                elif kind == "replaced":
                    other = place.folder / "other"
                    other.write_bytes(place.two.read_bytes())
                    other.replace(place.two)
                elif kind == "gone":
                    place.two.unlink()
                else:
                    os.truncate(place.two, 1000)
            yield number, line

    with monkeypatch.context() as patch:
        patch.setattr(dumps.Dump, "lines", changing)
        before = place.rows()
        told = place.run("import", "-q", place.two, place.one)
    assert told.exit_code == 1
    says = "changed while it was read, so nothing of it was kept; import it when it is complete"
    assert told.output == f"error: {place.two}: {says}\n"
    assert place.rows() == before
    if kind == "grown":
        assert place.run("import", place.two).exit_code == 0
        assert place.run("verify", place.archive, place.two, place.one).exit_code == 0


def test_a_packed_dump_that_changes_between_being_found_and_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = dumps.sha256

    def changed(path: Path) -> str:
        with path.open("a") as more:
            more.write("\n")
        return digest(path)

    monkeypatch.setattr(dumps, "sha256", changed)
    before = place.rows()
    told = place.run("import", "-q", place.two)
    assert told.exit_code == 1
    assert "changed while it was read" in told.output
    assert place.rows() == before
