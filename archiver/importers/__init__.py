"""The dump formats, each in the file of its name; what several share, or one has in parts, stands beside them.

Adding one = one file here + one line in IMPORTERS.
"""

from __future__ import annotations

from archiver.dumps import Dump, Importer
from archiver.errors import DumpError
from archiver.importers import lemmy_api, mlmym_html, mlmym_text, piefed_api, pushshift, reddit_api

IMPORTERS: tuple[Importer, ...] = (
    lemmy_api.IMPORTER,
    mlmym_html.IMPORTER,
    mlmym_text.IMPORTER,
    piefed_api.IMPORTER,
    pushshift.IMPORTER,
    reddit_api.IMPORTER,
)


def named(name: str) -> Importer:
    """The importer called ``name``; raises DumpError that lists the known ones."""
    for importer in IMPORTERS:
        if importer.name == name:
            return importer
    known = ", ".join(importer.name for importer in IMPORTERS)
    raise DumpError(f"no format is called '{name}'; the known formats are {known}")


def recognise(dump: Dump) -> Importer:
    """The one importer that knows the dump, by its content; raises DumpError where none or several do."""
    head = dump.head()
    matches = [importer for importer in IMPORTERS if importer.recognise(head)]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(importer.name for importer in matches or IMPORTERS)
    if matches:
        raise DumpError(f"{dump.name}: matches several formats ({names}); choose one with --format")
    raise DumpError(f"{dump.name}: not a known format; archiver reads {names}")
