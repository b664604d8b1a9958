"""What strategies hear: every message the strategist folds passes through their hooks here.

Hooks run in `evolve`, so recovery warms strategies up. The hot path is `_fold_quotes`: two look-ups for a row that
changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from actors.roles.strategist_state import StrategistState
from actors.roles.strategist_tracks import Track
from domain.bars import MINUTE_NS, Bar
from domain.messages import Message, Stamp
from domain.messages.holdings import AdjustmentBooked, FillRevised, HoldingBooked
from domain.messages.link import InstrumentsReceived
from domain.messages.market import AttentionMeasured, FetchHistory, HistoryReceived, QuotesEnded, QuotesJudged
from domain.messages.orders import OrderStateChanged
from domain.messages.run import RunStarted
from domain.messages.trading import (
    DayChanged,
    FillBooked,
    OrderDenied,
    SessionPlanned,
    SignalFormed,
    StrategyBenched,
)
from domain.quality import flags
from domain.quotes import Quote
from domain.types import UnixNanos
from strategies.base import Day, Scene, Strategy

NO_FLAGS: Mapping[int, str] = {}
HOUR_NS = 60 * MINUTE_NS


class StrategistHearing(StrategistState):
    """The fold."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message into the state; strategies see it here."""
        said = self._SAID.get(type(message))
        if said is not None:
            said(self, message, stamp)
            return
        self._arguments = []
        if isinstance(message, QuotesJudged):
            self._fold_quotes(message)
        else:
            fold = self._FOLDS.get(type(message))
            if fold is not None:
                fold(self, message)

    # ---- quotes --------------------------------------------------------------------------------------------------

    def _fold_quotes(self, message: QuotesJudged) -> None:
        """Feed good rows to bars and strategies."""
        day = self._day
        if day is None:
            return
        flagged = flags(message.verdicts) if message.verdicts else NO_FLAGS
        tracks, strategies, next_minute = self._tracks, self._bench.strategies, self._next_minute
        for index, row in enumerate(message.rows):
            track = tracks.get(row[0])
            if track is None:
                continue
            if flagged and index in flagged:
                if self._tell_quality:
                    track.leave_out(flagged[index])
                continue
            track.scene.quote = row
            bar = track.bars.add(row)
            if bar is not None:
                self._minute_ended(track, row, bar, day)
            if row[1] >= next_minute:
                next_minute = self._minute_began(row, day)
            if track.hears:
                if track.daily.waiting:
                    for name, argument in self._daily.at_row(track, row, day, self._bench):
                        self._keep(name, argument, row, row.venue_time, track.quality)
                for name in track.quotes:
                    self._argue(name, row, track, strategies[name].on_quote, row, track.scene, day)

    def _minute_ended(self, track: Track, row: Quote, bar: Bar, day: Day) -> None:
        track.session.add(bar)
        for name in track.minutes:
            self._argue(name, row, track, self._bench.strategies[name].on_bar, bar, track.scene, day)
        track.flags = ()

    def _minute_began(self, row: Quote, day: Day) -> int:
        """Take the first good row of a venue minute; give when the next one begins."""
        begin = row.venue_time - row.venue_time % MINUTE_NS
        self._next_minute = begin + MINUTE_NS
        if begin % HOUR_NS == 0:
            for name in self._bench.names():
                self._bench.check_state(name)
        self._daily.presence.seen(row.venue_time)
        for name in self._clocked:
            scenes = {symbol: t.scene for symbol, t in self._tracks.items() if self._bench.sees(name, symbol)}
            hook = self._bench.strategies[name].on_clock
            for argument in self._bench.argue(name, tuple(scenes), hook, UnixNanos(begin), scenes, day):
                track = self._tracks[argument.symbol]
                if track.scene.quote is not None:  # without a price today there is nothing to argue about
                    self._keep(name, argument, track.scene.quote, row.venue_time, track.quality)
        return self._next_minute

    def _argue(self, name: str, row: Quote, track: Track, hook: Callable[..., Iterable[Any]], *args: Any) -> None:
        """Call a hook about the symbol of a row and keep what it argues for."""
        for argument in self._bench.argue(name, (row[0],), hook, *args):
            self._keep(name, argument, row, row.venue_time, track.quality)

    # ---- the day -------------------------------------------------------------------------------------------------

    def _fold_day(self, message: DayChanged) -> None:
        self._day_state = message.to_state
        if self._day is not None:
            self._daily.presence.seen(message.venue_time)

    def _fold_end(self, _: QuotesEnded) -> None:
        self._daily.presence.ended = True

    def _fold_session(self, message: SessionPlanned) -> None:
        """Take the session times; another date begins with fresh bars and unknown attention."""
        if not message.is_session:
            self._end_day()
            return
        on = date.fromisoformat(message.trading_date)
        if on != self._date:
            self._end_day()
            self._begin_date(on)
        self._day = Day(on, message.open_time, message.close_auction_time, message.close_time)
        for name in self._bench.names():
            self._bench.call(name, self._bench.strategies[name].on_day, self._day)
            self._bench.check_state(name)

    def _end_day(self) -> None:
        if self._day is not None:
            self._daily.end(self._day, self._tracks)
        self._day = None

    def _begin_date(self, on: date) -> None:
        before, self._date = self._date, on
        self._daily.begin(on, before, self._tracks)
        self._next_minute = 0
        if before is None:
            return
        self._quiet_until = {}
        for track in self._tracks.values():
            track.begin_date()
            track.listen()

    # ---- the run -------------------------------------------------------------------------------------------------

    def _fold_run(self, message: RunStarted) -> None:
        """Take the configuration. What is configured as before keeps its state, a benched strategy starts anew."""
        config = message.config
        self._wanted, self._rules = config.symbols, config.signals
        limits = config.risk
        needed = limits.adv_days + 1 if limits.max_adv_ppm or limits.max_correlated_ppm else 0
        self._daily.configure(config.signals.history_days, config.session_overrides, self._day, needed)
        self._own_clock = config.orders_have_own_clock
        self._tell_quality = config.quality.deny_bad_quality
        fresh = self._bench.configure(config.strategies, self._known)
        self._arrange_all()
        for name in fresh:
            self._introduce(name, self._bench.strategies[name])

    def _introduce(self, name: str, strategy: Strategy) -> None:
        """Tell a fresh strategy about the day, attention, past sessions and the holdings it sees."""
        day, bench = self._day, self._bench
        if day is not None:
            bench.call(name, strategy.on_day, day)
            bench.check_state(name)
        for symbol, track in self._tracks.items():
            scene = track.scene
            if scene.attention is not None and bench.sees(name, symbol):
                bench.call(name, strategy.on_trend, scene.attention, scene)
            if day is not None and name in track.days:
                self._daily.retell(name, track, day, bench)
            if scene.quantity and name in track.holders:
                self._take_over(name, track)

    def _fold_instruments(self, message: InstrumentsReceived) -> None:
        for instrument in message.instruments:
            track = self._tracks.get(instrument.symbol)
            if track is not None:
                track.scene.instrument = instrument
            elif not self._wanted or instrument.symbol in self._wanted:
                track = self._tracks[instrument.symbol] = Track(Scene(instrument))
                self._arrange(track)

    def _fold_history(self, message: HistoryReceived) -> None:
        track = self._tracks.get(message.symbol)
        if track is not None and self._day is not None:
            self._daily.receive(message, track, self._day, self._bench)

    def _fold_attention(self, message: AttentionMeasured) -> None:
        track = self._tracks.get(message.symbol)
        if track is not None:
            track.scene.attention = message
            for name in self._bench.names():
                if self._bench.sees(name, message.symbol):
                    self._bench.call(name, self._bench.strategies[name].on_trend, message, track.scene)

    _SAID: ClassVar[dict[type[Message], Callable[["StrategistHearing", Any, Stamp], None]]] = {
        SignalFormed: StrategistState._fold_signal,
        StrategyBenched: StrategistState._fold_benched,
        FetchHistory: StrategistState._fold_request,
    }
    _FOLDS: ClassVar[dict[type[Message], Callable[["StrategistHearing", Any], None]]] = {
        RunStarted: _fold_run,
        InstrumentsReceived: _fold_instruments,
        SessionPlanned: _fold_session,
        DayChanged: _fold_day,
        QuotesEnded: _fold_end,
        AttentionMeasured: _fold_attention,
        HistoryReceived: _fold_history,
        FillBooked: StrategistState._fold_fill,
        FillRevised: StrategistState._fold_revision,
        HoldingBooked: StrategistState._fold_fill,
        AdjustmentBooked: StrategistState._fold_fill,
        OrderStateChanged: StrategistState._fold_order,
        OrderDenied: StrategistState._fold_denial,
    }
