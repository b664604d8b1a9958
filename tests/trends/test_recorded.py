"""The recorded series of the demo."""

import gzip
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attention import attention
from domain.errors import DataError
from domain.messages.market import TrendReceived
from domain.types import UnixNanos
from trends.recorded import RecordedSeries, RecordedTrends, packaged_trends, read_series
from trends.source import TrendSource

NOW = UnixNanos(1)
LAST = date(2024, 9, 30)


def a_recording(days: int = 200, last: date = LAST) -> RecordedSeries:
    dates = tuple(last - timedelta(days=back) for back in reversed(range(days)))
    return RecordedSeries("120110", dates, tuple(float(index % 50) for index in range(days)))


def a_file(*lines: str) -> bytes:
    return gzip.compress("\n".join(("day,ratio", *lines)).encode(), mtime=0)


@given(st.integers(-30, 3000))
def test_for_any_trading_date_weekdays_stay_and_the_day_before_is_the_last(offset: int) -> None:
    on, series = LAST + timedelta(days=offset), a_recording()
    shift, points = series.shift_days(on), series.before(on)
    assert shift % 7 == 0
    assert shift >= 0
    assert points[-1].day == (on - timedelta(days=1)).isoformat()
    assert shift == 0 or LAST + timedelta(days=shift - 7) < on - timedelta(days=1)
    day = date.fromisoformat(points[-1].day) - timedelta(days=shift)
    assert points[-1].ratio == series.ratios[series.days.index(day)]


def test_given_a_moved_series_when_fetched_then_it_says_so_and_other_symbols_have_none() -> None:
    source: TrendSource = RecordedTrends({"120110": a_recording()})
    (moved,) = source.fetch(("120110",), date(2026, 1, 13), NOW)
    (real,) = source.fetch(("120110",), LAST, NOW)
    assert isinstance(moved, TrendReceived)
    assert isinstance(real, TrendReceived)
    assert (moved.source, moved.fetched_at) == ("shifted-demo", NOW)
    assert real.source == "naver"
    assert list(source.fetch(("005930",), date(2026, 1, 13), NOW)) == []


def test_given_the_shipped_series_when_measured_for_the_demo_day_then_attention_is_known() -> None:
    (received,) = packaged_trends().fetch(("120110",), date(2026, 1, 13), NOW)
    assert received.source == "shifted-demo"
    assert attention(received.points, date(2026, 1, 13)).z is not None


def test_given_a_good_file_when_read_then_days_and_ratios_come_back() -> None:
    series = read_series("120110", a_file("2024-01-01,1.5", "2024-01-02,0"), "a.csv.gz")
    assert series == RecordedSeries("120110", (date(2024, 1, 1), date(2024, 1, 2)), (1.5, 0.0))


@pytest.mark.parametrize(
    "packed",
    [
        b"day,ratio\n",
        gzip.compress(b"x" * 1000, mtime=0)[:20],
        gzip.compress(b"\xff\xfe\xff", mtime=0),
        a_file(),
        a_file("2024-01-01"),
        a_file("2024-01-01,many"),
        a_file("2024-01-01,nan"),
        a_file("2024-01-01,-1"),
        a_file("2024-01-02,1", "2024-01-01,1"),
        gzip.compress(b"date,value\n2024-01-01,1", mtime=0),
    ],
)
def test_given_a_bad_file_when_read_then_the_error_names_it(packed: bytes) -> None:
    with pytest.raises(DataError, match=r"a\.csv\.gz"):
        read_series("120110", packed, "a.csv.gz")
