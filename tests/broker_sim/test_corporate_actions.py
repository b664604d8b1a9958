"""Corporate actions of the simulated broker: what they come to, and that each is applied once."""

import asyncio
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from broker.journal import OrderJournal
from broker_sim.backend import SimBackend
from broker_sim.corporate_actions import ActionKind, ActionTable, CorporateAction, adjust
from domain.errors import InvariantError, LogFull
from domain.messages.orders import HoldingAdjusted, OrderExpired, OrderFact
from domain.portfolio import FLAT, Position
from domain.types import Krw, Side, Symbol, UnixNanos
from tests.broker_sim.account_steps import an_action as an_action_of
from tests.broker_sim.builders import SYMBOL, a_quote, a_submit, an_instrument, at
from tests.broker_sim.test_backend import ask, events, paper

FIRST, NEXT = date(2026, 1, 13), date(2026, 1, 14)
THREE_QUARTERS = "3/4 of a share paid out at 80,000 KRW a share"
HELD = Position(11, Krw(1_100_000), Krw(165))


def run(body: Coroutine[Any, Any, None]) -> None:
    asyncio.run(body)


def an_action(kind: ActionKind, *ratio: int, day: date = NEXT, symbol: str = SYMBOL, **changes: Any) -> CorporateAction:
    return an_action_of(kind, *ratio, date=day, symbol=Symbol(symbol), **changes)


def told(action: CorporateAction, held: Position = HELD) -> tuple[Any, ...] | None:
    fact = adjust(action, held, UnixNanos(7))
    return fact and (fact.action, fact.quantity_before, fact.quantity, fact.cash, fact.tax, fact.note)


# ---- one action ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (an_action(ActionKind.SPLIT, 5, 1), ("SPLIT", 11, 55, 0, 0, "5 for 1")),
        (
            an_action(ActionKind.SPLIT, 1, 5, fraction_price=Krw(500_001)),
            ("SPLIT", 11, 2, 100_000, 0, "1 for 5; 1/5 of a share paid out at 500,001 KRW a share"),
        ),
        (
            an_action(ActionKind.SPLIT, 3, 2),  # 16.5 shares; half of one cost 1,100,000 / 33
            ("SPLIT", 11, 16, 33_333, 0, "3 for 2; 1/2 of a share paid out at its cost"),
        ),
        (
            an_action(ActionKind.BONUS, 1, 4, fraction_price=Krw(80_000)),
            ("SPLIT", 11, 13, 60_000, 0, f"bonus issue, 1 new for 4 held; {THREE_QUARTERS}"),
        ),
        (
            an_action(ActionKind.DIVIDEND, amount=361),  # 3,971 won: 555 of income tax are not withheld
            ("CASH_DIVIDEND", 11, 11, 3_971, 0, "361 KRW a share"),
        ),
        (
            an_action(ActionKind.DIVIDEND, amount=3_610),  # 39,710 won: 5,550 and 550
            ("CASH_DIVIDEND", 11, 11, 33_610, 6_100, "3,610 KRW a share"),
        ),
    ],
)  # fmt: skip
def test_given_a_holding_when_an_action_comes_then_shares_cash_and_tax_are_these(
    action: CorporateAction, expected: tuple[Any, ...]
) -> None:
    assert told(action) == expected


def test_given_a_fraction_worth_less_than_a_won_and_no_new_share_when_it_comes_then_nothing_happens() -> None:
    assert told(an_action(ActionKind.BONUS, 1, 100, fraction_price=Krw(5))) is None


def test_given_nothing_held_when_adjusted_then_it_is_our_bug() -> None:
    with pytest.raises(InvariantError, match="expected a holding"):
        adjust(an_action(ActionKind.SPLIT, 5, 1), FLAT, UnixNanos(7))


def test_given_a_table_when_asked_what_is_due_then_rows_come_by_date_then_as_listed() -> None:
    later = an_action(ActionKind.SPLIT, 5, 1, day=date(2026, 1, 15))
    first, second = an_action(ActionKind.DIVIDEND, amount=9), an_action(ActionKind.SPLIT, 2, 1)
    table = ActionTable([later, first, second])
    assert table.due(FIRST, NEXT) == [first, second]
    assert table.due(NEXT, date(2026, 2, 1)) == [later]
    assert table.due(date(2026, 1, 15), date(2027, 1, 1)) == []


# ---- in the life of a paper account ----------------------------------------------------------------------------------


