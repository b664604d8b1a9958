"""The end of a demo: trades with reasons, costs, profit and loss, denials, attention, and whether the log proves it."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from actors.edges.desk_reader import ALL
from broker_sim.recording import Recording
from cli.demo_events import events_of, unfilled
from cli.demo_run import Finished
from cli.names import labelled
from cli.offline import fold_roles
from cli.output import console, krw, kst_clock, show_table, signed
from cli.replay import replay_process
from cli.signals import accuracy_keys, report_accuracy
from cli.trips import Trip, reasons, trips_of
from cli.uptime import uptime_words
from domain.messages.trading import OrderDenied
from domain.status import SignalsQuery
from domain.views import DenialsQuery
from domain.wording import counted
from hantrade.v1 import desk_pb2, types_pb2
from persistence.verify import verify

SHADOW = "shifted-demo"


@dataclass(frozen=True, slots=True)
class LogChecks:
    """What `log verify` and `log replay` say."""

    events: int
    verified: bool
    verify_problem: str
    outputs: int
    replay_identical: bool
    first_difference_seq: int | None
    head: str = ""  # of the hash chain, hex


def check_log(path: Path) -> LogChecks:
    """Verify here, replay in a fresh process with another hash seed."""
    verified = verify(path)
    with tempfile.TemporaryFile("w+") as answer:
        replay_process(path, as_json=True, output=answer)
        replayed = _last_object(answer)
    return LogChecks(
        events=verified.events,
        verified=verified.ok,
        verify_problem=str(verified.problem or ""),
        outputs=int(replayed.get("outputs", 0)),
        replay_identical=bool(replayed.get("identical", False)),
        first_difference_seq=replayed.get("first_difference_seq"),
        head=verified.head_hash,
    )


def _last_object(answer: IO[str]) -> dict[str, Any]:
    answer.seek(0)
    lines = [line for line in answer.read().splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return found


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Everything the report tells, read back from the log."""

    checks: LogChecks
    recording: Recording
    log_path: Path
    status: desk_pb2.TraderStatus
    cash: desk_pb2.GetCashResponse
    performance: desk_pb2.GetPerformanceResponse
    trips: list[Trip]
    orders: dict[str, types_pb2.Order]
    positions: list[types_pb2.Position]
    denials: tuple[OrderDenied, ...]
    by_attention: dict[str, int]
    accuracy: desk_pb2.GetAccuracyResponse
    events: list[tuple[str, str]]  # clock time, what stopped or disturbed trading

    @classmethod
    def of(cls, log_path: Path, checks: LogChecks, recording: Recording) -> "DemoReport":
        """Fold the log and collect. Raises LogError."""
        reader, ask = fold_roles(log_path)
        orders = reader.orders(desk_pb2.ListOrdersRequest(limit=ALL)).orders
        fills = list(reversed(reader.fills("", ALL).fills))
        return cls(
            checks=checks,
            recording=recording,
            log_path=log_path,
            status=reader.status(),
            cash=reader.cash(),
            performance=reader.performance(),
            trips=trips_of(fills),
            orders={order.client_order_id: order for order in orders},
            positions=[p for p in reader.positions().positions if p.quantity],
            denials=ask("risk_manager", DenialsQuery(limit=ALL)),
            by_attention=ask("strategist", SignalsQuery(limit=0)).by_attention,
            accuracy=reader.accuracy(),
            events=events_of(log_path),
        )

    def result(self) -> dict[str, Any]:
        """Give the machine-readable summary of design.md 8."""
        return {
            "quotes": self.status.quotes,
            "signals": self.status.signals,
            "signals_with_attention": sum(n for name, n in self.by_attention.items() if name != "unknown"),
            "orders": sum(1 for order in self.orders.values() if order.status != types_pb2.ORDER_STATUS_DENIED),
            "fills": self.status.fills,
            "denied": len(self.denials),
            "realized_pnl_krw": self.cash.realized_pnl_krw,
            "unrealized_pnl_krw": self.cash.unrealized_pnl_krw,
            "costs_krw": self.cash.commission_krw + self.cash.tax_krw,
            "equity_krw": self.cash.equity_krw,
            "log_events": self.checks.events,
            "log_path": str(self.log_path),
            "log_head": self.checks.head,
            "verified": self.checks.verified,
            "replay_identical": self.checks.replay_identical,
            "limits_unknown": self.status.limits_unknown,
            "uptime_pct": round(self.status.link_up_ppm / 10_000, 4),
            **accuracy_keys(self.accuracy),
        }


