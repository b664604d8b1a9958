"""What selling every position at mark would cost now: the difference between equity and what it could become."""

from collections.abc import Mapping
from datetime import date

from domain.krx.costs import fill_costs
from domain.portfolio import Position, Prices, market_value
from domain.types import Krw, Market, Side


def exit_costs(
    positions: Mapping[str, Position], marks: Prices, markets: Mapping[str, Market], on: date, commission_ppm: int
) -> Krw:
    """Give commission and tax (won) of selling all positions on a date; one without a mark counts at its cost basis.

    An instrument whose listing market is not known pays KOSPI's tax, as most do. A position below 0 costs nothing here:
    it says that books missed a fill. Source: `domain.krx.costs.fill_costs`.
    """
    total = 0
    for symbol, held in positions.items():
        value = market_value(held, marks.get(symbol))
        if value > 0:
            total += fill_costs(Side.SELL, value, markets.get(symbol, Market.KOSPI), on, commission_ppm).total
    return Krw(total)
