"""The disk, a role or the core itself fails in the middle of a drain that holds an order."""

from typing import Any

import pytest

from actors.core.core import Core
from actors.core.kernel import Kernel, Numbered
from actors.roster import make_roles
from domain.errors import LogError, LogFull
from domain.messages import Message
from domain.messages.operator import ManualOrderRequested
from domain.messages.orders import SubmitOrder
from domain.messages.run import LogSpaceLow, RoleFailed
from domain.messages.trading import GateChanged
from domain.types import Gate, Krw, LinkName, OrderKind, Side, UnixNanos
from persistence.record import Record
from tests.actors.builders import SAMSUNG, T0, House, a_quote, a_run, broker_state, instruments, opened, received
from tests.persistence.logs import a_codec

ORDER = ManualOrderRequested("c1", "kim", SAMSUNG, Side.BUY, OrderKind.LIMIT, 10, Krw(10_000), "")
BEGIN = (a_run(), opened(LinkName.QUOTES), instruments(), opened(LinkName.ORDERS), broker_state())


class Disk:
    """A log whose disk fails on order."""

    def __init__(self) -> None:
        self.kept: list[Record] = []
        self.failures: list[LogError] = []
        self.reserve = True

    def commit(self, records: Any, *, durable: bool) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.kept += records

    def release_reserve(self) -> bool:
        had, self.reserve = self.reserve, False
        return had


class Trader:
    """A core that is drained by hand, and what it released."""

    def __init__(self) -> None:
        self.disk, self.released, self.died = Disk(), list[Message](), list[BaseException]()
        kernel = Kernel(make_roles(), "L")
        release: Any = lambda item: self.released.append(item.message)  # noqa: E731
        self.core = Core(kernel, self.disk, a_codec(), "r", lambda: UnixNanos(T0), release, self.died.append)
        self.hear(*BEGIN, received(a_quote(1)))
        self.released.clear()

    def hear(self, *messages: Message) -> None:
        for message in messages:
            self.core.post(message, source="test")
        while self.core.drain():
            pass

    def sent(self) -> list[Message]:
        return [item for item in self.released if isinstance(item, SubmitOrder)]


def test_given_a_disk_full_at_an_order_when_the_reserve_takes_it_then_it_goes_out_once_and_trading_halts() -> None:
    trader = Trader()
    trader.disk.failures = [LogFull("full")]
    trader.hear(ORDER)
    assert len(trader.sent()) == 1
    assert [record.type for record in trader.disk.kept if record.type == "LogSpaceLow"] == [LogSpaceLow.__name__]
    assert [item.level for item in trader.released if isinstance(item, GateChanged)] == [Gate.CANCELS_ONLY]
    trader.hear(received(a_quote(10)), ManualOrderRequested(*("c2", *_rest(ORDER))))
    assert len(trader.sent()) == 1


def _rest(order: ManualOrderRequested) -> tuple[Any, ...]:
    return (order.caller, order.symbol, order.side, order.kind, order.quantity, order.limit_price, order.note)


@pytest.mark.parametrize("failures", [[LogError("I/O")], [LogFull("full"), LogFull("still full")]])
def test_given_a_disk_that_takes_nothing_when_an_order_is_to_go_then_nothing_leaves_and_the_core_ends(
    failures: list[LogError],
) -> None:
    trader = Trader()
    before = len(trader.disk.kept)
    trader.disk.failures = failures
    trader.core.post(ORDER, source="test")
    trader.core.start()
    trader.core.stop()
    assert not trader.core.alive
    assert (trader.released, len(trader.disk.kept)) == ([], before)
    assert isinstance(trader.died[0], LogError)


@pytest.mark.parametrize("name", ["portfolio", "strategist", "risk_manager", "executor", "trading_day"])
@pytest.mark.parametrize("hook", ["evolve", "decide"])
def test_given_a_role_that_raises_on_everything_when_an_order_is_asked_for_then_it_is_told_and_no_order_leaves(
    name: str, hook: str
) -> None:
    house = House(*make_roles())
    house.hear(*BEGIN, received(a_quote(1)))
    role = house.core.kernel.role(name)

    def fail(*_: Any) -> Any:
        raise RuntimeError("a bug")

    setattr(role, hook, fail)
    house.hear(received(a_quote(2)), broker_state(as_of=0))
    house.hear(received(a_quote(3)), ORDER)
    assert name in {item.role_name for item in house.said(RoleFailed)}
    assert not house.said(SubmitOrder), house.said(GateChanged)[-1]
    assert isinstance(house.core.history[-1], Numbered)
