"""Master files: markets, flags, limits, slices."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from broker_win.control import Answer
from broker_win.requests.masters import CODES_A_JOB, Masters
from domain.errors import BrokerUnavailable
from domain.instruments import Instrument
from domain.krx.limits import price_limits
from domain.types import InstrumentFlag, Krw, Market
from tests.broker_win.query_fakes import FakeBridge, FakeControl, Reply
from tests.broker_win.virtual_time import DAY, VirtualClock, run

LISTS = {
    "0": "005930;069500;500001;57JX01;00104K;",
    "10": "035720;",
    "8": "069500;",
    "60": "500001;",
    "50": "100030;",
    "3": "57JX01;",
    "5": "",
}
MASTER = {
    "GetMasterCodeName": {"005930": "삼성전자", "069500": "KODEX 레버리지", "500001": "신한 인버스 3X 원유 ETN"},
    "GetMasterLastPrice": {"005930": "00070500", "069500": "10000", "500001": "10000"},
    "GetMasterStockState": {"005930": "증거금20%|담보대출|신용가능"},
    "GetMasterConstruction": {},
    "GetMasterListedStockDate": {"005930": "19750611"},
    "IsOrderWarningStock": {},
}
PLAIN = {"GetMasterConstruction": "정상", "IsOrderWarningStock": "0", "GetMasterLastPrice": "000005000"}


def masters_of(
    work: Callable[[Masters, FakeBridge], Coroutine[Any, Any, Any]],
    lists: dict[str, str] | None = None,
    **more: dict[str, str],
) -> tuple[Any, FakeControl]:
    told = {name: {**known, **more.get(name, {})} for name, known in MASTER.items()}

    def of(method: str) -> Callable[..., Answer]:
        return lambda code: told[method].get(code, PLAIN.get(method, ""))

    async def whole() -> tuple[Any, FakeControl]:
        control = FakeControl(lambda request: Reply(), lambda event: None)
        control.answers = {method: of(method) for method in MASTER if method != "IsOrderWarningStock"}
        control.answers["GetCodeListByMarket"] = lambda market: (LISTS if lists is None else lists)[market]
        control.answers["KOA_Functions"] = lambda name, code: of(name)(code)
        bridge = FakeBridge(control)
        bridge.delay_s = 0.02
        return await work(Masters(bridge, VirtualClock()), bridge), control

    return run(whole())


def instruments(*symbols: str, **more: dict[str, str]) -> dict[str, Instrument]:
    (found, unknown), _ = masters_of(lambda masters, _: masters.instruments(symbols), **more)
    assert unknown == []
    return {one.symbol: one for one in found}


def test_given_lists_when_loaded_then_each_code_has_the_market_of_its_own_list_and_elw_are_left_out() -> None:
    async def work(masters: Masters, _: FakeBridge) -> dict[str, Market]:
        assert not masters.is_known("005930")
        await masters.load()
        assert not masters.is_known("57JX01") and not masters.is_known("")
        assert masters.market_of("999999") is Market.KOSPI
        return {code: masters.market_of(code) for code in masters.codes()}

    got, _ = masters_of(work)
    assert got == {
        "00104K": Market.KOSPI,
        "005930": Market.KOSPI,
        "035720": Market.KOSDAQ,
        "069500": Market.ETF,
        "100030": Market.KONEX,
        "500001": Market.ETN,
    }


def test_given_a_share_when_asked_for_then_it_comes_with_words_and_the_limits_of_its_base_price() -> None:
    lower, upper = price_limits(70_500, Market.KOSPI, DAY)
    assert instruments("005930")["005930"] == Instrument(
        symbol="005930",  # type: ignore[arg-type]
        name="삼성전자",
        market=Market.KOSPI,
        base_price=Krw(70_500),
        lower_limit=lower,
        upper_limit=upper,
        tradable=True,
        flags=(),
        state_words=("증거금20%", "담보대출", "신용가능"),
    )


@pytest.mark.parametrize(
    ("method", "told", "flag"),
    [
        ("GetMasterStockState", "증거금100%|관리종목", InstrumentFlag.ADMINISTRATIVE),
        ("GetMasterStockState", "감리종목", InstrumentFlag.SUPERVISED),
        ("GetMasterStockState", "투자유의종목", InstrumentFlag.CAUTION),
        ("GetMasterConstruction", "투자주의", InstrumentFlag.CAUTION),
        ("GetMasterConstruction", "투자경고", InstrumentFlag.WARNING),
        ("GetMasterConstruction", "투자위험", InstrumentFlag.RISK),
        ("GetMasterConstruction", "투자주의환기종목", InstrumentFlag.ALERT),
        ("IsOrderWarningStock", "3", InstrumentFlag.OVERHEATED),
        ("IsOrderWarningStock", "4", InstrumentFlag.RISK),
        ("IsOrderWarningStock", "5", InstrumentFlag.WARNING),
        ("IsOrderWarningStock", "9", InstrumentFlag.CAUTION),
    ],
)
def test_given_a_word_or_number_when_read_then_it_is_a_flag_and_the_limits_stay(
    method: str, told: str, flag: InstrumentFlag
) -> None:
    one = instruments("005930", **{method: {"005930": told}})["005930"]
    assert one.flags == (flag,)
    assert one.tradable and one.upper_limit is not None
    if method != "IsOrderWarningStock":
        assert set(told.split("|")) <= set(one.state_words)


@pytest.mark.parametrize(
    ("method", "told", "flags", "tradable"),
    [
        ("GetMasterStockState", "증거금100%|거래정지", (InstrumentFlag.HALTED,), False),
        ("IsOrderWarningStock", "2", (InstrumentFlag.LIQUIDATION,), True),
        ("GetMasterListedStockDate", f"{DAY:%Y%m%d}", (), True),
        ("GetMasterLastPrice", "00000000", (), True),
        ("GetMasterLastPrice", "", (), True),
    ],
    ids=["halted", "liquidation", "listed today", "no base", "blank base"],
)
def test_given_what_the_rules_do_not_tell_when_read_then_there_are_no_limits(
    method: str, told: str, flags: tuple[InstrumentFlag, ...], tradable: bool
) -> None:
    one = instruments("005930", **{method: {"005930": told}})["005930"]
    assert (one.lower_limit, one.upper_limit) == (None, None)
    assert (one.flags, one.tradable) == (flags, tradable)


def test_given_leveraged_funds_when_read_then_their_names_widen_the_limits() -> None:
    found = instruments("069500", "500001")
    for code, market, leverage in (("069500", Market.ETF, 2), ("500001", Market.ETN, 3)):
        one = found[code]
        assert (one.lower_limit, one.upper_limit) == price_limits(10_000, market, DAY, leverage=leverage)


def test_given_a_base_price_that_is_no_number_when_read_then_the_code_is_named() -> None:
    with pytest.raises(BrokerUnavailable, match="GetMasterLastPrice of 005930: number expected, was 'abc'"):
        instruments("005930", GetMasterLastPrice={"005930": "abc"})


def test_given_unknown_codes_and_repeats_when_asked_for_then_the_rest_comes_once_in_order() -> None:
    async def work(masters: Masters, _: FakeBridge) -> Any:
        return await masters.instruments(["069500", "999999", "005930", "069500"])

    (found, unknown), _ = masters_of(work)
    assert [one.symbol for one in found] == ["069500", "005930"]
    assert unknown == ["999999"]


def test_given_thousands_of_codes_when_all_are_asked_for_then_each_job_is_short_and_nothing_is_read_twice() -> None:
    many = {**dict.fromkeys(LISTS, ""), "0": ";".join(f"{number:06d}" for number in range(1_000))}

    async def work(masters: Masters, bridge: FakeBridge) -> None:
        both = await asyncio.gather(masters.instruments(()), masters.instruments(()))
        assert [len(found) for found, _ in both] == [1_000, 1_000]
        assert bridge.jobs == 1 + 1_000 // CODES_A_JOB

    _, control = masters_of(work, many)
    names = [call for call in control.calls if call[0] == "GetMasterCodeName"]
    assert len(names) == 1_000
    assert len(control.calls) == 7 + 6 * 1_000


def test_given_thousands_being_read_when_one_code_is_asked_for_then_it_does_not_wait_for_them() -> None:
    many = {**dict.fromkeys(LISTS, ""), "0": ";".join(f"{number:06d}" for number in range(1_000))}

    async def work(masters: Masters, bridge: FakeBridge) -> None:
        everything = asyncio.create_task(masters.instruments(()))
        await asyncio.sleep(0.001)
        await masters.load()
        await masters.instruments(["000999"])
        assert not everything.done() and bridge.jobs < 12
        await everything

    masters_of(work, many)


def test_given_few_codes_when_asked_for_then_only_they_are_read() -> None:
    _, control = masters_of(lambda masters, _: masters.instruments(["005930"]))
    assert [call for call in control.calls if call[0] == "GetMasterCodeName"] == [("GetMasterCodeName", "005930")]


def test_given_another_day_when_asked_for_then_everything_is_read_anew() -> None:
    async def work(masters: Masters, bridge: FakeBridge) -> None:
        await masters.instruments(["005930"])
        jobs = bridge.jobs
        await masters.instruments(["005930"])
        assert bridge.jobs == jobs
        await asyncio.sleep(timedelta(hours=20).total_seconds())
        await masters.instruments(["005930"])
        assert bridge.jobs == jobs + 2

    masters_of(work)


def test_given_no_codes_or_no_answer_when_loaded_then_it_is_said() -> None:
    with pytest.raises(BrokerUnavailable, match="lists no codes"):
        masters_of(lambda masters, _: masters.load(), dict.fromkeys(LISTS, ""))

    async def silent(masters: Masters, bridge: FakeBridge) -> None:
        bridge.control.answers["GetCodeListByMarket"] = lambda market: None
        await masters.load()

    with pytest.raises(BrokerUnavailable, match="does not answer GetCodeListByMarket"):
        masters_of(silent)


@pytest.mark.parametrize(
    ("told", "flag"), [("0", None), ("2", InstrumentFlag.LIQUIDATION), ("7", InstrumentFlag.CAUTION)]
)
def test_given_a_code_when_its_warning_is_asked_then_the_flag_comes(told: str, flag: InstrumentFlag | None) -> None:
    more = {"IsOrderWarningStock": {"005930": told}}
    got, _ = masters_of(lambda masters, _: masters.warning_of("005930"), **more)
    assert got is flag


def test_given_no_answer_when_a_warning_is_asked_then_silence_is_not_taken_for_none() -> None:
    with pytest.raises(BrokerUnavailable, match="bears a warning"):
        masters_of(lambda masters, _: masters.warning_of("005930"), IsOrderWarningStock={"005930": ""})
