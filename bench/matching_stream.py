"""What all matching engines of the bench are told: best quotes that walk, and orders among them. Standard library only.

Every quote shows far more shares than are ever asked for, one tick apart, so that every engine, whatever it models of
depth and queues, fills the same orders: market orders at once, limits when the other side's best reaches them.
"""

import random
from typing import NamedTuple

BASE, TICK = 100_000, 100  # KRW
LOW, HIGH = 90_000, 110_000  # KRW
SHOWN = 1_000_000  # shares at either best
SHARES = 10  # of each order
ORDER_EVERY = 10  # quotes
DEPTH = 5  # a limit waits one to so many ticks behind its own side's best
CANCELLED_AFTER = 300  # quotes, if it still waits
BLOCK = 2_000  # quotes: buys alone, then sells alone


class Step(NamedTuple):
    """One quote, and what is asked right after it."""

    bid: int  # KRW; the ask is a tick higher
    order_id: int  # 0: no order
    side: int  # +1 buys, -1 sells
    limit: int  # KRW, 0: at the market
    cancel: int  # id of a limit to cancel if it is open, 0: none


class Done(NamedTuple):
    """What an engine made of it."""

    events: int  # quotes, orders and cancels asked
    fills: int
    shares: int
    cancelled: int  # orders
    still_open: int
    seconds: float
    cpu_s: float

    @property
    def outcome(self) -> tuple[int, ...]:
        """Give what must be the same for every engine."""
        return self[:5]


def steps(quotes: int, seed: int = 1) -> list[Step]:
    """Make the walk. Of three orders one is at the market, one is a limit, and the third place cancels an old limit.

    Orders of a block are all of one side and gone at its end: orders that met each other would trade in a book, and not
    in engines that only hold them against quotes.
    """
    draw = random.Random(seed).random
    bid, order_id = BASE, 0
    made: list[Step] = []
    limits: list[tuple[int, int]] = []  # (quote, id), oldest first
    for number in range(quotes):
        move = draw()
        if move < 0.25 and bid > LOW:
            bid -= TICK
        elif move > 0.75 and bid < HIGH:
            bid += TICK
        if number % ORDER_EVERY != ORDER_EVERY - 1:
            made.append(Step(bid, 0, 0, 0, 0))
            continue
        turn, block = number // ORDER_EVERY % 3, divmod(number, BLOCK)
        side = 1 if block[0] % 2 == 0 else -1
        if turn == 2:
            is_old = limits and limits[0][0] + CANCELLED_AFTER <= number
            made.append(Step(bid, 0, 0, 0, limits.pop(0)[1] if is_old else 0))
            continue
        order_id += 1
        limit = 0
        if turn == 1 and block[1] < BLOCK - 2 * CANCELLED_AFTER:
            behind = TICK * (1 + int(draw() * DEPTH))
            limit = bid - behind if side > 0 else bid + TICK + behind
            limits.append((number, order_id))
        made.append(Step(bid, order_id, side, limit, 0))
    return made


def events_of(made: list[Step]) -> int:
    """Count quotes, orders and cancels."""
    return len(made) + sum(bool(step.order_id) + bool(step.cancel) for step in made)
