"""Reading recorded days."""

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from broker_sim.recording import Recording
from domain.errors import DataError
from domain.types import Market
from tests.broker_sim.builders import SYMBOL, a_bar, a_day, a_file, at

SAMPLE = Path(__file__).parents[2] / "broker_sim" / "data" / "sample_2026-01-13.parquet"


def test_given_the_packaged_sample_when_loaded_then_names_limits_and_bar_length_are_known() -> None:
    recording = Recording.load(SAMPLE)

    assert recording.day == date(2026, 1, 13)
    assert recording.bar_seconds == 60
    assert len(recording.bars) == 54
    known = recording.instruments[SYMBOL]
    assert (known.name, known.market) == ("코오롱인더", Market.KOSPI)
    assert known.base_price and known.lower_limit and known.upper_limit
    assert recording.refused == {}


def test_given_no_previous_close_when_loaded_then_limits_are_unknown(tmp_path: Path) -> None:
    recording = Recording.load(a_file(tmp_path, a_day("999999")))

    found = recording.instruments["999999"]
    assert (found.name, found.market, found.base_price, found.lower_limit) == ("", Market.KOSPI, None, None)
    assert recording.bar_seconds == 600


def test_given_two_days_when_no_day_is_named_then_the_last_is_taken(tmp_path: Path) -> None:
    bars = a_day() + [bar | {"date": "2026-01-12", "close": 10_010} for bar in a_day()]

    assert Recording.load(a_file(tmp_path, bars)).day == date(2026, 1, 13)
    assert Recording.load(a_file(tmp_path, bars), date(2026, 1, 12)).bars[SYMBOL][0].close == 10_010


def test_given_other_spellings_of_columns_when_loaded_then_the_bars_are_the_same(tmp_path: Path) -> None:
    bars = a_day("0080Y0") + a_day("000660")
    frame = pl.DataFrame(bars)
    text = tmp_path / "bars.csv.gz"
    text.write_bytes(gzip.compress(frame.with_columns(extra=pl.lit("x")).write_csv().encode()))
    typed = tmp_path / "typed.parquet"
    as_date, as_time = pl.col("date").str.to_date(), pl.col("time").str.to_time()
    frame.with_columns(as_date, as_time, pl.col("open").cast(pl.Float64)).write_parquet(typed)

    plain = Recording.load(a_file(tmp_path, bars))
    assert Recording.load(text).bars == Recording.load(typed).bars == plain.bars
    assert list(plain.bars) == ["000660", "0080Y0"]
    assert Recording.load(text, symbols=("000660",)).bars == {"000660": plain.bars["000660"]}


def test_given_defective_rows_when_loaded_then_they_are_refused_and_counted(tmp_path: Path) -> None:
    zero: dict[str, object] = {"open": 0, "high": 0, "low": 0, "close": 0}
    bars = [
        *a_day(),
        a_bar(time="09:11:00") | zero,
        a_bar(time="09:12:00", high=9_000),
        a_bar(time="09:13:00", volume=-1),
        a_bar(time="25:00:00"),
        a_bar(time="09:10:00", close=10_000),
        a_bar(time="08:30:00"),
        a_bar(time="15:25:00", volume=0),
        a_bar(time="15:40:00"),
    ]

    recording = Recording.load(a_file(tmp_path, bars))

    assert recording.refused == {
        "price <= 0": 1,
        "open, high, low, close contradict": 1,
        "volume < 0": 1,
        "time not HH:MM:SS": 1,
        "same code and time twice": 1,
        "before the open": 1,
        "in the closing auction": 1,
        "after the closing print": 1,
    }
    assert len(recording.bars[SYMBOL]) == len(a_day())


def test_given_text_for_a_price_when_loaded_then_the_row_is_refused(tmp_path: Path) -> None:
    bars = [bar | {"open": "10000"} for bar in a_day()] + [a_bar(time="09:11:00", open="10,000")]

    recording = Recording.load(a_file(tmp_path, bars))

    assert recording.refused == {"price or volume not a whole number": 1}


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [(date(2025, 11, 13), (10, 0), (15, 30)), (date(2026, 1, 2), (10, 0), (15, 30))],
)
def test_given_a_late_open_when_loaded_then_bars_before_it_are_refused(
    tmp_path: Path, day: date, first: tuple[int, int], last: tuple[int, int]
) -> None:
    bars = [bar | {"date": day.isoformat()} for bar in a_day()] + [
        a_bar(time="15:20:00", date=day.isoformat(), volume=7)
    ]

    recording = Recording.load(a_file(tmp_path, bars))

    held = recording.bars[SYMBOL]
    assert (held[0].start, held[-1].start) == (at(*first, day=day), at(*last, day=day))
    assert recording.refused["before the open"] == 6
    # 15:20 is the closing auction of the first day of the year, an ordinary minute of the exam day
    assert ("in the closing auction" in recording.refused) == (day.year == 2026)


@pytest.mark.parametrize(
    ("bars", "asked", "told"),
    [
        ([], {}, "missing code, date"),
        ([{k: v for k, v in a_bar().items() if k != "low"}], {}, "missing low"),
        ([a_bar(), a_bar("000660")], {}, "daily bars"),
        ([a_bar(code=5930)], {}, "field code expected text"),
        ([a_bar(date="yesterday")], {}, "field date expected YYYY-MM-DD"),
        (a_day(), {"day": date(2026, 2, 3)}, "day expected 2026-01-13, the only one there, was 2026-02-03"),
        (a_day(), {"symbols": (SYMBOL, "005930")}, "unknown 005930"),
        ([bar | {"date": "2026-01-11"} for bar in a_day()], {}, "exchange is closed"),
        ([bar | {"volume": -5} for bar in a_day()], {}, "bars expected at least one"),
        (
            [a_bar(time="15:21:00", volume=0), a_bar(time="15:22:00", volume=0)],
            {},
            "in the closing auction: 2",
        ),
    ],
)
def test_given_unusable_data_when_loaded_then_one_line_tells_the_file_and_what_is_allowed(
    tmp_path: Path, bars: list[dict[str, Any]], asked: dict[str, Any], told: str
) -> None:
    path = a_file(tmp_path, bars)

    with pytest.raises(DataError) as caught:
        Recording.load(path, **asked)

    message = str(caught.value)
    assert told in message
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.parquet", None, "not found"),
        ("bars.csv", b"code\n", ".parquet or .csv.gz"),
        ("cut.parquet", b"PAR1 and no more", "cannot be read"),
        ("empty.parquet", b"", "cannot be read"),
        ("plain.csv.gz", b"code,date\n", "cannot be read"),
        ("cut.csv.gz", gzip.compress(b"code,date\n" * 99, mtime=0)[:-12], "cannot be read"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "cannot be read"),
        ("head.csv.gz", gzip.compress(b"code,date,time,open,high,low,close,volume\n", mtime=0), "empty table"),
    ],
)
def test_given_a_broken_file_when_loaded_then_one_line_tells_why(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(DataError) as caught:
        Recording.load(path)

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_given_the_same_bars_when_fingerprinted_then_only_content_and_seed_count(tmp_path: Path) -> None:
    first = Recording.load(a_file(tmp_path, a_day(), "a.parquet"))
    second = Recording.load(a_file(tmp_path, a_day(), "b.parquet"))
    other = Recording.load(a_file(tmp_path, a_day(until="14:00"), "c.parquet"))

    assert first.fingerprint(1) == second.fingerprint(1)
    assert len({first.fingerprint(1), first.fingerprint(2), other.fingerprint(1)}) == 3
