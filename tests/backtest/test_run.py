"""A back-test trades with the trader's own roles, writes a normal log, and comes out the same every time."""

from itertools import pairwise
from pathlib import Path

import pytest

from backtest.history import History
from backtest.run import codec
from domain.config import RunConfig
from domain.errors import DataError
from domain.messages.market import QuotesReceived
from domain.risk_config import AccountConfig, RiskConfig
from domain.time import kst_date
from domain.types import Side
from persistence.reader import LogReader
from persistence.verify import verify
from tests.backtest.builders import AT_ONCE, a_run, history_of, lively_days
from tests.broker_sim.builders import SYMBOL, a_bar, a_file

OTHER = "000250"
TWO_DAYS = ("2026-01-13", "2026-01-14")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, History]:
    """Give the log of two days, and what it tells."""
    folder = tmp_path_factory.mktemp("two")
    a_run(lively_days(folder, *TWO_DAYS, end=700), folder / "log.db")
    return folder / "log.db", history_of(folder / "log.db")


def test_given_days_when_run_then_orders_of_each_are_filled_and_the_log_is_sound(
    two_days: tuple[Path, History],
) -> None:
    path, history = two_days
    report = verify(path)
    assert report.ok, report.problem
    assert [opened.trading_date for opened in history.opened] == list(TWO_DAYS)
    assert {story.day.isoformat() for story in history.orders.values() if story.fills} == set(TWO_DAYS)
    assert [run.run_id for run in history.runs] == [end.run_id for end in history.ended]
    assert not history.troubles


def test_given_a_log_of_a_back_test_when_replayed_then_every_decision_comes_out_the_same(
    two_days: tuple[Path, History],
) -> None:
    from actors.core.replay import replay
    from actors.roster import make_roles

    with LogReader(two_days[0], codec()) as reader:
        report = replay(list(reader.messages()), make_roles, codec(), reader.log_id)
    assert report.identical, report.difference


def test_given_the_end_of_a_day_when_the_next_begins_then_cash_carries_over(two_days: tuple[Path, History]) -> None:
    _, history = two_days
    first = [fill for fill in history.booked if fill.venue_time < history.opened[1].venue_time]
    assert history.opened[1].cash == first[-1].cash != history.opened[0].cash


def test_given_a_loss_that_lets_only_exits_pass_when_the_next_day_begins_then_it_enters_again(tmp_path: Path) -> None:
    account = AccountConfig(is_on=True, reduce_ppm=1)  # what a first entry would cost to sell reduces
    config = RunConfig("backtest", sim=AT_ONCE, risk=RiskConfig(account=account))
    a_run(lively_days(tmp_path, *TWO_DAYS, end=700), tmp_path / "log.db", config=config)
    entries = [one.approved for one in history_of(tmp_path / "log.db").orders.values() if one.approved.side is Side.BUY]
    assert [kst_date(one.venue_time).isoformat() for one in entries] == list(TWO_DAYS)


def test_given_the_same_back_test_when_run_again_then_the_log_has_the_same_head(
    two_days: tuple[Path, History], tmp_path: Path
) -> None:
    a_run(lively_days(tmp_path, *TWO_DAYS, end=700), tmp_path / "again.db")
    assert verify(tmp_path / "again.db").head_hash == verify(two_days[0]).head_hash


def test_given_a_log_when_read_then_nothing_was_heard_before_its_time_and_times_never_go_back(
    two_days: tuple[Path, History],
) -> None:
    with LogReader(two_days[0], codec()) as reader:
        events = list(reader.events(raw=False))
    for one, other in pairwise(events):
        assert one.recorded_at <= other.recorded_at or other.type == "RunStarted"
    for record in events:
        assert record.venue_time is None or record.type == "SessionPlanned" or record.venue_time <= record.recorded_at


