"""Buy what several price indicators speak for, and hold it about two weeks. Search attention is ignored.

This is the control of `attention_drift`: both ask the same of prices, so what one does better than the other is what
attention adds.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from domain.bars import DAY_S, Bar
from domain.config import ParamValue
from domain.indicators import FOR, UNKNOWN
from domain.indicators.agreement import agrees
from domain.indicators.confirmation import Confirmation, ConfirmationSettings, warm_up
from domain.messages.trading import SignalInput
from domain.types import Purpose, Side
from strategies.base import Argument, Day, Param, Scene, Searches
from strategies.over_sessions import OverSessions, holding_params

# Two weeks: Da, Engelberg, Gao 2011 find prices rising for two weeks after attention.
DRIFT_SESSIONS = 10
BASE_CONFIDENCE = 0.5  # no better than a coin: the literature promises a small effect at most
STEP_CONFIDENCE = 0.05  # for every indicator beyond the least


class PriceDrift(OverSessions):
    """Buy at the first row of a session what momentum and volume of the sessions before speak for; no searches.

    Long only, one entry a symbol at a time, decided on completed sessions.
    """

    NAME: ClassVar[str] = "price_drift"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("short_bars", 5, 1, 60, "sessions of the short momentum"),
        Param("short_min", 0.02, 0.0001, 0.5, "log return over them that speaks for an entry"),
        Param("long_bars", 20, 2, 250, "sessions of the long momentum; others than short_bars"),
        Param("long_min", 0.04, 0.0001, 1.0, "log return over them that speaks for an entry"),
        Param("volume_bars", 20, 5, 250, "sessions of normal volume"),
        Param("volume_min", 2.0, 0.1, 20.0, "robust standard deviations of log volume that speak for an entry"),
        Param("confirm_min", 2, 1, 3, "price indicators that must speak for an entry", sweep=(2, 3)),
        Param("against_max", 1, 0, 7, "price indicators that may speak against it"),
        *holding_params(DRIFT_SESSIONS),
    )
    SEARCHES: ClassVar[Searches] = Searches.IGNORED

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        whole, real = self._whole, self._real
        self._settings = ConfirmationSettings(
            momentum=((whole["short_bars"], real["short_min"]), (whole["long_bars"], real["long_min"])),
            volume_bars=whole["volume_bars"],
            volume_min=real["volume_min"],
        )
        self._panels: dict[str, Confirmation] = {}

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give the sessions its indicators need."""
        return {DAY_S: warm_up(self._settings)}

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Start cold for a symbol."""
        if interval_s == DAY_S:
            self._panels.pop(symbol, None)

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Fold the session; argue for an entry when enough indicators agree."""
        if bar.interval_s != DAY_S:
            return ()
        panel = self._panels.get(bar.symbol)
        if panel is None:
            panel = self._panels[bar.symbol] = Confirmation(self._settings)
        panel.add(bar)
        searched = self._searched(scene)
        limit = self.entry_limit(scene, day) if all(item.verdict == FOR for item in searched) else None
        if limit is None:
            return ()
        prices = panel.inputs(scene.quote, scene.instrument, day.trading_date)
        if agrees(prices, self._whole["confirm_min"], self._whole["against_max"]):
            return ()
        speaking = [item.name for item in prices if item.verdict == FOR]
        extra = len(speaking) - self._whole["confirm_min"]
        known = " and ".join((*(f"{item.name} {item.value:+.2f}" for item in searched), *speaking))
        return (
            Argument(
                symbol=bar.symbol,
                side=Side.BUY,
                purpose=Purpose.ENTRY,
                strength=min(1.0, len(speaking) / 3),
                confidence=BASE_CONFIDENCE + STEP_CONFIDENCE * (extra + self._surplus(scene)),
                horizon_s=0,
                limit_price=limit,
                attention=scene.attention.source if searched and scene.attention else UNKNOWN,
                inputs=(*searched, *prices),
                rationale=f"drift: {known} speak for it",
                horizon_sessions=self._whole["hold_sessions"],
                regime=panel.regime,
            ),
        )

    def _searched(self, scene: Scene) -> tuple[SignalInput, ...]:
        """Give what attention says; an entry needs all of it to speak for it. Nothing here."""
        return ()

    def _surplus(self, scene: Scene) -> int:
        """Give the steps of confidence that attention adds. None here."""
        return 0
