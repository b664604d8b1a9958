"""What the scorekeeper keeps, and how it changes: the fold alone. What a score means is in `scorekeeper.py`."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, NamedTuple

from actors.core.role import Role
from actors.roles.always_in import NEVER, AlwaysIn
from actors.roles.score_claims import NO_ROW, STALE_NS, Claim, entry_of, exit_of
from domain.bars import MINUTE_NS
from domain.config import RunConfig
from domain.day_plan import LATE_PRINTS_NS, is_over, plan_session
from domain.instruments import Instrument
from domain.krx.calendar import next_session, previous_session
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import BaselineScored, DayChanged, SessionPlanned, SignalFormed, SignalScored
from domain.quality import flags
from domain.quotes import Quote
from domain.scoring.outcome import round_trip_ppm
from domain.time import from_kst, kst_date, kst_text
from domain.types import NANOS_PER_SECOND, Purpose

SCORES_KEPT = 10_000  # scored signals for the view; the log keeps all
BASELINES_KEPT = 20_000
MOST_HORIZONS = 8  # of each kind that always being in is followed for; a strategy may name another with every signal
# Parameters that say how long a claim is meant for. A strategy that calls it otherwise is followed from its first
# signal of a date on, and from the begin of the next.
SECONDS, SESSIONS = ("hold_s", "horizon_s"), ("hold_sessions", "horizon_sessions")
MOST_MOVE_PERCENT = 31  # in one session, the daily limit of 30 % and its rounding; beyond it prices were adjusted


class Closed(NamedTuple):
    """The end of an instrument's last whole session."""

    on: str  # YYYY-MM-DD
    price: int  # KRW, its closing price
    base: int | None  # KRW, the base price that was known of it then


