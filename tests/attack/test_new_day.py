"""A trader that runs on into another trading date: the account is opened anew, and yesterday binds nothing."""

from typing import Any

from actors.roster import make_roles
from domain.messages.link import BrokerPosition, HeartbeatReceived, LinkLost, ReconcileLink
from domain.messages.market import QuotesEnded
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import SubmitOrder
from domain.messages.run import RunStarted
from domain.messages.trading import AccountOpened, LossLimitHit, OrderDenied
from domain.types import Krw, LinkName, OrderKind, Side, VenuePhase
from tests.actors.builders import (
    SAMSUNG,
    House,
    a_quote,
    a_run,
    broker_state,
    instruments,
    opened,
    received,
    venue,
)

DAY_S = 86_400


def a_house(**run: Any) -> House:
    house = House(*make_roles())
    house.hear(a_run(**run), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())
    house.hear(received(a_quote(1)))
    return house


def another_day(house: House, seconds: float) -> None:
    """End the day; the quote source comes back with another one while the orders link stays up."""
    house.hear(QuotesEnded(venue(20_000)))
    for _ in range(40):
        house.tick(1)
        house.hear(*[HeartbeatReceived(name, venue(20_000), VenuePhase.DATA_ENDED, True) for name in LinkName])
    house.hear(LinkLost(LinkName.QUOTES, "the broker ended"))
    for _ in range(40):
        house.tick(1)
        house.hear(HeartbeatReceived(LinkName.ORDERS, venue(20_000), VenuePhase.DATA_ENDED, True))
    house.hear(opened(LinkName.QUOTES, seconds=seconds), instruments())


def asked_for_the_account(house: House) -> int:
    return sum(item.link is LinkName.ORDERS for item in house.said(ReconcileLink))


def test_given_the_orders_link_stays_up_when_another_day_is_planned_then_the_account_is_opened_for_it() -> None:
    for seconds in (DAY_S - 60, -DAY_S - 60):  # the next day, and a replay of the day before
        house = a_house()
        another_day(house, seconds)
        assert asked_for_the_account(house) == 2
        house.hear(broker_state(seconds=seconds))
        days = [item.trading_date for item in house.said(AccountOpened)]
        assert len(days) == len(set(days)) == 2
        house.hear(received(a_quote(seconds + 61)))
        house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), ""))
        assert len(house.said(SubmitOrder)) == 1, house.said(OrderDenied)


def test_given_the_account_was_read_before_the_day_was_known_when_it_is_planned_then_it_is_read_again() -> None:
    house = House(*make_roles())
    house.hear(a_run(), opened(LinkName.ORDERS))  # the paper broker has no clock yet
    house.hear(opened(LinkName.QUOTES), instruments(), broker_state(seconds=-DAY_S))
    assert asked_for_the_account(house) == 2
    house.hear(broker_state())
    assert house.said(AccountOpened)[-1].trading_date == "2026-01-13"
    house.hear(received(a_quote(1)))
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), ""))
    assert len(house.said(SubmitOrder)) == 1


def test_given_holdings_changed_overnight_when_the_next_day_begins_then_books_agree_with_the_account_opened() -> None:
    house = a_house()
    another_day(house, DAY_S - 60)
    house.hear(broker_state(positions=[BrokerPosition(SAMSUNG, 5, Krw(50_000))], seconds=DAY_S - 60))
    house.hear(received(a_quote(DAY_S + 1)))
    house.hear(ManualOrderRequested("c1", "kim", SAMSUNG, Side.SELL, OrderKind.LIMIT, 5, Krw(10_000), ""))
    assert len(house.said(SubmitOrder)) == 1, house.said(OrderDenied)


def test_given_a_restart_on_the_next_day_in_the_same_log_when_equity_falls_then_the_loss_counts_from_that_day() -> None:
    house = a_house()
    run: RunStarted = a_run()
    house.hear(run, opened(LinkName.QUOTES, seconds=DAY_S - 60), instruments(), opened(LinkName.ORDERS))
    house.hear(broker_state(positions=[BrokerPosition(SAMSUNG, 400, Krw(4_000_000))], seconds=DAY_S - 60))
    house.hear(received(a_quote(DAY_S + 1, 10_000)))
    for second in range(2, 30, 11):
        house.hear(received(a_quote(DAY_S + second, 10_000 - 100 * second)))
    [hit] = house.said(LossLimitHit)
    assert hit.start_equity == 14_000_000
