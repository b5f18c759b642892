"""The words of the site in its reader's language: gettext catalogues, plurals, dates and numbers by locale.

Catalogues lie in ``locale/LANGUAGE.po``; what they do not translate stays English.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Iterable
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from archiver.config import CATALOGUES, SOURCE, check_language
from archiver.errors import ConfigError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
"""Microseconds."""
_MINUTE = 60_000_000
_SECONDS = [f":{second:02}Z" for second in range(60)]
_LATEST = 253_402_300_799_999_999
_EARLIEST = -62_135_596_800_000_000
"""Calendars here know the years 1 to 9999; hostile dumps know more."""


class Words:
    """Everything that reads differently in another language."""

    def __init__(self, language: str = SOURCE) -> None:
        """Raises ConfigError for a language without a catalogue."""
        check_language(language, "language")
        self.language = language
        self._locale = _locale(language)
        self.direction = self._locale.text_direction
        """ "ltr" or "rtl"."""
        self.translations = _translations(language)
        self._both = str(get_datetime_format("medium", self._locale)).replace("'", "")
        """Where the day ("{1}") and the time ("{0}") stand."""
        self._percents = copy(self._locale.percent_formats[None])
        self._percents.frac_prec = (0, 1)
        # Threads hold the same days and numbers over and over.
        self._day = lru_cache(4096)(self._day_of)
        self._around_time = lru_cache(4096)(self._around_time_of)
        self._minute = lru_cache(1440)(self._minute_of)
        self.number = lru_cache(4096)(self._number_of)
        self.percent = lru_cache(1024)(self._percent_of)
        self._counted = lru_cache(8192)(self._counted_of)
        self.points = self.counter("%(num)s point", "%(num)s points")
        self.replies = self.counter("%(num)s reply", "%(num)s replies")

    def gettext(self, message: str) -> str:
        """A message in this language."""
        return self.translations.gettext(message)

    def ngettext(self, one: str, many: str, count: int, **more: str) -> str:
        """A message about ``count`` things, which ``%(num)s`` stands for: "1 reply", "2 replies"."""
        if not more:
            return self._counted(one, many, count)
        return self.translations.ngettext(one, many, count) % {"num": self.number(count), **more}

    def counter(self, one: str, many: str) -> Callable[[int], str]:
        """``ngettext`` of one message, for what is counted all the time: counter(2) is "2 replies"."""
        return lru_cache(4096)(partial(self._counted_of, one, many))

    def _percent_of(self, share: float) -> str:
        """0.969 as "96.9%"."""
        return str(self._percents.apply(share, self._locale))

    def day(self, microseconds: int) -> tuple[str, str]:
        """The day of an instant since 1970, for machines and for people."""
        return self._day(max(_EARLIEST, min(microseconds, _LATEST)) // _DAY)

    def instant(self, microseconds: int) -> tuple[str, str]:
        """An instant in UTC, for machines to the second and for people to the minute."""
        if not _EARLIEST <= microseconds <= _LATEST:
            microseconds = max(_EARLIEST, min(microseconds, _LATEST))
        minutes, rest = divmod(microseconds, _MINUTE)
        day, minute = divmod(minutes, 1440)
        machine, before, after = self._around_time(day)
        minute_machine, minute_text = self._minute(minute)
        return f"{machine}{minute_machine}{_SECONDS[rest // 1_000_000]}", f"{before}{minute_text}{after}"

    def listed(self, things: Iterable[str]) -> str:
        """Things in one sentence: "1 post and 2 comments"."""
        return str(format_list(list(things), locale=self._locale))

    def _day_of(self, day: int) -> tuple[str, str]:
        """A day since 1970, for machines and for people."""
        at = _EPOCH + timedelta(days=day)
        pattern = "d MMM y" if self.language == SOURCE else "medium"
        return f"{at.year:04}-{at.month:02}-{at.day:02}", str(format_date(at, pattern, locale=self._locale))

    def _around_time_of(self, day: int) -> tuple[str, str, str]:
        """What a day since 1970 puts before a time for machines, and before and after one for people."""
        machine, text = self._day(day)
        before, after = self._both.split("{0}")
        return f"{machine}T", before.replace("{1}", text), after.replace("{1}", text)

    def _minute_of(self, minute: int) -> tuple[str, str]:
        """A minute of a day, for machines and for people."""
        at = _EPOCH + timedelta(minutes=minute)
        pattern = "HH:mm" if self.language == SOURCE else "short"
        text = str(format_time(at, pattern, tzinfo=UTC, locale=self._locale))
        return f"{at.hour:02}:{at.minute:02}", text

    def _counted_of(self, one: str, many: str, count: int) -> str:
        return self.translations.ngettext(one, many, count) % {"num": self.number(count)}

    def _number_of(self, number: int) -> str:
        return str(format_decimal(number, locale=self._locale))


def missing(language: str) -> list[str]:
    """Messages that a language does not translate, so that they appear in English."""
    if language == SOURCE:
        return []
    catalog = _catalog(language)
    return [_first(message.id) for message in catalog if message.id and not _is_whole(message.string)]


def _first(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _is_whole(text: object) -> bool:
    return all(text) if isinstance(text, tuple | list) else bool(text)


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language)
    except (ValueError, UnknownLocaleError) as error:
        raise ConfigError(f"language: '{language}' is no language that Babel knows") from error


def _catalog(language: str) -> Catalog:
    path = CATALOGUES / f"{language}.po"
    try:
        with path.open("rb") as lines:
            return read_po(lines, locale=language, abort_invalid=True)
    except (OSError, PoFileError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _translations(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, _catalog(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
