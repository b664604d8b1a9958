"""From event logs to one report."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from domain.krx.calendar import is_session, previous_session
from domain.performance.groups import Groups, groups_of
from domain.performance.model import ClosedTrade, Target
from domain.performance.scorecard import scorecard
from domain.performance.suggestions import Seen, suggestions
from domain.performance.thinning import thinned
from domain.performance.trades import Trade, closed_trade
from fsm.trading_day import State
from persistence.codec import MessageCodec
from reports.changes import changes_of, run_before
from reports.connection import losses_by_hour
from reports.crew import Crew, crew_for
from reports.events import events_of
from reports.flows import flows_of
from reports.instruments import listed
from reports.logs import Account, account_of
from reports.measured import Period, counted, measure, summary_of
from reports.model import QualityPart, Report, TradeLine
from reports.periods import period_before, period_of
from reports.positions import positions_of
from reports.quality import quality_of, uncounted

MOST_POINTS = 2_000  # of the equity curve


def build_report(logs: Sequence[Path], codec: MessageCodec, kind: str, on: date, account: str | None = None) -> Report:
    """Report the day, week (Monday to Sunday), month or year a date is in.

    `logs` are all event logs of a home, in any order. `account` is a mode (paper, mock, live, backtest) or `demo`;
    None: that of the newest run. What could not be read is named in the report. Raises ConfigError where no log is of
    the account, or for another kind of period.
    """
    first, last = period_of(kind, on)
    return build_report_between(logs, codec, kind, first, last, account)


def build_report_between(
    logs: Sequence[Path], codec: MessageCodec, kind: str, first: date, last: date, account: str | None = None
) -> Report:
    """Report the dates from first to last, both inclusive, beside the period of the same kind before. As above."""
    with _uncollected(), crew_for(len(logs)) as crew:
        return _built(logs, codec, kind, (first, last), account, crew)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the cyclic collector away: a year makes millions of values and keeps them, and it would walk them anew."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _built(
    logs: Sequence[Path], codec: MessageCodec, kind: str, span: tuple[date, date], account: str | None, crew: Crew
) -> Report:
    first, last = span
    found = account_of(logs, codec, account, crew)
    period = measure(found.heads, codec, first, last, crew)
    earlier = measure(found.heads, codec, *period_before(kind, first), crew)
    before = earlier if earlier.days else None
    quality = quality_of([facts.quality for facts in period.days if facts.quality is not None])
    targets = scorecard(counted(period), counted(before) if before is not None else None)
    session = crew.aside(_session_until, last)
    groups = groups_of_period(period)
    shown = thinned(period.curve.points, MOST_POINTS, period.course)
    positions = positions_of(period.days, period.curve.marks[-1] if period.curve.marks else None, codec)
    lines = trade_lines(period)
    symbols = {line.trade.symbol for line in lines} | {position.symbol for position in positions}
    missing = (*found.missing, *period.missing)
    return Report(
        kind=kind,
        first=first,
        last=last,
        mode=found.run_as,
        logs=tuple(dict.fromkeys(facts.path for facts in period.days)),
        names={symbol: one.name for symbol, one in sorted(listed(found.heads, codec, symbols, last).items())},
        summary=summary_of(period),
        metrics=period.metrics,
        days=tuple(period.curve.lines),
        equity=shown.points,
        drawdowns=shown.depths,
        by_symbol=groups.by_symbol,
        by_strategy=groups.by_strategy,
        by_hour=groups.by_hour,
        by_reason=groups.by_reason,
        by_weekday=groups.by_weekday,
        trades=lines,
        positions=positions,
        events=events_of(period.days),
        quality=quality,
        connection=period.connection,
        execution=period.execution,
        signals=period.signals,
        flows=flows_of(period.days),
        targets=targets,
        suggestions=suggestions(_seen(period, groups, targets, quality)),
        changes=changes_of(run_before(found.heads, codec, first), period.days),
        before=summary_of(before) if before is not None else None,
        is_complete=not missing and _is_over(found, period, last, session),
        missing=(*missing, *uncounted([facts.stretch for facts in period.days]), *_untold(period)),
    )


def _seen(period: Period, groups: Groups, targets: tuple[Target, ...], quality: QualityPart) -> Seen:
    """Give what the rules of suggestions look at."""
    execution, links = period.execution, period.connection
    return Seen(
        metrics=period.metrics,
        groups=groups,
        targets=targets,
        orders=execution.orders,
        denied=execution.denied,
        rejected=execution.rejected,
        unknown=execution.unknown,
        reaction_ms_p99=execution.reaction_ms_p99,
        reactions=execution.reactions,
        decision_slip_ppm=execution.decision_slip_ppm,
        arrival_slip_ppm=execution.arrival_slip_ppm,
        slips=execution.slips,
        quotes=quality.quotes,
        refused=quality.refused,
        market_ms=links.market_ms,
        up_ms=links.up_ms,
        longest_ms=links.longest_ms,
        losses=links.losses,
        losses_by_hour=losses_by_hour(period.days),
    )


def trade_lines(period: Period) -> tuple[TradeLine, ...]:
    """Give the trades closed in a period, then those still open, with what their fills cost against prices before."""
    closed = zip((one for _, one in period.booked.closed), period.closed, strict=True)
    still = ((trade, closed_trade(trade, period.booked.orders)) for trade in period.booked.open)
    done = [
        one if isinstance(one, TradeLine) else _trade_line(one, told, period, is_open=False) for one, told in closed
    ]
    return (*done, *(_trade_line(trade, told, period, is_open=True) for trade, told in still))


def _trade_line(trade: Trade, told: ClosedTrade, period: Period, *, is_open: bool) -> TradeLine:
    decision, arrival = period.slips.of((*trade.entries, *trade.exits))
    return TradeLine(told, is_open, tuple(trade.entries), tuple(trade.exits), decision, arrival)


def groups_of_period(period: Period) -> Groups:
    """Group the closed trades; those told apart with their dates are summed up already."""
    ended = zip((one for _, one in period.booked.closed), period.closed, strict=True)
    trades = [told for one, told in ended if not isinstance(one, TradeLine)]
    return groups_of(trades, [facts.rounds.groups for facts in period.days if facts.rounds is not None])


def _session_until(last: date) -> date:
    """Give the last session of a period. A fifth of a second: it makes the holidays of the year."""
    return last if is_session(last) else previous_session(last)


def _is_over(account: Account, period: Period, last: date, session_of: Callable[[], date]) -> bool:
    """Tell whether nothing more can come: a later date was begun, or the last session's day was closed."""
    if any(stretch.day > last for head in account.heads for stretch in head.stretches):
        return True
    session = session_of()
    told = [one.message for facts in period.days if facts.day >= session for one in facts.told]
    return any(getattr(message, "to_state", "") == State.CLOSED for message in told)


def _untold(period: Period) -> Iterable[str]:
    """Say what these logs do not tell."""
    if not period.days:
        yield "no log tells of this period"
        return
    if not period.connection.market_ms:
        yield "uptime: no log of the period measured it"
    if not period.execution.reactions and period.execution.orders > period.execution.by_hand:
        yield "reaction: no log of the period tells when quotes came and orders went out"
