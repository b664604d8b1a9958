"""Selling out: each holding once, however many there are and whatever the sales themselves set off."""

from actors.roster import make_roles
from domain.messages.link import BrokerPosition
from domain.messages.operator import FlattenRequested
from domain.messages.orders import SubmitOrder
from domain.types import Krw, LinkName
from tests.actors.builders import House, a_quote, a_run, broker_state, instruments, opened, received

HOLDINGS = [f"{number:06d}" for number in range(100, 190)]


def a_house_with(*symbols: str) -> House:
    house = House(*make_roles())
    held = [BrokerPosition(symbol, 7, Krw(70_000)) for symbol in symbols]
    house.hear(a_run(symbols=symbols), opened(LinkName.QUOTES), instruments(*symbols), opened(LinkName.ORDERS))
    house.hear(broker_state(positions=held), received(*[a_quote(1, symbol=symbol) for symbol in symbols]))
    return house


def test_given_several_holdings_when_flattened_then_each_is_sold_once() -> None:
    house = a_house_with("000660", "005930", "120110")
    house.hear(FlattenRequested("c1", "kim", "", "out"))
    sold = [order.symbol for order in house.said(SubmitOrder)]
    assert sorted(sold) == ["000660", "005930", "120110"]


def test_given_very_many_holdings_when_flattened_then_each_is_sold_once_and_the_core_lives() -> None:
    house = a_house_with(*HOLDINGS)
    house.hear(FlattenRequested("c1", "kim", "", "out"))
    assert sorted(order.symbol for order in house.said(SubmitOrder)) == HOLDINGS
