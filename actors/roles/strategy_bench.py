"""The strategies of a run, each on its own: what one raises benches it and nobody else."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from itertools import islice
from typing import Any

from actors.core.state import unkept
from domain.config import StrategyConfig
from domain.described import PASSES, described, described_item
from strategies.base import Argument, Sees, Strategy
from strategies.registry import build

MOST_ARGUMENTS = 10_000  # of one call; more is a loop without end


class StrategyBench:
    """Strategies by name, in the order of the configuration, and who is benched."""

    __slots__ = ("benched", "configs", "failures", "strategies")

    def __init__(self) -> None:
        """Start without strategies."""
        self.configs: dict[str, StrategyConfig] = {}
        self.strategies: dict[str, Strategy] = {}  # one that cannot be made is missing here, and benched
        self.benched: dict[str, str] = {}  # name -> what it raised
        self.failures: dict[str, str] = {}  # the same until it is told: what follows comes in between

    def configure(self, configs: Iterable[StrategyConfig], known: Mapping[str, type[Strategy]]) -> tuple[str, ...]:
        """Take a run's strategies; give the names of those that are fresh.

        What is configured as before keeps its state, a benched strategy starts anew.
        """
        before, wanted = self.configs, {config.name: config for config in configs}
        kept = {name for name in self.strategies if before[name] == wanted.get(name)} - self.benched.keys()
        old, self.configs, self.strategies, self.benched, self.failures = self.strategies, wanted, {}, {}, {}
        for name, config in wanted.items():
            made = old[name] if name in kept else self._made(config, known)
            if made is not None:
                self.strategies[name] = made
        return tuple(name for name in self.strategies if name not in kept)

    def _made(self, config: StrategyConfig, known: Mapping[str, type[Strategy]]) -> Strategy | None:
        # A start refuses a configuration that is at fault before it gets here. What is read back from a log may name a
        # distribution that was removed since: that strategy is left out, and the rest of the log stays readable.
        try:
            return build(config, known)
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001  # somebody else's code
            self.bench(config.name, described(error))
            return None

    def names(self) -> tuple[str, ...]:
        """Give who is not benched, in the order of the configuration."""
        return tuple(name for name in self.strategies if name not in self.benched)

    def sees(self, name: str, symbol: str) -> bool:
        """Tell whether the configuration lets a strategy see a symbol."""
        wanted = self.configs[name].symbols
        return not wanted or symbol in wanted

    def exits(self) -> tuple[str, ...]:
        """Give the exit strategies that are not benched: those that see every holding."""
        return tuple(name for name in self.names() if self.strategies[name].SEES is Sees.EVERY_HOLDING)

    def overriding(self, hook: str) -> tuple[str, ...]:
        """Give whose class does something in a hook, by its name."""
        return tuple(name for name in self.names() if getattr(type(self.strategies[name]), hook) is not _BASE[hook])

    def call(self, name: str, hook: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
        """Call a hook of a strategy that is not benched; bench it when it raises.

        Whatever it raises: a plug-in that calls exit() must not end the trader, nor asyncio's CancelledError.
        """
        if name in self.benched:
            return ()
        try:
            found = hook(*args)
            if found is None or found == ():
                return ()
            made = tuple(islice(found, MOST_ARGUMENTS + 1))  # a generator runs here, too
        except PASSES:
            raise
        except BaseException as error:  # noqa: BLE001  # somebody else's code
            self.bench(name, described(error))
            return ()
        if len(made) > MOST_ARGUMENTS:
            self.bench(name, f"gave more than {MOST_ARGUMENTS:,} arguments at once")
            return ()
        return made

    def argue(self, name: str, symbols: Collection[str], hook: Callable[..., Any], *args: Any) -> tuple[Any, ...]:
        """Call a hook and give what it argues for; bench it when that is not an argument about one of these symbols."""
        found = self.call(name, hook, *args)
        if not found:
            return found
        wrong = [item for item in found if not isinstance(item, Argument)]
        # Made anew: what is no Argument in itself, or was changed since, is found out here, and hurts nobody else.
        made = self.call(name, map, _again, found) if not wrong else ()
        wrong += [item for item in made if item.symbol not in symbols]
        if wrong:
            about = next(iter(symbols)) if len(symbols) == 1 else "symbols it sees"
            self.bench(name, f"expected arguments about {about}, gave {described_item(wrong[0])}")
            return ()
        return made

    def warm_up(self, name: str) -> dict[int, int]:
        """Give the bars a strategy needs before it argues for an entry; none when it cannot say."""
        try:
            return dict(self.strategies[name].warm_up)
        except PASSES:
            raise
        except BaseException:  # noqa: BLE001  # somebody else's code
            return {}

    def check_state(self, name: str) -> None:
        """Bench a plug-in that keeps what no snapshot could."""
        if name not in self.benched and (problem := unkept(self.strategies[name])):
            self.bench(name, problem)

    def bench(self, name: str, error: str) -> None:
        """Leave a strategy out from now on. One whose state nothing can keep is made anew: the others need the log."""
        self.benched[name] = self.failures[name] = error
        old = self.strategies.get(name)
        if old is not None and unkept(old):
            self.strategies[name] = build(self.configs[name], {name: type(old)})

    def told(self, name: str, error: str) -> None:
        """Take in that a strategy was said to be benched."""
        self.benched[name] = error
        self.failures.pop(name, None)


_ARGUMENT = tuple(field.name for field in fields(Argument))
_BASE: Mapping[str, Any] = {"on_clock": Strategy.on_clock, "on_reset": Strategy.on_reset}


def _again(item: Argument) -> Argument:
    return Argument(*(getattr(item, name) for name in _ARGUMENT))
