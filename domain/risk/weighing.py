"""What is held and being bought, weighed anew whenever holding, price or open buys of an instrument change."""

from collections.abc import Mapping, Sequence

from domain.quotes import Quote
from domain.risk.exposures import ExposureBook
from domain.risk.known import RiskKnown
from domain.types import Side


class Weighed(RiskKnown):
    """Keeps the sums of `exposures` what a walk over everything would give."""

    __slots__ = ()

    def _price(self, rows: Sequence[Quote]) -> None:
        quotes, counted = self.quotes, self.exposures.values
        moved = [row[0] for row in rows if row[0] in counted and _is_moved(row, quotes)] if counted else ()
        quotes.update([(row[0], row) for row in rows])
        for symbol in moved:
            self._weigh(symbol)

    def _weigh_all(self) -> None:
        self.exposures = ExposureBook()
        for symbol in {**self.positions, **self.holds.by_symbol, **self.externals.by_symbol}:
            self._weigh(symbol)

    def _weigh(self, symbol: str) -> None:
        """Take in what an instrument counts now: whatever changes holding, price or open buys of it comes by here."""
        held, bound = self.positions.get(symbol, 0), self.holds.by_symbol.get(symbol)
        is_bought, won = (bound.buying > 0, bound.reserve) if bound is not None else (False, 0)
        if symbol in self.externals.by_symbol or symbol in self.externals.held:
            elsewhere = self._bound_elsewhere(symbol)
            self.externals.hold(symbol, elsewhere)
            is_bought, won = is_bought or self.externals.shares(symbol, Side.BUY) > 0, won + elsewhere
        if not held and not is_bought:
            if symbol in self.exposures.values:
                self.exposures.drop(symbol)
                self.exposure_facts.count(symbol, 0)
            return
        quote = self.quotes.get(symbol)
        won += held * quote.price if quote is not None and quote.price > 0 else self.costs.get(symbol, 0)
        if symbol in self.exposures.values:
            self.exposures.move(symbol, won)
        else:
            self.exposures.put(symbol, won, *self._groups(symbol))
        self.exposure_facts.count(symbol, won)


def _is_moved(row: Quote, quotes: Mapping[str, Quote]) -> bool:
    """Tell whether a row has another price than the one before of its instrument."""
    before = quotes.get(row[0])
    return before is None or before.price != row.price
