"""How far prices of each symbol usually move, and prints that went much further and wait to be confirmed.

The median of moves is tracked by small steps: one number a symbol, moved towards each move by a sixteenth of itself.
Unlike a mean it is not pulled away by the very print that is to be found.
"""

from dataclasses import dataclass, field

from domain.config import QualityConfig
from domain.types import PPM

ENOUGH = 16  # moves after which the median is believed
PARTS = 16  # of a won, in which the median is kept
UNSEEN = 15 << 9  # bits of a venue time: moves are followed at one moment in sixteen, whole seconds included
LEAST_PPM = 10_000  # a move of a hundredth is never a jump


@dataclass(slots=True)
class Tape:
    """Moves of the prices of one trading date. The row alone tells if it is looked at, however rows are batched."""

    moves: dict[str, int] = field(default_factory=dict)  # symbol -> how many, until there are enough
    median: dict[str, int] = field(default_factory=dict)  # symbol -> of their sizes, sixteenths of a won
    bands: dict[str, int] = field(default_factory=dict)  # symbol -> won a print may be away from the last; once enough
    pending: dict[str, tuple[int, int]] = field(default_factory=dict)  # symbol -> unconfirmed price, price before it

    def band(self, symbol: str, price: int) -> int:
        """Give the won a print may be away from a price: 30 % until enough moves were seen."""
        return self.bands.get(symbol) or price * 3 // 10

    def moved(self, symbol: str, before: int, price: int, config: QualityConfig) -> None:
        """Take in that the price of a symbol changed."""
        size = abs(price - before) * PARTS
        median = self.median.get(symbol, size)
        if size != median:
            step = max(1, median >> 4)
            median += step if size > median else -step
        self.median[symbol] = median
        seen = self.moves.get(symbol, 0)
        if seen < ENOUGH:
            self.moves[symbol] = seen = seen + 1
        if seen == ENOUGH:
            usual = config.jump_deviations * median // PARTS
            self.bands[symbol] = min(max(usual, price * LEAST_PPM // PPM, 1), max(price * config.jump_ppm // PPM, 1))
