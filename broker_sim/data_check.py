"""Reads whole files of recorded data and says what is wrong with them, day by day.

Refusals are those of the readers. Flags say what a person should know before trusting a result: the rows are used.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from broker_sim.bar_file import Bar, check_bars
from broker_sim.bar_ticks import ticks_of
from broker_sim.data_file import PRICES, DataKind, data_files
from broker_sim.findings import Findings, Verdict
from broker_sim.index_check import check_index
from broker_sim.print_check import PrintCheck, PrintCount
from broker_sim.recording import Recording
from broker_sim.verdicts import Tally, a_book, judge_bars
from domain.errors import ConfigError, DataError
from domain.instruments import Instrument
from domain.krx.brakes import INTERRUPTION_NS
from domain.krx.calendar import NO_OVERRIDES, Overrides
from domain.krx.sessions import RegularSession, regular_session
from domain.krx.ticks import is_half_tick, is_on_tick
from domain.quality import EXPLANATIONS, QualityBook, judge
from domain.quotes import Quote
from domain.time import NANOS_PER_MINUTE, from_kst, kst_text

if TYPE_CHECKING:
    import polars as pl

HOLE: Final = 10 * NANOS_PER_MINUTE  # of a symbol that trades: silence this long is a hole in the data or a halt
JUDGED_AT_ONCE: Final = 4_096
LEAP: Final = 1.5  # of a price to the next: no ordinary day has two such
_Flag = Callable[[str, Bar, str], None]  # rule, where, in words
RULES: Final = {
    "half_tick": "a price half a tick off the grid: a mid-point execution, legal",
    "off_grid": "a price neither on the tick grid nor half a tick off: adjusted after a corporate action, or a fund's",
    "jump": "more than 30 % from one bar to the next",
    "jump_without_interruption": "10 % or more from one bar to the next, without a silence of 2 minutes between",
    "wide_bar": "high and low of one bar are more than 30 % apart",
    "scale_mix": "prices of two scales in one day: a split's before and after mixed",
    "amount_decreasing": "the day's turnover so far is lower than in the bar before",
    "hole": "no bar for 10 minutes or more between two bars of a day",
    "starts_late": "the first bar begins more than 3 minutes after the open",
    "ends_early": "no print of the closing auction",
    "no_volume": "a bar without volume",
    "warning": "said when the day is read",
}


@dataclass(slots=True)
class Report:
    """What a check looked at and found."""

    findings: Findings = field(default_factory=Findings)
    count: PrintCount = field(default_factory=PrintCount)
    tally: Tally = field(default_factory=Tally)  # what the rules for live quotes say
    days: int = 0
    symbol_days: int = 0
    symbols: set[str] = field(default_factory=set)
    rows: int = 0  # bars, ticks, order books or values of an index used
    kinds: set[DataKind] = field(default_factory=set)

    @property
    def ok(self) -> bool:
        """Tell whether nothing was refused and no simulated print contradicts the data."""
        return not self.findings.total(Verdict.REFUSED) and not self.findings.total(Verdict.FAILED)


def check_day(
    report: Report,
    path: Path,
    day: date,
    symbols: tuple[str, ...] | None,
    seed: int | None,
    overrides: Overrides = NO_OVERRIDES,
) -> None:
    """Add one day to a report. A day that cannot be used at all is a refusal.

    Without a seed no prints are made of bars, so none are held against them.
    """
    try:
        recording = Recording.load(path, day, symbols, overrides)
    except (DataError, ConfigError) as error:
        told = "the day cannot be used"
        report.findings.add("unusable_day", Verdict.REFUSED, told, str(error).removeprefix(f"{path}: "))
        _tally_unusable(report.tally, path, day, symbols, overrides)
        return
    report.days += 1
    report.kinds.add(recording.kind)
    report.symbols |= set(recording.instruments)
    report.symbol_days += len(recording.instruments)
    for reason, count in recording.refused.items():
        report.findings.add(reason, Verdict.REFUSED, "rows the reader does not use", f"{day}: {count}", count)
        report.tally.refused_by_reader(reason, count)
    for warning in recording.warnings:
        words = warning.removeprefix(f"{path}: ")
        report.findings.add("warning", Verdict.FLAGGED, RULES["warning"], f"{day}: {words}")
    if values := check_index(report.findings, recording):
        report.kinds.add(DataKind.INDEX)
        report.rows += values
    if recording.moments is not None:
        _check_moments(report, recording, seed or 0)
        return
    for file in data_files(path):
        if file.kind is DataKind.BARS and day in file.days():
            rows = file.day(day).filter(_among(recording.instruments)).sort("code", "nanos")
            _check_scales(report.findings, rows, day)
            if "amount" in file.columns:
                _check_amounts(report.findings, rows, day)
    for code, bars in recording.bars.items():
        report.rows += len(bars)
        _check_bars(report.findings, recording.instruments[code], bars, recording)
    judge_bars(report.tally, recording)
    if seed is not None:
        PrintCheck(recording, report.findings, report.count).run(ticks_of(recording, seed))


def _tally_unusable(tally: Tally, path: Path, day: date, symbols: tuple[str, ...] | None, overrides: Overrides) -> None:
    """Count the rows of bars of a day of which nothing can be used: all bad, or the exchange is closed."""
    import polars as pl

    for file in data_files(path):
        if file.kind not in (DataKind.BARS, DataKind.DAILY) or day not in file.days():
            continue
        rows = file.day(day).filter(pl.col("code").is_in(list(symbols)) if symbols else pl.lit(True))
        if regular_session(day, overrides) is None:
            tally.refused_by_reader("before the open", rows.height)
            continue
        for reason, count in check_bars(rows)[1].items():
            tally.refused_by_reader(reason, count)


# ---- bars -------------------------------------------------------------------------------------------------------


def _check_bars(findings: Findings, instrument: Instrument, bars: Sequence[Bar], recording: Recording) -> None:
    def flag(rule: str, bar: Bar, detail: str) -> None:
        words = f"{instrument.symbol} {recording.day} {kst_text(bar.start)}: {detail}"
        findings.add(rule, Verdict.FLAGGED, RULES[rule], words)

    grid = _Grid(instrument, recording.day)
    for bar in bars:
        prices = (bar.open, bar.high, bar.low, bar.close)
        found = {grid.place(price) for price in prices}
        for place in ("off_grid", "half_tick"):
            if place in found:
                flag(place, bar, ", ".join(f"{price}" for price in prices))
                break
        if bar.high * 10 > bar.low * 13 and recording.kind is DataKind.BARS:
            flag("wide_bar", bar, f"{bar.low} to {bar.high}")
        if not bar.volume:
            flag("no_volume", bar, f"close {bar.close}")
    if recording.kind is DataKind.BARS:
        _check_steps(flag, bars, recording.session)


def _check_steps(flag: _Flag, bars: Sequence[Bar], session: RegularSession) -> None:
    for before, bar in pairwise(bars):
        moved = abs(bar.open - before.close)
        if moved * 10 > before.close * 3:
            flag("jump", bar, f"{before.close} to {bar.open}")
        elif moved * 10 >= before.close and bar.start - before.start < INTERRUPTION_NS and bar.start < session.close:
            flag("jump_without_interruption", bar, f"{before.close} to {bar.open}")
        if bar.start - before.start >= HOLE and bar.start < session.close:
            flag("hole", bar, f"nothing since {kst_text(before.start)}")
    if bars[0].start > session.open + 3 * NANOS_PER_MINUTE:
        flag("starts_late", bars[0], f"{(bars[0].start - session.open) // NANOS_PER_MINUTE} minutes after the open")
    if bars[-1].start < session.close:
        flag("ends_early", bars[-1], "the last bar")


def _among(codes: Iterable[str]) -> "pl.Expr":
    import polars as pl

    return pl.col("code").is_in(list(codes)) & pl.col("nanos").is_not_null()


def _check_scales(findings: Findings, rows: "pl.DataFrame", day: date) -> None:
    """Flag a symbol's day once when prices leap by half and back, between rows or inside one, refused ones too."""
    import polars as pl

    open_, high, low, close = (pl.col(name).cast(pl.Float64, strict=False) for name in PRICES)
    step = open_ / close.shift().over("code")
    usable = rows.filter(pl.min_horizontal(open_, high, low, close) > 0)
    leaps = usable.group_by("code", maintain_order=True).agg(
        (step > LEAP).sum().alias("ups"),
        (step < 1 / LEAP).sum().alias("downs"),
        (high > LEAP * low).sum().alias("wide"),
        low.min().cast(pl.Int64).alias("lowest"),
        high.max().cast(pl.Int64).alias("highest"),
    )
    for code, ups, downs, wide, lowest, highest in leaps.iter_rows():
        if ups + downs > 1 or wide:
            leapt = f"{ups} leaps up, {downs} down, {wide} inside a bar; {lowest} to {highest}"
            findings.add("scale_mix", Verdict.FLAGGED, RULES["scale_mix"], f"{code} {day}: {leapt}")


