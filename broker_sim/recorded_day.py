"""Put one day together from the files that hold it: rows of the best kind, instruments, limits, warnings."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from broker_sim.bar_file import Bar, bar_length, check_bars, collect_bars
from broker_sim.base_prices import closes_before, contradicts, instrument_of, is_outside, told_closes
from broker_sim.book_file import check_books
from broker_sim.data_file import CONFLATED_META, GAPS_META, INSTRUMENTS_META, DataFile, DataKind, data_files, traded
from broker_sim.index_file import read_index
from broker_sim.moments import Moments, merged
from broker_sim.recorded_instruments import read_instruments
from broker_sim.tick_file import check_ticks, has_touch
from domain.errors import DataError
from domain.instruments import Instrument
from domain.krx.calendar import Overrides
from domain.krx.sessions import AFTER_MARKET_OPENED, RegularSession, regular_session
from domain.quotes import QuoteKind
from domain.time import NANOS_PER_MINUTE
from domain.types import NANOS_PER_SECOND

if TYPE_CHECKING:
    import polars as pl

    from broker_sim.recording import Recording

R = TypeVar("R", bound="Recording")
BEST_FIRST: Final = ((DataKind.TICKS, DataKind.BOOKS), (DataKind.BARS,), (DataKind.DAILY,))
MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The day asked for."""

    path: Path
    session: RegularSession
    overrides: Overrides
    files: list[DataFile]  # all but those of an index
    index: list[DataFile]  # those of an index
    used: list[DataFile]  # those of the best kind that hold the day
    codes: list[str]
    frames: dict[DataKind, "pl.DataFrame"]
    warnings: tuple[str, ...]


def load(make: type[R], path: Path, day: date | None, symbols: tuple[str, ...] | None, overrides: Overrides) -> R:
    """Read a day of a file or folder, as `Recording.load` says."""
    chosen = _choose(path, day, symbols, overrides)
    is_moments = chosen.used[0].kind in BEST_FIRST[0]
    recording = _moments_of(make, chosen) if is_moments else _bars_of(make, chosen)
    if not chosen.index:
        return recording
    read = read_index(path, chosen.index, chosen.session, overrides)
    refused = dict(Counter(recording.refused) + read.refused)
    return replace(recording, refused=refused, warnings=(*recording.warnings, *read.warnings), index=read.index)


def _choose(path: Path, day: date | None, symbols: tuple[str, ...] | None, overrides: Overrides) -> _Chosen:
    import polars as pl

    every = data_files(path)
    files = traded(path, every)
    days = {file.path: set(file.days()) for file in files}
    known = sorted(set().union(*days.values()))
    wanted = known[-1] if day is None else day
    if wanted not in known:
        raise DataError(_unknown_day(path, wanted, known))
    holding = [file for file in files if wanted in days[file.path]]
    kinds = {file.kind for file in holding}
    best = next(group for group in BEST_FIRST if kinds.intersection(group))
    used = [file for file in holding if file.kind in best]
    warnings = [
        f"{file.path}: {file.kind} of {wanted} not used, there are {best[0]}" for file in holding if file not in used
    ]
    session = regular_session(wanted, overrides)
    if session is None:
        raise DataError(f"{path}: day expected a KRX session, was {wanted} (the exchange is closed)")
    frames: dict[DataKind, pl.DataFrame] = {}
    for kind in best:
        of_kind = [file for file in used if file.kind is kind]
        if kind is not DataKind.BOOKS and len({file.columns for file in of_kind}) > 1:
            raise DataError(f"{path}: {kind} of {wanted} expected the same columns in every file, differ")
        if of_kind:
            # Books may differ in depth.
            frames[kind] = pl.concat([file.day(wanted) for file in of_kind], how="diagonal")
    codes = sorted({code for frame in frames.values() for code in frame["code"].drop_nulls().unique().to_list()})
    if unknown := sorted(set(symbols or ()) - set(codes)):
        raise DataError(
            f"{path}: symbols expected among the {len(codes)} of {wanted} "
            f"({', '.join(codes[:5])}, ...), unknown {', '.join(unknown)}"
        )
    if symbols:
        codes = sorted(set(symbols))
    index = [file for file in every if file.kind is DataKind.INDEX]
    return _Chosen(path, session, overrides, files, index, used, codes, frames, tuple(warnings))


# ---- bars -------------------------------------------------------------------------------------------------------


