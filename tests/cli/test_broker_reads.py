"""What a broker knows beside quotes and orders, on the command line."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from broker.journal import OrderJournal
from broker.port import Candle, Condition, ConditionNews, MarketNews, PhaseChanged, VolatilityInterruption
from broker.server import BrokerServerThread
from cli.broker_reads import candles, conditions, market
from domain.errors import BrokerUnavailable, ConfigError, RequestRefused
from domain.types import CandleInterval, Krw, UnixNanos, VenuePhase
from tests.broker.fake_backend import VENUE_TIME, FakeBackend, FakeVenue

SURGE = Condition(3, "거래량급증")


class Kiwoom(FakeBackend):
    """Has a condition, news that end, and bars."""

    async def conditions(self) -> list[Condition]:
        return [SURGE]

    async def run_condition(self, condition: Condition) -> list[str]:
        if condition != SURGE:
            raise RequestRefused("UNKNOWN_CONDITION", "no such condition")
        return ["120110"]

    async def watch_condition(self, condition: Condition) -> AsyncIterator[ConditionNews]:
        yield ConditionNews(VENUE_TIME, symbols=("120110",))
        yield ConditionNews(VENUE_TIME, entered="005930")
        yield ConditionNews(VENUE_TIME, left="120110")

    async def watch_market(self) -> AsyncIterator[MarketNews]:
        yield PhaseChanged(VENUE_TIME, VenuePhase.CONTINUOUS, "3")
        yield VolatilityInterruption(VENUE_TIME, "005930", True, Krw(71_000), "정적", 2)
        raise BrokerUnavailable("the line is lost")

    async def candles(
        self,
        symbol: str,
        since: UnixNanos | None,
        until: UnixNanos | None,
        interval: CandleInterval | None = None,
        adjusted: bool = False,
    ) -> list[Candle]:
        assert (interval, adjusted) == (CandleInterval.DAY, True)
        return [Candle(since or VENUE_TIME, Krw(1), Krw(4), Krw(1), Krw(3), 5)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Kiwoom]:
        journal = OrderJournal(tmp_path / "orders.db")
        yield Kiwoom(journal, FakeVenue(), lambda: UnixNanos(0))
        journal.close()

    server = BrokerServerThread(opened).start()
    yield server.address
    server.stop()


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_given_conditions_when_listed_run_and_followed_then_each_says_what_fits(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conditions("", False, address, True, tmp_path)
    assert rows(capsys) == [{"index": 3, "name": "거래량급증"}]
    conditions("거래량급증", False, address, True, tmp_path)
    assert rows(capsys) == [{"symbol": "120110"}]
    with pytest.raises(BrokerUnavailable, match="ended the stream"):
        conditions("거래량급증", True, address, True, tmp_path)
    told = [(row["symbols"], row["entered"], row["left"]) for row in rows(capsys)]
    assert told == [(["120110"], "", ""), ([], "005930", ""), ([], "", "120110")]
    with pytest.raises(BrokerUnavailable):
        conditions("거래량급증", True, address, False, tmp_path)
    lines = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert [line[:8] for line in lines] == ["fits: 12", "+ 005930", "- 120110"]


def test_given_a_condition_that_nobody_made_when_asked_for_then_those_there_are_are_named(
    address: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="NAME must be one of 거래량급증, was '없음'"):
        conditions("없음", False, address, True, tmp_path)


def test_given_news_of_the_market_when_followed_then_they_are_told_until_the_line_is_lost(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BrokerUnavailable, match="the line is lost"):
        market(address, True, tmp_path)
    phase, interruption = rows(capsys)
    assert (phase["phase"], phase["code"]) == ("CONTINUOUS", "3")
    assert (interruption["symbol"], interruption["trigger_price_krw"], interruption["times"]) == ("005930", 71_000, 2)


def test_given_bars_when_asked_for_then_options_reach_the_broker(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    candles("005930", "1d", "2026-01-02", "", True, address, True, tmp_path)
    [bar] = rows(capsys)
    assert bar == {
        "start": "2026-01-02T00:00:00.000+09:00",
        "open_krw": 1,
        "high_krw": 4,
        "low_krw": 1,
        "close_krw": 3,
        "volume": 5,
    }


@pytest.mark.parametrize(("option", "value"), [("--interval", "7m"), ("--since", "soon"), ("--until", "2026-13-01")])
def test_given_a_wrong_option_when_asked_then_it_is_named(
    address: str, tmp_path: Path, option: str, value: str
) -> None:
    given = {"--interval": "", "--since": "", "--until": ""} | {option: value}
    with pytest.raises(ConfigError, match=f"{option} must be"):
        candles("005930", given["--interval"], given["--since"], given["--until"], False, address, True, tmp_path)
