"""What `backtest run` prints: trades, profit and loss after costs, drawdown, what to distrust."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broker.translate.signals import accuracy_answer
from cli.demo_report import LogChecks
from cli.names import labelled
from cli.output import console, krw, show_table, signed
from cli.signals import accuracy_keys, report_accuracy
from domain.time import kst_date, kst_text
from domain.types import PPM

if TYPE_CHECKING:
    from backtest.checks import Finding
    from backtest.history import History
    from backtest.run import Ran
    from backtest.trades import Figures

SHADOW = "shifted-demo"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything there is to tell."""

    history: "History"
    checks: LogChecks | None  # None: not asked for
    warnings: "Sequence[Finding]"
    ran: "Ran"
    ran_s: float  # reading the data and trading, without checks


def result_of(report: Report) -> dict[str, Any]:
    """Give the machine-readable summary: the demo's keys, then what several days add."""
    from backtest.trades import figures_of

    history, checks, ran = report.history, report.checks, report.ran
    figures = figures_of(history)
    signals = sum(history.signals.values())
    return {
        "quotes": history.quotes,
        "signals": signals,
        "signals_with_attention": signals - history.signals["unknown"],
        "orders": len(history.orders),
        "fills": len(history.booked),
        "denied": len(history.denied),
        "realized_pnl_krw": figures.realized,
        "unrealized_pnl_krw": figures.unrealized,
        "income_krw": figures.income,
        "costs_krw": figures.commission + figures.tax,
        "equity_krw": figures.end_equity,
        "log_events": history.events,
        "log_path": str(ran.log_path),
        "log_head": checks.head if checks else None,
        "verified": checks.verified if checks else None,
        "replay_identical": checks.replay_identical if checks else None,
        "limits_unknown": len(history.limits_unknown),
        "days": len(figures.days),
        "dates": [day.day.isoformat() for day in figures.days],
        "trades": len(figures.trades),
        "trades_closed": figures.closed,
        "win_rate_ppm": figures.win_rate_ppm,
        "max_drawdown_krw": figures.drawdown,
        "max_drawdown_ppm": figures.drawdown_ppm,
        "positions": figures.held,
        "warnings": [
            {"kind": item.kind, "rule": item.rule, "count": item.count, "text": item.text} for item in report.warnings
        ],
        **accuracy_keys(accuracy_answer(history.scores)),
        "quotes_per_second": round(history.quotes / report.ran_s) if report.ran_s else None,
        "interrupted": ran.interrupted,
    }


def show(report: Report) -> None:
    """Print the report for people."""
    from backtest.trades import figures_of

    figures = figures_of(report.history)
    out = console()
    out.print()
    _show_trades(report, figures)
    if len(figures.days) > 1:
        _show_days(figures)
    _show_denied(report)
    _show_figures(report, figures)
    report_accuracy(accuracy_answer(report.history.scores))
    _show_warnings(report)
    out.print(attention_of(report.history))
    out.print("Back-tests promise nothing about profit; what is simulated and what is not: docs/backtest.md")
    log = shlex.quote(str(report.ran.log_path))
    out.print(f"Read on: hantrade log why ORDER --log {log}", soft_wrap=True)  # one line, to be pasted


