"""A signal as a claim about prices, and what became of it."""

from dataclasses import dataclass

from domain.messages.trading import SignalFormed, SignalScored
from domain.quotes import Quote
from domain.scoring.outcome import outcome
from domain.time import kst_text
from domain.types import NANOS_PER_SECOND, Krw, Purpose, Side, UnixNanos

STALE_NS = 600 * NANOS_PER_SECOND  # a last row older than this at the end of a horizon is no price: a halt, an outage
NO_ROW = "no good row since it was formed: a halt, or no data"


@dataclass(frozen=True, slots=True)
class Claim:
    """One signal whose horizon has not passed."""

    signal: SignalFormed
    signal_seq: int  # 0 once it stands in the log before
    entry_price: int  # KRW; 0 when there was none
    note: str  # what is odd about the entry price; else empty
    cost_ppm: int | None  # of a round trip; None when the market is not known
    due_at: int  # venue time, UTC ns
    close_of: str  # date whose closing price ends it, YYYY-MM-DD; empty: it ends within the session

    def ended(self, row: Quote | None, now: int) -> SignalScored:
        """Score it on the last good row within its horizon, if that is one of after the signal and not too old."""
        if row is None or row.venue_time <= self.signal.venue_time:
            return self.unscored(NO_ROW, now)
        if self.due_at - row.venue_time > STALE_NS:
            at = kst_text(row.venue_time)
            return self.unscored(f"the last good row within its horizon is of {at}: a halt, or no data", now)
        return self.scored(*exit_of(self.signal, row), now)

    def scored(self, exit_price: int, note: str, now: int) -> SignalScored:
        """Score it at a price; without one, or with an entry that had none, say why not."""
        if self.entry_price <= 0:
            return self.unscored("no price when it was formed", now)
        if exit_price <= 0:
            return self.unscored("no price at the end of its horizon", now)
        if self.cost_ppm is None:
            return self.unscored("its market, and so what a sale costs, is not known", now)
        found = outcome(self.signal.side, Krw(self.entry_price), Krw(exit_price), self.cost_ppm)
        reason = "; ".join(text for text in (self.note, note) if text)
        return self._message(Krw(exit_price), found.gross_ppm, found.won, reason, now)

    def unscored(self, reason: str, now: int) -> SignalScored:
        """Say why it cannot be scored."""
        return self._message(None, 0, None, reason, now)

    def _message(self, exit_price: Krw | None, gross: int, won: bool | None, reason: str, now: int) -> SignalScored:
        signal = self.signal
        return SignalScored(
            signal_seq=self.signal_seq,
            strategy=signal.strategy,
            symbol=signal.symbol,
            side=signal.side,
            purpose=signal.purpose,
            confidence=signal.confidence,
            regime=signal.regime,
            attention=signal.attention,
            horizon_s=signal.horizon_s,
            horizon_sessions=signal.horizon_sessions,
            formed_at=signal.venue_time,
            due_at=UnixNanos(self.due_at),
            entry_price=Krw(self.entry_price),
            exit_price=exit_price,
            gross_ppm=gross,
            cost_ppm=self.cost_ppm or 0,
            won=won,
            reason=reason,
            venue_time=UnixNanos(now),
        )


def entry_of(signal: SignalFormed, row: Quote | None) -> tuple[int, str]:
    """Give the price at which a signal's claim could be taken up, and what is odd about it."""
    if row is None:
        return signal.reference_price, "the row it was formed on is not known: its last price"
    price, note = _touch(row, signal.side, "when it was formed")
    return price, note


def exit_of(signal: SignalFormed, row: Quote) -> tuple[int, str]:
    """Give the price at which a claim could be closed on a row, and what is odd about it.

    An entry is closed on the other side of the book. An exit is held against selling later, which is on the same side.
    """
    side = signal.side if signal.purpose is Purpose.EXIT else _other(signal.side)
    return _touch(row, side, "at the end of its horizon")


def _touch(row: Quote, side: Side, when: str) -> tuple[int, str]:
    price, name = (row.ask_price, "ask") if side is Side.BUY else (row.bid_price, "bid")
    return (price, "") if price > 0 else (row.price, f"no {name} {when}: the last price")


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
