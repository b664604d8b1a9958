"""A recorded index: one row a value of a market's index at one moment. Circuit breakers are judged by it.

Columns: market (KOSPI or KOSDAQ), date, time, value (index points with at most two decimals); optional prev_close (the
index at the close of the session before, one a day and market). *Without prev_close* it is the last value of the
session before, told at its close or in the half hour after it, in the same files; where there is none the market's
values are left aside, and it is said: no rule can be judged by them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from broker_sim.data_file import DataFile, keep
from domain.errors import DataError
from domain.krx.calendar import Overrides, previous_session
from domain.krx.sessions import RegularSession, regular_session
from domain.time import NANOS_PER_MINUTE, from_kst
from domain.types import Market, UnixNanos

if TYPE_CHECKING:
    import polars as pl

MARKETS: Final = (Market.KOSPI, Market.KOSDAQ)
_NAMES: Final = [str(market) for market in MARKETS]
POINTS: Final = "index points > 0 with at most two decimals"
# No share moves further in a day, so no index does (the daily limit since 2015-06-15, docs/krx.md).
MOST_PERCENT: Final = 30
CLOSE_TOLD_NS: Final = 30 * NANOS_PER_MINUTE  # after the close; then the after-market begins
_MOST_POINTS: Final = 10**7
_NEAR: Final = 1e-4  # hundredths of a point: what binary fractions may be off


class IndexValue(NamedTuple):
    """One value of a market's index."""

    market: Market
    venue_time: int  # UTC ns
    hundredths: int  # of a point


@dataclass(frozen=True, slots=True)
class RecordedIndex:
    """The indices of one day. Every market that has values has a previous close."""

    day: date
    previous_close: Mapping[Market, int]  # hundredths of a point
    values: tuple[IndexValue, ...]  # in order of venue time; those of one moment in order of market


@dataclass(slots=True)
class IndexRead:
    """What reading the index files of a day gave."""

    index: RecordedIndex | None = None  # None: no value can be used
    refused: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)


def read_index(path: Path, files: Sequence[DataFile], session: RegularSession, overrides: Overrides) -> IndexRead:
    """Read the values of a day from index files; `path` is what warnings name.

    Raises DataError: prev_close that is no index or not one a day and market, a market's day in two files.
    """
    read = IndexRead()
    closes: dict[Market, int] = {}
    by_market: dict[Market, list[tuple[int, int]]] = {}
    where: dict[Market, Path] = {}
    for file in files:
        if session.day not in file.days():
            continue
        rows = file.day(session.day)
        closes |= _told_closes(file, rows, session.day)
        for market, values in _values(rows, session.day, read.refused).items():
            if market in where:
                raise DataError(
                    f"{path}: market {market} of {session.day} expected in one index file, "
                    f"is in {where[market].name} and {file.path.name}"
                )
            where[market], by_market[market] = file.path, values
    if missing := [market for market in by_market if market not in closes]:
        closes |= _closes_before(files, missing, session.day, overrides)
    read.index = _put_together(path, by_market, closes, session.day, read)
    if read.index is None:
        read.warnings.append(f"{path}: no index values of {session.day} can be used: no circuit breaker is judged")
    return read


def _put_together(
    path: Path,
    by_market: Mapping[Market, list[tuple[int, int]]],
    closes: Mapping[Market, int],
    day: date,
    read: IndexRead,
) -> RecordedIndex | None:
    found: list[IndexValue] = []
    used: dict[Market, int] = {}
    for market in MARKETS:
        values = by_market.get(market, [])
        if values and market not in closes:
            read.warnings.append(
                f"{path}: previous close of the {market} index on {day} is unknown (no prev_close, no value at the "
                "close of the session before): its values are left aside"
            )
            continue
        inside = [one for one in values if _is_near(one[1], closes[market])]
        if len(inside) < len(values):
            read.refused[f"index more than {MOST_PERCENT} % from its previous close"] += len(values) - len(inside)
        late = sum(1 for one, other in pairwise(inside) if other[0] < one[0])
        if late:
            read.warnings.append(
                f"{path}: {late} values of the {market} index are older than the one before; put in order of time"
            )
        if inside:
            used[market] = closes[market]
            found += [IndexValue(market, when, index) for when, index in inside]
    if not found:
        return None
    # Stable: values of one moment and market stay in the order of the file.
    return RecordedIndex(day, used, tuple(sorted(found, key=lambda one: one.venue_time)))


