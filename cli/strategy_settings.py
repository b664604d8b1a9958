"""The tables `[strategies.NAME]` of settings: parameters by name, and `symbols` it sees; checked and made whole."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from actors.plugins import configured
from cli.names import labelled, symbol_of
from domain.config import ParamValue, StrategyConfig
from domain.errors import ConfigError

SYMBOLS = "symbols"
Tables = dict[str, dict[str, Any]]


def check(tables: Tables) -> Tables:
    """Give the tables back. Raises ConfigError naming strategy, parameter, value and what is allowed."""
    configs(tables)
    return tables


def configs(tables: Mapping[str, Mapping[str, Any]], watched: Collection[str] = ()) -> tuple[StrategyConfig, ...]:
    """Give what a run is configured with, every parameter named; `watched` empty means everything is.

    Raises ConfigError as `check` does, and when a strategy is to see a symbol that is not watched.
    """
    found = tuple(configured(name, *parts(name, table)) for name, table in tables.items())
    for config in found:
        unseen = [symbol for symbol in config.symbols if watched and symbol not in watched]
        if unseen:
            raise ConfigError(
                f"strategy {config.name} {SYMBOLS} expected instruments of the watch list, was {labelled(unseen[0])}"
            )
    return found


def parts(name: str, table: Mapping[str, Any]) -> tuple[dict[str, ParamValue], tuple[str, ...]]:
    """Give parameters and symbols of one table. Raises ConfigError for symbols that are none."""
    given = table.get(SYMBOLS, [])
    if not isinstance(given, list | tuple) or not all(isinstance(item, str) for item in given):
        raise ConfigError(f"strategy {name} {SYMBOLS} expected a list of codes or Korean names, was {given!r}")
    return {key: value for key, value in table.items() if key != SYMBOLS}, _codes(name, given)


def _codes(name: str, texts: Iterable[str]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(symbol_of(text.strip()) for text in texts))
    except ConfigError as error:
        raise ConfigError(f"strategy {name} {SYMBOLS}: {error}") from None
