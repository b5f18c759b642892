"""archiver turns dumps of discussion threads into a folder of plain, accessible HTML."""

__version__ = "0.1.0"
