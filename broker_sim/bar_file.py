"""Bars of minutes or of a day: which rows are refused, and what the rest become."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from broker_sim.data_file import PRICES, keep, whole
from domain.errors import DataError
from domain.krx.sessions import RegularSession
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import NANOS_PER_SECOND

if TYPE_CHECKING:
    import polars as pl

LONGEST_BAR_S: Final = 4 * 3600  # anything longer is no bar of an intraday replay


class Bar(NamedTuple):
    """One recorded bar of one instrument."""

    start: int  # UTC ns
    open: int  # KRW
    high: int
    low: int
    close: int
    volume: int  # shares


def check_bars(rows: "pl.DataFrame") -> tuple["pl.DataFrame", dict[str, int]]:
    """Refuse rows that cannot be bars, counted by reason; the rest become integers, in order of code and time."""
    import polars as pl

    refused: dict[str, int] = {}
    timed = "nanos" in rows.columns
    numbers = [name for name in (*PRICES, "volume", "prev_close") if name in rows.columns]
    rows = rows.with_columns(*(whole(name).alias(name) for name in numbers))
    rules = [
        ("no code", pl.col("code").is_null() | (pl.col("code") == "")),
        ("price or volume not a whole number", pl.any_horizontal(pl.col(*PRICES, "volume").is_null())),
        ("price <= 0", pl.min_horizontal(*PRICES) <= 0),
        ("volume < 0", pl.col("volume") < 0),
        (
            "open, high, low, close contradict",
            (pl.max_horizontal("open", "low", "close") > pl.col("high"))
            | (pl.min_horizontal("open", "close") < pl.col("low")),
        ),
    ]
    if timed:
        rules.insert(1, ("time not HH:MM:SS", pl.col("nanos").is_null()))
    rows = keep(rows, rules, refused)
    key = ["code", "nanos"] if timed else ["code"]
    unique = rows.unique(subset=key, keep="first", maintain_order=True)
    if unique.height < rows.height:
        refused["same code and time twice"] = rows.height - unique.height
    return unique.sort(key), refused


def bar_length(where: str, rows: "pl.DataFrame") -> int:
    """Infer the bar length (s): the smallest spacing that at least one pair in twenty of that day has.

    Raises DataError beginning with `where` when the rows are not minutes apart.
    """
    spacings: Counter[int] = Counter()
    for _, group in rows.select("code", "nanos").group_by("code", maintain_order=True):
        spacings.update(group["nanos"].diff().drop_nulls().to_list())
    total = sum(spacings.values())
    common = [spacing for spacing, count in spacings.items() if count * 20 >= total and spacing > 0]
    if rows.height and (not common or min(common) > LONGEST_BAR_S * NANOS_PER_SECOND):
        raise DataError(
            f"{where}: bars expected minutes apart (1m, 5m, ...), "
            "found at most one a day and symbol: daily bars cannot be replayed"
        )
    return max(1, min(common, default=NANOS_PER_MINUTE) // NANOS_PER_SECOND)


def collect_bars(
    rows: "pl.DataFrame", wanted: Iterable[str], session: RegularSession, bar_seconds: int
) -> tuple[dict[str, list[Bar]], dict[str, int]]:
    """Keep bars of the regular session and, within a bar behind its close, the closing print. Count the others.

    Later bars are of the after-market (from 2026-09-14) or off-hours and never the official close.
    """
    refused: Counter[str] = Counter()
    bars: dict[str, list[Bar]] = {}
    chosen = set(wanted)
    midnight = from_kst(session.day, 0, 0)
    last_cross = closing_until(session, bar_seconds)
    columns = ("code", "nanos", *PRICES, "volume")
    for code, nanos, *values in rows.select(columns).iter_rows():
        if code not in chosen:
            continue
        bar = Bar(midnight + nanos, *values)
        held = bars.setdefault(code, [])
        if bar.start < session.open:
            refused["before the open"] += 1
        elif session.close_auction <= bar.start < session.close:
            refused["in the closing auction"] += 1  # nothing trades then: filler rows
        elif bar.start >= session.close and (
            not bar.volume or bar.start >= last_cross or (held and held[-1].start >= session.close)
        ):
            refused["after the closing print"] += 1
        elif not bar.volume and held and abs(bar.close - held[-1].close) * 10 > held[-1].close * 3:
            # Nothing traded there, and no book is there either: rows of another scale (406820, 2025-12-26).
            refused["no volume, and more than 30 % from the bar before"] += 1
        else:
            held.append(bar)
    return {code: held for code, held in bars.items() if held}, dict(refused)


def closing_until(session: RegularSession, bar_seconds: int) -> int:
    """Give the moment (UTC ns, exclusive) until which a bar may begin that holds the closing cross."""
    # 30 minutes behind the close the after-market opens.
    return session.close + min(max(bar_seconds * NANOS_PER_SECOND, NANOS_PER_MINUTE), 30 * NANOS_PER_MINUTE)
