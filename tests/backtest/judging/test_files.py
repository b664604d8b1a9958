"""Files of strangers: what is taken, what is counted, what is refused in one line."""

import gzip
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import polars as pl
import pytest

from backtest.judging.prices import read_prices
from backtest.judging.series import DAILY, WEEKLY, check_usable, read_series
from domain.errors import DataError
from domain.messages.market import TrendPoint
from tests.backtest.judging.builders import a_file, rows, sessions

HEAD = "code,date,open,high,low,close,volume\n"
GOOD = "005930,2024-01-03,100,110,90,105,10\n"


def text_file(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    raw = text.encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


@pytest.mark.parametrize("name", ["prices.parquet", "prices.csv"])
def test_given_daily_bars_when_read_then_every_session_is_there_and_gaps_hold_nothing(
    tmp_path: Path, name: str
) -> None:
    days = sessions(4)
    data = rows({"005930": [100, 0, 120, 130], "0000D0": [10, 11, 12, 13]}, days)
    data = [row for row in data if not (row["code"] == "0000D0" and row["date"] == days[2].isoformat())]
    bars = read_prices(a_file(tmp_path, data, name))
    panel = bars.panel
    assert bars.minutes is None
    assert (panel.sessions, panel.codes) == (tuple(days), ("0000D0", "005930"))
    assert panel.close.tolist() == [[10, 100], [11, 0], [0, 120], [13, 130]]
    assert panel.open[:, 1].tolist() == [100, 0, 100, 120]
    assert panel.remarks == {"of halted or untraded days": 1}


def test_given_a_month_without_rows_when_read_then_its_sessions_are_there(tmp_path: Path) -> None:
    text = HEAD + GOOD + "005930,2024-02-05,100,110,90,105,10\n"
    assert len(read_prices(text_file(tmp_path, text)).panel.sessions) == 24


def test_given_odd_rows_when_read_then_they_are_mended_and_counted(tmp_path: Path) -> None:
    text = HEAD + (
        "005930,2024-01-03,100,90,120,105,10\n"  # a high below the close
        "005930,2024-01-04,100.4,110.2,99.6,105.5,10\n"
        "005930,20240105,100,110,90,105,10\n"
        "005930,2024-01-05,200,210,190,205,10\n"
        "005930,2024-01-06,100,110,90,105,10\n"  # a Saturday
        "005930,2024-01-08,,,,105,10\n"
        "005930,2024-01-09,100,110,90,105,0\n"
    )
    panel = read_prices(text_file(tmp_path, text, "prices.csv.gz")).panel
    assert panel.open[:, 0].tolist() == [100, 100, 200, 0, 0]
    assert panel.close[1, 0] == 106
    assert (panel.high[0, 0], panel.low[0, 0]) == (105, 100)
    assert panel.remarks == {
        "of days without a session, left out": 1,
        "twice for a symbol and day, the last counts": 1,
        "without a price or volume, taken as no trading": 1,
        "with fractions of a won, rounded": 1,
        "of halted or untraded days": 2,
        "whose high or low contradicts open or close, widened": 1,
    }


def test_given_dates_as_dates_and_missing_values_as_pandas_writes_them_when_read_then_they_are_the_same(
    tmp_path: Path,
) -> None:
    frame = pl.DataFrame(
        {
            "code": ["005930", "005930"],
            "date": [date(2024, 1, 3), date(2024, 1, 4)],
            **{key: [100.0, float("nan")] for key in ("open", "high", "low", "close")},
            "volume": [10, 10],
            "extra": ["x", "y"],
        }
    )
    path = tmp_path / "prices.parquet"
    frame.write_parquet(path)
    assert read_prices(path).panel.open[:, 0].tolist() == [100, 0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,date,open\n005930,2024-01-03,1\n", ["columns", "missing high, low, close, volume"]),
        (HEAD, ["rows expected at least one"]),
        (HEAD + GOOD + "5930,2024-01-03,100,110,90,105,10\n", ["row 3 column code", "six", "'5930'"]),
        (HEAD + "005930,3 Jan,100,110,90,105,10\n", ["row 2 column date", "YYYY-MM-DD", "'3 Jan'"]),
        (HEAD + "005930,1995-01-03,100,110,90,105,10\n", ["row 2 column date", "1996-01-03", "1995-01-03"]),
        (HEAD + "005930,2024-01-03,ten,110,90,105,10\n", ["row 2 column open", "'ten'"]),
        (HEAD + "005930,2024-01-03,100,110,-90,105,10\n", ["row 2 column low", "0 to", "'-90'"]),
        (HEAD + "005930,2024-01-03,100,inf,90,105,10\n", ["row 2 column high", "'inf'"]),
        (HEAD + "005930,2024-01-03,100,110,90,105,1e20\n", ["row 2 column volume", "'1e20'"]),
        (HEAD + "005930,2024-01-06,100,110,90,105,10\n", ["dates expected a session"]),
        (HEAD + ",2024-01-03,100,110,90,105,10\n", ["row 2 column code"]),
    ],
)
def test_given_prices_that_cannot_be_used_when_read_then_file_row_column_value_and_allowed_are_told(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        read_prices(text_file(tmp_path, text))
    said = str(caught.value)
    assert "\n" not in said
    assert all(word in said for word in ["prices.csv", *words]), said


def test_given_files_that_are_none_when_read_then_they_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "a.parquet"
    broken.write_bytes(b"PAR1 no")
    cut = tmp_path / "a.csv.gz"
    cut.write_bytes(gzip.compress(b"x" * 1000)[:20])
    korean = tmp_path / "b.csv"
    korean.write_bytes("code,이름\n".encode("cp949"))
    for path, word in [
        (broken, "cannot be read"),
        (cut, "cannot be read"),
        (korean, "UTF-8"),
        (tmp_path / "none.csv", "not found"),
        (tmp_path / "a.xlsx", ".parquet, .csv or .csv.gz"),
        (tmp_path, ".parquet, .csv or .csv.gz"),
    ]:
        with pytest.raises(DataError, match=word.replace(".", r"\.")):
            read_prices(path)


def test_given_codes_that_are_numbers_when_read_then_they_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    data: dict[str, Any] = {key: [1] for key in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"code": [5930], "date": ["2024-01-03"], **data}).write_parquet(path)
    with pytest.raises(DataError, match="column code expected text"):
        read_prices(path)


