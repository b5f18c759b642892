"""What the program makes itself, and how that is told from dumps: archive files, and site folders."""

from __future__ import annotations

import os
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
    """Is it something that the program made, and no dump? What cannot be looked at is not; whoever reads it is told."""
    if os.path.isdir(path):  # noqa: PTH112  which does not raise
        return all(os.path.isfile(path / name) for name in (MANIFEST, "static/base.css"))  # noqa: PTH113
    stems = (path.name.removesuffix(ending) for ending in _COMPANIONS if path.name.endswith(ending))
    return any(_is_archive(path.with_name(name)) for name in (path.name, *stems) if name)


def _is_archive(path: Path) -> bool:
    """An archive file, or the copy of one that an upgrade left."""
    head = b""
    with suppress(OSError):
        if path.is_file():  # and no pipe
            with path.open("rb") as file:
                head = file.read(72)
    return head.startswith(_SQLITE) and head[68:] == APPLICATION_ID.to_bytes(4, "big")
