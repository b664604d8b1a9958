"""Seeded storms: kills, a wire that loses, delays and repeats, people and signals at random; then every book agrees."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.attack.storm import Storm


@contextmanager
def a_storm(folder: Path, seed: int) -> Iterator[Storm]:
    storm = Storm(folder, seed)
    try:
        yield storm
    finally:
        storm.venue.journal.close()
        storm.log.close()


@pytest.mark.parametrize("seed", range(8))
def test_for_any_storm_nothing_is_lost_doubled_or_booked_wrong(tmp_path: Path, seed: int) -> None:
    with a_storm(tmp_path, seed) as storm:
        storm.blow(600)
        storm.stop()
        assert storm.venue.exchange.books.account.trades or seed, "a storm that trades nothing proves nothing"


def test_given_one_account_when_logs_and_days_follow_each_other_then_books_agree_after_each(tmp_path: Path) -> None:
    with a_storm(tmp_path, 77) as storm:
        storm.blow(400)
        storm.stop()
        storm.another_log()
        storm.blow(400)
        storm.stop()
        storm.another_day(86_400)
        storm.blow(400)
        storm.stop()
        storm.another_day(-86_400)
        storm.blow(400)
        storm.stop()
        assert storm.venue.exchange.books.account.trades > 10
