"""A strategy that raises or gives garbage is left out; the others and the house go on."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from actors.roles.notifier import Notifier
from actors.roles.strategist import Strategist
from actors.roles.trading_day import TradingDay
from domain.config import StrategyConfig
from domain.messages import Message
from domain.messages.market import AttentionMeasured
from domain.messages.run import RoleFailed
from domain.messages.trading import FillBooked, SignalFormed, StrategyBenched
from domain.types import ClientOrderId, Krw, LinkName, Purpose, Side, UnixNanos
from strategies.base import Argument, Strategy
from tests.actors.builders import SAMSUNG, House, a_quote, a_run, instruments, judged, link_is, opened, venue
from tests.faults.builders import day_of, notices

MINUTE = 60


def an_argument(**changes: Any) -> Argument:
    sound = Argument(SAMSUNG, Side.BUY, Purpose.ENTRY, 0.5, 0.9, 60, Krw(10_000), "unknown", (), "it rises")
    return replace(sound, **changes) if changes else sound


class Sound(Strategy):
    """Argues at each bar."""

    NAME = "sound"

    def on_bar(self, *_: Any) -> Iterable[Argument]:
        return (an_argument(),)

    def on_quote(self, *_: Any) -> Iterable[Argument]:
        return ()


class Faulty(Sound):
    """Does in one hook what it is told."""

    NAME = "faulty"
    hook, deed = "", staticmethod(lambda: None)

    def _do(self, hook: str) -> Any:
        return type(self).deed() if hook == type(self).hook else ()

    def on_day(self, *_: Any) -> Any:
        return self._do("on_day")

    def on_bar(self, *_: Any) -> Any:
        return self._do("on_bar")

    def on_quote(self, *_: Any) -> Any:
        return self._do("on_quote")

    def on_trend(self, *_: Any) -> Any:
        return self._do("on_trend")

    def on_fill(self, *_: Any) -> Any:
        return self._do("on_fill")


def a_fill() -> FillBooked:
    zero, cost = Krw(0), Krw(100_000)
    order = ClientOrderId("o")
    at = UnixNanos(venue(30))
    return FillBooked(order, "t", SAMSUNG, Side.BUY, 10, Krw(10_000), cost, zero, zero, zero, 10, cost, zero, at)


def played(hook: str, deed: Any, owner: str = "faulty") -> House:
    """Give a house in which `faulty` runs before `sound`, holds something, and saw every kind of message."""
    kind: Any = type("Faulty", (Faulty,), {"hook": hook, "deed": staticmethod(deed)})
    known: dict[str, type[Strategy]] = {"faulty": kind, "sound": Sound}
    house = House(Notifier(), TradingDay(), Strategist(known))
    configs = tuple(StrategyConfig(name) for name in known)
    house.hear(a_run(strategies=configs), opened(LinkName.QUOTES), instruments())
    house.hear(*(link_is(name) for name in LinkName), judged(a_quote(1)))
    house.hear(AttentionMeasured(SAMSUNG, "x", "", None, None, ""))
    tracks: Any = house.core.kernel.role("strategist")
    tracks._tracks[SAMSUNG].scene.owner = owner
    house.hear(a_fill())
    for minute in range(1, 4):
        house.hear(judged(a_quote(minute * MINUTE + 1)))
    return house


def raises(error: BaseException) -> Any:
    def deed() -> Any:
        raise error

    return deed


@pytest.mark.parametrize("hook", ["on_day", "on_bar", "on_quote", "on_trend", "on_fill"])
def test_given_a_strategy_whose_hook_raises_when_called_then_it_alone_is_benched_and_a_person_reads_it(
    hook: str,
) -> None:
    house = played(hook, raises(KeyError("price")))
    [benched] = house.said(StrategyBenched)
    assert (benched.strategy, benched.error) == ("faulty", "KeyError: 'price'")
    assert notices(house, "strategy/") == [
        f"Strategy faulty is benched since event {benched.at_seq}: KeyError: 'price'."
    ]
    goes_on(house)


def goes_on(house: House) -> None:
    assert house.said(RoleFailed) == []
    assert day_of(house).state == "TRADING"
    assert {signal.strategy for signal in house.said(SignalFormed)} == {"sound"}


class NotAnArgument:
    symbol, purpose = SAMSUNG, Purpose.ENTRY


GARBAGE: dict[str, Any] = {
    "a number": lambda: 5,
    "text": lambda: "buy",
    "none inside": lambda: [None],
    "another type": lambda: [NotAnArgument()],
    "another instrument": lambda: [an_argument(symbol="000660")],
    "not a number": lambda: [an_argument(strength=float("nan"))],
    "a price in fractions": lambda: [an_argument(limit_price=10_000.5)],
    "a side in text": lambda: [an_argument(side="BUY")],
    "a purpose in text": lambda: [an_argument(purpose="ENTRY")],
    "inputs that are none": lambda: [an_argument(inputs=("z",))],
    "a generator that raises": lambda: (1 // zero for zero in [0]),
    "good, then garbage": lambda: [an_argument(), None],
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("hook", ["on_bar", "on_quote"])
def test_given_a_strategy_that_gives_garbage_when_it_does_then_it_alone_is_benched(what: str, hook: str) -> None:
    house = played(hook, GARBAGE[what])
    assert [item.strategy for item in house.said(StrategyBenched)] == ["faulty"]
    goes_on(house)


def test_given_a_strategy_that_argues_ten_thousand_times_when_it_does_then_one_signal_is_formed() -> None:
    house = played("on_bar", lambda: [an_argument()] * 10_000, owner="")
    seen: list[Message] = house.said(SignalFormed)
    assert len(seen) == 3, "one per bar"
    assert house.said(RoleFailed) == []


def test_given_nothing_when_a_strategy_gives_none_then_it_is_as_good_as_no_argument() -> None:
    house = played("on_bar", lambda: None, owner="")
    assert house.said(StrategyBenched) == []
    goes_on(house)
