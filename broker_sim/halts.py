"""What stands still: issues by volatility interruptions, told from prints; markets by circuit breakers, told from an
index.

Interruptions are inferred, where the configuration asks for it, because few feeds tell of them. *The feed wins*: a
print of continuous trading before the nominal end means that the recorded market was not interrupted, so the
interruption is left, and counted, and further ones of the issue are no news until an auction of it prints: a price that
is far off stays so, print by print. Whether an issue belongs to KOSPI200 no feed tells: all are judged by the wider
percentages of the others. The rules themselves are in `domain.krx.brakes` and `domain.krx.circuit_breaker`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from broker.port import VolatilityInterruption
from broker_sim.venue_day import VenueDay
from domain.errors import InvariantError
from domain.instruments import Instrument
from domain.krx.brakes import (
    VOLATILITY_RATES,
    Interruption,
    InterruptionKind,
    VolatilityGroup,
    on_trade,
    volatility_of_day,
)
from domain.krx.circuit_breaker import BreakerState, MarketHalt, breaker_of_day, is_halted, is_in_auction, on_index
from domain.krx.order_phases import OrderPhase
from domain.quotes import Quote
from domain.types import Krw, Market, UnixNanos, Venue

LEAST_DYNAMIC: Final = min(rate.dynamic_percent for rate in VOLATILITY_RATES if rate.dynamic_percent)
LEAST_STATIC: Final = min(rate.static_percent for rate in VOLATILITY_RATES if rate.static_percent)
INTERRUPTIBLE: Final = frozenset({OrderPhase.CONTINUOUS, OrderPhase.AFTER_MARKET})
# A circuit breaker stops the shares of its market; funds are listed on KOSPI.
STOPPED: Final = {
    Market.KOSPI: frozenset({Market.KOSPI, Market.ETF, Market.ETN}),
    Market.KOSDAQ: frozenset({Market.KOSDAQ}),
}
INTERRUPTED: Final = "interruption"  # names in the tally
LEFT_TO_FEED: Final = "interruption_left_to_feed"
# How Kiwoom tells the measures apart (FID 1225).
REASONS: Final = MappingProxyType(
    {InterruptionKind.STATIC: "정적", InterruptionKind.DYNAMIC: "동적", InterruptionKind.BOTH: "동적+정적"}
)


def _no_clock() -> UnixNanos:
    return UnixNanos(0)


class Halts:
    """The day's interruptions and circuit breakers. `tally` counts what was inferred and what the feed overruled."""

    def __init__(self, infers: bool, now: Callable[[], UnixNanos] = _no_clock) -> None:
        """Take whether interruptions are inferred from prints, and the venue's clock."""
        self.infers = infers
        self.tally: Counter[str] = Counter()
        self.news: list[VolatilityInterruption] = []  # begins and ends that nobody took yet, in order
        self._told: set[str] = set()  # symbols whose interruption under way is news
        self._overruled: set[str] = set()  # symbols whose last one the feed did not have: the next ones are no news
        self._now = now
        self._times: Counter[str] = Counter()  # of today, by symbol
        self.under_way: dict[str, Interruption] = {}  # by symbol
        self._references: dict[str, int] = {}  # last single price (KRW) by symbol
        self._breakers: dict[Market, BreakerState] = {}  # by market of the index

    def open_day(self) -> None:
        """Begin a day: nothing stands still."""
        self.end_all()
        self._overruled.clear()
        self._times.clear()
        self._references, self._breakers = {}, {}

    def rewind(self) -> None:
        """Begin the day again, with the previous closes known."""
        self.end_all()
        self._overruled.clear()
        self._times.clear()
        self._references = {}
        known = self._breakers.items()
        self._breakers = {market: breaker_of_day(state.previous_close) for market, state in known}

    # ---- issues ---------------------------------------------------------------------------------------------

    def on_single_price(self, symbol: str, price: int) -> None:
        """Take the price (KRW) of an auction: it ends an interruption and is the next static reference."""
        self._references[symbol] = price
        self._end(symbol)
        self._overruled.discard(symbol)

    def on_print(self, row: Quote, before: Quote | None, instrument: Instrument | None, day: VenueDay) -> bool:
        """Judge a print of continuous trading; tell whether it interrupts the issue."""
        base = self._references.get(row.symbol) or (instrument.base_price if instrument else None)
        last = before.price if before is not None else 0
        if not base or not (
            _is_off(row.price, base, LEAST_STATIC) or (last and _is_off(row.price, last, LEAST_DYNAMIC))
        ):
            return False
        phase = next((one for one in day.orders.at(row.venue_time, Venue.KRX) if one in INTERRUPTIBLE), None)
        if phase is None:
            return False
        state = replace(volatility_of_day(base, day.day, VolatilityGroup.OTHER), last=Krw(last) if last else None)
        _, tripped = on_trade(state, row.price, row.venue_time, phase)
        if tripped is None:
            return False
        self.under_way[row.symbol] = tripped
        self.tally[INTERRUPTED] += 1
        self._times[row.symbol] += 1
        if row.symbol not in self._overruled:
            self._told.add(row.symbol)
            self._tell(row.symbol, tripped, tripped.start, active=True)
        return True

    def leave_to_feed(self, symbol: str) -> None:
        """Leave an interruption that the recorded market did not have."""
        self._end(symbol)
        self._overruled.add(symbol)
        self.tally[LEFT_TO_FEED] += 1

    def end_all(self) -> None:
        """End every interruption: an auction of all, or another day, begins."""
        for symbol in list(self.under_way):
            self._end(symbol)

    def _end(self, symbol: str) -> None:
        ended = self.under_way.pop(symbol, None)
        if ended is not None and symbol in self._told:
            self._told.discard(symbol)
            self._tell(symbol, ended, self._now(), active=False)

    def _tell(self, symbol: str, what: Interruption, at: UnixNanos, *, active: bool) -> None:
        reason, times = REASONS[what.kind], self._times[symbol]
        self.news.append(VolatilityInterruption(at, symbol, active, what.price, reason, times))

    # ---- markets --------------------------------------------------------------------------------------------

    def set_previous_close(self, market: Market, index: int) -> None:
        """Take the previous close of a market's index (hundredths of a point). Raises InvariantError."""
        _check_market(market)
        self._breakers[market] = breaker_of_day(index)

    def on_index(self, market: Market, index: int, now: int, day: VenueDay) -> MarketHalt | None:
        """Take a value of a market's index (hundredths of a point); give the halt it causes. Raises InvariantError."""
        _check_market(market)
        state = self._breakers.get(market)
        if state is None:
            raise InvariantError(f"previous close of {market} expected before values of its index")
        if day.regular is None:
            return None
        self._breakers[market], halt = on_index(state, day.regular, index, now)
        return halt

    def restore_breakers(self, breakers: Mapping[Market, BreakerState]) -> None:
        """Take the state of the day's circuit breakers."""
        self._breakers = dict(breakers)

    def is_halted(self, market: Market, now: int) -> bool:
        """Tell whether issues listed on a market stand still by a circuit breaker."""
        return any(is_halted(state, now) for index, state in self._breakers.items() if market in STOPPED[index])

    @property
    def tripped(self) -> bool:
        """Tell whether a breaker has stopped a market today."""
        return any(state.halts for state in self._breakers.values())

    def any_halted(self, now: int) -> bool:
        """Tell whether any market stands still, or collects orders after that."""
        return any(is_halted(state, now) or is_in_auction(state, now) for state in self._breakers.values())

    def collects(self, market: Market, now: int, seen: int) -> bool:
        """Tell whether an issue of a market is in the auction after a halt.

        It is to the nominal end, and on until it shows a row: `seen` is the venue time of its latest one, 0 for none.
        What was displayed before a halt is no market after it.
        """
        return any(
            not halt.ends_day and halt.halt_end <= now and min(now, seen) < halt.auction_end
            for index, state in self._breakers.items()
            if market in STOPPED[index]
            for halt in state.halts
        )

    def nominal_end(self, symbol: str, market: Market) -> int:
        """Give when the auction of an issue ends at the earliest: of its interruption, or of its market's last halt."""
        if symbol in self.under_way:
            return self.under_way[symbol].nominal_end
        ends = [halt.auction_end for index, state in self._breakers.items() if market in STOPPED[index]
                for halt in state.halts]  # fmt: skip
        return max(ends, default=0)


def _is_off(price: int, reference: int, percent: int) -> bool:
    return abs(price - reference) * 100 >= percent * reference


def _check_market(market: Market) -> None:
    if market not in STOPPED:
        allowed = " or ".join(STOPPED)
        raise InvariantError(f"market of a circuit breaker expected {allowed}, was {market}")