def show_report(report: DemoReport, finished: Finished) -> None:
    """Print the report for people."""
    out = console()
    out.print()
    _show_trips(report)
    _show_positions(report)
    _show_denials(report)
    _show_unfilled(report)
    _show_events(report)
    cash, perf = report.cash, report.performance
    rows = [
        ["quotes judged / refused", f"{krw(report.status.quotes)} / {krw(report.status.quotes_refused)}"],
        ["signals", f"{krw(report.status.signals)}: {_attention(report.by_attention)}"],
        ["orders / fills", f"{krw(report.result()['orders'])} / {krw(report.status.fills)}"],
        ["trades closed / with a profit", f"{perf.trades} / {perf.wins}"],
        ["commission / transaction tax", f"{krw(cash.commission_krw)} / {krw(cash.tax_krw)} KRW"],
        ["realised, costs included", f"{signed(cash.realized_pnl_krw)} KRW"],
        ["not realised, at mark, buying costs included", f"{signed(cash.unrealized_pnl_krw)} KRW"],
        [
            "cash / equity",
            f"{krw(cash.cash_krw)} / {krw(cash.equity_krw)} KRW (began with {krw(cash.start_equity_krw)})",
        ],
        ["deepest fall of equity", f"{krw(perf.max_drawdown_krw)} KRW"],
        ["links up", uptime_words(report.status)],
        ["how it ended", f"{finished.reason}; {'stopped in order' if finished.in_order else 'NOT stopped in order'}"],
    ]
    if report.status.limits_unknown:
        rows.append(
            ["FLAG daily limits unknown", f"{report.status.limits_unknown} instruments without a previous close"]
        )
    rows += _proof(report.checks)
    show_table(f"{report.recording.day}, paper", [("what", "left"), ("figure", "left")], rows, "")
    report_accuracy(report.accuracy)
    if report.by_attention.get(SHADOW):
        out.print(
            "attention=shifted-demo: a real search series of other dates, moved by whole weeks; it shows the "
            "machinery, it is no evidence of anything."
        )
    out.print("Past or paper results promise nothing about profit.")


def _proof(checks: LogChecks) -> list[list[str]]:
    verified = (
        f"{krw(checks.events)} events, hash chain intact" if checks.verified else f"BROKEN: {checks.verify_problem}"
    )
    if checks.replay_identical:
        replayed = f"identical: all {krw(checks.outputs)} decisions came out the same in a fresh process"
    else:
        replayed = f"NOT identical, first difference at sequence {checks.first_difference_seq}"
    return [["log verify", verified], ["log replay", replayed], ["head of the log, to be kept elsewhere", checks.head]]


def _attention(by_attention: dict[str, int]) -> str:
    if not by_attention:
        return "none"
    words = {"unknown": "without (attention unknown, or exits that need none)"}
    return ", ".join(
        f"{krw(n)} {words.get(name, f'with attention={name}')}" for name, n in sorted(by_attention.items())
    )


def _show_trips(report: DemoReport) -> None:
    rows = [
        [
            kst_clock(trip.opened.fill_time),
            kst_clock(trip.last.fill_time) if trip.last and trip.is_closed else "open",
            labelled(trip.symbol),
            krw(trip.bought),
            krw(trip.paid // trip.bought) if trip.bought else "-",
            krw(trip.received // trip.sold) if trip.sold else "-",
            krw(trip.costs),
            signed(trip.realized) if trip.sold else "-",
            reasons(trip.entry_orders, report.orders)
            + " → "
            + (reasons(trip.exit_orders, report.orders) or "still held"),
        ]
        for trip in report.trips
    ]
    right = "right"
    columns = [("in", "left"), ("out", "left"), ("symbol", "left"), ("shares", right), ("avg buy", right)]
    columns += [("avg sell", right), ("costs", right), ("P&L", right), ("why", "left")]
    show_table("trades; KRW, P&L after costs", columns, rows, "no trades")


def _show_positions(report: DemoReport) -> None:
    if not report.positions:
        return
    rows = [
        [
            labelled(p.symbol),
            krw(p.quantity),
            krw(p.cost_basis_krw),
            krw(p.mark_price_krw),
            signed(p.unrealized_pnl_krw),
        ]
        for p in report.positions
    ]
    right = "right"
    columns = [("symbol", "left"), ("shares", right), ("cost", right), ("mark", right), ("unrealised", right)]
    show_table("still held, at mark", columns, rows, "")


def _show_unfilled(report: DemoReport) -> None:
    rows = [[ended, krw(count), why] for ended, why, count in unfilled(report.log_path, report.orders.values())]
    if rows:
        columns = [("orders", "left"), ("times", "right"), ("reason", "left")]
        show_table("orders that ended with shares unfilled", columns, rows, "")


def _show_events(report: DemoReport) -> None:
    first: dict[str, str] = {}  # what happened again and again is told once, with its first time
    for clock, text in report.events:
        first.setdefault(text, clock)
    rows = [[clock, text] for text, clock in first.items()]
    if rows and report.positions:
        rows.append(["end", f"held to the end, at mark: {counted(len(report.positions), 'position')}"])
    if rows:
        show_table("what stopped or disturbed trading", [("time", "left"), ("reason", "left")], rows, "")


def _show_denials(report: DemoReport) -> None:
    by_reason: dict[str, list[OrderDenied]] = {}
    for denied in report.denials:
        by_reason.setdefault(denied.reason, []).append(denied)
    rows = [
        [reason, krw(len(found)), f"{labelled(found[0].symbol)}: {found[0].message}"]
        for reason, found in sorted(by_reason.items())
    ]
    show_table(
        "what risk denied", [("rule", "left"), ("times", "right"), ("first of them", "left")], rows, "risk denied: none"
    )