def _show_trades(report: Report, figures: "Figures") -> None:
    from backtest.trades import reasons

    orders = report.history.orders
    several = len(figures.days) > 1
    rows = [
        [
            (f"{kst_date(trade.opened_at)} " if several else "") + kst_text(trade.opened_at),
            kst_text(trade.closed_at) if trade.is_closed else "open",
            labelled(trade.symbol),
            krw(trade.bought),
            krw(trade.paid // trade.bought) if trade.bought else "-",
            krw(trade.received // trade.sold) if trade.sold else "-",
            krw(trade.costs),
            signed(trade.realized) if trade.sold else "-",
            f"{reasons(trade.entries, orders)} → {reasons(trade.exits, orders) or 'still held'}",
        ]
        for trade in figures.trades
    ]
    right = "right"
    columns = [("in", "left"), ("out", "left"), ("symbol", "left"), ("shares", right), ("avg buy", right)]
    columns += [("avg sell", right), ("costs", right), ("P&L", right), ("why", "left")]
    show_table("trades; KRW, P&L after costs", columns, rows, "no trades")


def _show_days(figures: "Figures") -> None:
    rows = [
        [
            day.day.isoformat(),
            krw(day.orders),
            krw(day.fills),
            signed(day.realized),
            krw(day.costs),
            signed(day.end_equity - day.start_equity),
            krw(day.end_equity),
        ]
        for day in figures.days
    ]
    right = "right"
    columns = [("day", "left"), ("orders", right), ("fills", right), ("realised", right), ("costs", right)]
    columns += [("equity of the day", right), ("equity", right)]
    show_table("days; KRW", columns, rows, "")


def _show_denied(report: Report) -> None:
    by_rule: dict[str, list[Any]] = {}
    for denied in report.history.denied:
        by_rule.setdefault(denied.reason, []).append(denied)
    rows = [[rule, krw(len(f)), f"{labelled(f[0].symbol)}: {f[0].message}"] for rule, f in sorted(by_rule.items())]
    columns = [("rule", "left"), ("times", "right"), ("first of them", "left")]
    show_table("what risk denied", columns, rows, "risk denied: none")


def _show_figures(report: Report, figures: "Figures") -> None:
    win = "-" if figures.win_rate_ppm is None else f"{figures.win_rate_ppm * 100 / PPM:.1f} %"
    began = f"began with {krw(figures.start_equity)}"
    speed = f"{report.history.quotes / report.ran_s:,.0f} quotes/s" if report.ran_s else "-"
    rows = [
        ["quotes / signals / orders / fills", _counts(report.history)],
        ["trades closed / with a profit", f"{figures.closed} / {figures.wins} ({win})"],
        ["commission / transaction tax", f"{krw(figures.commission)} / {krw(figures.tax)} KRW"],
        ["realised, costs included", f"{signed(figures.realized)} KRW"],
        ["not realised, at mark, buying costs included", f"{signed(figures.unrealized)} KRW"],
        ["cash / equity", f"{krw(figures.cash)} / {krw(figures.end_equity)} KRW ({began})"],
        ["deepest fall of equity", f"{krw(figures.drawdown)} KRW, {figures.drawdown_ppm * 100 / PPM:.2f} %"],
        ["speed", f"{report.ran_s:.1f} s, {speed}"],
    ]
    if figures.income:
        rows.insert(4, ["income of corporate actions", f"{signed(figures.income)} KRW"])
    rows += _proof(report)
    title = " to ".join(dict.fromkeys(day.day.isoformat() for day in (figures.days[:1] + figures.days[-1:])))
    ending = ", interrupted" if report.ran.interrupted else ""
    show_table(f"{title or 'no day'}, back-test{ending}", [("what", "left"), ("figure", "left")], rows, "")


def _counts(history: "History") -> str:
    counts = (history.quotes, sum(history.signals.values()), len(history.orders), len(history.booked))
    return " / ".join(krw(count) for count in counts)


def _proof(report: Report) -> list[list[str]]:
    log = ["log", str(report.ran.log_path)]
    checks = report.checks
    if checks is None:
        return [log, ["log verify / replay", "not asked for"]]
    verified = (
        f"{krw(checks.events)} events, hash chain intact" if checks.verified else f"BROKEN: {checks.verify_problem}"
    )
    replayed = (
        f"identical: all {krw(checks.outputs)} decisions came out the same in a fresh process"
        if checks.replay_identical
        else f"NOT identical, first difference at sequence {checks.first_difference_seq}"
    )
    return [log, ["log verify", verified], ["log replay", replayed]]


def _show_warnings(report: Report) -> None:
    rows = [[item.kind.replace("_", " "), item.rule, krw(item.count), item.text] for item in report.warnings]
    columns = [("kind", "left"), ("rule", "left"), ("times", "right"), ("first of them", "left")]
    show_table("warnings: what to distrust", columns, rows, "warnings: none")


def attention_of(history: "History") -> str:
    """Say which symbols had a search series."""
    known = {symbol: item.source for symbol, item in history.attention.items() if item.z is not None}
    unknown = len(history.served - set(known))
    if not known:
        return f"search attention: no series covers any of the symbols ({unknown}); it is unknown to every strategy."
    named = ", ".join(f"{labelled(symbol)} ({source})" for symbol, source in sorted(known.items()))
    text = f"search attention: {named}; unknown for {f'the other {unknown}' if unknown else 'no other'}."
    if SHADOW in known.values():
        text += f" {SHADOW}: a real series of other dates, moved by whole weeks; it is no evidence of anything."
    return text