def _check_amounts(findings: Findings, rows: "pl.DataFrame", day: date) -> None:
    import polars as pl

    amount = pl.col("amount").cast(pl.Float64, strict=False)
    fallen = rows.with_columns(now=amount, earlier=amount.shift().over("code")).filter(
        pl.col("now") < pl.col("earlier")
    )
    midnight = from_kst(day, 0, 0)
    for code, nanos, now, earlier in fallen.select("code", "nanos", "now", "earlier").iter_rows():
        words = f"{code} {day} {kst_text(midnight + nanos)}: {now:.0f} after {earlier:.0f}"
        findings.add("amount_decreasing", Verdict.FLAGGED, RULES["amount_decreasing"], words)


class _Grid:
    """Where prices lie on the tick grid, remembered."""

    def __init__(self, instrument: Instrument, day: date) -> None:
        self._instrument = instrument
        self._day = day
        self._places: dict[int, str] = {}

    def place(self, price: int) -> str:
        found = self._places.get(price)
        if found is None:
            market = self._instrument.market
            if is_on_tick(price, market, self._day):
                found = "on_grid"
            else:
                found = "half_tick" if is_half_tick(price, market, self._day) else "off_grid"
            self._places[price] = found
        return found


# ---- ticks and order books --------------------------------------------------------------------------------------


def _check_moments(report: Report, recording: Recording, seed: int) -> None:
    """Judge recorded rows by the rules the trader judges live ones by."""
    book = a_book(recording)
    chunk: list[Quote] = []
    for row in ticks_of(recording, seed):
        report.rows += 1
        chunk.append(row)
        if len(chunk) >= JUDGED_AT_ONCE:
            _judge(report, chunk, book, recording)
            chunk = []
    _judge(report, chunk, book, recording)


def _judge(report: Report, rows: Sequence[Quote], book: QualityBook, recording: Recording) -> None:
    accepted, verdicts = judge(rows, book, recording.instruments)
    book.fold(accepted)
    report.tally.take(len(rows), verdicts)
    for verdict in verdicts:
        words = f"{verdict.symbol} {recording.day} {kst_text(rows[verdict.row].venue_time)}: {verdict.detail}"
        told = f"{EXPLANATIONS[verdict.rule]}; a trader {'drops' if verdict.refused else 'marks'} such a row"
        report.findings.add(verdict.rule, Verdict.FLAGGED, told, words)
