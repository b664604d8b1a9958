"""How often signals were right, group by group, against always being in, so that luck is not called skill.

A signal counts as right when its gross return beat the costs of a round trip (`outcome.py`). Its naive rival entered
the same instrument on the same date with the same horizon at every completed minute; entries drawn at random with the
same frequency win as often on average, so that share is the chance each signal had without skill, and

    p = P(as many wins or more | these chances)

Signals of one date rise and fall together. So from LEAST_DATES dates on the spread between dates is measured: where it
is wider than independent signals would have, interval and p-value are made from it, by Student's t, since few dates
know their spread badly. With fewer dates there is no p-value, and the interval assumes independence, which is too kind;
the number of dates says so.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from domain.messages.trading import BaselineScored, SignalScored
from domain.scoring.calibration import Bin, calibration
from domain.scoring.chance import above_spread, chance_of_at_least, widening, wilson
from domain.signal_views import ScoresView
from domain.time import kst_date
from domain.types import Purpose

TARGET = 0.7  # precision aimed at
LEAST_DATES = 10  # from which the spread between dates says something
PPM_PER_BP = 100

Chances = Mapping[tuple[str, str, int, int], tuple[int, int]]  # symbol, date, horizons -> wins, entries of always in


class Accuracy(NamedTuple):
    """Accuracy of the signals of one group. None where there is nothing to say it from."""

    by: str  # all, strategy, symbol, regime, attention
    key: str  # empty for all
    purpose: Purpose
    signals: int  # scored
    wins: int
    dates: int  # KST dates they fall on
    precision: float | None
    precision_low: float | None  # of the 95 % confidence interval
    precision_high: float | None
    hit_rate: float | None  # share whose direction was right, costs left out
    mean_return_bps: float | None  # after costs
    mean_cost_bps: float | None
    baseline_precision: float | None  # of always in, weighted as entries are; only where every one of them has one
    p_value: float | None
    unscored: int
    bins: tuple[Bin, ...]


GROUPS: tuple[tuple[str, Callable[[SignalScored], str]], ...] = (
    ("all", lambda _: ""),
    ("strategy", lambda scored: scored.strategy),
    ("symbol", lambda scored: scored.symbol),
    ("regime", lambda scored: scored.regime),
    ("attention", lambda scored: scored.attention),
)


def accuracy_rows(view: ScoresView, strategy: str = "", symbol: str = "") -> tuple[Accuracy, ...]:
    """Give a row for all signals, then one for each strategy, symbol, regime and source of attention, entries first."""
    chosen = [s for s in view.scored if strategy in ("", s.strategy) and symbol in ("", s.symbol)]
    chances = chances_of(view.baselines)
    rows = []
    for by, key_of in GROUPS:
        keyed = sorted(((s.purpose is not Purpose.ENTRY, key_of(s)), at, s) for at, s in enumerate(chosen))
        for (_, key), members in groupby(keyed, key=lambda item: item[0]):
            scored = [item[2] for item in members]
            rows.append(accuracy(by, key, scored[0].purpose, scored, chances))
    return tuple(rows)


def chances_of(baselines: Iterable[BaselineScored]) -> Chances:
    """Give what always being in won, by symbol, date and horizon; the newest row of each counts."""
    return {
        (row.symbol, row.trading_date, row.horizon_s, row.horizon_sessions): (row.wins, row.entries)
        for row in baselines
        if row.entries
    }


def accuracy(by: str, key: str, purpose: Purpose, scored: Sequence[SignalScored], chances: Chances) -> Accuracy:
    """Sum one group up."""
    judged = [s for s in scored if s.won is not None]
    n, wins = len(judged), sum(bool(s.won) for s in judged)
    each = [_date(s) for s in judged]
    dates = set(each)
    if not n:
        return Accuracy(by, key, purpose, 0, 0, 0, *(None,) * 8, len(scored), ())
    share = wins / n
    spread = _spread((day, float(bool(s.won)) - share) for day, s in zip(each, judged, strict=True))
    counted = float(n)
    if 0 < share < 1 and len(dates) >= LEAST_DATES:
        counted = n / max(1.0, spread * widening(len(dates)) / (n * share * (1 - share)))
    low, high = wilson(share * counted, counted)
    # Always in is a buy: it says nothing of what holding on instead of an exit would have brought.
    base, p_value = _against_luck(judged, each, wins, chances) if purpose is Purpose.ENTRY else (None, None)
    return Accuracy(
        by,
        key,
        purpose,
        n,
        wins,
        len(dates),
        share,
        low,
        high,
        sum(s.gross_ppm > 0 for s in judged) / n,
        math.fsum(s.gross_ppm - s.cost_ppm for s in judged) / n / PPM_PER_BP,
        math.fsum(s.cost_ppm for s in judged) / n / PPM_PER_BP,
        base,
        p_value,
        len(scored) - n,
        calibration((s.confidence, bool(s.won)) for s in judged),
    )


def _against_luck(
    judged: Sequence[SignalScored], each: Sequence[str], wins: int, chances: Chances
) -> tuple[float | None, float | None]:
    """Give the baseline's precision and the chance of doing as well without skill; `each` is the date of each."""
    if not chances:
        return None, None
    dates = len(set(each))
    keys = zip(judged, each, strict=True)
    found = [chances.get((s.symbol, day, s.horizon_s, s.horizon_sessions)) for s, day in keys]
    known = [won / entries for won, entries in (item for item in found if item is not None)]
    if len(known) < len(judged):
        return None, None
    mean = math.fsum(known)
    if dates < LEAST_DATES:  # how dates hang together cannot be told from so few, and without that p is far too kind
        return mean / len(known), None
    better = (wins - mean) / len(known)  # than luck, on average: no part of the spread
    errors = [(day, float(bool(s.won)) - p - better) for s, day, p in zip(judged, each, known, strict=True)]
    p_value = max(chance_of_at_least(known, wins), above_spread(wins, mean, _spread(errors), dates))
    return mean / len(known), p_value


def _spread(errors: Iterable[tuple[str, float]]) -> float:
    """Give the variance of a sum whose parts hang together within a date."""
    sums: dict[str, float] = {}
    for day, error in errors:
        sums[day] = sums.get(day, 0.0) + error
    return math.fsum(total * total for total in sums.values())


def _date(scored: SignalScored) -> str:
    return kst_date(scored.formed_at).isoformat()
