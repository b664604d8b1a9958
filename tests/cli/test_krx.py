"""The `krx` commands: answers, JSON keys, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.krx import app

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HANTRADE_HOME", str(tmp_path))
    return tmp_path


def answer(*args: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*args, "--json"])
    assert result.exit_code == 0, result.output
    parsed: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return parsed


def test_given_a_price_when_asked_for_its_tick_then_the_keys_are_the_contract() -> None:
    assert answer("tick", "71300") == {
        "price": 71_300, "tick": 100, "valid": True, "half_tick": False, "below": 71_200, "above": 71_400,
    }  # fmt: skip
    off = answer("tick", "71350", "--market", "kosdaq")
    assert (off["valid"], off["half_tick"], off["below"], off["above"]) == (False, True, 71_300, 71_400)
    assert answer("tick", "71310")["half_tick"] is False
    assert answer("tick", "150000", "--date", "2023-01-24", "--market", "KOSPI")["tick"] == 500
    assert answer("tick", "150000", "--date", "2023-01-24", "--market", "kosdaq")["tick"] == 100
    assert answer("tick", "31705", "--market", "etf")["valid"] is True


def test_given_a_base_when_asked_for_limits_then_they_are_exact() -> None:
    assert answer("limits", "239000") == {
        "base": 239_000, "lower": 167_500, "upper": 310_500, "regime": "normal", "leverage": 1,
    }  # fmt: skip
    assert answer("limits", "10000", "--market", "konex")["lower"] == 8_500


def test_given_another_regime_when_asked_for_limits_then_it_is_the_one_of_the_day() -> None:
    listing = answer("limits", "10000", "--market", "kosdaq", "--regime", "listing")
    assert (listing["lower"], listing["upper"], listing["regime"]) == (6_000, 40_000, "listing")
    gone = answer("limits", "2110", "--regime", "liquidation")
    assert (gone["lower"], gone["upper"]) == (1, None)
    fund = answer("limits", "10015", "--market", "etf", "--leverage", "2")
    assert (fund["lower"], fund["upper"], fund["leverage"]) == (4_015, 16_015, 2)


def test_given_a_day_when_asked_for_its_session_then_hours_and_phases_are_there() -> None:
    found = answer("session", "2026-11-19")
    assert set(found) == {"date", "is_session", "open", "close", "phases", "late", "exception"}
    assert found["late"] is True
    assert found["exception"]["from"] == "hours.toml"
    assert found["exception"]["confirmed"] is False
    assert (found["date"], found["is_session"], found["open"], found["close"]) == (
        "2026-11-19", True, "10:00", "16:30",
    )  # fmt: skip
    assert {tuple(phase) for phase in found["phases"]} == {("name", "start", "end", "venue", "latest_end", "confirmed")}
    usual = {(p["venue"], p["name"]): p for p in answer("session", "2026-11-20")["phases"]}
    after, main = usual["KRX", "after_market"], usual["NXT", "main_market"]
    assert (after["start"], after["end"], after["latest_end"], after["confirmed"]) == ("16:00", "20:00", "20:00", True)
    assert (main["start"], main["end"]) == ("09:00:30", "15:20")
    assert usual["KRX", "closing_auction"]["latest_end"] == "15:30:30"
    assert answer("session", "2026-11-20")["exception"] is None


def test_given_a_table_in_the_home_when_asked_again_then_the_day_is_the_tables(_home: Path) -> None:
    assert answer("session", "2027-03-03")["is_session"] is True
    table = _home / "krx.toml"
    table.write_text('[[day]]\ndate = 2027-03-03\nclosed = true\nnote = "by-election"\nsource = "KRX notice"\n')
    found = answer("session", "2027-03-03")
    assert found["is_session"] is False
    assert found["exception"] == {
        "from": str(table), "note": "by-election", "source": "KRX notice", "confirmed": True,
    }  # fmt: skip
    table.write_text('[[day]]\ndate = 2027-03-03\nopen = "11:00"\n')
    assert answer("session", "2027-03-03")["open"] == "11:00"
    (_home / "hantrade.toml").write_text('[sessions]\n"2027-03-03" = ["10:00", "15:00"]\n')
    found = answer("session", "2027-03-03")
    assert (found["open"], found["close"]) == ("10:00", "15:00")
    assert "hantrade.toml" in found["exception"]["from"]
    paid = answer("cost", "--side", "sell", "--price", "1", "--quantity", "1", "--date", "2027-03-02")
    assert paid["settlement_date"] == "2027-03-04"
    table.write_text("[[day]]\ndate = 2027-03-03\nclosed = true\n[[day]]\ndate = 2027-03-04\nclosed = true\n")
    (_home / "hantrade.toml").unlink()
    paid = answer("cost", "--side", "sell", "--price", "1", "--quantity", "1", "--date", "2027-03-02")
    assert paid["settlement_date"] == "2027-03-08"


def test_given_hours_confirmed_in_the_homes_table_when_asked_then_the_phases_count_as_confirmed(_home: Path) -> None:
    def confirmed() -> set[str]:
        return {phase["name"] for phase in answer("session", "2026-11-19")["phases"] if phase["confirmed"]}

    assert confirmed() == set()
    line = '[[day]]\ndate = 2026-11-19\nopen = "10:00"\nclose = "16:30"\n'
    (_home / "krx.toml").write_text(line)
    assert {"continuous", "main_market"} <= confirmed()
    assert "pre_open_off_hours" not in confirmed()
    (_home / "krx.toml").write_text(line + "confirmed = false\n")
    assert confirmed() == set()


def test_given_a_bad_table_when_asked_then_one_line_names_file_field_and_value(_home: Path) -> None:
    (_home / "krx.toml").write_text('[[day]]\ndate = 2027-03-03\nopen = "9 o\'clock"\n')
    result = RUNNER.invoke(app, ["session", "2027-03-03"])
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    for part in ("krx.toml", "2027-03-03", "HH:MM", "9 o'clock"):
        assert part in line


def test_given_a_moment_when_asked_for_kinds_then_the_phase_lists_them() -> None:
    found = answer("kinds", "--date", "2026-11-20", "--at", "16:30", "--venue", "krx")
    assert {key: found[key] for key in ("date", "at", "venue", "market")} == {
        "date": "2026-11-20", "at": "16:30", "venue": "KRX", "market": "KOSPI",
    }  # fmt: skip
    [phase] = found["phases"]
    assert (phase["phase"], phase["name"], phase["start"], phase["end"]) == (
        "AFTER_MARKET", "after_market", "16:00", "20:00",
    )  # fmt: skip
    codes = {(one["kind"], one["time_in_force"]): one["trde_tp"] for one in phase["kinds"]}
    assert codes["LIMIT", "IOC"] == "10"
    assert "MARKET" not in {kind for kind, _ in codes}
    [fund] = answer("kinds", "--date", "2026-11-20", "--at", "16:30", "--venue", "krx", "--market", "etf")["phases"]
    assert fund["kinds"] == []
    assert answer("kinds", "--date", "2026-11-20", "--at", "07:00")["phases"] == []
    assert [one["phase"] for one in answer("kinds", "--date", "2026-11-20", "--at", "08:35")["phases"]] == [
        "NXT_PRE", "PRE_OPEN_OFF_HOURS", "OPENING_AUCTION",
    ]  # fmt: skip
    assert len(answer("kinds", "--date", "2026-11-20")["phases"]) == 11


def test_given_kinds_for_people_when_shown_then_they_are_named_as_orders_submit_takes_them() -> None:
    lines = RUNNER.invoke(app, ["kinds", "--date", "2026-11-20", "--venue", "krx"]).stdout
    assert "KRX  after_market\n    limit (0), limit ioc (10)" in lines
    assert "post-close (81)" in lines
    assert "kind and time in force as `orders submit` takes them" in lines
    unnamed = RUNNER.invoke(app, ["kinds", "--date", "2026-11-20", "--at", "07:00"]).stdout
    assert "as `orders submit`" not in unnamed, "nothing to explain"


def test_given_a_closed_day_when_asked_then_hours_are_null() -> None:
    expected = {"date": "2026-06-03", "is_session": False, "open": None, "close": None, "phases": []}
    found = answer("session", "2026-06-03")
    assert {key: found[key] for key in expected} == expected


def test_given_a_fill_when_asked_for_costs_then_the_settlement_year_counts() -> None:
    args = ("cost", "--price", "50000", "--quantity", "10", "--date")
    assert answer(*args, "2025-12-29", "--side", "sell") == {
        "notional_krw": 500_000, "commission_krw": 75, "tax_krw": 1_000, "settlement_date": "2026-01-02",
        "commission_ppm": 150, "rounding": "won",
    }  # fmt: skip
    assert answer(*args, "2025-12-26", "--side", "sell")["tax_krw"] == 750
    assert answer(*args, "2026-01-13", "--side", "BUY")["tax_krw"] == 0
    assert answer(*args, "2026-01-13", "--side", "sell", "--market", "etf")["tax_krw"] == 0
    assert answer(*args, "2026-01-13", "--side", "buy", "--commission-ppm", "3500")["commission_krw"] == 1_750
    assert answer(*args, "2026-01-13", "--side", "buy", "--rate", "mock")["commission_krw"] == 1_750
    assert answer(*args, "2026-01-13", "--side", "buy", "--rounding", "ten-won")["commission_krw"] == 70


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["tick", "-5"], ["price", "'-5'", "1"]),
        (["tick", "0"], ["price", "'0'"]),
        (["tick", "71,300"], ["price", "71,300"]),
        (["tick", "12.5"], ["price", "12.5"]),
        (["tick", "9" * 5_000], ["price", "whole number"]),
        (["tick", "100", "--market", "nyse"], ["market", "nyse", "kospi", "etn"]),
        (["tick", "100", "--date", "2026-13-01"], ["date", "2026-13-01", "YYYY-MM-DD"]),
        (["limits", "abc"], ["base", "abc"]),
        (["limits", "100", "--regime", "ipo"], ["regime", "ipo", "normal, listing, liquidation"]),
        (["limits", "100", "--leverage", "2"], ["leverage", "kospi", "2"]),
        (["limits", "100", "--market", "etf", "--leverage", "9"], ["leverage", "1 to 3", "9"]),
        (["limits", "100", "--market", "konex", "--regime", "listing"], ["market", "konex", "listing"]),
        (["kinds", "--at", "24:00"], ["at", "HH:MM", "24:00"]),
        (["kinds", "--venue", "nyse"], ["venue", "krx, nxt, sor", "nyse"]),
        (["cost", "--side", "buy", "--price", "1", "--quantity", "1", "--rate", "x"], ["rate", "default, mock", "'x'"]),
        (
            ["cost", "--side", "buy", "--price", "1", "--quantity", "1", "--rounding", "x"],
            ["rounding", "ten-won", "'x'"],
        ),
        (["session", "20260113"], ["date", "20260113", "YYYY-MM-DD"]),
        (["session", "1999-01-04"], ["date", "2016-08-01"]),
        (["cost", "--side", "hold", "--price", "1", "--quantity", "1"], ["side", "hold", "buy or sell"]),
        (["cost", "--side", "buy", "--price", "1", "--quantity", "-1"], ["quantity", "'-1'"]),
        (["cost", "--side", "buy", "--price", "1", "--quantity", "1", "--commission-ppm", "x"], ["commission-ppm"]),
        (
            ["cost", "--side", "buy", "--price", "1", "--quantity", "1", "--date", "2026-01-01"],
            ["date", "2026-01-01", "2026-01-02", "closed"],
        ),
    ],
)
def test_given_bad_input_when_asked_then_one_line_names_it_and_the_exit_is_2(args: list[str], parts: list[str]) -> None:
    result = RUNNER.invoke(app, args)
    assert result.exit_code == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    for part in parts:
        assert part in line


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (["tick", "257750", "--date", "2026-01-13"], ["tick 500 won", "257,500 and 258,000", "half a tick"]),
        (["limits", "239000"], ["167,500 to 310,500"]),
        (["session", "2026-07-17"], ["closed", "2026-07-16", "2026-07-20"]),
        (["session", "2026-11-19"], ["10:00-16:30", "late", "not confirmed"]),
        (["cost", "--side", "sell", "--price", "50000", "--quantity", "10"], ["commission 75 won", "tax"]),
        (["session"], ["20"]),
    ],
)
def test_given_a_person_when_asked_then_text_is_printed(args: list[str], parts: list[str]) -> None:
    result = RUNNER.invoke(app, args)
    assert result.exit_code == 0
    for part in parts:
        assert part in result.stdout


@pytest.mark.parametrize("command", ["tick", "limits", "session", "cost", "kinds", "check"])
def test_given_any_command_when_asked_for_help_then_an_example_is_shown(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: hantrade krx {command}" in result.stdout
