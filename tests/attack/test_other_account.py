"""Another account behind the same address on the same date: nothing of it is booked or traded on."""

from actors.roster import make_roles
from domain.messages.link import ConnectionChanged, LinkLost
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import OrderFilled, SubmitOrder
from domain.messages.trading import AccountOpened, FillBooked
from domain.types import Krw, LinkName, OrderKind, Side
from tests.actors.builders import (
    SAMSUNG,
    House,
    Venue,
    a_quote,
    a_run,
    approved,
    broker_state,
    instruments,
    opened,
    received,
)

DAY_S = 86_400


def foreign_fills(journal: str) -> list[OrderFilled]:
    venue = Venue(journal)
    buy, sell = approved("theirs-1"), approved("theirs-2", side=Side.SELL)
    return [venue.fills(buy, 10, 0, number="8"), venue.fills(sell, 10, 0, number="9")]


def orders_link(house: House) -> ConnectionChanged:
    return [item for item in house.said(ConnectionChanged) if item.link is LinkName.ORDERS][-1]


def test_given_another_journal_on_the_same_date_when_connected_then_nothing_of_it_is_booked_and_the_link_says_why() -> (
    None
):
    house = House(*make_roles())
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    house.hear(received(a_quote(1)), LinkLost(LinkName.ORDERS, "gone"))
    house.tick(20)
    house.hear(opened(LinkName.ORDERS, journal_id="K"), *foreign_fills("K"), broker_state(journal="K", as_of=2))
    assert not house.said(FillBooked)
    assert (orders_link(house).to_state, "journal K" in orders_link(house).reason) == ("BACKING_OFF", True)
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), ""))
    assert not house.said(SubmitOrder)


def test_given_another_journal_when_the_next_date_begins_then_its_account_is_opened_and_traded() -> None:
    house = House(*make_roles())
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    house.hear(a_run(), opened(LinkName.QUOTES, seconds=DAY_S), instruments())
    house.hear(opened(LinkName.ORDERS, journal_id="K"), *foreign_fills("K"))
    house.hear(broker_state(journal="K", as_of=2, seconds=DAY_S), received(a_quote(DAY_S + 1)))
    assert len(house.said(AccountOpened)) == 2
    assert not house.said(FillBooked)
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), ""))
    assert len(house.said(SubmitOrder)) == 1
