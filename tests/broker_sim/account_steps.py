"""Facts of a simulated account, and steps of a life with days, fills and corporate actions."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from broker_sim.account import Account
from broker_sim.corporate_actions import ActionKind, CorporateAction, adjustments
from domain.krx.calendar import next_session
from domain.krx.costs import fill_costs
from domain.messages.orders import OrderFact, OrderFilled
from domain.time import from_kst, kst_date
from domain.types import ClientOrderId, Krw, Market, Side, Symbol, TradeId, VenueOrderId

CASH = 10_000_000
DAY = date(2026, 2, 10)
A, B = Symbol("005930"), Symbol("120110")


def a_fill(side: Side, quantity: int, price: int, day: date = DAY, symbol: str = A, **changes: Any) -> OrderFilled:
    costs = fill_costs(side, quantity * price, Market.KOSPI, day, 150)
    fields: dict[str, Any] = {
        "journal_id": "J",
        "event_seq": 1,
        "venue_time": from_kst(day, 10, 0),
        "client_order_id": ClientOrderId("c1"),
        "venue_order_id": VenueOrderId("0000001"),
        "trade_id": TradeId("000001"),
        "symbol": symbol,
        "side": side,
        "last_qty": quantity,
        "last_px": Krw(price),
        "commission": costs.commission,
        "tax": costs.tax,
        "leaves_qty": 0,
    }
    return OrderFilled(**(fields | changes))


def an_action(kind: ActionKind, new: int = 1, old: int = 1, amount: int = 0, **changes: Any) -> CorporateAction:
    fields: dict[str, Any] = {"date": DAY, "symbol": A, "kind": kind, "new": new, "old": old, "amount": Krw(amount)}
    return CorporateAction(**(fields | changes))


@dataclass
class Desk:
    """An account with its facts, numbered as a journal numbers them, and the day it is in."""

    account: Account = field(default_factory=lambda: Account(CASH))
    facts: list[OrderFact] = field(default_factory=list)
    day: date = DAY

    def take(self, fact: OrderFact) -> None:
        seq = len(self.facts) + 1
        fact = replace(fact, journal_id="J", event_seq=seq)
        if isinstance(fact, OrderFilled):
            fact = replace(fact, trade_id=TradeId(f"{seq:06d}"))
        self.account.open_day(kst_date(fact.venue_time))
        self.account.apply(fact)
        self.facts.append(fact)

    def act(self, *actions: CorporateAction) -> None:
        for fact in adjustments(self.account, actions, from_kst(self.day, 8, 0)):
            self.take(fact)


SYMBOLS, PRICES = st.sampled_from((A, B)), st.none() | st.integers(1, 90_000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), SYMBOLS, st.sampled_from(Side), st.integers(1, 60), st.integers(1, 200_000)),
        st.tuples(st.just("day"), st.integers(1, 3)),
        st.tuples(st.just("split"), SYMBOLS, st.integers(1, 12), st.integers(1, 12), PRICES),
        st.tuples(st.just("bonus"), SYMBOLS, st.integers(1, 5), st.integers(1, 5), PRICES),
        st.tuples(st.just("dividend"), SYMBOLS, st.integers(1, 9_000)),
    ),
    max_size=40,
)


def play(desk: Desk, step: tuple[Any, ...]) -> None:
    """Do one step as far as the account allows it: long only, in cash, actions at the begin of a day."""
    match step:
        case ("fill", symbol, Side.BUY, quantity, price):
            fill = a_fill(Side.BUY, quantity, price, desk.day, symbol)
            if quantity * price + fill.commission <= desk.account.cash:
                desk.take(fill)
        case ("fill", symbol, _, quantity, price):
            held = desk.account.holdings.get(symbol)
            if held and held.quantity:
                desk.take(a_fill(Side.SELL, min(quantity, held.quantity), price, desk.day, symbol))
        case ("day", sessions):
            for _ in range(sessions):
                desk.day = next_session(desk.day)
        case ("dividend", symbol, amount):
            desk.day = next_session(desk.day)
            desk.act(an_action(ActionKind.DIVIDEND, amount=amount, symbol=symbol))
        case (kind, symbol, new, old, price):
            desk.day = next_session(desk.day)
            paid = None if price is None else Krw(price)
            desk.act(an_action(ActionKind(kind), new, old, symbol=symbol, fraction_price=paid))
