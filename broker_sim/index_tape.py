"""The indices of one recorded day, played by the venue's clock. Pure."""

from bisect import bisect_right
from collections.abc import Iterator

from broker_sim.index_file import IndexValue, RecordedIndex
from domain.krx.circuit_breaker import BreakerState, breaker_of_day, on_index
from domain.krx.sessions import RegularSession
from domain.types import Market


class IndexTape:
    """Where the day's values are: each is given once."""

    def __init__(self, index: RecordedIndex) -> None:
        """Take a day at its begin."""
        self.day = index.day
        self._index = index
        self._at = 0

    def previous_close(self, market: Market) -> int:
        """Give the index of a market at the close of the session before, in hundredths of a point."""
        return self._index.previous_close[market]

    def due(self, now: int) -> Iterator[IndexValue]:
        """Give the values up to a moment (UTC ns) that were not given before, one by one, in order of venue time."""
        values = self._index.values
        while self._at < len(values) and values[self._at].venue_time <= now:
            self._at += 1
            yield values[self._at - 1]

    def rewind(self, now: int, session: RegularSession | None) -> dict[Market, BreakerState]:
        """Go to a moment (UTC ns); give what the values up to it made of the circuit breakers of the session."""
        values = self._index.values
        self._at = bisect_right(values, now, key=lambda value: value.venue_time)
        states = {market: breaker_of_day(close) for market, close in self._index.previous_close.items()}
        if session is not None:
            for market, when, index in values[: self._at]:
                states[market], _ = on_index(states[market], session, index, when)
        return states
