"""Cash by the day it settles: what a trade brings or takes changes hands two sessions after it (T+2).

One line holds at any time: the D+2 deposit is all cash, settled or not. So a sale's proceeds may buy shares the same
day, for both settle together, but they may be withdrawn only once they have settled.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from domain.krx.calendar import NO_OVERRIDES, next_session, settlement_date
from domain.types import Krw

LONGEST_WAIT: Final = timedelta(days=31)  # no run of closings keeps a trade unsettled for as long


class Standing(NamedTuple):
    """Deposits of one day in won. The names of Kiwoom's opw00001 and kt00001 stand beside them."""

    deposit: Krw  # settled today: 예수금, `entr`
    d1_deposit: Krw  # settled on the next session: D+1 추정예수금, `d1_entra`
    d2_deposit: Krw  # settled on the session after it, which is all cash: D+2 추정예수금, `d2_entra`

    def withdrawable(self, reserved: int = 0) -> Krw:
        """Give what may leave the account today (출금가능금액, `pymn_alow_amt`), won, never below 0.

        Never more than is settled, and never what a purchase needs on one of the two days ahead; `reserved` is what
        open buys would need on the last of them.

        Source: krx.md 5 (proceeds are withdrawn only from T+2). That a broker takes exactly the least of the three
        deposits is unconfirmed.
        """
        return Krw(max(0, min(self.deposit, self.d1_deposit, self.d2_deposit - reserved)))


@dataclass(frozen=True, slots=True)
class Ledger:
    """Settled cash and net cash of trades by trade date. Never changed: every booking gives a new ledger.

    Trade dates are kept and not settlement dates, so that a closing declared in between puts the settlement off.
    """

    settled: Krw
    pending: tuple[tuple[date, Krw], ...] = ()  # oldest first, one entry a date

    @property
    def total(self) -> Krw:
        """Give all cash, settled or not (won)."""
        return Krw(self.settled + sum(amount for _, amount in self.pending))

    def trade(self, day: date, amount: int) -> "Ledger":
        """Book the net cash (won) of a trade of a day: below 0 for a purchase, above 0 for a sale, costs included."""
        known = dict(self.pending)
        if day in known:
            known[day] = Krw(known[day] + amount)
            return Ledger(self.settled, tuple(known.items()))
        entries = list(self.pending)
        insort(entries, (day, Krw(amount)))  # a recorded source may have taken the clock back
        return Ledger(self.settled, tuple(entries))

    def receive(self, amount: int) -> "Ledger":
        """Book cash (won) that is settled when it comes, as a dividend is."""
        return Ledger(Krw(self.settled + amount), self.pending)

    def standing(self, day: date, overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES) -> Standing:
        """Give the deposits of a day: what was traded two sessions before it or earlier has settled.

        `overrides` are the calendar's corrections, as in `domain.krx.calendar`.
        """
        if not self.pending:
            return Standing(self.settled, self.settled, self.settled)
        tomorrow = next_session(day, overrides)
        deposit = d1_deposit = int(self.settled)
        for traded, amount in self.pending:
            settles = settlement_date(traded, overrides)
            deposit += amount if settles <= day else 0
            d1_deposit += amount if settles <= tomorrow else 0
        return Standing(Krw(deposit), Krw(d1_deposit), self.total)

    def compact(self, day: date) -> "Ledger":
        """Give the same ledger with trades of long before a day among the settled cash."""
        old = [amount for traded, amount in self.pending if traded < day - LONGEST_WAIT]
        return Ledger(Krw(self.settled + sum(old)), self.pending[len(old) :]) if old else self
