"""The arithmetic of signals: attention, a completed bar and a row of 2,700 symbols, beside recomputing with pandas.

Ours keeps state and takes one update of one symbol at a time, as the roles do; pandas recomputes from its tables, a
symbol at a time and, where that makes sense, all at once. Values must be the same, or the run fails. Data are made
before the clock runs, each run has a process of its own.
"""

import cProfile
import gc
import json
import math
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from bench import signal_data as data
from bench.fresh import TOP, apart, run
from bench.outcome import Line, Size, say
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

BIN = "Scripts" if sys.platform == "win32" else "bin"
PYTHON = Path(__file__).parent.parent / ".venv" / "pandas" / BIN / "python"
EACH, TABLE = "pandas, a symbol at a time", "pandas, one table of all"
SYMBOLS = 2_700  # issues of KOSPI and KOSDAQ
AIM_S, AIM_US = 1.0, 10.0
NEAR = 1e-9  # relative and absolute: how far values may lie apart
ON = date(2026, 1, 13)
NINE = from_kst(ON, 9, 0)
DAY = Day(ON, NINE, from_kst(ON, 15, 20), from_kst(ON, 15, 30))
SETTINGS = ConfirmationSettings(
    momentum=tuple((bars, 0.01) for bars in data.MOMENTUM),
    volume_bars=data.VOLUME,
    volatility_short=data.SHORT,
    volatility_long=data.LONG,
)
SIZES = {  # symbols, symbols whose rows pandas gets, laps of rows, rounds
    Size.SMALL: (60, 20, 3, 1),
    Size.USUAL: (SYMBOLS, 500, 40, 3),
    Size.FULL: (SYMBOLS, 2_700, 200, 5),
}


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


def measure(size: Size) -> list[Line]:
    """Run both sides in turns. Without pandas its columns stay empty. Raises RuntimeError when values differ."""
    symbols, quoted, laps, rounds = SIZES[size]
    ours: list[Done] = []
    theirs: list[dict[str, Any]] = []
    for number in range(1, rounds + 1):
        ours.append(apart(ours_of, symbols, laps))
        say(f"hantrade, round {number}: {told(ours[-1])}")
        if PYTHON.exists():
            theirs.append(pandas_of(symbols, quoted))
            compared = check(theirs[-1], ours[-1])
            say(f"pandas {theirs[-1]['pandas']}, round {number}: {compared:,} values are those of hantrade")
        elif number == 1:
            say("pandas is not here: `make bench-peer` gets it")
    return lines(symbols, ours, theirs)


def lines(symbols: int, ours: list[Done], theirs: list[dict[str, Any]]) -> list[Line]:
    """Give the medians of the rounds."""

    def line(name: str, unit: str, figure: str, aim: float | None, peers: tuple[tuple[str, str], ...]) -> Line:
        beside = tuple((peer, statistics.median(done[key] for done in theirs)) for peer, key in peers if theirs)
        return Line(
            f"signals: {name}",
            unit,
            statistics.median(getattr(done, figure) for done in ours),
            aim,
            beside,
            lower=True,
            digits=4,
        )

    many = f"{symbols:,} symbols"
    attention_peers = ((EACH, "attention_each_s"), (TABLE, "attention_table_s"))
    return [
        line(f"attention of {many}", "s", "attention_s", AIM_S, attention_peers),
        line(f"a bar and all inputs of {many}", "s", "bars_s", AIM_S, ((EACH, "bars_each_s"), (TABLE, "bars_table_s"))),
        line(f"attention, on_trend, on_bar of attention_momentum, {many}", "s", "strategy_s", AIM_S, ()),
        line("a row, Confirmation.on_quote", "µs", "on_quote_us", AIM_US, ()),
        line("a row, on_quote and every input anew", "µs", "inputs_us", AIM_US, ((EACH, "row_us"),)),
        line("a row of a holding, on_quote of attention_momentum", "µs", "hook_us", AIM_US, ()),
    ]


def pandas_of(symbols: int, quoted: int) -> dict[str, Any]:
    """Run the peer in its own Python. Raises RuntimeError when it fails."""
    text = run([str(PYTHON), "-m", "bench.signals_pandas", str(symbols), str(quoted)])
    found: dict[str, Any] = json.loads(text.splitlines()[-1])
    return found


def check(theirs: dict[str, Any], ours: Done) -> int:
    """Compare every value; give how many. Raises RuntimeError naming the first that differs, or when none was known."""
    pairs = (
        ("attention_each", theirs["attention_each"], ours.attention, data.ATTENTION_NAMES),
        ("attention_table", theirs["attention_table"], ours.attention, data.ATTENTION_NAMES),
        ("bars_each", theirs["bars_each"], ours.bars, data.INPUT_NAMES),
        ("bars_table", theirs["bars_table"], ours.bars, data.INPUT_NAMES),
        ("rows", theirs["rows"], ours.rows[: len(theirs["rows"])], data.INPUT_NAMES),
    )
    compared = 0
    for what, found, wanted, names in pairs:
        if len(found) != len(wanted):
            raise RuntimeError(f"{what} expected {len(wanted)} symbols, was {len(found)}")
        for symbol, (those, these) in enumerate(zip(found, wanted, strict=True)):
            for name, that, this in zip(names, those, these, strict=True):
                if that is None or this is None or not math.isclose(that, this, rel_tol=NEAR, abs_tol=NEAR):
                    raise RuntimeError(f"{what} of symbol {symbol}: {name} is {this} here and {that} with pandas")
                compared += 1
    return compared


def told(done: Done) -> str:
    """Say one run in words."""
    return (
        f"attention {done.attention_s:.3f} s, bars {done.bars_s:.3f} s, strategy {done.strategy_s:.3f} s; a row"
        f" {done.on_quote_us:.2f} µs, with inputs {done.inputs_us:.2f} µs, hook of a holding {done.hook_us:.2f} µs"
    )


# ---- ours --------------------------------------------------------------------------------------------------------


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


def profile(size: Size) -> None:
    """Print where the time of our side goes."""
    symbols, _, laps, _ = SIZES[size]
    profiler = cProfile.Profile()
    say(f"{told(profiler.runcall(ours_of, symbols, laps))}, under the profiler")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
