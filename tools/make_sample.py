"""Cut the sample that ships with hantrade from the recorded data: `python tools/make_sample.py ../shared/data`.

Every check that fails stops the run before a file is written. The output is the same bytes each time.
"""

import gzip
import io
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from domain.krx.limits import price_limits  # noqa: E402  the script runs without an installed package
from domain.types import Market  # noqa: E402

DAY = "2026-01-13"
SYMBOLS = 54
MUST_HAVE = "120110"
KEYWORD = "헨리코튼"  # a brand of 120110; the other one recorded, 시리즈, is a common noun as well
MAX_BYTES = 1_000_000
PRICES = ("open", "high", "low", "close", "prev_close")
BROKER_DATA = ROOT / "broker_sim" / "data"
TREND_DATA = ROOT / "trends" / "data"


def instruments(source: Path) -> pl.DataFrame:
    """Give code, name and market in our words; funds and notes are markets of their own here."""
    listed = pl.read_csv(source / "instruments_2026-08-21.csv.gz", infer_schema_length=0)
    market = (
        pl.when(pl.col("kind").is_in(["ETF", "ETN"]))
        .then(pl.col("kind"))
        .otherwise(pl.col("market").replace({"KOSDAQ GLOBAL": "KOSDAQ"}))
    )
    table = listed.select("code", "name", market.alias("market")).sort("code")
    strange = set(table["market"]) - {member.value for member in Market}
    check(not strange, f"markets expected one of ours, was {strange}")
    check(table["code"].is_unique().all(), "codes expected unique")
    return table


def bars(source: Path, listed: pl.DataFrame) -> pl.DataFrame:
    """Give the day's one-minute bars of all complete symbols that have a previous close."""
    index = pl.read_csv(source / "intraday_1m_index.csv.gz", schema_overrides={"code": pl.String})
    complete = index.filter((pl.col("date") == DAY) & pl.col("complete")).select("code")
    closes = (
        pl.read_parquet(source / "daily_intraday_universe_2025_2026.parquet")
        .filter((pl.col("date").cast(pl.String) == DAY) & (pl.col("prev_close") > 0))
        .select("code", "prev_close")
    )
    day = (
        pl.scan_parquet(source / "intraday_1m.parquet")
        .filter(pl.col("date") == DAY)
        .select("code", "date", "time", "open", "high", "low", "close", "volume")
        .collect()
        .join(complete, on="code")
        .join(closes, on="code")
        .sort("code", "time")
        .with_columns(pl.col(PRICES).cast(pl.Int32), pl.col("volume").cast(pl.Int64))
    )
    codes = set(day["code"])
    check(len(codes) == SYMBOLS, f"symbols expected {SYMBOLS}, was {len(codes)}")
    check(MUST_HAVE in codes, f"{MUST_HAVE} expected in the sample")
    check(codes <= set(listed["code"]), f"instruments expected for all, missing {codes - set(listed['code'])}")
    check_limits(day, listed)
    return day


def check_limits(day: pl.DataFrame, listed: pl.DataFrame) -> None:
    """Stop when a bar lies outside the day's limits."""
    ranges = day.group_by("code").agg(
        pl.col("low").min(),
        pl.col("high").max(),
        pl.col("prev_close").first(),
        pl.col("prev_close").n_unique().alias("n"),
    )
    for code, low, high, base, count, market in ranges.join(listed.drop("name"), on="code").iter_rows():
        lower, upper = price_limits(base, Market(market), date.fromisoformat(DAY))
        check(count == 1 and lower <= low and high <= upper, f"{code} expected {lower}..{upper}, was {low}..{high}")


def trend(source: Path) -> pl.DataFrame:
    """Give the whole search series of the keyword, one row a day."""
    series = (
        pl.read_csv(source / "trend_naver_daily.csv.gz", schema_overrides={"listed_owner_code": pl.String})
        .filter((pl.col("keyword") == KEYWORD) & (pl.col("listed_owner_code") == MUST_HAVE))
        .select(pl.col("period").alias("day"), "ratio")
        .sort("day")
    )
    days = [date.fromisoformat(day) for day in series["day"]]
    check(len(days) > 0, f"keyword {KEYWORD} expected in the series")
    expected = [days[0] + timedelta(days=n) for n in range(len(days))]
    check(days == expected, "days expected one after another without gaps")
    check(bool(series["ratio"].is_not_null().all()), "ratios expected in every row")
    return series


def check(holds: bool, otherwise: str) -> None:
    """Stop with one line unless the condition holds."""
    if not holds:
        sys.exit(f"make_sample: {otherwise}")


def packed(table: pl.DataFrame) -> bytes:
    """Give a table as csv.gz, without the time of packing so that the bytes repeat."""
    return gzip.compress(table.write_csv().encode(), compresslevel=9, mtime=0)


def main() -> None:
    """Read, check, then write."""
    source = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data")
    listed = instruments(source)
    parquet = io.BytesIO()
    bars(source, listed).write_parquet(parquet, compression="zstd", compression_level=19, statistics=False)
    files = {
        BROKER_DATA / f"sample_{DAY}.parquet": parquet.getvalue(),
        BROKER_DATA / "instruments.csv.gz": packed(listed),
        TREND_DATA / f"naver_{MUST_HAVE}.csv.gz": packed(trend(source)),
    }
    total = sum(len(content) for content in files.values())
    check(total <= MAX_BYTES, f"sample expected <= {MAX_BYTES} bytes, was {total}")
    for path, content in files.items():
        path.write_bytes(content)
        print(f"{len(content):>8,} {path.relative_to(ROOT)}")
    print(f"{total:>8,} in all")


if __name__ == "__main__":
    main()
