"""The rules of a call auction, pure: which single price, and who gets shares when a price limit holds it. No book here.

The price maximises the executed volume. Of several it is the one that leaves the least surplus, then the one nearest to
the reference (last price, else the day's base), then the higher. Source: secondary descriptions of KRX's single-price
auction; the order of the rules for ties is ours, KRX's own text was not seen.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

# Source: secondary descriptions of KRX's simultaneous orders at a daily limit; not confirmed in KRX's own text.
ROUNDS: Final = (100, 500, 1_000, 2_000)  # shares; then half of what an order has left, then the rest


class Clearing(NamedTuple):
    """What an auction would give."""

    price: int | None  # KRW; None: nothing meets
    volume: int  # shares
    surplus: int  # shares that find no other side at this price: > 0 buys, < 0 sells


NOTHING: Final = Clearing(None, 0, 0)


def clearing(
    buys: Iterable[tuple[int | None, int]], sells: Iterable[tuple[int | None, int]], reference: int | None
) -> Clearing:
    """Find the price for orders of (limit in won, shares), limit None: at the market.

    Candidates are the limits that are there, and the reference where none but market orders would meet at it. Without
    a reference the nearest is not asked for, and market orders alone have no price.
    """
    bought, demand = _by_limit(buys)
    sold, supply = _by_limit(sells)
    demand += sum(bought.values())
    best, rank = NOTHING, (0, 0, 0)
    candidates = bought.keys() | sold.keys()
    if reference is not None and not (
        any(limit >= reference for limit in bought) or any(limit <= reference for limit in sold)
    ):
        candidates = candidates | {reference}
    for price in sorted(candidates):
        supply += sold.get(price, 0)
        volume = min(demand, supply)
        surplus = demand - supply
        if volume:
            distance = abs(price - reference) if reference is not None else 0
            found = (volume, -abs(surplus), -distance)
            if best.price is None or found >= rank:  # >=: prices ascend, so of equals the higher stays
                best, rank = Clearing(price, volume, surplus), found
        demand -= bought.get(price, 0)
    return best


def allocate_in_turn(sizes: Sequence[int], volume: int) -> list[int]:
    """Share out a volume among orders in order of time; give the shares of each."""
    given: list[int] = []
    for size in sizes:
        given.append(min(size, volume))
        volume -= given[-1]
    return given


def allocate_simultaneous(sizes: Sequence[int], volume: int) -> list[int]:
    """Share out a volume among orders of one price that count as simultaneous; give the shares of each.

    Each round goes over the orders, the larger first and of equals the older, and gives each up to the round's shares:
    100, 500, 1,000, 2,000, then half of what the order still wants (rounded up), then all of it. `sizes` in order of
    time; the volume is given out whole, or every size is met.
    """
    given = [0] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda index: -sizes[index])
    left = min(volume, sum(sizes))
    for number in range(len(ROUNDS) + 2):
        for index in order:
            wanted = sizes[index] - given[index]
            if number < len(ROUNDS):
                most = min(wanted, ROUNDS[number])
            else:
                most = (wanted + 1) // 2 if number == len(ROUNDS) else wanted
            share = min(most, left)
            given[index] += share
            left -= share
    return given


def _by_limit(orders: Iterable[tuple[int | None, int]]) -> tuple[dict[int, int], int]:
    # Shares by limit, and those at the market.
    limits: dict[int, int] = {}
    market = 0
    for limit, shares in orders:
        if limit is None:
            market += shares
        else:
            limits[limit] = limits.get(limit, 0) + shares
    return limits, market
