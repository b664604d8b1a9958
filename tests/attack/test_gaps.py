"""A journal is heard from its first event on: what is missing at its begin is missed like anything else."""

from actors.roster import make_roles
from domain.messages.link import CloseLink, OpenLink
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import OrderStateChanged, SubmitOrder
from domain.types import LinkName, OrderKind, Side
from tests.actors.builders import SAMSUNG, House, Venue, a_quote, a_run, broker_state, instruments, opened, received


def test_given_the_first_event_of_a_journal_is_lost_when_the_second_comes_then_the_link_asks_for_both_again() -> None:
    house, venue = House(*make_roles()), Venue()
    house.hear(a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    house.hear(received(a_quote(1)))
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, 10_000, ""))
    [order] = house.said(SubmitOrder)
    accepted, filled = venue.accepts(order), venue.fills(order, 10, 0)
    house.hear(filled)
    assert [item.link for item in house.said(CloseLink)] == [LinkName.ORDERS]
    house.tick(20)
    again = house.said(OpenLink)[-1]
    assert (again.link, again.after_seq) == (LinkName.ORDERS, 0)
    house.hear(opened(LinkName.ORDERS), accepted, filled)
    assert house.said(OrderStateChanged)[-1].to_status == "FILLED"