def test_given_a_slow_link_when_run_then_orders_meet_the_venue_later_and_answers_come_later_still(
    tmp_path: Path,
) -> None:
    a_run(lively_days(tmp_path, end=700), tmp_path / "log.db", link_ms=1_500)
    history = history_of(tmp_path / "log.db")
    assert history.orders
    for story in history.orders.values():
        assert story.reached_at == story.recorded_at + 1_500_000_000
    with LogReader(tmp_path / "log.db", codec()) as reader:
        accepted = list(reader.events(type="OrderAccepted"))
    assert all(record.recorded_at == (record.venue_time or 0) + 1_500_000_000 for record in accepted)


def test_given_a_link_slower_than_a_request_may_wait_when_run_then_every_order_is_refused_as_too_late(
    tmp_path: Path,
) -> None:
    a_run(lively_days(tmp_path, end=600), tmp_path / "log.db", link_ms=4_000)
    history = history_of(tmp_path / "log.db")
    assert history.orders
    assert not history.booked
    assert all("was valid until" in story.reason for story in history.orders.values())


def test_given_a_stop_when_asked_in_the_day_then_the_log_ends_in_order(tmp_path: Path) -> None:
    heard: list[int] = []
    data = lively_days(tmp_path, *TWO_DAYS, end=700)
    ran = a_run(
        data, tmp_path / "log.db", watch=lambda glance: heard.append(glance.quotes), stop=lambda: len(heard) > 50
    )
    assert ran.interrupted
    assert len(ran.days) == 1
    assert verify(tmp_path / "log.db").ok
    assert [end.reason for end in history_of(tmp_path / "log.db").ended] == ["interrupted"]


def test_given_progress_when_watched_then_it_grows_to_the_whole(tmp_path: Path) -> None:
    glances = []
    ran = a_run(lively_days(tmp_path, end=930), tmp_path / "log.db", watch=glances.append)
    assert [one.quotes for one in glances] == sorted(one.quotes for one in glances)
    assert glances[-1].share_ppm == 1_000_000
    assert glances[-1].quotes == ran.quotes == history_of(tmp_path / "log.db").quotes


def test_given_a_symbol_missing_on_a_day_when_run_then_the_others_go_on_and_it_is_told(tmp_path: Path) -> None:
    bars = [
        a_bar(code, f"09:0{minute}:00", date=day)
        for code, day in ((SYMBOL, "2026-01-13"), (OTHER, "2026-01-14"))
        for minute in range(5)
    ]
    data = a_file(tmp_path, bars)
    ran = a_run(data, tmp_path / "log.db", symbols=(SYMBOL,))
    assert [recording.day.isoformat() for recording in ran.days] == ["2026-01-13"]
    with pytest.raises(DataError, match="unknown 000660"):
        a_run(
            a_file(tmp_path, [a_bar(time="09:00:00"), a_bar(time="09:01:00")], "one.parquet"),
            tmp_path / "x.db",
            symbols=("000660",),
        )


def test_given_the_batches_of_another_log_when_run_like_it_then_the_same_rows_are_heard_at_once(tmp_path: Path) -> None:
    from functools import partial

    from backtest.batches import batches_at

    data = lively_days(tmp_path, end=600)
    a_run(data, tmp_path / "a.db", batch_ms=7_000)
    ends = history_of(tmp_path / "a.db").ends
    a_run(data, tmp_path / "b.db", batch_ms=0, cut=partial(batches_at, ends=ends))
    assert history_of(tmp_path / "b.db").ends == ends


def test_given_attention_series_when_run_then_none_reaches_the_day_itself(tmp_path: Path) -> None:
    a_run(lively_days(tmp_path, end=560), tmp_path / "log.db")
    history = history_of(tmp_path / "log.db")
    [(day, series)] = history.series
    assert series.points[-1].day < day == "2026-01-13"
    assert history.attention[SYMBOL].as_of < day


def test_given_rows_in_the_log_when_decoded_then_they_are_those_of_the_data(two_days: tuple[Path, History]) -> None:
    with LogReader(two_days[0], codec()) as reader:
        batches = [message for _, message in reader.messages(type="QuotesReceived")]
    rows = [row for message in batches if isinstance(message, QuotesReceived) for row in message.batch.rows]
    assert len(rows) == two_days[1].quotes
    assert {row.symbol for row in rows} == {SYMBOL}
