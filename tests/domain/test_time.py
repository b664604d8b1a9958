"""Times: Korean wall clock to UTC ns and back, to the nanosecond."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.time import KST, from_kst, kst_date, kst_datetime, kst_full_text, kst_text

MOMENTS = st.integers(0, 4_000_000_000_000_000_000)


def test_given_nine_in_seoul_when_converted_then_it_is_midnight_utc() -> None:
    nanos = from_kst(date(2026, 1, 13), 9, 0)
    assert nanos == int(datetime(2026, 1, 13, tzinfo=UTC).timestamp()) * 10**9
    assert kst_full_text(nanos) == "2026-01-13 09:00:00"


def test_given_the_last_nanosecond_of_a_day_when_printed_then_it_is_still_that_day() -> None:
    last = from_kst(date(2026, 1, 14), 0, 0) - 1
    assert (kst_date(last), kst_text(last)) == (date(2026, 1, 13), "23:59:59")
    assert kst_date(last + 1) == date(2026, 1, 14)


def test_given_a_moment_before_1970_when_converted_then_the_day_is_right() -> None:
    assert kst_date(from_kst(date(1969, 12, 31), 23, 59, 59)) == date(1969, 12, 31)


@given(st.dates(date(1980, 1, 1), date(2090, 1, 1)), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_for_any_wall_clock_time_the_way_back_gives_it_again(day: date, hh: int, mm: int, ss: int) -> None:
    nanos = from_kst(day, hh, mm, ss)
    assert kst_date(nanos) == day
    assert kst_text(nanos) == f"{hh:02d}:{mm:02d}:{ss:02d}"
    assert kst_datetime(nanos) == datetime.combine(day, time(hh, mm, ss), KST)


@given(MOMENTS)
def test_for_any_moment_the_datetime_is_the_same_instant_cut_to_microseconds(nanos: int) -> None:
    since = kst_datetime(nanos) - datetime(1970, 1, 1, tzinfo=UTC)
    assert since // timedelta(microseconds=1) == nanos // 1_000
