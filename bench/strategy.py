"""A strategy that does nothing but ask for orders where the bench wants them."""

from collections.abc import Iterable
from typing import ClassVar

from bench.quotes import HELD, MARK
from domain.bars import Bar
from domain.quotes import Quote
from domain.types import Krw, Purpose, Side
from strategies.base import Argument, Day, Scene, Strategy

HOLD = frozenset(HELD)


class OrderOnMark(Strategy):
    """Buy into what is to be held once, then argue for one more entry at every marked quote."""

    NAME: ClassVar[str] = "order_on_mark"

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        """Enter what is to be held and is not."""
        if scene.quantity or bar.symbol not in HOLD:
            return ()
        return (_entry(bar.symbol, bar.close),)

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue at a mark."""
        return (_entry(quote.symbol, quote.price),) if quote.last_qty == MARK else ()


def _entry(symbol: str, price: int) -> Argument:
    return Argument(symbol, Side.BUY, Purpose.ENTRY, 1.0, 1.0, 60, Krw(price), "unknown", (), "marked by the bench")
