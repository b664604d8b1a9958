"""Recorded indices: what is read, what is refused, and where the previous close comes from."""

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.data_file import DataFile, DataKind
from broker_sim.index_file import IndexValue, read_index
from broker_sim.recording import Recording, days_in
from domain.errors import DataError
from domain.krx.calendar import NO_OVERRIDES
from domain.krx.sessions import regular_session
from domain.types import Market
from tests.broker_sim.builders import DAY, a_day, a_file, at

SESSION = regular_session(DAY)


def a_value(time: str = "10:00:00", value: Any = 2_500.12, market: str = "KOSPI", **changes: Any) -> dict[str, Any]:
    return {"market": market, "date": "2026-01-13", "time": time, "value": value} | changes


def beside(folder: Path, values: list[dict[str, Any]], name: str = "index.parquet") -> Path:
    """Write an index file beside a day of bars; give the folder."""
    a_file(folder, a_day(prev_close=10_000))
    a_file(folder, values, name)
    return folder


def test_given_an_index_beside_bars_when_loaded_then_its_values_are_hundredths_in_order_of_time(tmp_path: Path) -> None:
    values = [
        a_value("10:00:00.250001", 2_500.1, prev_close=2_510),
        a_value("10:00:00", 900.05, "KOSDAQ", prev_close=905.5),
        a_value("10:00:01", 2_499, prev_close=2_510),
    ]

    recording = Recording.load(beside(tmp_path, values))

    assert recording.kind is DataKind.BARS
    assert recording.refused == {} and recording.warnings == ()
    assert recording.index is not None
    assert recording.index.previous_close == {Market.KOSPI: 251_000, Market.KOSDAQ: 90_550}
    assert recording.index.values == (
        IndexValue(Market.KOSDAQ, at(10, 0), 90_005),
        IndexValue(Market.KOSPI, at(10, 0) + 250_001_000, 250_010),
        IndexValue(Market.KOSPI, at(10, 0, 1), 249_900),
    )


def test_given_text_and_typed_columns_when_loaded_then_they_read_alike(tmp_path: Path) -> None:
    rows = [a_value("10:00:00", 2_500.12, prev_close=2_510.07), a_value("10:00:01", 2_499.99, prev_close=2_510.07)]
    packed = tmp_path / "packed"
    packed.mkdir()
    (beside(packed, []) / "index.parquet").unlink()
    with gzip.open(packed / "index.csv.gz", "wb") as file:
        file.write(pl.DataFrame(rows).write_csv().encode())
    typed = tmp_path / "typed"
    typed.mkdir()
    frame = pl.DataFrame(rows).with_columns(
        pl.col("value", "prev_close").cast(pl.Float32), pl.col("date").str.to_date(), pl.col("time").str.to_time()
    )
    beside(typed, [])
    frame.write_parquet(typed / "index.parquet")

    first, second = Recording.load(packed), Recording.load(typed)

    assert first.index == second.index and first.index is not None
    assert [value.hundredths for value in first.index.values] == [250_012, 249_999]
    assert first.index.previous_close == {Market.KOSPI: 251_007}
    assert first.fingerprint(1) == second.fingerprint(1)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"market": "KONEX"}, "index market not KOSPI or KOSDAQ"),
        ({"market": None}, "index market not KOSPI or KOSDAQ"),
        ({"time": "25:00:00"}, "index time not HH:MM:SS"),
        ({"value": 2_500.123}, "index value not index points > 0 with at most two decimals"),
        ({"value": 0.0}, "index value not index points > 0 with at most two decimals"),
        ({"value": -1.0}, "index value not index points > 0 with at most two decimals"),
        ({"value": float("nan")}, "index value not index points > 0 with at most two decimals"),
        ({"value": None}, "index value not index points > 0 with at most two decimals"),
        ({"value": 250.12}, "index more than 30 % from its previous close"),
        ({"value": 250_012.0}, "index more than 30 % from its previous close"),
    ],
    ids=str,
)
def test_given_a_row_that_is_no_index_when_loaded_then_it_is_refused_and_counted(
    tmp_path: Path, bad: dict[str, Any], reason: str
) -> None:
    values = [a_value(prev_close=2_510.0), a_value("10:00:01", prev_close=2_510.0) | bad]
    recording = Recording.load(beside(tmp_path, values))
    assert recording.refused == {reason: 1}
    assert recording.index is not None and len(recording.index.values) == 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([a_value(prev_close="25x")], "index.parquet: field prev_close expected index points > 0 .* was '25x' on 2026"),
        ([a_value(prev_close="-3")], "field prev_close expected index points > 0 .* was '-3'"),
        (
            [a_value(prev_close="2510.10"), a_value("10:00:01", prev_close="2511")],
            "field prev_close of KOSPI on 2026-01-13 expected one value, was 2510.10 and 2511.00",
        ),
        ([{"market": "KOSPI", "date": "2026-01-13", "value": 1.0}], "columns expected market, .* missing time"),
        ([{"date": "2026-01-13", "time": "10:00", "value": 1.0}], "columns expected market, .* missing market"),
    ],
    ids=["prev_close", "negative", "two", "time", "market"],
)
def test_given_an_index_file_that_cannot_be_when_loaded_then_one_line_says_what(
    tmp_path: Path, values: list[dict[str, Any]], told: str
) -> None:
    with pytest.raises(DataError, match=told) as error:
        Recording.load(beside(tmp_path, values))
    assert "\n" not in str(error.value)


