"""What is held and being bought, put together for limits on size and concentration. Money is won at mark.

A holding counts at its mark, one without a mark at its cost basis; open buys count at what they hold. Whose shares and
orders they are makes no difference: what is never sold, what came from elsewhere and open buys of others are in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.risk.exposure_facts import ExposureFacts


class Exposures(NamedTuple):
    """Of the account, as one instrument that is to be bought sees it; open buys are in it at what they hold."""

    gross: int = 0  # all instruments
    sector: int = 0  # those of its sector, itself included
    sector_name: str = ""  # empty: unknown; all unknown ones are one sector
    market: int = 0  # those of its listing market, itself included
    others: int = 0  # instruments held or being bought, itself left out
    shares: int = 0  # of it, held and being bought
    average_volume: int | None = None  # shares a day; None when unknown
    own: int = 0  # itself
    symbol: str = ""
    facts: ExposureFacts | None = None  # how others move with it; None: nobody wants to know

    @property
    def correlated(self) -> int:
        """Give itself (won), and all others by their correlation with it; never more than `gross`.

        Worked out when asked, from all that is held: few orders come so near their limit that it has to be.
        """
        return self.own + (self.facts.correlated(self.symbol) if self.facts is not None else 0)

    def without(self, won: int, shares: int) -> "Exposures":
        """Give them as if an open buy of the instrument that holds so much were not there."""
        return self._replace(
            gross=self.gross - won,
            sector=self.sector - won,
            market=self.market - won,
            own=self.own - won,
            shares=self.shares - shares,
        )


NO_EXPOSURES = Exposures()


@dataclass(slots=True)
class ExposureBook:
    """Value of every instrument held or being bought, and the sums over them, kept up with each change."""

    values: dict[str, int] = field(default_factory=dict)  # symbol -> won
    groups: dict[str, tuple[str, str]] = field(default_factory=dict)  # symbol -> sector and market it counts in
    gross: int = 0
    sectors: dict[str, int] = field(default_factory=dict)
    markets: dict[str, int] = field(default_factory=dict)

    def put(self, symbol: str, won: int, sector: str, market: str) -> None:
        """Take in what an instrument counts, and where."""
        self.drop(symbol)
        self.values[symbol] = won
        self.groups[symbol] = (sector, market)
        self._add(won, sector, market)

    def drop(self, symbol: str) -> None:
        """Forget an instrument that is neither held nor being bought any more."""
        won = self.values.pop(symbol, None)
        if won is not None:
            self._add(-won, *self.groups.pop(symbol))

    def move(self, symbol: str, won: int) -> None:
        """Take in another value of an instrument that is there."""
        added = won - self.values[symbol]
        if added:
            self.values[symbol] = won
            self._add(added, *self.groups[symbol])

    def _add(self, won: int, sector: str, market: str) -> None:
        self.gross += won
        self.sectors[sector] = self.sectors.get(sector, 0) + won
        self.markets[market] = self.markets.get(market, 0) + won

    def others(self, symbol: str) -> int:
        """Count the instruments beside one."""
        return len(self.values) - (symbol in self.values)


def largest(sums: Mapping[str, int]) -> tuple[str, int]:
    """Give the name and the won of the largest group; the first by name among equals, nothing where there is none."""
    if not sums:
        return "", 0
    name = min(sums, key=lambda one: (-sums[one], one))
    return name, sums[name]
