"""`watchlist.toml`: the instruments the trader watches, and the words whose searches stand for each."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from cli.names import labelled, symbol_of
from cli.section import Section
from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.keywords import MOST_WORDS, KeywordFields


def _symbol(value: object) -> str:
    """Give the code of a code or Korean name."""
    if not isinstance(value, str):
        raise ValueError('a code in quotes or a Korean name is expected, for example "120110"')
    try:
        return symbol_of(value.strip())
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("symbol ")) from None


Words = Annotated[tuple[str, ...], Field(max_length=MOST_WORDS)]


class WatchedInstrument(Section):
    """One instrument of the watch list."""

    symbol: Annotated[str, BeforeValidator(_symbol)]
    names: Words = ()
    synonyms: Words = ()
    ambiguous: Words = ()
    qualifiers: Words = ()
    keywords: Words = ()
    version: Annotated[int, Field(ge=1, le=1_000_000)] = 1

    @model_validator(mode="after")
    def _words(self) -> "WatchedInstrument":
        try:
            self.keyword_set()
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self

    def keyword_set(self) -> KeywordSet:
        """Give the words asked for it, none when it has none. Raises ConfigError."""
        fields = (self.names, self.synonyms, self.keywords, self.ambiguous, self.qualifiers)
        return KeywordFields(self.symbol, self.version, *fields).resolved()


class Watchlist(Section):
    """The watch list; empty means every instrument the quotes broker serves."""

    instrument: tuple[WatchedInstrument, ...] = ()

    @field_validator("instrument")
    @classmethod
    def _once(cls, items: tuple[WatchedInstrument, ...]) -> tuple[WatchedInstrument, ...]:
        symbols = [item.symbol for item in items]
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(labelled, twice))} is listed twice")
        return items


def keyword_sets(items: Iterable[WatchedInstrument]) -> tuple[KeywordSet, ...]:
    """Give the sets of those that have words."""
    found = (item.keyword_set() for item in items)
    return tuple(one for one in found if one.keywords)
