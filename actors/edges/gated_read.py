"""Reads account, holdings and orders of a broker until the lists agree with each other; one run gives one state.

A broker's lists are read one after another, page by page, while orders trade, and a list may come cut without saying
so. So the list of the day's orders and the holdings are read first and last, with all else between, and the set counts
only if it contradicts itself nowhere (`broker_lists.py`). What differs by fills alone is true but of two moments: it is
read again as well, and taken with the later lists when reads run out. A call that fails ends the run. Events are heard
meanwhile, and up to the state's own before it is given.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from actors.edges.broker_lists import FILLS, DayMemory, Lists, contradiction
from actors.edges.clock import system_now
from broker.port import AccountState
from domain.errors import BrokerUnavailable, RequestRefused
from domain.messages.link import BrokerDayOrder, BrokerOpenOrder, BrokerPosition, BrokerStateReceived, SessionInfo
from domain.messages.orders import OrderFact
from domain.time import kst_date
from domain.types import UnixNanos

T = TypeVar("T")

PAUSE_S: Final = 0.25  # between two reads: what is on its way comes
NO_SUCH_LIST: Final = ("NOT_OFFERED", "UNIMPLEMENTED")  # by a broker of ours, by one that does not know the call


class Source(Protocol):
    """What a run asks; a `BrokerClient` is one."""

    def session(self) -> SessionInfo:
        """Give the session."""

    def account(self) -> AccountState:
        """Give cash."""

    def positions(self) -> tuple[list[BrokerPosition], int]:
        """Give holdings and the event seq they include."""

    def open_orders(self) -> tuple[list[BrokerOpenOrder], int]:
        """Give open orders and the event seq they include."""

    def day_orders(self) -> tuple[list[BrokerDayOrder], int]:
        """Give the order numbers of the day and the event seq they include. Raises RequestRefused."""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How often, by which clock, and how to wait: until the event is set, at most so many seconds."""

    reads: int = 5
    now: Callable[[], UnixNanos] = system_now
    pause: Callable[[threading.Event, float], object] = threading.Event.wait


class GatedReader:
    """Makes runs over one orders link, one at a time. Remembers what of the day cannot change any more."""

    def __init__(self, plan: ReadPlan) -> None:
        """Start without a memory."""
        self._plan = plan
        self._memory = DayMemory()

    def heard(self, fact: OrderFact) -> None:
        """Take an event into account: lists that include it cannot lack its number. Any thread."""
        self._memory.hear(fact)

    def read(
        self, source: Source, journal_id: str, deliver: Callable[[int], None], abandoned: threading.Event, run: str = ""
    ) -> BrokerStateReceived:
        """Make one run; `deliver` waits until events up to a number were heard.

        Raises BrokerUnavailable when a list does not come, when they do not agree, and once `abandoned` is set;
        RequestRefused when a list is refused.
        """
        asked_at, why, memory_says = self._plan.now(), "", ""
        for count in range(1, self._plan.reads + 1):
            memory_says = ""
            if count > 1:
                self._plan.pause(abandoned, PAUSE_S)
            lists = _read_once(source, abandoned)
            why = contradiction(lists)
            if why and why is not FILLS:
                continue
            [seq] = lists.seqs
            deliver(seq)
            venue_time = source.session().venue_time
            self._memory.turn_to(journal_id, kst_date(venue_time).isoformat())
            memory_says = self._memory.contradiction(lists)
            if memory_says or (why is FILLS and count < self._plan.reads):
                continue
            self._memory.keep(lists)
            return _state(lists, journal_id, venue_time, run, count, (asked_at, self._plan.now()))
        if memory_says:
            self._memory.forget_holdings()  # it may be so, by a transfer of shares: the next run may believe it
        why = memory_says or why
        raise BrokerUnavailable(f"the broker's lists did not agree in {self._plan.reads} reads: {why}")


def _read_once(source: Source, abandoned: threading.Event) -> Lists:
    seqs: set[int] = set()

    def ask(question: Callable[[], tuple[list[T], int]]) -> list[T]:
        if abandoned.is_set():
            raise BrokerUnavailable("the reading was given up: the link has other work")
        rows, seq = question()
        seqs.add(seq)
        return rows

    try:
        day: list[BrokerDayOrder] | None = ask(source.day_orders)
    except RequestRefused as refused:
        if refused.code not in NO_SUCH_LIST:
            raise
        day = None
    open_orders, positions = ask(source.open_orders), ask(source.positions)
    account = source.account()
    day_again = None if day is None else ask(source.day_orders)
    positions_again = ask(source.positions)
    return Lists(
        day, open_orders, positions, account, day_again, positions_again, frozenset({*seqs, account.as_of_seq})
    )


def _state(
    lists: Lists, journal_id: str, venue_time: UnixNanos, run: str, reads: int, asked: tuple[UnixNanos, UnixNanos]
) -> BrokerStateReceived:
    account = lists.account
    return BrokerStateReceived(
        cash=account.cash,
        positions=tuple(lists.positions_again),
        open_orders=tuple(lists.latest_open_orders),
        journal_id=journal_id,
        as_of_seq=account.as_of_seq,
        venue_time=venue_time,
        deposit=account.deposit,
        d1_deposit=account.d1_deposit,
        withdrawable=account.withdrawable,
        orderable_cash=account.orderable_cash,
        day_orders=None if lists.day_again is None else tuple(lists.day_again),
        run=run,
        reads=reads,
        asked_at=asked[0],
        read_at=asked[1],
    )