def _bars_of(make: type[R], chosen: _Chosen) -> R:
    kind, session, path = chosen.used[0].kind, chosen.session, chosen.path
    rows, refused = check_bars(chosen.frames[kind])
    warnings = list(chosen.warnings)
    if kind is DataKind.DAILY:
        bar_seconds = (session.close - session.open) // NANOS_PER_SECOND
        wanted = set(chosen.codes)
        bars = {code: [bar] for code, bar in _daily(rows, session) if code in wanted}
        warnings.append(
            f"{path}: daily bars: all prices inside {session.day} are made up between open, high, low, close"
        )
        if session.day >= AFTER_MARKET_OPENED:
            warnings.append(
                f"{path}: daily bars since {AFTER_MARKET_OPENED} may hold after-market prices, not the 15:30 close"
            )
    else:
        bar_seconds = bar_length(str(path), rows)
        bars, dropped = collect_bars(rows, chosen.codes, session, bar_seconds)
        refused = dict(Counter(refused) + Counter(dropped))
    instruments = _instruments(chosen, sorted(bars), bars, warnings)
    bars = _inside_limits(instruments, bars, refused)
    if not bars:
        raise DataError(_nothing_left(path, "bars", session.day, refused))
    instruments = {code: instruments[code] for code in bars}
    return make(path, session.day, session, bar_seconds, instruments, bars, refused, kind, tuple(warnings))


def _daily(rows: "pl.DataFrame", session: RegularSession) -> list[tuple[str, Bar]]:
    columns = ("code", "open", "high", "low", "close", "volume")
    return [(code, Bar(session.open, *values)) for code, *values in rows.select(columns).iter_rows()]


def _inside_limits(
    instruments: dict[str, Instrument], bars: dict[str, list[Bar]], refused: dict[str, int]
) -> dict[str, list[Bar]]:
    kept: dict[str, list[Bar]] = {}
    for code, held in bars.items():
        inside = [bar for bar in held if not is_outside(instruments[code], bar)]
        if len(inside) < len(held):
            refused["outside the daily limits"] = refused.get("outside the daily limits", 0) + len(held) - len(inside)
        if inside:
            kept[code] = inside
    return kept


# ---- ticks and order books --------------------------------------------------------------------------------------


def _moments_of(make: type[R], chosen: _Chosen) -> R:
    refused: Counter[str] = Counter()
    session, path = chosen.session, chosen.path
    warnings = list(chosen.warnings)
    ticks, books, levels, touch = None, None, 0, False
    if DataKind.TICKS in chosen.frames:
        ticks, dropped = check_ticks(_of(chosen, DataKind.TICKS), session, chosen.overrides)
        refused.update(dropped)
        columns = next(file.columns for file in chosen.used if file.kind is DataKind.TICKS)
        touch = has_touch(columns)
        if "kind" not in columns:
            warnings.append(f"{path}: no column kind: crosses of auctions are told by their time")
    if DataKind.BOOKS in chosen.frames:
        books, levels, dropped = check_books(_of(chosen, DataKind.BOOKS), session, chosen.overrides)
        refused.update(dropped)
    moments, late = merged(ticks, books, levels, has_touch=touch)
    if not moments.quotes.height:
        raise DataError(_nothing_left(path, "rows", session.day, dict(refused)))
    warnings += _on_the_way(chosen)
    if late:
        warnings.append(f"{path}: {late} ticks are older than the one before of their symbol; put in order of time")
    if moments.made_up:
        warnings.append(f"{path}: best prices of {len(moments.made_up)} symbols were not recorded and are made up")
    bars = minutes(moments)
    codes = sorted(moments.quotes["code"].unique().to_list())
    bars = {code: bars.get(code, []) for code in codes}
    instruments = _instruments(chosen, codes, bars, warnings)
    kept = _rows_inside(moments, instruments, refused)
    if kept is not moments:
        summed = minutes(kept)
        bars = {code: summed.get(code, []) for code in codes}
    kind = DataKind.TICKS if ticks is not None else DataKind.BOOKS
    all_refused = dict(refused)
    return make(path, session.day, session, MINUTE_S, instruments, bars, all_refused, kind, tuple(warnings), kept)


def _on_the_way(chosen: _Chosen) -> list[str]:
    """Say what a recorder knows to be missing."""
    files = [file for file in chosen.used if file.kind is DataKind.TICKS] or chosen.used
    conflated = sum(int(file.meta.get(CONFLATED_META, "0")) for file in files)
    gaps = [gap for file in files for gap in json.loads(file.meta.get(GAPS_META, "[]"))]
    found = [f"{chosen.path}: {conflated} rows were dropped by conflation when it was recorded"] if conflated else []
    return found + [
        f"{chosen.path}: rows may be missing from {gap['from']} to {gap['to']} ({gap['reason']})" for gap in gaps
    ]


