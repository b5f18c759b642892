"""The same dumps and settings give the same bytes: whoever builds, where, in what order and with how many processes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SOURCES = {
    "examples": HERE.parent / "examples" / "dumps",
    "lemmy": HERE / "importers" / "lemmy" / "bodies",
    "piefed": HERE / "importers" / "piefed" / "bodies",
    "mlmym": HERE / "importers" / "mlmym",
    "reddit": HERE / "importers" / "reddit" / "api",
    "pushshift": HERE / "importers" / "reddit" / "pushshift",
}
"""Folders of invented dumps, of every format."""
SETTINGS = "comments_per_page: 3\nposts_per_page: 4\nwhole_page_comments: 9\n"
COMMAND = "from archiver import cli, publish; publish.WORTH_WORKERS = 1; publish.THREADS_AT_ONCE = 3; cli.main()"
"""So that a few threads are spread over several workers."""

Site = dict[str, bytes]


def run(folder: Path, *words: str, **how: Any) -> None:
    """Run the command in a folder; not everything in the dumps can be read, and that is said."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False, **how
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def site(folder: Path) -> Site:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def prepare(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in SOURCES.items():
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.records"))
    (folder / "site.yaml").write_text(SETTINGS)
    return folder


BUILD = ("build", "-q", "--config", "site.yaml")


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = prepare(tmp_path_factory.mktemp("first"))
    run(folder, *BUILD, "--jobs", "1", *SOURCES, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"})
    return site(folder / "public")


@pytest.fixture
def same(tmp_path: Path, expected: Site) -> Iterator[Callable[..., None]]:
    """``same(environment, folder=…, jobs=…)`` builds anew, and fails where a byte differs."""

    def build(
        more: dict[str, str] | None = None, *, folder: Path = tmp_path / "again", jobs: int = 1, **how: Any
    ) -> None:
        prepare(folder)
        run(folder, *BUILD, "--jobs", str(jobs), *SOURCES, env=os.environ | (more or {}), **how)
        compare(site(folder / "public"), expected)

    yield build


def compare(found: Site, expected: Site) -> None:
    assert found.keys() == expected.keys()
    assert [path for path in found if found[path] != expected[path]] == []


def test_the_dumps_are_of_every_format_and_make_many_pages(expected: Site) -> None:
    about = expected["about.html"].decode()
    for name in ("lemmy-api", "piefed-api", "mlmym-html", "mlmym-text", "reddit-api", "pushshift"):
        assert name in about
    assert len(expected) > 400


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_with_any_number_of_processes(jobs: int, same: Any) -> None:
    same(jobs=jobs)


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_of_imports(seed: int, tmp_path: Path, expected: Site) -> None:
    folder = prepare(tmp_path / "again")
    order = list(SOURCES)
    random.Random(seed).shuffle(order)
    run(folder, "import", "-q", *order[:2])
    for name in order[2:]:
        if seed % 2:  # a site that grows
            run(folder, *BUILD)
        run(folder, "import", "-q", name)
    run(folder, *BUILD)
    compare(site(folder / "public"), expected)


@pytest.mark.parametrize("seed", range(2))
def test_in_any_order_of_the_files_of_a_folder(seed: int, tmp_path: Path) -> None:
    sites = []
    for number in range(2):
        folder = prepare(tmp_path / str(number))
        files = sorted(str(path.relative_to(folder)) for name in SOURCES for path in (folder / name).rglob("*.*"))
        if number:
            random.Random(seed).shuffle(files)
        run(folder, *BUILD, *files)
        sites.append(site(folder / "public"))
    compare(*sites)


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "XYZ+11:30"])
def test_in_any_time_zone(zone: str, same: Any) -> None:
    same({"TZ": zone})


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"},
        {"LC_ALL": "ar_EG.UTF-8", "LANGUAGE": "ar:de"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda locale: locale["LC_ALL"],
)
def test_in_any_locale(locale: dict[str, str], same: Any) -> None:
    same(locale)


@pytest.mark.parametrize("seed", ["0", "1", "4294967295"])
def test_with_any_seed_of_hashes(seed: str, same: Any) -> None:
    same({"PYTHONHASHSEED": seed}, jobs=2)


@pytest.mark.skipif(os.name == "nt", reason="there is no such mask here")
def test_with_any_mask_of_permissions(same: Any) -> None:
    same(umask=0o077)


def test_on_another_machine(same: Any, tmp_path: Path) -> None:
    """As far as one machine can tell: another home, user name, folder, temporary folder and width of the screen."""
    home = tmp_path / "hömé"
    home.mkdir()
    names = {"USER": "eve", "LOGNAME": "eve", "HOSTNAME": "far", "COLUMNS": "40", "TERM": "dumb", "NO_COLOR": "1"}
    folders = {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    same(names | folders, folder=tmp_path / "quite" / "another #place? %41")


def test_by_another_user(same: Any) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-P", "-c", COMMAND, "formats"], check=True, capture_output=True, **nobody)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("others may not run this interpreter")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "again"
        folder.mkdir()
        for path in (folder, folder.parent):
            os.chown(path, 65534, 65534)
        same(folder=folder, **nobody)
