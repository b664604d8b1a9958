"""Two sources of quotes beside each other: do their latest trades contradict? Pure.

What is compared must speak of the same moment, so sources whose venue clocks lie apart (two recordings, say) are not
compared at all. One difference may be a race between two feeds; a symbol that differs twice in a row contradicts, and
what contradicts is no basis for a trade.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from domain.instruments import Instrument
from domain.krx import ticks
from domain.quotes import Quote
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, PPM

MOST_TICKS: Final = 5  # prices of one second may differ by this, or by `MOST_PPM` if that is more
MOST_PPM: Final = 10_000  # 1 %: more than a fast market moves within a second
SAME_NS: Final = NANOS_PER_SECOND
STALE_NS: Final = 30 * NANOS_PER_SECOND  # one side has a trade so much newer than the last of the other
CLOCKS_NS: Final = 5 * NANOS_PER_SECOND  # venue clocks further apart are of different markets
TWICE: Final = 2
REAL_TIME: Final = 1_000  # speed_milli of a live feed


class Comparison(NamedTuple):
    """What one look found."""

    symbols: tuple[str, ...]  # compared
    differences: tuple[tuple[str, str], ...]  # symbol and words


def are_clocks_alike(ours: int, theirs: int, speed_milli: int | None) -> bool:
    """Tell whether two venue clocks (UTC ns) may be of one market.

    An accelerated clock runs on while a question travels, so it may be further away by its speed.
    """
    faster = max(speed_milli or REAL_TIME, REAL_TIME)
    return abs(ours - theirs) <= CLOCKS_NS * faster // REAL_TIME


def compare(
    ours: Mapping[str, Quote],
    theirs: Sequence[Quote],
    instruments: Mapping[str, Instrument],
    on: date | None,
    speed_milli: int | None = None,
) -> Comparison:
    """Compare the latest trades of two sources whose clocks are alike; instruments that one of them lacks are left out.

    Trades of the same second must agree to 5 ticks or 1 %; a side whose last trade is 30 s (of a feed in real time)
    older than the other's is stale.
    """
    stale = STALE_NS * max(speed_milli or REAL_TIME, REAL_TIME) // REAL_TIME
    symbols: list[str] = []
    differences: list[tuple[str, str]] = []
    for there in theirs:
        here = ours.get(there.symbol)
        if here is None or here.price <= 0 or there.price <= 0:
            continue
        symbols.append(there.symbol)
        words = _difference(here, there, instruments.get(there.symbol), on, stale)
        if words:
            differences.append((there.symbol, words))
    return Comparison(tuple(symbols), tuple(differences))


def _difference(here: Quote, there: Quote, instrument: Instrument | None, on: date | None, stale: int) -> str:
    newer = there.venue_time - here.venue_time
    if abs(newer) > stale:
        side = "here" if newer > 0 else "there"
        return f"stale {side}: {kst_text(here.venue_time)} here, {kst_text(there.venue_time)} there"
    if abs(newer) > SAME_NS:
        return ""  # a price may have moved meanwhile
    apart, most = abs(here.price - there.price), max(here.price, there.price) * MOST_PPM // PPM
    if instrument is not None and on is not None:
        most = max(most, MOST_TICKS * ticks.tick_size(max(here.price, there.price), instrument.market, on))
    return f"{here.price:,} here, {there.price:,} there at the same second" if apart > most else ""


@dataclass(slots=True)
class Doubts:
    """How often each symbol differed in a row, by source."""

    in_row: dict[str, dict[str, int]] = field(default_factory=dict)  # endpoint -> symbol -> times

    def take(self, endpoint: str, found: Comparison) -> None:
        """Take one look in."""
        counts = self.in_row.setdefault(endpoint, {})
        differing = {symbol for symbol, _ in found.differences}
        for symbol in found.symbols:
            if symbol in differing:
                counts[symbol] = min(counts.get(symbol, 0) + 1, TWICE)
            else:
                counts.pop(symbol, None)

    def forget(self, endpoint: str) -> None:
        """Drop what one source said: it is not well, or it is the one in use."""
        self.in_row.pop(endpoint, None)

    def of(self, endpoint: str) -> tuple[str, ...]:
        """Give what to look at again, in order of code."""
        return tuple(sorted(self.in_row.get(endpoint, {})))

    @property
    def contradicted(self) -> tuple[str, ...]:
        """Give the symbols that differed twice in a row from any source, in order of code."""
        found = {symbol for counts in self.in_row.values() for symbol, times in counts.items() if times >= TWICE}
        return tuple(sorted(found))
