"""Taking things back: what redactions.yaml names is hidden, renamed or deleted wherever it stands.

Records go in, records come out; whoever reads them from the archive file passes them through :class:`Rules`.
"""

from archiver.redactions.entries import FILE, Redaction, Redactions, load
from archiver.redactions.rules import Rules

__all__ = ["FILE", "Redaction", "Redactions", "Rules", "load"]
