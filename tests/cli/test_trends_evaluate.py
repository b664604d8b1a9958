"""`hantrade trends evaluate`: what it prints, its exit codes, and what it says to bad input."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.errors import ConfigError, HantradeError
from tests.backtest.judging.builders import FIRST, a_file, rows, sessions, walking

runner = CliRunner()
COUNT = 330
KEYS = {"strategy", "signals", "precision", "baseline_precision", "p_value", "mean_return_bps", "cost_bps"}


def searches(keyword: str, seed: int, owner: str = "", count: int = 700, step: int = 1) -> list[dict[str, Any]]:
    """Give a series that begins half a year before prices and surges now and then."""
    draw = np.random.default_rng(seed)
    days = [FIRST - timedelta(days=182) + timedelta(days=step * at) for at in range(count)]
    values = np.exp(draw.normal(0, 0.2, count) + 1.5 * ((np.arange(count) + 11 * seed) % 45 < 4)).round(4)
    return [
        {"keyword": keyword, "period": str(day), "ratio": ratio, "listed_owner_code": owner}
        for day, ratio in zip(days, values.tolist(), strict=True)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with prices of three symbols and several files of series."""
    folder = tmp_path_factory.mktemp("evaluate")
    codes = ("005930", "120110", "0000D0")
    a_file(folder, rows(walking(2, COUNT, codes, spread=0.03), sessions(COUNT)), "prices.parquet")
    a_file(folder, [*searches("헨리코튼", 1, "120110"), *searches("시리즈", 2, "120110")], "series.csv")
    a_file(folder, [*searches("삼성전자", 3), *searches("라움", 4)], "names.csv")
    a_file(folder, searches("헨리코튼", 5, "120110", count=110, step=7), "weekly.csv")
    a_file(folder, searches("라움", 5), "strange.csv")
    a_file(folder, searches("헨리코튼", 1, "120110", count=150), "early.csv")
    return folder


def evaluate(folder: Path, *args: str, series: str = "series.csv", prices: str = "prices.parquet") -> Result:
    given = ["--series", str(folder / series)] if series else []
    options = ["--prices", str(folder / prices), *given, "--home", str(folder / "home"), *args]
    return runner.invoke(app, ["trends", "evaluate", *options])


def answers(done: Result) -> dict[str, dict[str, Any]]:
    assert done.exit_code == 0, (done.stderr, done.exception)
    return {row["strategy"]: row for row in map(json.loads, done.stdout.splitlines())}


def refused(done: Result) -> HantradeError:
    assert isinstance(done.exception, HantradeError), (done.exception, done.stdout, done.stderr)
    assert "\n" not in str(done.exception)
    assert not done.stdout
    return done.exception


def test_given_prices_and_series_when_judged_with_json_then_each_line_is_a_strategy_with_the_keys_others_rely_on(
    folder: Path,
) -> None:
    done = evaluate(folder, "--json")
    found = answers(done)
    assert list(found) == ["attention_drift", "attention_reversion", "price_drift"]
    assert all(
        row.keys() >= KEYS | {"p_value_holm", "precision_low", "precision_high", "splits"} for row in found.values()
    )
    assert found["price_drift"]["symbols"] == 3
    assert found["attention_drift"]["symbols"] == 1
    assert found["attention_drift"]["control"]["strategy"] == "price_drift"
    assert "120110 코오롱인더: 시리즈 (700 days), 헨리코튼 (700 days)" in done.stderr
    for row in found.values():
        n, precision = row["signals"], row["precision"]
        assert precision is None if not n else (n * precision) == pytest.approx(round(n * precision), abs=1e-3)
        assert len(row["splits"]) == 4
    assert evaluate(folder, "--json").stdout == done.stdout


def test_given_people_when_judged_then_a_table_a_verdict_and_a_warning_are_shown(folder: Path) -> None:
    done = evaluate(folder)
    assert done.exit_code == 0
    for words in ("always in", "95 % interval", "control: what prices alone do", "No profit is promised", "by window"):
        assert words in done.stdout, words
    assert "not distinguishable from luck" in done.stdout


def test_given_no_series_when_judged_then_strategies_that_need_prices_only_are(folder: Path) -> None:
    assert list(answers(evaluate(folder, "--json", series=""))) == ["price_drift"]
    error = refused(evaluate(folder, "--strategies", "attention_drift", series=""))
    assert "attention_drift expected search series" in str(error)
    assert "bars of minutes are needed: attention_momentum" in evaluate(folder, series="").stderr


