"""Risk rules, one by one and in general."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk import RULES, Hold, Picture, Proposal, check_list, cost, judge, loss_limit_krw, size_entry, size_exit
from domain.risk.picture import worst_price
from domain.risk.sizing import affordable
from domain.risk_config import RiskConfig
from domain.types import PPM, Gate, Krw, OrderKind, Purpose, Side
from tests.actors.money_builders import SAMSUNG, an_instrument, at


def a_proposal(side: Side = Side.BUY, **changes: Any) -> Proposal:
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    base = Proposal(SAMSUNG, side, OrderKind.LIMIT, purpose, 10, Krw(10_000), 800_000, at(10))
    return replace(base, **changes)


def a_picture(**changes: Any) -> Picture:
    base = Picture(
        config=RiskConfig(),
        commission_ppm=150,
        instrument=an_instrument(),
        mark=10_000,
        quoted_at=at(10),
        gate=Gate.OPEN,
        day="TRADING",
        orders_link="READY",
        quotes_link="READY",
        equity=Krw(10_000_000),
        orderable=Krw(10_000_000),
        exposure=Krw(0),
        held=100,
        selling=0,
        open_orders=0,
        last_same_at=None,
        unresolved=(),
        loss_limit_hit=False,
        flattening=False,
    )
    return replace(base, **changes)


def a_hold(**changes: Any) -> Hold:
    return Hold("L-9", SAMSUNG, Side.BUY, 10, Krw(10_000), Krw(100_015), "WORKING", 10)._replace(**changes)


STOP: dict[str, Any] = {"kind": OrderKind.STOP_LIMIT, "stop_price": Krw(10_050)}
UNKNOWN = a_hold(status="UNKNOWN_SUBMIT")
ENTRY_DENIALS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # code, changes of the proposal, of the picture, a part of the message
    ("GATE", {}, {"gate": Gate.EXITS_ONLY}, "gate is EXITS_ONLY, ENTRY needs OPEN"),
    ("GATE", {}, {"day": "ARMED"}, "day is ARMED"),
    ("GATE", {}, {"flattening": True}, "sold out"),
    ("CONNECTION", {}, {"orders_link": "BACKING_OFF"}, "orders link is BACKING_OFF"),
    ("CONNECTION", {}, {"quotes_link": "DEGRADED"}, "quotes link is DEGRADED"),
    ("DAILY_LOSS", {}, {"loss_limit_hit": True}, "5.00 %"),
    ("INSTRUMENT", {}, {"instrument": None}, "not an instrument"),
    ("INSTRUMENT", {}, {"instrument": an_instrument(tradable=False)}, "not tradable"),
    ("SYMBOL_HALTED", {}, {"halted": "books differ in 005930: 3 here"}, "books differ in 005930: 3 here"),
    (
        "UNRESOLVED_TWIN",
        {},
        {"unresolved": (UNKNOWN._replace(since=at(10)),), "config": RiskConfig(tell_unresolved_twins=True)},
        "order L-9, BUY 10 005930 at 10,000 KRW, is UNKNOWN_SUBMIT since 09:00:10",
    ),
    ("TICK", {"limit_price": Krw(10_003)}, {}, "3 KRW off the tick of 10 KRW"),
    ("TICK", {"limit_price": None}, {}, "needs a price"),
    ("TICK", {"kind": OrderKind.MARKET}, {}, "no limit price"),
    ("PRICE_LIMIT", {"limit_price": Krw(13_010)}, {}, "10 KRW above the upper limit 13,000"),
    ("PRICE_LIMIT", {"limit_price": Krw(6_990)}, {}, "10 KRW below the lower limit 7,000"),
    ("TICK", {"kind": OrderKind.BEST_LIMIT}, {}, "a best limit order has no limit price"),
    ("TICK", {"kind": OrderKind.POST_CLOSE}, {}, "a post close order has no limit price"),
    ("TICK", STOP | {"limit_price": None}, {}, "a stop limit order needs a price"),
    ("STOP_PRICE", STOP | {"stop_price": None}, {}, "needs a stop price"),
    ("STOP_PRICE", STOP | {"stop_price": Krw(10_045)}, {}, "stop price: 10,045 KRW is 5 KRW off the tick"),
    ("STOP_PRICE", STOP | {"stop_price": Krw(13_010)}, {}, "stop price: 13,010 KRW is 10 KRW above the upper limit"),
    ("STOP_PRICE", STOP | {"stop_price": Krw(10_000)}, {}, "a BUY stop must be above the mark 10,000 KRW"),
    ("STOP_PRICE", STOP | {"stop_price": Krw(9_990)}, {}, "would wake at once"),
    ("STOP_PRICE", {"stop_price": Krw(10_050)}, {}, "a limit order has no stop price, was 10,050 KRW"),
    ("COLLAR", STOP | {"limit_price": Krw(10_310)}, {}, "3.10 %"),
    ("CASH", {"kind": OrderKind.BEST_LIMIT, "limit_price": None}, {"orderable": Krw(130_018)}, "cost 130,019 KRW"),
    ("CASH", {"kind": OrderKind.CONDITIONAL_LIMIT}, {"orderable": Krw(130_018)}, "cost 130,019 KRW"),
    ("TWIN", STOP, {"unresolved": (UNKNOWN._replace(kind=OrderKind.STOP_LIMIT, stop_price=Krw(10_050)),)}, "the same"),
    ("DATA_AGE", {"venue_time": at(70.001)}, {}, "60,001 ms old, 1 ms over"),
    ("DATA_AGE", {}, {"quoted_at": None, "mark": None}, "no trade"),
    ("DATA_QUALITY", {}, {"doubt": "the last row is flagged stale"}, "the last row is flagged stale"),
    ("COLLAR", {"limit_price": Krw(10_310)}, {}, "3.10 % from the mark 10,000 KRW, 10 KRW over"),
    ("COLLAR", {"limit_price": Krw(9_690)}, {}, "3.10 %"),
    ("CONFIDENCE", {"confidence_ppm": 499_900}, {}, "49.99 % is 0.01 % below"),
    ("OPEN_ORDERS", {}, {"open_orders": 20}, "20 orders are open"),
    ("DUPLICATE", {}, {"last_same_at": at(8.5)}, "1,500 ms ago, 500 ms inside"),
    ("QUANTITY", {"quantity": 0}, {}, "expected > 0"),
    ("TWIN", {}, {"unresolved": (UNKNOWN,)}, "L-9 is the same and UNKNOWN_SUBMIT"),
    ("ORDER_VALUE", {"quantity": 301}, {"equity": Krw(10**9)}, "10,000 KRW over the limit of 3,000,000"),
    ("POSITION", {}, {"exposure": Krw(1_950_000)}, "50,000 KRW over the limit of 2,000,000"),
    ("CASH", {}, {"orderable": Krw(100_014)}, "cost 100,015 KRW is 1 KRW over"),
]


@pytest.mark.parametrize(("code", "order", "known", "text"), ENTRY_DENIALS)
def test_given_one_thing_wrong_when_an_entry_is_judged_then_its_rule_says_so(
    code: str, order: dict[str, Any], known: dict[str, Any], text: str
) -> None:
    denial = judge(a_proposal(**order), a_picture(**known), RULES)
    assert denial is not None
    assert denial.code == code
    assert text in denial.message


@pytest.mark.parametrize(
    ("order", "known"),
    [
        ({}, {}),
        ({"venue_time": at(15)}, {}),
        ({"limit_price": Krw(10_300)}, {}),
        ({"limit_price": Krw(9_700)}, {}),
        ({"confidence_ppm": 500_000}, {}),
        ({"confidence_ppm": None}, {}),
        ({}, {"open_orders": 19}),
        ({}, {"last_same_at": at(8)}),
        ({}, {"unresolved": (UNKNOWN._replace(quantity=11),)}),
        (STOP, {}),
        ({"kind": OrderKind.FIRST_LIMIT, "limit_price": None}, {"orderable": Krw(130_019)}),
        ({}, {"unresolved": (UNKNOWN._replace(kind=OrderKind.CONDITIONAL_LIMIT),)}),
        (STOP, {"unresolved": (UNKNOWN._replace(kind=OrderKind.STOP_LIMIT, stop_price=Krw(10_060)),)}),
        ({"quantity": 200}, {}),
        ({}, {"orderable": Krw(100_015)}),
        ({}, {"instrument": an_instrument(base=None)}),
    ],
)
def test_given_a_value_at_its_limit_when_an_entry_is_judged_then_it_passes(order: dict, known: dict) -> None:
    assert judge(a_proposal(**order), a_picture(**known), RULES) is None


def test_given_limits_of_money_and_number_hit_when_an_exit_is_judged_then_it_passes() -> None:
    known = a_picture(
        gate=Gate.EXITS_ONLY,
        day="PAUSED",
        equity=Krw(0),
        orderable=Krw(-1),
        exposure=Krw(10**9),
        open_orders=99,
        loss_limit_hit=True,
        flattening=True,
        last_same_at=at(10),
        held=1_000,
        doubt="another source contradicts",
    )
    assert judge(a_proposal(Side.SELL, quantity=1_000, confidence_ppm=0), known, RULES) is None


@pytest.mark.parametrize(
    ("order", "known", "code"),
    [
        ({}, {"gate": Gate.CANCELS_ONLY}, "GATE"),
        ({"quantity": 101}, {}, "SELLABLE"),
        ({"quantity": 51}, {"selling": 50}, "DUPLICATE"),
        ({"confidence_ppm": None}, {"last_same_at": at(9)}, "DUPLICATE"),
        ({"limit_price": Krw(9_005)}, {}, "TICK"),
        (STOP | {"stop_price": Krw(10_000)}, {}, "STOP_PRICE"),
        (STOP | {"stop_price": Krw(10_010)}, {}, "STOP_PRICE"),
    ],
)
def test_given_an_exit_that_would_harm_when_judged_then_it_is_denied(order: dict, known: dict, code: str) -> None:
    denial = judge(a_proposal(Side.SELL, **order), a_picture(**known), RULES)
    assert denial is not None
    assert denial.code == code


def test_given_a_buy_that_calls_itself_an_exit_when_judged_then_it_is_an_entry() -> None:
    denial = judge(a_proposal(purpose=Purpose.EXIT), a_picture(gate=Gate.EXITS_ONLY), RULES)
    assert denial is not None
    assert denial.code == "GATE"


def test_given_a_market_buy_when_priced_then_the_upper_limit_counts_or_a_day_range_over_the_mark() -> None:
    order = a_proposal(kind=OrderKind.MARKET, limit_price=None)
    assert worst_price(order, a_picture()) == 13_000
    assert worst_price(order, a_picture(instrument=an_instrument(base=None), mark=9_999)) == 12_998
    assert worst_price(replace(order, side=Side.SELL), a_picture()) == 10_000


def test_given_the_config_when_listed_then_every_rule_shows_its_limit_in_force() -> None:
    listed = {name: (limit, unit) for name, limit, unit in check_list(RiskConfig(max_open_orders=7))}
    assert len(listed) == len(RULES)
    assert listed["OPEN_ORDERS"] == (7, "orders")
    assert listed["DAILY_LOSS"] == (50_000, "ppm of start equity")


@pytest.mark.parametrize(
    ("known", "quantity", "binding"),
    [
        ({}, 200, "POSITION"),
        ({"equity": Krw(10**9), "orderable": Krw(10**9)}, 300, "ORDER_VALUE"),
        ({"orderable": Krw(1_000_150)}, 100, "CASH"),
        ({"orderable": Krw(1_000_149)}, 99, "CASH"),
        ({"exposure": Krw(2_500_000)}, 0, "POSITION"),
        ({"orderable": Krw(-5)}, 0, "CASH"),
    ],
)
def test_given_rooms_when_an_entry_is_sized_then_the_smallest_binds(known: dict, quantity: int, binding: str) -> None:
    size = size_entry(10_000, a_picture(**known))
    assert (size.quantity, size.binding.code) == (quantity, binding)


def test_given_open_sells_when_an_exit_is_sized_then_the_rest_is_sold() -> None:
    assert size_exit(a_picture(held=100, selling=30)).quantity == 70
    assert size_exit(a_picture(held=100, selling=100)).binding.code == "DUPLICATE"
    assert size_exit(a_picture(held=0)).binding.code == "SELLABLE"


@given(st.integers(-100, 10**9), st.integers(1, 10**6), st.integers(0, 5_000))
def test_for_any_cash_the_affordable_quantity_fits_and_one_more_does_not(cash: int, price: int, ppm: int) -> None:
    quantity = affordable(cash, price, ppm)
    assert quantity == 0 or cost(quantity, price, ppm) <= cash
    assert cost(quantity + 1, price, ppm) > cash


@given(
    price=st.integers(1, 900).map(lambda ticks: ticks * 10),
    equity=st.integers(0, 10**8),
    orderable=st.integers(-(10**6), 10**8),
    exposure=st.integers(0, 10**8),
)
def test_for_any_room_a_sized_entry_passes_every_rule_of_size(
    price: int, equity: int, orderable: int, exposure: int
) -> None:
    known = a_picture(
        mark=price,
        instrument=an_instrument(base=None),
        equity=Krw(equity),
        orderable=Krw(orderable),
        exposure=Krw(exposure),
    )
    size = size_entry(price, known)
    if size.quantity:
        assert judge(a_proposal(limit_price=Krw(price), quantity=size.quantity), known, RULES) is None
        assert exposure + size.quantity * price <= equity * known.config.max_position_ppm // PPM
        assert cost(size.quantity, price, 150) <= orderable
    one_more = a_proposal(limit_price=Krw(price), quantity=size.quantity + 1)
    denial = judge(one_more, known, RULES)
    assert denial is not None
    assert denial.code in ("POSITION", "ORDER_VALUE", "CASH")


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(0, 5_000), st.data())
def test_for_any_partial_fills_the_reserve_covers_what_is_left(price: int, quantity: int, ppm: int, data: Any) -> None:
    hold = a_hold(quantity=quantity, leaves=quantity, reserved=cost(quantity, price, ppm))
    while hold.remaining:
        part = data.draw(st.integers(1, hold.remaining))
        hold = hold.with_booked(part)
        assert hold.reserve >= cost(hold.remaining, price, ppm)
        hold = hold.moved("PARTIAL", hold.filled + part, hold.leaves - part)
    assert hold.reserve == 0


@pytest.mark.parametrize("executor_first", [True, False])
def test_given_a_fill_told_twice_when_either_comes_first_then_nothing_is_free_too_early(executor_first: bool) -> None:
    hold = a_hold()
    steps = [lambda h: h.moved("PARTIAL", 4, 6), lambda h: h.with_booked(4)]
    for step in steps if executor_first else reversed(steps):
        hold = step(hold)
        assert hold.remaining == (10 if hold.booked == 0 else 6)
    assert hold.moved("FILLED", 10, 0).remaining == 6  # until the portfolio booked the rest
    assert hold.moved("FILLED", 10, 0).with_booked(6).is_done
    assert a_hold().moved("REJECTED", 0, 10).is_done


@given(st.integers(1, 10**12), st.integers(1, PPM))
def test_for_any_start_the_loss_limit_is_the_first_won_at_or_past_the_share(start: int, ppm: int) -> None:
    limit = loss_limit_krw(start, ppm)
    assert limit * PPM >= start * ppm > (limit - 1) * PPM
