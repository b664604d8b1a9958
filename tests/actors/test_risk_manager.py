"""The risk manager: nothing passes that should not, limits bite at the won, recovery equals living."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.roles.risk_manager import RiskManager
from domain.config import RunConfig
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.operator import CommandAnswered, ManualModifyRequested
from domain.messages.trading import EquityMarked, LossLimitHit, ModifyApproved, OrderApproved, OrderDenied
from domain.types import Gate, Krw, LinkName, OrderKind, Purpose, Side, TimeInForce, Venue
from domain.views import DenialsQuery, RiskQuery
from tests.actors.money_builders import (
    COLON,
    SAMSUNG,
    Desk,
    a_booking,
    a_day,
    a_gate,
    a_link,
    a_run,
    a_signal,
    an_account,
    at,
    broker_state,
    by_hand,
    flatten,
    instruments,
    order_state,
    prices,
    state_of,
)


def a_desk(cash: int = 10_000_000, *held: tuple[str, int, int], **risk: int) -> Desk:
    """Give a risk manager in the middle of a good day."""
    desk = Desk(RiskManager())
    links = [a_link(link) for link in LinkName]
    for message in (a_run(**risk), instruments(), *links, broker_state(cash, *held)):
        desk.say(message)
    equity = cash + sum(cost for _, _, cost in held)
    for message in (an_account(cash, equity), a_day(), a_gate(), prices(1)):
        desk.say(message)
    return desk


def approved(outputs: list[Any]) -> OrderApproved:
    [order, *_] = outputs
    assert isinstance(order, OrderApproved), order
    return order


def denied(outputs: list[Any]) -> OrderDenied:
    [denial, *_] = outputs
    assert isinstance(denial, OrderDenied), denial
    return denial


def equity(won: int) -> EquityMarked:
    return EquityMarked(Krw(won), Krw(won), Krw(0), Krw(0), Krw(0), 0, at(2))


# ---- signals ---------------------------------------------------------------------------------------------------


def test_given_a_good_day_when_a_signal_comes_then_it_is_sized_reserved_and_named_after_the_log() -> None:
    desk = a_desk()
    order = approved(desk.say(a_signal()))
    assert (order.quantity, order.limit_price, order.reserved_krw) == (200, 10_000, 2_000_300)
    assert order.client_order_id == f"L-{len(desk.log) - 1}"
    assert (order.kind, order.purpose, order.origin) == (OrderKind.LIMIT, Purpose.ENTRY, "momentum")
    view = desk.role.view(RiskQuery())
    assert (view.reserved, view.orderable_cash, view.open_orders) == (2_000_300, 7_999_700, 1)


def test_given_nothing_known_when_a_signal_comes_then_it_is_denied() -> None:
    assert denied(Desk(RiskManager()).say(a_signal())).reason == "GATE"


def test_given_no_room_when_a_signal_is_sized_then_the_binding_limit_is_named() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 200, 2_000_000), max_position_ppm=100_000)
    denial = denied(desk.say(a_signal()))
    assert (denial.reason, denial.quantity) == ("POSITION", 0)
    assert desk.role.view(DenialsQuery()) == (denial,)
    assert desk.role.view(DenialsQuery(COLON)) == ()
    assert desk.role.view(RiskQuery()).denied_by_reason == {"POSITION": 1}


def test_given_a_new_run_when_no_quote_came_yet_then_old_quotes_and_links_prove_nothing() -> None:
    desk = a_desk()
    desk.say(a_run())
    assert denied(desk.say(a_signal())).reason == "CONNECTION"
    for link in LinkName:
        desk.say(a_link(link))
    assert denied(desk.say(a_signal())).reason == "DATA_AGE"


def test_given_an_open_exit_when_exit_signals_repeat_then_it_is_said_once() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    exit_order = approved(desk.say(a_signal(Side.SELL)))
    assert (exit_order.quantity, exit_order.reserved_krw, exit_order.purpose) == (50, 0, Purpose.EXIT)
    assert denied(desk.say(a_signal(Side.SELL))).reason == "DUPLICATE"
    assert desk.say(a_signal(Side.SELL)) == desk.say(a_signal(Side.SELL)) == []
    desk.say(order_state(exit_order, "CANCELLED", 20, 0))
    assert desk.role.view(RiskQuery()).sellable == {SAMSUNG: 30}  # 20 filled, not booked yet
    desk.say(a_booking(exit_order, 20, 30, 10_200_000))
    assert approved(desk.say(a_signal(Side.SELL))).quantity == 30


def test_given_fills_when_told_by_both_roles_then_reserves_shrink_to_nothing() -> None:
    desk = a_desk()
    order = approved(desk.say(a_signal()))
    desk.say(order_state(order, "PARTIAL", 50))
    assert desk.role.view(RiskQuery()).reserved == 2_000_300
    desk.say(a_booking(order, 50, 50, 9_499_925))
    assert desk.role.view(RiskQuery()).reserved == 1_500_225
    desk.say(order_state(order, "CANCELLED", 50, 0))
    view = desk.role.view(RiskQuery())
    assert (view.reserved, view.orderable_cash, view.open_orders) == (0, 9_499_925, 0)


def test_given_a_modified_price_when_told_then_the_reserve_follows() -> None:
    desk = a_desk()
    order = approved(desk.say(a_signal()))
    desk.say(order_state(order, "WORKING", limit_price=Krw(10_100)))
    assert desk.role.view(RiskQuery()).reserved == 200 * 10_100 + 303


def test_given_an_order_placed_elsewhere_when_told_then_it_binds_shares_too() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    elsewhere = approved(a_desk(10_000_000, (SAMSUNG, 50, 500_000)).say(a_signal(Side.SELL)))
    desk.say(order_state(elsewhere, "WORKING"))
    assert desk.role.view(RiskQuery()).sellable == {SAMSUNG: 0}


def test_given_an_unknown_order_when_its_twin_is_asked_for_then_it_is_denied() -> None:
    desk = a_desk()
    order = approved(desk.say(by_hand()))
    desk.say(order_state(order, "UNKNOWN_SUBMIT"))
    desk.say(prices(10))
    assert denied(desk.say(by_hand())).reason == "TWIN"
    assert approved(desk.say(by_hand(quantity=11))).quantity == 11


# ---- orders by hand --------------------------------------------------------------------------------------------


def test_given_an_order_by_hand_when_it_passes_then_the_answer_follows_the_order() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    order, answer = desk.say(by_hand(Side.SELL, 5, None, command_id="c1"))
    assert (order.kind, order.purpose, order.origin) == (OrderKind.MARKET, Purpose.EXIT, "operator:kim")
    assert answer == CommandAnswered("c1", True, "", "approved", order.client_order_id)


def test_given_terms_when_an_order_by_hand_is_judged_then_approval_and_denial_carry_them() -> None:
    terms = {"kind": OrderKind.STOP_LIMIT, "venue": Venue.SOR, "time_in_force": TimeInForce.DAY}
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    order = approved(desk.say(by_hand(Side.SELL, 5, 10_000, stop_price=Krw(9_990), **terms)))
    assert (order.kind, order.venue, order.stop_price) == (OrderKind.STOP_LIMIT, Venue.SOR, 9_990)
    refused = denied(desk.say(by_hand(Side.SELL, 5, 10_000, stop_price=Krw(10_000), **terms)))
    assert (refused.reason, refused.stop_price, refused.venue) == ("STOP_PRICE", 10_000, Venue.SOR)


def test_given_an_orders_broker_with_another_clock_when_it_tells_its_state_then_quotes_do_not_look_older() -> None:
    desk = a_desk()
    desk.say(replace(a_run(), config=RunConfig("paper", orders_endpoint="elsewhere:1")))
    for link in LinkName:
        desk.say(a_link(link))
    desk.say(prices(100))
    desk.say(broker_state(seconds=7_200))
    assert approved(desk.say(by_hand())).venue_time == at(100)


def test_given_a_command_answered_when_it_comes_again_then_the_first_answer_is_given_and_no_order() -> None:
    desk = a_desk()
    _, first = desk.say(by_hand(command_id="c1"))
    desk.say(prices(60))
    assert desk.say(by_hand(command_id="c1")) == [first]


def a_change(order: OrderApproved, price: int | None, quantity: int | None = None) -> ManualModifyRequested:
    return ManualModifyRequested("m1", "kim", order.client_order_id, quantity, None if price is None else Krw(price))


def test_given_an_open_buy_when_a_higher_price_fits_then_its_cash_is_held_before_the_change_is_sent() -> None:
    desk = a_desk()
    order = approved(desk.say(by_hand(quantity=100, price=9_990)))
    desk.say(order_state(order, "WORKING"))
    [change] = desk.say(a_change(order, 10_100))
    assert isinstance(change, ModifyApproved)
    assert (change.limit_price, change.quantity) == (10_100, None)
    assert desk.role.view(RiskQuery()).reserved == 100 * 10_100 + 151
    desk.say(order_state(order, "WORKING"))  # the venue refused: what was bound stays bound until the order closes
    assert desk.role.view(RiskQuery()).reserved == 100 * 10_100 + 151
    desk.say(order_state(order, "CANCELLED"))
    assert desk.role.view(RiskQuery()).reserved == 0


@pytest.mark.parametrize(
    ("price", "limits", "code"),
    [(10_005, {}, "TICK"), (10_500, {}, "COLLAR"), (13_500, {"price_collar_ppm": 900_000}, "PRICE_LIMIT"),
     (10_200, {"max_order_krw": 2_000_000}, "ORDER_VALUE"), (10_200, {"max_position_ppm": 200_000}, "POSITION")],
)  # fmt: skip
def test_given_an_open_buy_when_a_new_price_breaks_a_limit_then_it_is_refused_and_nothing_is_sent(
    price: int, limits: dict[str, int], code: str
) -> None:
    desk = a_desk(**({"max_position_ppm": 900_000} | limits))
    order = approved(desk.say(by_hand(quantity=198)))
    desk.say(order_state(order, "WORKING"))
    [answer] = desk.say(a_change(order, price))
    assert isinstance(answer, CommandAnswered)
    assert (answer.accepted, answer.code) == (False, code)


def test_given_too_little_cash_when_a_buy_is_made_dearer_then_it_is_refused() -> None:
    desk = a_desk(1_000_000, max_position_ppm=1_100_000)
    order = approved(desk.say(by_hand(quantity=99)))
    desk.say(order_state(order, "WORKING"))
    [answer] = desk.say(a_change(order, 10_200))
    assert isinstance(answer, CommandAnswered)
    assert answer.code == "CASH"


def test_given_an_open_sell_when_repriced_then_its_own_shares_do_not_block_it() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    order = approved(desk.say(by_hand(Side.SELL, 50, 10_100)))
    desk.say(order_state(order, "WORKING"))
    [change] = desk.say(a_change(order, 10_000))
    assert isinstance(change, ModifyApproved)
    assert change.reserved_krw == 0


def test_given_an_order_risk_does_not_know_when_changed_then_the_executor_answers() -> None:
    desk = a_desk()
    order = approved(a_desk().say(by_hand()))
    [change] = desk.say(a_change(order, 10_100))
    assert isinstance(change, ModifyApproved)


def test_given_an_order_by_hand_when_it_is_denied_then_code_and_text_are_answered() -> None:
    denial, answer = a_desk().say(by_hand(symbol="999999", command_id="c1"))
    assert (denial.reason, answer.code, answer.accepted) == ("INSTRUMENT", "INSTRUMENT", False)
    assert answer.text == denial.message


def test_given_a_market_buy_by_hand_when_approved_then_cash_is_reserved_at_the_upper_limit() -> None:
    assert approved(a_desk().say(by_hand(price=None, quantity=10))).reserved_krw == 130_019


# ---- daily loss ------------------------------------------------------------------------------------------------


def test_given_equity_when_it_falls_to_the_exact_won_then_the_limit_hits_once() -> None:
    desk = a_desk(10_000_019)  # 5 % is 500,000.95 KRW
    assert desk.say(equity(9_500_019)) == []
    [hit] = desk.say(equity(9_500_018))
    assert (hit.loss_krw, hit.limit_krw, hit.start_equity) == (500_001, 500_001, 10_000_019)
    assert desk.say(equity(9_000_000)) == []
    assert denied(desk.say(a_signal())).reason == "DAILY_LOSS"
    assert isinstance(desk.refolded().view(RiskQuery()).checks, tuple)
    assert desk.refolded().view(RiskQuery()).entries_denied == (
        "DAILY_LOSS: 1,000,019 KRW are lost, the limit is 500,001 KRW,"
        " until a person resumes with a note and the loss is below the limit"
    )


def test_given_a_loss_limit_hit_when_a_person_lifts_the_halt_then_only_exits_pass_until_it_recovered() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    start = 10_500_000
    assert isinstance(desk.say(equity(start - 525_000))[0], LossLimitHit)
    desk.say(a_day("PAUSED", "unlock", "HALTED"))
    desk.say(a_day("TRADING", "resume", "PAUSED"))
    assert desk.say(equity(start - 600_000)) == [], "told already; a person has seen it"
    assert denied(desk.say(a_signal())).reason == "DAILY_LOSS"
    assert desk.role.view(RiskQuery()).entries_denied.endswith("525,000 KRW, until the loss is below the limit")
    assert approved(desk.say(a_signal(Side.SELL))).quantity == 50
    assert desk.say(equity(start - 524_999)) == []
    assert desk.role.view(RiskQuery()).entries_denied == ""
    desk.say(prices(2))
    assert approved(desk.say(a_signal(seconds=2))).side is Side.BUY
    assert isinstance(desk.say(equity(start - 525_000))[0], LossLimitHit), "armed again: it halts a second time"
    desk.say(equity(start))
    assert desk.refolded().view(RiskQuery()).entries_denied.endswith("until a person resumes with a note")


def test_given_a_new_day_when_the_account_opens_then_the_limit_counts_from_its_equity() -> None:
    desk = a_desk()
    desk.say(equity(9_400_000))
    desk.say(broker_state(9_400_000, seconds=86_400))
    desk.say(an_account(9_400_000, day="2026-01-14"))
    assert desk.say(equity(8_930_001)) == []
    assert desk.say(equity(8_930_000))[0].limit_krw == 470_000


# ---- flatten ---------------------------------------------------------------------------------------------------

HELD = ((SAMSUNG, 50, 500_000), (COLON, 7, 70_000))


def test_given_holdings_when_flattened_then_each_without_open_orders_is_sold_at_market() -> None:
    desk = a_desk(10_000_000, *HELD)
    seq = len(desk.log) + 1
    first, second, answer = desk.say(flatten())
    assert [order.client_order_id for order in (first, second)] == [f"L-{seq}-{SAMSUNG}", f"L-{seq}-{COLON}"]
    assert (first.quantity, first.kind, first.purpose, first.limit_price) == (50, OrderKind.MARKET, Purpose.EXIT, None)
    assert (answer.accepted, answer.cancels, answer.exits) == (True, 0, 2)
    assert desk.say(flatten()) == [answer]  # the same command again
    assert denied(desk.say(a_signal())).reason == "GATE"


def test_given_an_open_order_when_flattened_then_the_sale_waits_until_it_is_closed_and_booked() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    buy = approved(desk.say(a_signal()))
    [answer] = desk.say(flatten(SAMSUNG))
    assert (answer.cancels, answer.exits) == (1, 1)
    assert desk.say(order_state(buy, "CANCELLED", 3, 0)) == []
    sale = approved(desk.say(a_booking(buy, 3, 53, 9_969_995)))
    assert sale.quantity == 53
    desk.say(order_state(sale, "FILLED", 53, 0))
    assert desk.role.view(RiskQuery()).flattening == (SAMSUNG,)
    assert desk.say(a_booking(sale, 53, 0, 10_500_000)) == []
    assert desk.role.view(RiskQuery()).flattening == ()


@pytest.mark.parametrize("blocked", [a_gate(Gate.CANCELS_ONLY), a_link(LinkName.ORDERS, "BACKING_OFF", "READY")])
def test_given_a_closed_way_out_when_flattened_then_the_sale_waits_for_it(blocked: Any) -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    desk.say(blocked)
    [answer] = desk.say(flatten())
    assert (answer.accepted, answer.exits) == (True, 1)
    assert "once" in answer.text
    opened = [*desk.say(a_gate(Gate.EXITS_ONLY)), *desk.say(a_link(LinkName.ORDERS))]
    assert approved(opened).quantity == 50


def test_given_a_venue_that_rejects_when_flattened_then_it_is_tried_three_times() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    orders, tries = desk.say(flatten())[:-1], 0
    while orders:
        tries += 1
        orders = desk.say(order_state(orders[0], "REJECTED", 0, 0))
    assert tries == 3


def test_given_an_unknown_symbol_when_flattened_then_it_is_refused() -> None:
    [answer] = a_desk().say(flatten("999999"))
    assert (answer.accepted, answer.code) == (False, "INSTRUMENT")


def test_given_a_flatten_when_a_person_resumes_then_it_is_over() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    desk.say(a_gate(Gate.CANCELS_ONLY))
    desk.say(flatten())
    desk.say(a_day("TRADING", "resume", "PAUSED"))
    assert desk.say(a_gate()) == []


# ---- in general ------------------------------------------------------------------------------------------------


class Market:
    """A broker that fills, cancels, loses and answers as it is told, and keeps count beside the role."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.cash, self.held, self.second = 3_000_000, {SAMSUNG: 50, COLON: 7}, 1.0
        self.open: dict[str, list[Any]] = {}  # id -> [order, filled]

    def take(self, outputs: list[Any]) -> None:
        for order in outputs:
            if isinstance(order, OrderApproved):
                self.open[order.client_order_id] = [order, 0]
                self.check()

    def check(self) -> None:
        """No approved order takes anything above the limits, whatever came before."""
        left = [(order, order.quantity - filled) for order, filled in self.open.values()]
        buys = [(order, rest) for order, rest in left if order.side is Side.BUY]
        worst = [rest * (order.limit_price or 13_000) for order, rest in buys]
        assert sum(won + won * 150 // 1_000_000 for won in worst) <= self.cash
        for symbol, held in self.held.items():
            assert sum(rest for order, rest in left if order.side is Side.SELL and order.symbol == symbol) <= held
        for order, rest in buys:
            assert rest * (order.limit_price or 13_000) <= 3_000_000
        assert len(self.open) <= 6 + sum(order.side is Side.SELL for order, _ in left)

    def fill(self, pick: int, share: int, executor_first: bool) -> None:
        if not self.open:
            return
        key = sorted(self.open)[pick % len(self.open)]
        order, filled = self.open[key]
        quantity = max(1, (order.quantity - filled) * share // 100)
        filled += quantity
        price, sign = int(order.limit_price or 10_000), order.side.sign
        self.cash -= sign * quantity * price + quantity * price * 150 // 1_000_000
        self.held[order.symbol] += sign * quantity
        self.open[key][1] = filled
        if filled == order.quantity:
            del self.open[key]
        told = order_state(order, "FILLED" if filled == order.quantity else "PARTIAL", filled)
        booked = a_booking(order, quantity, self.held[order.symbol], self.cash, price)
        between = by_hand(order.side, 60, symbol=order.symbol)  # judged while only one of the two has told
        for message in (told, between, booked) if executor_first else (booked, between, told):
            self.take(self.desk.say(message))

    def close(self, pick: int, status: str) -> None:
        if self.open:
            key = sorted(self.open)[pick % len(self.open)]
            order, filled = self.open[key]
            leaves = order.quantity - filled if status.startswith("UNKNOWN") else 0
            if not leaves:
                del self.open[key]
            self.take(self.desk.say(order_state(order, status, filled, leaves)))


SYMBOLS = st.sampled_from((SAMSUNG, COLON))
PRICES = st.integers(965, 1_031).map(lambda ticks: ticks * 10)
STEPS = st.one_of(
    st.tuples(st.just("signal"), SYMBOLS, st.sampled_from(Side), PRICES),
    st.tuples(st.just("hand"), SYMBOLS, st.sampled_from(Side), PRICES | st.none(), st.integers(-1, 120)),
    st.tuples(st.just("fill"), st.integers(0, 9), st.integers(1, 100), st.booleans()),
    st.tuples(st.just("close"), st.integers(0, 9), st.sampled_from(("CANCELLED", "REJECTED", "UNKNOWN_SUBMIT"))),
    st.tuples(st.just("time"), st.integers(1, 4)),
    st.tuples(st.just("flatten"), SYMBOLS),
    st.tuples(st.just("resume")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_for_any_sequence_no_approved_order_is_above_the_limits_and_the_fold_equals_the_live_role(
    steps: list[tuple[Any, ...]],
) -> None:
    # Limits that bind: little cash, positions up to twice the equity, no window between orders alike.
    desk = a_desk(3_000_000, *HELD, max_open_orders=6, max_position_ppm=2_000_000, duplicate_window_ms=0)
    market = Market(desk)
    for number, (what, *args) in enumerate(steps):
        now = market.second
        match what, args:
            case "signal", [symbol, side, price]:
                market.take(desk.say(a_signal(side, price, now, symbol=symbol)))
            case "hand", [symbol, side, price, quantity]:
                market.take(desk.say(by_hand(side, quantity, price, symbol=symbol)))
            case "fill", [pick, share, first]:
                market.fill(pick, share, first)
            case "close", [pick, status]:
                market.close(pick, status)
            case "time", [seconds]:
                market.second += seconds
                desk.say(prices(market.second))
            case "flatten", [symbol]:
                market.take(desk.say(flatten(symbol, f"f{number}")))
            case _:
                market.take(desk.say(a_day("TRADING", "resume", "PAUSED")))
    state = desk.role.state
    assert state.cash == market.cash
    assert state.positions == {symbol: held for symbol, held in market.held.items() if held}
    assert desk.role.view(RiskQuery()).orderable_cash >= 0
    assert state_of(desk.refolded()) == state_of(desk.role)


def test_given_a_denied_order_with_a_senseless_price_when_told_then_it_binds_nothing() -> None:
    desk = a_desk()
    denial = denied(desk.say(by_hand(limit_price=Krw(-100))))
    desk.say(order_state(denial, "DENIED"))
    view = desk.role.view(RiskQuery())
    assert (denial.reason, view.reserved, view.open_orders) == ("TICK", 0, 0)


# ---- what executions and people change about booked shares -----------------------------------------------------


def a_revision(order: OrderApproved, trade: str, quantity: int, cash: int) -> FillRevised:
    what = (order.client_order_id, "V1", trade, order.symbol, order.side, quantity)
    return FillRevised(*what, Krw(-5), Krw(0), Krw(0), Krw(0), Krw(0), Krw(cash), at(3))


def test_given_a_booked_fill_when_its_execution_revises_it_then_cash_follows_and_nothing_is_bound_less() -> None:
    desk = a_desk()
    order = approved(desk.say(a_signal()))
    desk.say(order_state(order, "PARTIAL", 50))
    desk.say(a_booking(order, 50, 50, 9_499_925, trade="inferred:V1:50"))
    bound = state_of(desk.role)["state"].holds
    desk.say(a_revision(order, "T1", 50, 9_499_930))
    state = state_of(desk.role)["state"]
    assert (state.cash, state.positions, state.holds) == (9_499_930, {SAMSUNG: 50}, bound)


def test_given_shares_in_the_books_the_date_began_with_when_they_are_proved_then_the_order_binds_them_no_more() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    order = approved(desk.say(a_signal(symbol=COLON)))
    desk.say(a_revision(order, f"inferred:V1:{order.quantity}", order.quantity, 10_000_000))
    desk.say(order_state(order, "FILLED", order.quantity, 0))
    assert state_of(desk.role)["state"].holds.by_id == {}


def test_given_an_adjustment_by_hand_when_heard_then_cash_and_holdings_follow() -> None:
    desk = a_desk(10_000_000, (SAMSUNG, 50, 500_000))
    money = (Krw(0), Krw(10_000_000), Krw(9_000_000))
    desk.say(AdjustmentBooked("c", "kim", SAMSUNG, 50, 0, *money, "sold elsewhere", at(3)))
    state = state_of(desk.role)["state"]
    assert (state.cash, state.positions) == (9_000_000, {})
    desk.say(AdjustmentBooked("d", "kim", "", 0, 0, Krw(0), Krw(9_000_000), Krw(9_500_000), "a deposit", at(4)))
    assert state_of(desk.role)["state"].cash == 9_500_000
