"""Whatever is missing, changed or added in a site or an archive is named, and a whole one passes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archiver import cli, intake, verify
from archiver.errors import PublishError, StoreError
from archiver.own import MANIFEST
from archiver.store import Archive

EXAMPLES = Path(__file__).parent.parent / "examples" / "dumps"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site, its archive and its dumps."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(EXAMPLES, folder / "dumps")
    with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
        for path in sorted((folder / "dumps" / "lemmy-garden").iterdir())[:3]:
            packed.writestr(f"inside/{path.name}", path.read_bytes() + b" ")
    words = ["build", "-q", "--archive", str(folder / "archive.db"), "--output", str(folder / "public")]
    assert CliRunner().invoke(cli.main, [*words, str(folder / "dumps"), str(folder / "packed.zip")]).exit_code == 0
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(whole, tmp_path / "here")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "here"


@pytest.fixture
def run() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli.main, ["verify", *map(str, words)])


def problems(found: Iterator[verify.Problem]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.what) for problem in found]


def of_site(folder: Path) -> list[tuple[str, str]]:
    return problems(verify.check_site(folder, Counter(), lambda *_: None))


def of_archive(path: Path, *dumps: Path) -> tuple[list[tuple[str, str]], Counter[str]]:
    counts: Counter[str] = Counter()
    return problems(verify.check_archive(path, map(str, dumps), counts)), counts


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for sql in statements:
            db.execute(sql)


# -- a site ------------------------------------------------------------------------------------------------------------


def test_a_whole_site_passes(folder: Path, run: Any) -> None:
    told = run(folder / "public")
    files = sum(path.is_file() for path in (folder / "public").rglob("*")) - 1
    assert told.output == f"{folder / 'public'}: {files:,} files in the manifest; nothing is wrong\n"
    assert told.exit_code == 0
    assert run(folder / "public", "-q").output == ""


def test_each_kind_of_damage_is_named(folder: Path, run: Any) -> None:
    site = folder / "public"
    pages = sorted(path for path in site.rglob("*.html") if path.parent != site)
    pages[0].unlink()
    pages[1].write_bytes(pages[1].read_bytes() + b"x")
    same_size = pages[2].read_bytes()
    pages[2].write_bytes(b"X" + same_size[1:])
    shutil.rmtree(site / "static")
    pages[3].unlink()
    pages[3].mkdir()
    for extra in ("a-b/c.html", "a/b.html", "a.html", "~", "zz/deep/er/one", ".hidden"):
        (site / extra).parent.mkdir(parents=True, exist_ok=True)
        (site / extra).touch()
    (site / "link").symlink_to(folder)
    name = {number: pages[number].relative_to(site).as_posix() for number in range(4)}
    with (site / MANIFEST).open() as lines:
        static = {path for line in lines if (path := line.rstrip("\n").split("\t")[2]).startswith("static/")}
    expected = {("missing", name[0]), ("changed", name[1]), ("changed", name[2]), ("missing", name[3])}
    expected |= {("missing", path) for path in static}
    expected |= {("extra", extra) for extra in ("a-b/c.html", "a/b.html", "a.html", "~", "zz/deep/er/one", ".hidden")}
    found = of_site(site)
    assert set(found) == expected | {("extra", "link")}
    assert len(found) == len(set(found))
    told = run(site)
    assert told.exit_code == 1
    assert f"changed: {name[2]}\n" in told.output
    assert told.output.endswith(f"; 2 changed, 7 extra, {2 + len(static)} missing\n")


def test_many_problems_are_counted_and_named_with_v(folder: Path, run: Any) -> None:
    for number in range(70):
        (folder / "public" / f"x{number}").touch()
    told = run(folder / "public").output
    assert told.count("extra: ") == cli.PROBLEMS_SHOWN
    assert "… and 20 more; see them all with -v\n" in told
    assert run(folder / "public", "-v").output.count("extra: ") == 70


def test_a_file_name_cannot_speak_to_the_terminal(folder: Path, run: Any) -> None:
    (folder / "public" / "\x1b[31mred\n").touch()
    assert "extra: \\x1b[31mred\\x0a\n" in run(folder / "public").output


def test_what_cannot_be_read_or_never_ends_is_named(folder: Path) -> None:
    page = folder / "public" / "index.html"
    if hasattr(os, "mkfifo"):
        page.unlink()
        os.mkfifo(page)
        assert of_site(folder / "public") == [("changed", "index.html")]
        page.unlink()
    page.symlink_to("index.html")
    assert [kind for kind, _ in of_site(folder / "public")] == ["unreadable"]


def test_memory_holds_one_folder_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_folders: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: open_folders.append(str(path)) or scandir(path))
    found = verify.check_site(folder / "public", counts := Counter(), lambda *_: None)
    (folder / "public" / "a").touch()
    next(found)
    assert len(open_folders) == 1
    assert counts["files"] <= 2


@pytest.mark.parametrize(
    ("line", "says"),
    [("nonsense", "not a line of a manifest"), (f"{'0' * 64}\t1\ta", "not in the order of a manifest")],
)
def test_a_damaged_manifest_is_said(line: str, says: str, folder: Path, run: Any) -> None:
    with (folder / "public" / MANIFEST).open("a") as manifest:
        manifest.write(f"{line}\n")
    told = run(folder / "public")
    assert told.exit_code == 1
    assert says in told.output


def test_a_folder_that_is_no_site_is_said(tmp_path: Path, run: Any) -> None:
    with pytest.raises(PublishError, match="not a site made by archiver: it has no manifest"):
        verify.is_site(tmp_path)
    assert run(tmp_path).exit_code == 1


# -- an archive --------------------------------------------------------------------------------------------------------


def test_a_whole_archive_passes_with_the_dumps_beside_it(folder: Path, run: Any) -> None:
    with Archive(folder / "archive.db", writable=False) as archive:
        held = archive.counts()
    found, counts = of_archive(folder / "archive.db")
    assert found == []
    assert counts == {"threads": held["post"], "comments": held["comment"], "dumps": held["capture"]}
    assert run(folder / "archive.db").exit_code == 0
    assert f"{held['capture']} dumps compared, 0 not found; nothing is wrong\n" in run(folder / "archive.db").output


def test_dumps_are_found_in_the_current_folder_or_said_to_be_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    archive = (folder / "archive.db").rename(tmp_path / "archive.db")
    found, counts = of_archive(archive)
    assert (found, counts["dumps"]) == ([], 0)
    assert counts["not found"] == len(list((folder / "dumps").rglob("*.*"))) + 3
    assert "not found; name the others to compare them; nothing is wrong" in run(archive).output
    monkeypatch.chdir(folder)
    assert of_archive(archive)[1]["not found"] == 0


def test_dumps_may_be_named_wherever_they_lie(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    archive = (folder / "archive.db").rename(tmp_path / "moved" / "archive.db")
    (folder / "dumps" / "never.json").write_text("{}")
    packed = (folder / "packed.zip").rename(folder / "renamed.zip")
    found, counts = of_archive(archive, folder / "dumps", packed)
    assert (found, counts["not found"], counts["others"]) == ([], 0, 1)
    _, counts = of_archive(archive, packed)
    assert counts["dumps"] == 3


@pytest.mark.parametrize("named", [True, False])
def test_a_dump_that_is_not_what_was_imported_is_named(named: bool, folder: Path, run: Any) -> None:
    changed = folder / "dumps" / "pushshift.ndjson"
    changed.write_text("{}\n")
    with (folder / "packed.zip").open("ab") as packed:
        packed.write(b"x")
    dumps = [folder / "dumps", folder / "packed.zip"] if named else []
    found, _ = of_archive(folder / "archive.db", *dumps)
    assert ("changed", str(changed)) in [(kind, what.split(": ")[0]) for kind, what in found]
    if not named:  # the name of a member says which file held it
        assert len(found) == 2
    assert run(folder / "archive.db", *dumps).exit_code == 1


def test_a_newer_dump_of_the_same_name_is_no_damage(folder: Path) -> None:
    path = folder / "dumps" / "pushshift.ndjson"
    path.write_bytes(path.read_bytes() + b"\n")
    with Archive(folder / "archive.db", writable=True) as archive:
        intake.import_dumps(archive, [str(folder / "dumps")], intake.Options(), lambda *_: None)
    found, counts = of_archive(folder / "archive.db")
    assert (found, counts["not found"]) == ([], 1)


def test_a_dump_that_is_named_but_not_there_is_said(folder: Path) -> None:
    found, _ = of_archive(folder / "archive.db", folder / "nowhere")
    assert found == [("unreadable", f"{folder / 'nowhere'}: no such file or folder")]


def test_rows_that_refer_to_nothing_are_damage(folder: Path, run: Any) -> None:
    change(folder / "archive.db", "DELETE FROM post WHERE key = (SELECT max(post) FROM comment)")
    found, _ = of_archive(folder / "archive.db")
    assert {what.split(":")[1] for kind, what in found if kind == "damaged"} == {" refers to a post that is not there"}
    assert run(folder / "archive.db").exit_code == 1


def test_an_index_that_forgets_rows_is_damage(folder: Path) -> None:
    change(
        folder / "archive.db",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'post_by_author'",
    )
    found, _ = of_archive(folder / "archive.db")
    assert {kind for kind, _ in found} == {"damaged"}


def test_a_comment_that_its_tree_loses_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = verify.tree.walk
    monkeypatch.setattr(verify.tree, "walk", lambda roots: [node for node in walk(roots) if node.depth < 2])
    found, counts = of_archive(folder / "archive.db")
    assert {kind for kind, _ in found} == {"lost"}
    assert 0 < len(found) < counts["comments"]
    assert found[0][1].endswith("cannot be reached in its thread")


def test_bytes_that_were_overwritten_are_damage(folder: Path, run: Any) -> None:
    path = folder / "archive.db"
    data = bytearray(path.read_bytes())
    for at in range(8192, len(data), 4096):
        data[at : at + 64] = b"\xff" * 64
    path.write_bytes(data)
    told = run(path)
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)


def test_what_is_no_archive_is_said(tmp_path: Path, run: Any) -> None:
    (tmp_path / "a.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(StoreError):
        of_archive(tmp_path / "a.db")
    for path in (tmp_path / "a.db", tmp_path / "none.db"):
        assert run(path).exit_code == 1
        assert run(path).output.startswith(f"error: {path}: ")


def test_a_site_has_no_dumps(folder: Path, run: Any) -> None:
    assert run(folder / "public", folder / "dumps").exit_code == 2
