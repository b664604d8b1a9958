"""Which order of one log is which of the other: same symbol, side and purpose, nearest in time, never crossing."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from backtest.history import OrderStory
from domain.types import NANOS_PER_SECOND

APART: Final = 300 * NANOS_PER_SECOND  # venue time; decisions further apart are not the same one


class Pair(NamedTuple):
    """One order in both logs, or in one of them."""

    a: OrderStory | None
    b: OrderStory | None

    @property
    def at(self) -> int:
        """Give the venue time (UTC ns) of the earlier decision."""
        return min(story.approved.venue_time for story in self if story is not None)

    @property
    def either(self) -> OrderStory:
        """Give the story there is; of two, the first log's."""
        story = self.a or self.b
        assert story is not None
        return story


def align(a: Sequence[OrderStory], b: Sequence[OrderStory]) -> list[Pair]:
    """Pair the orders of two logs, in order of time. Both come in order of decision."""
    placed: list[tuple[int, str, Pair]] = []
    for key in dict.fromkeys(_key(story) for story in (*a, *b)):
        at = 0
        for pair in _aligned([s for s in a if _key(s) == key], [s for s in b if _key(s) == key]):
            at = max(at, pair.at)  # never before the one aligned before it
            placed.append((at, key[0], pair))
    return [pair for _, _, pair in sorted(placed, key=lambda item: item[:2])]


def _key(story: OrderStory) -> tuple[str, str, str]:
    order = story.approved
    return order.symbol, order.side, order.purpose


def _aligned(a: list[OrderStory], b: list[OrderStory]) -> list[Pair]:
    """Find the cheapest alignment: a pair costs its distance in time, an order alone half of what is too far apart."""
    alone = APART // 2
    best: list[list[int]] = [[column * alone for column in range(len(b) + 1)]]
    for row, first in enumerate(a, 1):
        line = [row * alone]
        for column, second in enumerate(b, 1):
            together = best[row - 1][column - 1] + _distance(first, second)
            line.append(min(together, best[row - 1][column] + alone, line[column - 1] + alone))
        best.append(line)
    pairs: list[Pair] = []
    row, column = len(a), len(b)
    while row or column:
        here = best[row][column]
        if row and column and here == best[row - 1][column - 1] + _distance(a[row - 1], b[column - 1]):
            row, column = row - 1, column - 1
            pairs.append(Pair(a[row], b[column]))
            continue
        drops_a = row > 0 and here == best[row - 1][column] + alone
        if drops_a and column and here == best[row][column - 1] + alone:  # either may stand alone: the later one first
            drops_a = a[row - 1].approved.venue_time >= b[column - 1].approved.venue_time
        if drops_a:
            row -= 1
            pairs.append(Pair(a[row], None))
        else:
            column -= 1
            pairs.append(Pair(None, b[column]))
    return pairs[::-1]


def _distance(a: OrderStory, b: OrderStory) -> int:
    return abs(a.approved.venue_time - b.approved.venue_time)
