"""All that asks, before the emulated control: what its servers hold is what the typed answers say."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from broker.port import Condition
from broker_win.config import LimitsConfig
from broker_win.emulator.plan import EmulatorPlan, FlagsPlan, ServerPlan, TrPlan
from broker_win.requests import trs
from broker_win.requests.account import PasswordMissing
from broker_win.requests.queue import Weight
from broker_win.rows import BalanceRow, Deposit
from domain.errors import BrokerUnavailable, RequestRefused
from domain.quotes import QuoteKind
from domain.time import NANOS_PER_MINUTE
from domain.types import CandleInterval, DayOrderAction, DayOrderState, InstrumentFlag, Krw, Market, Side, UnixNanos
from tests.broker_win.engine_control import EmulatedQueries
from tests.broker_win.engine_stage import (
    FUND,
    HYNIX,
    KOSDAQ_ONE,
    NINE,
    SAMSUNG,
    FakeHouse,
    a_day_order,
    a_quote,
    an_instrument,
    some_candles,
)
from tests.broker_win.virtual_time import run

Work = Callable[[EmulatedQueries], Coroutine[Any, Any, Any]]


@pytest.fixture
def emulated(tmp_path: Path) -> Callable[..., Any]:
    """Give a function that runs work before an emulated control."""

    def work_on(work: Work, house: FakeHouse | None = None, limits: LimitsConfig | None = None, **plan: Any) -> Any:
        async def whole() -> Any:
            one = EmulatedQueries(house or FakeHouse(), EmulatorPlan(**plan), tmp_path, limits or LimitsConfig())
            await one.login()
            try:
                return await work(one)
            finally:
                await one.close()

        return run(whole())

    return work_on


def test_given_an_account_when_asked_then_cash_and_holdings_are_those_of_the_servers(emulated: Any) -> None:
    async def work(one: EmulatedQueries) -> None:
        assert await one.queries.deposit() == Deposit(
            Krw(1_500_000), Krw(1_200_000), Krw(1_000_000), Krw(700_000), Krw(600_000)
        )
        assert await one.queries.balances() == [
            BalanceRow(SAMSUNG, "삼성전자", 10, 7, Krw(59_000), Krw(590_005), Krw(61_000))
        ]
        assert (await one.queries.probe()).endswith("holdings in the account")

    emulated(work)


def test_given_quotes_when_asked_then_codes_without_one_are_left_out(emulated: Any) -> None:
    async def work(one: EmulatedQueries) -> None:
        got = await one.queries.latest_quotes([SAMSUNG, HYNIX, KOSDAQ_ONE, "999999"])
        assert [(quote.symbol, quote.price, quote.cumulative_volume) for quote in got] == [
            (SAMSUNG, 61_000, 1_000),
            (HYNIX, 190_000, 1_000),
        ]
        quote = a_quote(SAMSUNG, 61_000)
        assert got[0] == quote._replace(venue_time=got[0].venue_time)
        assert got[0].venue_time == quote.venue_time and got[0].kind == QuoteKind.TRADE
        await one.asker.settled()
        assert len(one.control.freed) == 1  # the request registered its codes by itself

    emulated(work)


def test_given_a_day_of_250_orders_when_listed_then_every_number_comes_whole_from_all_pages(emulated: Any) -> None:
    house = FakeHouse()
    orders = [a_day_order(number) for number in range(1, 247)]
    orders[4] = a_day_order(
        5, filled_qty=4, leaves_qty=6, filled_notional=Krw(240_003), commission=Krw(840), tax=Krw(0)
    )
    cancel = {"action": DayOrderAction.CANCEL, "state": DayOrderState.CONFIRMED, "leaves_qty": 0, "limit_price": None}
    orders.append(a_day_order(247, original_venue_order_id="0000003", **cancel))
    orders.append(
        a_day_order(248, side=Side.SELL, action=DayOrderAction.MODIFY, original_venue_order_id="0000004", leaves_qty=10)
    )
    orders.append(a_day_order(249, state=DayOrderState.REJECTED, leaves_qty=0))
    orders.append(a_day_order(250, limit_price=None, filled_qty=10, leaves_qty=0, filled_notional=Krw(600_000)))
    house.answers["day_orders"] = orders

    async def work(one: EmulatedQueries) -> Any:
        lists = await one.queries.order_lists()
        assert one.asker.budget().refused_in_a_row == 0
        return lists

    lists = emulated(work, house)
    assert [row.number for row in lists.rows] == [order.venue_order_id for order in orders]
    for row, order in zip(lists.rows, orders, strict=True):
        told = (row.original, row.code, row.side, row.action.upper(), row.quantity, row.leaves, row.filled_qty)
        assert told == (
            order.original_venue_order_id,
            order.symbol,
            order.side,
            order.action.value,
            order.quantity,
            order.leaves_qty,
            order.filled_qty,
        )
        assert row.filled_notional == order.filled_notional
        assert (row.price or None) == order.limit_price
        assert row.order_time == order.order_time // 1_000_000_000 * 1_000_000_000
    by_number = {row.number: row for row in lists.rows}
    assert (by_number["0000005"].commission, by_number["0000005"].tax) == (840, 0)
    assert (by_number["0000247"].status, by_number["0000247"].confirmed) == ("확인", 10)
    assert by_number["0000249"].status == "거부"
    assert (by_number["0000250"].kind, by_number["0000250"].status) == ("시장가", "체결")


@pytest.mark.parametrize("short_pages", [0, 7])
def test_given_bars_when_asked_then_those_that_ended_come_and_pages_stop_at_the_begin(
    emulated: Any, short_pages: int
) -> None:
    house = FakeHouse()
    begin = UnixNanos(NINE - 1_000 * NANOS_PER_MINUTE)
    bars = some_candles(1_000, begin)
    house.answers["candles"] = {SAMSUNG: bars}
    house.answers["quotes"] = []

    async def work(one: EmulatedQueries) -> None:
        got = await one.queries.candles(SAMSUNG, UnixNanos(NINE - 30 * NANOS_PER_MINUTE), None)
        assert got == bars[-30:]
        asked = one.asker.budget().windows[2].used
        assert asked == (5 if short_pages else 1)
        longer = await one.queries.candles(
            SAMSUNG, None, UnixNanos(NINE - 985 * NANOS_PER_MINUTE), CandleInterval.MINUTE_5
        )
        assert [bar.open for bar in longer] == [bars[at].open for at in (0, 5, 10)]
        assert await one.queries.candles("999999", None, None) == []

    emulated(
        work,
        house,
        LimitsConfig(per_second=4, per_minute=4_000),
        trs=TrPlan(per_minute=10_000, short_pages=short_pages),
    )


def test_given_our_limits_when_much_is_asked_then_kiwoom_never_refuses(emulated: Any) -> None:
    async def work(one: EmulatedQueries) -> None:
        begun = asyncio.get_running_loop().time()
        asks = [
            one.asker.ask(trs.returns(), {"계좌번호": "8012345611"}, weight) for weight in Weight for _ in range(30)
        ]
        await asyncio.gather(*asks)
        assert set(one.control.gave) == {0} and len(one.control.gave) == 120
        took = asyncio.get_running_loop().time() - begun
        assert took >= 120  # 55 a minute

    emulated(work, trs=TrPlan(per_second=5, per_minute=60))


def test_given_limits_set_too_high_when_kiwoom_refuses_then_its_penalty_is_kept_and_everything_comes(
    emulated: Any,
) -> None:
    async def work(one: EmulatedQueries) -> None:
        asks = [one.asker.ask(trs.returns(), {"계좌번호": "8012345611"}, Weight.ACCOUNT) for _ in range(7)]
        got = await asyncio.gather(*asks)
        assert all(table.rows for table in got)
        assert one.control.gave == [0, 0, 0, 0, 0, -200, 0, 0]
        assert asyncio.get_running_loop().time() >= 17
        assert one.asker.relogin_needed() == ""

    emulated(work, limits=LimitsConfig(per_second=10))


def test_given_the_hour_used_up_at_kiwoom_when_refused_on_and_on_then_another_log_in_is_wanted(emulated: Any) -> None:
    async def work(one: EmulatedQueries) -> None:
        await one.queries.probe()
        for _ in range(2):
            with pytest.raises(BrokerUnavailable, match="-200"):
                await one.queries.probe()
        assert "another log-in" in one.asker.relogin_needed()

    emulated(work, trs=TrPlan(per_hour=1))


def test_given_no_registered_password_when_asked_then_the_remedy_is_told_and_the_probe_still_answers(
    emulated: Any,
) -> None:
    async def work(one: EmulatedQueries) -> None:
        for ask in (one.queries.deposit, one.queries.balances, one.queries.order_lists):
            with pytest.raises(PasswordMissing, match="계좌비밀번호 저장"):
                await ask()
        await one.queries.probe()

    emulated(work, server=ServerPlan(password_registered=False))


@pytest.mark.parametrize("plan", [TrPlan(error_ppm=1_000_000), TrPlan(page_lost_ppm=1_000_000, short_pages=1)])
def test_given_answers_that_never_come_when_lists_are_read_then_they_fail_as_a_whole(
    emulated: Any, plan: TrPlan
) -> None:
    house = FakeHouse()
    house.answers["day_orders"] = [a_day_order(1), a_day_order(2)]

    async def work(one: EmulatedQueries) -> None:
        with pytest.raises(BrokerUnavailable, match="expected an answer within 5 s"):
            await one.queries.order_lists()

    emulated(work, house, trs=plan)


def test_given_servers_away_when_asked_then_what_kiwoom_says_is_told(emulated: Any) -> None:
    house = FakeHouse()
    house.answers["account"] = BrokerUnavailable("away")

    async def work(one: EmulatedQueries) -> None:
        with pytest.raises(BrokerUnavailable, match=re.escape("[RC4027]")):
            await one.queries.deposit()

    emulated(work, house)


def test_given_what_is_listed_when_asked_for_then_instruments_are_those_of_the_servers(emulated: Any) -> None:
    house = FakeHouse()
    house.list_more(an_instrument("100030", "코넥스주", 3_000, Market.KONEX))
    house.list_more(an_instrument("500001", "신한 ETN", 12_000, Market.ETN))
    flags = FlagsPlan(
        states={HYNIX: "증거금100%|거래정지|관리종목"}, constructions={KOSDAQ_ONE: "투자경고"}, warnings={SAMSUNG: "3"}
    )

    async def work(one: EmulatedQueries) -> None:
        found, unknown = await one.masters.instruments([])
        assert unknown == [] and len(found) == 6
        for got in found:
            listed = house.instruments[got.symbol]
            assert (got.name, got.market, got.base_price) == (listed.name, listed.market, listed.base_price)
        by_code = {str(got.symbol): got for got in found}
        assert by_code[HYNIX].flags == (InstrumentFlag.HALTED, InstrumentFlag.ADMINISTRATIVE)
        assert not by_code[HYNIX].tradable and by_code[HYNIX].upper_limit is None
        assert by_code[KOSDAQ_ONE].flags == (InstrumentFlag.WARNING,)
        assert by_code[SAMSUNG].flags == (InstrumentFlag.OVERHEATED,)
        assert by_code[FUND].tradable and by_code[FUND].upper_limit is not None
        assert await one.masters.warning_of(SAMSUNG) is InstrumentFlag.OVERHEATED
        assert await one.masters.warning_of(FUND) is None
        with pytest.raises(BrokerUnavailable):
            await one.masters.warning_of("999999")

    emulated(work, house, flags=flags)


def test_given_conditions_when_run_and_watched_then_entries_and_exits_follow_the_quotes(emulated: Any) -> None:
    house = FakeHouse()

    async def work(one: EmulatedQueries) -> None:
        rising, falling = await one.conditions.list()
        assert (rising, falling) == (Condition(0, "급등"), Condition(1, "급락"))
        assert await one.conditions.run(falling) == [HYNIX]
        with pytest.raises(RequestRefused, match="RATE_LIMITED"):
            await one.conditions.run(falling)
        async with aclosing(one.conditions.watch(rising)) as news:
            assert (await anext(news)).symbols == (SAMSUNG,)
            house.answers["quotes"] = [a_quote(SAMSUNG, 60_000), a_quote(HYNIX, 230_000)]
            got = [await anext(news), await anext(news)]
            assert [(item.entered, item.left) for item in got] == [(HYNIX, ""), ("", SAMSUNG)]

    emulated(work, house, flags=FlagsPlan(conditions={"급등": "change >= 1", "급락": "change <= -1"}))


def test_given_definitions_as_installed_when_compared_then_nothing_differs(emulated: Any, tmp_path: Path) -> None:
    pytest.importorskip("PyQt5")
    from broker_win.ocx import read_tr_definition

    async def work(one: EmulatedQueries) -> list[str]:
        folder = str(one.control.call("GetAPIModulePath"))
        return [text for spec in trs.used() for text in trs.compare(spec, read_tr_definition(spec.trcode, folder))]

    assert emulated(work) == []
