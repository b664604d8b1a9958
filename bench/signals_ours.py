"""Our side of the signals group: the product's own indicators, attention and strategy on the data of `signal_data`."""

import gc
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from bench import signal_data as data
from domain.attention import attention
from domain.bars import MINUTE_NS, Bar
from domain.indicators.confirmation import Confirmation, ConfirmationSettings
from domain.instruments import Instrument
from domain.messages.market import AttentionMeasured, TrendPoint
from domain.quotes import Quote
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import Krw, Market, Side, Symbol, UnixNanos
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Day, Fill, Scene

ON = date(2026, 1, 13)
NINE = from_kst(ON, 9, 0)
DAY = Day(ON, NINE, from_kst(ON, 15, 20), from_kst(ON, 15, 30))
SETTINGS = ConfirmationSettings(
    momentum=tuple((bars, 0.01) for bars in data.MOMENTUM),
    volume_bars=data.VOLUME,
    volatility_short=data.SHORT,
    volatility_long=data.LONG,
)


class Done(NamedTuple):
    """What one run of ours gives; seconds are wall time, of all symbols."""

    attention_s: float
    bars_s: float
    strategy_s: float
    on_quote_us: float  # a row
    inputs_us: float  # a row and every input anew
    hook_us: float  # a row of a holding, through the whole hook
    attention: data.Values
    bars: data.Values
    rows: data.Values  # at the second row of each symbol


class Made(NamedTuple):
    """What ours is fed, in the types of the product."""

    points: list[tuple[TrendPoint, ...]]
    bars: list[list[Bar]]
    rows: list[Quote]
    instruments: list[Instrument]


def make(symbols: int, laps: int) -> Made:
    """Make the data of `signal_data` into messages."""
    days = [(ON - timedelta(days=back)).isoformat() for back in range(data.SEARCH_DAYS, 0, -1)]
    names = [f"{symbol:06d}" for symbol in range(symbols)]
    return Made(
        [tuple(map(TrendPoint, days, ratios)) for ratios in data.searches(symbols)],
        [
            [
                Bar(name, NINE + number * MINUTE_NS, close, close, close, close, volume)
                for number, (close, volume) in enumerate(one)
            ]
            for name, one in zip(names, data.minutes(symbols), strict=True)
        ],
        [
            Quote(names[row.symbol], _at(number), row.price, 1, number, row.bid, row.ask, 5, 5, row.kind)
            for number, row in enumerate(data.rows(symbols, laps))
        ],
        [_instrument(name, data.base_price(symbol)) for symbol, name in enumerate(names)],
    )


def _at(number: int) -> int:
    """Give the venue time of a row: an hour after the open, so that the bars are there."""
    return NINE + data.MINUTES * NANOS_PER_MINUTE + number * 1_000


def _instrument(name: str, base: int) -> Instrument:
    limits = base * (100 - data.LIMIT_PERCENT) // 100, base * (100 + data.LIMIT_PERCENT) // 100
    return Instrument(Symbol(name), "", Market.KOSPI, Krw(base), Krw(limits[0]), Krw(limits[1]), True)


def ours_of(symbols: int, laps: int) -> Done:
    """Measure our side, in this process."""
    made = make(symbols, laps)
    auctions, trades = made.rows[:symbols], made.rows[symbols:]
    kept = [Confirmation(SETTINGS) for _ in range(symbols)]
    for confirmation, bars, row in zip(kept, made.bars, auctions, strict=True):
        confirmation.on_quote(row)
        for bar in bars[:-1]:
            confirmation.add(bar)
    gc.collect()
    gc.freeze()  # data made beforehand are nobody's garbage
    attention_s, measured = timed(lambda: [attention(points, ON) for points in made.points])
    bars_s, of_bars = timed(lambda: completed(kept, made, trades))
    strategy_s = strategy(made, trades)
    by_name = dict(zip((row.symbol for row in auctions), zip(kept, made.instruments, strict=True), strict=True))
    watched = [(row, *by_name[row.symbol]) for row in trades]
    on_quote_s, _ = timed(lambda: see(watched))
    inputs_s, of_rows = timed(lambda: at_rows(watched))
    return Done(
        attention_s,
        bars_s,
        strategy_s,
        on_quote_s / len(trades) * 1e6,
        inputs_s / len(trades) * 1e6,
        holding(made, trades) / len(trades) * 1e6,
        [[one.asvi, one.z] for one in measured],
        [[item.value for item in inputs] for inputs in of_bars],
        [[item.value for item in inputs] for inputs in of_rows],
    )


