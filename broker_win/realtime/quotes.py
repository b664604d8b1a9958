"""Real-time data made into quotes: the last trade and the best prices of each symbol, in the order heard. Pure.

Kiwoom stamps in whole seconds, books and trades apart, and best prices not at all. Rows leave in the order in which
they were heard and never go back in time: a row whose own second lies before the newest one heard takes the newest
(servers run a second apart), a row without a time takes it too. Rows of one second share it; trades among them differ
by the day's volume, which is why a book never brings a volume of its own. A trade a minute behind all others is none of
now (a log-in tells of the last one of each issue): it says price and volume, in a row that is no trade.
"""

from collections.abc import Callable
from typing import Final

from broker_win.realtime.auctions import Auctions
from broker_win.realtime.books import BOOK, Levels, read_book
from broker_win.realtime.layouts import Dropped, Values
from broker_win.realtime.stamps import Stamps
from broker_win.realtime.ticks import BEST, EXPECTED, STANDING, TRADE, read_best, read_expected, read_trade
from broker_win.text import code as read_code
from domain.quotes import Depth, Quote, QuoteKind
from domain.time import NANOS_PER_DAY, from_kst, kst_date
from domain.types import NANOS_PER_SECOND, UnixNanos

_TRADE: Final = int(QuoteKind.TRADE)
_CROSS: Final = int(QuoteKind.AUCTION_TRADE)
_BOOK: Final = int(QuoteKind.BOOK)
LATE: Final = 60 * NANOS_PER_SECOND


class _Issue:
    """What was heard of one symbol today."""

    __slots__ = ("ask", "asks", "bid", "bids", "price", "symbol", "volume")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.price = self.volume = 0
        self.ask = self.bid = 0
        self.asks: Levels = ()
        self.bids: Levels = ()


class QuoteMaker:
    """Reads events of quotes and collects rows until they are taken."""

    def __init__(self, stamps: Stamps, auctions: Auctions) -> None:
        """Start without a row."""
        self._stamps = stamps
        self._auctions = auctions
        self._issues: dict[str, _Issue] = {}  # by code as received
        self._latest: dict[str, Quote] = {}
        self._rows: list[Quote] = []
        self._depths: list[Depth] = []
        self._newest = 0  # moment of the newest row, UTC ns
        self._day_end = 0  # of the day the issues are of
        self._readers: dict[str, Callable[[str, Values, UnixNanos], None]] = {
            TRADE: self._on_trade,
            BOOK: self._on_book,
            BEST: lambda code, values, _: self._on_best(code, BEST, values),
            STANDING: lambda code, values, _: self._on_best(code, STANDING, values),
            EXPECTED: self._on_expected,
        }

    def hear(self, code: str, real_type: str, values: Values, now: UnixNanos) -> bool:
        """Read one event; False for a type that is no quote. `now` is the PC's venue clock. Raises Dropped."""
        reader = self._readers.get(real_type)
        if reader is None:
            return False
        reader(code, values, now)
        return True

    def take(self) -> tuple[list[Quote], list[Depth]]:
        """Give the rows and order books made since the last time."""
        rows, self._rows = self._rows, []
        depths, self._depths = self._depths, []
        return rows, depths

    def latest(self, now: UnixNanos) -> dict[str, Quote]:
        """Give the newest row of each symbol that has one today."""
        return self._latest if now < self._day_end else {}

    def _on_trade(self, code: str, values: Values, now: UnixNanos) -> None:
        trade = read_trade(values)
        moment = self._stamps.moment(trade.time, now)
        issue = self._issue(code, moment)
        issue.price, issue.volume, issue.ask, issue.bid = trade.price, trade.volume, trade.ask, trade.bid
        if moment < self._newest - LATE:
            self._say(issue, moment, 0, _BOOK)
        else:
            is_cross = self._auctions.on_trade(issue.symbol, moment)
            self._say(issue, moment, trade.quantity, _CROSS if is_cross else _TRADE)

    def _on_book(self, code: str, values: Values, now: UnixNanos) -> None:
        book = read_book(values)
        moment = self._stamps.moment(book.time, now)
        issue = self._issue(code, moment)
        issue.asks, issue.bids = book.asks, book.bids
        issue.ask = book.asks[0][0] if book.asks else 0
        issue.bid = book.bids[0][0] if book.bids else 0
        at = self._say(issue, moment, 0, _BOOK)
        self._depths.append(Depth(issue.symbol, at, book.bids, book.asks))

    def _on_best(self, code: str, real_type: str, values: Values) -> None:
        best = read_best(real_type, values)
        if not self._newest:
            raise Dropped("untimed", "best prices before anything with a time")
        issue = self._issue(code, self._newest)
        if (issue.ask, issue.bid) != best:  # mostly the book has told already
            issue.ask, issue.bid = best
            self._say(issue, self._newest, 0, _BOOK)

    def _on_expected(self, code: str, values: Values, now: UnixNanos) -> None:
        expected = read_expected(values)
        moment = self._stamps.moment(expected.time, now)
        shares = expected.quantity if expected.price else 0
        self._auctions.on_expected(self._issue(code, moment).symbol, moment, shares)

    def _say(self, issue: _Issue, moment: int, quantity: int, kind: int) -> int:
        """Make a row; give its moment."""
        at = self._newest = max(moment, self._newest)
        row = Quote(
            issue.symbol,
            at,
            issue.price,
            quantity,
            issue.volume,
            issue.bid,
            issue.ask,
            _shown(issue.bids, issue.bid),
            _shown(issue.asks, issue.ask),
            kind,
        )
        self._latest[issue.symbol] = row
        self._rows.append(row)
        return at

    def _issue(self, code: str, moment: int) -> _Issue:
        """Find what is known of a code, of the day of the moment. Raises Dropped for a code of another venue."""
        if moment >= self._day_end:
            self._issues, self._latest = {}, {}
            self._day_end = from_kst(kst_date(moment), 0, 0) + NANOS_PER_DAY
        issue = self._issues.get(code)
        if issue is None:
            try:
                symbol = read_code(code)
            except ValueError as error:
                raise Dropped("unknown_code", str(error)) from None
            issue = self._issues[code] = self._issues.setdefault(symbol, _Issue(symbol))
        return issue


def _shown(levels: Levels, price: int) -> int:
    """Give the shares the last book displayed at a price, 0 when it did not: then nobody told."""
    for level in levels:
        if level[0] == price:
            return level[1]
    return 0
