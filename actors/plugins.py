"""Strategies by name: those built in, and those that installed distributions plug in (docs/strategies.md).

A plug-in is imported and checked when it is first named. One that is broken stops nothing else: it is refused when it
is named, in one line with its distribution and what it raised.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from actors import entry_points
from actors.core.state import check_plain
from actors.entry_points import Offered
from domain.config import ParamValue, StrategyConfig
from domain.errors import ConfigError
from hantrade import __version__
from strategies.base import Strategy
from strategies.contract import checked, first_line
from strategies.params import read_all, resolve
from strategies.registry import STRATEGIES, build

OURS = f"hantrade {__version__}"


class _Known(Mapping[str, type[Strategy]]):
    """Built-ins first, then plug-ins by name; to look one up may import it and raise ConfigError."""

    def __getitem__(self, name: str) -> type[Strategy]:
        """Give the class. Raises KeyError for no such name, ConfigError for a plug-in that is broken."""
        return STRATEGIES[name] if name in STRATEGIES else _loaded(_plugged(name))

    def __contains__(self, name: object) -> bool:
        """Tell whether there is one of the name, broken or not."""
        return name in STRATEGIES or any(one.name == name for one in entry_points.offered())

    def __iter__(self) -> Iterator[str]:
        """Give every name once."""
        yield from STRATEGIES
        yield from dict.fromkeys(one.name for one in entry_points.offered() if one.name not in STRATEGIES)

    def __len__(self) -> int:
        """Give how many names there are."""
        return sum(1 for _ in self)


_KNOWN = _Known()


def known_strategies() -> Mapping[str, type[Strategy]]:
    """Give the strategies a configuration may name; looking up a broken plug-in raises ConfigError."""
    return _KNOWN


def code_of(name: str) -> str:
    """Give distribution and version of a strategy's code, e.g. "hantrade 0.6.0". Raises KeyError for no such name."""
    return OURS if name in STRATEGIES else _plugged(name)[0].code


def shadowed() -> tuple[Offered, ...]:
    """Give the plug-ins that cannot be named because a built-in strategy has their name."""
    return tuple(one for one in entry_points.offered() if one.name in STRATEGIES)


def configured(name: str, given: Mapping[str, ParamValue], symbols: tuple[str, ...] = ()) -> StrategyConfig:
    """Give the configuration of a run: every parameter named, texts read, and whose code it is.

    Raises ConfigError naming the strategy, the parameter, the value and what is allowed.
    """
    if name not in _KNOWN:
        build(StrategyConfig(name), _KNOWN)  # raises, naming those that are known
    kind = _KNOWN[name]
    config = StrategyConfig(name, resolve(name, kind.PARAMS, read_all(kind.PARAMS, given)), symbols, code_of(name))
    try:
        build(config, _KNOWN)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  # somebody else's __init__
        raise ConfigError(f"strategy {name} ({config.code}) with {config.params}: {first_line(error)}") from None
    return config


def forget() -> None:
    """Look again the next time: for a process in which distributions come and go."""
    entry_points.forget()
    _loaded.cache_clear()


def _plugged(name: str) -> tuple[Offered, ...]:
    found = tuple(one for one in entry_points.offered() if one.name == name)
    if not found:
        raise KeyError(name)
    return found


@cache
def _loaded(found: tuple[Offered, ...]) -> type[Strategy]:
    """Import a plug-in and check it. Raises ConfigError; a failure is not remembered, an import is."""
    one = found[0]
    if len(found) > 1:
        whose = " and ".join(other.code for other in found)
        raise ConfigError(f"strategy {one.name} is offered by {whose}: remove all but one")
    try:
        if one.root not in entry_points.roots():
            raise ConfigError(f"entry point expected MODULE:CLASS of a package of its own, was {one.point.value!r}")
        kind = checked(one.point.load(), one.name)
        check_plain(kind({}), "its state")
    except ConfigError as error:
        raise ConfigError(f"strategy {one.name} of {one.code} cannot be used: {error}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # importing runs somebody else's code
        raise ConfigError(f"strategy {one.name} of {one.code} cannot be used: {first_line(error)}") from None
    return kind
