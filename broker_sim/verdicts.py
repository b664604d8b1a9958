"""The rules a trader judges live quotes by, asked of a file: how often each speaks, and of which symbols.

A bar is judged as one row, the form that invents least: its close, at its last moment, with its volume and the
volume of the day so far. What lies inside a bar (open, high, low) is looked at by the rules for bars in
`data_check.py`. Rows of one moment go to the rules together, as a feed brings them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from broker_sim.data_file import DataKind
from broker_sim.recording import Recording
from domain import quality
from domain.config import QualityConfig
from domain.messages.market import QuoteVerdict
from domain.quality import QualityBook
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND

TEN_THOUSAND: Final = 10_000
MOST_SYMBOLS: Final = 3
# The defaults of the settings but for one: how far a print may jump is learned from those before it, and a close is
# none. Files are held to the fixed limit (PRICE_JUMP) instead.
JUDGED_BY: Final = QualityConfig(stale_ms=60_000, strict_trades=True)
# What a reader refuses before the rules see it: its words, and the rule that says the same of a live row.
REFUSED_BY_READERS: Final[Mapping[str, str]] = {
    "no code": quality.UNKNOWN_SYMBOL,
    "price or volume not a whole number": quality.BAD_VALUE,
    "level not a whole number": quality.BAD_VALUE,
    "kind not trade, auction or book": quality.BAD_VALUE,
    "time not HH:MM:SS": quality.BAD_VALUE,
    "price <= 0": quality.BAD_VALUE,
    "volume < 0": quality.BAD_VALUE,
    "level price or shares < 0": quality.BAD_VALUE,
    "levels not in order of price": quality.BAD_VALUE,
    **{
        f"{name} not a whole number >= 0": quality.BAD_VALUE
        for name in ("cumulative_volume", "bid", "ask", "bid_qty", "ask_qty")
    },
    "open, high, low, close contradict": quality.BAD_VALUE,
    "same code and time twice": quality.DUPLICATE,
    "same trade twice": quality.DUPLICATE,
    "before the open": quality.OUTSIDE_SESSION,
    "a trade before the open": quality.OUTSIDE_SESSION,
    "outside the regular session and the after-market": quality.OUTSIDE_SESSION,
    "after the closing print": quality.OUTSIDE_SESSION,
    "in the closing auction": quality.IN_CLOSING_AUCTION,
    "a trade in the closing auction": quality.IN_CLOSING_AUCTION,
    "no volume, and more than 30 % from the bar before": quality.NO_VOLUME,
    "outside the daily limits": quality.OUTSIDE_LIMITS,
}


class Tally:
    """Counts verdicts by rule and symbol."""

    def __init__(self) -> None:
        """Begin with nothing judged."""
        self.judged = 0  # rows, those a reader refused included
        self.rules: Counter[str] = Counter()
        self.symbols: Counter[tuple[str, str]] = Counter()  # (rule, symbol); a reader does not tell the symbol

    def take(self, rows: int, verdicts: Sequence[QuoteVerdict]) -> None:
        """Count rows judged and what the rules said of them."""
        self.judged += rows
        for verdict in verdicts:
            self.rules[verdict.rule] += 1
            self.symbols[verdict.rule, verdict.symbol] += 1

    def refused_by_reader(self, reason: str, count: int) -> None:
        """Count rows that came no further than the reader; those of an index are no quotes and are left out."""
        if rule := REFUSED_BY_READERS.get(reason):
            self.judged += count
            self.rules[rule] += count

    def per_10000(self, rule: str) -> float:
        """Give how many rows in 10,000 the rule spoke of."""
        return self.rules[rule] * TEN_THOUSAND / self.judged if self.judged else 0.0

    def worst(self, rule: str) -> dict[str, int]:
        """Give the symbols the rule spoke of most, with counts, most first."""
        found = ((symbol, count) for (name, symbol), count in self.symbols.items() if name == rule)
        return dict(sorted(found, key=lambda one: (-one[1], one[0]))[:MOST_SYMBOLS])


def a_book(recording: Recording) -> QualityBook:
    """Give a book that judges as a trader does by default, planned for the recording's session."""
    book = QualityBook()
    book.configure(JUDGED_BY)
    session = recording.session
    book.plan(recording.day, session.open, session.close, session.close_auction)
    return book


def judge_bars(tally: Tally, recording: Recording) -> None:
    """Judge the bars of a day, moment by moment."""
    book = a_book(recording)
    for rows in closes(recording):
        accepted, verdicts = quality.judge(rows, book, recording.instruments)
        book.fold(accepted)
        tally.take(len(rows), verdicts)


def closes(recording: Recording) -> Iterator[list[Quote]]:
    """Give the rows bars are judged as, those of one moment together, in order of time and code.

    A bar without volume is no trade: it is a row of the book, without best prices.
    """
    session, so_far = recording.session, Counter[str]()
    bar_ns = recording.bar_seconds * NANOS_PER_SECOND
    for start, bars in recording.in_order():
        closing = start >= session.close or recording.kind is DataKind.DAILY
        when = session.close if closing else min(start + bar_ns, session.close_auction) - 1
        rows = []
        for code, bar in bars:
            so_far[code] += bar.volume
            traded = QuoteKind.AUCTION_TRADE if closing else QuoteKind.TRADE
            kind = traded if bar.volume else QuoteKind.BOOK
            rows.append(Quote(code, when, bar.close, bar.volume, so_far[code], 0, 0, 0, 0, int(kind)))
        yield rows
