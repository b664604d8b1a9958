"""Daily bars for strategies: own sessions when they end, the broker's history when it comes, each given once in order.

See docs/decisions/0027-daily-bars.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from actors.roles.strategist_tracks import Presence, Track
from actors.roles.strategy_bench import StrategyBench
from domain.bars import DAY_S, Bar
from domain.daily_series import OWN_SESSIONS, DailySeries
from domain.krx.calendar import Overrides, previous_session
from domain.messages.market import DayBar, FetchHistory, HistoryReceived
from domain.quotes import Quote
from domain.time import from_kst
from domain.types import Krw
from strategies.base import Argument, Day


class DailyFeed:
    """What is known of the date's histories, and the way of sessions to strategies."""

    __slots__ = ("asked", "before", "days", "has", "needed", "overrides", "presence")

    def __init__(self) -> None:
        """Start before any date."""
        self.days = 0  # daily bars asked of the broker for strategies that take them; 0: none
        self.needed = 0  # those that limits of the risk manager need, of every watched instrument; 0: none
        self.overrides: dict[str, tuple[str, str]] = {}  # of session hours
        self.before = ""  # date of the session before the one under way, YYYY-MM-DD
        self.presence = Presence()
        self.asked: set[str] = set()  # symbols whose history of the date came or may come; looked up, never iterated
        self.has: set[str] = set()  # those of them it came of

    def configure(self, days: int, overrides: Overrides, day: Day | None, needed: int = 0) -> None:
        """Take the settings of a run; `day` is under way. Whoever was asked may have died with the run that asked."""
        if needed > max(self.days, self.needed):
            self.has = set()  # what came may have too few sessions for the limits of this run
        self.days, self.needed, self.overrides, self.asked = days, needed, dict(overrides), set(self.has)
        if day is None or not self.presence.is_whole(day):
            self.presence = Presence()  # nobody was there between two runs

    def begin(self, on: date, before: date | None, tracks: Mapping[str, Track]) -> None:
        """Begin a date; `before` is the date heard of last."""
        self.before = previous_session(on, self.overrides).isoformat()
        self.presence, self.asked, self.has = Presence(), set(), set()
        if before is not None and before.isoformat() < self.before:  # sessions passed that nobody looked at
            for track in tracks.values():
                track.daily.miss(self.before)

    def end(self, was: Day, tracks: Mapping[str, Track]) -> None:
        """Close the bars of a session that is over."""
        whole = self.presence.is_whole(was)
        for track in tracks.values():
            own = _own_session(track, was.trading_date)
            if not track.days:
                track.daily = DailySeries()
            elif not whole:
                track.daily.miss(was.trading_date.isoformat())
            elif own is not None:
                track.daily.close(own)

    def request(self, day: Day | None, tracks: Mapping[str, Track]) -> FetchHistory | None:
        """Ask for the histories of a date that strategies or limits need and nobody asked for."""
        wanted = max(self.days, self.needed)
        if not wanted or day is None:
            return None
        takers = (symbol for symbol, track in tracks.items() if track.days or self.needed)
        lacking = tuple(symbol for symbol in takers if symbol not in self.asked)
        return FetchHistory(lacking, day.trading_date.isoformat(), wanted) if lacking else None

    def receive(self, message: HistoryReceived, track: Track, day: Day, bench: StrategyBench) -> None:
        """Take a history. Older sessions are given now, the one before the date at the symbol's next row."""
        if message.trading_date != day.trading_date.isoformat():
            return  # of another date: too late
        if not track.days or (self.needed and not self.days):
            if self.needed:  # for limits alone
                (self.has.add if message.bars else self.asked.discard)(message.symbol)
            return
        bars = message.bars[-self.days :] if self.needed else message.bars  # limits may need more than is wanted here
        if not track.daily.receive(bars, message.trading_date, self._kept, self.overrides):
            self.asked.discard(message.symbol)  # asked for again when the link comes back
            return
        self.has.add(message.symbol)
        self._hand_over(track, day, bench, self.before if track.argued != self.before else message.trading_date)

    def at_row(self, track: Track, row: Quote, day: Day, bench: StrategyBench) -> Iterator[tuple[str, Argument]]:
        """Give what waits at a good row; strategies argue about the session before the day, once a date."""
        self._hand_over(track, day, bench, self.before)
        for bar in self._taken(track, day.trading_date.isoformat()):
            track.argued = self.before
            for name in track.days:
                hook = bench.strategies[name].on_bar
                for argument in bench.argue(name, (row.symbol,), hook, bar, track.scene, day):
                    yield name, argument
        track.listen()

    def retell(self, name: str, track: Track, day: Day, bench: StrategyBench) -> None:
        """Give a fresh strategy what the others were given."""
        self._tell((name,), track, day, bench, _bars(track, track.daily.given))

    def _hand_over(self, track: Track, day: Day, bench: StrategyBench, before: str) -> None:
        """Give the sessions before a date without a row: nobody argues about what is long over."""
        if track.daily.anew:
            track.daily.anew = False
            for name in track.days:
                bench.call(name, bench.strategies[name].on_reset, track.scene.instrument.symbol, DAY_S)
        self._tell(track.days, track, day, bench, self._taken(track, before))
        track.listen()

    def _tell(self, names: Iterable[str], track: Track, day: Day, bench: StrategyBench, bars: Iterable[Bar]) -> None:
        scene = track.scene
        quote, scene.quote = scene.quote, None
        for bar in bars:
            for name in names:
                bench.call(name, bench.strategies[name].on_bar, bar, scene, day)
        scene.quote = quote

    def _taken(self, track: Track, before: str) -> list[Bar]:
        return _bars(track, track.daily.give(before, self._kept))

    @property
    def _kept(self) -> int:
        return self.days or OWN_SESSIONS


def _own_session(track: Track, on: date) -> DayBar | None:
    """Make a session's bar of the minutes seen; None when nothing traded."""
    last = track.bars.end()
    if last is not None:
        track.session.add(last)
    bar = track.session.end(track.bars.symbol, from_kst(on, 0, 0), track.bars.volume)
    if bar is None:
        return None
    prices = (Krw(bar.open), Krw(bar.high), Krw(bar.low), Krw(bar.close))
    return DayBar(on.isoformat(), *prices, bar.volume)


def _bars(track: Track, sessions: Iterable[DayBar]) -> list[Bar]:
    symbol = track.bars.symbol
    return [
        Bar(symbol, from_kst(date.fromisoformat(s.day), 0, 0), s.open, s.high, s.low, s.close, s.volume, DAY_S)
        for s in sessions
    ]
