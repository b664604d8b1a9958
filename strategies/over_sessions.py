"""What strategies over sessions share: entering at the first row of a session, and leaving some sessions later.

A holding is sold at its stop on any row, when attention to it has faded (for those that ask), and a while before the
closing auction of the last session of its horizon; on any row when that moment was missed. It is not sold before the
close of other days.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import ClassVar

from domain.bars import DAY_S
from domain.config import ParamValue
from domain.krx import ticks
from domain.quotes import Quote
from domain.types import NANOS_PER_SECOND, Krw
from strategies.base import Argument, Day, Fill, Param, Scene, Strategy
from strategies.exits import Held, Rule, Stop, first_reason, sale, sellable


def holding_params(sessions: int) -> tuple[Param, ...]:
    """Declare what decides how long a holding lasts, `sessions` by default."""
    return (
        Param("hold_sessions", sessions, 1, 60, "sessions after that of the entry until it is closed"),
        Param("stop_ppm", 100_000, 1_000, 500_000, "loss on cost that is cut, ppm"),
        Param("sell_before_s", 600, 30, 23_400, "venue seconds before the closing auction when the last session sells"),
    )


class OverSessions(Strategy):
    """Base of long-only strategies that look at sessions and hold over several."""

    INTERVALS: ClassVar[tuple[int, ...]] = (DAY_S,)

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._real = {name: float(value) for name, value in self.params.items()}
        self._whole = {name: int(value) for name, value in self.params.items()}  # money is compared in whole numbers
        self._stop = Stop(self._whole["stop_ppm"])
        self._fading: tuple[Rule, ...] = ()  # of those whose holdings live by attention
        self._held: dict[str, Held] = {}
        self._sessions: dict[str, int] = {}  # symbol -> sessions begun since that of the first fill
        self._date: date | None = None

    def on_day(self, day: Day) -> None:
        """Count a session for every holding, once a date."""
        if self._date is not None and day.trading_date > self._date:
            self._sessions = {symbol: sessions + 1 for symbol, sessions in self._sessions.items()}
        self._date = day.trading_date

    def on_fill(self, fill: Fill, scene: Scene) -> None:
        """Begin to count at the first fill of a holding, stop at its end."""
        if not scene.quantity:
            self._held.pop(fill.symbol, None)
            self._sessions.pop(fill.symbol, None)
        elif fill.symbol not in self._held:
            held = self._held[fill.symbol] = Held()
            held.begin(fill.venue_time, scene)
            self._sessions[fill.symbol] = 0

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue for selling the holding when one of the exits is reached."""
        held, price = self._held.get(quote.symbol), sellable(quote)
        if held is None or price <= 0:
            return ()
        held.see(price)
        sessions = self._sessions[quote.symbol]
        # what was bought on today's attention is not sold on the same
        rules = (self._stop, *(self._fading if sessions else ()))
        reason = first_reason(rules, held, price, quote.venue_time, day, scene)
        reason = reason or self._time_reason(quote.venue_time, sessions, day)
        return (sale(quote, held, scene, day, reason, 0),) if reason else ()

    def entry_limit(self, scene: Scene, day: Day) -> Krw | None:
        """Give the limit price of an entry now, None when there is none to be had."""
        quote = scene.quote
        if quote is None or quote.ask_price <= 0 or scene.quantity or not scene.instrument.tradable:
            return None
        limit = ticks.round_up(quote.ask_price, scene.instrument.market, day.trading_date)
        upper = scene.instrument.upper_limit
        return limit if upper is None or limit < upper else None  # at the upper limit nobody sells

    def _time_reason(self, now: int, sessions: int, day: Day) -> str:
        """Say that the horizon is reached, or was missed; empty when it is not."""
        horizon = self._whole["hold_sessions"]
        last_moment = day.close_auction_time - self._whole["sell_before_s"] * NANOS_PER_SECOND
        is_over = sessions > horizon or (sessions == horizon and now >= last_moment)
        return f"time: held for {sessions} sessions" if is_over else ""
