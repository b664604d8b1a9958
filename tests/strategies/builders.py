"""Builders shared by the tests of strategies and the strategist."""

from datetime import date

from domain.bars import Bar
from domain.instruments import Instrument
from domain.messages.market import AttentionMeasured
from domain.quotes import Quote, QuoteKind
from domain.types import Krw, Market, Side, Symbol, UnixNanos
from strategies.base import Day, Fill, Scene

S = 1_000_000_000
MINUTE = 60 * S
OPEN = UnixNanos(1_768_262_400 * S)  # 2026-01-13 09:00 KST
DAY = Day(date(2026, 1, 13), OPEN, UnixNanos(OPEN + 380 * MINUTE), UnixNanos(OPEN + 390 * MINUTE))
CODE = "120110"


def an_instrument(symbol: str = CODE) -> Instrument:
    return Instrument(Symbol(symbol), "", Market.KOSPI, Krw(10_000), Krw(7_000), Krw(13_000), True)


def a_quote(minute: float, price: int = 10_000, qty: int = 100, volume: int = 0, symbol: str = CODE) -> Quote:
    time = OPEN + int(minute * MINUTE)
    return Quote(symbol, time, price, qty, volume, price - 10, price, 500, 500, int(QuoteKind.TRADE))


def a_bar(minute: int, close: int = 10_000, volume: int = 100) -> Bar:
    return Bar(CODE, OPEN + minute * MINUTE, close, close, close, close, volume)


def measured(z: float | None, source: str = "shifted-demo", symbol: str = CODE) -> AttentionMeasured:
    return AttentionMeasured(symbol, source, "2026-01-12" if z is not None else "", z, z, "")


def a_scene(quantity: int = 0, cost: int = 0, z: float | None = None) -> Scene:
    scene = Scene(an_instrument())
    scene.quantity, scene.cost_basis = quantity, Krw(cost)
    scene.attention = measured(z) if z is not None else None
    return scene


def a_rising_day(symbol: str = CODE, minutes: int = 40, jump_at: int = 30) -> list[Quote]:
    """Two quotes a minute: flat on steady volume, then a minute that rises 3 % on ten times the volume."""
    rows, volume = [], 0
    for minute in range(minutes):
        price = 10_300 if minute >= jump_at else 10_000
        qty = 1_000 if minute == jump_at else 90 + minute % 20
        for part in (0.1, 0.6):
            volume += qty
            rows.append(a_quote(minute + part, price, qty, volume, symbol))
    return rows


def a_fill(at: int, quantity: int = 100, price: int = 10_000) -> Fill:
    """A buy at a venue time."""
    return Fill(CODE, Side.BUY, quantity, Krw(price), UnixNanos(at))
