"""The one family of errors the program raises; the command line turns each into one clear line.

    ArchiverError
    ├── DumpError       a dump cannot be read, or not be recognised
    ├── StoreError      the archive file cannot be opened, read or written
    ├── ConfigError     site.yaml or an option has a wrong key or value
    ├── ThemeError      a theme or template cannot be found or used
    └── PublishError    the site cannot be written

This module imports nothing.
"""


class ArchiverError(Exception):
    """An expected failure: its text is one sentence for the user, with file, line and what to do."""


class DumpError(ArchiverError):
    """A dump cannot be read any further, or no importer (or more than one) knows it."""


class StoreError(ArchiverError):
    """The archive file is not ours, of a newer version, damaged, locked or full."""


class ConfigError(ArchiverError):
    """A setting has a wrong name or value."""


class ThemeError(ArchiverError):
    """A theme is missing or unusable."""


class PublishError(ArchiverError):
    """The site folder cannot be written."""
