"""Settlement: to the won and to the day, holidays and corrections included."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.krx.calendar import NO_OVERRIDES, is_session, next_session, previous_session
from domain.settlement import Ledger, Standing
from domain.types import Krw

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2026, 1, day) for day in (13, 14, 15, 16))
CLOSED_THURSDAY = {"2026-01-15": ("", "")}
FIRST = date(2026, 2, 2)  # a month with the lunar new year and a closed Monday behind it


def test_given_a_sale_when_asked_by_day_then_it_may_buy_today_and_leave_only_from_the_second_session() -> None:
    ledger = Ledger(Krw(1_000)).trade(TUESDAY, 500)
    today, tomorrow, after = (ledger.standing(day) for day in (TUESDAY, WEDNESDAY, THURSDAY))
    assert (today, tomorrow) == (Standing(1_000, 1_000, 1_500), Standing(1_000, 1_500, 1_500))
    assert after == Standing(1_500, 1_500, 1_500)
    assert [each.withdrawable() for each in (today, tomorrow, after)] == [1_000, 1_000, 1_500]
    assert today.d2_deposit == 1_500  # what may be ordered


def test_given_a_purchase_when_asked_by_day_then_its_money_stays_in_the_deposit_but_may_not_leave() -> None:
    ledger = Ledger(Krw(1_000)).trade(TUESDAY, -400)
    assert ledger.standing(TUESDAY) == Standing(1_000, 1_000, 600)
    assert ledger.standing(WEDNESDAY) == Standing(1_000, 600, 600)
    assert ledger.standing(TUESDAY).withdrawable() == ledger.standing(WEDNESDAY).withdrawable() == 600


def test_given_a_sale_and_a_purchase_of_one_day_when_asked_then_one_pays_for_the_other() -> None:
    ledger = Ledger(Krw(100)).trade(TUESDAY, 500).trade(TUESDAY, -600)
    assert ledger.standing(TUESDAY) == Standing(100, 100, 0)
    assert ledger.standing(TUESDAY).withdrawable() == 0
    assert Ledger(Krw(100)).trade(TUESDAY, 500).trade(TUESDAY, -500).standing(TUESDAY).withdrawable() == 100


def test_given_a_purchase_settled_before_a_sale_when_asked_then_it_takes_from_what_may_leave() -> None:
    ledger = Ledger(Krw(60)).trade(TUESDAY, -50).trade(WEDNESDAY, 100)
    assert ledger.standing(WEDNESDAY) == Standing(60, 10, 110)
    assert ledger.standing(WEDNESDAY).withdrawable() == 10


def test_given_open_buys_when_asked_then_their_reserve_may_not_leave() -> None:
    standing = Ledger(Krw(1_000)).standing(TUESDAY)
    assert [standing.withdrawable(reserved) for reserved in (0, 300, 1_000, 1_500)] == [1_000, 700, 0, 0]


def test_given_a_dividend_when_received_then_it_has_settled() -> None:
    ledger = Ledger(Krw(0)).trade(TUESDAY, 500).receive(70)
    assert ledger.standing(TUESDAY) == Standing(70, 70, 570)


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (TUESDAY, THURSDAY),
        (THURSDAY, date(2026, 1, 19)),  # over a week-end
        (date(2026, 2, 12), date(2026, 2, 19)),  # over the lunar new year, 16th to 18th
        (date(2026, 12, 29), date(2027, 1, 4)),  # over the year's end, 31st and 1st
    ],
)
def test_given_closings_when_a_day_rolls_then_they_do_not_count(traded: date, settles: date) -> None:
    ledger = Ledger(Krw(0)).trade(traded, 500)
    day = traded
    while day < settles:
        assert ledger.standing(day).deposit == 0, day
        day += timedelta(days=1)
    assert ledger.standing(settles).deposit == 500


def test_given_a_closing_declared_in_between_when_asked_then_settlement_is_put_off() -> None:
    ledger = Ledger(Krw(0)).trade(TUESDAY, 500)
    assert ledger.standing(THURSDAY, CLOSED_THURSDAY).deposit == 0
    assert ledger.standing(WEDNESDAY, CLOSED_THURSDAY) == Standing(0, 500, 500)  # the session after it is Friday
    assert ledger.standing(FRIDAY, CLOSED_THURSDAY).deposit == 500


def test_given_a_week_end_when_asked_then_the_days_ahead_are_sessions() -> None:
    ledger = Ledger(Krw(0)).trade(THURSDAY, 5).trade(FRIDAY, 7)
    assert ledger.standing(date(2026, 1, 17)) == Standing(0, 5, 12)


def test_given_a_source_that_went_back_when_asked_then_later_trades_wait_and_the_last_day_is_all_cash() -> None:
    ledger = Ledger(Krw(10)).trade(FRIDAY, 5).trade(TUESDAY, 7)
    assert ledger.pending == ((TUESDAY, 7), (FRIDAY, 5))
    assert ledger.standing(TUESDAY) == Standing(10, 10, 22)


TRADES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(-(10**9), 10**9), st.sampled_from(("trade", "trade", "receive"))),
    max_size=25,
)
OVERRIDES = st.sampled_from(
    (NO_OVERRIDES, {"2026-02-06": ("", "")}, {"2026-02-16": ("09:00", "15:30")}, {"2026-02-10": ("10:00", "15:30")})
)


@given(TRADES, OVERRIDES)
def test_for_any_sequence_the_deposit_is_the_cash_of_the_close_two_sessions_before(
    steps: list[tuple[int, int, str]], overrides: dict[str, tuple[str, str]]
) -> None:
    """An oracle of its own: no settlement dates, only all cash at an earlier close, and what settled at once."""
    ledger, day = Ledger(Krw(0)), FIRST
    closes: dict[date, int] = {}  # traded cash at the close of each session
    traded = at_once = 0
    for days, amount, kind in sorted(steps):
        while day < FIRST + timedelta(days=days) or not is_session(day, overrides):
            closes[day] = traded
            day += timedelta(days=1)
        if kind == "trade":
            ledger, traded = ledger.trade(day, amount), traded + amount
        else:
            ledger, at_once = ledger.receive(amount), at_once + amount
        assert ledger.total == traded + at_once
        one, two = previous_session(day, overrides), previous_session(previous_session(day, overrides), overrides)
        standing = ledger.standing(day, overrides)
        assert standing.deposit == closes.get(two, 0) + at_once
        assert standing.d1_deposit == closes.get(one, 0) + at_once
        assert standing.d2_deposit == traded + at_once
        assert 0 <= standing.withdrawable() <= max(0, min(standing))
        assert ledger.compact(day).standing(day, overrides) == standing


@given(TRADES, OVERRIDES)
def test_for_any_day_rolls_exactly_what_falls_due_settles(
    steps: list[tuple[int, int, str]], overrides: dict[str, tuple[str, str]]
) -> None:
    ledger = Ledger(Krw(5))
    for days, amount, _ in steps:
        ledger = ledger.trade(FIRST + timedelta(days=days), amount)
    day, seen = FIRST, ledger.standing(FIRST, overrides)
    for _ in range(40):
        day = next_session(day, overrides)
        after = ledger.standing(day, overrides)
        assert after.deposit == seen.d1_deposit
        assert after.d2_deposit == seen.d2_deposit == ledger.total
        seen = after
    assert seen == Standing(ledger.total, ledger.total, ledger.total)


@given(TRADES, st.integers(0, 90))
def test_for_any_ledger_compacting_loses_nothing_and_forgets_what_settled_long_ago(
    steps: list[tuple[int, int, str]], later: int
) -> None:
    ledger, day = Ledger(Krw(5)), FIRST + timedelta(days=20 + later)
    for days, amount, _ in steps:
        ledger = ledger.trade(FIRST + timedelta(days=days), amount)
    small = ledger.compact(day)
    assert small.total == ledger.total
    assert small.standing(day) == ledger.standing(day)
    assert len(small.pending) <= 32
    assert later < 52 or not small.pending
