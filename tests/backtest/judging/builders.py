"""Made prices, series and strategies for the tests of judging."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from backtest.judging.prices import Panel, panel_of
from backtest.judging.walk import Stage
from domain.bars import DAY_S, Bar
from domain.config import SignalConfig
from domain.indicators import FOR
from domain.krx.calendar import is_session
from domain.messages.market import AttentionMeasured
from domain.messages.trading import SignalInput
from domain.types import Krw, Purpose, Side
from strategies.base import Argument, Day, Param, Scene, Searches, Strategy

FIRST = date(2021, 1, 4)
NO_RULES = SignalConfig()
CODES = ("005930", "120110")


def sessions(count: int) -> list[date]:
    """Give so many sessions from FIRST on."""
    days = (FIRST + timedelta(days=back) for back in range(2 * count + 30))
    return [day for day in days if is_session(day)][:count]


def rows(closes: Mapping[str, Sequence[float]], days: Sequence[date]) -> list[dict[str, Any]]:
    """Give a row a symbol and session: it opens at the close before, 0 is a session without trading."""
    found = []
    for code, values in closes.items():
        before = next(value for value in values if value)
        for day, close in zip(days, values, strict=True):
            if close:
                top, bottom, volume = max(before, close), min(before, close), 1_000
                prices = {"open": before, "high": top, "low": bottom, "close": close}
                before = close
            else:
                prices, volume = {"open": 0, "high": 0, "low": 0, "close": before}, 0
            found.append({"code": code, "date": day.isoformat(), **prices, "volume": volume})
    return found


def a_panel(closes: Mapping[str, Sequence[float]]) -> Panel:
    days = sessions(len(next(iter(closes.values()))))
    frame = pl.DataFrame(rows(closes, days))
    floats = [pl.col(name).cast(pl.Float64) for name in ("open", "high", "low", "close", "volume")]
    return panel_of("made", frame.with_columns(pl.col("date").str.to_date(), *floats))


def walking(seed: int, count: int, codes: Sequence[str] = CODES, spread: float = 0.02) -> dict[str, list[float]]:
    """Give random walks of closes."""
    draw = np.random.default_rng(seed)
    return {code: np.round(50_000 * np.exp(np.cumsum(draw.normal(0, spread, count)))).tolist() for code in codes}


def a_stage(panel: Panel, measures: Mapping[str, Sequence[AttentionMeasured | None]] | None = None) -> Stage:
    return Stage(panel, measures or {}, NO_RULES)


def measured(code: str, z: float | None) -> AttentionMeasured:
    return AttentionMeasured(code, "file", "2021-01-03" if z is not None else "", z, z, "")


def a_file(folder: Path, rows: Iterable[Mapping[str, Any]], name: str = "prices.csv") -> Path:
    path = folder / name
    frame = pl.DataFrame(list(rows))
    if name.endswith(".parquet"):
        frame.write_parquet(path)
    else:
        frame.write_csv(path)
    return path


class EveryBar(Strategy):
    """Claims at every bar, held for some sessions; the confidence says which weekday it is."""

    NAME: ClassVar[str] = "every_bar"
    PARAMS: ClassVar[tuple[Param, ...]] = (Param("hold", 2, 1, 60, "sessions"),)
    INTERVALS: ClassVar[tuple[int, ...]] = (DAY_S,)
    SEARCHES: ClassVar[Searches] = Searches.IGNORED

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        assert scene.quote is not None
        return self.claims(bar, scene, day)

    def claims(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        return (an_argument(scene, int(self.params["hold"])),)


class Searched(EveryBar):
    """Claims where attention is high."""

    NAME: ClassVar[str] = "searched"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("hold", 2, 1, 60, "sessions"),
        Param("least", 2.0, 0.1, 10.0, "z", sweep=(1.0, 2.0)),
    )
    SEARCHES: ClassVar[Searches] = Searches.REQUIRED

    def claims(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        z = scene.attention.z if scene.attention else None
        return (
            (an_argument(scene, int(self.params["hold"])),)
            if z is not None and z >= float(self.params["least"])
            else ()
        )


def an_argument(scene: Scene, hold: int, confidence: float = 0.6) -> Argument:
    assert scene.quote is not None
    said = (SignalInput("one", 1.0, FOR), SignalInput("two", 1.0, FOR))
    limit = Krw(scene.quote.ask_price)
    return Argument(
        scene.instrument.symbol, Side.BUY, Purpose.ENTRY, 1.0, confidence, 0, limit, "file", said, "made", hold
    )
