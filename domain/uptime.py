"""Uptime over market time: how long both links were up, degraded or down within the regular session of one date.

Counted in whole milliseconds of system time, so that the parts add up to the market time exactly. A live source is
open by the planned hours of the session on the system clock. The market of a recorded or accelerated source is open
from the first sign that its own clock stands within those hours until the first that it does not, however little
system time that takes. Time in which the process did not run, between two runs that know the same date, is down.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.types import PPM

MS = 1_000_000


class Standing(StrEnum):
    """How both links stand together."""

    UP = "up"  # both READY
    DEGRADED = "degraded"  # both open, one of them DEGRADED
    DOWN = "down"
    PLANNED = "planned"  # down, and what is down is away for known maintenance


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of system time; market = up + degraded + down."""

    market: int = 0
    up: int = 0
    degraded: int = 0
    down: int = 0
    planned: int = 0  # of `down`

    @property
    def up_ppm(self) -> int:
        """Give the share of the market time with both links up, parts per million, rounded down; 0 before any."""
        return self._ppm(self.up)

    @property
    def degraded_ppm(self) -> int:
        """Give the share with a link DEGRADED."""
        return self._ppm(self.degraded)

    @property
    def down_ppm(self) -> int:
        """Give the share with a link down, known maintenance included."""
        return self._ppm(self.down)

    def _ppm(self, part: int) -> int:
        return part * PPM // self.market if self.market else 0

    def plus(self, standing: Standing, span: int) -> "Figures":
        """Give the figures after so many more milliseconds of market time."""
        is_down = standing in (Standing.DOWN, Standing.PLANNED)
        return Figures(
            self.market + span,
            self.up + (span if standing is Standing.UP else 0),
            self.degraded + (span if standing is Standing.DEGRADED else 0),
            self.down + (span if is_down else 0),
            self.planned + (span if standing is Standing.PLANNED else 0),
        )


@dataclass(slots=True)
class Uptime:
    """The account of one trading date. Times are system time in ns, but `opens` and `closes` are venue time."""

    trading_date: str = ""
    opens: int = 0
    closes: int = 0
    is_recorded: bool = False  # the source's clock is not the system's
    is_open: bool = False  # recorded sources: their clock stands within the session, as last heard
    standing: Standing = Standing.DOWN
    counted: Figures = Figures()
    counted_to: int = 0  # ms
    told: str = ""  # the standing told last, or `closed`

    def plan(self, trading_date: str, opens: int, closes: int, now: int) -> None:
        """Take the session of a date in. A new date begins a new account; its market time counts from here on."""
        self.advance(now)
        if trading_date != self.trading_date:
            self.trading_date, self.counted, self.told = trading_date, Figures(), ""
            self.is_open, self.counted_to = False, now // MS
        self.opens, self.closes = opens, closes

    def advance(self, now: int) -> None:
        """Count the time up to now under the present standing."""
        self.counted = self.figures(now)
        self.counted_to = max(self.counted_to, now // MS)

    def stands(self, standing: Standing, now: int) -> None:
        """Note how the links stand from now on."""
        self.advance(now)
        self.standing = standing

    def new_run(self, now: int) -> None:
        """Begin a run: nobody ran since the last one was heard of."""
        self.standing = Standing.DOWN
        self.advance(now)
        self.told = ""

    def source(self, *, is_recorded: bool, now: int) -> None:
        """Note by which clock the market of the present source is open."""
        self.advance(now)
        self.is_recorded = is_recorded

    def venue_clock(self, venue_time: int, now: int) -> None:
        """Hear the clock of a recorded source."""
        is_open = self.opens <= venue_time < self.closes
        if is_open is not self.is_open:
            self.advance(now)
            self.is_open = is_open

    def ended(self, now: int) -> None:
        """Note that a recorded source has no more data."""
        self.advance(now)
        self.is_open = False

    def figures(self, now: int) -> Figures:
        """Give the figures up to now. Changes nothing."""
        since, until = self.counted_to, now // MS
        if not self.trading_date:
            return self.counted
        if self.is_recorded:
            span = until - since if self.is_open else 0
        else:
            span = min(until, self.closes // MS) - max(since, self.opens // MS)
        return self.counted.plus(self.standing, span) if span > 0 else self.counted

    def is_over(self, now: int) -> bool:
        """Tell whether market time was counted and no more of it comes on this date as far as is known."""
        if self.counted.market == 0:
            return False
        return not self.is_open if self.is_recorded else now >= self.closes

    def news(self, now: int) -> str:
        """Give what is to be told: the standing, or `closed`; empty when it was told or no market time was counted."""
        if self.figures(now).market == 0:
            return ""
        word = "closed" if self.is_over(now) else self.standing.value
        return "" if word == self.told else word

    def tell(self, now: int) -> None:
        """Note that what is new was told."""
        self.advance(now)
        self.told = "closed" if self.is_over(now) else self.standing.value
