"""Market data as a broker sends them: ten-level rows, prints with the side that waited; and orders among them."""

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from broker_sim.order_book import OrderBook

BASE, TICK, LEVELS = 100_000, 100, 10
LOW, HIGH = 75_000, 125_000  # KRW
SHOWN = 800  # shares at a level, at most
ROW, PRINT, ADD, TAKE, CANCEL = range(5)

Event = tuple[int, int, Any, Any, Any, Any]  # kind, number of the book, then what the kind needs


class Mix(NamedTuple):
    """How often an event is a row or an order; the others are prints. Source: one collector's day, 2 prints a row."""

    rows: float = 0.30
    orders: float = 0.10


class Issue:
    """Best bid and displayed shares of one issue."""

    __slots__ = ("asks", "bid", "bids", "open")

    def __init__(self, draw: Any) -> None:
        """Begin at the base price."""
        self.bid = BASE
        self.bids = [1 + int(draw() * SHOWN) for _ in range(LEVELS)]
        self.asks = [1 + int(draw() * SHOWN) for _ in range(LEVELS)]
        self.open: list[int] = []  # ids of limit orders, oldest first; some have traded


def market_data(count: int, books: int, mix: Mix | None = None) -> list[Event]:
    """Make so many events after a first row for each book; the same arguments give the same events."""
    return list(islice(events(books, mix or Mix()), books + count))[-count:] if count else []


def events(books: int, mix: Mix, seed: int = 1) -> Iterator[Event]:
    """Give a first row of each book, then events of random books without end."""
    draw = random.Random(seed).random
    issues = [Issue(draw) for _ in range(books)]
    for number, issue in enumerate(issues):
        yield _row(number, issue)
    order_id = 0
    while True:
        number = int(draw() * books)
        issue = issues[number]
        kind = draw()
        if kind < mix.rows:
            _move(issue, draw)
            yield _row(number, issue)
        elif kind >= mix.rows + mix.orders:
            side = 1 if draw() < 0.5 else -1
            shares = 1 + int(draw() * draw() * 200)
            yield PRINT, number, issue.bid if side > 0 else issue.bid + TICK, shares, side, None
        else:
            order_id += 1
            side = 1 if draw() < 0.5 else -1
            what = draw()
            if what < 0.2:
                yield TAKE, number, order_id, side, 1 + int(draw() * 300), None
            elif what < 0.6 or not issue.open:
                issue.open.append(order_id)
                behind = TICK * int(draw() * 4)
                price = issue.bid - behind if side > 0 else issue.bid + TICK + behind
                yield ADD, number, order_id, side, price, 1 + int(draw() * 100)
            else:
                yield CANCEL, number, issue.open.pop(0), None, None, None


def _move(issue: Issue, draw: Any) -> None:
    move = draw()
    if move < 0.15 and issue.bid > LOW:
        issue.bid -= TICK
        issue.bids = [*issue.bids[1:], 1 + int(draw() * SHOWN)]
        issue.asks = [1 + int(draw() * SHOWN), *issue.asks[:-1]]
    elif move > 0.85 and issue.bid < HIGH:
        issue.bid += TICK
        issue.asks = [*issue.asks[1:], 1 + int(draw() * SHOWN)]
        issue.bids = [1 + int(draw() * SHOWN), *issue.bids[:-1]]
    for side in (issue.bids, issue.asks):
        side[int(draw() * draw() * LEVELS)] = 1 + int(draw() * SHOWN)


def _row(number: int, issue: Issue) -> Event:
    bid = issue.bid
    bids = [(bid - TICK * step, shares) for step, shares in enumerate(issue.bids)]
    asks = [(bid + TICK + TICK * step, shares) for step, shares in enumerate(issue.asks)]
    return ROW, number, bids, asks, None, None


def feed(books: Sequence[OrderBook], made: Sequence[Event]) -> int:
    """Tell the books; give the number of executions."""
    executions = 0
    for kind, number, a, b, c, d in made:
        book = books[number]
        if kind == PRINT:
            executions += len(book.trade(a, b, c))
        elif kind == ROW:
            executions += len(book.show_side(1, a)) + len(book.show_side(-1, b))
        elif kind == ADD:
            executions += len(book.add(a, b, c, d))
        elif kind == TAKE:
            executions += len(book.take(a, b, c))
        else:
            book.cancel(a)
    return executions
