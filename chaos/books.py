"""Both sides' own account of what happened: the venue's from its journal alone, the trader's from its log alone."""

import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.recovery import recover_fully
from broker.translate.facts import decode_fact
from cli.compose import codec
from domain.messages.link import ReconcileReported
from domain.messages.orders import (
    CancelOrder,
    HoldingAdjusted,
    ModifyOrder,
    OrderAccepted,
    OrderFilled,
    RequestAnswered,
    RequestStranded,
    SubmitOrder,
)
from domain.messages.run import RoleFailed
from domain.status import OrdersQuery
from domain.types import RequestOutcome, Side
from domain.views import CashQuery, PositionsQuery
from persistence.reader import LogReader

CASH_KEY = "sim.cash"  # where the simulated venue keeps what the account was opened with
SENDING = "SENDING"
ALL = 10_000_000


@dataclass
class VenueBook:
    """What the journal of the venue says, added up here and not by the exchange."""

    outcomes: dict[str, str] = field(default_factory=dict)  # request -> outcome
    recorded_at: dict[str, int] = field(default_factory=dict)  # request -> system time of its outcome, ns
    accepted: Counter[str] = field(default_factory=Counter)  # client order -> times the venue took it
    filled: Counter[str] = field(default_factory=Counter)  # client order -> shares
    fills: list[OrderFilled] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # client orders any fact names
    cash: int = 0  # KRW
    holdings: Counter[str] = field(default_factory=Counter)  # shares


def read_venue(journal: Path) -> VenueBook:
    """Read a journal whose process is gone or alive."""
    with contextlib.closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        payloads = db.execute("SELECT payload FROM events ORDER BY seq").fetchall()
        requests = db.execute("SELECT request_id, outcome, recorded_at FROM requests").fetchall()
        opened_with = db.execute("SELECT value FROM meta WHERE key = ?", (CASH_KEY,)).fetchone()
    book = VenueBook(cash=int(opened_with[0]) if opened_with else 0)
    book.outcomes = {request_id: outcome for request_id, outcome, _ in requests}
    book.recorded_at = {request_id: at for request_id, _, at in requests}
    for (payload,) in payloads:
        fact = decode_fact(payload, "")
        book.named |= {fact.client_order_id} - {""}
        match fact:
            case OrderAccepted():
                book.accepted[fact.client_order_id] += 1
            case OrderFilled():
                book.fills.append(fact)
                book.filled[fact.client_order_id] += fact.last_qty
                sign = 1 if fact.side is Side.BUY else -1
                book.cash -= sign * fact.last_qty * fact.last_px + fact.commission + fact.tax
                book.holdings[fact.symbol] += sign * fact.last_qty
            case HoldingAdjusted():
                book.cash += fact.cash
                book.holdings[fact.symbol] += fact.quantity - fact.quantity_before
    book.holdings = Counter({code: shares for code, shares in book.holdings.items() if shares})
    return book


@dataclass(frozen=True)
class Believed:
    """How a client order stands in the trader's books."""

    status: str
    quantity: int
    filled_qty: int


@dataclass
class TraderBook:
    """What the log of the trader says: its intents and answers event by event, its books as the fold gives them."""

    events: int = 0
    intents: Counter[str] = field(default_factory=Counter)  # request -> times it is in the log
    order_of: dict[str, str] = field(default_factory=dict)  # request -> client order
    submits: set[str] = field(default_factory=set)
    answers: dict[str, list[RequestAnswered]] = field(default_factory=dict)
    stranded: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Believed] = field(default_factory=dict)
    cash: int = 0  # KRW
    holdings: dict[str, int] = field(default_factory=dict)  # shares
    reports: list[ReconcileReported] = field(default_factory=list)
    failed_roles: list[str] = field(default_factory=list)


def read_trader(log: Path) -> TraderBook:
    """Read and fold a log. Raises LogError."""
    book = TraderBook()
    with LogReader(log, codec()) as reader:
        for record, message in reader.messages():
            book.events = record.seq
            _note(book, message)
        kernel = recover_fully(reader).kernel
    for order in kernel.role("executor").view(OrdersQuery(limit=ALL)):
        book.orders[order.client_order_id] = Believed(str(order.status), order.quantity, order.filled_qty)
    book.cash = kernel.role("portfolio").view(CashQuery()).cash
    views = kernel.role("portfolio").view(PositionsQuery())
    book.holdings = {view.symbol: view.quantity for view in views if view.quantity}
    book.failed_roles += [f"{name}: {why}" for name, why in kernel.benched.items()]
    return book


def _note(book: TraderBook, message: Any) -> None:
    match message:
        case SubmitOrder(client_order_id=order_id):
            book.submits.add(order_id)
            book.intents[order_id] += 1
            book.order_of[order_id] = order_id
        case ModifyOrder() | CancelOrder():
            book.intents[message.request_id] += 1
            book.order_of[message.request_id] = message.client_order_id
        case RequestAnswered(request_id=request_id):
            book.answers.setdefault(request_id, []).append(message)
        case RequestStranded(request_id=request_id):
            book.stranded[request_id] += 1
        case ReconcileReported():
            book.reports.append(message)
        case RoleFailed():
            book.failed_roles.append(f"{message.role_name}: {message.error}")


def final_answers(book: TraderBook, request_id: str) -> set[RequestOutcome]:
    """Give the outcomes the trader was told, those that leave the fate open left out."""
    told = {answer.outcome for answer in book.answers.get(request_id, ())}
    return told - {RequestOutcome.IN_DOUBT}
