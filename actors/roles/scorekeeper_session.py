"""The session that scores are made of, and its end: claims and shadow entries meet the closing prices."""

from collections import deque
from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from actors.core.role import Role
from actors.roles.always_in import NEVER, AlwaysIn
from actors.roles.score_claims import NO_ROW, Claim
from actors.roles.score_closes import Closes
from actors.roles.score_horizons import Horizons
from domain.instruments import Instrument
from domain.krx.calendar import previous_session
from domain.messages.trading import BaselineScored, SessionPlanned, SignalScored
from domain.quotes import Quote
from domain.scoring.outcome import round_trip_ppm
from domain.time import from_kst, kst_date, kst_text

SCORES_KEPT = 10_000  # scored signals for the view; the log keeps all
BASELINES_KEPT = 20_000


class ScoredSession(Role):
    """All the scorekeeper keeps, and what the end of a session does to it."""

    GIVEN: ClassVar[frozenset[str]] = frozenset({"_batch"})  # of use only while what follows from it is numbered

    def __init__(self) -> None:
        """Start with nothing to score."""
        super().__init__()
        self._batch: Sequence[Quote] = ()  # good rows of the batch being handled
        self.scores = False
        self.commission_ppm = 0
        self.overrides: dict[str, tuple[str, str]] = {}
        self.wanted: tuple[str, ...] = ()  # of the configuration; empty means all served
        self.instruments: dict[str, Instrument] = {}
        self.plan: SessionPlanned | None = None  # of the session under way; None when there is none
        self.ended = ""  # date whose session is over, YYYY-MM-DD
        self.last: dict[str, Quote] = {}  # last good row of each instrument, of the date
        self.next_at = NEVER  # venue time of what happens next: a row later than it finds it happened
        self.minute_end = 0  # venue time
        self.claims: dict[int, Claim] = {}  # in the order in which they were formed
        self.formed = 0  # claims so far
        self.queue: list[tuple[int, int]] = []  # heap: venue time, claim; those that end within the session
        self.spoilt: dict[int, str] = {}  # claim -> why prices cannot be compared
        self.closes = Closes()
        self.always_in = AlwaysIn()
        self.horizons = Horizons()
        self.pending: deque[SignalScored | BaselineScored] = deque()  # found, not yet said
        self.scored: deque[SignalScored] = deque(maxlen=SCORES_KEPT)
        self.baselines: deque[BaselineScored] = deque(maxlen=BASELINES_KEPT)

    def _cost_of(self, symbol: str, on: date | None = None) -> int | None:
        """Give the costs of a round trip (ppm) on a date, None when the market is not known."""
        instrument = self.instruments.get(symbol)
        if instrument is None or (on is None and self.plan is None):
            return None
        day = on or date.fromisoformat(self.plan.trading_date if self.plan else "")
        return round_trip_ppm(instrument.market, day, self.commission_ppm)

    def _end_day(self, now: int, ended_at: int = 0) -> None:
        """Score what the closing prices end. Without a row at the close or later there are none."""
        plan = self.plan
        if plan is None or self.ended == plan.trading_date:
            return
        on, begin = plan.trading_date, from_kst(date.fromisoformat(plan.trading_date), 0, 0)
        self.last = {symbol: row for symbol, row in self.last.items() if row[1] >= begin}  # a source may go back
        newest = max(ended_at, max((row[1] for row in self.last.values()), default=0))
        is_whole = newest >= plan.close_time
        cut = f"the data of {on} end at {kst_text(newest)}, before" if newest else f"there are no data of {on} before"
        self._compare_bases(on)
        for number, claim in list(self.claims.items()):
            if claim.close_of == on:
                self.pending.append(self._at_close(number, claim, is_whole, f"{cut} the close", now))
            elif not claim.close_of:
                self.pending.append(claim.unscored(f"{cut} the end of its horizon", now))
            else:
                continue
            del self.claims[number]
            self.spoilt.pop(number, None)
        self.queue = []
        self._end_baseline(plan, is_whole, now)
        if is_whole:
            self.closes.take(on, self.last, self.instruments)
        self.ended = on

    def _at_close(self, number: int, claim: Claim, is_whole: bool, cut: str, now: int) -> SignalScored:
        row = self.last.get(claim.signal.symbol)
        if number in self.spoilt:
            return claim.unscored(self.spoilt[number], now)
        if not is_whole:
            return claim.unscored(cut, now)
        if row is None or row.venue_time <= claim.signal.venue_time:
            return claim.unscored(NO_ROW, now)
        return claim.scored(row.price, "", now)

    def _end_baseline(self, plan: SessionPlanned, is_whole: bool, now: int) -> None:
        on, rival = plan.trading_date, self.always_in
        rival.end_day(is_whole, self.last, plan.close_auction_time, self._cost_of)
        self.pending.extend(rival.told(on, now))
        rival.totals = {}
        day, dates, sessions = date.fromisoformat(on), [on], self.horizons.sessions
        for count in range(1, max(sessions, default=0) + 1):
            day = previous_session(day, self.overrides)
            dates.append(day.isoformat())
            if count in sessions and is_whole:
                self.pending.extend(rival.end_sessions(dates[-1], count, self.last, self._cost_of, now))
        rival.held = {entered: held for entered, held in rival.held.items() if entered in dates[:-1]}

    def _compare_bases(self, on: str) -> None:
        """Find instruments whose prices of before cannot be compared with today's, and spoil what hangs on them."""
        before = previous_session(date.fromisoformat(on), self.overrides).isoformat()
        held = {claim.signal.symbol for claim in self.claims.values() if _formed_before(claim, on)}
        for entered, symbols in self.always_in.held.items():
            held.update(symbols if entered < on else ())
        for symbol in sorted(held):
            reason = self.closes.adjusted(symbol, before, self.last.get(symbol), self.instruments.get(symbol))
            if reason:
                self._spoil(symbol, on, reason)

    def _spoil(self, symbol: str, on: str, reason: str) -> None:
        for number, claim in self.claims.items():
            if claim.signal.symbol == symbol and _formed_before(claim, on):
                self.spoilt.setdefault(number, reason)
        self.always_in.forget(symbol, on)


def _formed_before(claim: Claim, on: str) -> bool:
    return kst_date(claim.signal.venue_time).isoformat() < on
