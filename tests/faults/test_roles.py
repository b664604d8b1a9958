"""A role that raises or answers without end: what stops, what goes on, what a person reads."""

from typing import Any

import pytest

from actors.core.core import Core
from actors.core.kernel import MAX_FOLLOW_UPS, Kernel
from actors.roles.notices import HALTED, PAUSED, UNCANCELLED
from actors.roster import ROLES, make_roles
from domain.errors import InvariantError
from domain.messages.link import BrokerPosition
from domain.messages.market import QuotesJudged
from domain.messages.operator import CommandAnswered, ResumeRequested
from domain.messages.orders import CancelOrder, OrderFilled, SubmitOrder
from domain.messages.run import RoleFailed, RunStarted
from domain.messages.trading import GateChanged, NoticeRaised
from domain.types import Gate, Krw, Severity, UnixNanos
from tests.actors.builders import SAMSUNG, T0, House, Venue, a_quote, a_run, broker_state, only, received
from tests.faults.builders import BEGIN, a_trading_house, broken, buy, cancel, day_of, notices, with_a_resting_order
from tests.persistence.logs import a_codec

VITAL = ("connection_supervisor", "trading_day", "portfolio", "risk_manager", "executor")
OTHERS = ("notifier", "trend_analyst", "strategist", "scorekeeper")
ALL = tuple(role.NAME for role in ROLES)
# Roles that hear none of these messages cannot fail on them.
EVERYTHING = (received(a_quote(2)), broker_state(as_of=0), received(a_quote(3)))


def poke(house: House) -> None:
    """Let every role hear something it takes."""
    house.hear(*EVERYTHING, *BEGIN[1:4])
    house.tick()


def test_every_role_is_either_vital_or_not() -> None:
    assert {*VITAL, *OTHERS} == set(ALL)


@pytest.mark.parametrize("hook", ["evolve", "decide"])
@pytest.mark.parametrize("name", ALL)
def test_given_a_role_that_raises_on_every_message_when_it_does_then_no_entry_leaves_and_a_person_reads_why(
    name: str, hook: str
) -> None:
    house = a_trading_house()
    broken(house, name, hook, on=(RunStarted,) if name == "trend_analyst" else ())
    if name == "trend_analyst":
        house.hear(a_run(), *BEGIN[1:])
    poke(house)
    house.hear(buy("c2"))
    if (name, hook) != ("trend_analyst", "decide"):  # it does not decide on RunStarted
        told = " ".join(notices(house, f"role/{name}"))
        assert "RuntimeError: a bug" in told
        assert f"Role {name} failed at event" in told
    assert not house.said(SubmitOrder)
    expected = Gate.CANCELS_ONLY if name in VITAL else Gate.EXITS_ONLY
    assert house.said(GateChanged)[-1].level is expected
    if name == "notifier":
        assert "watch `hantrade status`" in notices(house, "role/")[0]
    elif name != "trend_analyst":
        stops = UNCANCELLED.get(name, HALTED if name in VITAL else PAUSED)
        assert stops in told
        assert ("Stop and start the trader" in told) == (hook == "evolve")


@pytest.mark.parametrize("name", [name for name in VITAL if name not in ("executor", "trading_day")])
def test_given_an_open_order_when_a_vital_role_is_left_out_then_it_is_cancelled(name: str) -> None:
    house, order = with_a_resting_order()
    broken(house, name, "evolve")
    poke(house)
    assert day_of(house).state == "HALTED"
    assert [item.client_order_id for item in house.said(CancelOrder)] == [order.client_order_id]


def test_given_an_open_order_when_the_trading_day_is_left_out_then_a_person_can_still_cancel_it() -> None:
    house, order = with_a_resting_order()
    broken(house, "trading_day", "evolve")
    poke(house)
    assert house.said(CancelOrder) == []
    house.hear(cancel(order.client_order_id))
    assert [item.client_order_id for item in house.said(CancelOrder)] == [order.client_order_id]


@pytest.mark.parametrize("name", OTHERS)
def test_given_a_role_that_is_not_vital_when_it_is_left_out_then_a_person_resumes_without_it(name: str) -> None:
    house = a_trading_house()
    broken(house, name, "evolve")
    poke(house)
    house.hear(RoleFailed(name, 1, "x", benched=True)) if name == "trend_analyst" else None
    assert day_of(house).state == "PAUSED"
    house.hear(ResumeRequested("c", "kim", "looked"))
    assert day_of(house).state == "TRADING"
    assert only(SubmitOrder, house.hear(buy("c2")))


