"""What is to be taken back: redactions.yaml, checked; every error names the file and the entry."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import msgspec

from archiver import config
from archiver.errors import ConfigError
from archiver.urls import folded_name

FILE = "redactions.yaml"
"""Its name; it lies beside site.yaml, or in the current folder for a build without one."""

Mode = Literal["hide", "anonymise", "purge"]
Kind = Literal["person", "comment", "post", "community", "domain"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Redactions = tuple["Redaction", ...]

_SIGILS = ("@", "!", *(f"{start}{letter}/" for start in ("/", "") for letter in ("u", "user", "r", "c", "m")))


class Redaction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing, and what to do with it. Keys: one of the kinds, ``host`` (but for domains), ``mode``."""

    mode: Mode
    person: str | None = None
    """Name as pages show it: ``kibiz0r``, or ``kibiz0r@lemmy.world``."""
    comment: str | None = None
    """Id, as the address of the original has it."""
    post: str | None = None
    """Id; beside ``comment``: of its thread, where the same id stands in several."""
    community: str | None = None
    """Name as pages show it."""
    domain: str | None = None
    """Host that nothing may lead to, with all hosts below it."""
    host: str | None = None
    """Site that the thing is of, as the addresses of its pages begin: ``lemmy.ml``, ``www.reddit.com``."""

    @property
    def kind(self) -> Kind:
        """What is named."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def named(self) -> str:
        """The name or id, as it is written."""
        return str(getattr(self, self.kind))

    @property
    def key(self) -> tuple[str, ...]:
        """The same however a thing is named: (local name, its host), (id, host, thread or ""), (domain,)."""
        if self.kind == "domain":
            return ((self.domain or "").lower(),)
        host = (self.host or "").lower()
        if self.kind in ("person", "community"):
            return identity(host, self.person or self.community or "")
        return (self.comment or self.post or "", host, self.post or "" if self.comment else "")


def identity(host: str, name: str) -> tuple[str, str]:
    """(local name, own host) of an account or community, however a site spells it: ``Eve@a.org`` seen on b.org."""
    local, _, instance = name.partition("@")
    return folded_name(local), (instance or host).lower()


def names_on(host: str, local: str, own: str) -> list[str]:
    """The names that an account or community of the site ``own`` may have on ``host``."""
    return [local, f"{local}@{own}"] if host == own else [f"{local}@{own}"]


def load(path: Path) -> Redactions:
    """What the file names; nothing where there is no file. Raises ConfigError."""
    if not path.exists():
        # What looks like the file and is not would silently take nothing back.
        if path.is_symlink():
            raise ConfigError(f"{path}: leads to a file that is not there")
        if path.with_suffix(".yml").exists():
            raise ConfigError(f"{path.with_suffix('.yml')}: must be called {path.name}")
        return ()
    found = config.read_yaml(path, words=True)
    if found in (None, ""):
        return ()
    if not isinstance(found, list):
        raise ConfigError(f"{path}: must be a list of entries, such as '- {{person: eve, host: lemmy.ml, mode: hide}}'")
    entries: list[Redaction] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, item in enumerate(found, 1):
        entry = _entry(item, f"{path}: entry {number}")
        earlier = seen.setdefault((entry.kind, *entry.key), number)
        if earlier != number:
            raise ConfigError(
                f"{path}: entry {number} names the same {entry.kind} as entry {earlier}; keep one of them"
            )
        entries.append(entry)
    return tuple(entries)


def _entry(item: object, place: str) -> Redaction:
    try:
        entry = msgspec.convert(item, Redaction)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{place}: {_explain(str(error))}") from error
    named = [kind for kind in KINDS if getattr(entry, kind) is not None]
    if not named or (len(named) > 1 and named != ["comment", "post"]):
        raise ConfigError(f"{place}: must name one of {', '.join(KINDS)}, not {' and '.join(named) or 'nothing'}")
    for key in (*named, "host"):
        if getattr(entry, key) == "":
            raise ConfigError(f"{place}: {key}: is empty")
    if entry.mode == "anonymise" and entry.kind != "person":
        raise ConfigError(f"{place}: mode: anonymise is for people; allowed for a {entry.kind} are hide, purge")
    if entry.kind == "domain":
        if entry.host is not None:
            raise ConfigError(f"{place}: host: a domain has none")
        if any(sign in entry.key[0] for sign in "/:@ "):
            raise ConfigError(f"{place}: domain: must be a host alone, such as shop.example, not '{entry.domain}'")
        return entry
    if entry.host is None:
        raise ConfigError(f"{place}: host: is missing; name the site, such as lemmy.ml or www.reddit.com")
    name = entry.person or entry.community
    if name is not None and (name.startswith(_SIGILS) or not entry.key[0]):
        raise ConfigError(f"{place}: {entry.kind}: must be a name alone, such as eve or eve@lemmy.ml, not '{name}'")
    return entry


def _explain(message: str) -> str:
    """msgspec's words, with the key in front."""
    problem, _, place = message.partition(" - at `$.")
    if "enum value" in problem:
        return f"mode: {problem[:1].lower()}{problem[1:]}; allowed are {', '.join(get_args(Mode))}"
    if "unknown field" in problem:
        return f"{problem[:1].lower()}{problem[1:]}; the keys are {', '.join((*KINDS, 'host', 'mode'))}"
    if "missing required" in problem:
        return f"mode: is missing; allowed are {', '.join(get_args(Mode))}"
    key = place.strip("`")
    return f"{f'{key}: ' if key else ''}{problem[:1].lower()}{problem[1:]}"