def served(folder: Path, *actions: CorporateAction) -> SimBackend:
    return paper(folder, actions=ActionTable(actions))


async def buy(backend: SimBackend, quantity: int = 10, price: int = 10_000) -> None:
    """Hold shares since the first day, with an order left open."""
    backend.on_batch([a_quote(price)])
    await ask(backend, a_submit(quantity, price, name="bought"))
    await ask(backend, a_submit(quantity, price - 2_000, name="rests"))


async def adjusted(backend: SimBackend) -> list[HoldingAdjusted]:
    return [fact for fact in await events(backend) if isinstance(fact, HoldingAdjusted)]


def begin_by_clock(backend: SimBackend) -> None:
    backend.on_heartbeat(at(8, 0, day=NEXT))


def begin_by_session(backend: SimBackend) -> None:
    backend.on_venue_time(at(8, 0, day=NEXT))


def begin_by_quote(backend: SimBackend) -> None:
    backend.on_batch([a_quote(2_000, at(10, 0, day=NEXT))])


def begin_in_one_batch(backend: SimBackend) -> None:
    backend.on_batch([a_quote(10_010, at(14, 0)), a_quote(2_000, at(10, 0, day=NEXT))])


@pytest.mark.parametrize("begin", [begin_by_clock, begin_by_session, begin_by_quote, begin_in_one_batch])
def test_given_a_split_when_its_date_begins_then_it_comes_after_the_expiries_and_before_any_trade(
    tmp_path: Path, begin: Any
) -> None:
    async def body() -> None:
        backend = served(tmp_path, an_action(ActionKind.SPLIT, 5, 1))
        await buy(backend)
        begin(backend)
        kinds: list[type[OrderFact]] = [type(fact) for fact in await events(backend)][-2:]
        assert kinds == [OrderExpired, HoldingAdjusted]
        [held], seq = await backend.positions()
        assert (held.quantity, held.cost_basis) == (50, 100_000)
        assert seq == backend.last_event_seq()
        begin_by_quote(backend)
        begin_by_clock(backend)
        assert len(await adjusted(backend)) == 1
        backend.on_instruments([an_instrument(base=2_000)])
        await ask(backend, a_submit(50, 2_100, Side.SELL, name="all of the new"))
        [sale] = (await backend.open_orders())[0]
        assert (sale.side, sale.quantity) == (Side.SELL, 50)
        await backend.close()

    run(body())


def test_given_a_restart_at_any_moment_when_served_again_then_nothing_is_applied_twice(tmp_path: Path) -> None:
    async def body() -> None:
        table = (an_action(ActionKind.SPLIT, 5, 1), an_action(ActionKind.DIVIDEND, amount=1_000))
        backend = served(tmp_path, *table)
        await buy(backend)
        await backend.close()
        for _ in range(3):
            backend = served(tmp_path, *table)
            backend.on_heartbeat(at(8, 0, day=NEXT))
            backend.on_venue_time(at(9, 0))  # a source that begins its days again
            backend.on_heartbeat(at(8, 30, day=NEXT))
            assert [fact.action for fact in await adjusted(backend)] == ["SPLIT", "CASH_DIVIDEND"]
            account = await backend.account()
            # 50 shares by then: the split comes first, as listed
            assert account.cash == 10_000_000 - 100_015 + 50_000 - 7_700
            await backend.close()

    run(body())


def test_given_a_row_added_on_its_date_when_served_again_then_it_is_too_late(tmp_path: Path) -> None:
    async def body() -> None:
        backend = served(tmp_path)
        await buy(backend)
        backend.on_heartbeat(at(10, 0, day=NEXT))
        await backend.close()
        again = served(tmp_path, an_action(ActionKind.SPLIT, 5, 1))
        again.on_heartbeat(at(11, 0, day=NEXT))
        again.on_heartbeat(at(8, 0, day=date(2026, 1, 15)))
        assert await adjusted(again) == []
        await again.close()

    run(body())


def test_given_a_broker_that_slept_over_the_date_when_it_wakes_then_the_action_is_applied(tmp_path: Path) -> None:
    async def body() -> None:
        backend = served(tmp_path)
        await buy(backend)
        await backend.close()
        again = served(tmp_path, an_action(ActionKind.SPLIT, 5, 1))
        again.on_heartbeat(at(8, 0, day=date(2026, 1, 20)))
        [fact] = await adjusted(again)
        assert (fact.quantity, fact.venue_time) == (50, at(8, 0, day=date(2026, 1, 20)))
        await again.close()

    run(body())


