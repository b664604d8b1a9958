"""Two or three logs of the same dates in one table: a figure a row, a log a column, how each differs from the first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from backtest.compare import Comparison, compare
from backtest.figure_causes import FigureCauses
from backtest.same_days import Told
from domain.messages.trading import FillBooked
from domain.types import PPM
from reports.measured import summary_of

Value = int | float | None


class Figure(NamedTuple):
    """What is measured of each log."""

    key: str
    unit: str  # count, shares, KRW, %, ppm, ms
    of: Callable[[Told], Value]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of all logs."""

    figure: Figure
    values: tuple[Value, ...]
    causes: tuple[tuple[str, ...], ...]  # of each log but the first, why it differs from the first; in words

    @property
    def differences(self) -> tuple[Value, ...]:
        """Give by how much each log but the first differs from it; None where one of the two does not tell."""
        first, *others = self.values
        return tuple(None if first is None or other is None else _less(other, first) for other in others)

    @property
    def is_same(self) -> bool:
        """Tell whether all logs have the same value, or none tells one."""
        return all(value == self.values[0] for value in self.values)


@dataclass(frozen=True, slots=True)
class Table:
    """All figures, and the logs order by order: each against the first."""

    logs: tuple[Told, ...]
    rows: tuple[Row, ...]
    pairs: tuple[Comparison, ...]

    @property
    def is_same(self) -> bool:
        """Tell whether all made the same orders with the same fills."""
        return all(pair.is_same for pair in self.pairs)


def table_of(logs: Sequence[Told], shown: Callable[[str], str] = str) -> Table:
    """Hold logs against the first of them; `shown` gives how a symbol is written in causes."""
    first, *others = logs
    pairs = tuple(compare(first.history, other.history, (first.name, other.name)) for other in others)
    why = [FigureCauses(first, other, pair, shown) for other, pair in zip(others, pairs, strict=True)]
    rows = []
    for figure in FIGURES:
        values = tuple(figure.of(told) for told in logs)
        causes = [
            tuple(causes.of(figure.key, values[0], value)) if value != values[0] else ()
            for causes, value in zip(why, values[1:], strict=True)
        ]
        rows.append(Row(figure, values, tuple(causes)))
    return Table(tuple(logs), tuple(rows), pairs)


def _less(value: float, first: float) -> int | float:
    return value - first if isinstance(value, int) and isinstance(first, int) else round(value - first, 4)


def _shares(told: Told) -> int:
    booked = (moved for facts in told.period.days for _, moved in facts.moved)
    return sum(moved.last_qty for moved in booked if isinstance(moved, FillBooked))


def _costs(told: Told) -> int:
    return sum(line.commission + line.tax for line in told.period.curve.lines)


def _unrealized(told: Told) -> int | None:
    lines = told.period.curve.lines
    return lines[-1].unrealized if lines else None


def _equity_end(told: Told) -> int | None:
    lines = told.period.curve.lines
    return lines[-1].end_equity if lines else None


def _day_loss(told: Told) -> float | None:
    lowest = told.period.lowest_ppm
    return None if lowest is None else round(lowest * 100 / PPM, 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


FIGURES: Final = (
    Figure("orders", "count", lambda told: told.period.execution.orders),
    Figure("orders_by_hand", "count", lambda told: told.period.execution.by_hand),
    Figure("orders_denied", "count", lambda told: sum(told.period.execution.denied.values())),
    Figure("fills", "count", lambda told: sum(line.fills for line in told.period.curve.lines)),
    Figure("shares", "shares", _shares),
    Figure("notional_krw", "KRW", lambda told: sum(line.turnover for line in told.period.curve.lines)),
    Figure("realized_pnl_krw", "KRW", lambda told: sum(line.realized for line in told.period.curve.lines)),
    Figure("costs_krw", "KRW", _costs),
    Figure("unrealized_pnl_krw", "KRW", _unrealized),
    Figure("equity_end_krw", "KRW", _equity_end),
    Figure("day_loss_pct", "%", _day_loss),
    Figure("decision_slippage_ppm", "ppm", lambda told: _rounded(told.period.execution.decision_slip_ppm)),
    Figure("arrival_slippage_ppm", "ppm", lambda told: _rounded(told.period.execution.arrival_slip_ppm)),
    Figure("reaction_ms_p50", "ms", lambda told: _rounded(told.period.execution.reaction_ms_p50)),
    Figure("reaction_ms_p99", "ms", lambda told: _rounded(told.period.execution.reaction_ms_p99)),
    Figure("signals", "count", lambda told: sum(told.history.signals.values())),
    Figure("quotes", "count", lambda told: told.history.quotes),
    Figure("batches", "count", lambda told: len(told.history.ends)),
    Figure("uptime_pct", "%", lambda told: summary_of(told.period).uptime_pct),
)