def test_given_keywords_without_an_owner_when_judged_then_names_options_and_the_watch_list_tell(folder: Path) -> None:
    options = ("--json", "--strategies", "attention_drift")
    named = evaluate(folder, *options, series="names.csv")
    assert "005930 삼성전자: 삼성전자 (700 days)" in named.stderr
    assert answers(named)["attention_drift"]["symbols"] == 1
    mapped = evaluate(folder, *options, "--map", "라움=코오롱인더", series="names.csv")
    assert "120110 코오롱인더: 라움 (700 days)" in mapped.stderr
    assert answers(mapped)["attention_drift"]["symbols"] == 2
    home = folder / "home"
    home.mkdir(exist_ok=True)
    watchlist = home / "watchlist.toml"
    watchlist.write_text('[[instrument]]\nsymbol = "0000D0"\nnames = ["라움"]\n', encoding="utf-8")
    watched = evaluate(folder, *options, series="strange.csv")
    watchlist.unlink()
    assert "0000D0" in watched.stderr
    assert answers(watched)["attention_drift"]["symbols"] == 1


def test_given_an_owner_other_than_the_files_when_mapped_then_the_option_counts_and_it_is_said(folder: Path) -> None:
    done = evaluate(folder, "--json", "--strategies", "attention_drift", "--map", "시리즈=005930")
    assert "시리즈 stands for 005930, not for 120110 as the file says" in done.stderr
    assert answers(done)["attention_drift"]["symbols"] == 2


def test_given_an_ambiguous_keyword_when_left_out_then_other_words_alone_are_judged(folder: Path) -> None:
    both, without, only = (
        answers(evaluate(folder, "--json", "--strategies", "attention_drift", *more))["attention_drift"]
        for more in ((), ("--without", "시리즈"), ("--keywords", "헨리코튼"))
    )
    assert without == only
    assert both["control"] == without["control"]
    assert both["splits"] != without["splits"]


def test_given_no_pair_when_judged_then_it_exits_1_and_names_both_sets(folder: Path) -> None:
    from cli.context import Exit, exit_code

    error = refused(evaluate(folder, "--json", series="strange.csv"))
    assert exit_code(error) is Exit.REFUSED
    assert str(error).startswith("no keyword of"), "a sentence, no code before it"
    assert str(error).endswith("without --series strategies that need prices only are judged")
    assert all(word in str(error) for word in ("라움 (owner unknown)", "005930 삼성전자", "120110", "0000D0", "--map"))


def test_given_keywords_whose_owner_has_no_prices_when_judged_then_one_line_names_them(folder: Path) -> None:
    strangers = [row for at in range(14) for row in searches(f"낯선말{at:02}", at, count=1)]
    a_file(folder, [*searches("헨리코튼", 1, "120110"), *searches("남", 2, "900110"), *strangers], "strangers.csv")
    told = evaluate(folder, "--json", "--strategies", "attention_drift", series="strangers.csv").stderr
    [line] = [line for line in told.splitlines() if "no symbol with prices" in line]
    assert line.startswith("15 keywords stand for no symbol with prices: 남 (900110), 낯선말00 (owner unknown), ")
    assert line.endswith("낯선말10 (owner unknown) and 3 more")
    assert "no symbol with prices" not in evaluate(folder, "--json", "--strategies", "attention_drift").stderr


def test_given_a_keyword_mapped_to_a_code_without_prices_when_judged_then_that_is_said_of_it(folder: Path) -> None:
    done = evaluate(folder, "--json", "--strategies", "attention_drift", "--map", "시리즈=900110")
    prices = folder / "prices.parquet"
    assert f"--map: 시리즈 stands for 900110 딥커머스, which has no prices in {prices}\n" in done.stderr
    assert "1 keyword stands for no symbol with prices: 시리즈 (900110)" in done.stderr
    assert answers(done)["attention_drift"]["symbols"] == 1


def test_given_any_strategy_when_judged_with_json_then_every_object_has_the_same_keys(folder: Path) -> None:
    found = answers(evaluate(folder, "--json"))
    assert len({tuple(row) for row in found.values()}) == 1
    assert found["price_drift"]["control"] is None


def test_given_the_page_of_signals_when_read_then_every_key_of_json_is_explained(folder: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "signals.md").read_text(encoding="utf-8")
    [part] = [part for part in page.split("\n\n") if part.startswith("`--json` prints one object a strategy")]
    row = answers(evaluate(folder, "--json", "--strategies", "attention_drift"))["attention_drift"]
    keys = {*row, *row["splits"][0], *row["calibration"][0], *row["control"]}
    bounds = ("_low", "_high", "_low_bps", "_high_bps")
    assert not [key for key in sorted(keys) if not re.search(rf"\b{key}\b", part) and not key.endswith(bounds)]


