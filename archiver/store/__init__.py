"""The archive: one SQLite file that holds every record. The only SQL of the program."""

from archiver.store.archive import Archive, StoredThread

__all__ = ["Archive", "StoredThread"]
