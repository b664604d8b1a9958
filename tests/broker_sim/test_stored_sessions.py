"""Stored sessions: daily bars of the days before, out of daily or minute bars, and what the replaying broker gives."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from broker_sim.bar_file import Bar
from broker_sim.recorded_bars import RecordedBars
from broker_sim.recording import Recording
from broker_sim.stored_sessions import StoredSessions
from domain.errors import DataError, RequestRefused
from domain.time import from_kst
from domain.types import CandleInterval

CODE = "120110"
DAYS = (date(2026, 1, 9), date(2026, 1, 12), date(2026, 1, 13))


def minutes(day: date, price: int) -> list[dict[str, Any]]:
    """An opening minute, one in the middle that reaches both ends, the closing print, and rows that do not count."""
    bars = (
        ("08:59:00", 1, 1, 1, 1, 9),
        ("09:00:00", price, price + 10, price, price + 5, 100),
        ("09:01:00", price + 5, price + 5, price + 5, price + 5, 0),
        ("09:02:00", price + 5, price + 50, price - 50, price, 200),
        ("15:25:00", price, price, price, price, 0),
        ("15:30:00", price + 7, price + 7, price + 7, price + 7, 300),
    )
    names = ("time", "open", "high", "low", "close", "volume")
    return [{"code": CODE, "date": day.isoformat(), **dict(zip(names, bar, strict=True))} for bar in bars]


def a_file(folder: Path, *days: date, name: str = "minutes.parquet") -> Path:
    rows = [row for number, day in enumerate(days) for row in minutes(day, 10_000 + 1_000 * number)]
    pl.DataFrame(rows).write_parquet(folder / name)
    return folder / name


def a_daily_file(folder: Path, *bars: tuple[str, int]) -> Path:
    rows = [
        {"code": CODE, "date": day, "open": close, "high": close, "low": close, "close": close, "volume": close and 7}
        for day, close in bars
    ]
    pl.DataFrame(rows).write_parquet(folder / "daily.parquet")
    return folder / "daily.parquet"


def a_session(day: date, price: int) -> Bar:
    return Bar(from_kst(day, 0, 0), price, price + 50, price - 50, price + 7, 600)


def test_given_minutes_when_put_together_then_a_session_goes_from_its_first_bar_to_the_closing_print(
    tmp_path: Path,
) -> None:
    stored = StoredSessions(a_file(tmp_path, *DAYS))
    assert list(stored.before(CODE, DAYS[2])) == [a_session(DAYS[0], 10_000), a_session(DAYS[1], 11_000)]
    assert list(stored.before(CODE, DAYS[2], 1)) == [a_session(DAYS[1], 11_000)]
    assert list(stored.before(CODE, DAYS[0])) == []
    assert list(stored.before("005930", DAYS[2])) == []


def test_given_daily_bars_when_asked_then_halted_days_and_days_without_a_session_are_none(tmp_path: Path) -> None:
    path = a_daily_file(tmp_path, ("2026-01-09", 100), ("2026-01-10", 5), ("2026-01-12", 0), ("2026-01-13", 130))
    stored = StoredSessions(path)
    assert list(stored.before(CODE, date(2026, 1, 14))) == [
        Bar(from_kst(DAYS[0], 0, 0), 100, 100, 100, 100, 7),
        Bar(from_kst(DAYS[2], 0, 0), 130, 130, 130, 130, 7),
    ]


def test_given_both_kinds_in_a_folder_when_asked_then_the_daily_bar_of_a_session_counts(tmp_path: Path) -> None:
    a_file(tmp_path, *DAYS)
    a_daily_file(tmp_path, ("2026-01-12", 100))
    found = StoredSessions(tmp_path).before(CODE, DAYS[2])
    assert [bar.close for bar in found] == [10_007, 100]


def test_given_a_file_that_is_not_there_when_asked_then_the_error_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.parquet"):
        StoredSessions(tmp_path / "gone.parquet").before(CODE, DAYS[0])


def test_given_a_replayed_day_when_daily_bars_are_asked_for_then_only_those_of_sessions_before_it_are_given(
    tmp_path: Path,
) -> None:
    path = a_file(tmp_path, *DAYS)
    bars = RecordedBars(Recording.load(path, DAYS[1]))
    late = from_kst(date(2026, 2, 1), 0, 0)
    [candle] = bars.candles(CODE, None, None, CandleInterval.DAY, False, late)
    assert (candle.start, candle.open, candle.close, candle.volume) == (from_kst(DAYS[0], 0, 0), 10_000, 10_007, 600)
    assert bars.candles(CODE, from_kst(DAYS[1], 0, 0), None, CandleInterval.DAY, False, late) == []
    with pytest.raises(RequestRefused, match="NOT_OFFERED"):
        bars.candles(CODE, None, None, CandleInterval.DAY, True, late)


def test_given_data_that_vanished_when_daily_bars_are_asked_for_then_the_broker_says_so(tmp_path: Path) -> None:
    path = a_file(tmp_path, *DAYS)
    recording = Recording.load(path, DAYS[1])
    path.unlink()
    with pytest.raises(RequestRefused, match="daily bars cannot be read"):
        RecordedBars(recording).candles(CODE, None, None, CandleInterval.DAY, False, 0)
