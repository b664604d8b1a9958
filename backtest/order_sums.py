"""What the fills of each order come to, and how an order of two logs differs: the parts of a difference of sums."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from backtest.compare import ONLY_A, ONLY_B, Verdict
from backtest.same_days import Told
from domain.messages.trading import FillBooked

SIZED, FILLED = "sized", "filled"  # how an order of both logs differs


@dataclass(slots=True)
class Sums:
    """What the fills of one order come to."""

    fills: int = 0
    shares: int = 0
    notional: int = 0  # won
    realized: int = 0  # won, costs included
    costs: int = 0  # won


MEASURES: Final[Mapping[str, tuple[Callable[[Sums], int], str]]] = {
    "fills": (lambda sums: sums.fills, ""),
    "shares": (lambda sums: sums.shares, " shares"),
    "notional_krw": (lambda sums: sums.notional, " KRW"),
    "realized_pnl_krw": (lambda sums: sums.realized, " KRW"),
    "costs_krw": (lambda sums: sums.costs, " KRW"),
}


def kind_of(item: Verdict) -> str:
    """Say how one order differs: in one log alone, of another quantity, or filled otherwise."""
    if item.verdict in (ONLY_A, ONLY_B):
        return item.verdict
    return SIZED if "quantity" in item.differences else FILLED


def sums_of(told: Told) -> dict[str, Sums]:
    """Sum up the fills of each order, by its id."""
    found: dict[str, Sums] = {}
    for facts in told.period.days:
        for _, moved in facts.moved:
            if isinstance(moved, FillBooked):
                sums = found.setdefault(moved.client_order_id, Sums())
                sums.fills += 1
                sums.shares += moved.last_qty
                sums.notional += moved.notional
                sums.realized += moved.realized_pnl
                sums.costs += moved.commission + moved.tax
    return found
