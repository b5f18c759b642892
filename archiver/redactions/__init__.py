"""Taking things back: what redactions.yaml names is hidden, renamed or deleted wherever it stands.

Records go in, records come out; whoever reads them from the archive file passes them through :class:`rules.Rules`,
which is loaded only where there is something to take back.
"""

from archiver.redactions.entries import FILE, Redaction, Redactions, load

__all__ = ["FILE", "Redaction", "Redactions", "load"]
