"""Volatility interruptions (변동성완화장치, VI) of one instrument, as a pure rule over the prices about to trade.

A price that would trip the brake does not trade: the book goes into a call auction of two minutes, and the auction's
single price is the next reference. Circuit breakers of a whole market are in `circuit_breaker.py`.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from domain.errors import ConfigError, InvariantError
from domain.krx.order_phases import OrderPhase
from domain.krx.sessions import AFTER_MARKET_OPENED, MOST_RANDOM_END
from domain.time import NANOS_PER_MINUTE
from domain.types import Krw, UnixNanos

INTERRUPTION_NS: Final = 2 * NANOS_PER_MINUTE  # published logs show releases 2:05 to 2:28 after the trigger


class VolatilityGroup(StrEnum):
    """Which percentages hold for an instrument."""

    KOSPI200 = "KOSPI200"  # constituents of the index
    OTHER = "OTHER"  # other KOSPI, KOSDAQ; KONEX, ETF and ETN are taken as these (unconfirmed)


class InterruptionKind(StrEnum):
    """Which measure tripped; Kiwoom's field 1225 tells the same three apart."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"
    BOTH = "BOTH"


@dataclass(frozen=True, slots=True)
class VolatilityRate:
    """Percentages of one phase from a day on. None: that measure is not taken there."""

    phase: OrderPhase
    group: VolatilityGroup
    since: date
    until: date  # exclusive
    dynamic_percent: int | None  # against the last trade
    static_percent: int | None  # against the reference: the day's base, then the last single price
    confirmed: bool
    source: str


_KNOWN_FROM: Final = date(2015, 6, 15)  # static ones came with the 30 % limits (unconfirmed here)
_PRESS: Final = "broker and press pages, published logs of interruptions; read 2026-11-22"
_G, _P = VolatilityGroup, OrderPhase


def _rates(
    phase: OrderPhase,
    percents: tuple[int | None, int | None],
    static: int | None,
    *,
    confirmed: bool = True,
    since: date = _KNOWN_FROM,
    until: date = date.max,
    source: str = _PRESS,
) -> tuple[VolatilityRate, ...]:
    """Rows for (KOSPI200, others)."""
    groups = (_G.KOSPI200, _G.OTHER)
    return tuple(
        VolatilityRate(phase, group, since, until, percent, static, confirmed, source)
        for group, percent in zip(groups, percents, strict=True)
    )


_AFTER: Final = "KB Securities 2026-09-04: interruptions apply; taken to be those of the regular session"
VOLATILITY_RATES: Final = (
    *_rates(_P.OPENING_AUCTION, (None, None), 10, confirmed=False),
    *_rates(_P.CONTINUOUS, (3, 6), 10),
    *_rates(_P.CLOSING_AUCTION, (2, 4), 10),
    *_rates(_P.OFF_HOURS_SINGLE, (3, 6), None, confirmed=False, until=AFTER_MARKET_OPENED),
    *_rates(_P.AFTER_MARKET, (3, 6), 10, confirmed=False, since=AFTER_MARKET_OPENED, source=_AFTER),
    *_rates(_P.NXT_PRE, (3, 6), 10, confirmed=False, since=AFTER_MARKET_OPENED, source=_AFTER),
    *_rates(_P.NXT_MAIN, (3, 6), 10, confirmed=False, since=AFTER_MARKET_OPENED, source=_AFTER),
    *_rates(_P.NXT_AFTER, (3, 6), 10, confirmed=False, since=AFTER_MARKET_OPENED, source=_AFTER),
)
_SINGLE_PRICE: Final = frozenset({_P.OPENING_AUCTION, _P.CLOSING_AUCTION})
_RELEASED: Final = frozenset({_P.INTERRUPTION_AUCTION, _P.OTHER_INTERRUPTION})


@dataclass(frozen=True, slots=True)
class Interruption:
    """One interruption. Orders are collected until it ends; what tripped it does not trade before."""

    kind: InterruptionKind
    price: Krw  # that would have traded
    reference: Krw  # the price it was measured against; for BOTH the static reference
    start: UnixNanos
    nominal_end: UnixNanos  # 2 minutes later
    latest_end: UnixNanos  # the random end adds up to 30 s
    phase: OrderPhase  # in which it tripped; an auction is prolonged by it


