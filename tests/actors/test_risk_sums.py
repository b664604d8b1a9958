"""Sums kept with every message are those of a walk over everything, and no approved buy breaks a limit."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.state import dump, load
from actors.roles.risk_manager import RiskManager
from domain.config import RunConfig
from domain.instruments import Instrument
from domain.messages.holdings import HoldingBooked
from domain.messages.link import ExternalOrderSeen
from domain.messages.market import DayBar, HistoryReceived
from domain.messages.operator import ManualModifyRequested
from domain.messages.run import RunStarted
from domain.messages.trading import OrderApproved
from domain.risk import RiskState, cost
from domain.risk.correlation import correlation
from domain.risk_config import RiskConfig
from domain.types import PPM, Krw, LinkName, Market, OrderKind, Side
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    a_booking,
    a_day,
    a_gate,
    a_link,
    a_signal,
    an_account,
    an_instrument,
    at,
    broker_state,
    by_hand,
    instruments,
    order_state,
    prices,
)

OTHER = "000660"
SYMBOLS = (SAMSUNG, COLON, OTHER)
SECTORS = {SAMSUNG: "chips", OTHER: "chips"}
UNKNOWN_PPM = 500_000


def listed(symbol: str) -> Instrument:
    market = Market.KOSDAQ if symbol == COLON else Market.KOSPI
    return replace(an_instrument(symbol, None if symbol == OTHER else 10_000), market=market)


def a_run(**limits: Any) -> RunStarted:
    found = RiskConfig(**limits, sectors=SECTORS, unknown_correlation_ppm=UNKNOWN_PPM, duplicate_window_ms=0)
    return RunStarted("r1", "0.1.0", RunConfig(mode="paper", risk=found))


def bars(symbol: str, wild: int) -> HistoryReceived:
    closes = [10_000 + wild * (number * number % 7) for number in range(12)]
    days = [f"2026-01-{number + 1:02d}" for number in range(len(closes))]
    made = [DayBar(day, Krw(at), Krw(at), Krw(at), Krw(at), 400) for day, at in zip(days, closes, strict=True)]
    return HistoryReceived(symbol, "2026-01-13", tuple(made), "")


def begin(**limits: Any) -> Desk:
    desk = Desk(RiskManager())
    held = ((SAMSUNG, 50, 480_000), ("999999", 10, 70_000))  # the latter is served by nobody, and never quoted
    links = [a_link(link) for link in LinkName]
    books = [broker_state(10_000_000, *held), an_account(10_000_000, 10_550_000), a_day(), a_gate()]
    shown = prices(1, **{f"s{symbol}": 10_000 for symbol in SYMBOLS})
    for message in (a_run(**limits), instruments(*map(listed, SYMBOLS)), *links, *books, shown):
        desk.say(message)
    desk.say(bars(SAMSUNG, 300))
    desk.say(bars(COLON, -200))
    return desk


class Walk:
    """The same by walking over everything."""

    def __init__(self, state: RiskState) -> None:
        self.state = state
        self.holds = list(state.holds.values())
        self.externals = list(state.externals.by_number.values())
        buys = {hold.symbol for hold in self.holds if hold.side is Side.BUY and hold.remaining}
        buys |= {item.symbol for item in self.externals if item.side is Side.BUY}
        self.members = buys | set(state.positions)

    def elsewhere(self, symbol: str = "") -> int:
        found, ppm = 0, self.state.config.costs.commission_ppm
        for item in self.externals:
            if item.side is Side.BUY and symbol in ("", item.symbol):
                known, quote = self.state.instruments.get(item.symbol), self.state.quotes.get(item.symbol)
                upper = known.upper_limit if known is not None else None
                found += cost(item.leaves_qty, item.limit_price or upper or (quote.price if quote else 0), ppm)
        return found

    def value(self, symbol: str) -> int:
        state, quote = self.state, self.state.quotes.get(symbol)
        held = state.positions.get(symbol, 0) * quote.price if quote else state.costs.get(symbol, 0)
        return held + sum(hold.reserve for hold in self.holds if hold.symbol == symbol) + self.elsewhere(symbol)

    def gross(self) -> int:
        return sum(map(self.value, self.members))

    def sector(self, symbol: str) -> int:
        name = SECTORS.get(symbol, "")
        return sum(self.value(other) for other in self.members if SECTORS.get(other, "") == name)

    def market(self, symbol: str) -> int:
        same = [other for other in self.members if self._market(other) == self._market(symbol)]
        return sum(map(self.value, same))

    def _market(self, symbol: str) -> str:
        known = self.state.instruments.get(symbol)
        return known.market.value if known is not None else ""

    def correlated(self, symbol: str) -> int:
        weighed = sum(self.value(other) * self._percent(symbol, other) for other in self.members - {symbol})
        return (self.value(symbol) if symbol in self.members else 0) + -(-weighed // 100)

    def _percent(self, symbol: str, other: str) -> int:
        series = self.state.exposure_facts.series
        if symbol not in series or other not in series:
            return UNKNOWN_PPM // 10_000
        ppm = correlation(series[symbol], series[other])
        return -(-(UNKNOWN_PPM if ppm is None else max(0, ppm)) // 10_000)  # rounded up

    def shares(self, symbol: str) -> int:
        own = sum(hold.remaining for hold in self.holds if hold.symbol == symbol and hold.side is Side.BUY)
        others = sum(item.leaves_qty for item in self.externals if item.symbol == symbol and item.side is Side.BUY)
        return self.state.positions.get(symbol, 0) + own + others


def check_sums(state: RiskState) -> None:
    walk = Walk(state)
    assert set(state.exposures.values) == walk.members
    assert state.holds.open_count == sum(hold.is_open for hold in walk.holds)
    assert state.reserved() == sum(hold.reserve for hold in walk.holds) + walk.elsewhere()
    assert set(state.holds.by_symbol) == {hold.symbol for hold in walk.holds}
    for symbol in {*SYMBOLS, *walk.members}:
        sells = [hold.remaining for hold in walk.holds if hold.symbol == symbol and hold.side is Side.SELL]
        others = [item.leaves_qty for item in walk.externals if item.symbol == symbol and item.side is Side.SELL]
        assert state.selling(symbol) == sum(sells) + sum(others)
        of_it = tuple(hold for hold in walk.holds if hold.symbol == symbol)
        assert tuple(state.holds.of(symbol)) == of_it
        assert state.holds.unresolved(symbol) == tuple(hold for hold in of_it if hold.is_unresolved)
        seen = state.exposures_of(symbol)
        assert seen.own == (walk.value(symbol) if symbol in walk.members else 0)
        assert (seen.gross, seen.sector, seen.market) == (walk.gross(), walk.sector(symbol), walk.market(symbol))
        assert seen.correlated == walk.correlated(symbol)
        assert (seen.others, seen.shares) == (len(walk.members - {symbol}), walk.shares(symbol))


Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("buy", "buy", "hand", "sell", "fill", "fill", "end", "unknown", "price", "elsewhere", "change"),
                *("run", "split", "account", "bars"),
            )
        ),
        st.integers(0, 2),
        st.integers(0, 40),
    ),
    min_size=3,
    max_size=14,
)


class Course:
    """Plays steps and remembers the orders."""

    def __init__(self, desk: Desk, limits: dict[str, Any]) -> None:
        self.desk, self.limits, self.orders = desk, limits, list[OrderApproved]()
        self.filled: dict[str, int] = {}
        self.state: RiskState = desk.role.state  # type: ignore[attr-defined]  # it is the risk manager's

    def play(self, step: Step) -> None:
        what, which, number = step
        symbol, state = SYMBOLS[which], self.state
        price = 9_900 + 10 * (number % 20)
        order = self.orders[number % len(self.orders)] if self.orders else None
        match what:
            case "buy" | "sell":
                side = Side.BUY if what == "buy" else Side.SELL
                self.ask(a_signal(side, price, symbol=symbol))
            case "hand":
                kind = OrderKind.LIMIT if number % 3 else OrderKind.MARKET
                limit = Krw(price) if number % 3 else None
                self.ask(by_hand(quantity=1 + number, symbol=symbol, kind=kind, limit_price=limit))
            case "fill" if order is not None:
                self.fill(order, number)
            case "end" | "unknown" if order is not None and order.client_order_id in state.holds:
                filled = self.filled.get(order.client_order_id, 0)
                status, leaves = ("CANCELLED", 0) if what == "end" else ("UNKNOWN_SUBMIT", order.quantity - filled)
                self.desk.say(order_state(order, status, filled, leaves))
            case "price":
                self.desk.say(prices(2, **{f"s{symbol}": price}))
            case "elsewhere":
                side, limit = (Side.SELL if number % 4 == 0 else Side.BUY), Krw(price) if number % 3 else None
                self.desk.say(ExternalOrderSeen(f"X{which}", symbol, side, 9, number % 5, 0, limit, at(1)))
            case "change" if order is not None:
                self.desk.say(ManualModifyRequested("", "kim", order.client_order_id, None, Krw(price)))
            case "run":
                self.desk.say(a_run(**self.limits))
                for link in LinkName:
                    self.desk.say(a_link(link))
                if number % 4:
                    self.desk.say(prices(2, **{f"s{name}": price for name in SYMBOLS}))
            case "split" if state.positions.get(symbol):
                held = state.positions[symbol]
                numbers = (held, 2 * held, Krw(state.costs[symbol]), Krw(0), Krw(0), Krw(0), Krw(0), Krw(state.cash))
                self.desk.say(HoldingBooked(symbol, "SPLIT", "2 for 1", *numbers, at(3 * 86_400)))
            case "account":
                self.desk.say(broker_state(state.cash, (symbol, 1 + number, 9_000 * (1 + number))))
                self.desk.say(an_account(state.cash, state.equity))
            case "bars":
                self.desk.say(bars(symbol, 50 * number))

    def ask(self, message: Any) -> None:
        before = Walk(self.state)
        stands = {symbol: before.value(symbol) for symbol in before.members}
        symbol = message.symbol
        sums = (before.gross(), before.sector(symbol), before.market(symbol), before.correlated(symbol))
        shares, others = before.shares(symbol), len(before.members - {symbol})
        for order in self.desk.say(message):
            if isinstance(order, OrderApproved):
                self.orders.append(order)
                if order.side is Side.BUY:
                    self.check(order, stands.get(symbol, 0), sums, shares, others)

    def check(self, order: OrderApproved, own: int, sums: tuple[int, ...], shares: int, others: int) -> None:
        """Hold an approved buy against every limit, at the price it was judged at."""
        limits, state = self.state.config.risk, self.state
        known = state.instruments[order.symbol].upper_limit
        quote = state.quotes[order.symbol]
        value = order.quantity * (order.limit_price or known or quote.price * 130 // 100)
        assert not limits.max_quantity or order.quantity <= limits.max_quantity
        assert not limits.max_position_krw or own + value <= limits.max_position_krw
        assert not limits.max_positions or others + 1 <= limits.max_positions
        volume = state.exposure_facts.volumes.get(order.symbol)
        if limits.max_adv_ppm and volume is not None:
            assert (shares + order.quantity) * PPM <= volume * limits.max_adv_ppm
        shares_of_equity = (
            limits.max_gross_ppm,
            limits.max_sector_ppm,
            limits.max_market_ppm,
            limits.max_correlated_ppm,
        )
        for ppm, sum_before in zip(shares_of_equity, sums, strict=True):
            assert not ppm or (sum_before + value) * PPM <= state.equity * ppm

    def fill(self, order: OrderApproved, number: int) -> None:
        hold, done = self.state.holds.get(order.client_order_id), self.filled.get(order.client_order_id, 0)
        if hold is None or not hold.is_open or done >= order.quantity:
            return
        shares = min(1 + number, order.quantity - done)
        held = self.state.positions.get(order.symbol, 0)
        if order.side is Side.SELL:
            shares = min(shares, held)
        if not shares:
            return
        self.filled[order.client_order_id] = done + shares
        position = held + order.side.sign * shares
        self.desk.say(order_state(order, "PARTIAL" if done + shares < order.quantity else "FILLED", done + shares))
        self.desk.say(a_booking(order, shares, position, self.state.cash - order.side.sign * shares * 10_000))


LIMITS = st.fixed_dictionaries(
    {
        "max_quantity": st.sampled_from((0, 30)),
        "max_position_krw": st.sampled_from((0, 1_500_000)).map(Krw),
        "max_adv_ppm": st.sampled_from((0, 250_000)),
        "max_positions": st.sampled_from((0, 3)),
        "max_sector_ppm": st.sampled_from((0, 100_000)),
        "max_market_ppm": st.sampled_from((0, 150_000)),
        "max_correlated_ppm": st.sampled_from((10**7, 120_000)),
        "max_gross_ppm": st.sampled_from((0, 200_000)),
    }
)


@settings(max_examples=90)
@given(LIMITS, STEPS)
def test_for_any_course_sums_are_those_of_a_walk_and_no_approved_buy_breaks_a_limit(
    limits: dict[str, Any], steps: list[Step]
) -> None:
    course = Course(begin(**limits), limits)
    check_sums(course.state)
    for step in steps:
        course.play(step)
        check_sums(course.state)
    again = RiskManager()
    load(again, dump(course.desk.role))
    check_sums(again.state)
    assert again.state == course.state == course.desk.refolded().state  # type: ignore[attr-defined]  # a risk manager