@pytest.mark.parametrize("name", ["connection_supervisor", "risk_manager", "executor"])
def test_given_a_role_that_raises_on_the_begin_of_a_run_when_started_then_nothing_is_traded(name: str) -> None:
    house = House(*make_roles())
    broken(house, name, "evolve", on=(RunStarted,))
    house.hear(*BEGIN, received(a_quote(1)), buy())
    assert day_of(house).gate is Gate.CANCELS_ONLY
    assert not house.said(SubmitOrder)
    [answer] = only(CommandAnswered, house.hear(ResumeRequested("c", "kim", "go")))
    assert answer.code == "ROLE_FAILED"


@pytest.mark.parametrize("name", [*VITAL, "strategist", "notifier"])
def test_given_a_role_that_raises_while_the_log_is_folded_when_started_then_it_is_told_anew_and_nothing_is_traded(
    name: str,
) -> None:
    live = a_trading_house()
    again = House(*make_roles())
    broken(again, name, "evolve")
    for item in live.core.history:
        again.core.kernel.fold(item.message, item.stamp, item.role)
    assert set(again.core.kernel.benched) == {name}
    again.hear(*BEGIN, received(a_quote(5)), buy("c2"))
    assert any(f"Role {name} failed" in text for text in notices(again))
    assert not again.said(SubmitOrder)
    level = Gate.CANCELS_ONLY if name in VITAL else Gate.EXITS_ONLY
    assert again.said(GateChanged)[-1].level is level


def test_given_a_fill_while_the_portfolio_was_out_when_started_again_then_books_differ_and_nothing_leaves() -> None:
    live, order = with_a_resting_order()
    broken(live, "portfolio", "evolve", on=(OrderFilled,))
    live.hear(Venue(seq=1).fills(order, 10, 0))
    assert day_of(live).state == "HALTED"
    again = House(*make_roles())
    again.core.kernel = live.folded(make_roles)
    held = BrokerPosition(SAMSUNG, 10, Krw(100_000))
    again.hear(*BEGIN[:4], broker_state(positions=(held,), as_of=2), received(a_quote(5)))
    again.hear(ResumeRequested("c", "kim", "the bug is mended"), buy("c2"))
    assert any("Our books and the broker's differ: 005930: 0 shares here, 10" in text for text in notices(again))
    assert not again.said(SubmitOrder)


def test_given_a_role_that_raises_on_everything_when_a_day_of_quotes_comes_then_a_person_reads_it_once() -> None:
    house = a_trading_house()
    broken(house, "strategist", "decide", on=(QuotesJudged,))
    for second in range(2, 100):
        house.hear(received(a_quote(second)))
    assert len(notices(house, "role/strategist")) == 1


def test_given_a_role_that_answers_without_end_when_it_does_then_the_core_ends_and_nothing_of_it_is_kept() -> None:
    kept: list[Any] = []
    died: list[BaseException] = []

    class Disk:
        def commit(self, records: Any, *, durable: bool) -> None:
            kept.extend(records)

        def release_reserve(self) -> bool:
            return False

    kernel = Kernel(make_roles(), "L")
    strategist: Any = kernel.role("strategist")
    notice = NoticeRaised(Severity.INFO, "t", "again")
    strategist.decide = lambda *_: [notice] * (MAX_FOLLOW_UPS + 1)
    released: list[Any] = []
    core = Core(kernel, Disk(), a_codec(), "r", lambda: UnixNanos(T0), released.append, died.append)
    core.post(a_run(), source="t")
    core.start()
    core.stop()
    assert (kept, released) == ([], [])
    assert isinstance(died[0], InvariantError)
    assert "without end" in str(died[0])


def test_given_a_role_whose_view_raises_when_asked_then_the_caller_hears_it_and_trading_goes_on() -> None:
    house = a_trading_house()
    broken(house, "portfolio", "view")
    with pytest.raises(RuntimeError, match="a bug"):
        house.core.kernel.role("portfolio").on_receive(None)
    assert only(SubmitOrder, house.hear(buy("c2")))


@pytest.mark.parametrize("error", [MemoryError("no memory"), RecursionError("too deep")])
def test_given_a_role_that_runs_out_of_something_when_it_does_then_it_is_left_out_like_any_other(error: Any) -> None:
    house = a_trading_house()
    broken(house, "portfolio", "evolve", error=error)
    poke(house)
    assert house.core.kernel.benched["portfolio"].startswith(type(error).__name__)
    assert day_of(house).state == "HALTED"
