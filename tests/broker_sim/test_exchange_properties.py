"""Any course of rows, requests and restarts: money and shares balance, sessions and limits hold, nothing is lost."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.exchange import Exchange
from broker_sim.issue import Issue
from broker_sim.legs import kind_after_modify
from broker_sim.market_view import Levels
from broker_sim.order_queue import Execution
from domain.config import SimConfig
from domain.krx.sessions import RANDOM_END
from domain.messages.orders import (
    ChangeReceived,
    ChangeRefused,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFact,
    OrderFilled,
    OrderReplaced,
)
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, OrderKind, Side, TimeInForce, UnixNanos
from tests.broker_sim.builders import DAY, SYMBOL, a_cancel, a_modify, a_quote, an_instrument, at
from tests.broker_sim.exchange_steps import AFTER_MARKET_DAY, an_order

LOWER, UPPER = 7_000, 13_000
PAUSES = (0, 0, 30_000_000, NANOS_PER_SECOND, NANOS_PER_SECOND, 15 * NANOS_PER_SECOND, 400 * NANOS_PER_SECOND, 10**12)
# Hypothesis draws what the exchange assumes and a seed; the seed draws the steps: hundreds of random steps that still
# make sense to the venue come to more than hypothesis finds step by step.
SEEDS = st.integers(0, 2**32)
CONFIGS = st.builds(
    SimConfig,
    latency_ms=st.sampled_from([0, 0, 40]),
    latency_jitter_ms=st.sampled_from([0, 30]),
    cancel_model=st.sampled_from(["back", "proportional"]),
    auction_share=st.booleans(),
    depth_levels=st.sampled_from([1, 4]),
    interruptions=st.booleans(),
)
BEGINS = st.sampled_from([(8, 29), (8, 58), (9, 30), (10, 0), (15, 10), (15, 28), (15, 45)])


def steps_of(seed: int, count: int) -> Iterator[tuple[Any, ...]]:
    """Draw steps around a wandering price."""
    draw = random.Random(seed)
    price = 10_000

    def near() -> int:
        return min(UPPER, max(LOWER, price + 10 * draw.choice((-60, -2, -1, 0, 0, 1, 2, 60))))

    for _ in range(count):
        price = min(UPPER, max(LOWER, price + 10 * draw.choice((-1, 0, 0, 1, draw.choice((-120, 0, 0, 0, 120))))))
        what = draw.choices(("row", "submit", "modify", "cancel", "depth", "wait", "restart"), (40, 25, 8, 6, 6, 6, 2))[
            0
        ]
        if what == "row":
            kind = draw.choices(tuple(QuoteKind), (6, 2, 1))[0]
            yield (
                what,
                draw.choice(PAUSES[:-1]),
                price,
                draw.randint(0, 90),
                draw.randint(0, 60),
                draw.randint(-1, 4),
                kind,
            )
        elif what == "submit":
            kind_of = draw.choice((OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.MARKET, *OrderKind))
            in_force = draw.choice((TimeInForce.DAY, TimeInForce.DAY, *TimeInForce))
            yield what, kind_of, in_force, near(), near(), draw.randint(1, 90), draw.choice(tuple(Side))
        elif what == "modify":
            yield what, near(), draw.choice((1, 5, 20, 60)), draw.choice((0, 0, 1, 2, 3))
        elif what == "cancel":
            yield what, draw.choice((0, 0, 5, 40)), draw.choice((0, 0, 1, 2, 3))
        elif what == "depth":
            yield what, price, draw.randint(1, 60)
        elif what == "wait":
            yield what, draw.choice(PAUSES)
        else:
            yield (what,)


@dataclass
class Course:
    """An exchange, everything it said, and what must hold of it."""

    cash: int
    config: SimConfig
    now: int
    day: Any
    limited: bool = True  # the day's limits are known
    facts: list[OrderFact] = field(default_factory=list)
    leaves: dict[str, int] = field(default_factory=dict)  # every number ever, by our own reckoning
    terms: dict[str, OrderAccepted | OrderReplaced] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)
    requests: int = 0

    def __post_init__(self) -> None:
        self.exchange = self.made()
        self.exchange.begin(UnixNanos(self.now))

    def made(self) -> Exchange:
        exchange = Exchange(self.cash, 150, config=self.config, seed=7)
        exchange.set_instruments([an_instrument(base=10_000 if self.limited else None)])
        return exchange

    def step(self, step: Any) -> None:
        what, *values = step
        self.requests += 1
        self.hear(getattr(self, what)(*values))
        self.check()

    # ---- steps ----

    def row(self, pause: int, price: int, printed: int, shown: int, ticks: int, kind: QuoteKind) -> list[OrderFact]:
        self.now += pause
        if at(15, 30, 36, day=self.day) <= self.now < at(16, 0, day=self.day) and SYMBOL in self.exchange.latest:
            price = self.exchange.latest[SYMBOL].price  # off-hours nothing trades but at the close
        # From -1 the book is crossed, as in an auction; bids end at the lower limit, asks at the upper.
        bid, ask = price - 10 * max(ticks, 0), price + 10 * (ticks > 0) - 10 * (ticks < 0)
        row = a_quote(
            price,
            self.now,
            last_qty=0 if kind is QuoteKind.BOOK else printed,
            bid_price=bid if bid >= LOWER else 0,
            ask_price=ask if LOWER <= ask < UPPER else 0,
            bid_qty=shown if bid >= LOWER else 0,
            ask_qty=40 - shown if LOWER <= ask < UPPER else 0,
            kind=int(kind),
        )
        return self.exchange.on_quotes([row])

    def depth(self, price: int, shares: int) -> list[OrderFact]:
        bids = tuple((price - 10 * level, shares) for level in range(1, 4) if price - 10 * level >= LOWER)
        asks = tuple((price + 10 * level, shares) for level in range(3) if price + 10 * level <= UPPER)
        return self.exchange.on_quotes([], [Depth(SYMBOL, self.now, bids, asks)])

    def submit(
        self, kind: OrderKind, in_force: TimeInForce, price: int, stop: int, shares: int, side: Side
    ) -> list[OrderFact]:
        limit = price if kind.has_limit_price else None
        trigger = stop if kind is OrderKind.STOP_LIMIT else None
        name = f"c{self.requests}"
        order = an_order(kind, shares, limit, side, name, time_in_force=in_force, stop_price=trigger)
        return self.exchange.place(order)

    def modify(self, price: int, shares: int, which: int) -> list[OrderFact]:
        leg = self.leg(which)
        return self.exchange.place(a_modify(leg[0], shares, price, leg[1], f"m{self.requests}"))

    def cancel(self, shares: int, which: int) -> list[OrderFact]:
        leg = self.leg(which)
        return self.exchange.place(a_cancel(leg[0], shares, leg[1], f"x{self.requests}"))

    def cancel_all(self) -> list[OrderFact]:
        facts: list[OrderFact] = []
        for number, leg in enumerate(list(self.exchange.books.legs.values())):
            change = a_cancel(leg.venue_order_id, 0, leg.client_order_id, f"a{number}")
            facts += self.exchange.place(change)
        return facts

    def empty_book(self) -> list[OrderFact]:
        return self.exchange.on_quotes([a_quote(10_000, self.now, last_qty=0, bid_price=0, ask_price=0, kind=2)])

    def wait(self, pause: int) -> list[OrderFact]:
        self.now += pause
        return self.exchange.advance(UnixNanos(self.now))

    def restart(self) -> list[OrderFact]:
        before = self.exchange
        self.exchange = self.folded(before)
        assert self.exchange.books.legs == before.books.legs
        assert self.exchange.books.orders.changes == before.books.orders.changes
        assert self.exchange.books.orders.last_number == before.books.orders.last_number
        assert self.exchange.books.account.holdings == before.books.account.holdings
        assert self.exchange.books.account.cash == before.books.account.cash
        return []

    def folded(self, before: Exchange) -> Exchange:
        other = self.made()
        for fact in self.facts:
            other.apply(fact)
        other.restore(before.now, list(before.latest.values()), before.ended)
        other.restore_taken(fact for fact in self.facts if isinstance(fact, OrderFilled))
        return other

    def leg(self, which: int) -> tuple[str, str]:
        legs = list(self.exchange.books.legs.values())
        return (legs[which].venue_order_id, legs[which].client_order_id) if which < len(legs) else ("0000000", "none")

    # ---- what must hold ----

    def hear(self, facts: Iterable[OrderFact]) -> None:
        for fact in facts:
            self.facts.append(fact)
            match fact:
                case OrderAccepted(venue_order_id=number):
                    self.open(number, fact.quantity, fact)
                case OrderReplaced(venue_order_id=number, request_id=request):
                    self.reduce(number, fact.moved_qty, fact.leaves_qty)
                    self.open(fact.new_venue_order_id, fact.moved_qty, fact)
                    self.under_way.remove(request)
                case OrderCancelled(venue_order_id=number, request_id=request):
                    self.reduce(number, fact.cancelled_qty, fact.leaves_qty)
                    if request:
                        self.under_way.remove(request)
                case OrderExpired(venue_order_id=number):
                    self.reduce(number, fact.expired_qty, 0)
                case OrderFilled(venue_order_id=number):
                    self.reduce(number, fact.last_qty, fact.leaves_qty)
                    self.check_fill(fact)
                case ChangeReceived(request_id=request):
                    assert request not in self.under_way
                    self.under_way.add(request)
                case ChangeRefused(request_id=request):
                    self.under_way.discard(request)

    def open(self, number: str, quantity: int, terms: OrderAccepted | OrderReplaced) -> None:
        assert number not in self.leaves, "a number was given twice"
        self.leaves[number] = quantity
        self.terms[number] = terms

    def reduce(self, number: str, quantity: int, leaves: int) -> None:
        assert 0 < quantity <= self.leaves[number], "more than was open, or of a closed order"
        self.leaves[number] -= quantity
        assert self.leaves[number] == leaves

    def check(self) -> None:
        still = {number: left for number, left in self.leaves.items() if left}
        assert still == {leg.venue_order_id: leg.leaves_qty for leg in self.exchange.books.legs.values()}
        assert self.under_way == set(self.exchange.books.orders.changes)
        account = self.exchange.books.account
        held = sum(one.position.cost_basis + one.position.cost_commission for one in account.holdings.values())
        assert account.cash + held == self.cash + account.realized_total
        assert account.cash >= 0
        assert self.exchange.free_cash() >= 0 or not self.limited  # without limits a reserve is a guess
        assert all(one.quantity >= 0 for one in account.holdings.values())
        assert self.exchange.sellable(SYMBOL) >= 0
        # What the books hold is what waits in the issue, share by share.
        issue = self.exchange.floor.issues.get(SYMBOL)
        if issue is not None:
            for number in issue.book.orders:
                assert issue.book.leaves(number) == self.exchange.books.legs[number].leaves_qty
            assert not any(number in self.exchange.arrivals for number in issue.book.orders)

    def check_fill(self, fill: OrderFilled) -> None:
        assert LOWER <= fill.last_px <= UPPER or not self.limited
        terms = self.terms[fill.venue_order_id]
        kind = self.kind_of(terms)
        close = at(15, 30, day=self.day)
        if kind in (OrderKind.LIMIT, OrderKind.STOP_LIMIT, OrderKind.OFF_HOURS_SINGLE) or (
            kind is OrderKind.CONDITIONAL_LIMIT and fill.venue_time < at(15, 20, day=self.day)
        ):
            assert terms.limit_price is not None and (terms.limit_price - fill.last_px) * fill.side.sign >= 0
        if kind is OrderKind.PRE_OPEN_CLOSE:
            assert at(8, 30, day=self.day) <= fill.venue_time < at(8, 40, day=self.day)
            assert fill.last_px == 10_000 or not self.limited
        elif kind is OrderKind.POST_CLOSE:
            assert at(15, 40, day=self.day) <= fill.venue_time < at(16, 0, day=self.day)
        elif fill.venue_time <= close + RANDOM_END:
            assert fill.venue_time >= at(9, 0, day=self.day)
        elif kind is OrderKind.OFF_HOURS_SINGLE:
            assert at(16, 0, day=DAY) <= fill.venue_time < at(18, 0, day=DAY)
        else:
            window = (at(16, 0, day=AFTER_MARKET_DAY), at(20, 0, day=AFTER_MARKET_DAY))
            assert window[0] <= fill.venue_time < window[1] and kind is not OrderKind.MARKET
            assert self.day == AFTER_MARKET_DAY

    def kind_of(self, terms: OrderAccepted | OrderReplaced) -> OrderKind:
        if isinstance(terms, OrderReplaced):
            return kind_after_modify(self.kind_of(self.terms[terms.venue_order_id]))
        assert terms.kind is not None
        return terms.kind

    def finish(self) -> None:
        self.hear(self.exchange.end_of_data())
        self.check()
        assert not any(self.leaves.values()) and not self.under_way
        for number, terms in self.terms.items():
            if isinstance(terms, OrderAccepted) and terms.time_in_force is TimeInForce.FOK:
                traded = sum(
                    f.last_qty for f in self.facts if isinstance(f, OrderFilled) and f.venue_order_id == number
                )
                assert traded in (0, terms.quantity)


@pytest.fixture(autouse=True, scope="module")
def counted_volume() -> Any:
    """Let every issue of these tests check that a print or display gives no more shares than it has."""
    patch = pytest.MonkeyPatch()
    trade, cross, fixed, show = Issue.trade, Issue.cross, Issue.trade_fixed, Issue.show

    def of_others(found: list[Execution], side: int = 0) -> int:
        return sum(one.quantity for one in found if not one.counterparty and one.side != -side)

    def checked_trade(self: Issue, price: int, quantity: int, before: Quote | None) -> list[Execution]:
        found = trade(self, price, quantity, before)
        assert of_others(found) <= quantity
        return found

    def checked_cross(self: Issue, price: int, quantity: int) -> list[Execution]:
        found = cross(self, price, quantity)
        assert of_others(found, 1) <= quantity and of_others(found, -1) <= quantity
        assert all(one.price == price for one in found)
        return found

    def checked_fixed(self: Issue, kind: OrderKind, price: int, quantity: int) -> list[Execution]:
        found = fixed(self, kind, price, quantity)
        assert of_others(found) <= quantity
        return found

    def checked_show(self: Issue, bids: Levels, asks: Levels) -> list[Execution]:
        found = show(self, bids, asks)
        assert of_others(found, 1) <= sum(shares for _, shares in asks)
        assert of_others(found, -1) <= sum(shares for _, shares in bids)
        return found

    patch.setattr(Issue, "trade", checked_trade)
    patch.setattr(Issue, "cross", checked_cross)
    patch.setattr(Issue, "trade_fixed", checked_fixed)
    patch.setattr(Issue, "show", checked_show)
    yield
    patch.undo()


@given(SEEDS, CONFIGS, BEGINS, st.booleans(), st.integers(300_000, 5_000_000), st.integers(0, 4))
def test_for_any_course_with_restarts_money_and_shares_balance(
    seed: int, config: SimConfig, begin: tuple[int, int], late: bool, cash: int, unlimited: int
) -> None:
    day = AFTER_MARKET_DAY if late else DAY
    course = Course(cash, config, at(*begin, day=day), day, limited=unlimited != 0)
    for step in steps_of(seed, 80):
        course.step(step)
    course.finish()


@given(SEEDS, CONFIGS, st.integers(1, 40))
def test_for_any_course_a_restart_with_nothing_in_a_book_changes_nothing_that_follows(
    seed: int, config: SimConfig, before: int
) -> None:
    plain = replace(config, interruptions=False)
    course = Course(3_000_000, plain, at(9, 30), DAY)
    steps = [step for step in steps_of(seed, before + 40) if step[0] not in ("restart", "depth")]
    for step in steps[:before]:
        course.step(step)
    for step in (("wait", NANOS_PER_SECOND), ("cancel_all",), ("wait", NANOS_PER_SECOND)):
        course.step(step)
    course.step(("empty_book",))  # nothing displayed, nothing taken
    assert not course.exchange.floor.issues  # what a book holds of us is what a restart forgets
    other = Course(3_000_000, plain, course.now, DAY, True, list(course.facts), dict(course.leaves), dict(course.terms))
    other.under_way, other.requests = set(course.under_way), course.requests
    other.exchange = course.folded(course.exchange)
    for step in steps[before:]:
        course.step(step)
        other.step(step)
    assert other.facts == course.facts
