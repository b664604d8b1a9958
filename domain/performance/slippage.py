"""How much worse fills were than the price at the decision, or at the sending: implementation shortfall, part by part.

Source: Perold, The implementation shortfall: paper versus reality, Journal of Portfolio Management 14 (1988).
"""

from collections.abc import Iterable
from typing import NamedTuple

from domain.types import PPM, Krw, Side


class Slipped(NamedTuple):
    """One fill beside the price it is measured against."""

    side: Side
    quantity: int  # shares
    price: Krw  # won a share, of the fill
    reference: Krw  # won a share: when the signal was formed, or when the order went out


def slip_krw(fills: Iterable[Slipped]) -> float | None:
    """Give won a share by which fills were worse, weighted by shares; below 0 they were better. None without one."""
    cost = shares = 0
    for fill in fills:
        cost += fill.side.sign * (fill.price - fill.reference) * fill.quantity
        shares += fill.quantity
    return cost / shares if shares else None


def slip_ppm(fills: Iterable[Slipped]) -> float | None:
    """Give the same in ppm of the reference: Σ cost / Σ notional at the reference. None without a fill."""
    cost = notional = 0
    for fill in fills:
        cost += fill.side.sign * (fill.price - fill.reference) * fill.quantity
        notional += fill.reference * fill.quantity
    return cost * PPM / notional if notional else None
