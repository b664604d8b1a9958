"""The dates of a period and the equity between them, free of what came or left without a trade."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import NamedTuple

from domain.hand_adjustments import MOVES
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.trading import FillBooked
from domain.performance.model import DayLine, EquityPoint
from domain.performance.trades import Trade
from domain.types import PPM, Krw, UnixNanos
from reports.reading import DayFacts, Opening
from reports.rows import Mark, Run
from reports.trades import Dated


class Came(NamedTuple):
    """What a person said came or left within a date."""

    cash: int  # won; negative left
    has_shares: bool


@dataclass(slots=True)
class Curve:
    """Dates, and every mark of equity in order."""

    lines: list[DayLine] = field(default_factory=list)
    points: list[EquityPoint] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)  # one for each point
    missing: list[str] = field(default_factory=list)
    tells_flows: bool = False  # by the run that goes on


@dataclass(slots=True)
class _Sums:
    """Money of one date by its movements."""

    realized: int = 0
    commission: int = 0
    tax: int = 0
    turnover: int = 0
    fills: int = 0


@dataclass(slots=True)
class _Day:
    """One date while its marks are read."""

    start: int | None = None  # equity before what came or left at the opening
    base: int = 0  # the same with all that came or left so far
    opened_with: int = 0  # equity once what came at the opening was in it
    flow: int = 0
    lowest: int = 0  # deepest fall below `base`, won
    exposure_ppm: int = 0


def curve_of(days: Sequence[DayFacts], entries: Iterable[Dated], closed: Iterable[tuple[date, Trade]]) -> Curve:
    """Give dates and equity of a period; only dates with an account are in it."""
    curve = Curve()
    sums = _sums(entries)
    trades, wins = Counter[date](), Counter[date]()
    for day, trade in closed:
        trades[day] += 1
        wins[day] += trade.realized > 0
    last: DayFacts | None = None
    for day, group in groupby(days, key=lambda facts: facts.day):
        state, orders = _Day(), 0
        for facts in group:
            orders += len(facts.approved)
            _walk(facts, state, curve, last)
            last = facts
        if state.start is None:
            continue
        money, end = sums.get(day, _Sums()), curve.marks[-1]
        curve.lines.append(
            DayLine(
                day=day,
                start_equity=Krw(state.start),
                end_equity=end.equity,
                flow=Krw(state.flow),
                realized=Krw(money.realized),
                unrealized=end.unrealized_pnl,
                commission=Krw(money.commission),
                tax=Krw(money.tax),
                turnover=Krw(money.turnover),
                orders=orders,
                fills=money.fills,
                trades=trades[day],
                wins=wins[day],
                lowest_ppm=max(0, state.lowest * PPM // state.opened_with) if state.opened_with > 0 else 0,
                exposure_ppm=state.exposure_ppm,
            )
        )
    return curve


def _sums(entries: Iterable[Dated]) -> dict[date, _Sums]:
    found: dict[date, _Sums] = {}
    for day, entry in entries:
        if day is None:
            continue
        sums = found.get(day)
        if sums is None:
            sums = found[day] = _Sums()
        moved = entry.moved
        sums.realized += entry.realized
        if isinstance(moved, (FillBooked, FillRevised)):  # a union takes three times as long
            sums.commission += moved.commission
            sums.tax += moved.tax
            sums.turnover += moved.notional
            sums.fills += isinstance(moved, FillBooked)
    return found


def _walk(facts: DayFacts, state: _Day, curve: Curve, last: DayFacts | None) -> None:
    """Take the openings and marks of one log on one date into the curve."""
    came, has_shares = 0, False  # since the last point
    marks = facts.marks
    done = 0
    for seq, event in [*_events(facts), (facts.stretch.high + 1, None)]:
        until = bisect_left(marks, seq, key=_seq)
        if done < until and (came or has_shares or state.start is None):
            mark, is_valued_anew = marks[done][1], has_shares or state.start is None
            if has_shares and curve.marks:
                came = mark.equity - curve.marks[-1].equity  # marked in the same breath, so at the same prices
            _begin(state, mark.equity - came)
            _take(state, curve, mark, came)
            if is_valued_anew:
                state.opened_with = state.opened_with or mark.equity
            came, has_shares = 0, False
            done += 1
        _take_plain(state, curve, [mark for _, mark in marks[done:until]])
        done = until
        if isinstance(event, Opening):
            flow = _flow_at(seq, event, facts, curve, last)
            opened = event.opened
            value = Krw(opened.start_equity - opened.cash)
            mark = Mark(opened.cash, opened.start_equity, Krw(0), int(value != 0), opened.venue_time)
            _begin(state, opened.start_equity - flow)
            _take(state, curve, mark, flow)
            state.opened_with = state.opened_with or opened.start_equity
        elif event is not None:
            came, has_shares = came + event.cash, has_shares or event.has_shares
    if facts.runs:
        curve.tells_flows = _tells(facts.runs[-1][1])


def _events(facts: DayFacts) -> list[tuple[int, Opening | Came]]:
    """Give openings and what came or left within the date, in order."""
    events: list[tuple[int, Opening | Came]] = [(one.seq, one) for one in facts.openings]
    for seq, moved in facts.moved:
        if isinstance(moved, AdjustmentBooked) and moved.kind in MOVES:
            events.append((seq, Came(moved.cash - moved.cash_before, moved.position_qty != moved.quantity_before)))
    return sorted(events, key=_seq)


def _seq(item: tuple[int, object]) -> int:
    return item[0]


def _flow_at(seq: int, opening: Opening, facts: DayFacts, curve: Curve, last: DayFacts | None) -> int:
    """Give what came or left between the books before and an opening (won); nothing before the first account.

    Runs before 0.7.0 did not tell; then it is what the equity jumped by: both are at the same marks. So it is where the
    log before is not there, and that is said.
    """
    if not curve.marks:
        return 0
    follows = last is None or last.head.log_id in (facts.head.log_id, facts.head.follows)
    for at, run in facts.runs:
        if at <= seq:
            curve.tells_flows = _tells(run)
    if follows and curve.tells_flows:
        return sum(flow.amount for at, flow in facts.flows if at > seq)
    jump = opening.opened.start_equity - curve.marks[-1].equity
    if jump and not follows:
        curve.missing.append(
            f"{facts.path.name} does not go on with the log before it: {jump:+,} KRW between them counts as money"
            " that came or left"
        )
    return jump


def _tells(run: Run) -> bool:
    return bool(run.config.get("tell_flows", False))


def _begin(state: _Day, start: int) -> None:
    if state.start is None:
        state.start = state.base = start


def _take(state: _Day, curve: Curve, mark: Mark, flow: int) -> None:
    equity = mark.equity
    if flow:
        state.base += flow
        state.flow += flow
    state.lowest = max(state.lowest, state.base - equity)
    if mark.positions and equity > 0:
        exposure = (equity - mark.cash) * PPM // equity
        state.exposure_ppm = max(state.exposure_ppm, exposure)
    points = curve.points
    at = mark.venue_time or (points[-1].at if points else UnixNanos(0))
    points.append(EquityPoint(at, equity, Krw(flow)))
    curve.marks.append(mark)


def _take_plain(state: _Day, curve: Curve, marks: Sequence[Mark]) -> None:
    """Take marks between which nothing came or left: nearly all of a year, so one loop with plain names."""
    base, lowest, highest = state.base, state.lowest, state.exposure_ppm
    points = curve.points
    at = points[-1].at if points else UnixNanos(0)
    for mark in marks:
        equity = mark.equity
        lowest = max(lowest, base - equity)
        if mark.positions and equity > 0:
            highest = max(highest, (equity - mark.cash) * PPM // equity)
        at = mark.venue_time or at
        points.append(EquityPoint(at, equity))
    state.lowest, state.exposure_ppm = lowest, highest
    curve.marks += marks
