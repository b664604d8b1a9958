"""How one row of quotes trades with our resting legs. Pure; every assumption of the simulated market is here.

We are small: our orders never move the recorded market. Shares that the row shows are ours to take once.
*Arrival*: a marketable order takes what the opposite best displays, at that price; the rest of it rests.
*A trade print strictly through a resting limit*: the queue at our price was used up, we get up to its shares.
A print exactly at the limit fills nothing, because we cannot know our place in the queue.
*An opposite best that reaches a resting limit* trades up to its displayed shares.
*Price*: a leg that the market came to trades at its limit, as the passive side does. A leg that was still marketable
when its liquidity ran out, or a market order, pays the opposite best of the new row.
*Auction print*: legs that cross its price trade at it, up to its shares on either side, by price and then time.
Our own orders never trade with each other.
"""

from collections.abc import Sequence
from typing import NamedTuple

from broker_sim.legs import Leg
from domain.quotes import Quote, QuoteKind
from domain.types import Side


class Match(NamedTuple):
    """Shares of one leg that trade."""

    number: int
    quantity: int
    price: int
    displayed: bool  # taken from the displayed shares of the row


def opposite(row: Quote, side: Side) -> tuple[int, int]:
    """Give (price, shares) of the best on the other side; price 0 when there is none."""
    return (row.ask_price, row.ask_qty) if side is Side.BUY else (row.bid_price, row.bid_qty)


def match_row(row: Quote, before: Quote | None, legs: Sequence[Leg], continuous: bool) -> list[Match]:
    """Give what trades on a row, in order of priority. `continuous`: the opposite best may be taken."""
    found: list[Match] = []
    for side in Side:
        queue = sorted((leg for leg in legs if leg.side is side), key=_priority)
        if queue:
            found += _match_side(row, before, side, queue, continuous)
    return found


def _match_side(row: Quote, before: Quote | None, side: Side, queue: list[Leg], continuous: bool) -> list[Match]:
    found: list[Match] = []
    touch, shown = opposite(row, side)
    auction = row.kind == QuoteKind.AUCTION_TRADE
    printed = row.last_qty if auction or (continuous and row.kind == QuoteKind.TRADE) else 0
    shown = shown if continuous and touch else 0
    for leg in queue:
        leaves = leg.leaves_qty
        passed = leg.crosses(row.price) if auction else _through(leg, row.price)
        reached = bool(shown) and leg.crosses(touch)
        price = row.price if auction else _price(leg, before, touch)
        if passed and (quantity := min(leaves, printed)):
            found.append(Match(leg.number, quantity, price, False))
            printed -= quantity
            leaves -= quantity
        if reached and (quantity := min(leaves, shown)):
            found.append(Match(leg.number, quantity, touch if auction else price, True))
            shown -= quantity
    return found


def _price(leg: Leg, before: Quote | None, touch: int) -> int:
    if leg.limit_price is None:
        return touch
    was = opposite(before, leg.side)[0] if before else 0
    if was and leg.crosses(was) and touch and leg.crosses(touch):
        return touch
    return leg.limit_price


def _through(leg: Leg, price: int) -> bool:
    return leg.limit_price is not None and (leg.limit_price - price) * leg.side.sign > 0


def _priority(leg: Leg) -> tuple[int, int, int]:
    if leg.limit_price is None:
        return 0, 0, leg.number
    return 1, -leg.limit_price * leg.side.sign, leg.number
