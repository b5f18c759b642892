"""What every process that makes pages of one build knows."""

from __future__ import annotations

import msgspec

from archiver.config import Settings
from archiver.redactions import Redactions


class Job(msgspec.Struct, frozen=True):
    """What a worker needs to know to render any page of the site."""

    archive: str
    output: str
    workplace: str
    settings: Settings
    origin: str
    """A checksum of what all pages depend on; only what was made from the same is taken as it is."""
    redactions: Redactions = ()
    """What no page may show."""
