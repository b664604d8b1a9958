"""The watch reads what a log says, and recovery is counted from the fault to both links READY."""

from pathlib import Path

import pytest

from chaos.watch import Fault, LogWatch, Ready, recoveries
from tests.chaos.world import World, a_world

MS = 1_000_000


def moments(*turns: int) -> list[Ready]:
    """Make a history that is READY and not READY by turns, beginning READY; times in ms."""
    return [Ready(number, at * MS, number % 2 == 0) for number, at in enumerate(turns)]


@pytest.mark.parametrize(
    ("faults", "history", "expected"),
    [
        ([(100, 1)], moments(10, 120, 350), [250]),
        ([(100, 1)], moments(10), []),  # nothing broke
        ([(100, 1)], moments(10, 120), []),  # it never came back
        ([(100, 1), (200, 2)], moments(10, 120, 350), [150]),  # the second overtook the first
        ([(100, 1), (400, 3)], moments(10, 120, 350, 410, 500), [250, 100]),
        ([(100, 1), (400, 3)], moments(10, 120, 350), [250]),
        ([(5, 0)], moments(10), [5]),  # before the first READY
        ([], moments(10), []),
    ],
)
def test_given_faults_when_links_come_back_then_recovery_is_from_the_fault_to_ready(
    faults: list[tuple[int, int]], history: list[Ready], expected: list[float]
) -> None:
    assert recoveries([Fault(at * MS, known) for at, known in faults], history) == expected


def test_given_a_log_when_watched_then_links_requests_and_the_day_are_what_it_says(tmp_path: Path) -> None:
    world: World = a_world(tmp_path)
    watch = LogWatch(lambda: world.log)
    assert watch.look() is watch
    assert (watch.seq, watch.sent, watch.open) == (world.trader.events, 4, {})
    assert any(moment.is_ready for moment in watch.history)
    assert watch.venue_time() > 0
    watch.close()


def test_given_no_log_yet_when_watched_then_nothing_has_happened(tmp_path: Path) -> None:
    watch = LogWatch(lambda: None)
    assert (watch.look().seq, watch.is_ready, watch.venue_time()) == (0, False, 0)
    (tmp_path / "new.db").touch()
    watch = LogWatch(lambda: tmp_path / "new.db")
    assert watch.look().seq == 0, "being made"
    watch.close()
