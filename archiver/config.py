"""Settings of a site: site.yaml and options, checked; every error names the file, the key and what is allowed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import yaml

from archiver.errors import ConfigError

YAML_ERRORS = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What PyYAML's safe loader raises for bad files: 2001-99-99, ``!!bool x`` and deep nesting are no YAMLError there."""

LONGEST = 1 << 20
"""Characters of a file of settings."""

_ADDRESS = re.compile(r"https?://[^/?#\s\"'<>]+(?:/[^?#\s\"'<>]*)?")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")

Order = Literal["hot", "top", "controversial", "new", "old", "captured"]
"""Those of sorts.COMMENT_ORDERS; a test keeps them equal."""


CATALOGUES = Path(__file__).parent / "locale"
SOURCE = "en"
"""The language that messages in the code are written in."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site is made with. The keys of site.yaml are these names with ``-`` or ``_``."""

    title: str | None = None
    """Name of the archive; unknown: made from what is in it."""
    description: str | None = None
    """A line or two below the title."""
    language: str = "en"
    """Of the words around the threads: en, or one of those in archiver/locale."""
    theme: str = "modern"
    """Name of a theme, or a folder that holds one."""
    base_url: str | None = None
    """Where the site will be served, for canonical links; everything works without."""
    root_host: str | None = None
    """The host whose pages live at the top of the site, so that its old addresses go on working."""
    orders: tuple[Order, ...] = get_args(Order)
    """The orders of comments to build, where the data has them."""
    default_order: Order = "hot"
    """The order readers see first, where a thread has it."""
    comments_per_page: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500
    """More would overwhelm screen readers."""
    whole_page_comments: Annotated[int, msgspec.Meta(ge=0)] = 5000
    """Threads of several pages and up to this many comments also get one page with all of them; 0: none do."""
    posts_per_page: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    people: bool = True
    """Make a page for everybody who wrote something."""


def languages() -> list[str]:
    """Languages that a site can be in: English, and those with a catalogue."""
    return sorted({SOURCE, *(path.stem for path in CATALOGUES.glob("*.po"))})


def check_language(language: str, place: str) -> None:
    """Raises ConfigError, which names the ``place``, for a language that a site cannot be in."""
    if language not in languages():
        raise ConfigError(f"{place}: no words for '{language}'; there are {', '.join(languages())}")


def seen_from(folder: Path, name: str) -> str:
    """The theme that a file in ``folder`` names: the path of a folder as seen from there, if it is one; else a name."""
    is_path = Path(name).name != name and (folder / name).is_dir()
    return str(folder / name) if is_path else name


def load(path: Path | None, options: dict[str, Any]) -> Settings:
    """Settings from site.yaml (None: no file), overridden by the options that are not None. Raises ConfigError."""
    found = _read(path) if path else {}
    given = {key: value for key, value in options.items() if value is not None}
    where = {key: str(path) for key in found} | {key: f"--{key.replace('_', '-')}" for key in given}
    settings = found | given
    try:
        checked = msgspec.convert(settings, Settings)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error), where, path)) from error
    if not checked.orders:
        raise ConfigError(f"{where['orders']}: orders: none is named; allowed are {', '.join(get_args(Order))}")
    if checked.default_order not in checked.orders:
        if "default_order" in settings:
            allowed = ", ".join(checked.orders)
            raise ConfigError(
                f"{where['default_order']}: default_order: '{checked.default_order}' is not among orders ({allowed})"
            )
        checked = msgspec.structs.replace(checked, default_order=checked.orders[0])
    _check_values(checked, where)
    if path and where.get("theme") == str(path):
        checked = msgspec.structs.replace(checked, theme=seen_from(path.parent, checked.theme))
    return checked


def _check_values(settings: Settings, where: dict[str, str]) -> None:
    language, base_url, root_host = settings.language, settings.base_url, settings.root_host
    if "language" in where:
        check_language(language, f"{where['language']}: language")
    if base_url is not None and not _ADDRESS.fullmatch(base_url):
        allowed = "an address such as https://example.org/archive"
        raise ConfigError(f"{where['base_url']}: base_url must be {allowed}, not '{base_url}'")
    if root_host is not None and not _HOST.fullmatch(root_host):
        allowed = "a host alone in small letters, such as lemmy.ml"
        raise ConfigError(f"{where['root_host']}: root_host must be {allowed}, not '{root_host}'")


_HALVES = re.compile("[\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """YAML without aliases: a few lines of them can stand for more than fits into memory."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """A key that stands there twice would hide what the first one says."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.composer.ComposerError(None, None, f"'{key.value}' stands there twice", key.start_mark)
            seen.add(key.value)
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        """A text without halves of characters, which no file can hold."""
        text: str = super().construct_scalar(node)
        if _HALVES.search(text):
            raise yaml.constructor.ConstructorError(None, None, "holds half a character", node.start_mark)
        return text


class _WordsLoader(_Loader):
    """Takes every word as it is written: people may be called ``no``, ``0x1f`` or ``2001-01-01``."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as the class above declares it


def read_yaml(path: Path, *, words: bool = False) -> Any:
    """What a small file of YAML holds; ``words``: every value is a text. Raises ConfigError."""
    try:
        with path.open(encoding="utf-8") as stream:
            text = stream.read(LONGEST + 1)
        if len(text) > LONGEST:
            raise ConfigError(f"{path}: longer than {LONGEST:,} characters; settings are a few lines")
        return yaml.load(text, _WordsLoader if words else _Loader)  # noqa: S506  both are SafeLoaders
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except YAML_ERRORS as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error


def _read(path: Path) -> dict[str, Any]:
    found = read_yaml(path)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: must hold 'key: value' lines; the keys are {_keys()}")
    settings = {str(key).replace("-", "_"): value for key, value in found.items()}
    if len(settings) < len(found):
        raise ConfigError(f"{path}: a key stands there twice, once with - and once with _")
    return settings


def _explain(message: str, where: dict[str, str], path: Path | None) -> str:
    """msgspec's words, with the file and the key in front: ``Expected `int` … - at `$.posts_per_page```."""
    problem, _, place = message.partition(" - at `$.")
    key = place.strip("`").partition("[")[0]
    if key:
        allowed = f"; allowed are {', '.join(get_args(Order))}" if "order" in key else ""
        return f"{where.get(key, path)}: {key}: {problem[:1].lower()}{problem[1:]}{allowed}"
    return f"{path}: {problem[:1].lower()}{problem[1:]}; the keys are {_keys()}"


def _keys() -> str:
    return ", ".join(Settings.__struct_fields__)