def test_given_bars_of_minutes_when_read_then_sessions_are_put_together(tmp_path: Path) -> None:
    text = "code,date,time,open,high,low,close,volume\n" + "".join(
        f"005930,2024-01-03,{time},{price},{price + 2},{price - 2},{price + 1},{volume}\n"
        for time, price, volume in [("09:01:00", 101, 5), ("09:00:00", 100, 7), ("15:30:00", 90, 1), ("0902", 0, 0)]
    )
    text = text.replace("0,2,-2,1,0", "0,0,0,0,0")
    bars = read_prices(text_file(tmp_path, text))
    panel = bars.panel
    found = [grid[0, 0] for grid in (panel.open, panel.high, panel.low, panel.close, panel.volume)]
    assert found == [100, 103, 88, 91, 13]
    assert bars.minutes is not None
    assert bars.minutes["minute"].to_list() == [540, 541, 542, 930]
    with pytest.raises(DataError, match="row 2 column time expected a time of day"):
        read_prices(text_file(tmp_path, text.replace("09:01:00", "25:01")))


def test_given_a_time_column_with_a_row_a_day_when_read_then_it_is_daily(tmp_path: Path) -> None:
    text = HEAD.replace("date", "date,time") + "005930,2024-01-03,00:00:00,100,110,90,105,10\n"
    assert read_prices(text_file(tmp_path, text)).minutes is None


# ---- series ------------------------------------------------------------------------------------------------------

TOP = "keyword,period,ratio,est_volume,listed_owner_code\n"


def test_given_series_when_read_then_owner_step_and_points_are_those_of_the_file(tmp_path: Path) -> None:
    text = TOP + (
        "빈폴,2024-01-02,2.5,9,028260\n"
        "빈폴,2024-01-01,1,9,028260\n"
        "라움,2024-01-01,5,,\n"
        "라움,2024-01-08,6,,\n"
        "라움,2024-01-29,7,,\n"
        "라움,2024-02-05,7,,\n"
    )
    read, remarks = read_series(text_file(tmp_path, text, "s.csv.gz"))
    assert list(read) == ["라움", "빈폴"]
    assert (read["빈폴"].owner, read["빈폴"].step) == ("028260", DAILY)
    assert read["빈폴"].points == (TrendPoint("2024-01-01", 1.0), TrendPoint("2024-01-02", 2.5))
    assert (read["라움"].owner, read["라움"].step) == ("", WEEKLY)
    assert not remarks