def completed(kept: list[Confirmation], made: Made, trades: list[Quote]) -> list[Any]:
    """Take the last bar of every symbol; give all inputs of each."""
    found = []
    for confirmation, bars, row, instrument in zip(kept, made.bars, trades, made.instruments, strict=False):
        confirmation.add(bars[-1])
        found.append(confirmation.inputs(row, instrument, ON))
    return found


def see(watched: list[tuple[Quote, Confirmation, Instrument]]) -> None:
    """Take every row."""
    for row, confirmation, _ in watched:
        confirmation.on_quote(row)


def at_rows(watched: list[tuple[Quote, Confirmation, Instrument]]) -> list[Any]:
    """Take every row and make every input anew; give those of the first lap."""
    found: list[Any] = []
    first = len({row.symbol for row, _, _ in watched})
    for row, confirmation, instrument in watched:
        confirmation.on_quote(row)
        inputs = confirmation.inputs(row, instrument, ON)
        if len(found) < first:
            found.append(inputs)
    return found


def strategy(made: Made, trades: list[Quote]) -> float:
    """Give the seconds of one update of every symbol through the strategy: attention, on_trend, on_bar."""
    used, scenes = _warm(made)

    def update() -> None:
        for points, bars, row, scene in zip(made.points, made.bars, trades, scenes, strict=False):
            found = attention(points, ON)
            measured = AttentionMeasured(row.symbol, "naver", found.as_of, found.asvi, found.z, found.reason)
            scene.attention, scene.quote = measured, row
            used.on_trend(measured, scene)
            tuple(used.on_bar(bars[-1], scene, DAY))

    return timed(update)[0]


def holding(made: Made, trades: list[Quote]) -> float:
    """Give the seconds of every row through the strategy that holds each symbol, with exits that never come."""
    never = {"target_ppm": 300_000, "stop_ppm": 300_000, "trail_ppm": 300_000, "hold_s": 23_400}
    used, scenes = _warm(made, **never)
    by_name: dict[str, Scene] = {}
    for scene, row in zip(scenes, trades, strict=False):
        scene.quote, scene.quantity, scene.cost_basis = row, 10, Krw(10 * row.price)
        used.on_fill(Fill(row.symbol, Side.BUY, 10, Krw(row.price), UnixNanos(row.venue_time)), scene)
        by_name[row.symbol] = scene
    watched = [(row, by_name[row.symbol]) for row in trades]

    def feed() -> int:
        said = 0
        for row, scene in watched:
            scene.quote = row
            said += len(tuple(used.on_quote(row, scene, DAY)))
        return said

    seconds, said = timed(feed)
    if said:
        raise RuntimeError(f"the bench expected to keep what it holds, was {said} arguments for selling")
    return seconds


def _warm(made: Made, **params: int) -> tuple[AttentionMomentum, list[Scene]]:
    """Give the strategy behind all bars but the last, and a scene for each symbol."""
    used = AttentionMomentum(params)
    used.on_day(DAY)
    scenes = [Scene(instrument) for instrument in made.instruments]
    for scene, bars in zip(scenes, made.bars, strict=True):
        for bar in bars[:-1]:
            tuple(used.on_bar(bar, scene, DAY))
    return used, scenes


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds a piece of work took, and what it gives."""
    begin = time.monotonic()
    made = work()
    return time.monotonic() - begin, made
