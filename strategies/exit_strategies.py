"""Each exit rule as a strategy of its own: it watches every holding, whoever's entry led to it.

Parameters are ranges of the rule. `claim_s` is what the signal claims and is scored by: holding on for so long would
not have brought more. Holdings are kept over the night: their clock and their peak go on the next day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar

from domain.bars import DAY_S
from domain.config import ParamValue
from domain.quotes import Quote
from strategies.base import Argument, Day, Fill, Param, Scene, Searches, Sees, Strategy
from strategies.exits import (
    AttentionFading,
    BeforeClose,
    Held,
    Rule,
    Stop,
    Target,
    TimeLimit,
    Trailing,
    sale,
    sellable,
)

SESSION_S = 23_400  # 6.5 hours
CLAIM = Param("claim_s", 1_800, 0, SESSION_S, "venue seconds an exit claims for; 0: nothing, so it is not scored")


class ExitStrategy(Strategy):
    """One rule for every holding."""

    INTERVALS: ClassVar[tuple[int, ...]] = ()
    SEARCHES: ClassVar[Searches] = Searches.IGNORED
    SEES: ClassVar[Sees] = Sees.EVERY_HOLDING

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._rule = self.rule({name: float(value) for name, value in self.params.items()})
        self._claim_s = int(self.params["claim_s"])
        self._held: dict[str, Held] = {}

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Make the rule of the parameters."""
        raise NotImplementedError

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Begin with the first fill of a holding, end with the last; a booking without a price moves the peak."""
        if not scene.quantity:
            self._held.pop(fill.symbol, None)
        elif fill.symbol not in self._held:
            self._begin(fill.symbol, fill.venue_time, scene)
        elif fill.last_px is None:
            self._held[fill.symbol].peak = 0  # shares came or went by themselves, so prices are of another scale

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Forget the peak: prices are of another scale."""
        if symbol in self._held:
            self._held[symbol].peak = 0

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue for selling when the rule has a reason."""
        if not scene.quantity:
            return ()
        held = self._held.get(quote.symbol) or self._begin(quote.symbol, quote.venue_time, scene)
        price = sellable(quote)
        if price <= 0:
            return ()
        held.see(price)
        reason = self._rule.reason(held, price, quote.venue_time, day, scene)
        return (sale(quote, held, scene, day, reason, self._claim_s),) if reason else ()

    def _begin(self, symbol: str, at: int, scene: Scene) -> Held:
        held = self._held[symbol] = Held()
        held.begin(at, scene)
        return held


class ExitTarget(ExitStrategy):
    """Sell what gained enough."""

    NAME: ClassVar[str] = "exit_target"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("target_ppm", 30_000, 1_000, 900_000, "gain on cost that is taken, ppm", sweep=(15_000, 30_000, 60_000)),
        CLAIM,
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give a target."""
        return Target(int(values["target_ppm"]))


class ExitStop(ExitStrategy):
    """Sell what lost too much."""

    NAME: ClassVar[str] = "exit_stop"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("stop_ppm", 15_000, 1_000, 900_000, "loss on cost that is cut, ppm", sweep=(10_000, 15_000, 30_000)),
        CLAIM,
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give a stop."""
        return Stop(int(values["stop_ppm"]))


class ExitTrailing(ExitStrategy):
    """Sell what fell from its peak."""

    NAME: ClassVar[str] = "exit_trailing"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("trail_ppm", 15_000, 1_000, 900_000, "fall from the peak, ppm", sweep=(10_000, 15_000, 30_000)),
        CLAIM,
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give a trailing stop."""
        return Trailing(int(values["trail_ppm"]))


class ExitTime(ExitStrategy):
    """Sell what was held long enough."""

    NAME: ClassVar[str] = "exit_time"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param(
            "hold_s",
            3_600,
            60,
            30 * DAY_S,
            "longest holding, venue seconds, nights included",
            sweep=(1_800, 3_600, 7_200),
        ),
        CLAIM,
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give a time limit."""
        return TimeLimit(int(values["hold_s"]))


class ExitFading(ExitStrategy):
    """Sell what people stopped searching for."""

    NAME: ClassVar[str] = "exit_fading"
    SEARCHES: ClassVar[Searches] = Searches.OPTIONAL
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("high_z", 1.0, 0.1, 10.0, "robust z of attention at the entry from which on it can fade"),
        Param("fading_share", 0.5, 0.0, 1.0, "share of that z below which it has faded", sweep=(0.25, 0.5, 0.75)),
        CLAIM,
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give fading attention."""
        return AttentionFading(values["high_z"], values["fading_share"])


class ExitClose(ExitStrategy):
    """Sell everything before the closing auction."""

    NAME: ClassVar[str] = "exit_close"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("flat_before_s", 600, 30, SESSION_S, "venue seconds before the closing auction when holdings are sold"),
        replace(CLAIM, default=1_200),  # from then to the closing auction's price
    )

    @staticmethod
    def rule(values: Mapping[str, float]) -> Rule:
        """Give the end of the day."""
        return BeforeClose(int(values["flat_before_s"]))


EXITS: tuple[type[ExitStrategy], ...] = (ExitTarget, ExitStop, ExitTrailing, ExitTime, ExitFading, ExitClose)