def test_given_missing_repeated_and_contradicting_ratios_when_read_then_what_is_not_known_is_left_out(
    tmp_path: Path,
) -> None:
    text = "keyword,period,ratio\n" + "".join(
        f"빈폴,2024-01-{day:02d},{ratio}\n" for day, ratio in [(1, 1), (2, ""), (3, 3), (3, 3), (4, 4), (4, 5), (5, 0)]
    )
    read, remarks = read_series(text_file(tmp_path, text))
    assert [point.ratio for point in read["빈폴"].points] == [1.0, 3.0, 0.0]
    assert remarks == {
        "without a ratio, taken as unknown": 1,
        "repeated": 1,
        "of a keyword and period told twice with different ratios, taken as unknown": 2,
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keyword,period\nA,2024-01-01\n", ["missing ratio"]),
        ("keyword,period,ratio\nA,2024-01,1\n", ["row 2 column period", "'2024-01'"]),
        ("keyword,period,ratio\nA,2024-01-01,-1\n", ["row 2 column ratio", "'-1'"]),
        ("keyword,period,ratio\nA,2024-01-01,x\n", ["row 2 column ratio", "'x'"]),
        ("keyword,period,ratio\n,2024-01-01,1\n", ["row 2 column keyword"]),
        ("keyword,period,ratio\nA,2024-01-01,\n", ["column ratio expected a number in at least one row"]),
        (TOP + "A,2024-01-01,1,,28260\n", ["row 2 column listed_owner_code", "'28260'"]),
        (TOP + "A,2024-01-01,1,,028260\nA,2024-01-02,1,,120110\n", ["'A'", "028260, 120110"]),
        (
            "keyword,period,ratio\nA,2024-01-01,1\nA,2024-01-08,1\nA,2024-01-15,1\nA,2024-01-23,1\n",
            ["'A'", "weeks from Monday on", "2024-01-23"],
        ),
        ("keyword,period,ratio\nA,2024-01-01,1\nA,2024-02-01,1\nA,2024-03-01,1\n", ["'A'", "a day or a week apart"]),
    ],
)
def test_given_series_that_cannot_be_used_when_read_then_it_is_told_in_one_line(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(DataError) as caught:
        check_usable(read_series(text_file(tmp_path, text))[0].values())
    said = str(caught.value)
    assert "\n" not in said
    assert all(word in said for word in ["prices.csv", *words]), said


def test_given_a_keyword_written_in_parts_when_read_then_it_is_the_composed_word(tmp_path: Path) -> None:
    word = normalize("NFD", "빈폴")
    assert word != "빈폴"
    read, _ = read_series(text_file(tmp_path, f"keyword,period,ratio\n{word},2024-01-01,1\n"))
    assert list(read) == ["빈폴"]


MOMENTS = ["2024-01-02T15:00:00+00:00", "2024-01-02 15:00:00Z", "2024-01-03T00:00:00+09:00", "2024-01-02T10:00:00-0500"]


@pytest.mark.parametrize("moment", [*MOMENTS, "2024-01-03 00:00:00", "2024-01-03T23:59:59.5+0900"])
def test_given_moments_of_a_time_zone_when_read_then_the_day_is_that_in_seoul(tmp_path: Path, moment: str) -> None:
    # Midnight in Seoul is the day before in UTC: taken for that day, searches would be known before they were made.
    read, _ = read_series(text_file(tmp_path, f"keyword,period,ratio\nA,{moment},1\n"))
    assert [point.day for point in read["A"].points] == ["2024-01-03"]
    panel = read_prices(text_file(tmp_path, HEAD + GOOD.replace("2024-01-03", moment))).panel
    assert panel.sessions == (date(2024, 1, 3),)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Seoul", "America/New_York"])
def test_given_parquet_moments_of_a_time_zone_when_read_then_the_day_is_that_in_seoul(
    tmp_path: Path, zone: str
) -> None:
    frame = pl.read_csv((HEAD + GOOD).encode(), schema_overrides={"code": pl.String})
    seoul = pl.col("date").str.to_datetime("%Y-%m-%d").dt.replace_time_zone("Asia/Seoul").dt.convert_time_zone(zone)
    frame.with_columns(seoul).write_parquet(tmp_path / "prices.parquet")
    assert read_prices(tmp_path / "prices.parquet").panel.sessions == (date(2024, 1, 3),)


def test_given_a_file_name_with_brackets_when_read_then_it_is_that_file(tmp_path: Path) -> None:
    path = a_file(tmp_path, rows({"005930": [100, 101]}, sessions(2)), "prices[1].parquet")
    assert read_prices(path).panel.codes == ("005930",)


@pytest.mark.parametrize("made", [pl.col("open").reshape((-1, 1)), pl.col("open") > 0, pl.struct("open")])
def test_given_parquet_prices_that_are_no_numbers_when_read_then_it_is_told_in_one_line(
    tmp_path: Path, made: pl.Expr
) -> None:
    frame = pl.DataFrame(rows({"005930": [100, 101]}, sessions(2))).with_columns(made.alias("open"))
    frame.write_parquet(tmp_path / "prices.parquet")
    with pytest.raises(DataError, match="row 1 column open expected a price") as caught:
        read_prices(tmp_path / "prices.parquet")
    assert "\n" not in str(caught.value)
