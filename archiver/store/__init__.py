"""The archive: one SQLite file that holds every record. The only SQL of the program."""

from archiver.store.absent import absent
from archiver.store.archive import Archive, StoredThread
from archiver.store.purge import Purged, overwrite, purge
from archiver.store.redacted import reading
from archiver.store.writer import CaptureWriter

__all__ = ["Archive", "CaptureWriter", "Purged", "StoredThread", "absent", "overwrite", "purge", "reading"]
