"""What the scorekeeper keeps, and how it changes: the fold alone. What a score means is in `scorekeeper.py`."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from actors.roles.always_in import NEVER, AlwaysIn
from actors.roles.score_claims import Claim, entry_of
from actors.roles.score_closes import Closes
from actors.roles.scorekeeper_session import ScoredSession
from domain.bars import MINUTE_NS
from domain.config import RunConfig
from domain.day_plan import LATE_PRINTS_NS, is_over, plan_session
from domain.krx.calendar import next_session
from domain.messages import Message, Stamp
from domain.messages.link import InstrumentsReceived
from domain.messages.market import QuotesEnded, QuotesJudged
from domain.messages.orders import HoldingAdjusted
from domain.messages.run import RunStarted, StateCarried
from domain.messages.trading import BaselineScored, DayChanged, SessionPlanned, SignalFormed, SignalScored
from domain.quality import flags
from domain.quotes import Quote
from domain.time import from_kst, kst_date
from domain.types import NANOS_PER_SECOND, Purpose


class ScorekeeperState(ScoredSession):
    """Claims and shadow entries, folded: row by row, signal by signal, session by session."""

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
        seconds, sessions = self.horizons.seconds, self.horizons.sessions
        if seconds or sessions:
            self.always_in.enter(at, on, self.wanted or self.instruments, self.last, seconds, bool(sessions))

    def _close_claims(self, now: int) -> None:
        """Score the claims whose horizon ended before `now`."""
        while self.queue and self.queue[0][0] < now:
            _, number = heapq.heappop(self.queue)
            claim = self.claims.pop(number)
            self.pending.append(claim.ended(self.last.get(claim.signal.symbol), now))

    # ---- claims --------------------------------------------------------------------------------------------------

    def _form(self, signal: SignalFormed, stamp: Stamp) -> None:
        """Take a claim up. A signal without a horizon claims nothing."""
        if signal.horizon_s <= 0 and signal.horizon_sessions <= 0:
            return
        entry, note = entry_of(signal, self._formed_on(signal))
        is_entry = signal.purpose is Purpose.ENTRY
        due, close_of = self._due(signal)
        cost = self._cost_of(signal.symbol, kst_date(due)) if is_entry else 0  # taxed when it is sold
        if is_entry:
            self.horizons.see(signal)
        claim = Claim(signal, stamp.seq, entry, note, cost, due, close_of)
        if self._is_past(claim):
            return
        self.claims[self.formed] = claim
        if not close_of:
            heapq.heappush(self.queue, (due, self.formed))
        self.formed += 1
        self._schedule()

    def _is_past(self, claim: Claim) -> bool:
        """Score a claim at once that ended within the batch it was formed on: its rows have been taken already."""
        after = next((row[1] for row in self._batch if row[1] > claim.due_at), 0)
        if claim.close_of:
            close = self.closes.of(claim.signal.symbol, claim.close_of) if claim.close_of == self.ended else None
            if close is not None:
                self.pending.append(claim.scored(close.price, "", after or claim.due_at))
            return close is not None
        if after:
            symbol, end = claim.signal.symbol, claim.due_at
            rows = [row for row in self._batch if row[0] == symbol and row[1] <= end]
            self.pending.append(claim.ended(rows[-1] if rows else None, after))
        return after > 0

    def _formed_on(self, signal: SignalFormed) -> Quote | None:
        """Find the row a signal was formed on: never one that came after it."""
        for row in reversed(self._batch):
            if _fits(row, signal):
                return row
        last = self.last.get(signal.symbol)
        return last if last is not None and _fits(last, signal) else None

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

    # ---- everything else -----------------------------------------------------------------------------------------

    def _begin(self, message: RunStarted, stamp: Stamp) -> None:
        config: RunConfig = message.config
        self.scores, self.commission_ppm = config.signals.scores, config.costs.commission_ppm
        self.overrides, self.wanted = dict(config.session_overrides), config.symbols
        self.pending = deque()
        self.horizons.configure(config)
        if not self.scores:
            self.claims, self.queue, self.spoilt, self.last = {}, [], {}, {}
            self.always_in, self.closes = AlwaysIn(), Closes()
        self._schedule()

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
            self.horizons.begin_date()
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
        self.claims = {number: replace(claim, signal_seq=0) for number, claim in self.claims.items()}
        self.scored = deque((replace(item, signal_seq=0) for item in self.scored), self.scored.maxlen)

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


_ALWAYS = frozenset({RunStarted, InstrumentsReceived, SessionPlanned, StateCarried, SignalScored, BaselineScored})


def _fits(row: Quote, signal: SignalFormed) -> bool:
    return row[0] == signal.symbol and row[1] <= signal.venue_time and row[2] == signal.reference_price
