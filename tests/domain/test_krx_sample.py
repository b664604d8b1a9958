"""The shipped data against the rules: real bars lie within the limits and on the grid."""

import csv
import gzip
import io
from datetime import date, timedelta
from importlib.resources import files

import polars as pl

from domain.krx.limits import price_limits
from domain.krx.ticks import is_half_tick, is_on_tick
from domain.types import Market

DAY = date(2026, 1, 13)


def rows(package: str, name: str) -> list[dict[str, str]]:
    text = gzip.decompress((files(package) / name).read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text)))


def sample() -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO((files("broker_sim.data") / "sample_2026-01-13.parquet").read_bytes()))


def test_given_the_shipped_day_when_checked_then_real_prices_keep_the_rules() -> None:
    markets = {row["code"]: Market(row["market"]) for row in rows("broker_sim.data", "instruments.csv.gz")}
    bars = sample()
    codes = set(bars["code"])
    assert len(codes) == 54
    assert "120110" in codes
    kept = 0
    for code, opening, high, low, close, base in bars.select(
        "code", "open", "high", "low", "close", "prev_close"
    ).iter_rows():
        lower, upper = price_limits(base, markets[code], DAY)
        assert lower <= low <= min(opening, close) <= max(opening, close) <= high <= upper, code
        for price in (opening, high, low, close):
            kept += is_on_tick(price, markets[code], DAY) or is_half_tick(price, markets[code], DAY)
    assert kept / (4 * bars.height) > 0.999


def test_given_the_shipped_series_when_checked_then_it_is_daily_without_gaps() -> None:
    series = rows("trends.data", "naver_120110.csv.gz")
    days = [date.fromisoformat(row["day"]) for row in series]
    assert days == [days[0] + timedelta(days=n) for n in range(2_100)]
    assert all(0 <= float(row["ratio"]) <= 100 for row in series)


def test_given_the_shipped_files_when_weighed_then_they_stay_within_a_megabyte() -> None:
    total = sum(
        len(entry.read_bytes())
        for package in ("broker_sim.data", "trends.data")
        for entry in files(package).iterdir()
        if entry.is_file()
    )
    assert total <= 1_000_000
