"""What of the orders outlives a kill, beside the facts: what each request asked, kept before it can reach Kiwoom.

Kept as values of the order journal, numbered from 0 anew each day over those of the day before, so a year leaves no
more than its busiest day. Where a day's facts begin is kept, too: nobody reads a year to know today.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from broker.journal import OrderJournal
from broker_win.orders.asks import Ask
from broker_win.orders.notices import Action
from domain.messages.orders import HoldingAdjusted, OrderFact
from domain.time import kst_date
from domain.types import ClientOrderId, Krw, OrderKind, RequestId, Side, TimeInForce, UnixNanos

DAYS: Final = "win:days"  # date -> seq before its first fact
OVER: Final = "win:over"  # date whose end the venue told
KEPT: Final = "win:kept:{}"
_DAYS_KEPT: Final = 10


@dataclass(frozen=True, slots=True)
class Day:
    """What a journal holds of one day."""

    facts: tuple[OrderFact, ...]
    asks: tuple[Ask, ...]
    elsewhere: tuple[str, ...]  # numbers of changes made elsewhere whose effect is in the facts
    is_over: bool


class JournalState:
    """One day's values in a journal."""

    def __init__(self, journal: OrderJournal, day: date) -> None:
        """Open a day, and note where its facts begin if it is new."""
        self._journal, self._day = journal, day
        self._next = 0
        days: dict[str, int] = json.loads(journal.get_meta(DAYS) or "{}")
        if day.isoformat() not in days:
            days[day.isoformat()] = journal.last_seq
            newest = sorted(days)[-_DAYS_KEPT:]
            journal.set_meta(DAYS, json.dumps({name: days[name] for name in newest}))
        self._after_seq = days[day.isoformat()]

    def load(self) -> Day:
        """Read what is there."""
        asks: list[Ask] = []
        elsewhere: list[str] = []
        for value in self._kept():
            if "ask" in value:
                asks.append(_read_ask(value["ask"]))
            else:
                elsewhere.append(str(value["elsewhere"]))
        is_over = self._journal.get_meta(OVER) == self._day.isoformat()
        return Day(self.facts(), tuple(asks), tuple(elsewhere), is_over)

    def facts(self) -> tuple[OrderFact, ...]:
        """Give the day's facts about orders, oldest first."""
        return tuple(
            fact
            for fact in self._journal.events(self._after_seq)
            if kst_date(fact.venue_time) == self._day and not isinstance(fact, HoldingAdjusted)
        )

    def keep_ask(self, ask: Ask) -> None:
        """Keep what a request asks. Durable when it returns. Raises LogError."""
        self._keep({"ask": asdict(ask)})

    def keep_elsewhere(self, number: str) -> None:
        """Keep that a change made elsewhere took effect."""
        self._keep({"elsewhere": number})

    def keep_over(self) -> None:
        """Keep that the day is over for day orders."""
        self._journal.set_meta(OVER, self._day.isoformat())

    def _kept(self) -> Iterator[dict[str, Any]]:
        at = 0
        while (value := self._journal.get_meta(KEPT.format(at))) is not None:
            read = json.loads(value)
            at += 1
            if read["day"] == self._day.isoformat():
                self._next = at
                yield read

    def _keep(self, value: dict[str, object]) -> None:
        self._journal.set_meta(KEPT.format(self._next), json.dumps({"day": self._day.isoformat(), **value}))
        self._next += 1


def _read_ask(value: dict[str, Any]) -> Ask:
    price = value["price"]
    return Ask(
        RequestId(value["request_id"]),
        ClientOrderId(value["client_order_id"]),
        Action(value["action"]),
        value["code"],
        Side(value["side"]),
        int(value["quantity"]),
        None if price is None else Krw(price),
        value["original"],
        OrderKind(value["kind"]),
        TimeInForce(value["time_in_force"]),
        value["screen"],
        value["rqname"],
        UnixNanos(value["asked_at"]),
    )
