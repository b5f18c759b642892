"""What the program makes itself, and how that is told from dumps: archive files, and site folders."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

APPLICATION_ID = 0x41524356
"""What SQLite's header says of an archive file ("ARCV")."""

MANIFEST = "manifest.tsv"
"""In a site folder; one line a file: sha256, bytes, path; sorted by path."""

_SQLITE = b"SQLite format 3\0"
_COMPANIONS = ("-wal", "-shm", "-journal")
"""Of an archive file, while somebody has it open."""


def is_own(path: Path) -> bool:
    """Is it something that the program made, and no dump?"""
    if path.is_dir():
        return (path / MANIFEST).is_file() and (path / "static" / "base.css").is_file()
    for ending in _COMPANIONS:
        if path.name.endswith(ending) and _is_archive(path.with_name(path.name.removesuffix(ending))):
            return True
    return _is_archive(path)


def _is_archive(path: Path) -> bool:
    """An archive file, or the copy of one that an upgrade left."""
    head = b""
    with suppress(OSError):  # what cannot be read is told when it is
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(72)
    return head.startswith(_SQLITE) and head[68:] == APPLICATION_ID.to_bytes(4, "big")
