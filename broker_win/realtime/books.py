"""Order books of ten levels, read. Pure. Source: kiwoom.md 2.3."""

from functools import cache
from operator import gt, lt
from typing import Final, NamedTuple

from broker_win.realtime.layouts import Dropped, Layout, Values, layout
from broker_win.text import number

BOOK: Final = "주식호가잔량"
LEVELS: Final = 10
Levels = tuple[tuple[int, int], ...]  # (price in KRW, shares), best first


class Book(NamedTuple):
    """One 주식호가잔량. Levels that are blank, or have no price or no shares, are left out."""

    time: str  # HHMMSS, as received
    asks: Levels
    bids: Levels


def read_book(values: Values) -> Book:
    """Read one book. Raises Dropped when a field is no number, or levels are not ordered from the best on."""
    time, *texts = _book_fields().read(values)
    figures = _figures(texts)
    asks = _levels(figures[:LEVELS], figures[2 * LEVELS : 3 * LEVELS])
    bids = _levels(figures[LEVELS : 2 * LEVELS], figures[3 * LEVELS :])
    # Fields in another order than the definitions have would look like this.
    prices = [price for price, _ in asks]
    if not all(map(lt, prices, prices[1:])):
        raise Dropped("disordered_book", f"ask prices expected to rise, were {prices}")
    prices = [price for price, _ in bids]
    if not all(map(gt, prices, prices[1:])):
        raise Dropped("disordered_book", f"bid prices expected to fall, were {prices}")
    return Book(time, asks, bids)


def _levels(prices: list[int], shares: list[int]) -> Levels:
    levels = tuple(zip(prices, shares, strict=True))
    if all(prices) and all(shares):  # nearly always
        return levels
    return tuple(level for level in levels if level[0] and level[1])


def _figures(texts: list[str]) -> list[int]:
    try:
        return list(map(abs, map(int, texts)))
    except ValueError:  # a blank, or a sign apart from its number
        pass
    try:
        return [abs(number(text) or 0) for text in texts]
    except ValueError as error:
        raise Dropped("bad_value", str(error)) from None


@cache
def _book_fields() -> Layout:
    return layout(BOOK, 21, *range(41, 51), *range(51, 61), *range(61, 71), *range(71, 81))
