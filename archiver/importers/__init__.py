"""The dump formats, each in the file of its name; what several share, or one has in parts, stands beside them.

Adding one = one file here, with its IMPORTER, + its name in NAMES.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from archiver.errors import DumpError

if TYPE_CHECKING:
    from archiver.dumps import Dump, Importer

NAMES = ("lemmy-api", "mlmym-html", "mlmym-text", "piefed-api", "pushshift", "reddit-api")
"""A format is loaded when it is asked for: some need libraries that take longer to load than a small dump to read."""


def named(name: str) -> Importer:
    """The importer called ``name``; raises DumpError that lists the known ones."""
    if name not in NAMES:
        raise DumpError(f"no format is called '{name}'; the known formats are {', '.join(NAMES)}")
    return _loaded(name)


def every() -> list[Importer]:
    """All importers, by name."""
    return [_loaded(name) for name in NAMES]


def recognise(dump: Dump) -> Importer:
    """The one importer that knows the dump, by its content; raises DumpError where none or several do."""
    head = dump.head()
    matches = [importer for importer in every() if importer.recognise(head)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = ", ".join(importer.name for importer in matches)
        raise DumpError(f"{dump.name}: matches several formats ({names}); choose one with --format")
    raise DumpError(f"{dump.name}: not a known format; archiver reads {', '.join(NAMES)}")


def _loaded(name: str) -> Importer:
    importer: Importer = import_module(f"archiver.importers.{name.replace('-', '_')}").IMPORTER
    return importer
