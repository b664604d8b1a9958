"""A day of `make soak-win`: hosts killed, frozen and hung while somebody trades, and not a won is missing."""

from pathlib import Path

import pytest

from chaos.win_week import Wanted, soak

pytestmark = pytest.mark.processes


def test_given_a_day_of_hangs_when_both_journals_are_compared_then_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    found = soak(Wanted(days=1, speed=900, hangs=1, calm_s=0, seed=7, since="13:40:00"), tmp_path)
    assert found["ok"], found
    assert found["orders"] > 0
    assert found["notional_krw"] > 0
    assert found["host_starts"] > 1
