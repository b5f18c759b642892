#!/usr/bin/env python3
"""The repository's task runner. Needs Python 3.11 and nothing else; each task sets up what it needs.

python3 build.py          build the example site into public/ and say what to open
python3 build.py test     check and test everything, against the built wheel (more words go to pytest)
python3 build.py bench    measure import and builds of an invented dump (-h tells more)
python3 build.py shots    picture every kind of page in every theme, to be looked at, into shots/
python3 build.py fuzz     look for inputs that break it (-h tells more); what is found becomes a case of the tests
python3 build.py words    bring the catalogues of archiver/locale up to date with the messages in the code
python3 build.py wheel    build the wheel and the sdist into dist/
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SOURCES = ("archiver", "templates", "themes", "pyproject.toml", "README.md", "LICENSE")
"""What goes into the wheel."""

NOISE = tuple(
    f'"{name}:'
    for name in (
        "Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date", "Last-Translator",
        "Language-Team", "Generated-By",
    )
)  # fmt: skip
"""Lines of a catalogue's header that are left out."""


def main(arguments: list[str]) -> int:
    """Run one task; returns the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036  this file runs before pip could refuse an older Python
        print("archiver needs Python 3.11 or newer; this is", sys.version.split()[0])
        return 2
    tasks = {"site": site, "test": test, "bench": bench, "shots": shots, "fuzz": fuzz, "words": words, "wheel": wheel}
    name, *rest = arguments or ["site"]
    if name not in tasks:
        print(__doc__)
        return 0 if name in ("-h", "--help", "help") else 2
    try:
        return tasks[name](rest)
    except subprocess.CalledProcessError as error:
        print(f"build.py: failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return error.returncode or 1


def site(_: list[str]) -> int:
    """Import examples/ and build public/, by the command that users have."""
    python = environment(".venv", ["-e", "."], ["pyproject.toml"])
    command = [python, "-m", "archiver", "build", "examples/dumps", "--config", "examples/site.yaml"]
    run(*command, "--archive", "archive.db", "--output", "public")
    return 0


def test(arguments: list[str]) -> int:
    """Lint, check types, and run all tests against the wheel."""
    # pip takes a built wheel, so what is tested is what users install, not the checkout.
    python = environment(".venv-test", [f"{build_wheel()}[test]"], SOURCES)
    binaries = python.parent
    install_checkers()
    run(binaries / "ruff", "check", ".")
    run(binaries / "ruff", "format", "--check", ".")
    run(python, "-P", "-m", "mypy")
    # The console script, unlike "python -m pytest", does not put the checkout on the path.
    # Each processor begins with a run of neighbours, which share what they make.
    spread = ["-n", "auto", "--dist", "worksteal"]
    return subprocess.run([binaries / "pytest", *spread, *arguments], cwd=ROOT, check=False).returncode


def bench(arguments: list[str]) -> int:
    """Measure the built wheel."""
    python = environment(".venv-test", [f"{build_wheel()}[test]"], SOURCES)
    return subprocess.run([python, "tests/bench/bench.py", *arguments], cwd=ROOT, check=False).returncode


def shots(_: list[str]) -> int:
    """Photograph the example site."""
    python = environment(".venv-shots", ["-e", ".[test]"], ["pyproject.toml"])
    run(python, "tests/tools/shots.py", "examples", "shots")
    return 0


def fuzz(arguments: list[str]) -> int:
    """Try damaged inputs for a while; 1 if one broke something."""
    python = environment(".venv", ["-e", "."], ["pyproject.toml"])
    return subprocess.run([python, "tests/fuzz/fuzz.py", *arguments], cwd=ROOT, check=False).returncode


def words(_: list[str]) -> int:
    """Collect the messages of code and templates, and merge them into each catalogue."""
    pybabel = environment(".venv", ["-e", "."], ["pyproject.toml"]).parent / "pybabel"
    folder = ROOT / "archiver" / "locale"
    mapping, template = ROOT / "dist" / "babel.cfg", ROOT / "dist" / "archiver.pot"
    mapping.parent.mkdir(exist_ok=True)
    mapping.write_text("[python: **.py]\n[jinja2: **.html]\nencoding = utf-8\n", encoding="utf-8")
    common = ("--no-wrap", "--no-location", "--omit-header", "--sort-output")
    keywords = ("-k", "N_", "-k", "around", "-k", "counter:1,2")
    run(pybabel, "-q", "extract", "-F", mapping, *keywords, *common, "-o", template, "archiver", "templates")
    for catalogue in sorted(folder.glob("*.po")):
        options = ("--no-wrap", "--ignore-obsolete", "--no-fuzzy-matching")
        run(pybabel, "-q", "update", *options, "-i", template, "-l", catalogue.stem, "-o", catalogue)
        lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
        # Dates and names that change with every run say nothing that git does not know.
        kept = [line for line in lines if not line.startswith(NOISE)]
        catalogue.write_text("".join(kept), encoding="utf-8", newline="\n")
    return 0


def install_checkers() -> None:
    """What the accessibility tests run, by npm; without it they skip and say so, but in CI they fail."""
    folder = ROOT / "tests" / "tools"
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / "made-from"
    npm = shutil.which("npm")
    if npm is None or (stamp.exists() and stamp.read_bytes() == lock.read_bytes()):
        return
    print("Installing what checks the pages …", flush=True)
    run(npm, "ci", "--ignore-scripts", "--prefix", folder)
    stamp.write_bytes(lock.read_bytes())


def wheel(_: list[str]) -> int:
    """Build what can be published: the sdist, and the wheel from it."""
    python = environment(".venv-build", ["build"], [])
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    # -P: this file is called build.py too, and must not stand in for the package of that name.
    run(python, "-P", "-m", "build", "--outdir", "dist", ".")
    return 0


def build_wheel() -> Path:
    """A wheel of the checkout, in a folder of its own."""
    folder = ROOT / "dist" / "test"
    shutil.rmtree(folder, ignore_errors=True)
    python = environment(".venv-build", ["build"], [])
    run(python, "-P", "-m", "build", "--wheel", "--outdir", folder, ".")
    (made,) = folder.glob("*.whl")
    return made


def environment(name: str, packages: list[str], sources: list[str] | tuple[str, ...]) -> Path:
    """The interpreter of a virtual environment that holds the packages; made anew when the sources changed."""
    folder = ROOT / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "made-from"
    wanted = fingerprint(packages, sources)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Setting up {name} …", flush=True)
    if not python.exists():
        try:
            venv.create(folder, with_pip=True)
        except subprocess.CalledProcessError:
            raise SystemExit("python3 cannot make virtual environments; on Debian: apt install python3-venv") from None
    pip(python, "--upgrade", *packages)
    for package in packages:
        if ".whl" in package:  # its version does not change with the sources, so pip would keep the old one
            pip(python, "--force-reinstall", "--no-deps", package)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def pip(python: Path, *arguments: str) -> None:
    """Install something into the environment of ``python``."""
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def fingerprint(packages: list[str], sources: list[str] | tuple[str, ...]) -> str:
    """A checksum of what an environment is made from."""
    digest = hashlib.sha256(repr((sys.version, packages)).encode())
    for source in sources:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.relative_to(ROOT).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def run(*command: str | Path) -> None:
    """Run a command in the checkout; raises CalledProcessError where it fails."""
    subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
