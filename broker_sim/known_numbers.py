"""Which of an account's order numbers a process knows as its own: those it was told of, in its journal.

Kiwoom's lists carry no id of ours. A number the process was never told of could be anybody's.
"""

from dataclasses import replace

from broker.journal import OrderJournal
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder
from domain.messages.orders import ChangeReceived, OrderFact, OrderFilled, OrderReplaced
from domain.types import ClientOrderId


class KnownNumbers:
    """Fold of what was told: number -> our order, and the request the number was given for."""

    def __init__(self, journal: OrderJournal) -> None:
        """Read the journal when asked first."""
        self._journal = journal
        self._read_to = 0
        self._orders: dict[str, ClientOrderId] = {}
        self._requests: dict[str, str] = {}

    def name_day_order(self, row: BrokerDayOrder) -> BrokerDayOrder:
        """Give a row with the ids this process knows, and no others."""
        self._learn()
        number = row.venue_order_id
        return replace(row, client_order_id=self._orders.get(number, ""), request_id=self._requests.get(number, ""))

    def name_open_order(self, row: BrokerOpenOrder) -> BrokerOpenOrder:
        """Give a row with the id this process knows, and no other."""
        self._learn()
        return replace(row, client_order_id=self._orders.get(row.venue_order_id, ""))

    def name_fill(self, fill: OrderFilled) -> OrderFilled:
        """Give an execution as a list tells it: of our order if this process knows the number."""
        self._learn()
        name = self._orders.get(fill.venue_order_id, ClientOrderId(""))
        return replace(fill, journal_id=self._journal.journal_id, event_seq=0, client_order_id=name)

    def _learn(self) -> None:
        if self._read_to == self._journal.last_seq:
            return
        for fact in self._journal.events(self._read_to):
            self._read_to = fact.event_seq
            if fact.client_order_id:
                self._take(fact)

    def _take(self, fact: OrderFact) -> None:
        numbers = [str(getattr(fact, "venue_order_id", ""))]
        if isinstance(fact, ChangeReceived | OrderReplaced):
            change = fact.change_venue_order_id if isinstance(fact, ChangeReceived) else fact.new_venue_order_id
            self._requests[change] = fact.request_id
            numbers.append(change)
        for number in filter(None, numbers):
            self._orders[number] = fact.client_order_id