class ScorekeeperState(Role):
    """Claims that wait, always being in, last rows, the session, what was scored."""

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
        self.closes: dict[str, Closed] = {}
        self.always_in = AlwaysIn()
        self.seconds: list[int] = []  # horizons that always being in is followed for
        self.sessions: list[int] = []
        self.configured: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self.seen: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())  # of entries formed on the date
        self.pending: deque[SignalScored | BaselineScored] = deque()  # found, not yet said
        self.scored: deque[SignalScored] = deque(maxlen=SCORES_KEPT)
        self.baselines: deque[BaselineScored] = deque(maxlen=BASELINES_KEPT)

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message."""
        if isinstance(message, QuotesJudged):
            if self.scores:
                self._rows(message)
            return
        fold = self._FOLDS.get(type(message))
        if fold is not None and (self.scores or type(message) in _ALWAYS):
            fold(self, message, stamp)

    # ---- rows ----------------------------------------------------------------------------------------------------

    def _rows(self, message: QuotesJudged) -> None:
        """Take good rows. The hot path: where nothing happens, one assignment a row."""
        rows = message.rows
        flagged = flags(message.verdicts) if message.verdicts else None
        if flagged:
            rows = [row for index, row in enumerate(rows) if index not in flagged]
        self._batch = rows
        if not rows:
            return
        if rows[-1][1] <= self.next_at:
            self.last.update([(row[0], row) for row in rows])
            return
        for row in rows:
            if row[1] > self.next_at:
                self._advance(row[1])
            self.last[row[0]] = row

    def _advance(self, now: int) -> None:
        """Let everything happen whose time was before `now`, with what was known then."""
        plan = self.plan
        if plan is None or self.ended == plan.trading_date:
            self._close_claims(now)
            self._schedule()
            return
        if self.minute_end < now:
            if plan.open_time < self.minute_end < plan.close_auction_time:
                self._enter(self.minute_end, plan.trading_date)
            self.minute_end = -(-now // MINUTE_NS) * MINUTE_NS
        self._close_claims(now)
        self.always_in.close(now, plan.close_auction_time, self.last, self._cost_of)
        if plan.close_time + LATE_PRINTS_NS < now:
            self._end_day(now)
        self._schedule()

    def _schedule(self) -> None:
        """Note when the next thing happens."""
        plan, soonest = self.plan, self.queue[0][0] if self.queue else NEVER
        if plan is not None and self.ended != plan.trading_date:
            due = self.always_in.next_due(plan.close_auction_time)
            soonest = min(soonest, self.minute_end, due, plan.close_time + LATE_PRINTS_NS)
        self.next_at = soonest

    def _enter(self, at: int, on: str) -> None:
        if self.seconds or self.sessions:
            watched = self.wanted or self.instruments
            self.always_in.enter(at, on, watched, self.last, self.seconds, bool(self.sessions))

    def _close_claims(self, now: int) -> None:
        """Score the claims whose horizon ended before `now`."""
        while self.queue and self.queue[0][0] < now:
            _, number = heapq.heappop(self.queue)
            claim = self.claims.pop(number)
            row = self.last.get(claim.signal.symbol)
            if row is None or row.venue_time <= claim.signal.venue_time:
                self.pending.append(claim.unscored(NO_ROW, now))
            elif claim.due_at - row.venue_time > STALE_NS:
                text = (
                    f"the last good row before its horizon ended is of {kst_text(row.venue_time)}: a halt, or no data"
                )
                self.pending.append(claim.unscored(text, now))
            else:
                self.pending.append(claim.scored(*exit_of(claim.signal, row), now))

    # ---- claims --------------------------------------------------------------------------------------------------

    def _form(self, signal: SignalFormed, stamp: Stamp) -> None:
        """Take a claim up. A signal without a horizon claims nothing."""
        if signal.horizon_s <= 0 and signal.horizon_sessions <= 0:
            return
        entry, note = entry_of(signal, self._formed_on(signal))
        is_entry = signal.purpose is Purpose.ENTRY
        cost = self._cost_of(signal.symbol, kst_date(signal.venue_time)) if is_entry else 0
        due, close_of = self._due(signal)
        self.claims[self.formed] = Claim(signal, stamp.seq, entry, note, cost, due, close_of)
        if not close_of:
            heapq.heappush(self.queue, (due, self.formed))
        self.formed += 1
        if is_entry:
            self._see(signal)
        self._schedule()

    def _formed_on(self, signal: SignalFormed) -> Quote | None:
        """Find the row a signal was formed on: never one that came after it."""
        for row in reversed(self._batch):
            if _fits(row, signal):
                return row
        row = self.last.get(signal.symbol)
        return row if row is not None and _fits(row, signal) else None

    def _due(self, signal: SignalFormed) -> tuple[int, str]:
        """Give when a claim ends (venue time), and the date whose closing price ends it, if one does."""
        plan, formed = self.plan, kst_date(signal.venue_time)
        if signal.horizon_sessions > 0:
            day = formed
            for _ in range(signal.horizon_sessions):
                day = next_session(day, self.overrides)
            return plan_session(day, self.overrides).close_time, day.isoformat()
        due = signal.venue_time + signal.horizon_s * NANOS_PER_SECOND
        if plan is not None and due >= plan.close_auction_time and plan.trading_date == formed.isoformat():
            return plan.close_time, plan.trading_date
        return due, ""

    def _see(self, signal: SignalFormed) -> None:
        """Follow always being in for the horizon of an entry, too."""
        seconds, sessions = self.seen
        if signal.horizon_sessions > 0:
            self.seen = seconds, _with(sessions, signal.horizon_sessions)
            self.sessions = list(_with(self.sessions, signal.horizon_sessions))
        else:
            self.seen = _with(seconds, signal.horizon_s), sessions
            self.seconds = list(_with(self.seconds, signal.horizon_s))

    def _cost_of(self, symbol: str, on: date | None = None) -> int | None:
        """Give the costs of a round trip (ppm) on a date, None when the market is not known."""
        instrument = self.instruments.get(symbol)
        if instrument is None or (on is None and self.plan is None):
            return None
        day = on or date.fromisoformat(self.plan.trading_date if self.plan else "")
        return round_trip_ppm(instrument.market, day, self.commission_ppm)

    # ---- the end of a session ------------------------------------------------------------------------------------

    def _end_day(self, now: int, ended_at: int = 0) -> None:
        """Score what the closing prices end. Without a row at the close or later there are none."""
        plan = self.plan
        if plan is None or self.ended == plan.trading_date:
            return
        on, begin = plan.trading_date, from_kst(date.fromisoformat(plan.trading_date), 0, 0)
        self.last = {symbol: row for symbol, row in self.last.items() if row[1] >= begin}  # a source may go back
        newest = max((row[1] for row in self.last.values()), default=ended_at)
        newest = max(newest, ended_at)
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
            for symbol, row in self.last.items():
                if row.price > 0:
                    known = self.instruments.get(symbol)
                    self.closes[symbol] = Closed(on, row.price, known.base_price if known else None)
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
        day, dates = date.fromisoformat(on), [on]
        for count in range(1, max(self.sessions, default=0) + 1):
            day = previous_session(day, self.overrides)
            dates.append(day.isoformat())
            if count in self.sessions and is_whole:
                self.pending.extend(rival.end_sessions(dates[-1], count, self.last, self._cost_of, now))
        rival.held = {entered: held for entered, held in rival.held.items() if entered in dates[:-1]}

    def _compare_bases(self, on: str) -> None:
        """Find instruments whose prices of before cannot be compared with today's, and spoil what hangs on them."""
        before = previous_session(date.fromisoformat(on), self.overrides).isoformat()
        held = {claim.signal.symbol for claim in self.claims.values() if _formed_before(claim, on)}
        for entered, symbols in self.always_in.held.items():
            held.update(symbols if entered < on else ())
        for symbol in sorted(held):
            reason = self._adjusted(symbol, before)
            if reason:
                self._spoil(symbol, on, reason)

    def _adjusted(self, symbol: str, before: str) -> str:
        """Say why prices of the session before do not compare with those of today; empty when they do."""
        close, row, known = self.closes.get(symbol), self.last.get(symbol), self.instruments.get(symbol)
        if close is None or close.on != before:
            return f"the close of {before} was not seen, so whether prices were adjusted since is not known"
        base = known.base_price if known is not None else None
        if base not in (None, close.base, close.price):  # as it was before: it was not told anew
            return f"prices were adjusted: the base price is {base:,} KRW after a close of {close.price:,} KRW"
        if row is not None and row.price > 0 and abs(row.price - close.price) * 100 > close.price * MOST_MOVE_PERCENT:
            return f"prices were adjusted: {row.price:,} KRW after a close of {close.price:,} KRW is beyond any limit"
        return ""

    def _spoil(self, symbol: str, on: str, reason: str) -> None:
        for number, claim in self.claims.items():
            if claim.signal.symbol == symbol and _formed_before(claim, on):
                self.spoilt.setdefault(number, reason)
        self.always_in.forget(symbol, on)

    # ---- everything else -----------------------------------------------------------------------------------------

    def _begin(self, message: RunStarted, stamp: Stamp) -> None:
        config: RunConfig = message.config
        self.scores, self.commission_ppm = config.signals.scores, config.costs.commission_ppm
        self.overrides, self.wanted = dict(config.session_overrides), config.symbols
        self.pending = deque()
        self.configured = _configured(config, SECONDS), _configured(config, SESSIONS)
        self._follow_horizons()
        if not self.scores:
            self.claims, self.queue, self.spoilt, self.last, self.closes = {}, [], {}, {}, {}
            self.plan, self.next_at, self.always_in = None, NEVER, AlwaysIn()

    def _follow_horizons(self) -> None:
        self.seconds, self.sessions = (
            list(dict.fromkeys((*configured, *seen)))[:MOST_HORIZONS]
            for configured, seen in zip(self.configured, self.seen, strict=True)
        )

    def _serve(self, message: InstrumentsReceived, stamp: Stamp) -> None:
        self.instruments.update({item.symbol: item for item in message.instruments})

    def _plan(self, plan: SessionPlanned, stamp: Stamp) -> None:
        """Take the session times; another date ends the one before, as far as its data went."""
        before, known = self.plan, plan if plan.is_session else None
        begin = from_kst(date.fromisoformat(plan.trading_date), 0, 0)
        if before is None or before.trading_date != plan.trading_date:
            self._end_day(begin)
            for number, claim in list(self.claims.items()):
                if not claim.close_of or claim.close_of < plan.trading_date:
                    self.pending.append(claim.unscored("the close that ends its horizon was not seen", begin))
                    del self.claims[number]
                    self.spoilt.pop(number, None)
            self.queue = []
            self.last = {symbol: row for symbol, row in self.last.items() if kst_date(row[1]) == kst_date(begin)}
            self._follow_horizons()
            self.seen = ((), ())
            self.minute_end = 0
        self.plan = known
        self._schedule()

    def _ended(self, message: QuotesEnded, stamp: Stamp) -> None:
        if self.plan is not None:
            self._advance(message.venue_time + 1)
            self._end_day(message.venue_time, message.venue_time)
            self._schedule()

    def _changed(self, message: DayChanged, stamp: Stamp) -> None:
        """A session is over for us when the day machine says so: no row may come to tell."""
        if self.plan is not None and self.ended != self.plan.trading_date and is_over(self.plan, message.venue_time):
            self._advance(max(message.venue_time, self.plan.close_time + LATE_PRINTS_NS + 1))

    def _split(self, message: HoldingAdjusted, stamp: Stamp) -> None:
        if message.action == "SPLIT":
            on = kst_date(message.venue_time).isoformat()  # prices of its day are of the new shares already
            self._spoil(message.symbol, on, f"prices were adjusted: {message.note}")

    def _carry(self, message: StateCarried, stamp: Stamp) -> None:
        """Sequences begin anew."""
        self.claims = {number: _of_log_before(claim) for number, claim in self.claims.items()}

    def _told(self, message: SignalScored | BaselineScored, stamp: Stamp) -> None:
        if self.pending and self.pending[0] == message:
            self.pending.popleft()
        elif message in self.pending:
            self.pending.remove(message)
        if isinstance(message, SignalScored):
            self.scored.append(message)
        else:
            self.baselines.append(message)

    _FOLDS: ClassVar[dict[type[Message], Callable[["ScorekeeperState", Any, Stamp], None]]] = {
        RunStarted: _begin,
        InstrumentsReceived: _serve,
        SessionPlanned: _plan,
        SignalFormed: _form,
        QuotesEnded: _ended,
        DayChanged: _changed,
        HoldingAdjusted: _split,
        StateCarried: _carry,
        SignalScored: _told,
        BaselineScored: _told,
    }


_ALWAYS = frozenset({RunStarted, InstrumentsReceived, StateCarried, SignalScored, BaselineScored})


def _fits(row: Quote, signal: SignalFormed) -> bool:
    return row[0] == signal.symbol and row[1] <= signal.venue_time and row[2] == signal.reference_price


def _with(known: Sequence[int], horizon: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*known, horizon)))[:MOST_HORIZONS]


def _configured(config: RunConfig, names: tuple[str, ...]) -> tuple[int, ...]:
    """Give the horizons that the parameters of the configured strategies name."""
    found = [strategy.params[name] for strategy in config.strategies for name in names if name in strategy.params]
    whole = [int(value) for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
    return tuple(dict.fromkeys(value for value in whole if value > 0))


def _formed_before(claim: Claim, on: str) -> bool:
    return kst_date(claim.signal.venue_time).isoformat() < on


def _of_log_before(claim: Claim) -> Claim:
    return Claim(claim.signal, 0, claim.entry_price, claim.note, claim.cost_ppm, claim.due_at, claim.close_of)
