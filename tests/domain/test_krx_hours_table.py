"""The table of exceptional hours: packaged file, form, and one table over another."""

from datetime import date
from pathlib import Path

import pytest

from domain import krx
from domain.errors import ConfigError
from domain.krx.hours_table import NO_TABLE, HoursTable, parse_hours
from domain.krx.sessions import (
    CSAT_DAYS,
    CSAT_HOURS,
    CSAT_UNCONFIRMED,
    FIRST_DAY_HOURS,
    REGULAR_HOURS,
    regular_hours,
)

PACKAGED = Path(krx.__file__).parent / "hours.toml"


def packaged() -> HoursTable:
    return parse_hours(PACKAGED.read_text(encoding="utf-8"), "hours.toml", rules=True)


def test_given_the_packaged_table_when_read_then_it_says_what_pure_code_says() -> None:
    table = packaged()
    assert {day for day, entry in table.days.items() if entry.hours == CSAT_HOURS} == CSAT_DAYS
    assert {day for day, entry in table.days.items() if not entry.confirmed} == CSAT_UNCONFIRMED
    assert table.first_session is not None
    assert table.first_session.hours == FIRST_DAY_HOURS
    for day, entry in table.days.items():
        assert regular_hours(day) == entry.hours, day


def test_given_the_packaged_table_when_read_then_every_line_names_its_source() -> None:
    assert all(entry.source for entry in packaged().days.values())


def test_given_a_table_when_read_then_closings_and_hours_become_overrides() -> None:
    table = parse_hours(
        """
        [[day]]
        date = 2027-03-03
        closed = true
        note = "by-election"
        source = "KRX notice"
        [[day]]
        date = "2027-03-04"
        open = "10:00"
        [[day]]
        date = 2027-03-05
        close = "12:00"
        confirmed = false
        """,
        "krx.toml",
    )
    assert table.overrides == {
        "2027-03-03": ("", ""),
        "2027-03-04": ("10:00", REGULAR_HOURS[1]),
        "2027-03-05": (REGULAR_HOURS[0], "12:00"),
    }
    first = table.days[date(2027, 3, 3)]
    assert (first.note, first.source, first.confirmed, first.origin) == ("by-election", "KRX notice", True, "krx.toml")
    assert not table.days[date(2027, 3, 5)].confirmed


def test_given_two_tables_when_laid_over_then_the_upper_wins_and_the_rule_stays() -> None:
    lower = packaged()
    upper = parse_hours('[[day]]\ndate = 2027-11-18\nopen = "09:00"', "krx.toml")
    both = upper.over(lower)
    assert both.overrides["2027-11-18"] == ("09:00", "15:30")
    assert both.overrides["2026-11-19"] == ("10:00", "16:30")
    assert both.first_session == lower.first_session
    assert NO_TABLE.over(lower).overrides == lower.overrides


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[[day]", ["not valid TOML"]),
        ("day = 3", ["day", "[[day]]", "3"]),
        ("[[day]]\nclosed = true", ["day 1", "date", "YYYY-MM-DD", "nothing"]),
        ('[[day]]\ndate = "2027-1-4"\nclosed = true', ["date", "2027-1-4", "YYYY-MM-DD"]),
        ("[[day]]\ndate = 2027-01-04T09:00:00\nclosed = true", ["date", "YYYY-MM-DD"]),
        ("[[day]]\ndate = 2027-01-04", ["2027-01-04", "closed", "open", "HH:MM"]),
        ('[[day]]\ndate = 2027-01-04\nopen = "25:00"', ["2027-01-04", "HH:MM", "25:00"]),
        ("[[day]]\ndate = 2027-01-04\nopen = 09:00:00", ["2027-01-04", "open", "quotes", "09:00"]),
        ('[[day]]\ndate = 2027-01-04\nopen = "16:00"', ["2027-01-04", "before the closing auction"]),
        ('[[day]]\ndate = 2027-01-04\nclosed = true\nopen = "10:00"', ["2027-01-04", "closed", "open"]),
        ('[[day]]\ndate = 2027-01-04\nclosed = "yes"', ["2027-01-04", "closed", "true or false", "yes"]),
        ("[[day]]\ndate = 2027-01-04\nshut = true", ["day 1", "unknown key shut", "closed"]),
        ("[[days]]\ndate = 2027-01-04", ["unknown key days", "day"]),
        ("[[day]]\ndate=2027-01-04\nclosed=true\n[[day]]\ndate=2027-01-04\nclosed=true", ["day 2", "twice"]),
        ('[first_session_of_year]\nopen = "11:00"', ["unknown key first_session_of_year"]),
    ],
)
def test_given_a_bad_table_when_read_then_one_line_names_file_field_and_value(text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_hours(text, "/home/me/krx.toml")
    said = str(caught.value)
    assert said.startswith("/home/me/krx.toml: ")
    assert "\n" not in said
    for part in parts:
        assert part in said


@pytest.mark.parametrize("rule", ["[first_session_of_year]\nlate = true", "first_session_of_year = 1"])
def test_given_a_bad_rule_when_read_then_it_is_named(rule: str) -> None:
    with pytest.raises(ConfigError, match="first_session_of_year"):
        parse_hours(rule, "hours.toml", rules=True)
