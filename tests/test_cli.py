"""The command line: what users type, what they are told, and the exit status."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from archiver import cli, importers, serve, telling

DUMP = """\
{"id":"p1","title":"Which kettle?","author":"ann","subreddit":"tea","selftext":"","is_self":true,"score":3,\
"num_comments":2,"created_utc":1700000000,"retrieved_on":1701000000,"url":"https://tea.example/","permalink":"/r/tea/comments/p1/x/","domain":"self.tea"}
{"id":"k1","link_id":"t3_p1","parent_id":"t3_p1","author":"bob","subreddit":"tea","body":"The blue one.","score":2,\
"created_utc":1700000100,"retrieved_on":1701000000}
"""


class Told:
    """What a run of the command said."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """``run(*words, stdin=…)`` runs the command in an empty folder, as a user does."""

    def command(*words: str, stdin: str | None = None) -> Told:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "archiver", *words],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "COLUMNS": "100"},
        )
        assert "Traceback" not in done.stderr
        return Told(done)

    return command


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "thread.ndjson"
    path.write_text(DUMP)
    return path


def test_build_alone_does_the_whole_job(run: Any, dump: Path, tmp_path: Path) -> None:
    told = run("build", dump.name)
    assert told.status == 0
    assert told.err == ""
    assert "1 thread, 1 comment, 0 skipped;" in told.out
    assert "Open public/index.html in a browser" in told.out
    assert (tmp_path / "public" / "www.reddit.com" / "r" / "tea" / "comments" / "p1.html").exists()
    assert (tmp_path / "archive.db").exists()
    again = run("build", dump.name)
    assert "0 files written" in again.out


def test_what_redactions_take_back_is_told_and_what_they_miss(run: Any, dump: Path, tmp_path: Path) -> None:
    text = "- {person: bob, host: www.reddit.com, mode: hide}\n- {person: ann, host: reddit.com, mode: hide}\n"
    (tmp_path / "redactions.yaml").write_text(text + '- {comment: "k\\e[1m", host: www.reddit.com, mode: hide}')
    told = run("build", dump.name)
    assert told.status == 0
    assert "3 redactions of redactions.yaml" in told.out
    assert told.err.splitlines() == [
        f"redactions.yaml: entry {missed}; its sites are those of: archiver info"
        for missed in (
            "2: the archive holds nothing by 'ann' of reddit.com",
            "3: the archive holds no comment 'k\\x1b[1m' of www.reddit.com",
        )
    ]


def test_import_then_build_then_info(run: Any, dump: Path, tmp_path: Path) -> None:
    told = run("import", dump.name)
    assert told.status == 0
    assert "1 dump read: 1 post, 1 comment, 0 skipped" in told.out
    assert run("build", "--output", "site").status == 0
    assert (tmp_path / "site" / "index.html").exists()
    told = run("info")
    assert told.out.splitlines()[0] == "archive.db: 1 thread, 1 comment, 1 dump"
    assert "www.reddit.com (reddit)" in told.out
    assert "thread.ndjson: pushshift, 1 post, 1 comment, 0 skipped" in told.out


def test_two_outputs_do_not_share_an_archive(run: Any, dump: Path, tmp_path: Path) -> None:
    run("build", dump.name, "--output", "a")
    other = tmp_path / "other.ndjson"
    other.write_text(DUMP.replace('"p1"', '"p2"').replace("t3_p1", "t3_p2"))
    assert "1 thread, 1 comment" in run("build", other.name, "--output", "b").out


def test_standard_input(run: Any) -> None:
    told = run("build", "-", stdin=DUMP)
    assert told.status == 0
    assert "1 thread, 1 comment" in told.out


def test_quiet_says_nothing_and_verbose_says_each_reason(run: Any, dump: Path) -> None:
    dump.write_text(DUMP + "{not json}\n" + '{"link_id":"t3_p1","parent_id":"t3_p1","body":"no id"}\n')
    told = run("build", dump.name, "-q", "--output", "a")
    assert told.out == ""
    assert told.status == 1
    told = run("build", dump.name, "-v", "--output", "b")
    assert told.status == 1
    assert "1 thread, 1 comment, 2 skipped" in told.out
    assert "thread.ndjson:3: skipped: " in told.err
    assert "thread.ndjson:4: skipped: " in told.err


def test_what_cannot_be_read_is_one_line_and_the_rest_is_done(run: Any, dump: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    (tmp_path / "odd.json").write_text('{"what": "is this"}')
    told = run("build", "empty.json", "odd.json", "gone.json", dump.name)
    assert told.status == 1
    errors = [line for line in told.err.splitlines() if line.startswith("error: ")]
    assert errors[0] == "error: empty.json: the file is empty"
    assert errors[1].startswith("error: odd.json: not a known format; archiver reads ")
    assert errors[2] == "error: gone.json: no such file or folder"
    assert "1 thread, 1 comment" in told.out


ODD = "a\x1b[31m\n[/b]\u202e.ndjson"
"""A name that would give orders to a terminal, or to what draws progress on one."""


@pytest.mark.parametrize("more", [[], ["--fail-fast"]])
def test_what_a_stranger_named_is_told_in_one_line(run: Any, dump: Path, tmp_path: Path, more: list[str]) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as packed:
        packed.writestr(ODD, DUMP + '{"id":"k2"\n')
        packed.writestr("b" + ODD, "nothing known")
    told = run("import", "d.zip", *more)
    assert told.status == 1
    shown = "d.zip/a\\x1b[31m\\x0a[/b]\\x202e.ndjson"
    lines = told.err.splitlines()
    assert lines[-1].startswith(f"error: {shown.replace('/a', '/ba')}: not a known format")
    assert more or lines[0].startswith(f"{shown}:3: skipped: ")
    assert all(line.isprintable() for line in [*lines, *run("info", "-v").out.splitlines()])


def test_info_names_the_line_of_what_was_skipped_where_there_is_one(run: Any, dump: Path, tmp_path: Path) -> None:
    dump.write_text(DUMP + "{not json}\n")
    page = Path(__file__).parent / "importers" / "mlmym" / "thread.html"
    (tmp_path / "page.html").write_bytes(page.read_bytes().replace(b"</title>", b"\xff</title>"))
    run("import", dump.name, "page.html")
    lines = run("info", "-v").out.splitlines()
    assert "    1 × not valid JSON (first in line 3)" in lines
    assert "    1 × bytes that are not UTF-8" in lines


def test_a_bar_draws_whatever_name_a_dump_has(capsys: pytest.CaptureFixture[str]) -> None:
    with telling._bar() as bars:
        tell = telling._bars(bars)
        tell(f"reading {ODD}", 1, None)
        bars.refresh()


def test_fail_fast_stops_at_the_first_error(run: Any, dump: Path, tmp_path: Path) -> None:
    told = run("import", "gone.json", dump.name, "--fail-fast")
    assert told.status == 1
    assert told.err == "error: gone.json: no such file or folder\n"
    assert run("info").out.startswith("archive.db: 0 threads")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "t", "--jobs", "0"], "--jobs"),
        (["build", "t", "--default-order", "best"], "default_order"),
        (["build", "t", "--orders", "hot,best"], "orders"),
        (["build", "t", "--theme", "nope"], "the themes are classic, modern, plain"),
        (["build", "t", "--config", "gone.yaml"], "gone.yaml"),
        (["build", "t", "--base-url", "ftp://x"], "base_url"),
        (["build", "t", "--root-host", "https://lemmy.ml/"], "such as lemmy.ml"),
        (["import", "t", "--format", "lemmy"], "lemmy-api"),
        (["build", "t", "--config", "gone.yaml"], "gone.yaml"),
        (["import", "t", "--captured-at", "yesterday"], "2024-10-23"),
        (["build"], "name a DUMP"),
        (["import"], "DUMP"),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_right(run: Any, words: list[str], said: str) -> None:
    told = run(*words)
    assert told.status == 2
    assert said in told.err


def test_captured_at_stands_on_the_pages(run: Any, dump: Path, tmp_path: Path) -> None:
    run("build", dump.name, "--captured-at", "2024-10-23")
    page = (tmp_path / "public" / "www.reddit.com" / "r" / "tea" / "comments" / "p1.html").read_text()
    assert 'captured <time datetime="2024-10-23">23 Oct 2024</time>' in page


def test_keep_deleted_keeps_the_text(run: Any, dump: Path, tmp_path: Path) -> None:
    deleted = DUMP.replace('"score":2,', '"score":2,"_meta":{"was_deleted_later":true},')
    dump.write_text(deleted)
    page = Path("www.reddit.com/r/tea/comments/p1.html")
    run("build", dump.name, "--output", "a")
    assert "The blue one." not in (tmp_path / "a" / page).read_text()
    assert "Deleted by its author." in (tmp_path / "a" / page).read_text()
    run("build", dump.name, "--output", "b", "--keep-deleted")
    assert "The blue one." in (tmp_path / "b" / page).read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no such device")
def test_what_the_system_refuses_is_one_line() -> None:
    command = [sys.executable, "-P", "-m", "archiver", "formats"]
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (told.returncode, told.stderr) == (1, "error: No space left on device\n")


def test_names_that_a_terminal_cannot_show_are_spelled(run: Any, dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dump.rename(dump.with_name("日本.ndjson"))
    run("import", "日本.ndjson")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    assert "  \\u65e5\\u672c.ndjson: pushshift, " in run("info").out
    assert telling.printable(os.fsdecode(b"no\xff\n")) == "no\\xff\\x0a"


def test_commands_that_are_proposed_are_ready_to_be_typed(run: Any, dump: Path) -> None:
    assert run("build", dump.name, "--output", "my site").out.endswith("or run: archiver serve 'my site'\n")
    assert run("import", dump.name, "--archive", "my.db").out.endswith(" with: archiver build --archive my.db\n")


def test_nothing_is_proposed_for_an_archive_of_nothing(run: Any) -> None:
    told = run("import", "gone.json")
    assert told.status == 1
    assert "Make a site" not in told.out


@pytest.mark.skipif(os.name != "posix", reason="signals are something else here")
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_says_so_and_nothing_else(way: signal.Signals, tmp_path: Path) -> None:
    """While it waits for more of its dump."""
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, "-P", "-m", "archiver", "import", "pipe"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process, (tmp_path / "pipe").open("w"):  # opened as soon as it reads
        process.send_signal(way)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "stopped; what was finished before is kept\n")


def test_formats_and_themes_are_listed(run: Any) -> None:
    assert [line.split()[0] for line in run("formats").out.splitlines()] == [
        "lemmy-api", "mlmym-html", "mlmym-text", "piefed-api", "pushshift", "reddit-api",
    ]  # fmt: skip
    assert [line.split()[0] for line in run("themes").out.splitlines()] == ["classic", "modern", "plain"]


def test_a_file_that_is_no_archive_is_left_alone(run: Any, dump: Path, tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_text("my diary, not an archive\n" * 100)
    told = run("build", dump.name)
    assert told.status == 1
    assert told.err == "error: archive.db: not an archive of archiver; choose another file with --archive\n"
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    assert run("build", dump.name, "--archive", "other.db").status == 1


def test_a_folder_that_is_no_site_is_left_alone(run: Any, dump: Path, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "mine.txt").write_text("mine")
    told = run("build", dump.name)
    assert told.status == 1
    assert told.err == "error: public: exists and is not a site made by archiver; choose another --output\n"
    assert [path.name for path in (tmp_path / "public").iterdir()] == ["mine.txt"]


def test_every_command_and_option_has_help() -> None:
    for name, command in cli.main.commands.items():
        assert command.help, name
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, (name, option.name)  # type: ignore[attr-defined]


def test_the_help_of_serve_tells_its_default() -> None:
    (host,) = (option for option in cli.serve_.params if option.name == "host")
    assert f"[default: {serve.LOOPBACK}]" in str(getattr(host, "help", ""))


def test_a_build_with_nothing_to_do_loads_little(run: Any, dump: Path, tmp_path: Path) -> None:
    """What makes pages, and what reads formats, takes longer to load than all that such a build does."""
    run("build", dump.name)
    build = "import sys; from archiver.cli import main\ntry: main(['build', '-q'])\nfinally: print(*sys.modules)"
    told = subprocess.run([sys.executable, "-P", "-c", build], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "archiver.publish" in loaded
    late = {"units", "words", "serve", "verify", *(f"importers.{name.replace('-', '_')}" for name in importers.NAMES)}
    assert loaded.isdisjoint({"babel", "jinja2", "markdown_it", "nh3", *(f"archiver.{name}" for name in late)})
