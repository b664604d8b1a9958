"""`hantrade quality`: what is told of a data file, and the exit code."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.broker_sim.builders import SYMBOL, a_bar, a_day, a_file


def asked(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["quality", *arguments], standalone_mode=False)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return int(done.return_value or 0), done.stdout


def told(path: Path, tmp_path: Path, *options: str) -> tuple[int, dict[str, dict[str, Any]], dict[str, Any]]:
    code, text = asked(str(path), "--json", "--home", str(tmp_path / "home"), *options)
    *rules, summary = [json.loads(line) for line in text.splitlines()]
    return code, {one["rule"]: one for one in rules}, summary


def test_given_clean_bars_when_checked_then_the_code_is_0_and_the_prints_sum_to_the_bars(tmp_path: Path) -> None:
    path = a_file(tmp_path, [bar | {"prev_close": 10_000} for bar in a_day()])

    code, rules, summary = told(path, tmp_path)

    assert (code, summary["ok"], summary["failed"], summary["refused"]) == (0, True, 0, 0)
    assert (summary["days"], summary["symbols"], summary["symbol_days"], summary["kinds"]) == (1, 1, 1, ["bars"])
    assert summary["printed_volume"] == summary["recorded_volume"] == 800 * len(a_day())
    assert "ends_early" not in rules


def test_given_defects_when_checked_then_each_rule_tells_its_count_and_where(tmp_path: Path) -> None:
    flat: dict[str, Any] = {"open": 10_003, "high": 10_003, "low": 10_003, "close": 10_003}
    odd: dict[str, Any] = {"open": 40_000, "high": 40_000, "low": 40_000, "close": 40_000}
    bars = [bar | {"amount": 1_000 * n} for n, bar in enumerate(a_day())]
    bars = [bar for bar in bars if bar["time"] < "11:00:00"]
    bars[3] |= flat
    bars[5] |= {"open": 10_005}
    bars[7] |= {"amount": 1}
    bars[8] |= {"volume": 0}
    bars[9] |= odd
    bars.append(a_bar(time="11:30:00", amount=99_000))
    bars.append(a_bar(time="11:31:00", volume=-1, amount=99_000))

    code, rules, summary = told(a_file(tmp_path, bars), tmp_path)

    assert (code, summary["ok"], summary["failed"]) == (1, False, 0)
    counts = {name: (one["verdict"], one["count"]) for name, one in rules.items()}
    assert counts == {
        "volume < 0": ("refused", 1),
        "warning": ("flagged", 1),
        "amount_decreasing": ("flagged", 1),
        "off_grid": ("flagged", 1),
        "half_tick": ("flagged", 1),
        "no_volume": ("flagged", 1),
        "jump": ("flagged", 2),
        "hole": ("flagged", 12),
        "scale_mix": ("flagged", 1),
        "ends_early": ("flagged", 1),
    }
    assert summary["verdicts"] == {"price_jump": 2, "bad_value": 1, "off_tick": 1}
    assert summary["judged"] == summary["rows"] + 1
    assert summary["verdicts_per_10000"]["off_tick"] == round(10_000 / summary["judged"], 3)
    assert summary["worst_symbols"] == {"price_jump": {SYMBOL: 2}, "bad_value": {}, "off_tick": {SYMBOL: 1}}
    assert rules["off_grid"]["examples"] == [f"{SYMBOL} 2026-01-13 09:30:00: 10003, 10003, 10003, 10003"]
    assert rules["amount_decreasing"]["examples"] == [f"{SYMBOL} 2026-01-13 10:10:00: 1 after 6000"]


def test_given_a_day_and_symbols_when_checked_then_only_these_are(tmp_path: Path) -> None:
    other = [bar | {"date": "2026-01-12"} for bar in a_day("000660")]
    path = a_file(tmp_path, [*a_day(), *a_day("000660"), *other])

    assert told(path, tmp_path)[2]["symbol_days"] == 3
    assert told(path, tmp_path, "--day", "2026-01-13")[2]["symbol_days"] == 2
    assert told(path, tmp_path, "--symbols", SYMBOL)[2]["symbol_days"] == 1
    assert told(path, tmp_path, "--symbols", "000660", "--day", "2026-01-12")[2]["days"] == 1


def test_given_a_closed_day_among_others_when_checked_then_it_is_told_and_the_others_are_checked(
    tmp_path: Path,
) -> None:
    path = a_file(tmp_path, [*a_day(), *(bar | {"date": "2026-01-11"} for bar in a_day())])

    code, rules, summary = told(path, tmp_path)

    assert (code, summary["days"]) == (1, 1)
    assert "the exchange is closed" in rules["unusable_day"]["examples"][0]
    assert summary["verdicts"] == {"outside_session": len(a_day())}


def test_given_a_day_of_placeholders_alone_when_checked_then_each_row_counts_as_a_bad_value(tmp_path: Path) -> None:
    zero: dict[str, Any] = {"open": 0, "high": 0, "low": 0, "close": 0, "volume": 0}

    code, rules, summary = told(a_file(tmp_path, [bar | zero for bar in a_day()]), tmp_path)

    assert (code, rules["unusable_day"]["count"]) == (1, 1)
    assert (summary["verdicts"], summary["judged"]) == ({"bad_value": len(a_day())}, len(a_day()))


def test_given_bars_of_two_scales_when_checked_then_the_mix_is_told_though_rows_of_it_are_refused(
    tmp_path: Path,
) -> None:
    odd: dict[str, Any] = {"open": 40_000, "high": 40_000, "low": 40_000, "close": 40_000, "volume": 0}

    _, rules, _ = told(a_file(tmp_path, [*a_day(), a_bar(time="09:11:00") | odd]), tmp_path)

    assert rules["no volume, and more than 30 % from the bar before"]["count"] == 1
    assert rules["scale_mix"]["examples"] == [f"{SYMBOL} 2026-01-13: 1 leaps up, 1 down, 0 inside a bar; 9990 to 40000"]
    assert "jump" not in rules


def test_given_ticks_when_checked_then_they_are_judged_like_live_rows(tmp_path: Path) -> None:
    tick = {"code": SYMBOL, "date": "2026-01-13", "time": "10:00:00", "price": 10_000, "volume": 5}
    ticks = [tick, tick | {"time": "10:00:01", "price": 10_003}, tick | {"time": "10:00:02", "price": 14_000}]

    code, rules, summary = told(a_file(tmp_path, ticks), tmp_path)

    assert (code, summary["kinds"], summary["rows"]) == (0, ["ticks"], 3)
    assert (rules["off_tick"]["count"], rules["price_jump"]["count"]) == (1, 1)
    assert summary["verdicts"] == {"off_tick": 1, "price_jump": 1}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--day", "tomorrow"], "--day"),
        (["--day", "2026-01-12"], "2026-01-13"),
        (["--symbols", ","], "--symbols"),
        (["--symbols", "000660"], "000660"),
    ],
)
def test_given_a_wrong_choice_when_checked_then_it_is_named(tmp_path: Path, options: list[str], named: str) -> None:
    from domain.errors import ConfigError

    with pytest.raises(ConfigError, match=named):
        told(a_file(tmp_path, a_day()), tmp_path, *options)


def test_given_people_when_checked_then_a_table_and_the_prints_are_shown(tmp_path: Path) -> None:
    _, text = asked(str(a_file(tmp_path, a_day())), "--home", str(tmp_path / "home"))

    assert "base price and limits of 1" in text
    assert "0 contradictions" in text


def test_given_help_when_asked_then_an_example_is_shown() -> None:
    assert "Example: hantrade quality" in " ".join(asked("--help")[1].split())


def test_given_a_calendar_at_home_when_checked_then_its_hours_judge_the_bars(tmp_path: Path) -> None:
    path = a_file(tmp_path, [bar | {"prev_close": 10_000} for bar in a_day()])
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "krx.toml").write_text('[[day]]\ndate = 2026-01-13\nclose = "16:30"\n')

    _, rules, _ = told(path, tmp_path)

    assert "ends_early" in rules
