"""What open orders hold back: cash of buys, shares of sells. All in cash, 100 % margin, nothing on credit.

A buy reserves, commission included, the most it may cost: a limit order its limit; a kind that may trade at any price
the day's upper limit, or where that is unknown 1.3 times the ask or last price; an off-hours order its fixed price,
before the close is known the upper limit. A modify under way reserves the dearer of both prices.
Source: reserve at the upper limit before 15:30, kkong1003 on tistory; market orders likewise (unconfirmed).
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from broker_sim.books import Books
from broker_sim.legs import Leg
from broker_sim.market_view import MarketView
from domain.instruments import Instrument
from domain.krx.costs import fill_costs
from domain.types import PPM, Market, OrderKind, Side

MARKET_RESERVE_PERCENT: Final = 130  # of the last known price, where the day's upper limit is not known
AT_LIMIT: Final = frozenset({OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.OFF_HOURS_SINGLE})


class Reserves:
    """Reads of the books; keeps nothing."""

    def __init__(
        self,
        books: Books,
        instruments: Mapping[str, Instrument],
        view: MarketView,
        commission_ppm: int,
        day: Callable[[], date],
    ) -> None:
        """Take what is read; commission in parts per million of each fill."""
        self._books = books
        self._instruments = instruments
        self._view = view
        self._commission_ppm = commission_ppm
        self._day = day

    def market_of(self, symbol: str) -> Market:
        """Give the market an issue is listed on. A holding may outlive its listing; then it costs what KOSPI costs."""
        known = self._instruments.get(symbol)
        return known.market if known else Market.KOSPI

    def of(self, symbol: str, quantity: int, price: int) -> int:
        """Give the cash (won) a buy of shares at a price holds, commission included."""
        notional = quantity * price
        costs = fill_costs(Side.BUY, notional, self.market_of(symbol), self._day(), self._commission_ppm)
        return notional + costs.total

    def price(self, symbol: str, kind: OrderKind, limit_price: int | None) -> int | None:
        """Give the price (won) a buy of a kind reserves at; None when it cannot be told."""
        if kind in AT_LIMIT and limit_price is not None:
            return limit_price
        if kind in (OrderKind.PRE_OPEN_CLOSE, OrderKind.POST_CLOSE) and (fixed := self.fixed_price(symbol, kind)):
            return fixed
        instrument, row = self._instruments.get(symbol), self._view.latest.get(symbol)
        if instrument and instrument.upper_limit:
            return instrument.upper_limit
        seen = (row.ask_price or row.price) if row else 0
        return max(seen * MARKET_RESERVE_PERCENT // 100, limit_price or 0) if seen else limit_price

    def fixed_price(self, symbol: str, kind: OrderKind) -> int | None:
        """Give the price (won) of an off-hours order at the previous or today's close; None while it is unknown."""
        instrument = self._instruments.get(symbol)
        base = instrument.base_price if instrument else None
        if kind is OrderKind.PRE_OPEN_CLOSE:
            return base
        return self._view.close_of(symbol, base)

    def free_cash(self, without: int = 0) -> int:
        """Give cash less the reserves of open buys but for one leg; may be below 0."""
        free = int(self._books.account.cash)
        for leg in self._books.legs.values():
            if leg.side is Side.BUY and leg.number != without:
                price = self.price(leg.symbol, leg.kind, leg.limit_price)
                free -= self.of(leg.symbol, leg.leaves_qty, price) if price else free
        for change in self._books.orders.changes.values():
            changed = self._books.legs.get(change.leg)
            if changed is not None and changed.side is Side.BUY and change.limit_price is not None:
                free -= self.extra(changed, change.quantity, change.limit_price)
        return free

    def extra(self, leg: Leg, quantity: int, limit_price: int) -> int:
        """Give the cash (won) a modify of a buy leg needs over what the leg reserves, 0 when it needs none."""
        now = self.price(leg.symbol, leg.kind, leg.limit_price) or 0
        then = self.price(leg.symbol, OrderKind.LIMIT, limit_price) or 0
        shares = min(quantity, leg.leaves_qty)
        stays = leg.leaves_qty - shares
        needed = self.of(leg.symbol, shares, max(now, then)) + self.of(leg.symbol, stays, now)
        return max(0, needed - self.of(leg.symbol, leg.leaves_qty, now))

    def affordable(self, leg: Leg, price: int) -> int:
        """Give how many shares of a leg its cash covers at a price (won): all, where its reserve covers it."""
        if leg.side is Side.SELL or leg.kind in AT_LIMIT:
            return leg.leaves_qty
        free = max(0, self.free_cash(without=leg.number))
        if self.of(leg.symbol, leg.leaves_qty, price) <= free:
            return leg.leaves_qty
        return min(leg.leaves_qty, free * PPM // (price * (PPM + self._commission_ppm)))

    def sellable(self, symbol: str) -> int:
        """Give the shares held less those in open sells."""
        held = self._books.account.holdings.get(symbol)
        selling = (leg for leg in self._books.legs.values() if leg.symbol == symbol and leg.side is Side.SELL)
        return (held.quantity if held else 0) - sum(leg.leaves_qty for leg in selling)
