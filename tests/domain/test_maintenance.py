"""Known maintenance: which moments lie in a window, and what a window may look like."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.maintenance import DAYS, MARGIN_NS, parse, under_way
from domain.time import NANOS_PER_DAY, NANOS_PER_MINUTE, from_kst, kst_date

MONDAY = date(2026, 1, 12)
SUNDAY = date(2026, 1, 11)


def moment(day: date, text: str) -> int:
    hours, minutes, *rest = (int(part) for part in text.split(":"))
    return from_kst(day, hours, minutes, *rest)


@pytest.mark.parametrize(
    ("day", "at", "kind", "end"),
    [
        (MONDAY, "06:48:59", "REAL", ""),
        (MONDAY, "06:49:00", "REAL", "06:55"),
        (MONDAY, "06:55:59", "REAL", "06:55"),
        (MONDAY, "06:56:00", "REAL", ""),
        (MONDAY, "05:07:00", "MOCK", "05:10"),
        (MONDAY, "04:10:00", "REAL", ""),
        (SUNDAY, "04:10:00", "REAL", "04:30"),
        (SUNDAY, "05:03:00", "REAL", "05:15"),
        (SUNDAY, "06:52:00", "REAL", ""),
        (MONDAY, "06:52:00", "SIMULATED", ""),
        (MONDAY, "06:52:00", "", ""),
    ],
)
def test_given_both_schedules_of_kiwoom_when_asked_then_they_hold_for_its_servers(
    day: date, at: str, kind: str, end: str
) -> None:
    found = under_way(parse(["kiwoom"]), moment(day, at), kind)
    assert (found.end if found else 0) == (moment(day, end) if end else 0)


def test_given_a_window_of_ones_own_when_asked_then_it_holds_for_every_server() -> None:
    found = under_way(parse(["Mon 22:00-23:00"]), moment(MONDAY, "22:30"), "SIMULATED")
    assert found is not None
    assert (found.text, found.end) == ("Mon 22:00-23:00", moment(MONDAY, "23:00"))


def test_given_windows_that_overlap_when_asked_then_the_one_that_ends_last_counts() -> None:
    found = under_way(parse(["daily 10:00-11:00", "mon 10:30-12:00"]), moment(MONDAY, "10:45"), "")
    assert found is not None and found.end == moment(MONDAY, "12:00")


def test_given_a_window_until_midnight_when_its_margin_runs_then_it_still_holds_on_the_next_day() -> None:
    windows = parse(["sun 23:00-24:00"])
    assert under_way(windows, moment(MONDAY, "00:00:30"), "") is not None
    assert under_way(windows, moment(MONDAY, "00:01:00"), "") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("06:50-06:55", "is not DAYS FROM-UNTIL"),
        ("mon 06:50", "is not DAYS FROM-UNTIL"),
        ("mo 06:50-06:55", "names the days 'mo'"),
        ("mon- 06:50-06:55", "names the days 'mon-'"),
        ("mon 6:50-06:55", "names the time '6:50'"),
        ("mon 06:50-24:01", "names the time '24:01'"),
        ("mon 06:60-07:55", "names the time '06:60'"),
        ("mon 23:00-01:00", "ends before it begins"),
        ("mon 06:50-06:50", "ends before it begins"),
    ],
)
def test_given_a_window_that_cannot_be_read_when_parsed_then_text_and_fault_are_named(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(["kiwoom", text])
    assert repr(text) in str(refused.value) and why in str(refused.value)
    assert "mon-sat 06:50-06:55" in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 1438), st.integers(1, 300), st.integers(0, 14 * 1440 * 60))
def test_for_any_window_a_moment_is_in_it_exactly_on_its_days_between_its_margins(
    first: int, last: int, start: int, length: int, second: int
) -> None:
    end = min(start + length, 1440)
    text = f"{DAYS[first]}-{DAYS[last]} {start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
    now = from_kst(SUNDAY, 0, 0) + second * 1_000_000_000
    days = {(first + step) % 7 for step in range((last - first) % 7 + 1)}

    def holds(midnight: int) -> bool:
        begin, over = midnight + start * NANOS_PER_MINUTE - MARGIN_NS, midnight + end * NANOS_PER_MINUTE + MARGIN_NS
        return kst_date(midnight).weekday() in days and begin <= now < over

    today = from_kst(kst_date(now), 0, 0)
    expected = holds(today) or holds(today - NANOS_PER_DAY)
    assert (under_way(parse([text]), now, "REAL") is not None) is expected
