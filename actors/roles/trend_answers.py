"""What one source said of one instrument's searches: the newest series, or why there is none."""

from dataclasses import dataclass
from datetime import date

from domain.messages.market import AttentionFetched, Opinion, TrendReceived
from domain.opinions import NO_ANSWER, day_before, newest_day, opinion_of, unknown

Series = TrendReceived | AttentionFetched


@dataclass(slots=True)
class SourceAnswer:
    """The last word of one source about one instrument."""

    series: Series | None = None
    on: str = ""  # trading date for which it answered last, YYYY-MM-DD; empty: before one was planned
    refusal: str = ""  # why it gave nothing then; empty: it gave a series
    again: bool = False  # asking again may help

    def take(self, series: Series, on: date | None, version: int | None) -> None:
        """Keep a series, unless the one at hand is of the right words and reaches further."""
        self.on, self.refusal = _text(on), ""
        if self.series is None or _worth(series, version) >= _worth(self.series, version):
            self.series = series
        # What is late today may be there in an hour; a gap in the past will not close.
        self.again = on is not None and newest_day(self.series) < day_before(on)

    def miss(self, on: date | None, reason: str, again: bool) -> None:
        """Note that it has nothing."""
        self.on, self.refusal, self.again = _text(on), reason, again

    def opinion(self, source: str, on: date, version: int | None) -> Opinion:
        """Say what it knows for a trading date, else why it does not."""
        found = opinion_of(self.series, on, version) if self.series is not None else unknown(source, NO_ANSWER)
        if found.asvi is not None:
            return found
        if self.on != on.isoformat():
            return unknown(source, NO_ANSWER)
        return unknown(source, self.refusal or found.reason)


def _worth(series: Series, version: int | None) -> tuple[bool, str]:
    return version is None or series.keyword_version == version, newest_day(series)


def _text(on: date | None) -> str:
    return on.isoformat() if on is not None else ""
