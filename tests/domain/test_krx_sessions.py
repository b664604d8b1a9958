"""Hours of the day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.krx.sessions import (
    RANDOM_END,
    RegularSession,
    latest_cross,
    liquidation_crosses,
    phase_at,
    phases,
    regular_session,
)
from domain.time import from_kst, kst_text
from domain.types import VenuePhase

NORMAL = date(2026, 1, 13)
SECOND = 1_000_000_000


def a_session(day: date = NORMAL) -> RegularSession:
    found = regular_session(day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("day", "opens", "auction", "closes", "late"),
    [
        (NORMAL, "09:00:00", "15:20:00", "15:30:00", False),
        (date(2026, 1, 2), "10:00:00", "15:20:00", "15:30:00", True),
        (date(2025, 1, 2), "10:00:00", "15:20:00", "15:30:00", True),
        (date(2025, 11, 13), "10:00:00", "16:20:00", "16:30:00", True),
        (date(2026, 11, 19), "10:00:00", "16:20:00", "16:30:00", True),
        (date(2024, 11, 14), "10:00:00", "16:20:00", "16:30:00", True),
        (date(2026, 1, 5), "09:00:00", "15:20:00", "15:30:00", False),
    ],
)
def test_given_a_day_when_asked_then_its_hours_are_right(
    day: date, opens: str, auction: str, closes: str, late: bool
) -> None:
    found = a_session(day)
    assert [kst_text(at) for at in (found.open, found.close_auction, found.close)] == [opens, auction, closes]
    assert (found.day, found.late) == (day, late)


@pytest.mark.parametrize("day", [date(2026, 6, 3), date(2026, 7, 17), date(2026, 1, 10), date(2026, 12, 31)])
def test_given_a_closed_day_when_asked_then_there_is_nothing(day: date) -> None:
    assert regular_session(day) is None
    assert phases(day) == ()


def test_given_overrides_when_asked_then_hours_close_and_open_days() -> None:
    hours = {"2026-01-13": ("10:00", "16:30"), "2026-01-14": ("", ""), "2026-01-17": ("09:00", "12:00")}
    moved = regular_session(NORMAL, hours)
    assert moved is not None
    assert (kst_text(moved.open), kst_text(moved.close_auction), moved.late) == ("10:00:00", "16:20:00", True)
    assert regular_session(date(2026, 1, 14), hours) is None
    assert regular_session(date(2026, 1, 17), hours) is not None


@pytest.mark.parametrize("hours", [("9", "15:30"), ("09:00", ""), ("25:00", "26:00"), ("15:30", "09:00"), ("x", "y")])
def test_given_malformed_overrides_when_asked_then_the_day_is_named(hours: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match="2026-01-13"):
        regular_session(NORMAL, {"2026-01-13": hours})


def test_given_a_day_before_the_longer_session_when_asked_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match="2016-08-01"):
        regular_session(date(2016, 7, 29))


@pytest.mark.parametrize(
    ("hh", "mm", "ss", "phase"),
    [
        (8, 29, 59, VenuePhase.CLOSED), (8, 30, 0, VenuePhase.OPENING_AUCTION), (8, 59, 59, VenuePhase.OPENING_AUCTION),
        (9, 0, 0, VenuePhase.CONTINUOUS), (15, 19, 59, VenuePhase.CONTINUOUS), (15, 20, 0, VenuePhase.CLOSING_AUCTION),
        (15, 30, 0, VenuePhase.CLOSING_AUCTION), (15, 30, 35, VenuePhase.CLOSING_AUCTION),
        (15, 30, 36, VenuePhase.CLOSED), (18, 0, 0, VenuePhase.CLOSED),
    ],
)  # fmt: skip
def test_given_a_moment_when_asked_then_its_phase_is_right(hh: int, mm: int, ss: int, phase: VenuePhase) -> None:
    assert phase_at(a_session(), from_kst(NORMAL, hh, mm, ss)) is phase


def test_given_a_moment_of_another_day_when_asked_then_the_session_is_closed() -> None:
    assert phase_at(a_session(), from_kst(NORMAL + timedelta(days=1), 10, 0)) is VenuePhase.CLOSED


@given(st.integers(-3_600, 30_000), st.integers(-3_600, 30_000))
def test_for_any_two_moments_of_a_day_phases_only_move_forward(a: int, b: int) -> None:
    session = a_session()
    order = [VenuePhase.OPENING_AUCTION, VenuePhase.CONTINUOUS, VenuePhase.CLOSING_AUCTION]
    first, second = (phase_at(session, session.open + s * SECOND) for s in sorted((a, b)))
    if first in order and second in order:
        assert order.index(first) <= order.index(second)


def listed(day: date) -> list[tuple[str, str, str, str]]:
    return [(p.venue, p.name, kst_text(p.start)[:5], kst_text(p.end)[:5]) for p in phases(day)]


def test_given_the_three_regimes_when_listed_then_each_has_its_own_evening() -> None:
    single, after = ("KRX", "off_hours_single_price", "16:00", "18:00"), ("KRX", "after_market", "16:00", "20:00")
    nxt = ("NXT", "after_market", "15:40", "20:00")
    pre = ("NXT", "pre_market", "08:00", "08:50")
    for day, there, absent in [
        (date(2025, 2, 28), {single}, {after, nxt, pre}),
        (date(2025, 3, 4), {single, nxt, pre}, {after}),
        (date(2026, 9, 11), {single, nxt, pre}, {after}),
        (date(2026, 9, 14), {after, nxt, pre}, {single}),
    ]:
        found = set(listed(day))
        assert there <= found, day
        assert not absent & found, day


def test_given_a_regular_day_of_today_when_listed_then_it_is_the_table() -> None:
    assert listed(date(2026, 11, 20)) == [
        ("NXT", "pre_market", "08:00", "08:50"),
        ("KRX", "pre_open_off_hours", "08:30", "08:40"),
        ("KRX", "opening_auction", "08:30", "09:00"),
        ("KRX", "continuous", "09:00", "15:20"),
        ("NXT", "main_market", "09:00", "15:20"),
        ("KRX", "closing_auction", "15:20", "15:30"),
        ("KRX", "post_close_order_entry", "15:30", "15:40"),
        ("NXT", "after_market_order_entry", "15:30", "15:40"),
        ("KRX", "post_close_off_hours", "15:40", "16:00"),
        ("NXT", "after_market", "15:40", "20:00"),
        ("KRX", "after_market", "16:00", "20:00"),
    ]
    [main] = [p for p in phases(date(2026, 11, 20)) if p.name == "main_market"]
    assert kst_text(main.start) == "09:00:30"


def test_given_an_exam_day_when_listed_then_all_moves_and_the_pre_market_is_closed() -> None:
    found = {(venue, name): (start, end) for venue, name, start, end in listed(date(2025, 11, 13))}
    [main] = [p for p in phases(date(2025, 11, 13)) if p.name == "main_market"]
    assert kst_text(main.start) == "10:00:00"
    assert found["NXT", "after_market"] == ("16:30", "20:00")
    assert ("NXT", "after_market_order_entry") not in found
    assert found["KRX", "off_hours_single_price"] == ("17:00", "18:00")
    assert found["KRX", "continuous"] == ("10:00", "16:20")
    assert found["NXT", "main_market"] == ("10:00", "16:20")
    assert ("NXT", "pre_market") not in found
    sure = {p.name for p in phases(date(2025, 11, 13)) if p.confirmed}
    assert sure == {
        "opening_auction", "continuous", "closing_auction", "main_market", "after_market", "off_hours_single_price",
    }  # fmt: skip


def test_given_an_exam_day_without_a_notice_when_listed_then_nothing_counts_as_confirmed() -> None:
    found = phases(date(2026, 11, 19))
    assert not any(phase.confirmed for phase in found)
    assert ("KRX", "after_market", "17:00", "20:00") in listed(date(2026, 11, 19))
    assert any(p.confirmed for p in phases(date(2026, 11, 19), {"2026-11-19": ("10:00", "15:30")}))


def test_given_the_first_session_of_a_year_when_listed_then_only_the_opening_moves() -> None:
    found = {(venue, name): (start, end) for venue, name, start, end in listed(date(2026, 1, 2))}
    [main] = [p for p in phases(date(2026, 1, 2)) if p.name == "main_market"]
    assert (kst_text(main.start), kst_text(main.end)) == ("10:00:30", "15:20:00")
    assert ("NXT", "pre_market") not in found
    assert found["KRX", "opening_auction"] == ("09:30", "10:00")
    assert found["KRX", "off_hours_single_price"] == ("16:00", "18:00")
    assert found["NXT", "after_market"] == ("15:40", "20:00")
    assert [p.name for p in phases(date(2026, 1, 2)) if not p.confirmed] == ["pre_open_off_hours"]


def test_given_an_early_close_when_listed_then_the_morning_is_the_usual_one() -> None:
    day = date(2026, 11, 20)
    found = {(p.venue, p.name): p for p in phases(day, {day.isoformat(): ("9:00", "12:00")})}
    assert kst_text(found["NXT", "pre_market"].start) == "08:00:00"
    main = found["NXT", "main_market"]
    assert (kst_text(main.start), kst_text(main.end), main.confirmed) == ("09:00:30", "11:50:00", False)
    assert found["KRX", "continuous"].confirmed


def test_given_liquidation_when_a_day_is_planned_then_it_crosses_fourteen_times() -> None:
    crosses = [kst_text(at)[:5] for at in liquidation_crosses(a_session())]
    assert len(crosses) == 14
    assert (crosses[0], crosses[1], crosses[-1]) == ("09:00", "09:30", "15:30")
    assert len(liquidation_crosses(a_session(date(2026, 1, 2)))) == 12


def test_given_an_auction_when_it_ends_then_the_cross_comes_within_30_seconds() -> None:
    session = a_session()
    assert kst_text(latest_cross(session.open)) == "09:00:30"
    assert latest_cross(session.close) == session.close + 30 * SECOND < session.close + RANDOM_END


@given(st.dates(date(2018, 1, 1), date(2027, 12, 31)))
def test_for_any_session_phases_of_one_kind_are_in_order_and_not_empty(day: date) -> None:
    found = phases(day)
    assert bool(found) == (regular_session(day) is not None)
    assert all(phase.start < phase.end for phase in found)
    assert [phase.start for phase in found] == sorted(phase.start for phase in found)
