"""Reports of what no back-test brings about: flows, logs that are missing, nights, revisions, lost links, people."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from domain.config import RunConfig, StrategyConfig
from domain.errors import ConfigError
from domain.messages.holdings import AdjustmentBooked, FillRevised, FlowBooked, HoldingBooked
from domain.messages.link import UptimeMeasured
from domain.messages.market import QuoteVerdict
from domain.messages.orders import OrderRejected, OrderSent, OrderStateChanged, ResolveOrder
from domain.messages.risk import Cause, ReducingChanged, StopTriggered
from domain.messages.run import RoleFailed, RunStarted
from domain.messages.trading import DayChanged, LossLimitHit, OrderDenied, SessionPlanned
from domain.risk_config import RiskConfig
from domain.types import ClientOrderId, Krw, Market, OrderKind, Purpose, RequestId, Side, UnixNanos
from reports.assembly import build_report
from reports.model import Report
from tests.reports.in_process import InProcess, work_with
from tests.reports.logs import MONDAY, MS, OTHER, SYMBOL, TUESDAY, WEDNESDAY, Writer, a_codec, clock

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(autouse=True, params=["alone", "with a crew"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every report here both ways: nothing in it may depend on who reads."""
    if request.param != "alone":
        work_with(monkeypatch, InProcess())


def day_of(*logs: Path, on: object = MONDAY, kind: str = "day", account: str | None = None) -> Report:
    return build_report(list(logs), a_codec(), kind, on, account)  # type: ignore[arg-type]  # a date


def a_trade(log: Writer, day: object, hour: int, paid: int, received: int) -> None:
    """Buy ten shares at the hour and sell them an hour later."""
    log.fill(day, hour, BUY, 10, paid, 10, order=log.approve(day, hour, BUY))  # type: ignore[arg-type]  # a date
    log.fill(day, hour + 1, SELL, 10, received, 0, order=log.approve(day, hour + 1, SELL))  # type: ignore[arg-type]


# ---- money that came or left -----------------------------------------------------------------------------------