@dataclass(frozen=True, slots=True)
class VolatilityState:
    """What the rule remembers of one instrument on one venue and day."""

    on: date
    group: VolatilityGroup
    reference: Krw  # static: the day's base price, then the last single price
    last: Krw | None = None  # last trade; None before the first
    interrupted: Interruption | None = None  # until its auction's single price
    count: int = 0  # of the day; there is no cap


def volatility_of_day(base: int, on: date, group: VolatilityGroup = VolatilityGroup.OTHER) -> VolatilityState:
    """Give the state before the first trade of a day, from its base price (won, > 0).

    Raises InvariantError for no base, ConfigError for a day before 2015-06-15.
    """
    if base <= 0:
        raise InvariantError(f"base price expected > 0 won, was {base!r}")
    if on < _KNOWN_FROM:
        raise ConfigError(f"date expected {_KNOWN_FROM.isoformat()} or later (interruptions), was {on.isoformat()}")
    return VolatilityState(on, group, Krw(base))


def volatility_rate(phase: OrderPhase, group: VolatilityGroup, on: date) -> VolatilityRate | None:
    """Give the percentages of a phase, None where there are no interruptions: off-hours, liquidation, NXT before."""
    for rate in VOLATILITY_RATES:
        if rate.phase is phase and rate.group is group and rate.since <= on < rate.until:
            return rate
    return None


def on_trade(
    state: VolatilityState, price: int, at: int, phase: OrderPhase, *, liquidation: bool = False
) -> tuple[VolatilityState, Interruption | None]:
    """Judge a price (won) about to trade at a moment (UTC ns); give the state after and the interruption it causes.

    With None the price trades. In an auction's phase `price` is the single price about to be made: an interruption
    there prolongs the auction. In an interruption's auction (`phase` INTERRUPTION_AUCTION or OTHER_INTERRUPTION) the
    price always trades, is the next reference and ends the interruption. `liquidation` (정리매매) knows none.
    Raises InvariantError for a price that is not positive, and for a trade of another phase while interrupted.
    Source: `VOLATILITY_RATES`; that the tripping price itself does not trade is unconfirmed.
    """
    if price <= 0:
        raise InvariantError(f"price expected > 0 won, was {price!r}")
    won = Krw(price)
    if phase in _RELEASED:
        return replace(state, reference=won, last=won, interrupted=None), None
    if state.interrupted is not None:
        raise InvariantError(f"phase expected an interruption's auction until its single price, was {phase}")
    if not liquidation and (tripped := _tripped(state, won, at, phase)) is not None:
        return replace(state, interrupted=tripped, count=state.count + 1), tripped
    reference = won if phase in _SINGLE_PRICE else state.reference
    return replace(state, reference=reference, last=won), None


def released_without_trade(state: VolatilityState) -> VolatilityState:
    """Give the state after an interruption's auction in which nothing crossed: the reference stays (unconfirmed)."""
    return replace(state, interrupted=None)


def _tripped(state: VolatilityState, price: Krw, at: int, phase: OrderPhase) -> Interruption | None:
    rate = volatility_rate(phase, state.group, state.on)
    if rate is None:
        return None
    static = _is_off(price, state.reference, rate.static_percent)
    dynamic = state.last is not None and _is_off(price, state.last, rate.dynamic_percent)
    if not static and not dynamic:
        return None
    both = static and dynamic
    kind = InterruptionKind.BOTH if both else InterruptionKind.STATIC if static else InterruptionKind.DYNAMIC
    against = state.last if state.last is not None and not static else state.reference
    end = at + INTERRUPTION_NS
    return Interruption(kind, price, against, UnixNanos(at), UnixNanos(end), UnixNanos(end + MOST_RANDOM_END), phase)


def _is_off(price: int, reference: int, percent: int | None) -> bool:
    """Tell whether a price is at least `percent` away. 13,770 trips against 12,510, 13,760 (9.99 %) does not."""
    return percent is not None and abs(price - reference) * 100 >= percent * reference
