"""Random sequences of everything a book can be told, run on `OrderBook` and on the naive reference side by side.

A sequence is a list of calls, `(method, *arguments)`, so a failing one can be shortened, printed and pasted into
`check`. It is drawn without looking at a book: every part of a sequence is a sequence too.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from broker_sim.call_auction import AtAuctionPrice, Uncross
from broker_sim.draws import Draws
from broker_sim.order_book import OrderBook
from broker_sim.order_queue import MARKET, CancelModel
from tests.broker_sim.reference_matcher import ReferenceBook

Call = tuple[Any, ...]

MIDDLE = 1_000  # won
LOOK_INSIDE_EVERY = 16  # calls, and after the last: costly
WEIGHTS: dict[str, dict[str, int]] = {  # how often each call comes, by what kind of market it is
    "orders": {"add": 50, "take": 8, "fok": 6, "cancel": 25, "show": 3, "trade": 3, "collect": 1},
    "feed": {"add": 10, "take": 4, "fok": 2, "cancel": 6, "show": 30, "show_side": 20, "trade": 30, "collect": 1},
    "mixed": {"add": 25, "take": 6, "fok": 4, "cancel": 12, "show": 14, "show_side": 8, "trade": 14, "collect": 5},
}
COLLECTING = {
    "rest": 40,
    "cancel": 8,
    "show": 10,
    "show_side": 4,
    "indicative": 6,
    "cross_at": 6,
    "resume": 3,
    "uncross": 4,
}
ODD = {"rest": 2, "cross_at": 1, "resume": 1, "uncross": 1, "indicative": 1}  # at times of day when nobody should


class Episode(NamedTuple):
    """One sequence and the book it is for."""

    calls: list[Call]
    cancels: CancelModel
    at_auction_price: AtAuctionPrice
    is_sound: bool  # no call comes at a time when nobody should make it: the book may never be crossed


class Difference(AssertionError):
    """The two books part, or the fast one is broken."""


class Tally(NamedTuple):
    """What a run did."""

    calls: int = 0
    executions: int = 0
    shares: int = 0


def an_episode(seed: int, number: int) -> Episode:
    """Draw the sequence of a number; the same on every machine."""
    draws = Draws(seed, "episode", number)
    calls: list[Call] = []
    weights = list(WEIGHTS.values())[draws.below(len(WEIGHTS))]
    is_sound = draws.below(4) > 0
    if not is_sound:
        weights = weights | ODD
    ticks, most = (2, 6, 20)[draws.below(3)], (3, 20, 150, 4_000)[draws.below(4)]
    length = (10, 60, 300)[draws.below(3)]
    side_row, market_in = (1, 3, 10)[draws.below(3)], (2, 5)[draws.below(2)]
    tables = [[name for name, weight in table.items() for _ in range(weight)] for table in (weights, COLLECTING)]
    is_collecting = False
    order_id = 0

    def side() -> int:
        return 1 - 2 * draws.below(2)

    def price(of: int = 0) -> int:
        # The sides overlap by half, so that orders cross and prints go through levels.
        return MIDDLE - of * (ticks // 2) + draws.below(ticks + 1) - ticks // 2

    def shares() -> int:
        return 1 + draws.below(most)

    for _ in range(length):
        name = tables[is_collecting][draws.below(len(tables[is_collecting]))]
        one = side()
        if name in {"add", "rest"}:
            order_id += 1
            limit = None if name == "rest" and not draws.below(market_in) else price(one)
            calls.append((name, order_id, one, limit, shares()))
        elif name in {"take", "fok"}:
            order_id += 1
            limit = None if draws.below(2) else price(one)
            levels = (draws.below(4),) if name == "take" else ()
            calls.append((name, order_id, one, shares(), limit, *levels))
        elif name == "cancel":
            of = max(1, order_id - draws.below(25))
            calls.append((name, of, shares() if draws.below(2) else None))
        elif name == "show":
            calls.append((name, one, price(one), draws.below(2) * shares() * 2))
        elif name == "show_side":
            best, row = price(one), draws.below(side_row + 1)
            levels_shown = [(best - one * step, draws.below(5) and shares()) for step in range(row)]
            deepest = None if draws.below(3) else best - one * (row + draws.below(5))
            calls.append((name, one, levels_shown, deepest))
        elif name == "trade":
            calls.append((name, price(draws.below(3) - 1), shares(), draws.below(3) - 1))
        elif name == "cross_at":
            calls.append((name, price(), shares() * 3))
        elif name == "collect":
            calls.append((name,))
            is_collecting = True
        else:
            reference = None if not draws.below(4) else price()
            calls.append((name, reference) if name != "uncross" or draws.below(2) else ("uncross_by_size", reference))
            is_collecting = is_collecting and name == "indicative"
    policies = list(CancelModel)[draws.below(2)], list(AtAuctionPrice)[draws.below(2)]
    return Episode(calls, *policies, is_sound)


def check(
    calls: Sequence[Call],
    cancels: CancelModel = CancelModel.BACK,
    at_auction_price: AtAuctionPrice = AtAuctionPrice.NONE,
    is_sound: bool = False,
) -> Tally:
    """Run a sequence on both books. Raises Difference at the first call after which they are not alike."""
    book, naive = OrderBook(cancels, at_auction_price), ReferenceBook(cancels, at_auction_price)
    executions = shares = 0
    for number, call in enumerate(calls, 1):
        ours, theirs = run(book, call), run(naive, call)
        if ours != theirs:
            raise Difference(f"call {number} {call}: {ours} is not {theirs}")
        ours_state, theirs_state = state(book), state_of_reference(naive)
        if ours_state != theirs_state:
            raise Difference(f"after call {number} {call}: {ours_state} is not {theirs_state}")
        if problem := is_sound and crossed(book):
            raise Difference(f"after call {number} {call}: {problem}")
        if number % LOOK_INSIDE_EVERY == 0 or number == len(calls):
            ours_reads, theirs_reads = reads(book), reads(naive)
            if ours_reads != theirs_reads:
                raise Difference(f"after call {number} {call}: {ours_reads} is not {theirs_reads}")
            if problem := broken(book):
                raise Difference(f"after call {number} {call}: {problem}")
        done = ours.executions if isinstance(ours, Uncross) else ours if isinstance(ours, list) else []
        executions += len(done)
        shares += sum(one.quantity for one in done)
    return Tally(len(calls), executions, shares)


def run(book: Any, call: Call) -> Any:
    """Make one call. A FOK order asks and then takes, as an exchange does it."""
    name, *arguments = call
    if name == "fok":
        order_id, side, quantity, limit = arguments
        there = book.takeable(side, limit)
        return (there, book.take(order_id, side, quantity, limit) if there >= quantity else [])
    if name == "uncross_by_size":
        return book.uncross(*arguments, simultaneous=True)
    return getattr(book, name)(*arguments)


def state(book: OrderBook) -> Any:
    """Give all that a book holds: queues by (side, price), shares taken, whether it collects."""
    queues: dict[Any, list[tuple[int, int]]] = {}
    taken: dict[Any, int] = {}
    for half in (book.bids, book.asks):
        for key in half.keys:
            price = None if key == MARKET else key * half.sign
            queues[half.sign, price] = book.queue(half.sign, price)
        taken |= {(half.sign, key * half.sign): shares for key, shares in half.taken.items()}
    return queues, taken, book.collecting


def state_of_reference(book: ReferenceBook) -> Any:
    """Give the same of the reference."""
    queues: dict[Any, list[tuple[int, int]]] = {}
    for row in book.rows:
        queues.setdefault((row.side, row.price), []).append((row.order_id, row.quantity))
    return queues, {at: shares for at, shares in book.took.items() if shares}, book.collecting


def reads(book: OrderBook | ReferenceBook) -> Any:
    """Give what a book answers."""
    orders = {one: (book.order(one), book.leaves(one), book.queue_ahead(one)) for one in book.orders}
    places = [(side, price) for side in (1, -1) for price in range(MIDDLE - 12, MIDDLE + 13)]
    at = [(book.others(*place), book.taken(*place)) for place in places]
    return list(book.orders), orders, at, [(book.best(side), book.depth(side, 3)) for side in (1, -1)]


def broken(book: OrderBook) -> str:
    """Say what does not hold inside a book, nothing when all does."""
    ids = []
    for half in (book.bids, book.asks):
        if half.keys != sorted(half.levels) or any(shares <= 0 for shares in half.taken.values()):
            return f"keys {half.keys} are not those of {sorted(half.levels)}, or nothing was taken of {half.taken}"
        for key, level in half.levels.items():
            queue = level.queue or []
            ids += [entry.order_id for entry in queue if entry.order_id]
            blocks = [entry.quantity for entry in queue if not entry.order_id]
            neighbours = any(not a.order_id and not b.order_id for a, b in pairwise(queue))
            if (
                level.orders != len(queue) - len(blocks)
                or (level.queue is None) != (level.orders == 0)
                or (queue and level.others != sum(blocks))
                or neighbours
                or any(entry.quantity <= 0 for entry in queue)
                or level.shares <= 0
            ):
                return f"level {key}: {level.others} others, {level.orders} orders, {book.queue(half.sign, key)}"
    if sorted(ids) != sorted(book.entries):
        return f"orders {sorted(book.entries)} are not those in the queues: {sorted(ids)}"
    return ""


def crossed(book: OrderBook) -> str:
    """Say how a book in continuous trading is crossed, nothing when it is not."""
    bid, ask = book.bids.keys, book.asks.keys
    if book.collecting or not bid or not ask or bid[-1] + ask[-1] < 0:
        return ""
    if bid == ask == [MARKET]:
        return ""  # orders at the market on both sides and no price to trade at
    return f"crossed: {book.depth(1)} {book.depth(-1)}, {book.queue(1, None)} {book.queue(-1, None)}"


def shortened(episode: Episode) -> list[Call]:
    """Leave out calls while the two books still part; every single one that is left matters."""
    calls = episode.calls
    size = len(calls) // 2
    while size:
        at = 0
        while at < len(calls):
            fewer = calls[:at] + calls[at + size :]
            if parts(episode._replace(calls=fewer)):
                calls = fewer
            else:
                at += size
        size //= 2
    return calls


def parts(episode: Episode) -> bool:
    """Tell whether a sequence makes the two books part."""
    try:
        check(*episode)
    except Exception:  # noqa: BLE001  # whatever a broken book raises is a difference too
        return True
    return False


def told(episode: Episode) -> str:
    """Print a sequence as the call that runs it."""
    lines = "".join(f"    {call!r},\n" for call in episode.calls)
    return f"check([\n{lines}], {episode.cancels}, {episode.at_auction_price}, {episode.is_sound})"