def test_given_wrong_strategies_when_judged_then_they_are_refused_before_a_file_is_read(folder: Path) -> None:
    for names in ("bogus", "exit_stop", "price_drift,bogus", "", " , "):
        error = refused(evaluate(folder, "--strategies", names, prices="none.parquet"))
        assert str(error).startswith("--strategies: expected ")
        expected, _, was = str(error).partition(", was ")
        assert "price_drift" in expected
        assert "exit_" not in expected
        assert was.startswith(names.rpartition(",")[2] if names.strip(" ,") else repr(names))


def test_given_one_of_each_when_told_then_it_is_not_plural(folder: Path, tmp_path: Path) -> None:
    path = a_file(tmp_path, rows({"120110": [100.0] * 1}, sessions(1)))
    done = evaluate(folder, prices=str(path))
    assert "1 symbol;" in done.stdout
    assert not re.search(r"\b1 (symbols|sessions|days|rows|keywords)\b", done.stdout + done.stderr)


def test_given_a_weekly_series_when_judged_then_weeks_are_used(folder: Path) -> None:
    done = evaluate(folder, "--json", "--strategies", "attention_drift", series="weekly.csv")
    assert "110 weeks" in done.stderr
    assert answers(done)["attention_drift"]["sessions"] > 200


def test_given_a_keyword_by_month_among_others_when_left_out_then_the_others_are_judged(folder: Path) -> None:
    series = [*searches("헨리코튼", 1, "120110"), *searches("월간", 2, "005930", count=20, step=31)]
    a_file(folder, series, "monthly.csv")
    assert "'월간' expected periods a day or a week apart" in str(refused(evaluate(folder, series="monthly.csv")))
    asked = ("--json", "--strategies", "attention_drift", "--without", "월간")
    alone = evaluate(folder, "--json", "--strategies", "attention_drift", "--keywords", "헨리코튼")
    assert answers(evaluate(folder, *asked, series="monthly.csv")) == answers(alone)


def test_given_a_series_that_ends_before_prices_begin_when_judged_then_that_is_said_with_nulls(folder: Path) -> None:
    row = answers(evaluate(folder, "--json", "--strategies", "attention_drift", series="early.csv"))["attention_drift"]
    assert row["signals"] == 0
    assert row["precision"] is row["p_value"] is row["mean_return_bps"] is None
    assert "too few" in row["verdict"]


def test_given_one_symbol_or_one_day_when_judged_then_there_is_an_answer(folder: Path, tmp_path: Path) -> None:
    for count in (1, 2, 30):
        path = a_file(tmp_path, rows({"120110": [100.0] * count}, sessions(count)))
        done = evaluate(folder, "--json", prices=str(path))
        assert all(row["signals"] == 0 and "too few" in row["error"] for row in answers(done).values())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--keywords", "빈폴"), ["--keywords", "빈폴", "시리즈, 헨리코튼"]),
        (("--without", "시리즈,헨리코튼"), ["at least one keyword", "none is left"]),
        (("--map", "헨리코튼"), ["--map", "KEYWORD=CODE", "'헨리코튼'"]),
        (("--map", "빈폴=120110"), ["--map", "빈폴"]),
        (("--map", "헨리코튼=없는회사"), ["없는회사"]),
        (("--strategies", "moon"), ["--strategies", "price_drift", "moon"]),
        (("--strategies", "attention_momentum"), ["--strategies", "daily bars", "attention_momentum"]),
        (("--strategies", "exit_stop"), ["--strategies", "price_drift", "exit_stop"]),
    ],
)
def test_given_a_wrong_option_when_judged_then_it_is_refused_with_what_is_allowed(
    folder: Path, args: tuple[str, ...], words: list[str]
) -> None:
    error = refused(evaluate(folder, *args))
    assert isinstance(error, ConfigError)
    assert all(word in str(error) for word in words), str(error)


def test_given_options_of_series_without_series_or_a_missing_file_when_judged_then_it_is_refused(folder: Path) -> None:
    assert "--series" in str(refused(evaluate(folder, "--without", "시리즈", series="")))
    assert "not found" in str(refused(evaluate(folder, series="none.csv")))
    assert "not found" in str(refused(evaluate(folder, prices="none.parquet")))
