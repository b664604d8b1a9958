"""Trading days."""

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.krx import calendar
from domain.krx.calendar import closings, is_first_session_of_year, is_session, next_session, previous_session
from domain.krx.calendar import settlement_date as settled

DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))
CLOSED_2026 = [
    "01-01", "02-16", "02-17", "02-18", "03-02", "05-01", "05-05", "05-25", "06-03",
    "07-17", "08-17", "09-24", "09-25", "10-05", "10-09", "12-25", "12-31",
]  # fmt: skip
CLOSED_2027 = [
    "01-01", "02-08", "02-09", "03-01", "05-03", "05-05", "05-13", "07-19", "08-16",
    "09-14", "09-15", "09-16", "10-04", "10-11", "12-27", "12-31",
]  # fmt: skip


@pytest.mark.parametrize(("year", "closed", "count"), [(2026, CLOSED_2026, 244), (2027, CLOSED_2027, 245)])
def test_given_a_year_when_counted_then_closings_and_sessions_are_the_exchanges(
    year: int, closed: list[str], count: int
) -> None:
    assert sorted(day.strftime("%m-%d") for day in closings(year)) == closed
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(is_session(day) for day in days) == count


def test_given_a_weekend_then_it_is_no_session() -> None:
    assert not is_session(date(2026, 1, 10))
    assert not is_session(date(2026, 1, 11))


def test_given_new_year_when_stepped_then_it_is_skipped() -> None:
    assert next_session(date(2025, 12, 30)) == date(2026, 1, 2)
    assert previous_session(date(2026, 1, 2)) == date(2025, 12, 30)
    assert is_first_session_of_year(date(2026, 1, 2))
    assert not is_first_session_of_year(date(2026, 1, 1))
    assert not is_first_session_of_year(date(2026, 1, 5))


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (date(2026, 1, 13), date(2026, 1, 15)), (date(2026, 1, 15), date(2026, 1, 19)),
        (date(2025, 12, 26), date(2025, 12, 30)), (date(2025, 12, 29), date(2026, 1, 2)),
        (date(2025, 12, 30), date(2026, 1, 5)), (date(2024, 12, 27), date(2025, 1, 2)),
        (date(2026, 2, 13), date(2026, 2, 20)),
    ],
)  # fmt: skip
def test_given_a_trade_when_settled_then_two_sessions_pass(traded: date, settles: date) -> None:
    assert settled(traded) == settles


def test_given_overrides_when_asked_then_they_win() -> None:
    ad_hoc = {"2026-01-14": ("", ""), "2026-01-17": ("10:00", "12:00")}
    assert not is_session(date(2026, 1, 14), ad_hoc)
    assert is_session(date(2026, 1, 17), ad_hoc)
    assert next_session(date(2026, 1, 13), ad_hoc) == date(2026, 1, 15)
    assert settled(date(2026, 1, 13), ad_hoc) == date(2026, 1, 16)
    assert settled(date(2026, 1, 15), ad_hoc) == date(2026, 1, 17)


def test_given_a_correction_in_the_table_when_asked_then_it_beats_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {date(2026, 1, 14): False, date(2026, 6, 3): True}
    monkeypatch.setattr(calendar, "CORRECTIONS", table)
    fresh = closings.__wrapped__(2026)
    assert date(2026, 1, 14) in fresh
    assert date(2026, 6, 3) not in fresh


@given(DAYS)
def test_for_any_day_next_and_previous_are_inverse_on_sessions(day: date) -> None:
    after, before = next_session(day), previous_session(day)
    assert before < day < after
    assert is_session(after)
    assert is_session(before)
    if is_session(day):
        assert previous_session(after) == day == next_session(before)


def test_given_an_import_then_no_holiday_is_computed() -> None:
    code = "import sys, domain.krx.sessions, domain.krx.costs, domain.krx.limits; sys.exit('holidays' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
