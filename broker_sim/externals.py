"""Orders placed elsewhere in the account, as by hand in an HTS: they trade, and no process of ours knows them."""

from typing import Final

from broker.port import Guard, OrderRequest
from broker_sim.faults import External
from broker_sim.venue import DurableVenue
from domain.messages.orders import CancelOrder, SubmitOrder
from domain.time import from_kst, kst_date
from domain.types import (
    NANOS_PER_SECOND,
    ClientOrderId,
    Krw,
    OrderKind,
    Purpose,
    RequestId,
    UnixNanos,
)

ALWAYS: Final = UnixNanos(2**62)


class Externals:
    """Places what is due by the venue's clock, once a date. The venue's journal remembers what was placed."""

    def __init__(self, truth: DurableVenue, orders: tuple[External, ...]) -> None:
        """Keep the venue and the plan."""
        self._truth = truth
        self._orders = orders
        self._over: set[str] = set()  # ids with nothing left to do

    def look(self) -> list[str]:
        """Look at the clock; give what was done, `external` or `external cancelled` each. Raises LogError."""
        now = self._truth.exchange.now
        if not now or not self._orders:
            return []
        day, done = kst_date(now), []
        second = (now - from_kst(day, 0, 0)) // NANOS_PER_SECOND
        for number, order in enumerate(self._orders, 1):
            name = f"hts-{day:%Y%m%d}-{number}"
            if second >= order.at and self._place(name, order):
                done.append("external")
            if order.cancel_at is not None and second >= order.cancel_at and self._cancel(name):
                done.append("external cancelled")
        return done

    def _place(self, name: str, order: External) -> bool:
        kind = OrderKind.MARKET if order.price is None else OrderKind.LIMIT
        price = None if order.price is None else Krw(order.price)
        asked = (ClientOrderId(name), order.symbol, order.side, kind, Purpose.ENTRY, order.quantity, price, ALWAYS)
        return self._ask(name, SubmitOrder(*asked))

    def _cancel(self, name: str) -> bool:
        legs = [leg for leg in self._truth.exchange.books.legs.values() if leg.client_order_id == name]
        for leg in legs:
            request = RequestId(f"{name}-x")
            cancel = CancelOrder(request, leg.client_order_id, leg.venue_order_id, leg.leaves_qty, ALWAYS)
            return self._ask(request, cancel)
        return False

    def _ask(self, name: str, request: OrderRequest) -> bool:
        if name in self._over:
            return False
        venue = self._truth.journal
        is_new = venue.outcome(name) is None  # else by an earlier process
        if is_new:
            self._truth.request(request, Guard(venue.journal_id, venue.epoch, ALWAYS))
        self._over.add(name)
        return is_new
