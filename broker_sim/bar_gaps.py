"""Where the gaps between minute bars tell of a volatility interruption (변동성완화장치, VI).

In an interruption nothing trades for 2 minutes and up to 30 s more; then an auction makes one price. So the first print
behind such a gap was the auction's. A gap counts when all of this holds:

* bars of a minute or less, the next begins at least 2 minutes after the one before began;
* a static interruption was near: the bar before came within two ticks of 10 % from the reference, or the bar behind the
  gap opens beyond it. The tripping price itself does not trade, so bars stop just short of it: of the gaps of 2 minutes
  in the 1,934 complete symbol-days of 2025-09 to 2026-01 those at highs of 9.8 to 9.99 % stand out at once;
* the reference is known: the opening cross, then the price behind each such gap. Without the open's bar it is not.

*At the open*: an issue whose first bar begins in the third minute had its opening auction prolonged; its first print is
the opening cross. It counts when it opens 10 % or more away from the base, or the base is unknown: of 35 such days with
a known previous close 31 opened 10 % or more away (two of the rest are of a leveraged fund).
Dynamic interruptions leave no such trace in bars and are not looked for. Rates: `domain/krx/brakes.py`.
"""

from typing import Final

from broker_sim.bar_file import Bar
from domain.instruments import Instrument
from domain.krx.brakes import INTERRUPTION_NS, VolatilityGroup, volatility_rate
from domain.krx.order_phases import OrderPhase
from domain.krx.sessions import RegularSession
from domain.krx.ticks import step
from domain.time import NANOS_PER_MINUTE

NEAR_TICKS: Final = 2


class BarGaps:
    """Watches the bars of one instrument and day, in order."""

    __slots__ = ("_before", "_instrument", "_percent", "_reference", "_session", "_short")

    def __init__(self, instrument: Instrument, session: RegularSession, bar_ns: int) -> None:
        """Take what the bars are judged by."""
        rate = volatility_rate(OrderPhase.CONTINUOUS, VolatilityGroup.OTHER, session.day)
        self._percent = rate.static_percent if rate is not None else None
        self._instrument = instrument
        self._session = session
        self._short = bar_ns <= NANOS_PER_MINUTE
        self._before: Bar | None = None
        self._reference = 0

    def begins_with_a_cross(self, bar: Bar) -> bool:
        """Tell whether the first print of the next bar is the single price of an interruption's auction."""
        before, self._before = self._before, bar
        if bar.start == self._session.open:
            self._reference = bar.open
            return False
        if not self._short or self._percent is None or bar.start >= self._session.close_auction or not bar.volume:
            return False
        found = self._late_open(bar) if before is None else self._resumes(before, bar)
        if found:
            self._reference = bar.open
        return found

    def _late_open(self, bar: Bar) -> bool:
        late = bar.start - self._session.open
        base = self._instrument.base_price
        in_time = INTERRUPTION_NS <= late < INTERRUPTION_NS + NANOS_PER_MINUTE
        return in_time and (base is None or self._is_off(bar.open, base))

    def _resumes(self, before: Bar, bar: Bar) -> bool:
        reference, market, day = self._reference, self._instrument.market, self._session.day
        if not reference or bar.start - before.start < INTERRUPTION_NS:
            return False
        highest, lowest = step(before.high, NEAR_TICKS, market, day), step(before.low, -NEAR_TICKS, market, day)
        return any(self._is_off(price, reference) for price in (highest, lowest, bar.open))

    def _is_off(self, price: int, reference: int) -> bool:
        return self._percent is not None and abs(price - reference) * 100 >= self._percent * reference
