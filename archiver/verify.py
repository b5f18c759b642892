"""Proves that an archive file or a site folder is whole: nothing lost, nothing changed, nothing added."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

from archiver import dumps, tree
from archiver.errors import DumpError, PublishError
from archiver.intake import Progress
from archiver.model import Capture
from archiver.output import read_manifest
from archiver.own import MANIFEST
from archiver.store import Archive

REMEMBERED = 1000
"""Files whose checksums are kept, since a packed file may hold many dumps."""


class Problem(msgspec.Struct, frozen=True):
    """Something that is not as it should be."""

    kind: str
    """"missing", "changed", "extra" and "unreadable" files; "damaged" archives; "lost" comments."""
    what: str


def is_site(path: Path) -> bool:
    """Is it a site folder that is to be checked, and not an archive file? Raises PublishError where it is neither."""
    if not path.exists():
        raise PublishError(f"{path}: no such archive file or site folder")
    if path.is_dir() and not (path / MANIFEST).is_file():
        raise PublishError(f"{path}: not a site made by archiver: it has no {MANIFEST}")
    return path.is_dir()


# -- a site ------------------------------------------------------------------------------------------------------------


def check_site(folder: Path, counts: Counter[str], progress: Progress) -> Iterator[Problem]:
    """Every file that is not what the manifest says. ``counts["files"]`` grows with each file that was compared.

    Both lists are read in the same order, so that memory holds the names of one folder only. Raises PublishError.
    """
    present = _walk(folder)
    here = next(present, None)
    last = b""
    for number, (path, digest, size) in enumerate(read_manifest(folder / MANIFEST), 1):
        if (key := _key(path)) <= last:
            raise PublishError(f"{folder / MANIFEST}:{number}: not in the order of a manifest; build the site anew")
        last = key
        while here is not None and _key(here) < key:
            yield Problem("extra", here)
            here = next(present, None)
        counts["files"] += 1
        progress("comparing files", number, None)
        if here != path:
            yield Problem("missing", path)
            continue
        here = next(present, None)
        if problem := _compare(folder, path, digest, size):
            yield problem
    while here is not None:
        yield Problem("extra", here)
        here = next(present, None)


def _key(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _walk(folder: Path) -> Iterator[str]:
    """Every file below a folder but its manifest, in the order of a manifest."""
    waiting = [""]
    while waiting:
        path = waiting.pop()
        if path and not path.endswith("/"):
            yield path
            continue
        try:
            with os.scandir(folder / path) as entries:
                names = [f"{path}{e.name}{'/' if e.is_dir(follow_symlinks=False) else ''}" for e in entries]
        except OSError as error:
            raise PublishError(f"{folder / path}: {error.strerror}") from error
        waiting += sorted((name for name in names if name != MANIFEST), key=_key, reverse=True)


def _compare(folder: Path, path: str, digest: str, size: int) -> Problem | None:
    found = folder / path
    try:
        state = found.stat()
        # A pipe in its place would never end.
        if stat.S_ISREG(state.st_mode) and state.st_size == size and dumps.sha256(found) == digest:
            return None
    except OSError as error:
        return Problem("unreadable", f"{path}: {error.strerror}")
    except DumpError as error:
        return Problem("unreadable", str(error))
    return Problem("changed", path)


# -- an archive --------------------------------------------------------------------------------------------------------


def check_archive(path: Path, arguments: Iterable[str], counts: Counter[str]) -> Iterator[Problem]:
    """Everything wrong with an archive file, and every dump that is not what was imported.

    ``arguments`` name the dumps; without any they are looked for by their names beside the archive and in the current
    folder. ``counts`` grows: "threads", "comments", "dumps" that are as they were, those "not found", "others" that
    were never imported. Raises StoreError.
    """
    with Archive(path, writable=False) as archive:
        sound = True
        for text in archive.damage():
            sound = False
            yield Problem("damaged", text)
        if sound:
            yield from _check_threads(archive, counts)
            found = list(arguments)
            yield from _check_named(archive, found, counts) if found else _check_near(archive, counts)


def _check_threads(archive: Archive, counts: Counter[str]) -> Iterator[Problem]:
    """Every comment must come out of its tree once."""
    for post, comments in archive.skeletons():
        counts["threads"] += 1
        counts["comments"] += len(comments)
        waiting = {comment.id for comment in comments}
        for node in tree.walk(tree.build(post, comments, ()).roots):
            if node.comment:
                waiting.discard(node.id)
        for id in sorted(waiting):
            yield Problem("lost", f"comment {id} of {post.host} {post.id} cannot be reached in its thread")
    if (held := archive.counts()["comment"]) != counts["comments"]:
        yield Problem("lost", f"{held - counts['comments']:,} comments belong to no thread")


def _check_near(archive: Archive, counts: Counter[str]) -> Iterator[Problem]:
    """Compare the dumps that lie beside the archive, or where the command was given."""
    captures = archive.captures()
    known = {capture.sha256 for capture in captures}
    digest_of = lru_cache(REMEMBERED)(dumps.sha256)
    told = set()
    for capture in captures:
        found = [file for folder in (archive.path.parent, Path()) if (file := _source(folder, capture))]
        try:
            digests = {digest_of(file) for file in found}
        except DumpError as error:
            yield Problem("unreadable", str(error))
            continue
        if capture.sha256 in digests:
            counts["dumps"] += 1
        elif digests and not digests & known:
            if found[0] not in told:
                yield Problem(
                    "changed", f"{found[0]}: not the dump that was imported, whose sha256 is {capture.sha256}"
                )
            told.add(found[0])
        else:
            counts["not found"] += 1


def _source(folder: Path, capture: Capture) -> Path | None:
    """The file of a capture in a folder: its name, or the packed file which that begins with."""
    parts = Path(capture.name).parts
    if ".." in parts or Path(capture.name).is_absolute():
        return None
    for length in range(len(parts), 0, -1):
        path = folder.joinpath(*parts[:length])
        if path.is_file():
            return path
    return None


def _check_named(archive: Archive, arguments: Iterable[str], counts: Counter[str]) -> Iterator[Problem]:
    """Compare the dumps that the user names."""
    captures = archive.captures()
    missing = {capture.sha256 for capture in captures}
    names = {capture.name for capture in captures}
    known = frozenset(missing)
    for argument in arguments:
        for found in dumps.files(argument):
            try:
                if isinstance(found, DumpError):
                    raise found
                name, path = found
                digest = dumps.sha256(path)
            except DumpError as error:
                yield Problem("unreadable", str(error))
                continue
            missing.discard(digest)
            if digest in known:
                continue
            if name in names:
                yield Problem("changed", f"{path}: not the dump of that name that was imported; its sha256 is {digest}")
            else:
                counts["others"] += 1
    counts["not found"] += sum(capture.sha256 in missing for capture in captures)
    counts["dumps"] += sum(capture.sha256 not in missing for capture in captures)