def test_given_shares_bought_after_the_date_when_it_is_past_then_they_are_not_split(tmp_path: Path) -> None:
    async def body() -> None:
        table = (an_action(ActionKind.SPLIT, 5, 1),)
        backend = served(tmp_path, *table)
        backend.on_batch([a_quote(2_000, at(10, 0, day=NEXT))])
        await ask(backend, a_submit(10, 2_000))
        await backend.close()
        again = served(tmp_path, *table)
        again.on_heartbeat(at(11, 0, day=NEXT))
        assert await adjusted(again) == []
        await again.close()

    run(body())


def test_given_a_full_disk_when_a_date_begins_then_all_of_its_actions_come_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body() -> None:
        backend = served(tmp_path, an_action(ActionKind.SPLIT, 5, 1), an_action(ActionKind.DIVIDEND, amount=1_000))
        backend.on_batch([a_quote()])
        await ask(backend, a_submit())

        def full(*_: object) -> list[OrderFact]:
            raise LogFull("no space")

        with monkeypatch.context() as disk, pytest.raises(LogFull):
            disk.setattr(OrderJournal, "append", full)
            begin_by_clock(backend)
        [held], _ = await backend.positions()
        assert held.quantity == 10
        assert await adjusted(backend) == []
        begin_by_clock(backend)
        assert [fact.action for fact in await adjusted(backend)] == ["SPLIT", "CASH_DIVIDEND"]
        await backend.close()

    run(body())


@pytest.mark.parametrize("restarted", [False, True])
def test_given_a_full_disk_when_a_date_begins_then_orders_of_the_day_before_end_before_its_actions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarted: bool
) -> None:
    async def body() -> None:
        action = an_action(ActionKind.SPLIT, 1, 5)
        backend = served(tmp_path, action)
        backend.on_batch([a_quote()])
        await ask(backend, a_submit())
        await ask(backend, a_submit(10, 10_500, Side.SELL, "c2"))

        def full(*_: object) -> list[OrderFact]:
            raise LogFull("no space")

        with monkeypatch.context() as disk, pytest.raises(LogFull):
            disk.setattr(OrderJournal, "append", full)
            begin_by_clock(backend)
        if restarted:
            await backend.close()
            backend = served(tmp_path, action)
            backend.on_batch([a_quote(when=at(9, 30, day=NEXT))])
        else:
            await ask(backend, a_submit(10, 10_000, Side.SELL, "c3"))
        assert (await backend.open_orders())[0] == []
        told = [type(fact).__name__ for fact in await events(backend) if fact.client_order_id != "c3"][-2:]
        assert told == ["OrderExpired", "HoldingAdjusted"]
        await backend.close()

    run(body())


# ---- settled cash through the port -----------------------------------------------------------------------------


def test_given_a_purchase_when_days_pass_then_the_port_tells_what_settled_and_what_may_leave(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path)
        await buy(backend)  # 10 at 10,000; 10 at 8,000 stay open
        paid, reserved = 100_015, 80_012
        seen = await backend.account()
        assert (seen.deposit, seen.d1_deposit, seen.cash) == (10_000_000, 10_000_000, 10_000_000 - paid)
        assert seen.withdrawable == seen.orderable_cash == 10_000_000 - paid - reserved
        backend.on_heartbeat(at(8, 0, day=NEXT))  # the open order is gone
        seen = await backend.account()
        assert (seen.deposit, seen.d1_deposit, seen.withdrawable) == (10_000_000, seen.cash, seen.cash)
        await backend.close()

        again = paper(tmp_path)
        assert (await again.account()) == seen
        again.on_heartbeat(at(8, 0, day=date(2026, 1, 15)))
        seen = await again.account()
        assert seen.deposit == seen.d1_deposit == seen.withdrawable == seen.cash == 10_000_000 - paid
        await again.close()

    run(body())


def test_given_a_closing_in_the_overrides_when_days_pass_then_settlement_waits(tmp_path: Path) -> None:
    async def body() -> None:
        backend = paper(tmp_path, overrides={NEXT.isoformat(): ("", "")})
        await buy(backend)
        backend.on_heartbeat(at(8, 0, day=date(2026, 1, 15)))
        assert (await backend.account()).deposit == 10_000_000
        backend.on_heartbeat(at(8, 0, day=date(2026, 1, 16)))
        assert (await backend.account()).deposit == 10_000_000 - 100_015
        await backend.close()

    run(body())