def _is_near(index: int, close: int) -> bool:
    return abs(index - close) * 100 <= MOST_PERCENT * close


def _values(rows: "pl.DataFrame", day: date, refused: Counter[str]) -> dict[Market, list[tuple[int, int]]]:
    """Give (UTC ns, hundredths of a point) by market, in the order of the file; bad rows are counted."""
    import polars as pl

    rows = rows.with_columns(_hundredths("value"), time=pl.col("nanos") + from_kst(day, 0, 0))
    counted: dict[str, int] = {}
    rows = keep(
        rows,
        (
            ("index market not KOSPI or KOSDAQ", ~pl.col("market").is_in(_NAMES)),
            ("index time not HH:MM:SS", pl.col("nanos").is_null()),
            (f"index value not {POINTS}", pl.col("value").is_null()),
        ),
        counted,
    )
    refused.update(counted)
    found: dict[Market, list[tuple[int, int]]] = {}
    for market, when, index in rows.select("market", "time", "value").iter_rows():
        found.setdefault(Market(market), []).append((UnixNanos(when), index))
    return found


def _told_closes(file: DataFile, rows: "pl.DataFrame", day: date) -> dict[Market, int]:
    """Give the previous closes the rows say themselves."""
    import polars as pl

    if "prev_close" not in rows.columns:
        return {}
    text = pl.col("prev_close").cast(pl.String).str.strip_chars()
    told = rows.with_columns(text.alias("text"), _hundredths("prev_close")).filter(
        pl.col("text").is_not_null() & (pl.col("text") != "") & pl.col("market").is_in(_NAMES)
    )
    if bad := told.filter(pl.col("prev_close").is_null())["text"].to_list():
        raise DataError(f"{file.path}: field prev_close expected {POINTS}, was {bad[0]!r} on {day}")
    found: dict[Market, int] = {}
    for market, close in told.select("market", "prev_close").unique(maintain_order=True).iter_rows():
        if market in found:
            one, other = _points(found[market]), _points(close)
            raise DataError(
                f"{file.path}: field prev_close of {market} on {day} expected one value, was {one} and {other}"
            )
        found[Market(market)] = close
    return found


def _closes_before(
    files: Iterable[DataFile], markets: Sequence[Market], day: date, overrides: Overrides
) -> dict[Market, int]:
    before = previous_session(day, overrides)
    session = regular_session(before, overrides)
    closes: dict[Market, int] = {}
    for file in files:
        if session is None or before not in file.days():
            continue
        for market, values in _values(file.day(before), before, Counter()).items():
            told = [one for one in values if session.close <= one[0] <= session.close + CLOSE_TOLD_NS]
            if told and market in markets:
                closes[market] = max(told, key=lambda one: one[0])[1]
    return closes


def _hundredths(name: str) -> "pl.Expr":
    """Give points as Int64 hundredths, null where they are none. By way of text, so that a Float32 is what it shows."""
    import polars as pl

    hundred = pl.col(name).cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False) * 100
    near = hundred.round()
    fits = hundred.is_finite() & ((hundred - near).abs() < _NEAR) & (near > 0) & (near < 100 * _MOST_POINTS)
    return pl.when(fits).then(near).otherwise(None).cast(pl.Int64).alias(name)


def _points(index: int) -> str:
    return f"{index // 100}.{index % 100:02d}"
