"""Best bid and ask around a print, for data that holds none. A guess, said so in the recording's warnings.

An uptick was bought at the ask, a downtick sold at the bid, otherwise a seeded coin tells. The spread is one tick;
around a half-tick print the bid is the tick below and the ask the tick above. A side beyond the daily limit (where
known) is empty. Displayed sizes are seeded between 25 % and 125 % of what the caller thinks typical.
"""

from datetime import date

from broker_sim.draws import Draws
from domain.instruments import Instrument
from domain.krx.ticks import round_down, round_up, tick_size


class Touch:
    """Makes up the best prices of one instrument on one day. Remembers neighbours of prices only."""

    __slots__ = ("_around", "_day", "_instrument", "_seed")

    def __init__(self, instrument: Instrument, day: date, seed: int) -> None:
        """Take what the prices are judged by."""
        self._instrument = instrument
        self._day = day
        self._seed = seed
        self._around: dict[int, tuple[int, int, int]] = {}  # price -> tick below, itself when valid, tick above

    def draws(self, *name: object) -> Draws:
        """Give draws for one row, named by its moment."""
        return Draws(self._seed, self._instrument.symbol, *name)

    def around(self, price: int, before: int, typical: int, draws: Draws) -> tuple[int, int, int, int]:
        """Give (bid, ask, bid shares, ask shares) around a print; `before` is the last print's price, 0 for none."""
        coin = draws.below(2)
        bought = coin == 1 if before in (0, price) else price > before
        return self.beside(price, typical, draws, bought=bought)

    def beside(self, price: int, typical: int, draws: Draws, *, bought: bool) -> tuple[int, int, int, int]:
        """Give (bid, ask, bid shares, ask shares) when it is known whether the print was bought or sold."""
        below, exact, above = self._neighbours(price)
        if exact:
            bid, ask = (below, price) if bought else (price, above)
        else:
            bid, ask = below, above
        lower, upper = self._instrument.lower_limit, self._instrument.upper_limit
        if bid <= 0 or (lower is not None and bid < lower):
            bid = 0
        if upper is not None and ask > upper:
            ask = 0
        bid_qty = 1 + typical * (25 + draws.below(100)) // 100 if bid else 0
        ask_qty = 1 + typical * (25 + draws.below(100)) // 100 if ask else 0
        return bid, ask, bid_qty, ask_qty

    def _neighbours(self, price: int) -> tuple[int, int, int]:
        found = self._around.get(price)
        if found is None:
            market, day = self._instrument.market, self._day
            below = 0 if price <= 1 else int(round_down(price - 1, market, day))
            exact = price if price % tick_size(price, market, day) == 0 else 0
            found = self._around[price] = (below, exact, int(round_up(price + 1, market, day)))
        return found
