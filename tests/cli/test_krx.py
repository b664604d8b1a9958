"""The `krx` commands: answers, JSON keys, refusals."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.krx import app

RUNNER = CliRunner()


def answer(*args: str) -> dict[str, Any]:
    result = RUNNER.invoke(app, [*args, "--json"])
    assert result.exit_code == 0, result.output
    parsed: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return parsed


def test_given_a_price_when_asked_for_its_tick_then_the_keys_are_the_contract() -> None:
    assert answer("tick", "71300") == {"price": 71_300, "tick": 100, "valid": True}
    assert answer("tick", "71350", "--market", "kosdaq") == {"price": 71_350, "tick": 100, "valid": False}
    assert answer("tick", "150000", "--date", "2023-01-24", "--market", "KOSPI")["tick"] == 500
    assert answer("tick", "150000", "--date", "2023-01-24", "--market", "kosdaq")["tick"] == 100
    assert answer("tick", "31705", "--market", "etf") == {"price": 31_705, "tick": 5, "valid": True}


def test_given_a_base_when_asked_for_limits_then_they_are_exact() -> None:
    assert answer("limits", "239000") == {"base": 239_000, "lower": 167_500, "upper": 310_500}
    assert answer("limits", "10000", "--market", "konex") == {"base": 10_000, "lower": 8_500, "upper": 11_500}


def test_given_a_day_when_asked_for_its_session_then_hours_and_phases_are_there() -> None:
    found = answer("session", "2026-11-19")
    assert set(found) == {"date", "is_session", "open", "close", "phases"}
    assert (found["date"], found["is_session"], found["open"], found["close"]) == (
        "2026-11-19", True, "10:00", "16:30",
    )  # fmt: skip
    assert {tuple(phase) for phase in found["phases"]} == {("name", "start", "end", "venue")}
    usual = answer("session", "2026-11-20")["phases"]
    assert {"name": "after_market", "start": "16:00", "end": "20:00", "venue": "KRX"} in usual
    assert {"name": "main_market", "start": "09:00:30", "end": "15:20", "venue": "NXT"} in usual


def test_given_a_closed_day_when_asked_then_hours_are_null() -> None:
    expected = {"date": "2026-06-03", "is_session": False, "open": None, "close": None, "phases": []}
    assert answer("session", "2026-06-03") == expected


def test_given_a_fill_when_asked_for_costs_then_the_settlement_year_counts() -> None:
    args = ("cost", "--price", "50000", "--quantity", "10", "--date")
    assert answer(*args, "2025-12-29", "--side", "sell") == {
        "notional_krw": 500_000, "commission_krw": 75, "tax_krw": 1_000, "settlement_date": "2026-01-02",
    }  # fmt: skip
    assert answer(*args, "2025-12-26", "--side", "sell")["tax_krw"] == 750
    assert answer(*args, "2026-01-13", "--side", "BUY")["tax_krw"] == 0
    assert answer(*args, "2026-01-13", "--side", "sell", "--market", "etf")["tax_krw"] == 0
    assert answer(*args, "2026-01-13", "--side", "buy", "--commission-ppm", "3500")["commission_krw"] == 1_750


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


@pytest.mark.parametrize("command", ["tick", "limits", "session", "cost"])
def test_given_any_command_when_asked_for_help_then_an_example_is_shown(command: str) -> None:
    result = RUNNER.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: hantrade krx {command}" in result.stdout
