"""Storms with stops on: whatever the wire does, a stop sells what is held once, and every book agrees in the end."""

from pathlib import Path

import pytest

from domain.messages.risk import ExitStuck, StopTriggered
from domain.messages.trading import OrderApproved
from domain.risk_config import RiskConfig, StopTerms
from persistence.reader import LogReader
from tests.attack.storm import Storm
from tests.persistence.logs import a_codec

STOPS = StopTerms(stop_loss_ppm=5_000, take_profit_ppm=8_000, trailing_ppm=6_000, hold_s=120)


class StopStorm(Storm):
    """A storm in which the risk manager sells what reaches a stop."""

    risk = RiskConfig(stops=STOPS, escalate_s=20, check_sessions=True, tell_arrival=True)


@pytest.mark.parametrize("seed", [7, 8, 14])
def test_for_any_storm_with_stops_each_sells_what_is_held_and_books_agree(tmp_path: Path, seed: int) -> None:
    storm = StopStorm(tmp_path, seed)
    try:
        storm.blow(900)
        storm.stop()  # compares every book with the venue's: a sale made twice would oversell there
        kinds = StopTriggered | ExitStuck | OrderApproved
        with LogReader(storm.log_path, a_codec()) as reader:
            told = [message for _, message in reader.messages() if isinstance(message, kinds)]
        stops = [message for message in told if isinstance(message, StopTriggered)]
        sales = [item for item in told if isinstance(item, OrderApproved) and item.origin.startswith("risk:")]
        assert stops, "a storm in which no stop is reached proves nothing"
        assert sales, "a storm in which no stop sells proves nothing"
        stuck = [message for message in told if isinstance(message, ExitStuck)]
        assert len(stuck) <= 2 * (len(stops) + storm.commands), "told again and again"
    finally:
        storm.venue.journal.close()
        storm.log.close()
