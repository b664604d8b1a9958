"""One recorded day of bars, ready to be replayed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from broker_sim.data_file import DayRows, read_day
from broker_sim.listing import listed
from domain.errors import DataError
from domain.instruments import Instrument
from domain.krx.calendar import NO_OVERRIDES
from domain.krx.limits import price_limits
from domain.krx.sessions import RegularSession, regular_session
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, Krw, Symbol

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


@dataclass(frozen=True, slots=True)
class Recording:
    """One day of one file: instruments and their bars in order of time."""

    path: Path
    day: date
    session: RegularSession
    bar_seconds: int
    instruments: dict[str, Instrument]  # in order of code
    bars: dict[str, list[Bar]]
    refused: dict[str, int]  # why rows were refused -> how many

    @classmethod
    def load(
        cls,
        path: Path,
        day: date | None = None,
        symbols: tuple[str, ...] | None = None,
        overrides: Mapping[str, tuple[str, str]] = NO_OVERRIDES,
    ) -> "Recording":
        """Read a day (None: the last in the file) of some symbols (None or empty: all of that day).

        Raises DataError in one line naming file, field, value and what is allowed.
        """
        rows = read_day(path, day)
        unknown = sorted(set(symbols or ()) - set(rows.codes))
        if unknown:
            raise DataError(
                f"{path}: symbols expected among the {len(rows.codes)} of {rows.day} "
                f"({', '.join(rows.codes[:5])}, ...), unknown {', '.join(unknown)}"
            )
        session = regular_session(rows.day, overrides)
        if session is None:
            raise DataError(f"{path}: day expected a KRX session, was {rows.day} (the exchange is closed)")
        bar_seconds = _bar_seconds(path, rows)
        chosen = tuple(sorted(set(symbols))) if symbols else rows.codes
        bars, refused = _collect(rows, chosen, session)
        if not any(bars.values()):
            why = ", ".join(f"{reason}: {count}" for reason, count in refused.items()) or "no rows"
            raise DataError(f"{path}: bars expected at least one for {rows.day}, none left ({why})")
        instruments = {code: _instrument(code, rows, session) for code in bars}
        return cls(path, rows.day, session, bar_seconds, instruments, bars, refused)

    def in_order(self) -> Iterator[tuple[int, list[tuple[str, Bar]]]]:
        """Give (start, bars that begin then), in order of time and code."""
        by_start: dict[int, list[tuple[str, Bar]]] = {}
        for code, bars in self.bars.items():
            for bar in bars:
                by_start.setdefault(bar.start, []).append((code, bar))
        for start in sorted(by_start):
            yield start, by_start[start]

    def fingerprint(self, seed: int) -> str:
        """Name this replay by content: same bars, instruments and seed, same name, wherever the file lies."""
        digest = blake2b(digest_size=12)
        digest.update(f"{self.day} {self.bar_seconds} {seed} {self.session}".encode())
        for code, bars in self.bars.items():
            digest.update(f"{self.instruments[code]}{bars}".encode())
        return digest.hexdigest()


def _bar_seconds(path: Path, rows: DayRows) -> int:
    """Infer the bar length: the smallest spacing that at least one pair in twenty of that day has."""
    spacings: Counter[int] = Counter()
    for _, group in rows.frame.select("code", "second").group_by("code", maintain_order=True):
        spacings.update(group["second"].diff().drop_nulls().to_list())
    total = sum(spacings.values())
    common = [spacing for spacing, count in spacings.items() if count * 20 >= total and spacing > 0]
    if rows.frame.height and (not common or min(common) > LONGEST_BAR_S):
        raise DataError(
            f"{path}: bars expected minutes apart (1m, 5m, ...) on {rows.day}, "
            "found at most one a day and symbol: daily bars cannot be replayed"
        )
    return min(common, default=60)


def _collect(
    rows: DayRows, chosen: tuple[str, ...], session: RegularSession
) -> tuple[dict[str, list[Bar]], dict[str, int]]:
    """Keep bars of the regular session up to the first after its close, which is the closing print."""
    refused = Counter(rows.refused)
    bars: dict[str, list[Bar]] = {}
    wanted = set(chosen)
    midnight = from_kst(rows.day, 0, 0)
    columns = ("code", "second", "open", "high", "low", "close", "volume")
    for code, second, *values in rows.frame.select(columns).iter_rows():
        if code not in wanted:
            continue
        bar = Bar(midnight + second * NANOS_PER_SECOND, *values)
        held = bars.setdefault(code, [])
        if bar.start < session.open:
            refused["before the open"] += 1
        elif session.close_auction <= bar.start < session.close:
            refused["in the closing auction"] += 1  # nothing trades then: filler rows
        elif bar.start >= session.close and (not bar.volume or (held and held[-1].start >= session.close)):
            refused["after the closing print"] += 1
        else:
            held.append(bar)
    return {code: held for code, held in bars.items() if held}, dict(refused)


def _instrument(code: str, rows: DayRows, session: RegularSession) -> Instrument:
    name, market = listed(code)
    base = _previous_close(rows.frame, code)
    lower, upper = (None, None) if base is None else price_limits(base, market, session.day)
    return Instrument(Symbol(code), name, market, base, lower, upper, tradable=True)


def _previous_close(frame: "pl.DataFrame", code: str) -> Krw | None:
    if "prev_close" not in frame.columns:
        return None
    known = frame.filter(frame["code"] == code)["prev_close"].drop_nulls()
    value = int(known[0]) if known.len() else 0
    return Krw(value) if value > 0 else None
