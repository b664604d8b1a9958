"""Every word a person reads in a report, in English and Korean: sentences by key, names of codes by group.

A key is `part.what`; the names of codes are `group.code` (`target.win_rate`). Figures come into a sentence by name:
`{days:,}`. Both tables have the same keys.
"""

from collections.abc import Mapping
from datetime import date
from string import Formatter
from types import MappingProxyType

from domain.errors import ConfigError
from reports.words_codes_en import CODES as CODES_EN
from reports.words_codes_ko import CODES as CODES_KO
from reports.words_en import WORDS as WORDS_EN
from reports.words_ko import WORDS as WORDS_KO

TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": MappingProxyType({**WORDS_EN, **CODES_EN}),
        "ko": MappingProxyType({**WORDS_KO, **CODES_KO}),
    }
)
LANGUAGES = tuple(TABLES)


class Words:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        """Choose a language. Raises ConfigError when it is not one of `LANGUAGES`."""
        if lang not in TABLES:
            raise ConfigError(f"--lang expected one of {', '.join(LANGUAGES)}, was {lang!r}")
        self.lang = lang
        self._table = TABLES[lang]

    def __call__(self, key: str, **figures: object) -> str:
        """Give the sentence of a key with its figures filled in. Raises KeyError for a key that is not there."""
        return self._table[key].format(**figures)

    def name(self, group: str, code: str) -> str:
        """Give the name of a code; one that is not known stands for itself, so that nothing is hidden."""
        return self._table.get(f"{group}.{code}", code)

    def filled(self, key: str, figures: Mapping[str, str]) -> str:
        """Give a sentence with its figures; empty when there is none, or a figure that it asks for is missing."""
        sentence = self._table.get(key)
        if sentence is None or not _asked(sentence) <= figures.keys():
            return ""
        return sentence.format(**figures)

    def date(self, day: date) -> str:
        """Print a date with its day of the week: 2026-01-13 (Tue)."""
        return f"{day.isoformat()} ({self.name('weekday', str(day.isoweekday()))})"


def _asked(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
