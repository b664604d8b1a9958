"""Everything that is computed of one period before it becomes a report; of the period before it, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.messages.trading import SessionPlanned
from domain.performance.drawdown import Course, course_of
from domain.performance.metrics import Measured, mean_share, metrics_of, share_of_time
from domain.performance.model import ClosedTrade, Metrics
from domain.performance.scorecard import Counted
from domain.performance.trades import closed_trade
from domain.types import PPM
from persistence.codec import MessageCodec
from reports.condensing import read_condensed
from reports.connection import connection_of
from reports.crew import NOBODY, Crew, is_enough
from reports.days import Curve, curve_of
from reports.execution import execution_of, reactions_of, slips_of
from reports.logs import LogHead
from reports.model import ConnectionPart, ExecutionPart, SignalLine, Summary, TradeLine
from reports.percentages import cut_percent
from reports.reading import DayFacts, read_days
from reports.rounds import EntangledError
from reports.signals import scores_of
from reports.slips import Slips
from reports.trades import Booked, booked_of, past_of

PERCENT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Period:
    """One period of one account, measured."""

    first: date
    days: Sequence[DayFacts]
    booked: Booked
    closed: tuple[ClosedTrade, ...]
    curve: Curve
    course: Course  # of its points
    metrics: Metrics
    connection: ConnectionPart
    execution: ExecutionPart
    slips: Slips
    signals: tuple[SignalLine, ...]
    entries: SignalLine | None  # of all strategies; None: none was scored
    missing: tuple[str, ...]

    @property
    def lowest_ppm(self) -> int | None:
        """Give the deepest fall of a date below its start; None without a date."""
        return max((line.lowest_ppm for line in self.curve.lines), default=None)


def measure(heads: Sequence[LogHead], codec: MessageCodec, first: date, last: date, crew: Crew = NOBODY) -> Period:
    """Read and measure a period, both days inclusive. Logs that fail are named in `missing`.

    With a crew `days` of many logs are without the fills and orders of round trips that were told apart; without one
    they are whole. Nothing else depends on it.
    """
    if crew and is_enough(sum(bool(head.within(first, last)) for head in heads)):
        try:
            return measured(heads, codec, first, crew, *read_condensed(heads, crew, first, last))
        except EntangledError:
            pass  # rare: read whole
    return measured(heads, codec, first, NOBODY, *read_days(heads, codec, first, last))


def measured(
    heads: Sequence[LogHead],
    codec: MessageCodec,
    first: date,
    crew: Crew,
    days: Sequence[DayFacts],
    failed: Sequence[str],
) -> Period:
    """Measure what was read. Raises EntangledError where round trips that were told apart hang together with others."""
    scores = scores_of(days, crew)
    past = past_of(heads, days, codec, first)
    booked = booked_of(days, past)
    closed = tuple(
        one.trade if isinstance(one, TradeLine) else closed_trade(one, booked.orders) for _, one in booked.closed
    )
    curve = curve_of(days, booked.entries, zip((day for day, _ in booked.closed), closed, strict=True))
    slips, reactions = slips_of(days), reactions_of(days)
    marks = curve.marks
    exposure = mean_share((equity - cash, equity) for equity, cash in zip(marks.equity, marks.cash, strict=True))
    held, course = _time_in_market(days, booked, closed, curve), course_of(curve.points)
    signals = scores()
    return Period(
        first=first,
        days=days,
        booked=booked,
        closed=closed,
        curve=curve,
        course=course,
        metrics=metrics_of(Measured(curve.lines, curve.points, closed, exposure, held, course)),
        connection=connection_of(days),
        execution=execution_of(days, slips, reactions),
        slips=slips,
        signals=signals.lines,
        entries=signals.entries,
        missing=(*failed, *past.missing, *curve.missing),
    )


def _time_in_market(
    days: Sequence[DayFacts], booked: Booked, closed: Sequence[ClosedTrade], curve: Curve
) -> float | None:
    """Give the share of the sessions' time so far with a position of ours."""
    if not curve.points:
        return None
    end = max(curve.points.at)
    plans: dict[str, SessionPlanned] = {plan.trading_date: plan for facts in days for plan in facts.sessions}
    sessions = [
        (plan.open_time, min(plan.close_time, max(end, plan.open_time)))
        for plan in plans.values()
        if plan.is_session and date.fromisoformat(plan.trading_date) in {line.day for line in curve.lines}
    ]
    held = [(trade.opened_at, trade.closed_at) for trade in closed]
    held += [(trade.opened_at, end) for trade in booked.open]
    return share_of_time(held, sessions)


def counted(period: Period) -> Counted:
    """Give what the targets are measured from."""
    fall, entries = period.metrics.drawdown, period.entries
    return Counted(
        market_ms=period.connection.market_ms,
        up_ms=period.connection.up_ms,
        scored_entries=entries.scored if entries is not None else 0,
        right_entries=entries.right if entries is not None else 0,
        precision_interval=_interval(period.entries),
        reactions=period.execution.reactions,
        reaction_ms_p99=period.execution.reaction_ms_p99,
        days=len(period.curve.lines),
        lowest_ppm=period.lowest_ppm,
        closed_trades=len(period.closed),
        wins=sum(trade.realized > 0 for trade in period.closed),
        orders=period.execution.orders,
        by_hand=period.execution.by_hand,
        drawdown_ppm=None if fall is None else fall.ppm,
        total_return=period.metrics.total_return,
    )


def _interval(line: SignalLine | None) -> tuple[float, float] | None:
    return None if line is None or line.low is None or line.high is None else (line.low, line.high)


def summary_of(period: Period) -> Summary:
    """Give the figures of a period in one line; percentages have four digits, return and falls are cut to them."""
    lines, metrics, links, execution = period.curve.lines, period.metrics, period.connection, period.execution
    numbers = counted(period)
    automatic = execution.orders - execution.by_hand
    return Summary(
        date=period.first.isoformat(),
        trades=len(period.closed),
        win_rate=_percent(metrics.win_rate),
        profit_factor=None if metrics.profit_factor is None else round(metrics.profit_factor, PERCENT_DIGITS),
        realized_pnl_krw=sum(line.realized for line in lines),
        unrealized_pnl_krw=lines[-1].unrealized if lines else 0,
        costs_krw=sum(line.commission + line.tax for line in lines),
        return_pct=cut_percent(metrics.total_return),
        mdd_pct=cut_percent(None if numbers.drawdown_ppm is None else numbers.drawdown_ppm / PPM),
        day_loss_pct=cut_percent(None if period.lowest_ppm is None else period.lowest_ppm / PPM),
        uptime_pct=_percent(links.up_ms / links.market_ms if links.market_ms else None),
        signal_precision=_percent(numbers.right_entries / numbers.scored_entries if numbers.scored_entries else None),
        automation_pct=_percent(automatic / execution.orders if execution.orders else None),
        reaction_ms_p99=None if execution.reaction_ms_p99 is None else round(execution.reaction_ms_p99, PERCENT_DIGITS),
    )


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction * 100, PERCENT_DIGITS)
