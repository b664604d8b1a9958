"""Bars a broker that replays a day gives when asked: those of the day so far, and daily ones of the sessions before."""

from broker.port import Candle
from broker_sim.bar_file import Bar
from broker_sim.recording import Recording
from broker_sim.stored_sessions import StoredSessions
from domain.errors import DataError, RequestRefused
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.types import NANOS_PER_SECOND, CandleInterval, Krw, UnixNanos


class RecordedBars:
    """Answers ListCandles out of one recording and the file or folder it is of."""

    def __init__(self, recording: Recording, overrides: Overrides = NO_OVERRIDES) -> None:
        """Take the recording; other days of its data are read when daily bars are asked for."""
        self._recording = recording
        self._stored = StoredSessions(recording.path, overrides)

    def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None,
        adjusted: bool,
        now: int,
    ) -> list[Candle]:
        """Give bars that began in [since, until) and ended by `now` (venue time, UTC ns).

        Raises RequestRefused NOT_OFFERED for another length and for adjusted prices.
        """
        if adjusted:
            raise RequestRefused("NOT_OFFERED", "a recorded day has no adjusted prices", field="adjusted")
        bars = self._daily(symbol) if interval is CandleInterval.DAY else self._of_the_day(symbol, interval, now)
        return [
            Candle(UnixNanos(bar.start), Krw(bar.open), Krw(bar.high), Krw(bar.low), Krw(bar.close), bar.volume)
            for bar in bars
            if (since is None or bar.start >= since) and (until is None or bar.start < until)
        ]

    def _daily(self, symbol: str) -> list[Bar]:
        try:
            return list(self._stored.before(symbol, self._recording.day))
        except DataError as error:
            raise RequestRefused("NOT_OFFERED", f"daily bars cannot be read: {error}", field="interval") from error

    def _of_the_day(self, symbol: str, interval: CandleInterval | None, now: int) -> list[Bar]:
        seconds = self._recording.bar_seconds
        if interval is not None and interval.minutes * 60 != seconds:
            own = f"bars of {seconds} s"
            raise RequestRefused(
                "NOT_OFFERED", f"this recording has {own}", field="interval", value=interval, allowed=own
            )
        newest = now - seconds * NANOS_PER_SECOND
        return [bar for bar in self._recording.bars.get(symbol, ()) if bar.start <= newest]
