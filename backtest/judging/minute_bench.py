"""The bench for strategies over minutes: the same judging, with horizons inside the session.

A point in time is a minute of a session, counted from its open. The bar of a minute is shown with the first row after
it, which is the open of the symbol's next bar: that is where a claim is entered. It is left at the open of the first
bar at or after its horizon, else at the last close of the session. What lies outside the regular session is left out.

Claims are moved in time by whole sessions, so they keep their minute of the day. A recording that holds few sessions of
many symbols leaves few of them with a price after a move, which makes p-values coarse and cautious.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from backtest.judging.claims import BROKEN, NO_ENTRY, REASONS, Claim
from backtest.judging.daily import known_attention
from backtest.judging.judge import Bench
from backtest.judging.minutes import SLOTS
from backtest.judging.outcomes import SPREAD_TICKS, Outcomes, markets, mixes, rates, ticks_at, widest_ppm
from backtest.judging.prices import Grid, Panel
from backtest.judging.sessions import hours_of
from backtest.judging.walk import TRADE, Measures, Walked, limits, unlisted
from domain.bars import MINUTE_S, Bar
from domain.config import ParamValue, SignalConfig
from domain.errors import HantradeError
from domain.indicators import UNKNOWN
from domain.indicators.agreement import agrees
from domain.instruments import Instrument
from domain.quotes import Quote
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import PPM, Krw, Purpose, Side, Symbol
from strategies.base import Argument, Scene, Searches, Strategy

if TYPE_CHECKING:
    import polars as pl

MOST_CELLS: Final = 60_000_000  # minutes by symbols that fit into memory


@dataclass(frozen=True, slots=True)
class Rows:
    """Bars in order of symbol and time; each array has one value a bar."""

    session: Grid  # index
    column: Grid  # of the symbol
    slot: Grid  # minutes since the open
    open: Grid
    high: Grid
    low: Grid
    close: Grid
    volume: Grid


class MinuteStage:
    """What walks over minutes share. Cells are points in time by symbols."""

    def __init__(self, panel: Panel, minutes: "pl.DataFrame", measures: Measures, signals: SignalConfig) -> None:
        """Take checked bars of minutes, and the sessions put together of them."""
        self.panel = panel
        self.measures = measures
        self.signals = signals
        self.rows = _rows(panel, minutes)
        self.cells = len(panel.sessions) * SLOTS * len(panel.codes)
        self.ticks = ticks_at(panel, self.rows.open, self.rows.session, self.rows.column)  # of each bar's open

    def walk(self, kind: type[Strategy], params: Mapping[str, ParamValue], codes: Iterable[str]) -> Walked:
        """Show a strategy every minute of some symbols. What it raises ends the walk and is told."""
        done = Walked(shown=np.zeros((len(self.panel.sessions) * SLOTS, len(self.panel.codes)), bool))
        try:
            self._walk(kind(params), {self.panel.codes.index(code) for code in codes}, done)
        except HantradeError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a strategy raises, the others are judged
            done.error = f"{type(error).__name__}: {error}"
        return done

    def _walk(self, strategy: Strategy, columns: set[int], done: Walked) -> None:
        rows, panel = self.rows, self.panel
        listings, ticks = markets(panel), self.ticks.tolist()
        names = ("session", "column", "slot", "open", "high", "low", "close", "volume")
        session, column, slot, opened, high, low, close, volume = (getattr(rows, name).tolist() for name in names)
        ends = np.flatnonzero((rows.session[1:] == rows.session[:-1]) & (rows.column[1:] == rows.column[:-1]))
        # A bar is shown at the begin of the symbol's next one, and those of all symbols in order of that moment.
        ends = ends[np.lexsort((rows.column[ends], rows.slot[ends + 1], rows.session[ends]))]
        scenes = {at: Scene(unlisted(panel.codes[at], listings[at])) for at in columns}
        warm, bars, today = strategy.warm_up.get(MINUTE_S, 0), dict[int, int](), -1
        counted = dict[int, int]()  # shares of the session so far
        for at in ends.tolist():
            on, of = session[at], column[at]
            if of not in columns:
                continue
            if on != today:
                today, day = on, hours_of(panel.sessions[on])
                strategy.on_day(day)
                bars, counted = {}, {}
            scene, code = scenes[of], panel.codes[of]
            if of not in bars:
                self._open(strategy, scene, code, on, of)
            counted[of] = counted.get(of, 0) + volume[at]
            price, tick = opened[at + 1], ticks[at + 1]
            bid = price - price % tick
            moment = day.open_time + slot[at + 1] * NANOS_PER_MINUTE
            scene.quote = Quote(code, moment, price, 0, counted[of], bid, bid + tick, 0, 0, TRADE)
            begin = day.open_time + slot[at] * NANOS_PER_MINUTE
            bar = Bar(code, begin, opened[at], high[at], low[at], close[at], volume[at])
            found = strategy.on_bar(bar, scene, day)
            bars[of] = bars.get(of, 0) + 1
            point = on * SLOTS + slot[at + 1]
            done.shown[point, of] = bars[of] >= warm
            if found:
                self._take(found, point, of, code, done)

    def _open(self, strategy: Strategy, scene: Scene, code: str, on: int, of: int) -> None:
        """Put into the scene what is known before the session: base price, limits, attention."""
        last = int(self.panel.close[on - 1, of]) if on else 0
        market, day = scene.instrument.market, self.panel.sessions[on]
        lower, upper = limits(last, market, day) if last else (None, None)
        scene.instrument = Instrument(Symbol(code), "", market, Krw(last) if last else None, lower, upper, True)
        measured = self.measures.get(code)
        scene.attention = measured[on] if measured is not None else None
        if scene.attention is not None:
            strategy.on_trend(scene.attention, scene)

    def _take(self, found: Iterable[Argument], point: int, column: int, code: str, done: Walked) -> None:
        """Note the first entry that may become a signal."""
        rules = self.signals
        for item in found:
            if item.purpose is not Purpose.ENTRY or item.horizon_s <= 0 or item.horizon_sessions or item.symbol != code:
                continue
            if item.confidence * PPM < rules.min_confidence_ppm or agrees(item.inputs, rules.agree, rules.most_against):
                done.withheld += 1
                continue
            horizon, confidence = item.horizon_s, float(item.confidence)
            done.claims.append(Claim(point, column, item.side, horizon, confidence, item.regime or UNKNOWN))
            return


class MinuteOutcomes:
    """Outcomes of entries at the open of every bar, by horizon (s) and side, made once each."""

    def __init__(self, stage: MinuteStage, commission_ppm: int) -> None:
        """Keep the bars; `commission_ppm` is that of one side."""
        self._stage = stage
        rows, panel = stage.rows, stage.panel
        spread = -(-SPREAD_TICKS * stage.ticks * PPM // np.maximum(rows.open, 1))
        self._cost = rates(panel, commission_ppm)[rows.session, rows.column] + spread
        key = (rows.column * len(panel.sessions) + rows.session) * SLOTS  # of the symbol's session
        self._keys = key + rows.slot
        self._last = np.searchsorted(key, key, side="right") - 1  # last bar of the same session
        self._made: dict[tuple[int, Side], Outcomes] = {}

    def of(self, horizon: int, side: Side) -> Outcomes:
        """Give the outcomes of entries held for `horizon` seconds, or to the last close of the session."""
        key = (horizon, side)
        if key not in self._made:
            self._made[key] = self._make(horizon, side)
        return self._made[key]

    def _make(self, horizon: int, side: Side) -> Outcomes:
        rows, panel = self._stage.rows, self._stage.panel
        found = np.searchsorted(self._keys, self._keys + -(-horizon // MINUTE_S))
        in_time = found <= self._last
        found = np.where(in_time, found, self._last)
        leave = np.where(in_time, rows.open[found], rows.close[found])
        gross = side.sign * (leave - rows.open) * PPM // np.maximum(rows.open, 1)
        due = rows.session * SLOTS + rows.slot[found]
        points = rows.session * SLOTS + rows.slot

        def dense(values: Grid) -> Grid:
            grid: Grid = np.zeros((len(panel.sessions) * SLOTS, len(panel.codes)), np.int64)
            grid[points, rows.column] = values
            return grid

        reason = np.full((len(panel.sessions) * SLOTS, len(panel.codes)), REASONS.index(NO_ENTRY), np.int8)
        width = np.array([widest_ppm(market) for market in markets(panel)], np.int64)[rows.column]
        reason[points, rows.column] = np.where(mixes(rows.open, leave, width), REASONS.index(BROKEN), 0)
        return Outcomes.of(dense(gross), dense(self._cost), dense(due), reason)


def minute_bench(stage: MinuteStage, outcomes: MinuteOutcomes, kind: type[Strategy]) -> Bench:
    """Give what a strategy is judged on: all symbols, or those with attention when it needs that."""
    panel = stage.panel
    needs = kind.SEARCHES is Searches.REQUIRED
    shown = tuple(stage.measures) if needs else panel.codes
    mask = np.repeat(known_attention(stage), SLOTS, axis=0) if needs else np.ones((1, len(panel.codes)), bool)

    def walk(chosen: type[Strategy], params: dict[str, ParamValue]) -> Walked:
        return stage.walk(chosen, params, shown)

    return Bench(
        codes=panel.codes,
        blocks=[week for day in panel.sessions for week in (f"{day:%G-%V}",) * SLOTS],
        outcomes_of=outcomes.of,
        walk=walk,
        mask=np.broadcast_to(mask, (len(panel.sessions) * SLOTS, len(panel.codes))),
        step=SLOTS,
    )


def days_of(panel: Panel) -> list[date]:
    """Give the day of every point in time."""
    return [day for day in panel.sessions for _ in range(SLOTS)]


def _rows(panel: Panel, minutes: "pl.DataFrame") -> Rows:
    """Give the bars of the regular sessions in order of symbol and time."""
    import polars as pl

    at = {day: index for index, day in enumerate(panel.sessions)}
    open_minute = [(hours_of(day).open_time - from_kst(day, 0, 0)) // NANOS_PER_MINUTE for day in panel.sessions]
    kept = minutes.filter(pl.all_horizontal(pl.col("open", "high", "low", "close", "volume") > 0))
    kept = kept.filter(pl.col("date").is_in(list(at)))
    session = np.array([at[day] for day in kept["date"].to_list()], np.int64)
    column = np.searchsorted(np.array(panel.codes), np.array(kept["code"].to_list(), dtype=str))
    slot = kept["minute"].to_numpy() - np.array(open_minute, np.int64)[session]
    inside = (slot >= 0) & (slot < SLOTS)
    order = np.lexsort((slot[inside], session[inside], column[inside]))

    def taken(values: npt.NDArray[Any]) -> Grid:
        found: Grid = values[inside][order].astype(np.int64)
        return found

    prices = [kept[name].round().to_numpy() for name in ("open", "high", "low", "close", "volume")]
    return Rows(taken(session), taken(column), taken(slot), *map(taken, prices))
