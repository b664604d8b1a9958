"""The same figures recomputed with pandas from its tables, as a strategy without state of its own would do.

`python -m bench.signals_pandas SYMBOLS QUOTED`, run by the Python of `make bench-peer`; gives JSON. Tables are made
before the clock runs. "Each": a symbol at a time, as updates come. "Table": all symbols at once, a column each.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bench import signal_data as data

WINDOW, WEEK, NORM, SPREAD, EPSILON = 125, 7, 28, 90, 0.01
MAD = 1.4826
PPM = 1_000_000


def attention(ratios: Any, columns: dict[str, int]) -> tuple[Any, Any]:
    """Give asvi and z of daily ratios, of one symbol (a Series) or of many (a DataFrame, `columns` its axis)."""
    window = ratios.iloc[-WINDOW:]
    floor = window.where(window > 0).min()
    logs = np.log(window.rolling(WEEK).sum().clip(lower=floor, **columns))
    asvi = logs - logs.rolling(NORM).median().shift(1)
    before, now = asvi.iloc[-1 - SPREAD : -1], asvi.iloc[-1]
    return now, now / (MAD * (before - before.median()).abs().median() + EPSILON)


def of_bars(closes: Any, volumes: Any) -> list[Any]:
    """Give what is read from bars, of one symbol or of many."""
    logs = np.log1p(volumes.iloc[-1 - data.VOLUME :])
    before = logs.iloc[:-1]
    deviation = np.maximum(MAD * (before - before.median()).abs().median(), 0.1)
    squares = np.log(closes.iloc[-1 - data.SHORT - data.LONG :]).diff().iloc[1:] ** 2
    long, short = np.sqrt(squares.iloc[: data.LONG].mean()), np.sqrt(squares.iloc[data.LONG :].mean())
    return [
        *(np.log(closes.iloc[-1] / closes.iloc[-1 - bars]) for bars in data.MOMENTUM),
        (logs.iloc[-1] - before.median()) / deviation,
        short / np.maximum(long, 1e-4),
    ]


def of_rows(price: Any, bid: Any, ask: Any, reference: Any, base: Any) -> list[Any]:
    """Give the distances and the spread at a row, of one symbol or of many; prices in KRW."""
    static = -(-reference * (100 + data.STATIC_PERCENT) // 100)
    dynamic = -(-price * (100 + data.DYNAMIC_PERCENT) // 100)
    lower, upper = base * (100 - data.LIMIT_PERCENT) // 100, base * (100 + data.LIMIT_PERCENT) // 100
    return [
        (np.minimum(static, dynamic) - ask) * PPM / ask,
        np.minimum(upper - ask, ask - lower) * PPM / ask,
        (ask - bid) * PPM / ask,
    ]


def main(symbols: int, quoted: int) -> dict[str, Any]:
    """Measure everything; `quoted` symbols get rows."""
    ratios = pd.DataFrame(data.searches(symbols)).T
    made = data.minutes(symbols)
    closes = pd.DataFrame([[close for close, _ in one] for one in made]).T
    volumes = pd.DataFrame([[volume for _, volume in one] for one in made]).T
    rows = data.rows(symbols, 2)
    first, second = pd.DataFrame(rows[:symbols]), pd.DataFrame(rows[symbols:])
    base = pd.Series([data.base_price(symbol) for symbol in range(symbols)])
    each = range(symbols)
    series = [(ratios[symbol], closes[symbol], volumes[symbol]) for symbol in each]
    gc.collect()
    gc.freeze()
    found: dict[str, Any] = {}
    found["attention_each_s"], found["attention_each"] = timed(lambda: [attention(one[0], {}) for one in series])
    found["attention_table_s"], table = timed(lambda: attention(ratios, {"axis": 1}))
    found["attention_table"] = list(zip(*table, strict=True))
    found["bars_each_s"], found["bars_each"] = timed(
        lambda: [
            [
                *of_bars(one[1], one[2]),
                *of_rows(*rows[symbols + symbol][1:4], rows[symbol].price, data.base_price(symbol)),
            ]
            for symbol, one in enumerate(series)
        ]
    )
    found["bars_table_s"], table = timed(
        lambda: [*of_bars(closes, volumes), *of_rows(second.price, second.bid, second.ask, first.price, base)]
    )
    found["bars_table"] = list(zip(*table, strict=True))
    seen = [pd.DataFrame([rows[symbol], rows[symbols + symbol]]) for symbol in range(quoted)]
    seconds, found["rows"] = timed(lambda: [at_row(series[symbol], seen[symbol], symbol) for symbol in range(quoted)])
    found["row_us"] = seconds / quoted * 1e6
    return found


def at_row(one: Any, seen: Any, symbol: int) -> list[Any]:
    """Give everything at the last of the rows a symbol has had today."""
    last = seen.iloc[-1]
    reference = seen.price[seen.kind == data.AUCTION].iloc[-1]
    return [*of_bars(one[1], one[2]), *of_rows(last.price, last.bid, last.ask, reference, data.base_price(symbol))]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the seconds a piece of work took, and what it gives."""
    begin = time.monotonic()
    made = work()
    return time.monotonic() - begin, made


def plain(value: Any) -> Any:
    """Make numbers of numpy plain, NaN to nothing."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return None if value != value else float(value)  # noqa: PLR0124  # NaN is what differs from itself


if __name__ == "__main__":
    print(json.dumps({"pandas": pd.__version__, **plain(main(int(sys.argv[1]), int(sys.argv[2])))}))
