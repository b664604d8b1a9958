"""Base prices of a recorded day and the limits that follow: from a column, or from the session before in the data.

The base is the official close, the price of the closing auction (15:30): prints of the after-market never set it.
A base that most of the day's own prices contradict (a split or rights in between) is not used.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from broker_sim.bar_file import Bar, bar_length, check_bars, closing_until
from broker_sim.data_file import DataFile, DataKind
from broker_sim.listing import listed
from broker_sim.tick_file import check_ticks
from domain.errors import DataError
from domain.instruments import Instrument
from domain.krx.calendar import Overrides, previous_session
from domain.krx.limit_check import leverage_in
from domain.krx.limits import base_of_close, price_limits
from domain.krx.sessions import RANDOM_END, RegularSession, regular_session
from domain.quotes import QuoteKind
from domain.time import from_kst
from domain.types import Krw, Symbol

if TYPE_CHECKING:
    import polars as pl


def told_closes(rows: "pl.DataFrame") -> dict[str, int]:
    """Give the previous closes (won) that the rows of a day say themselves, in a column prev_close."""
    import polars as pl

    if "prev_close" not in rows.columns:
        return {}
    price = pl.col("prev_close").cast(pl.Float64, strict=False)
    found = rows.with_columns(price.alias("prev_close")).filter(pl.col("prev_close") > 0)
    first = found.group_by("code", maintain_order=True).first().select("code", "prev_close")
    return {code: int(value) for code, value in first.iter_rows()}


def closes_before(files: Iterable[DataFile], day: date, overrides: Overrides) -> dict[str, int]:
    """Give the official closes (won) of the session before a day, of the symbols the files hold them of."""
    before = previous_session(day, overrides)
    session = regular_session(before, overrides)
    closes: dict[str, int] = {}
    for file in files:
        if session is None or file.kind is DataKind.BOOKS or before not in file.days():
            continue
        found = _closes(file, session, overrides)
        closes.update((code, close) for code, close in found.items() if code not in closes)
    return closes


def _closes(file: DataFile, session: RegularSession, overrides: Overrides) -> dict[str, int]:
    import polars as pl

    rows = file.day(session.day)
    if file.kind is DataKind.TICKS:
        ticks, _ = check_ticks(rows, session, overrides)
        crosses = ticks.filter(
            (pl.col("kind") == int(QuoteKind.AUCTION_TRADE))
            & pl.col("time").is_between(session.close, session.close + RANDOM_END)
        )
        return dict(crosses.group_by("code").last().select("code", "price").iter_rows())
    bars, _ = check_bars(rows)
    if file.kind is DataKind.DAILY:
        return dict(bars.select("code", "close").iter_rows())
    try:
        seconds = bar_length(str(file.path), bars)
    except DataError:
        return {}  # one bar a symbol: nothing tells that it holds the close
    start = pl.col("nanos") + from_kst(session.day, 0, 0)
    closing = bars.filter((start >= session.close) & (start < closing_until(session, seconds)) & (pl.col("volume") > 0))
    return dict(closing.group_by("code", maintain_order=True).first().select("code", "close").iter_rows())


def instrument_of(code: str, day: date, close: int | None) -> Instrument:
    """Give an instrument with its name, market and limits; without limits when no previous close (won) is known."""
    name, market = listed(code)
    if close is None:
        return Instrument(Symbol(code), name, market, None, None, None, tradable=True)
    base = base_of_close(close, market, day)
    lower, upper = price_limits(base, market, day, leverage=leverage_in(name, market))
    return Instrument(Symbol(code), name, market, base, lower, upper, tradable=True)


def contradicts(instrument: Instrument, bars: Sequence[Bar]) -> bool:
    """Tell whether most bars of the day lie outside the limits: then the base is not the day's."""
    return 2 * sum(1 for bar in bars if is_outside(instrument, bar)) > len(bars)


def is_outside(instrument: Instrument, bar: Bar) -> bool:
    """Tell whether a bar has prices beyond the known limits of the day."""
    lower, upper = instrument.lower_limit, instrument.upper_limit
    return (lower is not None and bar.low < Krw(lower)) or (upper is not None and bar.high > upper)
