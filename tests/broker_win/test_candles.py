"""Bars of minutes and days: signs, special rows, pages until far enough back, only what has ended."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.port import Candle
from broker_win.config import LimitsConfig
from broker_win.control import TrRequest
from broker_win.requests import trs
from broker_win.requests.account import Queries
from broker_win.requests.asker import Asker
from broker_win.screens import Screens
from domain.errors import BrokerUnavailable
from domain.time import NANOS_PER_MINUTE, from_kst, kst_datetime
from domain.types import CandleInterval, Krw, UnixNanos
from tests.broker_win.query_fakes import FakeBridge, FakeControl, Reply, page_of
from tests.broker_win.virtual_time import DAY, VirtualClock, run

WIDE = LimitsConfig(per_second=1_000, per_minute=10_000, per_hour=100_000, reserve_per_hour=0)
NOW = from_kst(DAY, 10, 0)
MINUTE = CandleInterval.MINUTE_1


def minute_row(at: int, *, close: str = "-70500", **cells: str) -> list[str]:
    known = {
        "체결시간": kst_datetime(at).strftime("%Y%m%d%H%M%S"),
        "현재가": close,
        "시가": "+70100",
        "고가": "+70900",
        "저가": "-70000",
        "거래량": "  1200",
    }
    return [(known | cells).get(name, "") for name in trs.minute_bars().layout]


def day_row(day: date, **cells: str) -> list[str]:
    known = {
        "일자": f"{day:%Y%m%d}",
        "현재가": "70500",
        "시가": "70100",
        "고가": "70900",
        "저가": "70000",
        "거래량": "9",
    }
    return [(known | cells).get(name, "") for name in trs.day_bars().layout]


class Chart:
    """A control with rows, the newest first."""

    def __init__(self, rows: list[list[str]], size: int = 900) -> None:
        self.rows, self.size = rows, size
        self.pages: dict[str, int] = {}
        self.sent: list[TrRequest] = []

    def script(self, request: TrRequest) -> Reply:
        self.sent.append(request)
        self.pages[request.rqname] = page = self.pages[request.rqname] + 1 if request.more else 0
        return Reply(**page_of(self.rows, page, self.size))

    def candles(self, *arguments: Any, **named: Any) -> list[Candle]:
        async def work() -> list[Candle]:
            control = FakeControl(self.script, lambda event: None)
            clock = VirtualClock(NOW)
            asker = Asker(FakeBridge(control), clock, WIDE, Screens(), 5.0)
            control.hear = asker.hear  # type: ignore[assignment]
            try:
                return await Queries(asker, lambda: "", clock).candles("005930", *arguments, **named)
            finally:
                await asker.settled()

        return run(work())


def before(minutes: int) -> UnixNanos:
    return UnixNanos(NOW - minutes * NANOS_PER_MINUTE)


def test_given_minutes_when_asked_then_signs_go_the_forming_bar_is_left_out_and_the_oldest_comes_first() -> None:
    chart = Chart([minute_row(before(minutes)) for minutes in (0, 1, 2)])
    assert chart.candles(None, None) == [
        Candle(before(2), Krw(70_100), Krw(70_900), Krw(70_000), Krw(70_500), 1_200),
        Candle(before(1), Krw(70_100), Krw(70_900), Krw(70_000), Krw(70_500), 1_200),
    ]
    [request] = chart.sent
    assert request.inputs == (("종목코드", "005930"), ("틱범위", "1"), ("수정주가구분", "0"))
    assert request.fields.in_one_call and request.fields.multi == trs.minute_bars().layout


@pytest.mark.parametrize("interval", [one for one in CandleInterval if one is not CandleInterval.DAY])
def test_given_any_length_of_minutes_when_a_bar_ends_now_then_it_is_the_newest_given(interval: CandleInterval) -> None:
    ended, forming = before(interval.minutes), UnixNanos(before(interval.minutes) + 1_000_000_000)
    chart = Chart([minute_row(forming), minute_row(ended)])
    assert [candle.start for candle in chart.candles(None, None, interval, True)] == [ended]
    assert dict(chart.sent[0].inputs)["틱범위"] == str(interval.minutes)
    assert dict(chart.sent[0].inputs)["수정주가구분"] == "1"


@given(st.integers(1, 60), st.integers(1, 7), st.integers(0, 70), st.integers(0, 70))
def test_for_any_span_and_page_exactly_its_bars_come_and_no_page_more_than_needed(
    count: int, size: int, first: int, length: int
) -> None:
    starts = [before(minutes) for minutes in range(count)]
    chart = Chart([minute_row(start) for start in starts], size)
    since, until = before(first + length), before(first)
    got = chart.candles(since, until)
    wanted = sorted(start for start in starts if since <= start < until and start < NOW)
    assert [candle.start for candle in got] == wanted
    if length == 0:
        assert not chart.sent
    else:
        last_needed = min(first + length + 1, count - 1)  # the first row older than `since`, or the last there is
        assert len(chart.sent) == last_needed // size + 1


def test_given_trades_after_hours_when_read_then_they_stand_at_four_and_at_six_unless_a_bar_does() -> None:
    yesterday = DAY - timedelta(days=3)

    def special(hour: int, mark: str) -> list[str]:
        return minute_row(from_kst(yesterday, hour, 0), 체결시간=f"{yesterday:%Y%m%d}{mark}", 거래량="7")

    rows = [special(18, "999999"), special(16, "888888"), minute_row(from_kst(yesterday, 15, 30))]
    got = Chart(rows).candles(None, None)
    assert [(kst_datetime(candle.start).hour, candle.volume) for candle in got] == [(15, 1_200), (16, 7), (18, 7)]
    real = [special(18, "999999"), minute_row(from_kst(yesterday, 16, 0)), special(16, "888888")]
    got = Chart(real).candles(None, None)
    assert [(kst_datetime(candle.start).hour, candle.volume) for candle in got] == [(16, 1_200), (18, 7)]


def test_given_a_page_that_begins_anew_when_read_then_it_fails_and_is_never_short() -> None:
    newest = [minute_row(before(minutes)) for minutes in (1, 2)]
    for rows, size in ((newest * 2, 2), (newest[:1] * 2, 1)):
        with pytest.raises(BrokerUnavailable, match="began anew"):
            Chart(rows, size).candles(None, None)


def test_given_days_when_asked_then_today_is_left_out_until_it_is_over() -> None:
    days = [DAY, DAY - timedelta(days=3), DAY - timedelta(days=4)]
    chart = Chart([day_row(day) for day in days])
    got = chart.candles(None, None, CandleInterval.DAY)
    assert [candle.start for candle in got] == [from_kst(day, 0, 0) for day in reversed(days[1:])]
    assert dict(chart.sent[0].inputs)["기준일자"] == f"{DAY:%Y%m%d}"


def test_given_an_end_when_days_are_asked_then_kiwoom_begins_there() -> None:
    chart = Chart([day_row(DAY - timedelta(days=4))])
    chart.candles(None, from_kst(DAY - timedelta(days=3), 0, 0), CandleInterval.DAY)
    assert dict(chart.sent[0].inputs)["기준일자"] == f"{DAY - timedelta(days=4):%Y%m%d}"


def test_given_a_day_without_a_trade_when_read_then_it_is_no_bar_and_half_a_bar_is_a_failure() -> None:
    halted = day_row(DAY - timedelta(days=3), 시가="0", 고가="0", 저가="0", 거래량="0")
    assert Chart([halted]).candles(None, None, CandleInterval.DAY) == []
    with pytest.raises(BrokerUnavailable, match="four prices"):
        Chart([day_row(DAY - timedelta(days=3), 저가="0")]).candles(None, None, CandleInterval.DAY)


def test_given_a_strange_code_when_asked_then_its_blank_row_is_no_bar() -> None:
    blank = ["" for _ in trs.minute_bars().layout]
    assert Chart([blank]).candles(None, None) == []


@pytest.mark.parametrize("time", ["20261123", "20261123250000", "x", "20261323090000"])
def test_given_a_time_that_is_none_when_read_then_query_and_field_are_named(time: str) -> None:
    with pytest.raises(BrokerUnavailable, match="opt10080 체결시간"):
        Chart([minute_row(before(5), 체결시간=time)]).candles(None, None)


def test_given_columns_that_moved_in_the_installation_when_bars_are_asked_then_they_are_read_by_name() -> None:
    sent: list[TrRequest] = []

    async def work() -> None:
        control = FakeControl(lambda request: Reply(), lambda event: None)
        clock = VirtualClock(NOW)
        asker = Asker(FakeBridge(control), clock, WIDE, Screens(), 5.0)
        control.hear = asker.hear  # type: ignore[assignment]
        queries = Queries(asker, lambda: "", clock)
        queries.heed(["opt10080 column 현재가 expected at place 1, was at 2", "opt10081 input 종목코드 is missing"])
        await queries.candles("005930", None, None)
        await queries.candles("005930", None, None, CandleInterval.DAY)
        await asker.settled()
        sent.extend(request for _, request in control.requests)

    run(work())
    assert [request.fields.in_one_call for request in sent] == [False, True]
    assert sent[0].fields.multi == ("체결시간", "시가", "고가", "저가", "현재가", "거래량")
