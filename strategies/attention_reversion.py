"""Buy the rebound of what was searched for far more than usual, fell hard since, and is being forgotten.

The other half of Da, Engelberg, Gao (Journal of Finance 2011): what attention drove too far comes back. They find the
reversal within a year for prices that rose; here the fall after the spike is what is expected to be partly undone,
within a week. Ban, Kim, Cheon 2016 find no long-run reversal in Korea: no profit is promised.
"""

import math
from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple

from domain.bars import DAY_S, Bar
from domain.config import ParamValue
from domain.indicators import AGAINST, FOR, NEUTRAL, UNKNOWN
from domain.indicators.confirmation import Confirmation, ConfirmationSettings, warm_up
from domain.messages.trading import SignalInput
from domain.types import Purpose, Side
from strategies.base import Argument, Day, Param, Scene, Searches
from strategies.exits import attention_of
from strategies.over_sessions import OverSessions, holding_params

REBOUND_SESSIONS = 5
ROOM = ("vi_distance", "limit_distance", "spread", "volatility_regime")  # of the price indicators: momentum is against
CONFIDENCE = 0.55
DEEP = 1.5  # times the least fall that adds confidence
DEEP_CONFIDENCE = 0.6


class Seen(NamedTuple):
    """One session of a symbol."""

    z: float | None  # attention known at the session after it
    close: int  # KRW


class AttentionReversion(OverSessions):
    """Buy at the first row of a session what was searched far more than usual, fell hard since, and turns up.

    Long only, one entry a symbol at a time, decided on completed sessions.
    """

    NAME: ClassVar[str] = "attention_reversion"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("spike_min", 3.0, 0.1, 20.0, "robust z of abnormal searches that is a spike", sweep=(2.0, 3.0)),
        Param("spike_sessions", 10, 1, 60, "sessions back in which the spike is looked for"),
        Param("fall_min", 0.08, 0.001, 1.0, "fall of the close since the spike, log units", sweep=(0.05, 0.08)),
        Param("fading_z", 1.0, -10.0, 10.0, "z at or below which attention is fading"),
        *holding_params(REBOUND_SESSIONS),
    )
    SEARCHES: ClassVar[Searches] = Searches.REQUIRED

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._settings = ConfirmationSettings()
        self._panels: dict[str, Confirmation] = {}
        self._seen: dict[str, list[Seen]] = {}  # newest last, no more than are looked back

    @property
    def warm_up(self) -> Mapping[int, int]:
        """Give the sessions that regime and look-back need."""
        return {DAY_S: max(warm_up(self._settings), self._whole["spike_sessions"] + 1)}

    def on_reset(self, symbol: str, interval_s: int) -> None:
        """Start cold for a symbol."""
        if interval_s == DAY_S:
            self._panels.pop(symbol, None)
            self._seen.pop(symbol, None)

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Fold the session; argue for an entry when a spike is over, the price fell since and turns."""
        if bar.interval_s != DAY_S:
            return ()
        panel = self._panels.get(bar.symbol)
        if panel is None:
            panel = self._panels[bar.symbol] = Confirmation(self._settings)
        panel.add(bar)
        # In a history attention is not that of the bar's day, so it counts as unknown.
        z = attention_of(scene)[0] if scene.quote is not None else None
        seen = self._seen.setdefault(bar.symbol, [])
        seen.append(Seen(z, bar.close))
        del seen[: -self._whole["spike_sessions"] - 1]
        inputs = self._said(seen)
        limit = self.entry_limit(scene, day)
        if limit is None or any(item.verdict != FOR for item in inputs):
            return ()
        prices = panel.inputs(scene.quote, scene.instrument, day.trading_date)
        room = tuple(item for item in prices if item.name in ROOM)
        if any(item.verdict == AGAINST and item.name != "volatility_regime" for item in room):
            return ()
        fall = -(inputs[1].value or 0.0)
        return (
            Argument(
                symbol=bar.symbol,
                side=Side.BUY,
                purpose=Purpose.ENTRY,
                strength=min(1.0, fall / (2 * self._real["fall_min"])),
                confidence=DEEP_CONFIDENCE if fall >= DEEP * self._real["fall_min"] else CONFIDENCE,
                horizon_s=0,
                limit_price=limit,
                attention=scene.attention.source if scene.attention else UNKNOWN,
                inputs=(*inputs, *room),
                rationale=f"reversion: attention peaked at z {inputs[0].value:+.2f}, is {z:+.2f} now; the close is "
                f"{-fall:+.1%} (log) from that day's and turned up",
                horizon_sessions=self._whole["hold_sessions"],
                regime=panel.regime,
            ),
        )

    def _said(self, seen: list[Seen]) -> tuple[SignalInput, SignalInput, SignalInput, SignalInput]:
        """Say what spike, fall, fading and turn speak for; everything is unknown where attention is."""
        real, now, earlier = self._real, seen[-1], seen[:-1]
        known = [(one.z, at) for at, one in enumerate(earlier) if one.z is not None]
        peak, at = max(known, default=(None, 0))
        spiked = peak is not None and peak >= real["spike_min"]
        fall = math.log(now.close / earlier[at].close) if spiked else None
        turn = math.log(now.close / earlier[-1].close) if earlier else None
        return (
            _input("spike", peak, spiked),
            _input("fall_since", fall, fall is not None and fall <= -real["fall_min"]),
            _input("fading", now.z, now.z is not None and now.z <= real["fading_z"]),
            _input("turn", turn, turn is not None and turn > 0),
        )


def _input(name: str, value: float | None, speaks_for: bool) -> SignalInput:
    return SignalInput(name, value, UNKNOWN if value is None else FOR if speaks_for else NEUTRAL)
