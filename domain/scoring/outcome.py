"""Whether a claim came true: what it would have brought, against what a round trip costs.

    gross = side · (exit - entry) / entry        side is +1 for a buy, -1 for a sell
    won   = gross > cost

Entry and exit are prices at which one could really have traded (ask in, bid out), so the spread is in the gross return.
A share of a claim that breaks even is not a success: it has to earn its costs.
"""

from datetime import date
from typing import NamedTuple

from domain.errors import InvariantError
from domain.krx.costs import tax_rate
from domain.types import PPM, Krw, Market, Side


class Outcome(NamedTuple):
    """What one claim would have brought, parts per million of the entry price."""

    gross_ppm: int  # rounded toward minus infinity
    cost_ppm: int
    won: bool


def round_trip_ppm(market: Market, on: date, commission_ppm: int) -> int:
    """Give the costs of buying and selling on a date, ppm of the notional: commission twice, the sale's taxes once.

    The sale's part is charged on what the sale brings; here both are ppm of the entry price, which is off by the rates'
    share of the return itself (0.2 % of a 5 % move: 1 ppm in 10,000). Raises ConfigError before the first known rate.
    """
    rate = tax_rate(market, on)
    return 2 * commission_ppm + rate.transaction_ppm + rate.rural_ppm


def outcome(side: Side, entry_price: Krw, exit_price: Krw, cost_ppm: int) -> Outcome:
    """Score one claim. Raises InvariantError on a price that is not one: what has no price has no score."""
    if entry_price <= 0 or exit_price <= 0:
        raise InvariantError(f"prices of a scored claim expected > 0 won, were {entry_price!r} and {exit_price!r}")
    gross = side.sign * (exit_price - entry_price) * PPM // entry_price
    return Outcome(gross, cost_ppm, gross > cost_ppm)
