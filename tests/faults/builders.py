"""A house of all roles that trades, and ways to break one of them."""

from collections.abc import Callable
from typing import Any

from actors.roster import make_roles
from domain.messages import Message
from domain.messages.operator import ManualCancelRequested, ManualOrderRequested
from domain.messages.trading import NoticeRaised
from domain.status import DayQuery
from domain.types import ClientOrderId, Krw, LinkName, OrderKind, Side
from tests.actors.builders import SAMSUNG, House, Venue, a_quote, a_run, broker_state, instruments, opened, received

BEGIN = (a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())


def buy(name: str = "c1", quantity: int = 10) -> ManualOrderRequested:
    return ManualOrderRequested(name, "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, quantity, Krw(10_000), "")


def cancel(order_id: str) -> ManualCancelRequested:
    return ManualCancelRequested("x1", "kim", ClientOrderId(order_id))


def a_trading_house() -> House:
    """Give a house whose day is TRADING, with a quote."""
    house = House(*make_roles())
    house.hear(*BEGIN, received(a_quote(1)))
    assert day_of(house).state == "TRADING"
    return house


def with_a_resting_order() -> tuple[House, Any]:
    """Give a house and the one order that rests at the venue."""
    house = a_trading_house()
    [order] = [item for item in house.hear(buy()) if type(item).__name__ == "SubmitOrder"]
    house.hear(Venue().accepts(order))
    return house, order


def day_of(house: House) -> Any:
    return house.core.kernel.role("trading_day").view(DayQuery())


def notices(house: House, topic: str = "") -> list[str]:
    """Give the texts a person got, oldest first."""
    return [notice.text for notice in house.said(NoticeRaised) if notice.topic.startswith(topic)]


def broken(house: House, name: str, hook: str, *, on: tuple[type[Message], ...] = (), error: Any = None) -> None:
    """Let one hook of one role raise: on some messages, or on all when none are named."""
    role = house.core.kernel.role(name)
    sound: Callable[..., Any] = getattr(role, hook)

    def fail(message: Any, *rest: Any) -> Any:
        if not on or isinstance(message, on):
            raise error or RuntimeError("a bug")
        return sound(message, *rest)

    setattr(role, hook, fail)
