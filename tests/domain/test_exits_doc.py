"""docs/exits.md says nothing that no test holds."""

import re
from pathlib import Path

from cli.risk_settings import StopsSection
from domain.risk import stops, stuck_exits

TESTS = Path(__file__).parents[1]
TEXT = (TESTS.parent / "docs" / "exits.md").read_text(encoding="utf-8")


def test_given_a_statement_when_documented_then_the_tests_that_hold_it_exist() -> None:
    files = [
        *TESTS.glob("domain/test_risk_*.py"),
        *TESTS.glob("actors/test_risk_*.py"),
        *TESTS.glob("attack/test_*.py"),
        TESTS / "actors" / "test_stop.py",
    ]
    there = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)}
    statements = re.findall(r"^- (.*(?:\n  .*)*)", TEXT, re.M)
    assert len(statements) > 30
    for statement in statements:
        held_by = re.findall(r"\btest_\w+", statement)
        assert held_by, statement
        assert set(held_by) <= there, set(held_by) - there


def test_given_stops_and_reasons_when_documented_then_they_are_those_of_the_code() -> None:
    told = re.findall(r"^\| `(\w+)` \|", TEXT, re.M)
    rules = [stops.STOP_LOSS, stops.TRAILING, stops.TAKE_PROFIT, stops.TIME]
    reasons = [stuck_exits.LIMIT_LOCK, stuck_exits.NOT_FILLED, stuck_exits.ATTEMPTS, stuck_exits.HALTED]
    assert told == [*rules, *reasons]


def test_given_defaults_when_documented_then_they_are_those_of_the_settings() -> None:
    for name, default in re.findall(r"`(\w+_pct|hold_s|escalate_s)` \((\w+)\)", TEXT):
        assert float(StopsSection.model_fields[name].default) == float(0 if default == "off" else default), name
