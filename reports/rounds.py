"""Round trips told apart: of symbols that a date began and ended without, all of whose shares its own orders moved.

Nothing before or after such a date has a part in them, so they are told where the log is read, and only lines of the
report go on from there. Whether it was so shows where the dates of a period come together.
"""

from dataclasses import dataclass, field

from domain.performance.groups import Tallies
from reports.model import TradeLine
from reports.slips import Slips


class EntangledError(Exception):
    """Something beyond a date has a part in round trips that were told apart; never seen by a person."""


@dataclass(slots=True)
class Sums:
    """Money of one date by its movements, won."""

    realized: int = 0
    commission: int = 0
    tax: int = 0
    turnover: int = 0  # notional of all fills
    fills: int = 0

    def add(self, other: "Sums") -> None:
        """Add what another has."""
        self.realized += other.realized
        self.commission += other.commission
        self.tax += other.tax
        self.turnover += other.turnover
        self.fills += other.fills


@dataclass(slots=True)
class Rounds:
    """The round trips of some symbols on one date, and what reports need of their orders and fills besides."""

    symbols: frozenset[str]
    lines: list[TradeLine] = field(default_factory=list)  # in the order in which they were opened
    seqs: list[int] = field(default_factory=list)  # of the fill that opened each
    sums: Sums = field(default_factory=Sums)
    slips: Slips = field(default_factory=Slips)  # sums alone; those of a trade are in its line
    groups: Tallies = ()
    orders: int = 0
    by_hand: int = 0
    filled: int = 0  # orders filled completely
