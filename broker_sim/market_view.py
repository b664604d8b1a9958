"""What the feed has told of the market today: the latest row and order book of each issue, and what a print says."""

from collections.abc import Iterable
from datetime import date
from typing import Final, Protocol

from domain.instruments import Instrument
from domain.quotes import Depth, Quote

BID: Final = 1
ASK: Final = -1
Levels = tuple[tuple[int, int], ...]  # (price in KRW, shares), best first


class DepthSource(Protocol):
    """Makes up the book behind the best prices where the feed does not tell it."""

    def of(self, row: Quote, instrument: Instrument, day: date) -> Depth:
        """Give the book of one row; level 1 is what the row displays."""


class MarketView:
    """Latest rows and depths of one day."""

    def __init__(self, made_up: DepthSource | None = None) -> None:
        """Start without a row. `made_up` is asked for issues whose depth the feed never told today."""
        self.latest: dict[str, Quote] = {}
        self.depths: dict[str, Depth] = {}
        self.closes: dict[str, int] = {}  # last price (KRW) of the regular session, once it is over
        self.is_closed = False
        self.is_whole = True  # the day was seen from its open on, so an issue without a row has not traded
        self._closed_at = 0
        self._made_up = made_up

    def clear(self) -> None:
        """Begin a day."""
        self.latest, self.depths, self.closes = {}, {}, {}
        self.is_closed = False

    def forget_after(self, now: int) -> None:
        """Take the clock back; what the regular session closed at stays known if it was over by then."""
        self.latest = {symbol: row for symbol, row in self.latest.items() if row.venue_time <= now}
        self.depths = {symbol: depth for symbol, depth in self.depths.items() if depth.venue_time <= now}
        if now < self._closed_at:
            self.closes = {}
            self.is_closed = False

    def keep_closes(self, until: int) -> None:
        """Take the latest prices as those the regular session, over at a venue time, closed at."""
        rows = self.latest.values()
        self.closes = {row.symbol: row.price for row in rows if row.price > 0 and row.venue_time <= until}
        self.is_closed = True
        self._closed_at = until

    def close_of(self, symbol: str, base: int | None) -> int | None:
        """Give today's close, the day's base price (KRW) where nothing traded.

        None while the session is not over, and where a run that began within the day never saw the close.
        """
        if not self.is_closed:
            return None
        return self.closes.get(symbol) or (base if self.is_whole else None)

    def book(self, row: Quote, instrument: Instrument | None, day: date) -> tuple[Levels, Levels]:
        """Give what is displayed with a row: (bids, asks), within the limits of the day.

        A depth of the feed later than the row, or of its moment, is the book itself. An older one tells the levels
        behind the row's best.
        """
        depth = self.depths.get(row.symbol)
        if depth is not None and depth.venue_time >= row.venue_time:
            bids, asks = depth.bids, depth.asks
        elif depth is None and self._made_up is not None and instrument is not None:
            made = self._made_up.of(row, instrument, day)
            bids, asks = made.bids, made.asks
        else:
            bids = _behind(BID, row.bid_price, row.bid_qty, depth.bids if depth else ())
            asks = _behind(ASK, row.ask_price, row.ask_qty, depth.asks if depth else ())
        return _within(bids, instrument), _within(asks, instrument)

    def best_before(self, before: Quote | None) -> Quote | None:
        """Give the row before a print with the best prices of a later order book, where the feed told one."""
        depth = self.depths.get(before.symbol) if before is not None else None
        if before is None or depth is None or depth.venue_time < before.venue_time:
            return before
        bid, ask = (side[0] if side else (0, 0) for side in (depth.bids, depth.asks))
        return before._replace(bid_price=bid[0], bid_qty=bid[1], ask_price=ask[0], ask_qty=ask[1])

    def levels(self, depth: Depth, instrument: Instrument | None) -> tuple[Levels, Levels]:
        """Give a book of the feed: (bids, asks), within the limits of the day."""
        return _within(depth.bids, instrument), _within(depth.asks, instrument)


def is_within(price: int, instrument: Instrument | None) -> bool:
    """Tell whether a price (KRW) is one the issue may trade at today, as far as its limits are known."""
    if price <= 0:
        return False
    lower, upper = (instrument.lower_limit, instrument.upper_limit) if instrument else (None, None)
    return (lower is None or price >= lower) and (upper is None or price <= upper)


def passive_side(price: int, before: Quote | None) -> int:
    """Tell which side of the book a print met: BID, ASK, or 0 when it cannot be told.

    By the best prices of the row before; feeds with the broker's own side flag would know better.
    """
    if before is None:
        return 0
    if before.ask_price and price >= before.ask_price:
        return ASK
    if before.bid_price and price <= before.bid_price:
        return BID
    return 0


def is_mid(price: int, before: Quote | None) -> bool:
    """Tell whether a print lies at the middle of the best prices before it, cut to whole won, and inside them."""
    if before is None or not before.bid_price < price < before.ask_price:
        return False
    return before.bid_price > 0 and price == (before.bid_price + before.ask_price) // 2


def in_order(rows: Iterable[Quote], depths: Iterable[Depth]) -> list[Quote | Depth]:
    """Merge rows and depths by venue time; a depth stands behind the rows of its moment. Both come in order."""
    return sorted([*rows, *depths], key=_place)


def _place(item: Quote | Depth) -> tuple[int, bool]:
    return item.venue_time, isinstance(item, Depth)


def _behind(side: int, best: int, shares: int, known: Levels) -> Levels:
    if best <= 0:
        return ()
    return ((best, max(0, shares)), *(level for level in known if (best - level[0]) * side > 0))


def _within(levels: Levels, instrument: Instrument | None) -> Levels:
    if all(shares >= 0 and is_within(price, instrument) for price, shares in levels):
        return levels
    return tuple(level for level in levels if level[1] >= 0 and is_within(level[0], instrument))
