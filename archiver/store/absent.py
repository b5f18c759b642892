"""Which entries of redactions.yaml name nothing in the archive: a slip of the pen there leaves everything shown."""

from __future__ import annotations

from collections.abc import Iterator

from archiver.redactions import Redaction, Redactions
from archiver.redactions.entries import names_on
from archiver.store.archive import Archive


def absent(archive: Archive, redactions: Redactions) -> list[int]:
    """The numbers, from 1, of the entries that hide or rename nothing. Raises StoreError.

    Not asked: domains, which stand in texts, and what is to be purged, as that is gone since the first time.
    """
    asked = [
        (number, entry)
        for number, entry in enumerate(redactions, 1)
        if entry.mode != "purge" and entry.kind != "domain"
    ]
    if not asked:
        return []
    hosts = list(archive.sites())
    return [number for number, entry in asked if not _is_there(archive, entry, hosts)]


def _is_there(archive: Archive, entry: Redaction, hosts: list[str]) -> bool:
    if entry.kind == "person":
        return any(archive.has_person(host, name) for host, name in _names(entry, hosts))
    if entry.kind == "community":
        return any(archive.has_community(host, name) for host, name in _names(entry, hosts))
    id, host, thread = entry.key
    return archive.has_post(host, id) if entry.kind == "post" else archive.has_comment(host, id, thread or None)


def _names(entry: Redaction, hosts: list[str]) -> Iterator[tuple[str, str]]:
    """(host, name) of all that the entry may mean."""
    local, own = entry.key
    return ((host, name) for host in hosts for name in names_on(host, local, own))
