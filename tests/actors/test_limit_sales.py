"""A limit that halts and sells: everything is cancelled first, then what is held is sold, a person ends it."""

from dataclasses import replace
from typing import Any

import pytest

from actors.roster import make_roles
from domain.messages.link import BrokerPosition, LinkLost
from domain.messages.operator import FlattenRequested, HaltRequested
from domain.messages.orders import CancelOrder, SubmitOrder
from domain.messages.trading import (
    DayChanged,
    GateChanged,
    LossLimitHit,
    OrderApproved,
)
from domain.risk_config import AccountConfig
from domain.types import Gate, Krw, LinkName, Purpose
from tests.actors.account_house import (
    a_risk,
    resume,
)
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    broker_state,
    instruments,
    opened,
    received,
)
from tests.actors.exit_builders import AT_STOP, RISK, Floor
from tests.actors.money_builders import COLON, by_hand


def a_trader(buys: tuple[str, ...] = (SAMSUNG, COLON), **account_config: Any) -> House:
    """Give a whole house that holds 500 shares at 10,000 KRW and has buys open."""
    house, broker = House(*make_roles()), Venue()
    held = [BrokerPosition(SAMSUNG, 500, Krw(5_000_000))]
    run = a_run(risk=a_risk(**account_config), tell_flows=True, symbols=(SAMSUNG, COLON))
    house.hear(run, opened(LinkName.QUOTES), instruments(SAMSUNG, COLON))
    house.hear(opened(LinkName.ORDERS), broker_state(positions=held), received(a_quote(1), a_quote(1, symbol=COLON)))
    for number, symbol in enumerate(buys):
        house.hear(by_hand(quantity=10, price=9_900, symbol=symbol))
        house.hear(broker.accepts(house.said(SubmitOrder)[-1], str(number)))
    return house


def lose(house: House) -> None:
    """Let 500 shares lose more than 5 % of 15 million."""
    house.hear(received(a_quote(20, 8_400)))


def sales(house: House) -> list[tuple[str, int, str]]:
    orders = [item for item in house.said(OrderApproved) if item.purpose is Purpose.EXIT]
    return [(item.symbol, item.quantity, item.origin) for item in orders]


def cancelled(house: House) -> None:
    """Let the broker confirm every cancel."""
    broker = Venue(seq=2)
    submitted = {item.client_order_id: item for item in house.said(SubmitOrder)}
    for cancel in house.said(CancelOrder):
        order = submitted[cancel.client_order_id]
        house.hear(broker.cancels(order, order.quantity, cancel.request_id, cancel.original_venue_order_id))


def test_given_flatten_on_halt_when_a_limit_halts_then_all_is_cancelled_first_and_then_sold() -> None:
    house = a_trader(flatten_on_halt=True)
    lose(house)
    assert [hit.limit for hit in house.said(LossLimitHit)] == ["daily_loss"]
    assert len(house.said(CancelOrder)) == 2
    assert [gate.level for gate in house.said(GateChanged)][-2:] == [Gate.CANCELS_ONLY, Gate.EXITS_ONLY]
    assert sales(house) == [], "a buy of the same shares is still open"
    cancelled(house)
    assert sales(house) == [(SAMSUNG, 500, "risk:daily_loss")]
    assert len(house.said(CancelOrder)) == 2, "the sale is not cancelled"
    assert house.said(DayChanged)[-1].to_state == "HALTED"
    assert house.replayed(make_roles).identical


def test_given_only_exits_passed_when_a_limit_halts_then_what_is_sold_is_not_cancelled() -> None:
    house = a_trader(buys=(), flatten_on_halt=True)
    house.hear(received(a_quote(20, 8_640)))
    assert house.said(GateChanged)[-1].level is Gate.EXITS_ONLY, "the loss reduces before it halts"
    house.hear(received(a_quote(31, 8_400)))
    assert sales(house) == [(SAMSUNG, 500, "risk:daily_loss")]
    house.hear(Venue().accepts(house.said(SubmitOrder)[-1], "1"))
    house.tick(1)
    assert house.said(CancelOrder) == []
    assert [gate.level for gate in house.said(GateChanged)][-2:] == [Gate.CANCELS_ONLY, Gate.EXITS_ONLY]


