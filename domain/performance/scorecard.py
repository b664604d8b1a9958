"""The owner's targets beside what was measured, with the number of cases each figure rests on.

A target is judged only where something was measured, by the measured figure alone; how much luck is in it, its interval
(95 %, Wilson) and its number of cases say. Wishes are shown and never judged, and no figure here is a promise.
"""

from dataclasses import dataclass
from typing import NamedTuple

from domain.performance.metrics import LEAST_DAYS
from domain.performance.model import Target
from domain.scoring.accuracy import TARGET as PRECISION
from domain.scoring.chance import wilson
from domain.types import PPM

LINK_UP = (0.99, 0.999)  # of market time
REACTION_MS = 1_000.0  # 99th percentile stays below it
DAILY_LOSS = 0.05  # of the date's first equity
WIN_RATE = 0.6
AUTOMATION = 0.9
DRAWDOWN = 0.1  # of the peak
WISHES = {"wish_day": (0.01, 0.03), "wish_month": (0.10, 0.20)}  # from, to; the target carries the lower end
MONTH = 21  # sessions, a twelfth of 252


@dataclass(frozen=True, slots=True)
class Counted:
    """What the targets of one period are measured from. None: not measured."""

    market_ms: int = 0  # system time within regular sessions
    up_ms: int = 0  # of it, both links READY
    scored_entries: int = 0  # entry signals with an outcome
    right_entries: int = 0
    # 95 % interval of their share as `domain/scoring/accuracy` has it, which knows that signals of one date hang
    # together; None: that of independent signals.
    precision_interval: tuple[float, float] | None = None
    reactions: int = 0  # orders whose way from the receipt of a quote to the wire was measured
    reaction_ms_p99: float | None = None
    days: int = 0  # trading dates
    lowest_ppm: int | None = None  # deepest fall of a date below its start, open positions included
    closed_trades: int = 0
    wins: int = 0
    orders: int = 0  # approved
    by_hand: int = 0  # of them, sent by a person
    drawdown_ppm: int | None = None  # deepest, from a peak, free of flows
    total_return: float | None = None  # of the period, time-weighted


class Measure(NamedTuple):
    """One figure with what it rests on."""

    value: float | None
    n: int
    interval: tuple[float, float] | None = None  # 95 %, of shares that are a sample


def scorecard(now: Counted, before: Counted | None = None) -> tuple[Target, ...]:
    """Give targets, then wishes, of a period; `before` is the period before it."""
    uptime = Measure(_share(now.up_ms, now.market_ms), now.market_ms)
    uptime_before = _share(before.up_ms, before.market_ms) if before else None
    links = [_target("link_up", aim, uptime, "market_ms", uptime_before) for aim in LINK_UP]
    measured, earlier = _measures(now), _measures(before) if before else {}
    others = [
        _target(name, aim, measured[name], denominator, earlier[name].value if earlier else None)
        for name, aim, denominator in _TARGETS
    ]
    return (*links, *others)


# name, aim, what n counts
_TARGETS = (
    ("signal_precision", PRECISION, "scored_entries"),
    ("reaction", REACTION_MS, "reactions"),
    ("daily_loss", DAILY_LOSS, "days"),
    ("win_rate", WIN_RATE, "closed_trades"),
    ("automation", AUTOMATION, "orders"),
    ("drawdown", DRAWDOWN, "days"),
    ("wish_day", WISHES["wish_day"][0], "days"),
    ("wish_month", WISHES["wish_month"][0], "days"),
)
_AT_MOST = ("daily_loss", "drawdown")
_BELOW = ("reaction",)


def _measures(counted: Counted) -> dict[str, Measure]:
    days, automatic = counted.days, counted.orders - counted.by_hand
    return {
        "signal_precision": _trials(counted.right_entries, counted.scored_entries, counted.precision_interval),
        "reaction": Measure(counted.reaction_ms_p99, counted.reactions),
        "daily_loss": Measure(_fraction(counted.lowest_ppm), days),
        "win_rate": _trials(counted.wins, counted.closed_trades),
        "automation": Measure(_share(automatic, counted.orders), counted.orders),  # a count of all, no sample
        "drawdown": Measure(_fraction(counted.drawdown_ppm), days),
        "wish_day": Measure(_pace(counted, 1, 1), days),
        "wish_month": Measure(_pace(counted, MONTH, LEAST_DAYS), days),
    }


def _pace(counted: Counted, sessions: int, least: int) -> float | None:
    """Give the return of so many sessions at the period's pace: (1 + r)^(sessions / days) - 1."""
    total = counted.total_return
    if total is None or total < -1 or counted.days < least:
        return None
    return float((1 + total) ** (sessions / counted.days) - 1)


def _trials(wins: int, n: int, interval: tuple[float, float] | None = None) -> Measure:
    return Measure(_share(wins, n), n, interval or wilson(wins, n))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _fraction(ppm: int | None) -> float | None:
    return None if ppm is None else ppm / PPM


def _target(name: str, aim: float, measure: Measure, denominator: str, before: float | None) -> Target:
    value, n, interval = measure
    is_wish = name in WISHES
    is_told = n > 0 and value is not None
    low, high = interval if interval and is_told else (None, None)
    return Target(
        name=name,
        aim=aim,
        measured=value if is_told else None,
        low=low,
        high=high,
        met=None if is_wish or value is None or n <= 0 else _is_met(name, value, aim),
        n=n,
        denominator=denominator,
        before=before,
        is_wish=is_wish,
    )


def _is_met(name: str, value: float, aim: float) -> bool:
    if name in _AT_MOST:
        return value <= aim
    return value < aim if name in _BELOW else value >= aim
