"""What the account's lists answer, with the order event they include.

That is the newest one before they were asked for: Kiwoom's servers know at least what was heard from them.
"""

from typing import Final

from broker.journal import OrderJournal
from broker.port import AccountState
from broker_win.clock import Clock
from broker_win.orders.desk import WinOrders
from broker_win.requests.account import Queries
from broker_win.rows import OrderLists
from broker_win.session import WinSession
from domain.errors import BrokerUnavailable
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition
from domain.messages.orders import OrderFilled
from domain.time import kst_date
from domain.types import NANOS_PER_SECOND, Krw

FRESH_NS: Final = 2 * NANOS_PER_SECOND  # of lists that answer two questions asked one after the other


class AccountReads:
    """Reads of one account; each raises BrokerUnavailable while not logged in, and when a list does not come whole."""

    def __init__(
        self, queries: Queries, orders: WinOrders, journal: OrderJournal, clock: Clock, session: WinSession
    ) -> None:
        """Keep whom to ask."""
        self._queries, self._orders, self._journal = queries, orders, journal
        self._clock, self._session = clock, session
        self._lists: tuple[int, int, OrderLists] | None = None  # seq, monotonic time of asking, what was read

    async def account(self) -> AccountState:
        """Give cash; commission and tax are those of the fills known today."""
        seq = self._begin()
        deposit = await self._queries.deposit()
        today = self._today()
        return AccountState(
            account=self._session.masked(),
            cash=deposit.d2,
            orderable_cash=deposit.orderable,
            commission=Krw(sum(fill.commission for fill in today)),
            tax=Krw(sum(fill.tax for fill in today)),
            as_of_seq=seq,
            deposit=deposit.deposit,
            d1_deposit=deposit.d1,
            withdrawable=deposit.withdrawable,
        )

    async def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings."""
        seq = self._begin()
        rows = await self._queries.balances()
        return [BrokerPosition(row.code, row.quantity, row.cost, sellable=row.sellable) for row in rows], seq

    async def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open venue orders.

        Lists of the day that were read just now, with no event since, answer this too: they are the same queries.
        """
        seq = self._begin()
        known = self._lists
        if known is None or known[0] != seq or self._clock.monotonic() - known[1] > FRESH_NS:
            return self._orders.open_orders(await self._read(seq)), seq
        return self._orders.open_orders(known[2]), seq

    async def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give every order number of the day, read now."""
        seq = self._begin()
        return self._orders.day_orders(await self._read(seq)), seq

    def fills(self) -> tuple[list[OrderFilled], int]:
        """Give the day's executions as they were heard or found, oldest first."""
        return self._today(), self._journal.last_seq

    def _begin(self) -> int:
        if not self._session.logged_in:
            raise BrokerUnavailable(f"not logged in to Kiwoom: {self._session.trouble()}")
        return self._journal.last_seq

    async def _read(self, seq: int) -> OrderLists:
        asked_at = self._clock.monotonic()
        lists = await self._queries.order_lists()
        self._lists = (seq, asked_at, lists)
        return lists

    def _today(self) -> list[OrderFilled]:
        day = kst_date(self._clock.venue())
        return [fill for fill in self._orders.fills() if kst_date(fill.venue_time) == day]
