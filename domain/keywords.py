"""The words whose searches stand for an instrument.

A source adds up the searches of every word of a set, so a word that means other things too drowns the rest. Such a word
is ambiguous: it is asked only together with each qualifier ("시리즈" with "옷" is asked as "시리즈 옷"). Another word
makes another series, so a set has a version, and words that change want a new one.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.config import KeywordSet
from domain.errors import ConfigError

MOST_WORDS = 20  # of one group. Source: Naver DataLab, keywordGroups[].keywords, 1 to 20 (facts read 2026-11-22)
MOST_LETTERS = 100  # of one word: ours, a longer one is a mistake
SUGGESTED = 0  # version of words nobody chose; those of a person begin at 1


@dataclass(frozen=True, slots=True)
class KeywordFields:
    """What a person says about one instrument, as in watchlist.toml."""

    symbol: str
    version: int = 1
    names: tuple[str, ...] = ()  # of the company and its brands
    synonyms: tuple[str, ...] = ()  # other spellings, abbreviations
    keywords: tuple[str, ...] = ()  # asked literally, whatever else is said
    ambiguous: tuple[str, ...] = ()  # asked only together with each qualifier, also when listed above
    qualifiers: tuple[str, ...] = ()

    def resolved(self) -> KeywordSet:
        """Give the words asked: names, synonyms, keywords, then each ambiguous word with each qualifier.

        Trimmed, in the order they are listed; of words that differ in blanks or capitals only the first. None at all is
        a set without words, which no source is asked for. Raises ConfigError naming instrument, field, value and what
        is allowed.
        """
        lists = {name: self._tidy(name) for name in ("names", "synonyms", "keywords", "ambiguous", "qualifiers")}
        ambiguous, qualifiers = lists["ambiguous"], lists["qualifiers"]
        if ambiguous and not qualifiers:
            raise self._refused(
                "qualifiers", self.qualifiers, f'at least one for ambiguous {_listed(ambiguous)}, "주가"'
            )
        if qualifiers and not ambiguous:
            raise self._refused("ambiguous", self.ambiguous, f"at least one word that {_listed(qualifiers)} qualify")
        unclear = {alike(word) for word in ambiguous}
        both = [word for word in lists["keywords"] if alike(word) in unclear]
        if both:
            raise self._refused("keywords", both[0], "a word that is not ambiguous, too: it is asked by itself")
        alone = [*lists["names"], *lists["synonyms"], *lists["keywords"]]
        qualified = [f"{word} {qualifier}" for word in ambiguous for qualifier in qualifiers]
        clear = [word for word in alone if alike(word) not in unclear]
        first: dict[str, str] = {}
        for word in [*clear, *qualified]:
            first.setdefault(alike(word), word)
        words = tuple(first.values())
        if len(words) > MOST_WORDS:
            raise self._refused("words", len(words), f"at most {MOST_WORDS} ({len(qualified)} come from qualifiers)")
        return KeywordSet(self.symbol, self.version, words)

    def _tidy(self, name: str) -> list[str]:
        """Give one list with every word in its usual form. Raises ConfigError."""
        given: Sequence[str] = getattr(self, name)
        found = []
        for word in given:
            tidy = tidy_word(word)
            if not tidy:
                raise self._refused(name, word, "a word that is not empty")
            if len(tidy) > MOST_LETTERS or any(unicodedata.category(letter) == "Cc" for letter in tidy):
                raise self._refused(name, word, f"a word of at most {MOST_LETTERS} letters without control characters")
            found.append(tidy)
        return found

    def _refused(self, name: str, value: object, allowed: str) -> ConfigError:
        return ConfigError(f"{self.symbol} {name} expected {allowed}, was {'none' if value == () else repr(value)}")


def tidy_word(word: str) -> str:
    """Give a word without blanks around it, single ones inside, letters composed (한 is one letter, not three)."""
    return " ".join(unicodedata.normalize("NFC", word).split())


def alike(word: str) -> str:
    """Give a form in which words are compared: search does not tell blanks and capitals apart."""
    return "".join(unicodedata.normalize("NFC", word).casefold().split())


def changed_words(known: Iterable[str], words: Iterable[str]) -> str:
    """Say which words came and went; empty when they are the same, in whatever order: a source adds them up."""
    before, now = list(known), list(words)
    came = [f"+{word}" for word in now if word not in before]
    went = [f"-{word}" for word in before if word not in now]
    return ", ".join([*came, *went])


def check_versions(known: Mapping[tuple[str, int], Sequence[str]], sets: Iterable[KeywordSet]) -> None:
    """Refuse words that changed under a version that was used already.

    `known` are the words of each (symbol, version) that series were fetched with. Raises ConfigError with the remedy.
    """
    for one in sets:
        before = known.get((one.symbol, one.version))
        change = changed_words(before, one.keywords) if before is not None else ""
        if change:
            newest = max(version for symbol, version in known if symbol == one.symbol)
            raise ConfigError(
                f"{one.symbol} version = {one.version}: its words changed ({change}), so its searches mean something "
                f"else; raise version to {newest + 1} in watchlist.toml"
            )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(repr(word) for word in words)
