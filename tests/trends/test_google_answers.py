"""What is asked of Google and what is taken from an answer, without pytrends."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint
from trends.google import HL, KST_TZ, MOST_DAYS, REASONS, GoogleSettings, judged, read_points, term_of
from trends.google_worker import ENDING, NoData, Refused, Strange, kind_of, read_frame

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 4)


class Frame:
    """As much of a data frame as is read: moments with a row each."""

    empty = False

    def __init__(self, *rows: tuple[datetime, Any], partial: tuple[int, ...] = ()) -> None:
        self._rows = rows
        self._partial = partial

    def iterrows(self) -> Iterator[tuple[datetime, dict[str, Any]]]:
        for place, (moment, value) in enumerate(self._rows):
            yield moment, {"a": value, "isPartial": place in self._partial}


def days(*values: Any, first: date = FIRST, hour: int = 0) -> tuple[tuple[datetime, Any], ...]:
    start = datetime(first.year, first.month, first.day, hour)
    return tuple((start + timedelta(days=place), value) for place, value in enumerate(values))


def test_given_a_frame_when_read_then_partial_days_are_left_out() -> None:
    found = read_frame(Frame(*days(1, 100, 0, 50), partial=(3,)), "a", FIRST, LAST)
    assert found == [["2026-06-01", 1], ["2026-06-02", 100], ["2026-06-03", 0]]


def test_given_buckets_from_midnight_in_korea_when_read_then_they_are_korean_days() -> None:
    found = read_frame(Frame(*days(1, 2, first=date(2026, 5, 31), hour=15)), "a", FIRST, LAST)
    assert found == [["2026-06-01", 1], ["2026-06-02", 2]]


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (Frame(*days(0, 0)), NoData),
        (Frame(*days(0, 7), partial=(1,)), NoData),
        (Frame(*days(1, 2, 3, 4, 5)), Strange),
        (Frame(*days(1, first=date(2026, 5, 31))), Strange),
        (Frame(*days(1)[:1], *days(2, first=date(2026, 6, 3))), Strange),
        (Frame(*days(1), *days(1)), Strange),
        (Frame(*days(1, hour=4)), Strange),
        (Frame(*days(101)), Strange),
        (Frame(*days(-1)), Strange),
        (Frame(*days(0.5)), Strange),
        (Frame(*days("many")), ValueError),
        (Frame(*days(float("nan"))), ValueError),
    ],
)
def test_given_a_frame_of_another_form_when_read_then_it_gives_nothing(frame: Frame, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_frame(frame, "a", FIRST, LAST)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Refused(429), "rate_limited"),
        (Refused(400), "refused"),
        (Refused(404), "refused"),
        (Refused(403), "blocked"),
        (Refused(502), "server_error"),
        (NoData("x"), "no_data"),
        (Strange("x"), "strange"),
        (ImportError("No module named 'pytrends'"), "not_installed"),
    ],
)
def test_given_an_error_when_named_then_its_kind_is_known(error: Exception, kind: str) -> None:
    assert kind_of(error)[0] == kind
    assert kind in REASONS


def test_given_what_ends_a_run_when_looked_up_then_each_has_a_reason() -> None:
    assert set(ENDING) <= set(REASONS)


@pytest.mark.parametrize(
    ("words", "term", "why"),
    [
        (("삼성전자",), "삼성전자", ""),
        (("카카오 주가", "e-mart"), "카카오 주가 + e-mart", ""),
        ((), "", "no words"),
        (("a+b",), "", "operator"),
        (('"a"',), "", "operator"),
        (("a", "b -c"), "", "operator"),
        (("a" * 50, "b" * 47), "a" * 50 + " + " + "b" * 47, ""),
        (("a" * 50, "b" * 48), "", "101 letters"),
    ],
)
def test_given_words_when_made_a_term_then_they_are_summed_or_refused(
    words: tuple[str, ...], term: str, why: str
) -> None:
    found, reason = term_of(KeywordSet("005930", 1, words))
    assert found == term
    assert why in reason
    assert bool(reason) != bool(term)


def test_given_no_keyword_set_when_made_a_term_then_there_is_none() -> None:
    assert term_of(None) == ("", "no words are known for it")


def test_given_a_window_without_daily_values_when_set_then_refused() -> None:
    assert GoogleSettings(days=MOST_DAYS).days == 266
    for wrong in (0, MOST_DAYS + 1):
        with pytest.raises(ConfigError, match=f"was {wrong}"):
            GoogleSettings(days=wrong)


def test_given_limits_of_a_call_when_the_child_is_waited_for_then_three_of_them_fit() -> None:
    assert GoogleSettings(pause_ms=1_000, connect_ms=2_000, read_ms=3_000).deadline_s == 30 + 1 + 3 * 5


def test_given_korea_when_asked_then_tz_is_minutes_west_and_the_cookie_is_korean() -> None:
    offset = datetime(2026, 6, 1, tzinfo=UTC).astimezone(UTC) - datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=9)
    assert timedelta(minutes=KST_TZ) == -offset
    assert HL[-2:] == "KR"


GOOD = [["2026-06-01", 0], ["2026-06-03", 100]]


def test_given_good_rows_when_read_then_points_come() -> None:
    assert read_points(GOOD, FIRST, LAST) == (TrendPoint("2026-06-01", 0.0), TrendPoint("2026-06-03", 100.0))
    assert judged({"series": GOOD}, FIRST, LAST) == ("", False, read_points(GOOD, FIRST, LAST))


@pytest.mark.parametrize(
    "rows",
    [
        None,
        [],
        {},
        "2026-06-01",
        [[]],
        [["2026-05-31", 1]],
        [["2026-06-05", 1]],
        [["2026-06-02", 1], ["2026-06-02", 1]],
        [["2026-06-02", 1], ["2026-06-01", 1]],
        [["2026-06-01", 101]],
        [["2026-06-01", -1]],
        [["2026-06-01", "1"]],
        [["2026-06-01", True]],
        [["2026-06-01T00", 1]],
        [["2026-06-01", 1, 1]],
    ],
)
def test_given_rows_of_another_form_when_read_then_nothing_is_taken(rows: object) -> None:
    assert read_points(rows, FIRST, LAST) == ()
    why, again, points = judged({"series": rows}, FIRST, LAST)
    assert (why, again, points) == (*REASONS["strange"], ())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    )
)
def test_for_any_answer_it_is_a_reason_or_days_of_the_window(series: object) -> None:
    why, _, points = judged({"series": series}, FIRST, LAST)
    assert bool(why) != bool(points)
    for kind in ("no_such_kind", series):
        assert judged({"kind": kind, "detail": series}, FIRST, LAST)[0]
