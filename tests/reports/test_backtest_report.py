"""The report of a log that the trader's own roles wrote, against figures added up another way."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from backtest.history import History, read_history
from backtest.run import codec
from backtest.trades import Figures, figures_of, reasons
from domain.config import RunConfig, SignalConfig
from domain.messages.orders import OrderStateChanged
from domain.types import PPM
from persistence.reader import LogReader
from reports.assembly import build_report
from reports.model import Report
from reports.percentages import cut_percent
from tests.backtest.builders import AT_ONCE, a_run, lively_days

DAYS = ("2026-01-13", "2026-01-14")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give two days that trade and score."""
    folder = tmp_path_factory.mktemp("reports")
    config = RunConfig("backtest", sim=AT_ONCE, signals=replace(SignalConfig(), scores=True))
    a_run(lively_days(folder, *DAYS, end=700), folder / "backtest.db", config=config)
    return folder / "backtest.db"


@pytest.fixture(scope="module")
def history(log: Path) -> History:
    return read_history(log)


@pytest.fixture(scope="module")
def figures(history: History) -> Figures:
    return figures_of(history)


@pytest.fixture(scope="module")
def week(log: Path) -> Report:
    return build_report([log], codec(), "week", date(2026, 1, 14))


def test_given_a_log_when_reported_then_trades_and_money_are_those_of_the_back_test(
    week: Report, figures: Figures, history: History
) -> None:
    assert week.mode == "backtest"
    assert len(week.days) == 2
    summary = week.summary
    assert (summary.date, summary.trades) == ("2026-01-12", figures.closed)
    assert figures.closed > 2
    assert summary.realized_pnl_krw == figures.realized
    assert summary.costs_krw == figures.commission + figures.tax
    assert week.days[-1].end_equity == figures.end_equity
    assert summary.win_rate == round(100 * figures.wins / figures.closed, 4)
    assert week.metrics.drawdown is not None
    assert week.metrics.drawdown.ppm == figures.drawdown_ppm
    assert summary.return_pct == cut_percent(figures.end_equity / figures.start_equity - 1)
    assert summary.unrealized_pnl_krw == figures.unrealized
    closed = [trade for trade in figures.trades if trade.is_closed]
    for line, trade in zip(week.trades, sorted(closed, key=lambda one: one.closed_at), strict=False):
        told = line.trade
        assert (told.paid, told.received, told.costs, told.realized, told.quantity) == (
            *(trade.paid, trade.received, trade.costs, trade.realized, trade.bought),
        )
        assert line.entry_orders == tuple(trade.entries)
        assert told.exit_reason == reasons(trade.exits, history.orders)


def test_given_dates_when_reported_then_each_has_its_own_sums(week: Report, figures: Figures, history: History) -> None:
    for line, day in zip(week.days, figures.days, strict=True):
        assert (line.day, line.orders, line.fills) == (day.day, day.orders, day.fills)
        assert (line.realized, line.commission + line.tax) == (day.realized, day.costs)
        assert (line.start_equity, line.end_equity, line.flow) == (day.start_equity, day.end_equity, 0)
        marks = [value for at, value in history.equity if at >= history.sessions[str(line.day)].open_time]
        if line is week.days[-1]:
            assert line.lowest_ppm == max(0, line.start_equity - min(marks)) * PPM // line.start_equity
    assert week.summary.day_loss_pct == max(line.lowest_ppm for line in week.days) / 10_000
    assert sum(line.trades for line in week.days) == figures.closed


def test_given_orders_when_reported_then_their_ends_are_those_of_their_last_states(week: Report, log: Path) -> None:
    last: dict[str, OrderStateChanged] = {}
    with LogReader(log, codec()) as reader:
        for _, message in reader.messages(type="OrderStateChanged"):
            assert isinstance(message, OrderStateChanged)
            last[message.client_order_id] = message
    part = week.execution
    assert part.orders == len(last)
    assert part.filled == sum(one.filled_qty == one.quantity for one in last.values())
    assert part.unfilled == sum(not one.filled_qty for one in last.values())
    assert part.partly == part.orders - part.filled - part.unfilled
    assert (part.by_hand, part.unknown, week.summary.automation_pct) == (0, 0, 100.0)


def test_given_fills_when_reported_then_slippage_is_the_plain_sum_over_them(
    week: Report, history: History, log: Path
) -> None:
    with LogReader(log, codec()) as reader:
        wanted = {seq: message for record, message in reader.messages(type="SignalFormed") for seq in [record.seq]}
        cause = {
            getattr(message, "client_order_id", ""): record.causation_seq
            for record, message in reader.messages(type="OrderApproved")
        }
    cost = value = 0
    for fill in history.booked:
        reference = getattr(wanted[cause[fill.client_order_id]], "reference_price", 0)
        cost += fill.side.sign * (fill.last_px - reference) * fill.last_qty
        value += reference * fill.last_qty
    assert week.execution.slips == len(history.booked)
    assert week.execution.decision_slip_ppm == pytest.approx(cost * PPM / value)


def test_given_scored_signals_when_reported_then_precision_is_the_share_that_was_right(
    week: Report, history: History
) -> None:
    entries = [one for one in history.scored if one.purpose == "ENTRY" and one.won is not None]
    assert entries, "the made days score"
    line = next(one for one in week.signals if one.purpose == "ENTRY")
    assert (line.scored, line.right) == (len(entries), sum(bool(one.won) for one in entries))
    assert week.summary.signal_precision == round(100 * line.right / line.scored, 4)


def test_given_quotes_when_reported_then_all_are_counted_and_what_is_not_told_is_named(
    week: Report, history: History
) -> None:
    assert week.quality.quotes == history.quotes > 1_000
    assert (week.summary.uptime_pct, week.summary.reaction_ms_p99) == (None, None)
    assert any(text.startswith("uptime:") for text in week.missing)
    assert any(text.startswith("reaction:") for text in week.missing)
    assert week.names[week.trades[0].trade.symbol] == "코오롱인더"


def test_given_the_second_day_when_reported_then_a_trade_of_the_night_counts_on_it_and_the_first_stands_beside(
    log: Path, week: Report, figures: Figures
) -> None:
    one, two = (build_report([log], codec(), "day", date.fromisoformat(day)) for day in DAYS)
    assert two.before == one.summary
    assert one.before is None
    done = [line.trade for report in (one, two) for line in report.trades if not line.is_open]
    assert done == [line.trade for line in week.trades if not line.is_open]
    assert (one.days[0], two.days[0]) == (week.days[0], week.days[1])
    assert one.is_complete, "a later date was begun"
    over_night = {line.trade.opened_at for line in one.trades if line.is_open}
    assert over_night, "the made day ends while shares are held"
    assert over_night <= {line.trade.opened_at for line in two.trades if not line.is_open}


def test_given_open_shares_when_reported_then_the_position_is_told_at_its_mark(log: Path, figures: Figures) -> None:
    one = build_report([log], codec(), "day", date.fromisoformat(DAYS[0]))
    for position in one.positions:
        assert position.mark is not None
        assert position.unrealized == position.quantity * position.mark - position.cost_basis
