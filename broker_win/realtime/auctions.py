"""Which trades are the single price of a call auction: Kiwoom does not mark them. Pure.

An issue is in a call auction while the market is (session codes 0 and 2), while it is interrupted (VI), and when
Kiwoom tells what it would trade (주식예상체결, sent in auctions only). Then nothing trades continuously, so:

- while the market's auction lasts, every trade is its cross, but for stragglers of its first seconds;
- after it (codes 3 and 4), the issue's first trade within a minute is: crosses come up to 30 s after the nominal end.
  Not where Kiwoom said last that nothing would trade: such an issue trades continuously right away;
- after an interruption, or expected prices within continuous trading, the first trade is, if it comes soon enough.

Session times on the wire may come before or behind the trades they belong to; the rules hold for both.
"""

from typing import Final

from domain.time import NANOS_PER_MINUTE
from domain.types import NANOS_PER_SECOND, VenuePhase

COLLECTING: Final = frozenset({VenuePhase.OPENING_AUCTION, VenuePhase.CLOSING_AUCTION})
STRAGGLERS: Final = 5 * NANOS_PER_SECOND  # trades of before the auction, told behind its begin
CROSS_WITHIN: Final = 60 * NANOS_PER_SECOND  # of the end: 30 s random end (KRX), and the delay of what is told
LONGEST_AUCTION: Final = 35 * NANOS_PER_MINUTE  # the opening's, with its random end
LONGEST_INTERRUPTION: Final = 180 * NANOS_PER_SECOND  # two minutes, 30 s random end, the delay


class Auctions:
    """The auctions under way, of the market and of single issues. Times are UTC ns."""

    def __init__(self) -> None:
        """Know of none."""
        self._phase: VenuePhase | None = None
        self._since: int | None = None  # the market's auction lasts since
        self._ended: int | None = None  # the market's last auction
        self._crossed: set[str] = set()  # issues that traded in it or since
        self._expected: dict[str, tuple[int, int]] = {}  # told last: when, shares that would trade
        self._interrupted: dict[str, tuple[int, int | None]] = {}  # since, until

    def on_phase(self, phase: VenuePhase, at: int) -> None:
        """Hear the phase of the market."""
        if phase in COLLECTING:
            if self._since is None or phase is not self._phase:
                self._since = at
                self._crossed.clear()
        elif self._since is not None:
            self._since, self._ended = None, at
        self._phase = phase

    def on_expected(self, code: str, at: int, shares: int) -> None:
        """Hear what an auction of an issue would trade."""
        self._expected[code] = (at, shares)

    def on_interruption(self, code: str, at: int, *, active: bool) -> None:
        """Hear that an interruption of an issue began or ended."""
        if active:
            self._interrupted[code] = (at, None)
        elif code in self._interrupted:  # else its cross came before the word of its end
            self._interrupted[code] = (self._interrupted[code][0], at)

    def on_trade(self, code: str, at: int) -> bool:
        """Take in a trade; tell whether it is the single price of an auction."""
        if self._since is not None and at >= self._since + LONGEST_AUCTION:
            self._since = None  # nobody told of its end
        if self._since is not None:
            if at < self._since + STRAGGLERS:
                return False
            self._crossed.add(code)
            self._end(code)
            return True
        if self._ended is not None and code not in self._crossed and at < self._ended + CROSS_WITHIN:
            self._crossed.add(code)
            _, shares = self._expected.get(code, (at, 1))
            self._end(code)
            return shares > 0
        if code not in self._expected and code not in self._interrupted:
            return False
        return self._ends_own(code, at)

    def _ends_own(self, code: str, at: int) -> bool:
        """Tell whether a trade in continuous trading ends an auction of its issue alone."""
        told, shares = self._expected.get(code, (at, 0))
        is_told = shares > 0 and at - told < LONGEST_INTERRUPTION and (self._ended is None or told > self._ended)
        since, until = self._interrupted.get(code, (at, at - CROSS_WITHIN))
        if until is None:
            if at < since + STRAGGLERS and not is_told:
                return False  # it may have traded before the interruption
            is_over = at - since < LONGEST_INTERRUPTION
        else:
            is_over = at < until + CROSS_WITHIN
        self._end(code)
        return is_told or is_over

    def _end(self, code: str) -> None:
        self._expected.pop(code, None)
        self._interrupted.pop(code, None)
