"""The bench for strategies over sessions."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from backtest.judging.judge import Bench, Mask
from backtest.judging.outcomes import DailyOutcomes
from backtest.judging.prices import Panel
from backtest.judging.walk import Measures, Stage, Walked
from strategies.base import Searches, Strategy


class Staged(Protocol):
    """What is known about attention where strategies are judged."""

    panel: Panel
    measures: Measures


def daily_bench(
    stage: Stage,
    outcomes: DailyOutcomes,
    kind: type[Strategy],
    codes: Sequence[str] | None = None,
    mask: Mask | None = None,
) -> Bench:
    """Give what a strategy is judged on: all symbols, or those with attention when it needs that.

    `codes` and `mask` narrow it down to what another strategy was judged on.
    """
    panel = stage.panel
    needs = kind.SEARCHES is Searches.REQUIRED
    shown = tuple(stage.measures) if needs else panel.codes
    if codes is not None:
        shown = tuple(code for code in shown if code in set(codes))

    def walk(chosen: type[Strategy], params: dict[str, float | bool | str]) -> Walked:
        return stage.walk(chosen, params, shown)

    where = known_attention(stage) if needs else np.ones(panel.open.shape, bool)
    return Bench(
        codes=panel.codes,
        blocks=[f"{day:%Y-%m}" for day in panel.sessions],
        outcomes_of=outcomes.of,
        walk=walk,
        mask=where if mask is None else where & mask,
    )


def known_attention(stage: Staged) -> Mask:
    """Tell for which sessions and symbols attention was known."""
    known = np.zeros(stage.panel.open.shape, bool)
    for code, measured in stage.measures.items():
        column = stage.panel.codes.index(code)
        known[:, column] = [one is not None and one.z is not None for one in measured]
    return known
