"""An entry as most strategies want it: one holding a symbol, at the ask, and only where somebody sells."""

from collections.abc import Mapping

from domain.indicators import FOR, UNKNOWN
from domain.krx import ticks
from domain.messages.trading import SignalInput
from domain.quotes import QuoteKind
from domain.types import Purpose, Side
from strategies.base import Argument, Day, Scene

_AUCTION = int(QuoteKind.AUCTION_TRADE)


def buy(
    scene: Scene,
    day: Day,
    rationale: str,
    speaks_for: Mapping[str, float],
    *,
    confidence: float,
    horizon_s: int = 0,
    horizon_sessions: int = 0,
    strength: float = 1.0,
    others: tuple[SignalInput, ...] = (),
    attention: str = UNKNOWN,
) -> tuple[Argument, ...]:
    """Argue for buying at the ask, rounded up to a tick; give nothing where that makes no sense.

    That is: something is held, the instrument is not tradable, no row was seen yet, the last one is an auction's, the
    book is one-sided or crossed, or the ask is at the upper limit. `speaks_for` are the values, by name, of what speaks
    for it: settings ask for a number of them (`[signals] agree`); `others` are inputs with another verdict. `attention`
    is the source of the attention that was used. Raises ValueError as `Argument` does.
    """
    quote, instrument = scene.quote, scene.instrument
    if quote is None or scene.quantity or not instrument.tradable or quote.kind == _AUCTION:
        return ()
    if not 0 < quote.bid_price < quote.ask_price:
        return ()
    limit = ticks.round_up(quote.ask_price, instrument.market, day.trading_date)
    if instrument.upper_limit is not None and limit >= instrument.upper_limit:
        return ()
    return (
        Argument(
            symbol=quote.symbol,
            side=Side.BUY,
            purpose=Purpose.ENTRY,
            strength=strength,
            confidence=confidence,
            horizon_s=horizon_s,
            limit_price=limit,
            attention=attention,
            inputs=(*(SignalInput(name, value, FOR) for name, value in speaks_for.items()), *others),
            rationale=rationale,
            horizon_sessions=horizon_sessions,
        ),
    )
