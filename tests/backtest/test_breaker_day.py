"""A day on which a market is halted, back-tested: the index lies beside the bars."""

from pathlib import Path
from typing import Any

import pytest

from actors.core.replay import replay
from actors.roster import make_roles
from backtest.history import History
from backtest.run import codec
from domain.messages.market import IndexReceived, QuotesReceived
from domain.time import from_kst, kst_text
from domain.types import Side
from persistence.reader import LogReader
from persistence.verify import verify
from tests.backtest.builders import SECOND, a_run, history_of, lively_days
from tests.broker_sim.builders import DAY, a_file

HALT = (from_kst(DAY, 10, 25), from_kst(DAY, 10, 45))  # the lively day makes an entry at 10:31


def an_index(*falls: tuple[int, float]) -> list[dict[str, Any]]:
    """Give a value a minute from 09:00 to 15:30, lower from minutes of the day on."""
    rows = []
    for minute in range(540, 931):
        value = min([2_500.0, *(points for begin, points in falls if minute >= begin)])
        time = f"{minute // 60:02d}:{minute % 60:02d}:00"
        rows.append({"market": "KOSPI", "date": f"{DAY}", "time": time, "value": value, "prev_close": 2_500.0})
    return rows


def crashed(folder: Path, *falls: tuple[int, float], end: int = 700, link_ms: int = 0) -> Path:
    """Back-test a lively day beside an index; give the log."""
    folder.mkdir(parents=True)
    lively_days(folder, end=end)
    a_file(folder, an_index(*falls), "index.parquet")
    a_run(folder, folder.parent / f"{folder.name}.db", link_ms=link_ms)
    return folder.parent / f"{folder.name}.db"


@pytest.fixture(scope="module")
def halted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, History]:
    """Give the log of a day whose market is halted from 10:25 to 10:45, and what it tells."""
    path = crashed(tmp_path_factory.mktemp("breaker") / "day", (624, 2_287.5))
    return path, history_of(path)


def test_given_a_crash_when_the_strategy_enters_in_the_halt_then_the_venue_rejects_it_with_the_reason(
    halted: tuple[Path, History],
) -> None:
    _, history = halted
    inside = [story for story in history.orders.values() if HALT[0] <= story.approved.venue_time < HALT[1]]
    assert [(story.status, story.fills) for story in inside] == [("REJECTED", [])]
    assert inside[0].reason.startswith("MARKET_HALTED: trading is halted: only cancels are taken")
    assert not history.troubles


def test_given_a_crash_when_trading_goes_on_then_orders_before_and_after_it_are_filled_none_within(
    halted: tuple[Path, History],
) -> None:
    _, history = halted
    times = [fill.venue_time for story in history.orders.values() for fill in story.fills]
    assert min(times) < HALT[0] and max(times) > HALT[1]
    assert not [when for when in times if HALT[0] <= when < HALT[1]]


def test_given_a_log_of_a_crash_day_when_replayed_then_every_decision_comes_out_the_same(
    halted: tuple[Path, History],
) -> None:
    path, _ = halted
    assert verify(path).ok
    with LogReader(path, codec()) as reader:
        report = replay(list(reader.messages()), make_roles, codec(), reader.log_id)
    assert report.identical, report.difference


def test_given_the_same_crash_day_when_run_again_then_the_log_has_the_same_head_and_a_calm_day_another(
    halted: tuple[Path, History], tmp_path: Path
) -> None:
    again = crashed(tmp_path / "day", (624, 2_287.5))
    calm = crashed(tmp_path / "calm" / "day")
    assert verify(again).head_hash == verify(halted[0]).head_hash != verify(calm).head_hash


def test_given_a_recorded_index_when_back_tested_then_the_trader_hears_it_before_the_quotes_of_its_moment(
    halted: tuple[Path, History],
) -> None:
    with LogReader(halted[0], codec()) as reader:
        told = [message for _, message in reader.messages() if isinstance(message, IndexReceived | QuotesReceived)]
    indices = [message for message in told if isinstance(message, IndexReceived)]
    quotes = [message for message in told if isinstance(message, QuotesReceived)]
    assert [one.value for one in indices if one.venue_time >= from_kst(DAY, 10, 24)][:1] == [228_750]
    times = [one.venue_time for one in indices]
    assert times == sorted(set(times)) and len(times) > 60
    heard = -1
    for message in told:
        if isinstance(message, QuotesReceived):
            heard = message.batch.rows[-1].venue_time
        else:
            assert heard < message.venue_time
    assert all(one.received_at == one.batch.rows[-1].venue_time for one in quotes)


def test_given_the_third_stage_when_it_trips_then_nothing_trades_for_the_rest_of_the_day(tmp_path: Path) -> None:
    path = crashed(tmp_path / "day", (624, 2_287.5), (660, 2_100.0), (720, 1_900.0), end=735)
    history = history_of(path)
    over = from_kst(DAY, 12, 1)
    late = [story for story in history.orders.values() if story.approved.venue_time >= over]
    assert late and {story.status for story in late} == {"REJECTED"}
    assert max(fill.venue_time for story in history.orders.values() for fill in story.fills) < over


def test_given_an_order_on_its_way_when_the_circuit_breaks_then_it_meets_the_halt(tmp_path: Path) -> None:
    calm = history_of(crashed(tmp_path / "calm", link_ms=1_500))
    sent = next(story.approved for story in calm.orders.values() if story.approved.venue_time > HALT[0])
    assert sent.side is Side.BUY
    index = [one | {"value": 2_287.5} for one in an_index()[:2]]
    moments = (sent.venue_time - 59 * SECOND, sent.venue_time + SECOND)
    for row, moment in zip(index, moments, strict=True):
        row["time"] = f"{kst_text(moment)}.{moment % SECOND // 1_000:06d}"
    folder = tmp_path / "late"
    folder.mkdir()
    lively_days(folder, end=700)
    a_file(folder, index, "index.parquet")

    a_run(folder, tmp_path / "late.db", link_ms=1_500)

    late = history_of(tmp_path / "late.db")
    [met] = [story for story in late.orders.values() if story.approved.venue_time == sent.venue_time]
    assert met.status == "REJECTED" and met.reason.startswith("MARKET_HALTED")
