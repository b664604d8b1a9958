"""Daily bars in a back-test: each date is told the stored sessions before it, and rows make the same ones."""

from pathlib import Path
from typing import Any

from actors.core.kernel import Kernel
from actors.core.replay import replay
from actors.roster import make_roles
from backtest.run import codec
from broker_sim.stored_sessions import StoredSessions
from domain.config import RunConfig, SignalConfig, StrategyConfig
from domain.messages import Message, Stamp
from domain.messages.market import DayBar, FetchHistory, HistoryReceived
from domain.time import kst_date
from domain.types import Krw, UnixNanos
from persistence.reader import LogReader
from tests.backtest.builders import AT_ONCE, a_run, lively_days
from tests.broker_sim.builders import DAY, SYMBOL

DAYS = ("2026-01-09", "2026-01-12", "2026-01-13")


def a_config(history_days: int) -> RunConfig:
    strategies = (StrategyConfig("price_drift", {}, (), "test 1"),)
    return RunConfig("backtest", sim=AT_ONCE, strategies=strategies, signals=SignalConfig(history_days=history_days))


def messages_of(path: Path) -> list[Any]:
    with LogReader(path, codec()) as reader:
        return list(reader.messages())


def series_of(path: Path) -> Any:
    """Give the daily series of the symbol at the end of a log."""
    with LogReader(path, codec()) as reader:
        kernel = Kernel(make_roles(), reader.log_id)
        for record, message in reader.messages():
            assert isinstance(message, Message)
            kernel.fold(message, Stamp(record.seq, UnixNanos(record.recorded_at), reader.log_id), record.role)
    strategist: Any = kernel.role("strategist")
    return strategist._tracks[SYMBOL].daily


def stored(data: Path) -> list[DayBar]:
    """Give the sessions before the last of the data."""
    return [
        DayBar(kst_date(bar.start).isoformat(), Krw(bar.open), Krw(bar.high), Krw(bar.low), Krw(bar.close), bar.volume)
        for bar in StoredSessions(data).before(SYMBOL, DAY)
    ]


def test_given_days_and_a_strategy_of_daily_bars_when_run_then_each_date_is_told_the_sessions_before_it(
    tmp_path: Path,
) -> None:
    data = lively_days(tmp_path, *DAYS)
    a_run(data, tmp_path / "log.db", config=a_config(5))
    entries = messages_of(tmp_path / "log.db")
    asked = [message for _, message in entries if isinstance(message, FetchHistory)]
    assert asked == [FetchHistory((SYMBOL,), day, 5) for day in DAYS]
    told = [message for _, message in entries if isinstance(message, HistoryReceived)]
    assert [[bar.day for bar in item.bars] for item in told] == [[], [DAYS[0]], [*DAYS[:2]]]
    assert told[0].reason == "the stored data has no session before this one"
    assert series_of(tmp_path / "log.db").given == stored(data)
    with LogReader(tmp_path / "log.db", codec()) as reader:
        report = replay(entries, make_roles, codec(), reader.log_id)
    assert report.identical, report.difference


def test_given_no_history_when_days_are_run_then_their_rows_make_the_sessions_that_are_stored(tmp_path: Path) -> None:
    data = lively_days(tmp_path, *DAYS)
    a_run(data, tmp_path / "log.db", config=a_config(0))
    assert not any(isinstance(message, FetchHistory) for _, message in messages_of(tmp_path / "log.db"))
    series = series_of(tmp_path / "log.db")
    assert (series.given, series.missed) == (stored(data), "")
    assert [bar.day for bar in series.given] == [*DAYS[:2]]
