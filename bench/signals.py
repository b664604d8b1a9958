"""The arithmetic of signals: attention, a completed bar and a row of 2,700 symbols, beside recomputing with pandas.

Ours keeps state and takes one update of one symbol at a time, as the roles do; pandas recomputes from its tables, a
symbol at a time and, where that makes sense, all at once. Values must be the same, or the run fails. Data are made
before the clock runs, each run has a process of its own.
"""

import cProfile
import json
import math
import pstats
import statistics
import sys
from pathlib import Path
from typing import Any

from bench import signal_data as data
from bench.fresh import TOP, apart, run
from bench.outcome import Line, Size, say
from bench.signals_ours import Done, ours_of

BIN = "Scripts" if sys.platform == "win32" else "bin"
PYTHON = Path(__file__).parent.parent / ".venv" / "pandas" / BIN / "python"
EACH, TABLE = "pandas, a symbol at a time", "pandas, one table of all"
SYMBOLS = 2_700  # issues of KOSPI and KOSDAQ
AIM_S, AIM_US = 1.0, 10.0
NEAR = 1e-9  # relative and absolute: how far values may lie apart
SIZES = {  # symbols, symbols whose rows pandas gets, laps of rows, rounds
    Size.SMALL: (60, 20, 3, 1),
    Size.USUAL: (SYMBOLS, 500, 40, 3),
    Size.FULL: (SYMBOLS, 2_700, 200, 5),
}


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


def profile(size: Size) -> None:
    """Print where the time of our side goes."""
    symbols, _, laps, _ = SIZES[size]
    profiler = cProfile.Profile()
    say(f"{told(profiler.runcall(ours_of, symbols, laps))}, under the profiler")
    pstats.Stats(profiler).sort_stats("tottime").print_stats(TOP)
