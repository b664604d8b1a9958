"""`krx check`: files read and judged, the lists beside them, refusals."""

import gzip
import json
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.krx import app

RUNNER = CliRunner()
EXCERPT = Path(__file__).parent / "data" / "daily_2026-01_excerpt.csv.gz"
SAMPLE = "sample_2026-01-13.parquet"


def run(*args: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    result = RUNNER.invoke(app, ["check", *map(str, args), "--json"])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def refused(*args: str | Path) -> str:
    result = RUNNER.invoke(app, ["check", *map(str, args)])
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    [line] = result.stderr.splitlines()
    return line


def excerpt() -> pl.DataFrame:
    return pl.read_csv(EXCERPT, schema_overrides={"code": pl.String})


def saved(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_parquet(path)
    return path


def packed(text: str, path: Path) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


def a_day(**columns: Any) -> pl.DataFrame:
    """Two rows of two issues, plain."""
    plain: dict[str, Any] = {
        "code": ["000020", "005930"], "date": ["2026-01-13"] * 2, "open": [6_000, 70_000], "high": [6_100, 71_000],
        "low": [5_900, 69_000], "close": [6_050, 70_500], "volume": [10, 20], "change": [50, 500],
    }  # fmt: skip
    return pl.DataFrame({**plain, **columns})


def test_given_real_days_when_checked_then_each_exception_has_its_reason() -> None:
    code, lines, _ = run(EXCERPT)
    summary, found = lines[-1], lines[:-1]
    assert code == 0
    assert summary["ok"] is True
    assert summary["reasons"] == {"LIQUIDATION": 34, "LISTING_DAY": 2}
    assert (summary["exceptions"], summary["explained"], summary["unexplained"]) == (36, 36, 0)
    assert summary["traded"] == summary["within"] + 36
    assert (summary["bars"], summary["from"], summary["to"]) == ("daily", "2026-01-02", "2026-02-20")
    listings = {one["code"]: one for one in found if one["reason"] == "LISTING_DAY"}
    assert set(listings) == {"0001A0", "0115H0"}
    assert listings["0115H0"]["high"] == 8_000
    assert "1,200 to 8,000" in listings["0115H0"]["explanation"]
    konex = {one["code"] for one in found if one["market"] == "KONEX"}
    assert konex == {"308700", "341310"}
    first = next(one for one in found if one["code"] == "001140")
    assert {key: first[key] for key in ("code", "date", "base", "lower", "upper")} == {
        "code": "001140", "date": "2026-01-16", "base": 2_110, "lower": 1_480, "upper": 2_740,
    }  # fmt: skip


def test_given_one_wrong_price_when_checked_then_it_is_unexplained_and_the_exit_is_1(tmp_path: Path) -> None:
    wrong = (pl.col("code") == "005930") & (pl.col("date") == "2026-01-22")
    high = pl.when(wrong).then(pl.col("high") * 2).otherwise(pl.col("high")).alias("high")
    code, lines, _ = run(saved(excerpt().with_columns(high), tmp_path / "wrong.parquet"))
    assert code == 1
    [bad] = [one for one in lines[:-1] if one["reason"] == "UNEXPLAINED"]
    assert (bad["code"], bad["date"], bad["name"]) == ("005930", "2026-01-22", "삼성전자")
    assert (lines[-1]["ok"], lines[-1]["unexplained"], lines[-1]["explained"]) == (False, 1, 36)


@pytest.mark.parametrize(("since", "until"), [("2026-01-22", "2026-01-22"), ("2026-01-22", "2026-12-31")])
def test_given_a_part_of_the_days_when_checked_then_liquidation_is_still_told_from_listing(
    tmp_path: Path, since: str, until: str
) -> None:
    part = excerpt().filter(pl.col("date").is_between(pl.lit(since), pl.lit(until)))
    code, lines, _ = run(saved(part, tmp_path / "part.parquet"))
    assert code == 0
    assert {one["reason"] for one in lines[:-1] if one["code"] in ("001140", "150840")} == {"LIQUIDATION"}


def test_given_lists_beside_the_file_when_checked_then_they_are_used_and_named(tmp_path: Path) -> None:
    first = excerpt().filter(pl.col("code") == "000020").head(1).with_columns(pl.col("open", "high") * 3)
    path = saved(first, tmp_path / "one.parquet")
    assert run(path)[1][0]["reason"] == "LISTING_DAY"  # a file's first row may be one
    packed(
        "code,name,market,kind,list_date\n000020,동화약품,KOSPI,EQUITY,1976-03-24\n",
        tmp_path / "instruments_2026.csv.gz",
    )
    code, lines, _ = run(path)
    assert (code, lines[0]["reason"]) == (1, "UNEXPLAINED")
    packed("file,code,date,issue\none.parquet,000020,2026-01-02,doubled\n", tmp_path / "daily_defects.csv.gz")
    packed("code\n", tmp_path / "delisted_2026.csv.gz")
    code, lines, _ = run(path)
    assert (code, lines[0]["reason"], lines[0]["explanation"]) == (0, "LISTED_DEFECT", "listed defect: doubled")
    assert set(lines[-1]["lists"]) == {"defects", "instruments", "delisted"}
    other = packed("file,code,date,issue\nother.parquet,000020,2026-01-02,doubled\n", tmp_path / "other.csv.gz")
    assert run(path, "--defects", other)[0] == 1


def test_given_a_fund_in_the_list_when_checked_then_its_ticks_and_leverage_count(tmp_path: Path) -> None:
    rows = a_day(
        code=["122630", "069500"], open=[20_005] * 2, high=[29_000] * 2, low=[20_000] * 2, close=[28_000] * 2,
        change=[8_000] * 2, market=["KOSPI"] * 2,
    )  # fmt: skip
    funds = ("122630,KODEX 레버리지,KOSPI,ETF,2010-02-22", "069500,KODEX 200,KOSPI,ETF,2002-10-14")
    instruments = packed("\n".join(["code,name,market,kind,list_date", *funds]), tmp_path / "list.csv.gz")
    code, lines, _ = run(saved(rows, tmp_path / "funds.parquet"), "--instruments", instruments)
    assert code == 1
    assert {one["code"]: (one["market"], one["reason"]) for one in lines[:-1]} == {
        "122630": ("ETF", "LEVERAGE"), "069500": ("ETF", "UNEXPLAINED"),
    }  # fmt: skip


def test_given_minute_bars_with_a_previous_close_when_checked_then_their_days_are(tmp_path: Path) -> None:
    packaged = Path(str(files("broker_sim").joinpath("data", SAMPLE)))
    bars = pl.read_parquet(packaged)
    code, lines, _ = run(packaged)
    assert code == 0
    [summary] = lines
    assert (summary["bars"], summary["codes"], summary["rows"]) == ("minute", 54, bars.height)
    assert summary["traded"] == summary["within"] == 54
    tripled = bars.with_columns(
        high=pl.when(pl.col("code") == bars["code"][0]).then(pl.col("high") * 3).otherwise("high")
    )
    code, lines, _ = run(saved(tripled, tmp_path / "minutes.parquet"))
    assert code == 1
    assert [one["reason"] for one in lines[:-1]] == ["UNEXPLAINED"]


def test_given_a_previous_close_instead_of_a_change_when_checked_then_a_half_tick_is_taken_up(tmp_path: Path) -> None:
    rows = a_day(
        open=[2_020, 70_000], high=[2_630, 71_000], low=[2_020, 69_000], close=[2_600, 70_500], volume=[1, 1]
    ).drop("change")
    # 2,022 stands for 2,022.5: the base is 2,025, the upper limit 2,630; from 2,022 it would be 2,625
    code, _, _ = run(saved(rows.with_columns(prev_close=pl.Series([2_022, 70_000])), tmp_path / "half.parquet"))
    assert code == 0


def test_given_codes_no_list_knows_when_checked_then_a_note_says_what_is_assumed(tmp_path: Path) -> None:
    code, lines, err = run(saved(a_day(code=["999999", "12345"]), tmp_path / "odd.parquet"))
    assert code == 0
    assert lines[-1]["codes"] == 2
    assert "market KOSPI assumed for 2 codes" in err
    assert "six characters" in err
    assert "'12345'" in err
    wide = a_day(high=[6_950, 71_000])
    assert run(saved(wide, tmp_path / "wide.parquet"))[0] == 0
    konex = saved(wide.with_columns(market=pl.lit("KONEX")), tmp_path / "konex.parquet")
    assert run(konex)[0] == 1
    segment = saved(wide.with_columns(market=pl.lit("KOSDAQ GLOBAL")), tmp_path / "global.parquet")
    assert run(segment)[0] == 0


def test_given_a_person_when_checked_then_text_is_printed() -> None:
    result = RUNNER.invoke(app, ["check", str(EXCERPT)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 36 + 2
    assert lines[-1] == "ok"
    assert "36 exceptions, 36 explained, 0 not" in lines[-2]
    assert Counter("LISTING_DAY" in line for line in lines)[True] == 2


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (a_day().drop("high"), ["columns", "missing high"]),
        (a_day().drop("change"), ["change or prev_close", "base price", "adjusted"]),
        (a_day(time=["09:00"] * 2).drop("change"), ["prev_close", "minute bars"]),
        (a_day(time=["09:00"] * 2), ["prev_close", "minute bars", "change"]),
        (a_day(code=[20, 5930]), ["code", "text", "Int64"]),
        (a_day(date=["2026-01-13", "13/01/2026"]), ["date", "row 2", "YYYY-MM-DD", "13/01/2026"]),
        (a_day(open=[1.5, 2.0]), ["open", "row 1", "whole number", "1.5"]),
        (a_day(code=["000020"] * 2), ["one per code and date", "000020", "2026-01-13"]),
        (a_day(market=["NYSE"] * 2), ["market", "000020", "KOSPI", "NYSE"]),
        (a_day().clear(), ["rows", "empty"]),
        (a_day(date=["2014-01-13"] * 2), ["2015-06-15", "2014-01-13"]),
    ],
)
def test_given_a_bad_file_when_checked_then_one_line_names_it_and_the_exit_is_2(
    tmp_path: Path, frame: pl.DataFrame, parts: list[str]
) -> None:
    line = refused(saved(frame, tmp_path / "bad.parquet"))
    for part in parts:
        assert part in line


def test_given_no_readable_file_when_checked_then_it_is_named(tmp_path: Path) -> None:
    assert "not found" in refused(tmp_path / "none.parquet")
    assert ".parquet or .csv.gz" in refused(tmp_path / "none.csv")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"code,date\n" * 100)[:-9])
    assert "cannot be read" in refused(tmp_path / "cut.csv.gz")
    (tmp_path / "no.parquet").write_bytes(b"no")
    assert "cannot be read" in refused(tmp_path / "no.parquet")
    good = saved(a_day(), tmp_path / "good.parquet")
    assert "list_date" in refused(good, "--instruments", packed("code,name\n1,x\n", tmp_path / "i.csv.gz"))
    bad_date = packed("code,date,issue\n000020,soon,x\n", tmp_path / "d.csv.gz")
    assert "soon" in refused(good, "--defects", bad_date)
    assert "market expected one of kospi" in refused(good, "--market", "nyse")
