"""A report as rows with stable names, for `--json` and CSV: one table of parts, columns with units in their names.

Money is integer KRW, times are ISO 8601 in KST, dates ISO, shares fractions (`_pct` percentages), spans in ms.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from domain.performance.model import GroupLine
from domain.time import kst_date, kst_text
from reports.model import Report, TradeLine

NANOS_PER_MS = 1_000_000

Row = tuple[Any, ...]
SUMMARY_KEYS = (
    *("date", "trades", "win_rate", "profit_factor", "realized_pnl_krw", "unrealized_pnl_krw", "costs_krw"),
    *("return_pct", "mdd_pct", "day_loss_pct", "uptime_pct", "signal_precision", "automation_pct", "reaction_ms_p99"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a report."""

    name: str  # of an object in JSON: trade
    file: str  # in CSV, without ending: trades
    columns: tuple[str, ...]
    rows: Callable[[Report], Iterator[Row]]

    def objects(self, report: Report) -> Iterator[dict[str, Any]]:
        """Give a row as an object with its part named first."""
        return ({"part": self.name, **dict(zip(self.columns, row, strict=True))} for row in self.rows(report))


def objects(report: Report) -> Iterator[dict[str, Any]]:
    """Give everything a report tells, one object a row; the summary, without a part, comes last."""
    yield {
        "part": "report",
        "kind": report.kind,
        "first": report.first.isoformat(),
        "last": report.last.isoformat(),
        "mode": report.mode,
        "logs": [str(log) for log in report.logs],
        "is_complete": report.is_complete,
        "missing": list(report.missing),
    }
    for part in PARTS:
        yield from part.objects(report)
    yield {"part": "metrics", **_metrics(report)}
    yield {"part": "execution", **asdict(report.execution)}
    yield {"part": "connection", **asdict(report.connection)}
    yield {"part": "quality", **asdict(report.quality)}
    for found in report.suggestions:
        yield {"part": "suggestion", "rule": found.rule, "weight": found.weight, "figures": dict(found.figures)}
    if report.before is not None:
        yield {"part": "before", **asdict(report.before)}
    yield summary_object(report)


def summary_object(report: Report) -> dict[str, Any]:
    """Give the last object of `report --json`: exactly the keys of the contract, in their order."""
    return {key: getattr(report.summary, key) for key in SUMMARY_KEYS}


def iso(at: int) -> str:
    """Give a moment (UTC ns) as ISO 8601 in KST, with milliseconds."""
    return f"{kst_date(at).isoformat()}T{kst_text(at)}.{at // NANOS_PER_MS % 1_000:03d}+09:00"


def _days(report: Report) -> Iterator[Row]:
    for day in report.days:
        yield (
            *(day.day.isoformat(), day.start_equity, day.flow, day.end_equity, day.realized, day.unrealized),
            *(day.commission, day.tax, day.turnover, day.orders, day.fills, day.trades, day.wins),
            *(day.lowest_ppm, day.exposure_ppm),
        )


def _trades(report: Report) -> Iterator[Row]:
    return (trade_row(line, report.names) for line in report.trades)


def trade_row(line: TradeLine, names: Mapping[str, str]) -> Row:
    """Give the columns of one trade; an open one has no end."""
    trade = line.trade
    return (
        *(trade.symbol, names.get(trade.symbol, ""), trade.strategy, iso(trade.opened_at)),
        None if line.is_open else iso(trade.closed_at),
        *(line.is_open, trade.quantity, trade.paid, trade.received, trade.costs, trade.realized),
        *(trade.entry_reason, trade.exit_reason, trade.by_hand, line.decision_slip, line.arrival_slip),
        *(" ".join(line.entry_orders), " ".join(line.exit_orders)),
    )


def _groups(report: Report) -> Iterator[Row]:
    tables: Mapping[str, Sequence[GroupLine]] = {
        "symbol": report.by_symbol,
        "strategy": report.by_strategy,
        "hour": report.by_hour,
        "weekday": report.by_weekday,
        "reason": report.by_reason,
    }
    for kind, lines in tables.items():
        for g in lines:
            yield (kind, g.key, g.trades, g.wins, g.realized, g.costs, g.average_krw, g.p_value, g.p_adjusted)


def _targets(report: Report) -> Iterator[Row]:
    for t in report.targets:
        yield (t.name, t.aim, t.measured, t.low, t.high, t.met, t.n, t.denominator, t.before, t.is_wish)


def _positions(report: Report) -> Iterator[Row]:
    for p in report.positions:
        yield (p.symbol, report.names.get(p.symbol, ""), p.quantity, p.cost_basis, p.mark, p.unrealized)


def _events(report: Report) -> Iterator[Row]:
    return ((iso(e.at), e.kind, e.subject, e.text, e.seq, e.log.name) for e in report.events)


def _signals(report: Report) -> Iterator[Row]:
    for s in report.signals:
        yield (s.strategy, s.purpose, s.scored, s.right, s.low, s.high, s.always_in, s.net_bps)


def _flows(report: Report) -> Iterator[Row]:
    return ((iso(f.at), f.kind, f.symbol, f.amount, f.text) for f in report.flows)


def _changes(report: Report) -> Iterator[Row]:
    return ((change.what, change.before, change.after) for change in report.changes)


def _equity(report: Report) -> Iterator[Row]:
    falls = dict(report.drawdowns)
    return ((iso(point.at), point.equity, point.flow, falls.get(point.at)) for point in report.equity)


def _metrics(report: Report) -> dict[str, Any]:
    found = asdict(report.metrics)
    fall = report.metrics.drawdown
    if fall is not None:
        found["drawdown"] = {
            "ppm": fall.ppm,
            "peak_at": iso(fall.peak_at),
            "trough_at": iso(fall.trough_at),
            "recovered_at": None if fall.recovered_at is None else iso(fall.recovered_at),
        }
    return found


PARTS = (
    Part(
        "day",
        "days",
        (
            *("date", "start_equity_krw", "flow_krw", "end_equity_krw", "realized_krw", "unrealized_krw"),
            *("commission_krw", "tax_krw", "turnover_krw", "orders", "fills", "trades", "wins"),
            *("lowest_ppm", "exposure_ppm"),
        ),
        _days,
    ),
    Part(
        "trade",
        "trades",
        (
            *("symbol", "name", "strategy", "opened_at", "closed_at", "is_open", "quantity", "paid_krw"),
            *("received_krw", "costs_krw", "realized_krw", "entry_reason", "exit_reason", "by_hand"),
            *("decision_slip_krw", "arrival_slip_krw", "entry_orders", "exit_orders"),
        ),
        _trades,
    ),
    Part("position", "positions", ("symbol", "name", "quantity", "cost_krw", "mark_krw", "unrealized_krw"), _positions),
    Part(
        "group",
        "groups",
        ("by", "key", "trades", "wins", "realized_krw", "costs_krw", "average_krw", "p_value", "p_adjusted"),
        _groups,
    ),
    Part(
        "target",
        "targets",
        ("name", "aim", "measured", "low", "high", "met", "n", "denominator", "before", "is_wish"),
        _targets,
    ),
    Part("event", "events", ("at", "kind", "subject", "text", "seq", "log"), _events),
    Part(
        "signal",
        "signals",
        ("strategy", "purpose", "scored", "right", "low", "high", "always_in", "net_bps"),
        _signals,
    ),
    Part("flow", "flows", ("at", "kind", "symbol", "amount_krw", "text"), _flows),
    Part("change", "changes", ("what", "before", "after"), _changes),
    Part("equity", "equity", ("at", "equity_krw", "flow_krw", "drawdown"), _equity),
)
