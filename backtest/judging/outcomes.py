"""What an entry at each session's open would have brought, for every symbol at once.

    gross = side · (close of session t + n - open of session t) / open of session t      n: the horizon, ppm
    cost  = commission on both sides + tax on the sale, of the day of the sale + one tick of spread, ppm
    won   = gross > cost

The spread is a tick at the price of the entry, because daily bars know no book: liquid shares trade at a tick, others
at more, and prices adjusted for later splits stand on a finer grid than the real ones did.
Source: domain/scoring/outcome.py (what counts as right), domain/krx/costs.py (dated rates).
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from backtest.judging.claims import BROKEN, NO_ENTRY, NO_EXIT, NOT_DUE, REASONS
from backtest.judging.prices import Grid, Panel
from broker_sim.listing import listed
from domain.krx.limits import MOST_LEVERAGE
from domain.krx.ticks import tick_table
from domain.scoring.outcome import round_trip_ppm
from domain.types import PPM, Market, Side

SPREAD_TICKS: Final = 1
WIDEST_PPM: Final = 300_000  # daily limit since 2015-06-15; it was narrower before
TICK_PPM: Final = 5_000  # what rounding of adjusted prices may add


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Outcomes of entries at every point of a grid (points in time by symbols)."""

    gross_ppm: Grid
    cost_ppm: Grid
    due: Grid  # index of the point at which it ends
    reason: npt.NDArray[np.int8]  # index into REASONS; 0: it has a score
    won: npt.NDArray[np.float32]  # 1 where an entry won, 0 where it did not, NaN where it has no score
    net_bps: npt.NDArray[np.float32]  # return after costs in basis points, NaN where there is no score

    @classmethod
    def of(cls, gross_ppm: Grid, cost_ppm: Grid, due: Grid, reason: npt.NDArray[np.int8]) -> "Outcomes":
        """Put outcomes together."""
        net = (gross_ppm - cost_ppm).astype(np.float32)
        won = (net > 0).astype(np.float32)
        net /= 100
        net[reason != 0] = won[reason != 0] = np.nan
        return cls(gross_ppm, cost_ppm, due, reason, won, net)


class DailyOutcomes:
    """Outcomes of a panel by horizon and side, made once each."""

    def __init__(self, panel: Panel, commission_ppm: int) -> None:
        """Keep the panel; `commission_ppm` is that of one side."""
        self._panel = panel
        self._commission_ppm = commission_ppm
        self.ticks = ticks_of(panel, panel.open)
        self._made: dict[tuple[int, Side], Outcomes] = {}

    def of(self, horizon: int, side: Side) -> Outcomes:
        """Give the outcomes of entries held to the close of `horizon` sessions on."""
        key = (horizon, side)
        if key not in self._made:
            self._made[key] = self._make(horizon, side)
        return self._made[key]

    def _make(self, horizon: int, side: Side) -> Outcomes:
        panel = self._panel
        count = len(panel.sessions)
        due = np.arange(count) + horizon
        inside = np.minimum(due, count - 1)
        leave, enter = panel.close[inside], np.maximum(panel.open, 1)
        gross = side.sign * (leave - panel.open) * PPM // enter
        spread = -(-SPREAD_TICKS * self.ticks * PPM // enter)
        cost = rates(panel, self._commission_ppm)[inside] + spread
        reason = np.zeros(gross.shape, np.int8)
        reason[leave == 0] = REASONS.index(NO_EXIT)
        leaps = np.cumsum(leaps_of(panel), axis=0)
        mixed = mixes(panel.open, panel.close, np.array([widest_ppm(market) for market in markets(panel)], np.int64))
        reason[(reason == 0) & ((leaps[inside] > leaps) | mixed)] = REASONS.index(BROKEN)
        reason[due >= count] = REASONS.index(NOT_DUE)
        reason[panel.open == 0] = REASONS.index(NO_ENTRY)
        return Outcomes.of(gross, cost, np.repeat(due[:, None], len(panel.codes), 1), reason)


def markets(panel: Panel) -> tuple[Market, ...]:
    """Give the market each symbol is listed in; KOSPI where the list does not have it."""
    return tuple(listed(code)[1] for code in panel.codes)


def rates(panel: Panel, commission_ppm: int) -> Grid:
    """Give commissions and tax of a round trip sold in each session, by symbol, ppm."""

    @cache
    def of(market: Market) -> npt.NDArray[np.int64]:
        return np.array([round_trip_ppm(market, day, commission_ppm) for day in panel.sessions], np.int64)

    return np.stack([of(market) for market in markets(panel)], axis=1)


def leaps_of(panel: Panel) -> npt.NDArray[np.int64]:
    """Tell in which sessions (1) a close lies further from the close before than the daily limit lets it.

    That close may be of many sessions ago. Adjusted files have some where an adjustment was missed, others have one at
    every split; what a claim earned across one is not what anybody earned. Live signals are left unscored alike.
    """
    widths = [widest_ppm(market) for market in markets(panel)]
    found = np.zeros(panel.close.shape, np.int64)
    for column, width in enumerate(widths):
        traded = np.flatnonzero(panel.close[:, column])
        closes = panel.close[traded, column]
        moved = np.abs(closes[1:] - closes[:-1]) * PPM > closes[:-1] * width
        found[traded[1:][moved], column] = 1
    return found


def mixes(first: Grid, last: Grid, width: Grid) -> npt.NDArray[np.bool_]:
    """Tell where two prices of one session lie further apart than from limit to limit: they mix two scales.

    `width` is what `widest_ppm` says of the symbols.
    """
    low, high = np.minimum(first, last), np.maximum(first, last)
    found: npt.NDArray[np.bool_] = high * np.maximum(PPM - width, 0) > low * (PPM + width)
    return found


def widest_ppm(market: Market) -> int:
    """Give the widest move a day allows in a market (ppm of its base), leveraged funds' limits included."""
    leverage = MOST_LEVERAGE if market in (Market.ETF, Market.ETN) else 1
    return WIDEST_PPM * leverage + TICK_PPM


def ticks_of(panel: Panel, prices: Grid) -> Grid:
    """Give the tick in KRW at every price of a grid; the smallest tick where there is no price."""
    rows, columns = np.indices(prices.shape)
    return ticks_at(panel, prices.ravel(), rows.ravel(), columns.ravel()).reshape(prices.shape)


def ticks_at(panel: Panel, prices: Grid, rows: Grid, columns: Grid) -> Grid:
    """Give the tick in KRW at each of some prices, of the symbols and sessions of these indices."""
    found: Grid = np.ones(len(prices), np.int64)
    listings = markets(panel)
    for market in dict.fromkeys(listings):
        of_market = np.array([one is market for one in listings])[columns]
        tables = [tick_table(market, day) for day in panel.sessions]
        for table in dict.fromkeys(tables):
            here = of_market & np.array([one is table for one in tables])[rows]
            band = np.searchsorted(np.array(table.edges, np.int64), prices[here], side="right")
            found[here] = np.array(table.ticks, np.int64)[band]
    return found