def test_given_a_stop_that_was_tried_in_vain_when_a_limit_halts_then_the_limit_sells() -> None:
    account = AccountConfig(is_on=True, flatten_on_halt=True)
    floor = Floor(replace(RISK, account=account, daily_loss_ppm=40_000), held=400)
    floor.quote(AT_STOP)
    floor.refuse_all(AT_STOP)
    floor.quotes(12, 8_000)
    assert (floor.day, floor.origins) == ("HALTED", ["risk:stop_loss"] * 3 + ["risk:daily_loss"])


def test_given_no_flatten_on_halt_when_a_limit_halts_then_nothing_is_sold() -> None:
    house = a_trader()
    lose(house)
    cancelled(house)
    assert (sales(house), house.said(GateChanged)[-1].level) == ([], Gate.CANCELS_ONLY)
    assert len(house.said(CancelOrder)) == 2


def test_given_a_sale_on_a_halt_when_a_person_halts_or_unlocks_then_nothing_more_is_sold() -> None:
    for person in (HaltRequested("c", "kim", "no"), resume()):
        house = a_trader(flatten_on_halt=True)
        lose(house)
        house.hear(person)
        cancelled(house)
        house.tick(1)
        assert sales(house) == []


def test_given_a_person_halted_before_when_a_limit_is_reached_then_nothing_is_sold() -> None:
    house = a_trader(flatten_on_halt=True)
    house.hear(HaltRequested("c", "kim", "no"))
    lose(house)
    cancelled(house)
    assert (len(house.said(LossLimitHit)), sales(house)) == (1, [])
    house.hear(resume())
    assert sales(house) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_given_a_person_halted_when_another_instrument_is_flattened_then_a_limit_sells_nothing(when: str) -> None:
    house, halt = a_trader(buys=(), flatten_on_halt=True), HaltRequested("c", "kim", "no")
    house.hear(LinkLost(LinkName.ORDERS, "reset"))  # nothing can be sold before the person has spoken
    if when == "before":
        house.hear(halt)
    lose(house)
    if when == "after":
        house.hear(halt)
    for _ in range(3):
        house.tick(1)
    held = [BrokerPosition(SAMSUNG, 500, Krw(5_000_000))]
    house.hear(opened(LinkName.ORDERS, seconds=21), broker_state(positions=held, seconds=21))
    house.hear(FlattenRequested("f", "kim", COLON, "this one"))
    assert (len(house.said(LossLimitHit)), sales(house)) == (1, [])
    assert house.said(GateChanged)[-1].level is Gate.EXITS_ONLY


def test_given_a_sale_on_a_halt_when_the_trader_is_started_again_then_it_goes_on() -> None:
    house = a_trader(buys=(), flatten_on_halt=True)
    house.hear(LinkLost(LinkName.ORDERS, "reset"))
    lose(house)
    assert (sales(house), house.said(GateChanged)[-1].level) == ([], Gate.EXITS_ONLY)
    again = House(*make_roles())
    again.core.kernel, again.now = house.folded(make_roles), house.now
    run = a_run(risk=a_risk(flatten_on_halt=True), tell_flows=True, symbols=(SAMSUNG, COLON))
    again.hear(run, opened(LinkName.QUOTES), instruments(SAMSUNG, COLON), received(a_quote(30, 8_400)))
    held = [BrokerPosition(SAMSUNG, 500, Krw(5_000_000))]
    again.hear(opened(LinkName.ORDERS), broker_state(positions=held))
    assert sales(again) == [(SAMSUNG, 500, "risk:daily_loss")]
    assert again.said(CancelOrder) == []
