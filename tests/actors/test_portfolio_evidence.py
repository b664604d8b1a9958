"""The portfolio and what the broker's sums prove: booked at once, replaced by executions, never booked twice."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.state import canonical, dump, load
from actors.roles.portfolio import Portfolio
from actors.roles.portfolio_state import PortfolioState
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.link import OrderEvidence, ReconcileReported
from domain.messages.operator import AdjustmentRequested, CommandAnswered
from domain.messages.orders import OrderFilled
from domain.messages.trading import AccountOpened, FillBooked
from domain.types import Krw, Side
from domain.views import CashQuery, FillsQuery, PerformanceQuery, PositionsQuery
from tests.actors.money_builders import COLON, SAMSUNG, Desk, an_execution, at, broker_state, prices, state_of

DAY_S = 86_400
START = 10_000_000


def a_proof(
    quantity: int, notional: int, leg: str = "V1", side: Side = Side.BUY, seconds: float = 1, **changes: Any
) -> OrderEvidence:
    fields: dict[str, Any] = {
        "client_order_id": "L-1",
        "fact": "filled",
        "venue_order_id": leg,
        "symbol": SAMSUNG,
        "side": side,
        "quantity": quantity,
        "leaves_qty": 0,
        "notional": Krw(notional),
        "commission": Krw(0),
        "tax": Krw(0),
        "limit_price": None,
        "new_venue_order_id": "",
        "request_id": "",
        "reason": "the lists say so",
        "venue_time": at(seconds),
    }
    return OrderEvidence(**(fields | changes))


def a_desk(*held: tuple[str, int, int]) -> Desk:
    """The portfolio in the middle of a date: the broker has spoken again since the account was opened."""
    desk = Desk(Portfolio())
    desk.say(broker_state(START, *held))
    desk.say(broker_state(START, *held, seconds=1))
    return desk


def kinds(outputs: list[Any]) -> list[type]:
    return [type(output) for output in outputs]


def test_given_sums_that_prove_a_buy_when_heard_then_it_is_booked_to_the_won() -> None:
    desk = a_desk()
    booked, marked = desk.say(a_proof(3, 100_001, commission=Krw(15)))
    assert (booked.trade_id, booked.last_px, booked.notional) == ("inferred:V1:3", 33_333, 100_001)
    assert (booked.position_qty, booked.cost_basis, booked.cash) == (3, 100_001, START - 100_016)
    assert marked.cash == START - 100_016
    [again, _] = desk.say(a_proof(2, 70_000))
    assert again.trade_id == "inferred:V1:5"
    [listed] = desk.role.view(FillsQuery())
    assert (listed.last_qty, listed.notional, listed.commission) == (5, 170_001, 15)


def test_given_a_proof_when_its_execution_comes_then_only_money_is_revised_and_a_repeat_changes_nothing() -> None:
    desk = a_desk()
    desk.say(a_proof(10, 100_000))
    [revised, marked] = desk.say(an_execution(1, price=10_100))
    assert isinstance(revised, FillRevised)
    assert (revised.quantity, revised.notional, revised.commission, revised.realized_pnl) == (10, 1_000, 15, 0)
    assert (revised.cost_basis, revised.cash, marked.cash) == (101_000, START - 101_015, START - 101_015)
    before = state_of(desk.role)
    assert desk.say(an_execution(1, price=10_100)) == []
    assert state_of(desk.role) == before
    [fill] = desk.role.view(FillsQuery())
    assert (fill.trade_id, fill.last_qty, fill.last_px, fill.commission) == ("T1", 10, 10_100, 15)


def test_given_a_booked_proof_when_an_execution_is_larger_then_only_the_surplus_is_booked() -> None:
    desk = a_desk()
    desk.say(a_proof(4, 40_000))
    revised, booked, _ = desk.say(an_execution(1, quantity=10, price=10_100, commission=Krw(15)))
    assert (revised.quantity, revised.notional, revised.commission) == (4, 400, 6)
    assert (booked.last_qty, booked.notional, booked.commission, booked.position_qty) == (6, 60_600, 9, 10)
    [fill] = desk.role.view(FillsQuery())
    assert (fill.last_qty, fill.notional, fill.commission) == (10, 101_000, 15)


def test_given_shares_sold_meanwhile_when_the_detail_comes_then_what_is_held_takes_its_part_only() -> None:
    desk = a_desk()
    desk.say(a_proof(10, 100_000))
    desk.say(an_execution(1, Side.SELL, 4, 11_000, venue_order_id="V2", commission=Krw(0), tax=Krw(0)))
    revised, _ = desk.say(an_execution(2, price=10_100, commission=Krw(0)))
    assert (revised.cost_basis, revised.realized_pnl) == (60_000 + 600, -400)
    [held] = desk.role.view(PositionsQuery())
    assert (held.quantity, held.cost_basis, held.realized_pnl) == (6, 60_600, 4_000 - 400)


def test_given_a_flat_position_when_details_turn_the_profit_into_a_loss_then_the_trip_is_counted_anew() -> None:
    desk = a_desk()
    desk.say(a_proof(10, 100_000))
    desk.say(an_execution(1, Side.SELL, 10, 10_050, venue_order_id="V2", commission=Krw(0), tax=Krw(0)))
    assert desk.role.view(PerformanceQuery()).wins == 1
    desk.say(an_execution(2, price=10_100, commission=Krw(0)))
    performance = desk.role.view(PerformanceQuery())
    assert (performance.trips, performance.wins, performance.realized_pnl) == (1, 0, -500)


def test_given_the_state_a_date_began_with_when_it_proves_shares_then_they_are_not_booked_again() -> None:
    desk = Desk(Portfolio())
    desk.say(broker_state(9_900_000, (SAMSUNG, 10, 100_000)))
    [told] = desk.say(a_proof(10, 100_000))
    assert isinstance(told, FillRevised)
    assert (told.trade_id, told.quantity, told.notional, told.cash) == ("inferred:V1:10", 10, 0, 9_900_000)
    [revised, _] = desk.say(an_execution(1, quantity=6, price=10_500))
    assert (revised.quantity, revised.notional, revised.commission, revised.cash) == (6, 0, 0, 9_900_000)
    _, booked, _ = desk.say(an_execution(2, quantity=5, price=10_500, commission=Krw(5)))
    assert (booked.last_qty, booked.commission, booked.position_qty) == (1, 1, 11)  # one share more than was proved
    assert desk.role.view(CashQuery()).commission == 1


def test_given_a_proof_of_yesterday_when_the_new_date_adopts_it_then_its_execution_changes_nothing() -> None:
    desk = a_desk()
    desk.say(a_proof(10, 100_000))
    assert kinds(desk.say(broker_state(9_899_985, (SAMSUNG, 10, 101_000), seconds=DAY_S))) == [AccountOpened]
    [revised, _] = desk.say(an_execution(1, price=10_100))
    assert (revised.quantity, revised.notional, revised.realized_pnl) == (10, 0, 0)
    assert desk.role.view(CashQuery()).cash == 9_899_985
    assert desk.role.view(FillsQuery()) == ()


def test_given_an_execution_that_was_proved_when_a_state_without_it_opens_a_date_then_it_is_not_booked_again() -> None:
    desk = a_desk()
    desk.say(a_proof(10, 100_000))
    desk.say(an_execution(5, price=10_100))
    # Read when the sums knew it and the journal's event was not delivered yet.
    assert kinds(desk.say(broker_state(9_899_985, (SAMSUNG, 10, 101_000), as_of=4, seconds=DAY_S))) == [AccountOpened]
    [held] = desk.role.view(PositionsQuery())
    assert held.quantity == 10


def test_given_another_journal_when_the_executor_ties_it_to_the_books_then_they_go_on_under_it() -> None:
    desk = a_desk()
    desk.say(broker_state(900_000, (SAMSUNG, 10, 100_000), as_of=2, journal="K", seconds=2))
    booked, _ = desk.say(a_proof(10, 100_000, seconds=2))  # the executor proves of its own account only
    assert (booked.position_qty, booked.cash) == (10, START - 100_000)
    revised, _ = desk.say(an_execution(4, journal_id="K", price=10_100))
    assert (revised.quantity, revised.notional) == (10, 1_000)


def test_given_another_journal_when_books_agree_with_it_then_its_executions_are_booked_from_then_on() -> None:
    desk = a_desk()
    desk.say(broker_state(START, as_of=2, journal="K", seconds=2))
    desk.say(ReconcileReported(False, ("another account",), 0, 0))
    assert desk.say(an_execution(3, journal_id="K")) == []
    desk.say(ReconcileReported(True, (), 0, 0))
    booked, _ = desk.say(an_execution(4, journal_id="K"))
    assert booked.position_qty == 10


def test_given_a_proof_under_a_journal_that_is_gone_when_the_next_tells_it_then_it_is_not_added() -> None:
    desk = a_desk()
    desk.say(a_proof(4, 40_000))
    desk.say(broker_state(START - 40_000, (SAMSUNG, 4, 40_000), as_of=0, journal="K", seconds=2))
    desk.say(a_proof(6, 60_000, seconds=2))
    revised, _ = desk.say(an_execution(1, journal_id="K", price=10_100))
    assert (revised.quantity, revised.notional) == (10, 1_000)
    [held] = desk.role.view(PositionsQuery())
    assert held.quantity == 10


@st.composite
def days(draw: st.DrawFn) -> tuple[list[OrderFilled], list[tuple[str, int]]]:
    """Give true executions, and what reaches us in between: some of them, or a reading of the lists."""
    fills = []
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        leg = draw(st.integers(1, 3))
        side = Side.SELL if leg == 3 else Side.BUY
        fill = an_execution(
            seq,
            side,
            draw(st.integers(1, 7)),
            draw(st.integers(1, 200)),
            venue_order_id=f"V{leg}",
            client_order_id=f"L-{leg}",
            commission=Krw(draw(st.integers(0, 9))),
            tax=Krw(draw(st.integers(0, 9)) if side is Side.SELL else 0),
        )
        fills.append(fill)
    steps = st.tuples(st.sampled_from(["tell", "tell", "read", "adopt"]), st.integers(0, 8))
    return fills, draw(st.lists(steps, max_size=8))


class Broker:
    """True executions; how many happened, were told, were proved."""

    def __init__(self, fills: list[OrderFilled], desk: Desk) -> None:
        self.fills, self.desk = fills, desk
        self.happened = self.told = self.proved = self.days = 0

    def take(self, what: str, count: int) -> None:
        if what == "tell":
            for fill in self.fills[self.told : self.told + count]:
                self.desk.say(fill)
                self.desk.say(fill)  # a resumed stream repeats
            self.told = min(len(self.fills), self.told + count)
            self.happened = max(self.happened, self.told)
            return
        self.happened = min(len(self.fills), self.happened + count)
        self.days += what == "adopt"
        past = self.fills[: self.happened]
        quantity, cash = sum(f.side.sign * f.last_qty for f in past), START - sum(map(spent, past))
        held = (SAMSUNG, quantity, max(0, quantity) * 100)
        self.desk.say(broker_state(cash, held, as_of=self.told, seconds=60 + self.days * DAY_S))
        new = past[max(self.told, self.proved) :]
        for leg in dict.fromkeys(fill.venue_order_id for fill in new):
            self.desk.say(self.sums([fill for fill in new if fill.venue_order_id == leg]))
        self.proved = max(self.proved, self.happened)

    def sums(self, fills: list[OrderFilled]) -> OrderEvidence:
        """Give what lists say of one order number: shares and money together."""
        return a_proof(
            sum(fill.last_qty for fill in fills),
            sum(fill.last_qty * fill.last_px for fill in fills),
            fills[0].venue_order_id,
            fills[0].side,
            60 + self.days * DAY_S,
            client_order_id=fills[0].client_order_id,
            commission=Krw(sum(fill.commission for fill in fills)),
            tax=Krw(sum(fill.tax for fill in fills)),
        )


def state_kept(desk: Desk) -> PortfolioState:
    assert isinstance(desk.role, Portfolio)
    return desk.role.state


def spent(fill: OrderFilled) -> int:
    return fill.side.sign * fill.last_qty * fill.last_px + fill.commission + fill.tax


def played(fills: list[OrderFilled], steps: list[tuple[str, int]]) -> Desk:
    desk = Desk(Portfolio())
    desk.say(prices(0, s005930=150))
    desk.say(broker_state(START))
    broker = Broker(fills, desk)
    for what, count in steps:
        broker.take(what, count)
    broker.take("tell", len(fills))
    return desk


@given(days())
@settings(max_examples=150)
def test_for_any_mix_of_sums_and_executions_money_ends_as_by_the_executions_alone(
    day: tuple[list[OrderFilled], list[tuple[str, int]]],
) -> None:
    fills, steps = day[0], [step for step in day[1] if step[0] != "adopt"]
    state, alone = state_kept(played(fills, steps)), state_kept(played(fills, []))
    assert state.books.cash == alone.books.cash == START - sum(map(spent, fills))
    shares = {symbol: held.quantity for symbol, held in state.books.positions.items()}
    assert shares == {symbol: held.quantity for symbol, held in alone.books.positions.items()}
    assert state.books.equity(state.marks) == alone.books.equity(alone.marks)
    assert (state.totals.commission, state.totals.tax) == (alone.totals.commission, alone.totals.tax)
    kept = sum(held.cost_basis + held.cost_commission for held in state.books.positions.values())
    assert state.books.cash + kept == START + state.totals.realized_pnl
    if not shares:
        assert state.totals.realized_pnl == alone.totals.realized_pnl
    listed = [(f.trade_id, f.client_order_id, f.last_qty, f.last_px, f.commission, f.tax) for f in state.fills]
    told = [(f.trade_id, f.client_order_id, f.last_qty, f.last_px, f.commission, f.tax) for f in fills]
    assert sorted(listed) == sorted(told)
    assert sum(fill.realized_pnl for fill in state.fills) == state.totals.realized_pnl
    assert not any(item.adopted or item.booked.quantity for item in state.proved)


@given(days())
@settings(max_examples=150)
def test_for_any_new_dates_in_between_no_share_and_no_won_is_booked_twice_or_lost(
    day: tuple[list[OrderFilled], list[tuple[str, int]]],
) -> None:
    fills, steps = day
    desk = played(fills, steps)
    books = state_kept(desk).books
    assert books.cash == START - sum(map(spent, fills))
    assert books.position(SAMSUNG).quantity == sum(fill.side.sign * fill.last_qty for fill in fills)
    assert state_of(desk.refolded()) == state_of(desk.role)
    fresh = Portfolio()
    load(fresh, dump(desk.role))
    assert canonical(dump(fresh)) == canonical(dump(desk.role))


# ---- a person's adjustments ----------------------------------------------------------------------------------


def asked(symbol: str = SAMSUNG, quantity: int = 0, cost: int = 0, cash: int = 0, note: str = "found it") -> Any:
    return AdjustmentRequested("c1", "kim", symbol, quantity, Krw(cost), Krw(cash), note)


def test_given_a_difference_a_person_explains_when_asked_then_it_is_booked_and_answered() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    booked, marked, answered = desk.say(asked(quantity=5, cost=55_000, cash=-55_008))
    assert isinstance(booked, AdjustmentBooked)
    assert (booked.quantity_before, booked.position_qty, booked.cost_basis) == (10, 15, 155_000)
    assert (booked.cash_before, booked.cash, marked.cash) == (START, START - 55_008, START - 55_008)
    assert isinstance(answered, CommandAnswered)
    assert (answered.command_id, answered.accepted) == ("c1", True)
    assert state_kept(desk).totals.realized_pnl == 0
    desk.say(asked(quantity=-15, cost=-155_000))
    assert desk.role.view(PositionsQuery()) == ()
    assert state_of(desk.refolded()) == state_of(desk.role)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(cash=1, note="  "), "NOTE_NEEDED"),
        (asked(), "NO_CHANGE"),
        (asked("", 1, 1), "SYMBOL"),
        (asked("5930", 1, 1), "SYMBOL"),
        (asked(quantity=-11), "QUANTITY"),
        (asked(COLON, -1), "QUANTITY"),
        (asked(cost=-100_001), "COST"),
        (asked(quantity=-10), "COST"),
        (asked(COLON, 0, 5), "COST"),
    ],
)
def test_given_an_adjustment_that_cannot_be_when_asked_then_it_is_refused_with_why(request_: Any, code: str) -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    before = state_of(desk.role)
    [answer] = desk.say(request_)
    assert (answer.accepted, answer.code) == (False, code)
    assert answer.text
    assert state_of(desk.role) == before


def test_given_no_account_when_an_adjustment_is_asked_then_it_is_refused() -> None:
    [answer] = Desk(Portfolio()).say(asked(cash=1))
    assert (answer.accepted, answer.code) == (False, "ACCOUNT")


def test_given_only_cash_when_adjusted_then_no_holding_changes() -> None:
    desk = a_desk((SAMSUNG, 10, 100_000))
    booked, _, answer = desk.say(asked("", cash=-500))
    assert (booked.symbol, booked.position_qty, booked.cash, answer.accepted) == ("", 0, START - 500, True)
    assert desk.role.view(PositionsQuery())[0].quantity == 10


def test_given_evidence_of_anything_but_fills_when_heard_then_books_stay() -> None:
    desk = a_desk()
    for fact in ("accepted", "cancelled", "replaced", "expired", "rejected", "absent", "resolved"):
        assert desk.say(a_proof(1, 0, fact=fact)) == []
    assert not any(isinstance(message, FillBooked) for message, _ in desk.log)
