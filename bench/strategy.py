"""The strategies of the bench: one asks for orders where the bench wants them, one crosses two averages."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from bench.quotes import HELD, MARK
from domain.bars import Bar
from domain.config import ParamValue
from domain.quotes import Quote
from domain.types import Krw, Purpose, Side
from strategies.base import Argument, Day, Param, Scene, Sees, Strategy

HOLD = frozenset(HELD)
THROUGH = 2_000  # KRW a limit goes through the touch: the book may move until the batch is decided


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


class OrderThroughMark(OrderOnMark):
    """The same where the book moves: the limit goes through the touch, so that the order fills at once."""

    NAME: ClassVar[str] = "order_through_mark"

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Argue at a mark."""
        return (_entry(quote.symbol, quote.price + THROUGH),) if quote.last_qty == MARK else ()


class EmaCross(Strategy):
    """Hold while the fast exponential average of the mid price is above the slow one. Every quote counts."""

    NAME: ClassVar[str] = "ema_cross"
    SEES: ClassVar[Sees] = Sees.WATCHED
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("fast", 100, 1, 10_000, "quotes"),
        Param("slow", 500, 2, 100_000, "quotes"),
    )

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._slow_quotes = int(self.params["slow"])
        self._fast, self._slow = (2 / (int(self.params[name]) + 1) for name in ("fast", "slow"))
        self._averages: dict[str, list[float]] = {}  # symbol -> fast, slow, quotes so far

    def on_quote(self, quote: Quote, scene: Scene, day: Day) -> Iterable[Argument]:
        """Fold the mid price; argue where the averages cross."""
        mid = (quote[5] + quote[6]) / 2
        averages = self._averages.get(quote[0])
        if averages is None:
            self._averages[quote[0]] = [mid, mid, 1]
            return ()
        fast, slow, seen = averages
        was_above = fast > slow
        fast += self._fast * (mid - fast)
        slow += self._slow * (mid - slow)
        averages[0], averages[1], averages[2] = fast, slow, seen + 1
        if (fast > slow) is was_above or seen < self._slow_quotes:
            return ()
        return self._crossed(quote, scene, fast > slow)

    def _crossed(self, quote: Quote, scene: Scene, is_up: bool) -> Iterable[Argument]:
        if is_up and not scene.quantity:
            return (_entry(quote.symbol, quote.ask_price + THROUGH),)
        if not is_up and scene.quantity:
            price = Krw(quote.bid_price - THROUGH)
            return (Argument(quote.symbol, Side.SELL, Purpose.EXIT, 1.0, 1.0, 0, price, "unknown", (), "crossed down"),)
        return ()
