"""What the executor hears of the broker and of own books, side by side: the fold alone."""

from dataclasses import replace
from typing import Any

from actors.roles.orders_state import OrdersState
from actors.roles.reconcile_state import Reconciliation
from domain.instruments import Instrument
from domain.messages import Stamp
from domain.messages.link import BrokerStateReceived, OrderEvidence
from domain.reconciliation import Finding, Own, count_absent, find
from domain.types import ClientOrderId, Krw, UnixNanos


class ComparedState(OrdersState):
    """Own holdings, the facts of the broker's journal, what its lists said last, and how both compared."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        super().__init__()
        self.instruments: dict[str, Instrument] = {}
        self.positions: dict[str, int] | None = None  # own books; None before the broker's were adopted
        self.offered: dict[str, int] = {}  # holdings the broker told last
        self.books_of = ""  # journal of the account that was adopted
        self.link_journal = ""  # of the broker reconciled with last
        self.journal_id = ""
        self.event_seq = 0
        self.heard_at: dict[str, int] = {}  # symbol -> last event of it in this journal
        self.reconciling: BrokerStateReceived | None = None
        self.comparing = Reconciliation()

    def _told(self, state: BrokerStateReceived, stamp: Stamp) -> None:
        """Take in what the broker says of the account; only what a gated run read is compared to become READY."""
        self.offered = {item.symbol: item.quantity for item in state.positions}
        if not state.run:
            if self.positions is None:
                self.positions, self.books_of = dict(self.offered), state.journal_id
            self.reconciling, self.link_journal = state, state.journal_id
        run = self.comparing.run
        is_ours = not state.run or (run is not None and run.run == state.run)
        self.comparing.fold(state, stamp.system_time)
        if not state.asked_at or not is_ours or (state.run and run is not None and run.kind == "dry_run"):
            return
        self.comparing.sightings = count_absent(self._own(state, stamp.system_time), state)
        if run is not None and run.kind == "audit" and state.run:
            finding = find(self._own(state, stamp.system_time), state)
            self.comparing.found(finding.to_do(self.comparing.halted, self.comparing.offered))

    def _hear(self, fact: Any, stamp: Stamp) -> None:
        order_id = self.owner_of(fact)
        if order_id:
            self._apply(fact if fact.client_order_id else replace(fact, client_order_id=order_id), stamp)
            self._claim(order_id, stamp)
            self._rests(order_id)
        elif fact.journal_id == self.books_of:
            self.comparing.told_orphan(fact, stamp.system_time)

    def _is_new(self, fact: Any) -> bool:
        """Tell whether a fact comes next. A resumed stream may repeat; behind a gap nothing is believed."""
        if fact.journal_id != self.journal_id:  # another journal is heard from its first event on
            self.journal_id, self.event_seq, self.heard_at = fact.journal_id, 0, {}
        if fact.event_seq != self.event_seq + 1:
            return False
        self.event_seq = fact.event_seq
        order = self.orders.get(self.owner_of(fact))
        symbol = order.symbol if order is not None else getattr(fact, "symbol", "")
        self.heard_at[symbol] = fact.event_seq
        return True

    def _book_evidence(self, proved: OrderEvidence, stamp: Stamp) -> None:
        state = self.reconciling
        if state is not None:
            finding = Finding() if self.comparing.planned else find(self._own(state, stamp.system_time), state)
            self.comparing.booked(proved, finding)
        self._apply(proved, stamp)
        self._claim(ClientOrderId(proved.client_order_id), stamp)
        self._rests(ClientOrderId(proved.client_order_id))

    def _claim(self, order_id: ClientOrderId, stamp: Stamp) -> None:
        """Let an order take over what was told of its numbers before they were known as its own."""
        orphans = self.comparing.orphans
        while orphans:
            order = self.orders.get(order_id)
            numbers = [item.venue_order_id for item in order.legs if item.venue_order_id in orphans] if order else []
            if not numbers:
                return
            for orphan in orphans.pop(numbers[0]):
                self._apply(replace(orphan.fact, client_order_id=order_id), stamp)

    def _own(self, state: BrokerStateReceived, now: UnixNanos) -> Own:
        """Give our side of a comparison with what the broker told."""
        comparing, is_over = self.comparing, False
        if not self.own_clock and comparing.close_time:
            is_over = state.venue_time >= comparing.close_time
        return Own(
            orders=tuple(self.orders.values()),
            positions=self.positions or {},
            cash=None if comparing.cash is None else Krw(comparing.cash),
            heard_at=self._heard_at(),
            orphans=comparing.orphans,
            externals=comparing.externals,
            sightings=comparing.sightings,
            instruments=self.instruments,
            settings=comparing.settings,
            commission_ppm=comparing.commission_ppm,
            now=now,
            own_clock=self.own_clock,
            is_over=is_over,
        )

    def _heard_at(self) -> dict[str, int]:
        return self.heard_at if self.link_journal == self.journal_id else {}
