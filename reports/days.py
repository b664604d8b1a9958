"""The dates of a period and the equity between them, free of what came or left without a trade."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, groupby
from typing import NamedTuple

from domain.hand_adjustments import MOVES
from domain.messages.holdings import AdjustmentBooked, FillRevised
from domain.messages.trading import FillBooked
from domain.performance.model import ClosedTrade, DayLine
from domain.performance.series import Series
from domain.performance.trades import Entry
from domain.types import PPM, Krw, UnixNanos
from reports.marks import Marks
from reports.reading import DayFacts, Opening
from reports.rounds import Sums
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
    points: Series = field(default_factory=Series)
    marks: Marks = field(default_factory=Marks)  # one for each point
    missing: list[str] = field(default_factory=list)
    tells_flows: bool = False  # by the run that goes on


@dataclass(slots=True)
class _Day:
    """One date while its marks are read."""

    start: int | None = None  # equity before what came or left at the opening
    base: int = 0  # the same with all that came or left so far
    opened_with: int = 0  # equity once what came at the opening was in it
    flow: int = 0
    lowest: int = 0  # deepest fall below `base`, won
    exposure_ppm: int = 0


def curve_of(days: Sequence[DayFacts], entries: Iterable[Dated], closed: Iterable[tuple[date, ClosedTrade]]) -> Curve:
    """Give dates and equity of a period; only dates with an account are in it."""
    curve = Curve()
    sums = _by_date(days, entries)
    trades, wins = Counter[date](), Counter[date]()
    for day, trade in closed:
        trades[day] += 1
        wins[day] += trade.realized > 0
    last: DayFacts | None = None
    for day, group in groupby(days, key=lambda facts: facts.day):
        state, orders = _Day(), 0
        for facts in group:
            orders += len(facts.approved) + (facts.rounds.orders if facts.rounds is not None else 0)
            _walk(facts, state, curve, last)
            last = facts
        if state.start is None:
            continue
        money, end = sums.get(day, Sums()), curve.marks[-1]
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


def _by_date(days: Iterable[DayFacts], entries: Iterable[Dated]) -> dict[date, Sums]:
    found: dict[date, Sums] = {}
    for day, group in groupby(entries, key=lambda item: item[0]):
        if day is not None:
            found.setdefault(day, Sums()).add(sums_of(entry for _, entry in group))
    for facts in days:
        if facts.rounds is not None:
            found.setdefault(facts.day, Sums()).add(facts.rounds.sums)
    return found


def sums_of(entries: Iterable[Entry]) -> Sums:
    """Sum movements up."""
    sums = Sums()
    for moved, realized, _, _, _ in entries:
        sums.realized += realized
        if isinstance(moved, (FillBooked, FillRevised)):  # a union takes three times as long
            sums.commission += moved.commission
            sums.tax += moved.tax
            sums.turnover += moved.notional
            sums.fills += isinstance(moved, FillBooked)
    return sums


def _walk(facts: DayFacts, state: _Day, curve: Curve, last: DayFacts | None) -> None:
    """Take the openings and marks of one log on one date into the curve."""
    came, has_shares = 0, False  # since the last point
    marks, done = facts.marks, 0
    for seq, event in [*_events(facts), (facts.stretch.high + 1, None)]:
        until = bisect_left(facts.marked, seq)
        if done < until and (came or has_shares or state.start is None):
            mark, is_valued_anew = marks[done], has_shares or state.start is None
            if has_shares and curve.marks:
                came = mark.equity - curve.marks.equity[-1]  # marked in the same breath, so at the same prices
            _begin(state, mark.equity - came)
            _take(state, curve, mark, came)
            if is_valued_anew:
                state.opened_with = state.opened_with or mark.equity
            came, has_shares = 0, False
            done += 1
        _take_plain(state, curve, marks, done, until)
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
    jump = opening.opened.start_equity - curve.marks.equity[-1]
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
    at = mark.venue_time or (points.at[-1] if points else UnixNanos(0))
    points.append(at, equity, Krw(flow))
    curve.marks.append(mark)


def _take_plain(state: _Day, curve: Curve, marks: Marks, begin: int, end: int) -> None:
    """Take marks between which nothing came or left: nearly all of a year, so by columns."""
    if begin == end:
        return
    times, equities = marks.at[begin:end], marks.equity[begin:end]
    state.lowest = max(state.lowest, state.base - min(equities))
    held = zip(equities, marks.cash[begin:end], marks.positions[begin:end], strict=True)
    shares = [(equity - cash) * PPM // equity for equity, cash, positions in held if positions and equity > 0]
    state.exposure_ppm = max(state.exposure_ppm, *shares) if shares else state.exposure_ppm
    if not all(times):
        before = curve.points.at[-1] if curve.points else UnixNanos(0)
        times = list(accumulate(times, lambda last, at: at or last, initial=before))[1:]
    curve.points.extend(times, equities)
    curve.marks.extend(marks, begin, end)