def test_given_no_prev_close_when_loaded_then_the_close_of_the_session_before_is_it(tmp_path: Path) -> None:
    values = [
        a_value("15:29:59", 2_400.0, date="2026-01-12"),
        a_value("15:30:20", 2_410.5, date="2026-01-12"),
        a_value("17:00:00", 2_999.0, date="2026-01-12"),
        a_value(),
    ]
    index = Recording.load(beside(tmp_path, values), DAY).index
    assert index is not None and index.previous_close == {Market.KOSPI: 241_050}


def test_given_no_previous_close_at_all_when_loaded_then_the_values_are_left_aside_and_it_is_said(
    tmp_path: Path,
) -> None:
    values = [a_value("14:00:00", 2_400.0, date="2026-01-12"), a_value()]
    recording = Recording.load(beside(tmp_path, values), DAY)
    assert recording.index is None
    assert [warning.removeprefix(f"{tmp_path}: ") for warning in recording.warnings] == [
        "previous close of the KOSPI index on 2026-01-13 is unknown (no prev_close, no value at the close of the "
        "session before): its values are left aside",
        "no index values of 2026-01-13 can be used: no circuit breaker is judged",
    ]


def test_given_an_index_of_other_days_when_loaded_then_it_is_said(tmp_path: Path) -> None:
    recording = Recording.load(beside(tmp_path, [a_value(date="2026-01-12")]))
    assert recording.index is None and "no index values of 2026-01-13" in recording.warnings[0]
    assert days_in(tmp_path) == [DAY]  # days are those of what was traded


def test_given_values_out_of_order_when_loaded_then_they_are_put_in_order_and_it_is_said(tmp_path: Path) -> None:
    values = [a_value(time, prev_close=2_500) for time in ("10:00:02", "10:00:01", "10:00:03")]
    recording = Recording.load(beside(tmp_path, values))
    assert recording.index is not None
    assert [value.venue_time for value in recording.index.values] == [at(10, 0, ss) for ss in (1, 2, 3)]
    assert "1 values of the KOSPI index are older than the one before; put in order of time" in recording.warnings[0]


def test_given_a_market_in_two_files_when_loaded_then_it_is_refused(tmp_path: Path) -> None:
    beside(tmp_path, [a_value(prev_close=2_500)])
    a_file(tmp_path, [a_value(prev_close=2_500)], "more.parquet")
    with pytest.raises(DataError, match=r"market KOSPI of 2026-01-13 .* is in index.parquet and more.parquet"):
        Recording.load(tmp_path)


def test_given_an_index_alone_when_loaded_then_one_line_says_where_it_goes(tmp_path: Path) -> None:
    path = a_file(tmp_path, [a_value()], "index.parquet")
    for read in (Recording.load, days_in):
        with pytest.raises(DataError, match=r"was an index alone; it goes beside them"):
            read(path)


def test_given_bars_with_columns_market_and_value_when_opened_then_they_stay_bars(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_day(market="KOSPI", value=1_000))
    assert DataFile.open(path).kind is DataKind.BARS


def test_given_another_index_when_named_then_the_replay_is_another(tmp_path: Path) -> None:
    names = set()
    for number, values in enumerate(([a_value(prev_close=2_500)], [a_value(value=2_500.13, prev_close=2_500)])):
        folder = tmp_path / str(number)
        folder.mkdir()
        names.add(Recording.load(beside(folder, values)).fingerprint(1))
    plain = tmp_path / "plain"
    plain.mkdir()
    names.add(Recording.load(a_file(plain, a_day(prev_close=10_000))).fingerprint(1))
    assert len(names) == 3


@given(
    hundredths=st.lists(st.integers(1, 10**8), min_size=1, max_size=20),
    close=st.integers(1, 10**8),
)
def test_for_any_points_what_is_read_is_what_was_written_to_the_hundredth(
    tmp_path_factory: pytest.TempPathFactory, hundredths: list[int], close: int
) -> None:
    values = [
        a_value(f"10:00:{second:02d}", index / 100, prev_close=close / 100) for second, index in enumerate(hundredths)
    ]
    path = a_file(tmp_path_factory.mktemp("any"), values, "index.parquet")
    assert SESSION is not None

    read = read_index(path, [DataFile.open(path)], SESSION, NO_OVERRIDES)

    near = [index for index in hundredths if abs(index - close) * 100 <= 30 * close]
    found = [value.hundredths for value in read.index.values] if read.index else []
    assert found == near
    assert sum(read.refused.values()) == len(hundredths) - len(near)
    if read.index:
        assert read.index.day == date(2026, 1, 13) and read.index.previous_close == {Market.KOSPI: close}
