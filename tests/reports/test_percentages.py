"""Return, drawdown and loss of a day in the summary are cut alike: no figure shows a limit that was not reached."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.risk.loss_levels import DAILY_LOSS, Loss
from domain.types import PPM
from reports.percentages import cut_percent
from tests.reports.logs import MONDAY, Writer
from tests.reports.test_odd_days import day_of

WON = st.integers(1, 10_000_000_000)


@pytest.mark.parametrize(
    ("fraction", "shown"),
    [
        (0.0499999, 4.9999),
        (-0.0499999, -4.9999),
        (0.05, 5.0),
        (0.29, 29.0),  # 28.999999999999996 in binary
        (1 - 0.8, 20.0),  # likewise
        (-0.00000049, 0.0),
        (None, None),
    ],
)
def test_given_a_fraction_when_cut_then_no_digit_stands_there_that_was_not_reached(
    fraction: float | None, shown: float | None
) -> None:
    assert cut_percent(fraction) == shown
    assert str(cut_percent(fraction)) != "-0.0"


@given(WON, st.data())
def test_for_any_loss_its_percentage_is_at_the_limit_exactly_when_the_limit_is_reached(
    start: int, data: st.DataObject
) -> None:
    near = -(-start * 50_000 // PPM)
    loss = min(start, max(0, near + data.draw(st.integers(-2, 2))))
    shown = cut_percent(loss / start)
    assert shown is not None
    assert (shown >= 5.0) == (loss > 0 and Loss(DAILY_LOSS, start, start - loss, 50_000).is_reached)


def test_given_a_day_that_just_misses_its_limit_when_reported_then_return_drawdown_and_loss_agree(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.mark(MONDAY, 15, 9_500_001)  # a won short of 5 %
    summary = day_of(log.close()).summary
    assert (summary.return_pct, summary.mdd_pct, summary.day_loss_pct) == (-4.9999, 4.9999, 4.9999)