def _of(chosen: _Chosen, kind: DataKind) -> "pl.DataFrame":
    import polars as pl

    frame = chosen.frames[kind]
    # Rows without a code stay, to be refused and counted.
    return frame.filter(pl.col("code").is_in(chosen.codes) | pl.col("code").is_null() | (pl.col("code") == ""))


def _rows_inside(moments: Moments, instruments: dict[str, Instrument], refused: Counter[str]) -> Moments:
    """Refuse trades beyond the limits of the day where these are known."""
    import polars as pl

    known = [one for one in instruments.values() if one.lower_limit is not None and one.upper_limit is not None]
    if not known:
        return moments
    limits = pl.DataFrame(
        {
            "code": [one.symbol for one in known],
            "lower": [one.lower_limit for one in known],
            "upper": [one.upper_limit for one in known],
        },
        schema={"code": pl.String, "lower": pl.Int64, "upper": pl.Int64},
    )
    price = pl.col("price")
    outside = (price > 0) & ~price.is_between("lower", "upper") & (pl.col("kind") != int(QuoteKind.BOOK))
    joined = moments.quotes.join(limits, on="code", how="left", maintain_order="left")
    inside = joined.filter(~outside.fill_null(False)).drop("lower", "upper")
    if inside.height == moments.quotes.height:
        return moments
    refused["outside the daily limits"] += moments.quotes.height - inside.height
    return Moments(inside, moments.books, moments.levels, moments.made_up)


def minutes(moments: Moments) -> dict[str, list[Bar]]:
    """Sum the trades of each symbol up to bars of a minute."""
    import polars as pl

    start = pl.col("time") // NANOS_PER_MINUTE * NANOS_PER_MINUTE
    price = pl.col("price")
    traded = moments.quotes.filter((pl.col("kind") != int(QuoteKind.BOOK)) & (price > 0)).with_columns(start=start)
    summed = traded.group_by("code", "start", maintain_order=True).agg(
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        pl.col("volume").sum(),
    )
    bars: dict[str, list[Bar]] = {}
    for code, *values in summed.sort("code", "start").iter_rows():
        bars.setdefault(code, []).append(Bar(*values))
    return bars


# ---- instruments ------------------------------------------------------------------------------------------------


def _instruments(
    chosen: _Chosen, codes: Sequence[str], bars: dict[str, list[Bar]], warnings: list[str]
) -> dict[str, Instrument]:
    """Name instruments and find their limits: as recorded, else from the previous close."""
    day = chosen.session.day
    recorded: dict[str, Instrument] = {}
    for file in chosen.used:
        if INSTRUMENTS_META in file.meta:
            recorded.update(read_instruments(file.path, file.meta[INSTRUMENTS_META]))
    told: dict[str, int] = {}
    for frame in chosen.frames.values():
        told |= told_closes(frame)
    missing = [code for code in codes if code not in recorded and code not in told]
    before = closes_before(chosen.files, day, chosen.overrides) if missing else {}
    found: dict[str, Instrument] = {}
    doubted, unknown = [], []
    for code in codes:
        one = recorded.get(code) or instrument_of(code, day, told.get(code, before.get(code)))
        if one.base_price is not None and code not in recorded and contradicts(one, bars.get(code, [])):
            doubted.append(code)
            one = instrument_of(code, day, None)
        elif one.base_price is None and code not in recorded:
            unknown.append(code)
        found[code] = one
    if unknown:
        warnings.append(
            f"{chosen.path}: base price and limits of {_some(unknown)} of {len(codes)} symbols are unknown: "
            f"no prev_close, no closing print of the session before"
        )
    if doubted:
        warnings.append(
            f"{chosen.path}: previous close of {_some(doubted)} does not fit the prices of {day} (split, rights, "
            "listing?): base price and limits are taken as unknown"
        )
    return found


def _some(codes: Sequence[str]) -> str:
    shown = ", ".join(codes[:3])
    return f"{len(codes)} ({shown}{', ...' if len(codes) > 3 else ''})"


def _nothing_left(path: Path, what: str, day: date, refused: dict[str, int]) -> str:
    why = ", ".join(f"{reason}: {count}" for reason, count in refused.items()) or "no rows"
    return f"{path}: {what} expected at least one for {day}, none left ({why})"


def _unknown_day(path: Path, wanted: date, known: Sequence[date]) -> str:
    if len(known) == 1:
        return f"{path}: day expected {known[0]}, the only one there, was {wanted}"
    nearest = min(known, key=lambda found: (abs((found - wanted).days), found))
    return f"{path}: day expected one of {len(known)} from {known[0]} to {known[-1]}, was {wanted} (nearest {nearest})"
