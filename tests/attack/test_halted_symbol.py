"""Where books differ nothing new goes out, and a price is not moved either: what a person may not do, no clock does."""

from domain.messages.link import SymbolHalted, SymbolReleased
from domain.messages.orders import CancelOrder, ModifyOrder
from domain.types import Side
from tests.actors.builders import SAMSUNG, a_quote, judged, only
from tests.actors.lossy_venue import Trader, TrueVenue


def test_given_an_exit_that_rests_too_long_when_its_symbol_is_halted_then_it_is_moved_only_once_books_agree() -> None:
    market = TrueVenue()
    trader = Trader(market)
    request = trader.submits("o1", Side.SELL, 5, 10_000)
    trader.receipt(request)
    trader.hear(*market.takes(request))
    market.shares -= 3  # sold elsewhere
    [halt] = only(SymbolHalted, trader.reconciles())
    assert getattr(halt, "symbol", "") == SAMSUNG
    out = trader.house.hear(judged(a_quote(100, 9_900)))
    assert only(ModifyOrder, out) == []
    market.shares += 3
    assert only(SymbolReleased, trader.reconciles())
    assert len(only(ModifyOrder, trader.house.hear(judged(a_quote(101, 9_900))))) == 1


def test_given_an_entry_that_rests_too_long_when_its_symbol_is_halted_then_it_is_cancelled_all_the_same() -> None:
    market = TrueVenue()
    trader = Trader(market)
    request = trader.submits("o1", Side.BUY, 5, 10_000)
    trader.receipt(request)
    trader.hear(*market.takes(request))
    market.shares -= 3
    assert only(SymbolHalted, trader.reconciles())
    assert len(only(CancelOrder, trader.house.hear(judged(a_quote(100, 9_900))))) == 1
