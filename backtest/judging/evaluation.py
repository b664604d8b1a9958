"""Judges several strategies on one file of prices and one of search series."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from backtest.judging.daily import daily_bench, known_attention
from backtest.judging.judge import Judgement, judge
from backtest.judging.luck import holm
from backtest.judging.minute_bench import MOST_CELLS, MinuteOutcomes, MinuteStage, days_of, minute_bench
from backtest.judging.outcomes import DailyOutcomes
from backtest.judging.prices import Bars
from backtest.judging.report import as_row
from backtest.judging.splits import WINDOWS
from backtest.judging.walk import Measures, Stage
from domain.bars import DAY_S
from domain.config import SignalConfig
from strategies.base import Strategy

# What shows what attention adds: the same prices, on the same symbols and sessions, without it.
CONTROLS: Final[Mapping[str, str]] = {"attention_drift": "price_drift"}
NONE_KNOWN: Final[Mapping[str, type[Strategy]]] = {}
Tell = Callable[[str], None]


def evaluate(
    bars: Bars,
    measures: Measures,
    kinds: Sequence[type[Strategy]],
    *,
    signals: SignalConfig,
    commission_ppm: int,
    windows: int = WINDOWS,
    known: Mapping[str, type[Strategy]] = NONE_KNOWN,
    tell: Tell = lambda _: None,
) -> list[dict[str, Any]]:
    """Give one row a strategy, in order; `known` are those that controls are taken from, `tell` hears of progress."""
    panel = bars.panel
    stage, outcomes = Stage(panel, measures, signals), DailyOutcomes(panel, commission_ppm)
    judged: list[tuple[Judgement, Judgement | None, Sequence[date]]] = []
    for kind in kinds:
        tell(f"judging {kind.NAME}")
        if DAY_S not in kind.INTERVALS:
            judged.append((_by_minute(bars, measures, kind, signals, commission_ppm, windows), None, days_of(panel)))
            continue
        found = judge(kind, daily_bench(stage, outcomes, kind), windows)
        control = known.get(CONTROLS.get(kind.NAME, ""))
        beside = None
        if control is not None and measures and not found.error:
            tell(f"judging {control.NAME} where {kind.NAME} was judged")
            bench = daily_bench(stage, outcomes, control, tuple(measures), known_attention(stage))
            beside = judge(control, bench, windows)
        judged.append((found, beside, panel.sessions))
    adjusted = holm({found.strategy: found.p_value for found, _, _ in judged})
    return [as_row(found, adjusted[found.strategy], days, beside) for found, beside, days in judged]


def _by_minute(
    bars: Bars,
    measures: Measures,
    kind: type[Strategy],
    signals: SignalConfig,
    commission_ppm: int,
    windows: int,
) -> Judgement:
    """Judge a strategy over minutes. Outcomes are dropped afterwards: they are large."""
    if bars.minutes is None:
        return Judgement(kind.NAME, "bars of minutes are needed")
    stage = MinuteStage(bars.panel, bars.minutes, measures, signals)
    if stage.cells > MOST_CELLS:
        why = f"{stage.cells:,} minutes of symbols are more than the {MOST_CELLS:,} that are judged"
        return Judgement(kind.NAME, why)
    return judge(kind, minute_bench(stage, MinuteOutcomes(stage, commission_ppm), kind), windows)