def test_given_money_found_at_the_opening_when_reported_then_the_return_is_free_of_it(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.mark(MONDAY, 15, 10_100_000)
    log.opens(TUESDAY, cash=15_100_000)
    log.say(FlowBooked("2026-03-10", Krw(5_000_000), Krw(5_000_000), "cash", clock(TUESDAY, 8)), clock(TUESDAY, 8))
    log.mark(TUESDAY, 15, 14_949_000)
    week = day_of(log.close(), kind="week")
    one, two = week.days
    assert (one.start_equity, one.end_equity, one.flow) == (10_000_000, 10_100_000, 0)
    assert (two.start_equity, two.end_equity, two.flow) == (10_100_000, 14_949_000, 5_000_000)
    assert two.lowest_ppm == 10_000, "151,000 won below the 15,100,000 the date had"
    assert week.summary.return_pct == round(100 * (1.01 * 14_949_000 / 15_100_000 - 1), 4)
    assert week.metrics.drawdown is not None
    assert week.metrics.drawdown.ppm == 10_000
    assert [(line.kind, line.amount) for line in week.flows] == [("found", 5_000_000)]


def test_given_a_log_that_tells_no_flows_when_equity_jumps_overnight_then_the_jump_is_a_flow(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY, config=RunConfig("paper"))
    log.mark(MONDAY, 15, 10_100_000)
    log.opens(TUESDAY, cash=9_100_000, config=RunConfig("paper"))
    week = day_of(log.close(), kind="week")
    assert [line.flow for line in week.days] == [0, -1_000_000]
    assert week.summary.return_pct == 1.0


def test_given_a_deposit_within_the_day_when_reported_then_it_is_no_profit_and_no_loss_hides_behind_it(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.mark(MONDAY, 10, 9_900_000)
    money = (0, 0, Krw(0), Krw(9_900_000), Krw(10_400_000), "salary", clock(MONDAY, 11), "deposit")
    log.say(AdjustmentBooked("c", "kim", "", *money), clock(MONDAY, 11))
    log.mark(MONDAY, 11, 10_400_000)
    log.mark(MONDAY, 12, 10_300_000)
    report = day_of(log.close())
    [line] = report.days
    assert (line.flow, line.lowest_ppm) == (500_000, 20_000)
    assert report.summary.return_pct == round(100 * (0.99 * 10_300_000 / 10_400_000 - 1), 4)
    assert [(flow.kind, flow.amount, flow.text) for flow in report.flows] == [("deposit", 500_000, "kim: salary")]


def test_given_shares_that_were_brought_in_when_reported_then_their_worth_at_mark_is_the_flow(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    money = (0, 10, Krw(9_000), Krw(10_000_000), Krw(10_000_000), "gift", clock(MONDAY, 11), "deposit")
    log.say(AdjustmentBooked("c", "kim", SYMBOL, *money), clock(MONDAY, 11))
    log.mark(MONDAY, 11, 10_012_000, 10_000_000)
    [line] = day_of(log.close()).days
    assert (line.flow, line.start_equity, line.end_equity) == (12_000, 10_000_000, 10_012_000)


# ---- logs that are missing, damaged, of somebody else ----------------------------------------------------------


def test_given_the_log_between_is_gone_when_reported_then_the_jump_is_named_and_no_profit(tmp_path: Path) -> None:
    first, second = Writer(tmp_path / "paper-1.db", "A"), Writer(tmp_path / "paper-3.db", "C")
    first.opens(MONDAY)
    first.mark(MONDAY, 15, 10_000_000)
    second.opens(WEDNESDAY, cash=10_700_000)
    second.mark(WEDNESDAY, 15, 10_700_000)
    week = day_of(second.close(), first.close(), kind="week")
    assert [line.flow for line in week.days] == [0, 700_000]
    assert week.summary.return_pct == 0.0
    assert any("paper-3.db does not go on with the log before it: +700,000 KRW" in text for text in week.missing)
    assert not week.is_complete


def test_given_a_damaged_log_when_reported_then_it_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    good, bad = Writer(tmp_path / "paper-1.db", "A"), Writer(tmp_path / "paper-2.db", "B")
    for log, day in ((good, MONDAY), (bad, TUESDAY)):
        log.opens(day)
        a_trade(log, day, 10, 1_000, 1_100)
        log.mark(day, 15, 10_000_000)
    paths = [good.close(), bad.close()]
    with sqlite3.connect(paths[1]) as conn:
        conn.execute("UPDATE events SET payload = '{\"cash\":' WHERE type = 'FillBooked'")
    conn.close()
    (tmp_path / "paper-9.db").write_bytes(b"no log at all" * 100)
    week = day_of(*paths, tmp_path / "paper-9.db", kind="week")
    assert [line.day for line in week.days] == [MONDAY]
    assert (week.summary.trades, week.is_complete) == (1, False)
    assert sum("paper-2.db cannot be read whole" in text for text in week.missing) == 1
    assert sum("paper-9.db is left out" in text for text in week.missing) == 1


def test_given_a_log_that_cannot_be_opened_when_reported_then_it_is_named_and_the_others_are_told(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.mark(MONDAY, 15, 10_000_000)
    deep = tmp_path.joinpath(*["x" * 100] * 6)  # too long for SQLite; so it is without the right to read
    deep.mkdir(parents=True)
    other = Path(shutil.copy(log.close(), deep / "paper-2.db"))
    report = day_of(tmp_path / "paper-1.db", other)
    assert len(report.days) == 1
    assert any(text.startswith("paper-2.db is left out: ") and "unable to open" in text for text in report.missing)


def test_given_logs_of_several_accounts_when_reported_then_only_that_of_the_newest_run_or_the_wanted_counts(
    tmp_path: Path,
) -> None:
    paths = []
    for name, run_as, day, log_id in (
        ("live-1", "live", MONDAY, "A"),
        ("paper-1", "paper", MONDAY, "B"),
        ("paper-2", "paper", TUESDAY, "C"),
        ("demo-1", "paper", WEDNESDAY, "D"),
    ):
        log = Writer(tmp_path / f"{name}.db", log_id)
        log.opens(day, config=RunConfig(run_as))
        log.mark(day, 15, 10_000_000)
        paths.append(log.close())
    names = {
        account: [path.stem for path in day_of(*paths, kind="week", account=account).logs]
        for account in (None, "live", "demo")
    }
    assert names == {None: ["paper-1", "paper-2"], "live": ["live-1"], "demo": ["demo-1"]}
    with pytest.raises(ConfigError, match="logs of mock, found logs of: demo, live, paper"):
        day_of(*paths, account="mock")
    assert [path.stem for path in day_of(paths[-1], on=WEDNESDAY).logs] == ["demo-1"], "alone it is what is asked for"


def test_given_two_logs_of_the_same_date_that_do_not_follow_when_reported_then_the_newer_counts(tmp_path: Path) -> None:
    old, new = Writer(tmp_path / "backtest-1.db", "A"), Writer(tmp_path / "backtest-2.db", "B")
    old.opens(MONDAY, config=RunConfig("backtest"))
    new.opens(MONDAY, config=RunConfig("backtest"), cash=7_000_000)
    report = day_of(old.close(), new.close())
    assert [path.name for path in report.logs] == ["backtest-2.db"]
    assert any(text.startswith("backtest-1.db is left out") for text in report.missing)


def test_given_a_copy_of_a_log_when_reported_then_the_file_that_tells_more_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "a-copy"
    folder.mkdir()
    writer = Writer(tmp_path / "paper-1.db")
    writer.opens(MONDAY)
    writer.fill(MONDAY, 10, BUY, 10, 1_000, 10)
    older = writer.close()
    early = Path(shutil.copy(older, folder / "paper-2.db"))
    writer = Writer(older)
    writer.fill(MONDAY, 11, SELL, 10, 1_100, 0)
    writer.mark(MONDAY, 15, 10_001_000 - 50)
    log = writer.close()
    same = Path(shutil.copy(log, folder / "paper-3.db"))
    alone = day_of(log)
    for logs in ([early, log, same], [same, log, early]):
        found = day_of(*logs)
        assert found.days == alone.days, "fills of a date counted once"
        assert (found.summary, found.trades) == (alone.summary, alone.trades)
        assert sorted(set(found.missing) - set(alone.missing)) == [
            "paper-2.db is left out: paper-1.db is the same log",
            "paper-3.db is left out: paper-1.db is the same log",
        ]
    assert day_of(log, log) == alone, "a file named twice is one"


def test_given_a_restored_log_that_goes_on_with_the_date_when_reported_then_both_are_one_day(tmp_path: Path) -> None:
    before, after = Writer(tmp_path / "paper-1.db", "A"), Writer(tmp_path / "paper-2.db", "B")
    before.opens(MONDAY)
    a_trade(before, MONDAY, 9, 1_000, 1_200)
    after.follows(before, MONDAY, 11)
    after.opens(MONDAY)
    a_trade(after, MONDAY, 12, 1_000, 900)
    after.mark(MONDAY, 15, 10_000_000)
    [line] = day_of(before.close(), after.close()).days
    assert (line.trades, line.wins, line.fills) == (2, 1, 4)


# ---- nights, gaps, revisions -----------------------------------------------------------------------------------


def test_given_a_trade_that_began_in_an_older_log_when_it_ends_then_it_counts_whole_on_that_date(
    tmp_path: Path,
) -> None:
    one, two = Writer(tmp_path / "paper-1.db", "A"), Writer(tmp_path / "paper-2.db", "B")
    one.opens(MONDAY)
    order = one.approve(MONDAY, 10, BUY, rationale="up: much")
    one.fill(MONDAY, 10, BUY, 10, 1_000, 10, order=order)
    one.mark(MONDAY, 15, 9_999_985, 9_989_985)
    two.follows(one, TUESDAY)
    two.opens(TUESDAY, cash=9_989_985, held=[(SYMBOL, 10, 10_000)])
    two.fill(TUESDAY, 11, SELL, 10, 1_300, 0, order=two.approve(TUESDAY, 11, SELL, rationale="time: enough"))
    two.mark(TUESDAY, 15, 10_002_950)
    logs = (one.close(), two.close())
    first, second = day_of(*logs), day_of(*logs, on=TUESDAY)
    assert (first.summary.trades, first.trades[0].is_open) == (0, True)
    assert [(one.symbol, one.quantity, one.cost_basis) for one in first.positions] == [(SYMBOL, 10, 10_000)]
    [line] = second.trades
    told = line.trade
    assert (told.opened_at, told.closed_at) == (clock(MONDAY, 10), clock(TUESDAY, 11))
    assert (told.strategy, told.entry_reason, told.exit_reason) == ("ema", "up: much", "time: enough")
    assert told.realized == second.summary.realized_pnl_krw == 3_000 - 15 - 15 - 20
    assert (line.entry_orders, second.execution.orders, second.positions) == ((order,), 1, ())
    assert second.before == first.summary


def test_given_shares_nobody_bought_when_they_are_sold_then_their_cost_is_the_brokers(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY, held=[(SYMBOL, 10, 8_000), (OTHER, 5, 500)])
    log.fill(MONDAY, 11, SELL, 10, 1_000, 0)
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    [line] = report.trades
    assert (line.trade.strategy, line.trade.quantity, line.trade.realized) == ("", 0, 10_000 - 8_000 - 15 - 20)


def test_given_shares_that_came_overnight_when_sold_with_ours_then_neither_is_taken_for_the_other(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.fill(MONDAY, 10, BUY, 10, 1_000, 10)
    log.opens(TUESDAY, held=[(SYMBOL, 30, 50_000)])
    log.fill(TUESDAY, 11, SELL, 30, 2_000, 0)
    log.mark(TUESDAY, 15, 10_000_000)
    report = day_of(log.close(), on=TUESDAY)
    [line] = report.trades
    assert line.trade.realized == 60_000 - 50_000 - 15 - 15 - 20


def test_given_sums_and_their_details_when_reported_then_the_trade_has_the_money_of_the_details(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.fill(MONDAY, 10, BUY, 10, 1_000, 10, trade_id="inferred:V1:10", order="o")
    money = (10, Krw(90), Krw(5), Krw(0), Krw(0), Krw(10_090), Krw(0), clock(MONDAY, 10))
    log.say(FillRevised("o", "V1", "t9", SYMBOL, BUY, *money), clock(MONDAY, 10))
    log.fill(MONDAY, 12, SELL, 10, 1_200, 0)
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    [line] = report.trades
    assert (line.trade.paid, line.trade.costs, line.trade.realized) == (10_090, 15 + 5 + 35, 12_000 - 10_090 - 55)
    assert (report.days[0].commission, report.days[0].tax, report.days[0].fills) == (35, 20, 2)
    assert report.days[0].turnover == 10_090 + 12_000


def test_given_a_dividend_and_a_split_when_reported_then_both_are_told_and_the_return_has_them(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.fill(MONDAY, 10, BUY, 10, 1_000, 10)
    split = ("SPLIT", "5 for 1", 10, 50, Krw(10_000), Krw(0), Krw(0), Krw(0), Krw(0), Krw(0), clock(MONDAY, 11))
    paid = ("CASH_DIVIDEND", "d", 50, 50, Krw(10_000), Krw(700), Krw(100), Krw(700), Krw(0), Krw(0), clock(MONDAY, 12))
    for what in (split, paid):
        log.say(HoldingBooked(SYMBOL, *what), clock(MONDAY, 12))
    log.fill(MONDAY, 13, SELL, 50, 210, 0)
    log.mark(MONDAY, 15, 10_001_150)
    report = day_of(log.close())
    assert [(flow.kind, flow.amount) for flow in report.flows] == [("split", 0), ("dividend", 700)]
    assert report.flows[1].text == "d; 100 KRW withheld"
    assert report.trades[0].trade.realized == 10_500 - 10_000 - 50
    assert (report.days[0].flow, report.summary.return_pct) == (0, round(1_150 / 100_000, 4))


# ---- orders ----------------------------------------------------------------------------------------------------


def test_given_quotes_that_led_to_orders_when_they_were_sent_then_the_reaction_is_told_and_hands_are_left_out(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    received = clock(MONDAY, 10)
    for number, after_ms in enumerate((5, 40, 7)):
        judged = log.quotes(MONDAY, 10, (SYMBOL, 1_000), received_at=received)
        signal = log.signal(MONDAY, 10, BUY, 1_000, judged)
        origin = "operator:kim" if number == 1 else "ema"
        order = ClientOrderId(log.approve(MONDAY, 10, BUY, signal, origin=origin, arrival_price=Krw(1_010)))
        at = UnixNanos(received + after_ms * MS)
        log.say(OrderSent(order, RequestId(f"{order}-cancel"), UnixNanos(at + MS)), at)
        log.say(OrderSent(order, RequestId(order), at), at)
        log.fill(MONDAY, 10, BUY, 10, 1_020 + number, 10 * number + 10, order=order)
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    part = report.execution
    assert (part.orders, part.by_hand, part.reactions) == (3, 1, 2)
    assert (part.reaction_ms_p50, part.reaction_ms_p99) == (5.0, 7.0)
    assert report.summary.automation_pct == round(200 / 3, 4)
    assert part.decision_slip_ppm == pytest.approx(21_000)
    assert part.slips == 3
    assert part.arrival_slip_ppm == pytest.approx(11 / 1_010 * 1_000_000)
    assert (report.trades[0].decision_slip, report.trades[0].arrival_slip) == (21.0, 11.0)
    assert report.trades[0].trade.by_hand


def test_given_an_order_of_a_stop_when_sent_then_its_reaction_counts_from_the_same_quotes(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    judged = log.quotes(MONDAY, 10, (SYMBOL, 900), received_at=clock(MONDAY, 10))
    what = (
        SYMBOL,
        "stop_loss",
        10,
        Krw(900),
        Krw(950),
        Krw(50),
        Krw(10_000),
        "stop_loss: below 950",
        clock(MONDAY, 10),
    )
    stop = log.say(StopTriggered(*what), clock(MONDAY, 10), judged)
    order = ClientOrderId(log.approve(MONDAY, 10, SELL, stop))
    sent_at = UnixNanos(clock(MONDAY, 10) + 3 * MS)
    log.say(OrderSent(order, RequestId(order), sent_at), clock(MONDAY, 10))
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    assert (report.execution.reaction_ms_p99, report.execution.slips) == (3.0, 0)
    assert [(line.kind, line.subject) for line in report.events] == [("StopTriggered", SYMBOL)]


def test_given_orders_of_every_fate_when_reported_then_each_is_counted_once(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    whole, part, none, lost = (ClientOrderId(log.approve(MONDAY, 10, BUY)) for _ in range(4))
    log.fill(MONDAY, 10, BUY, 6, 1_000, 6, order=whole)
    log.fill(MONDAY, 10, BUY, 4, 1_000, 10, order=whole)
    log.fill(MONDAY, 11, BUY, 3, 1_000, 13, order=part)
    for _ in range(2):  # delivered again
        log.say(OrderRejected("j", 7, clock(MONDAY, 10), none, "R1", "no margin"), clock(MONDAY, 10))
    log.say(ResolveOrder(lost, RequestId(lost)), clock(MONDAY, 10))
    state = (lost, SYMBOL, BUY, Purpose.ENTRY, "SUBMITTED", "UNKNOWN_SUBMIT", "timeout", 10, 0, 10, None, "no answer")
    log.say(OrderStateChanged(*state, clock(MONDAY, 10)), clock(MONDAY, 10))
    denied = (ClientOrderId("d"), SYMBOL, BUY, OrderKind.LIMIT, Purpose.ENTRY, 1, Krw(1), "CASH", "too little", "ema")
    log.say(OrderDenied(*denied, "why", clock(MONDAY, 10)), clock(MONDAY, 10))
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    told = report.execution
    assert (told.orders, told.filled, told.partly, told.unfilled) == (4, 1, 1, 2)
    assert (told.denied, told.rejected, told.unknown) == ({"CASH": 1}, {"R1 no margin": 1}, 1)
    assert ("OrderStateChanged", lost, "UNKNOWN_SUBMIT: no answer") in [
        (line.kind, line.subject, line.text) for line in report.events
    ]


# ---- links, quality, events, changes ---------------------------------------------------------------------------


def test_given_links_that_were_lost_when_reported_then_the_newest_account_of_each_date_counts(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    log.say(UptimeMeasured("2026-03-09", 500, 500, 0, 0, 0), clock(MONDAY, 9))
    log.link(MONDAY, 10, "READY", "BACKING_OFF", "lost")
    log.link(MONDAY, 11, "RECONCILING", "READY", "reconciled")
    log.link(MONDAY, 12, "READY", "DEGRADED", "mute")
    log.link(MONDAY, 13, "DEGRADED", "BACKING_OFF", "lost")
    log.say(UptimeMeasured("2026-03-09", 1_000, 900, 30, 70, 20), clock(MONDAY, 15))
    log.link(MONDAY, 16, "BACKING_OFF", "STOPPED", "stop")
    log.mark(MONDAY, 15, 10_000_000)
    report = day_of(log.close())
    links = report.connection
    assert (links.market_ms, links.up_ms, links.degraded_ms, links.down_ms, links.planned_ms) == (
        1_000,
        900,
        30,
        70,
        20,
    )
    assert (links.losses, links.longest_ms) == ({"quotes": 2}, 3 * 3_600_000)
    assert report.summary.uptime_pct == 90.0
    assert [line.kind for line in report.events] == ["ConnectionChanged", "ConnectionChanged"]


def test_given_verdicts_on_quotes_when_reported_then_a_row_counts_once(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    verdicts = (
        QuoteVerdict(0, SYMBOL, "off_tick", "d", refused=False),
        QuoteVerdict(0, SYMBOL, "stale", "d", refused=True),
        QuoteVerdict(1, SYMBOL, "stale", "d", refused=False),
    )
    log.quotes(MONDAY, 10, (SYMBOL, 1_000), (SYMBOL, 1_010), (OTHER, 500), verdicts=verdicts)
    log.quotes(MONDAY, 11, (SYMBOL, 1_020))
    log.mark(MONDAY, 15, 10_000_000)
    quality = day_of(log.close()).quality
    assert (quality.quotes, quality.refused, quality.flagged, quality.conflated) == (4, 1, 1, 0)
    assert quality.by_rule == {"stale": 2, "off_tick": 1}


def test_given_two_positions_when_reported_then_each_has_its_own_last_price(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY, held=[(SYMBOL, 10, 8_000), (OTHER, 5, 500)])
    log.lists(MONDAY, (SYMBOL, "삼성전자", Market.KOSPI))
    log.quotes(MONDAY, 10, (SYMBOL, 1_000), (OTHER, 90))
    log.quotes(MONDAY, 11, (SYMBOL, 1_100))
    log.mark(MONDAY, 11, 10_011_450, 10_000_000)
    report = day_of(log.close())
    assert [(one.symbol, one.mark, one.unrealized) for one in report.positions] == [
        (SYMBOL, 1_100, 3_000),
        (OTHER, 90, -50),
    ]
    assert report.names == {SYMBOL: "삼성전자"}


def test_given_another_log_of_the_date_without_quotes_when_reported_then_positions_keep_their_prices(
    tmp_path: Path,
) -> None:
    first = Writer(tmp_path / "paper-1.db", "L1")
    first.opens(MONDAY, held=[(SYMBOL, 10, 8_000), (OTHER, 5, 500)])
    first.quotes(MONDAY, 11, (SYMBOL, 1_100), (OTHER, 90))
    first.mark(MONDAY, 11, 10_011_450, 10_000_000)
    second = Writer(tmp_path / "paper-2.db", "L2")  # in the evening
    second.follows(first, MONDAY, 16)
    second.say(RunStarted("r2", "0.7.0", RunConfig("paper", tell_flows=True)), clock(MONDAY, 16))
    plan = (clock(MONDAY, 9), clock(MONDAY, 15, 20), clock(MONDAY, 15, 30))
    second.say(SessionPlanned(MONDAY.isoformat(), True, *plan, False), clock(MONDAY, 16))
    second.mark(MONDAY, 16, 10_011_450, 10_000_000)
    report = day_of(first.close(), second.close())
    assert [(one.symbol, one.mark) for one in report.positions] == [(SYMBOL, 1_100), (OTHER, 90)]


def test_given_what_a_person_should_know_when_reported_then_it_is_told_in_order_and_the_rest_is_not(
    tmp_path: Path,
) -> None:
    log = Writer(tmp_path / "live-1.db")
    log.opens(MONDAY, config=RunConfig("live"))
    at = clock(MONDAY, 10)
    log.say(DayChanged("ARMED", "TRADING", "open", "the open", at), at)
    cause = Cause("DAILY_LOSS", "4.6% of 5%", needs_person=True)
    log.say(ReducingChanged((cause,), at), at)
    log.say(LossLimitHit("daily_loss", Krw(9_400_000), Krw(10_000_000), Krw(600_000), Krw(500_000), at), at)
    log.say(DayChanged("TRADING", "HALTED", "halt", "daily loss", at), at)
    log.say(RoleFailed("strategist", 12, "ValueError"), at)
    log.approve(MONDAY, 11, BUY, origin="operator:kim", overridden=("COLLAR", "CASH"))
    log.say(DayChanged("REPORTING", "CLOSED", "end", "done", clock(MONDAY, 16)), clock(MONDAY, 16))
    log.mark(MONDAY, 15, 9_400_000)
    report = day_of(log.close())
    kinds = ["ReducingChanged", "LossLimitHit", "DayChanged", "RoleFailed", "OrderApproved"]
    assert [line.kind for line in report.events] == kinds
    assert report.events[1].text == "loss of 600,000 KRW reached the limit of 500,000 KRW; equity 9,400,000 KRW"
    assert "operator:kim overrode COLLAR, CASH" in report.events[-1].text
    assert (report.mode, report.is_complete) == ("live", True)
    assert report.summary.day_loss_pct == 6.0


def test_given_other_settings_when_reported_then_every_one_that_differs_is_named_by_its_path(tmp_path: Path) -> None:
    before = RunConfig("paper", strategies=(StrategyConfig("ema", {"fast": 3}), StrategyConfig("old")))
    now = replace(
        before,
        risk=replace(RiskConfig(), max_order_krw=Krw(1_000_000)),
        strategies=(StrategyConfig("ema", {"fast": 5}), StrategyConfig("new")),
    )
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY, config=before, version="0.6.0")
    log.opens(TUESDAY, config=now)
    changes = {
        one.what: (one.before, one.after) for one in day_of(log.close(), on=TUESDAY).changes if one.before and one.after
    }
    assert changes == {
        "version": ("0.6.0", "0.7.0"),
        "strategies": ("ema, old", "ema, new"),
        "strategies.ema.params.fast": ("3", "5"),
        "risk.max_order_krw": ("3,000,000", "1,000,000"),
    }


def test_given_a_period_without_a_log_when_reported_then_it_is_empty_and_says_so(tmp_path: Path) -> None:
    log = Writer(tmp_path / "paper-1.db")
    log.opens(MONDAY)
    report = day_of(log.close(), on=WEDNESDAY)
    assert (report.days, report.trades, report.summary.trades, report.is_complete) == ((), (), 0, False)
    assert report.missing == ("no log tells of this period",)
    assert report.summary.return_pct is None
