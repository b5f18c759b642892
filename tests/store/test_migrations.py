"""An archive of an earlier version opens, is brought up to date as a whole or not at all, and a copy of it stays."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from archiver import intake
from archiver.errors import StoreError
from archiver.own import APPLICATION_ID
from archiver.store import Archive, migrations, schema

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "dumps"
EARLIER = range(1, schema.VERSION)
"""Versions whose tables are kept here as ``tables-N.sql``."""

every_version = pytest.mark.parametrize("version", EARLIER)
Old = Callable[..., Path]


def tables(version: int) -> str:
    return (Path(__file__).parent / f"tables-{version}.sql").read_text()


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


@pytest.fixture
def old(tmp_path: Path) -> Old:
    """``old(version)``: an archive of that version with the example dumps in it."""

    def make(version: int, dumps: Path = EXAMPLES) -> Path:
        path, new = tmp_path / "old.db", tmp_path / "new.db"
        with Archive(new, writable=True) as archive:
            intake.import_dumps(archive, [str(dumps)], intake.Options(), lambda *_: None)
        with opened(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(tables(version))
            db.execute("ATTACH ? AS new", (str(new),))
            names = [name for (name,) in db.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
            for table in names:
                columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
                db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {version}")
        return path

    return make


def version_of(path: Path) -> int:
    with opened(path) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def content(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, and the tables."""
    with opened(path) as db:
        schema_rows = list(db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name"))
        rows = {name: list(db.execute(f"SELECT * FROM {name}")) for kind, name, _ in schema_rows if kind == "table"}
        return rows | {"": schema_rows}


def described(db: sqlite3.Connection) -> dict[str, Any]:
    """What a file's tables are, however they came to be."""
    found: dict[str, Any] = {}
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema"):
        if kind == "table":
            pragmas = ("table_xinfo", "foreign_key_list")
            found[name] = {pragma: sorted(db.execute(f"PRAGMA {pragma}({name})"), key=repr) for pragma in pragmas}
            # Without the number, which says when it was made.
            found[name]["index_list"] = sorted(row[1:] for row in db.execute(f"PRAGMA index_list({name})"))
            # What the pragmas leave out.
            found[name]["words"] = sorted(re.findall(r"COLLATE \w+|WITHOUT ROWID|CHECK|GENERATED|STRICT", sql))
        else:
            found[name] = " ".join(sql.split()) if sql else list(db.execute(f"PRAGMA index_xinfo({name})"))
    return found


@every_version
def test_tables_brought_up_to_date_are_those_of_a_new_archive(version: int, old: Old, tmp_path: Path) -> None:
    path = old(version)
    Archive(path, writable=True).__exit__()
    with (
        Archive(tmp_path / "fresh.db", writable=True),
        opened(path) as upgraded,
        opened(tmp_path / "fresh.db") as fresh,
    ):
        assert described(upgraded) == described(fresh)
        assert upgraded.execute("PRAGMA user_version").fetchone() == fresh.execute("PRAGMA user_version").fetchone()
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_every_earlier_version_has_a_step_and_its_tables() -> None:
    assert sorted(migrations.STEPS) == list(EARLIER)
    assert sorted(path.name for path in Path(__file__).parent.glob("*.sql")) == [f"tables-{n}.sql" for n in EARLIER]


@every_version
def test_its_site_is_the_one_of_a_fresh_import(version: int, old: Old, make_site: Any) -> None:
    fresh = make_site([EXAMPLES], "fresh")
    old(version)
    assert make_site([], "old").bytes() == fresh.bytes()


@every_version
def test_what_is_imported_afterwards_makes_the_site_grow_as_ever(
    version: int, old: Old, make_site: Any, tmp_path: Path
) -> None:
    fresh = make_site([EXAMPLES], "fresh")
    shutil.copytree(EXAMPLES / "lemmy-garden", tmp_path / "dumps" / "lemmy-garden")
    old(version, tmp_path / "dumps")
    make_site([], "old")
    assert make_site([EXAMPLES], "old").bytes() == fresh.bytes()


@every_version
@pytest.mark.parametrize("writable", [True, False])
def test_a_copy_of_the_old_file_stays(version: int, writable: bool, old: Old, tmp_path: Path) -> None:
    path = old(version)
    path.chmod(0o600)
    before = content(path)
    Archive(path, writable=writable).__exit__()
    copy = tmp_path / f"old.db.v{version}"
    assert version_of(path) == schema.VERSION
    assert version_of(copy) == version
    assert content(copy) == before
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(found.name for found in tmp_path.glob("old.db*")) == ["old.db", copy.name]


@every_version
def test_an_earlier_copy_is_never_lost(version: int, old: Old, tmp_path: Path) -> None:
    path = old(version)
    first = tmp_path / f"old.db.v{version}"
    first.write_text("precious")
    for copies, owner in ((2, "ann"), (2, "ann"), (3, "bob")):
        with opened(path) as db:
            db.execute("UPDATE post SET author = ?", (owner,))
        kept, before = path.read_bytes(), content(path)
        Archive(path, writable=True).__exit__()
        assert first.read_text() == "precious"
        found = sorted(tmp_path.glob(f"old.db.v{version}*"))
        assert len(found) == copies
        assert content(found[-1]) == before
        path.write_bytes(kept)


DYING = """
import os, sys
from pathlib import Path
from archiver.store import Archive, migrations
left = int(sys.argv[2])
def step(what):
    def stepped(*arguments):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return what(*arguments)
    return stepped
statements = migrations.statements
migrations.statements = lambda script: (step(lambda one: one)(one) for one in statements(script))
migrations._keep_copy = step(migrations._keep_copy)
Path.replace = step(Path.replace)
with Archive(Path(sys.argv[1]), writable=True):
    pass
"""


@every_version
def test_killed_in_the_middle_it_is_done_by_the_next_opening(version: int, old: Old, tmp_path: Path) -> None:
    path = old(version)
    before = content(path)
    deaths = 0
    while subprocess.run([sys.executable, "-c", DYING, str(path), str(deaths)], check=False).returncode == 9:
        assert version_of(path) == version
        assert content(path) == before
        deaths += 1
    assert deaths >= 5
    assert version_of(path) == schema.VERSION
    assert sorted(found.name for found in tmp_path.glob("old.db*")) == ["old.db", f"old.db.v{version}"]
    assert content(tmp_path / f"old.db.v{version}") == before


@every_version
def test_two_that_open_it_at_once_make_one_upgrade(version: int, old: Old, tmp_path: Path) -> None:
    path = old(version)
    running = [subprocess.Popen([sys.executable, "-m", "archiver", "info", str(path)]) for _ in range(4)]
    assert [process.wait(timeout=120) for process in running] == [0] * 4
    assert version_of(path) == schema.VERSION
    assert len(list(tmp_path.glob("old.db.v*"))) == 1


@every_version
def test_a_failure_leaves_it_as_it_was(version: int, old: Old, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = old(version)
    before = content(path)
    with monkeypatch.context() as patch:
        patch.setitem(migrations.STEPS, version, f"{migrations.STEPS[version]} INSERT INTO nowhere VALUES (1);")
        with pytest.raises(
            StoreError, match="made by an older archiver, and cannot be brought up to date: no such table"
        ):
            Archive(path, writable=True)
    assert content(path) == before
    with monkeypatch.context() as patch:
        patch.setattr(migrations.shutil, "copymode", full)
        with pytest.raises(StoreError, match="cannot be brought up to date: No space left on device"):
            Archive(path, writable=True)
    assert content(path) == before
    assert not list(tmp_path.glob("*.part"))


def full(*_: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_newer_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Archive(path, writable=True).__exit__()
    with opened(path) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    before = path.read_bytes()
    for writable in (True, False):
        with pytest.raises(StoreError, match=r"a\.db: made by a newer archiver \(tables \d+, this one knows \d+\)"):
            Archive(path, writable=writable)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_no_archive(version: int, tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Archive(path, writable=True).__exit__()
    with opened(path) as db:
        db.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match="not an archive of archiver"):
        Archive(path, writable=True)


def test_statements_are_the_whole_script() -> None:
    script = "CREATE TABLE a (b TEXT); INSERT INTO a VALUES ('x;y'); SELECT 1;"
    assert [one.strip() for one in migrations.statements(script)] == [
        "CREATE TABLE a (b TEXT);", "INSERT INTO a VALUES ('x;y');", "SELECT 1;",
    ]  # fmt: skip
