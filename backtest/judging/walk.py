"""Lets a strategy live through the sessions of a panel by the hooks it has in trading, and notes what it claims.

At the open of session D + 1 it is shown, per symbol, the bar of session D, attention measured from the days before
D + 1, and a row made of the open of D + 1 with a spread of one tick: nothing that was not known then. Its arguments
pass the agreement rule and the least confidence of `SignalConfig`, as in trading. It holds nothing while it is judged:
claims are, not fills.

Where a symbol did not trade in D + 1, the row is made of the close of D, so that a claim nobody could have taken up is
counted as such instead of never being made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from backtest.judging.claims import Claim
from backtest.judging.outcomes import markets, ticks_of
from backtest.judging.prices import Panel
from backtest.judging.sessions import hours_of
from domain.bars import DAY_S, Bar
from domain.config import ParamValue, SignalConfig
from domain.errors import HantradeError
from domain.indicators import UNKNOWN
from domain.indicators.agreement import agrees
from domain.instruments import Instrument
from domain.krx.limits import LIMIT_RATES, price_limits
from domain.messages.market import AttentionMeasured
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import PPM, Krw, Market, Purpose, Symbol
from strategies.base import Argument, Scene, Strategy

TRADE = int(QuoteKind.TRADE)
LIMITS_FROM = min(rate.since for rate in LIMIT_RATES)

Measures = Mapping[str, Sequence[AttentionMeasured | None]]  # by code, one a session of the panel


@dataclass(slots=True)
class Walked:
    """What a strategy did with one set of parameters."""

    claims: list[Claim] = field(default_factory=list)  # in order of time, then symbol
    shown: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), bool))  # it was asked, and warm
    withheld: int = 0  # entries that did not agree or were not confident enough
    error: str = ""  # what it raised, with which everything ended; empty: nothing


@dataclass(frozen=True, slots=True)
class Track:
    """One symbol's prices as plain numbers: arrays are slow one by one."""

    column: int
    market: Market
    open: list[int]
    high: list[int]
    low: list[int]
    close: list[int]
    volume: list[int]
    tick: list[int]  # at the open, else at the close before


class Stage:
    """What every walk over one panel shares."""

    def __init__(self, panel: Panel, measures: Measures, signals: SignalConfig) -> None:
        """Keep what is shown to strategies and what their arguments must pass."""
        self.panel = panel
        self.measures = measures
        self.signals = signals
        last = np.vstack([panel.open[:1], panel.close[:-1]])
        ticks = ticks_of(panel, np.where(panel.open > 0, panel.open, last))
        listings = markets(panel)
        self.tracks = {
            code: Track(
                at,
                listings[at],
                open=panel.open[:, at].tolist(),
                high=panel.high[:, at].tolist(),
                low=panel.low[:, at].tolist(),
                close=panel.close[:, at].tolist(),
                volume=panel.volume[:, at].tolist(),
                tick=ticks[:, at].tolist(),
            )
            for at, code in enumerate(panel.codes)
        }

    def walk(self, kind: type[Strategy], params: Mapping[str, ParamValue], codes: Iterable[str]) -> Walked:
        """Show a strategy every session of some symbols. What it raises ends the walk and is told."""
        done = Walked(shown=np.zeros((len(self.panel.sessions), len(self.panel.codes)), bool))
        try:
            self._walk(kind(params), tuple(codes), done)
        except HantradeError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever a strategy raises, the others are judged
            done.error = f"{type(error).__name__}: {error}"
        return done

    def _walk(self, strategy: Strategy, codes: Sequence[str], done: Walked) -> None:
        seen = [(code, self.tracks[code], Scene(unlisted(code, self.tracks[code].market))) for code in codes]
        warm, bars = strategy.warm_up.get(DAY_S, 0), dict.fromkeys(codes, 0)
        for at in range(1, len(self.panel.sessions)):
            day, before = hours_of(self.panel.sessions[at]), from_kst(self.panel.sessions[at - 1], 0, 0)
            strategy.on_day(day)
            for code, track, scene in seen:
                if not track.volume[at - 1]:
                    continue  # nothing traded in the session before: there is no bar
                self._set(scene, code, track, at, day.open_time, day.trading_date)
                if scene.attention is not None:
                    strategy.on_trend(scene.attention, scene)
                before_bar = Bar(
                    code,
                    before,
                    track.open[at - 1],
                    track.high[at - 1],
                    track.low[at - 1],
                    track.close[at - 1],
                    track.volume[at - 1],
                    DAY_S,
                )
                found = strategy.on_bar(before_bar, scene, day)
                bars[code] += 1
                done.shown[at, track.column] = bars[code] >= warm
                if found:
                    self._take(found, at, track.column, code, done)

    def _set(self, scene: Scene, code: str, track: Track, at: int, moment: int, on: date) -> None:
        """Put into the scene what is known at the open of a session."""
        last, tick = track.close[at - 1], track.tick[at]
        price = track.open[at] or last
        bid = price - price % tick
        scene.quote = Quote(code, moment, price, 0, 0, bid, bid + tick, 0, 0, TRADE)
        lower, upper = limits(last, track.market, on)
        scene.instrument = Instrument(Symbol(code), "", track.market, Krw(last), lower, upper, True)
        measured = self.measures.get(code)
        scene.attention = measured[at] if measured is not None else None

    def _take(self, found: Iterable[Argument], at: int, column: int, code: str, done: Walked) -> None:
        """Note the entries among some arguments that may become signals, the first a symbol and session."""
        rules = self.signals
        for item in found:
            if item.purpose is not Purpose.ENTRY or item.horizon_sessions <= 0 or item.symbol != code:
                continue
            unsure = item.confidence * PPM < rules.min_confidence_ppm
            if unsure or agrees(item.inputs, rules.agree, rules.most_against):
                done.withheld += 1
                continue
            horizon, confidence = item.horizon_sessions, float(item.confidence)
            done.claims.append(Claim(at, column, item.side, horizon, confidence, item.regime or UNKNOWN))
            return


@lru_cache(maxsize=65_536)
def limits(base: int, market: Market, on: date) -> tuple[Krw | None, Krw | None]:
    """Give the daily limits for a base price, none for a day before their rule is known."""
    return price_limits(base, market, on) if on >= LIMITS_FROM else (None, None)


def unlisted(code: str, market: Market) -> Instrument:
    """Give an instrument of which no price is known yet."""
    return Instrument(Symbol(code), "", market, None, None, None, True)
