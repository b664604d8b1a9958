"""A made-up report with something in every part, and its pieces; no figure of it was ever measured."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from domain.performance.model import (
    ClosedTrade,
    DayLine,
    Drawdown,
    EquityPoint,
    GroupLine,
    Metrics,
    Suggestion,
    Target,
)
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, Krw, UnixNanos
from reports.model import (
    Change,
    ConnectionPart,
    EventLine,
    ExecutionPart,
    FlowLine,
    Position,
    QualityPart,
    Report,
    SignalLine,
    Summary,
    TradeLine,
)

DAY = date(2026, 1, 13)
LOG = Path("paper-20260113.db")
NAMES = {"120110": "코오롱인더", "000250": "삼천당제약"}


def at(hour: int, minute: int = 0, day: date = DAY) -> UnixNanos:
    return from_kst(day, hour, minute)


def a_trade(symbol: str = "120110", realized: int = 10_000, minute: int = 0, **changes: Any) -> ClosedTrade:
    trade = ClosedTrade(
        symbol=symbol,
        strategy="attention_momentum",
        opened_at=at(9, minute),
        closed_at=at(10, minute),
        quantity=10,
        paid=Krw(500_000),
        received=Krw(501_200 + realized),
        costs=Krw(1_200),
        realized=Krw(realized),
        entry_reason="up 4.08% in 5 bars; search attention unknown",
        exit_reason="target: 29750 is 3 % or more above cost",
        by_hand=False,
    )
    return replace(trade, **changes)


def a_line(is_open: bool = False, **changes: Any) -> TradeLine:
    return TradeLine(a_trade(**changes), is_open, ("o-1",), () if is_open else ("o-2",), 12.5, -3.0)


def a_group(key: str, realized: int = -5_000, trades: int = 4, **changes: Any) -> GroupLine:
    line = GroupLine(key, trades, trades // 2, Krw(realized), Krw(900), realized / trades, 0.0312, 0.124)
    return replace(line, **changes)


def a_target(name: str = "win_rate", **changes: Any) -> Target:
    found = Target(name, 0.6, 0.5, 0.29, 0.71, False, 18, "closed_trades", 0.45)
    return replace(found, **changes)


def a_reaction(**changes: Any) -> Target:
    return a_target(
        "reaction",
        **_SURE
        | {"aim": 1_000.0, "measured": 41.25, "met": True, "n": 43, "denominator": "reactions", "before": 44.0}
        | changes,
    )


def a_wish(**changes: Any) -> Target:
    return a_target("wish_day", **_SURE | {"aim": 0.01, "measured": -0.001, "met": None, "is_wish": True} | changes)


_SURE: dict[str, Any] = {"low": None, "high": None, "denominator": "days", "n": 1, "before": 0.002}


def a_day(day: date = DAY, **changes: Any) -> DayLine:
    line = DayLine(
        day=day,
        start_equity=Krw(10_000_000),
        end_equity=Krw(10_090_000),
        flow=Krw(100_000),
        realized=Krw(-12_000),
        unrealized=Krw(2_000),
        commission=Krw(1_500),
        tax=Krw(9_000),
        turnover=Krw(9_000_000),
        orders=44,
        fills=93,
        trades=18,
        wins=9,
        lowest_ppm=8_600,
        exposure_ppm=512_000,
    )
    return replace(line, **changes)


def some_metrics(**changes: Any) -> Metrics:
    found = Metrics(
        days=1,
        total_return=-0.001,
        cagr=None,
        volatility=None,
        sharpe=None,
        sortino=None,
        calmar=None,
        drawdown=Drawdown(8_600, at(9, 30), at(13, 10), None),
        trades=18,
        win_rate=0.5,
        profit_factor=0.93,
        expectancy_krw=-666.7,
        average_win_krw=31_000.0,
        average_loss_krw=-32_300.0,
        exposure=0.31,
        time_in_market=0.82,
        turnover=0.9,
        cost_share=0.42,
        costs_of_turnover=0.00117,
    )
    return replace(found, **changes)


def a_summary(**changes: Any) -> Summary:
    found = Summary(
        date=DAY.isoformat(),
        trades=18,
        win_rate=50.0,
        profit_factor=0.93,
        realized_pnl_krw=-12_000,
        unrealized_pnl_krw=2_000,
        costs_krw=10_500,
        return_pct=-0.1,
        mdd_pct=0.86,
        day_loss_pct=0.86,
        uptime_pct=99.93,
        signal_precision=61.2245,
        automation_pct=97.7273,
        reaction_ms_p99=41.25,
    )
    return replace(found, **changes)


def a_curve(points: int = 60, day: date = DAY) -> tuple[EquityPoint, ...]:
    """Give equity that goes up and down through a session, with one deposit in it."""
    found = []
    for i in range(points):
        moment = UnixNanos(at(9, 0, day) + i * 390 * 60 // max(1, points) * NANOS_PER_SECOND)
        deposit = 100_000 if i == points // 2 else 0
        later = 100_000 if i >= points // 2 else 0
        found.append(EquityPoint(moment, Krw(10_000_000 + later + (i * 7_919) % 61_000 - 30_000), Krw(deposit)))
    return tuple(found)


def an_event(kind: str = "LossLimitHit", **changes: Any) -> EventLine:
    return replace(
        EventLine(at(11, 5), kind, "daily_loss", "daily loss limit: 60 % of 500,000 KRW", 812, LOG), **changes
    )


def an_execution(**changes: Any) -> ExecutionPart:
    found = ExecutionPart(
        orders=44,
        by_hand=1,
        denied={"CASH": 3, "NEW_RULE": 1},
        rejected={"증거금 부족": 1},
        unknown=0,
        filled=36,
        partly=2,
        unfilled=6,
        cancels=6,
        reaction_ms_p50=3.1,
        reaction_ms_p99=41.25,
        reactions=43,
        decision_slip_ppm=612.4,
        arrival_slip_ppm=-35.0,
        slips=93,
    )
    return replace(found, **changes)


def a_report(**changes: Any) -> Report:
    """Give a day with something in every part."""
    curve = a_curve()
    found = Report(
        kind="day",
        first=DAY,
        last=DAY,
        mode="paper",
        logs=(LOG,),
        names=NAMES,
        summary=a_summary(),
        metrics=some_metrics(),
        days=(a_day(),),
        equity=curve,
        drawdowns=tuple((point.at, i % 9 / 1_000) for i, point in enumerate(curve)),
        by_symbol=(a_group("120110", 40_000), a_group("000250", -52_000)),
        by_strategy=(a_group("attention_momentum", -12_000, 18),),
        by_hour=(a_group("09", 3_000), a_group("10", -15_000)),
        by_reason=(a_group("target", 60_000), a_group("stop", -72_000, p_value=0.0004, p_adjusted=0.0008)),
        by_weekday=(a_group("2", -12_000, 18),),
        trades=(a_line(), a_line(symbol="000250", realized=-52_000, minute=7), a_line(is_open=True, minute=9)),
        positions=(Position("120110", 3, Krw(140_000), Krw(47_300), Krw(2_000)),),
        events=(an_event(), an_event("ConnectionChanged", subject="quotes", text="no heartbeat for 3 s", seq=900)),
        quality=QualityPart(28_585, 12, 40, 0, {"price_jump": 9, "stale": 40}),
        connection=ConnectionPart(23_400_000, 23_383_620, 10_000, 6_380, 0, {"quotes": 1}, 6_380),
        execution=an_execution(),
        signals=(SignalLine("attention_momentum", "ENTRY", 49, 30, 0.472, 0.736, 0.55, -4.2),),
        flows=(FlowLine(at(12, 15), "deposit", "", Krw(100_000), "operator: topped up"),),
        targets=(
            a_target(),
            a_target(
                "reaction",
                aim=1_000,
                measured=41.25,
                low=None,
                high=None,
                met=True,
                n=43,
                denominator="reactions",
                before=44.0,
            ),
            a_target(
                "wish_day",
                aim=0.01,
                measured=-0.001,
                low=None,
                high=None,
                met=None,
                n=1,
                denominator="days",
                before=0.002,
                is_wish=True,
            ),
        ),
        suggestions=(Suggestion("few_trades", {"trades": 18, "least": 30}, 100.0),),
        changes=(Change("risk.max_order_krw", "2000000", "3000000"),),
        before=a_summary(date="2026-01-12", win_rate=45.0, realized_pnl_krw=8_000),
        is_complete=True,
        missing=("reaction of 1 order: it was sent by hand",),
    )
    return replace(found, **changes)


def an_empty_report(**changes: Any) -> Report:
    """Give a date on which nothing happened and of which nothing could be told."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("days", "equity", "drawdowns", "by_symbol", "by_strategy", "by_hour", "by_reason", "by_weekday"),
            *("trades", "positions", "events", "signals", "flows", "targets", "suggestions", "changes", "missing"),
        ),
        (),
    )
    zero = dict.fromkeys(
        ("orders", "by_hand", "unknown", "filled", "partly", "unfilled", "cancels", "reactions", "slips"), 0
    )
    untold = dict.fromkeys(("reaction_ms_p50", "reaction_ms_p99", "decision_slip_ppm", "arrival_slip_ppm"), None)
    of_days = dict.fromkeys(
        (
            *("total_return", "drawdown", "win_rate", "profit_factor", "expectancy_krw", "average_win_krw"),
            *("average_loss_krw", "exposure", "time_in_market", "turnover", "cost_share", "costs_of_turnover"),
        ),
        None,
    )
    summary = dict.fromkeys(
        (
            *("win_rate", "profit_factor", "return_pct", "mdd_pct", "day_loss_pct", "uptime_pct"),
            *("signal_precision", "automation_pct", "reaction_ms_p99"),
        ),
        None,
    )
    return a_report(
        **nothing,
        names={},
        before=None,
        summary=a_summary(trades=0, realized_pnl_krw=0, unrealized_pnl_krw=0, costs_krw=0, **summary),
        metrics=some_metrics(days=0, trades=0, **of_days),
        quality=QualityPart(0, 0, 0, 0, {}),
        connection=ConnectionPart(0, 0, 0, 0, 0, {}, 0),
        execution=an_execution(denied={}, rejected={}, **zero, **untold),
        **changes,
    )
