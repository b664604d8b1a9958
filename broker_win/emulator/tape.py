"""What was heard of the market lately: the newest order book of each code and its last trades. Bounded."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from domain.quotes import Depth, Quote, QuoteKind

TRADES_KEPT: Final = 60  # per code: two pages of opt10003
_BOOK: Final = int(QuoteKind.BOOK)


class Tape:
    """Only codes that are watched are heard."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.depths: dict[str, Depth] = {}
        self._trades: dict[str, deque[Quote]] = {}

    def hear(self, rows: Sequence[Quote], depths: Sequence[Depth]) -> None:
        """Take rows and books, in order of their times."""
        for row in rows:
            if row.kind != _BOOK and row.price > 0:
                kept = self._trades.get(row.symbol)
                if kept is None:
                    kept = self._trades[row.symbol] = deque(maxlen=TRADES_KEPT)
                kept.append(row)
        for depth in depths:
            self.depths[depth.symbol] = depth

    def trades(self, code: str) -> list[Quote]:
        """Give trades of a code, newest first."""
        return list(reversed(self._trades.get(code, ())))
