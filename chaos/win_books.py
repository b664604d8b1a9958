"""Two books of one day beside each other: the order journal of the Windows broker and that of Kiwoom's servers."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from broker.translate.facts import decode_fact
from domain.messages.orders import OrderAccepted, OrderFact, OrderFilled, OrderRejected
from domain.time import kst_date

COUNTED = (
    *("orders", "fills", "lost", "doubled", "in_doubt", "vanished"),
    *("notional_krw", "difference_krw", "rounding_krw"),
)
ENDED = ("SENT", "REFUSED", "VOID")


@dataclass
class Books:
    """What was found of one day or more."""

    orders: int = 0  # at the venue
    fills: int = 0  # executions at the venue
    lost: int = 0  # orders or shares the venue has and the broker's journal has not
    doubled: int = 0  # two orders of one intent, or shares the venue never gave
    in_doubt: int = 0  # requests without evidence of their fate; the venue has none of them, or they count as lost
    # Requests that SendOrder took with 0 and whose process died before they left: the venue has none of them, or they
    # count as lost. A trader writes them off once the lists have not shown them for long enough.
    vanished: int = 0
    notional_krw: int = 0  # at the venue
    difference_krw: int = 0  # absolute, of what shares were bought and sold for
    rounding_krw: int = 0  # of costs, where the lists made several executions one: below a won an execution and cost
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Books") -> None:
        """Take another day's."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.problems += other.problems


def compare(broker: Path, venue: Path, day: date, sent: list[str]) -> Books:
    """Compare the day's orders and executions by venue order number; `sent` are the ids of new orders, in order."""
    ours, theirs = read(broker, day), read(venue, day)
    outcomes = _outcomes(broker)
    books = Books()
    venue_orders = {fact.venue_order_id: fact for fact in theirs if isinstance(fact, OrderAccepted)}
    known = {fact.venue_order_id: fact for fact in ours if isinstance(fact, OrderAccepted)}
    books.orders = len(venue_orders)
    _look(books, "lost", venue_orders.keys() - known.keys(), "the venue's order {} is not in the journal")
    _look(books, "doubled", known.keys() - venue_orders.keys(), "order {} is not at the venue")
    nobodys = {number for number, fact in known.items() if not fact.client_order_id}
    _look(books, "lost", nobodys, "order {} is in the journal as nobody's")
    per_client = Counter(fact.client_order_id for number, fact in known.items() if number not in nobodys)
    _look(books, "doubled", {name for name, count in per_client.items() if count > 1}, "{} became two orders")
    _sums(books, ours, theirs)
    answered = per_client.keys() | {fact.client_order_id for fact in ours if isinstance(fact, OrderRejected)}
    for name in sent:
        outcome = outcomes.get(name, "VOID")  # an id that never arrived and was never asked for is none
        if outcome not in ENDED:
            books.in_doubt += 1
        elif outcome == "SENT" and name not in answered:
            books.vanished += 1
        elif outcome != "SENT" and name in per_client:
            _look(books, "doubled", {name}, "{} was written off and is at the venue")
    return books


def read(path: Path, day: date) -> list[OrderFact]:
    """Read the facts of a day."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        rows = journal.execute("SELECT payload FROM events ORDER BY seq").fetchall()
    facts = [decode_fact(payload, "") for (payload,) in rows]
    return [fact for fact in facts if kst_date(fact.venue_time) == day]


def _outcomes(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as journal:
        return dict(journal.execute("SELECT request_id, outcome FROM requests").fetchall())


def _sums(books: Books, ours: list[OrderFact], theirs: list[OrderFact]) -> None:
    """Compare shares, amounts and costs by order number: lists of sums may have been put together as one execution."""
    own, real = _by_number(ours), _by_number(theirs)
    books.fills = sum(isinstance(fact, OrderFilled) for fact in theirs)
    executions: Counter[str] = Counter(fact.venue_order_id for fact in theirs if isinstance(fact, OrderFilled))
    for number in sorted(own.keys() | real.keys()):
        mine, real_one = own[number], real[number]
        books.notional_krw += real_one[1]
        books.difference_krw += abs(mine[1] - real_one[1])
        rounding = abs(mine[2] - real_one[2])
        books.rounding_krw += rounding
        if mine[:2] == real_one[:2] and rounding <= 2 * max(0, executions[number] - 1):
            continue
        name = "lost" if mine[0] < real_one[0] else "doubled" if mine[0] > real_one[0] else ""
        text = f"order {number}: shares, KRW, costs are {mine} in the journal, {real_one} at the venue"
        books.problems.append(text)
        if name:
            setattr(books, name, getattr(books, name) + 1)


def _by_number(facts: list[OrderFact]) -> defaultdict[str, tuple[int, int, int]]:
    found: defaultdict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for fact in facts:
        if isinstance(fact, OrderFilled):
            shares, amount, costs = found[fact.venue_order_id]
            more = fact.last_qty * fact.last_px
            found[fact.venue_order_id] = (
                shares + fact.last_qty,
                amount + more,
                costs + fact.commission + fact.tax,
            )
    return found


def _look(books: Books, name: str, found: Iterable[str], text: str) -> None:
    named = sorted(found)
    setattr(books, name, getattr(books, name) + len(named))
    books.problems += [text.format(one) for one in named]
