"""The whole walk forward: a planted effect is found, a missing one is not, scale does not matter."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

import numpy as np
import pytest

from backtest.judging.evaluation import evaluate
from backtest.judging.judge import Figures, Judgement
from backtest.judging.pairing import Pairing, measure
from backtest.judging.prices import Bars
from backtest.judging.series import DAILY, Series
from backtest.judging.verdict import FEW, verdict
from domain.bars import Bar
from domain.config import SignalConfig
from domain.messages.market import TrendPoint
from domain.time import kst_date
from strategies.attention_drift import AttentionDrift
from strategies.attention_reversion import AttentionReversion
from strategies.base import Argument, Day, Param, Scene, Strategy
from strategies.price_drift import PriceDrift
from tests.backtest.judging.builders import (
    CODES,
    FIRST,
    NO_RULES,
    EveryBar,
    Searched,
    a_panel,
    measured,
    sessions,
    walking,
)
from tests.backtest.judging.test_walk import Raiser

COUNT = 420
LAG = timedelta(days=200)  # of attention before prices begin


def judged(
    closes: dict[str, list[float]],
    zs: dict[str, list[float | None]] | None,
    kinds: Sequence[type[Strategy]],
    rules: SignalConfig = NO_RULES,
    **more: Any,
) -> list[dict[str, Any]]:
    measures = {code: [measured(code, z) for z in values] for code, values in (zs or {}).items()}
    return evaluate(Bars(a_panel(closes), None), measures, kinds, signals=rules, commission_ppm=150, known={}, **more)


def surges(
    seed: int, effect: float, often: float = 0.04
) -> tuple[dict[str, list[float]], dict[str, list[float | None]]]:
    """Give prices and attention that surges at random; a surge moves the next three sessions by `effect` each."""
    draw = np.random.default_rng(seed)
    closes, zs = walking(seed, COUNT), {}
    for code in CODES:
        surged = draw.random(COUNT) < often
        drift = sum(np.roll(surged, back) * effect for back in (0, 1, 2))
        closes[code] = np.round(np.array(closes[code]) * np.exp(np.cumsum(drift))).tolist()
        zs[code] = np.where(surged, 3.0, 0.0).tolist()
    return closes, zs


def test_given_a_planted_effect_when_judged_then_it_is_found_and_beats_always_in() -> None:
    [row] = judged(*surges(5, 0.03, often=0.06), [Searched])
    assert row["signals"] >= FEW
    assert row["precision"] > 0.85 > row["baseline_precision"]
    assert row["p_value"] < 0.01
    assert row["mean_return_bps"] > 200 > row["cost_bps"] > 0
    assert row["verdict"].startswith("more often right than random entries")
    assert row["precision_low"] < row["precision"] < row["precision_high"] or row["precision_high"] == 1


def test_given_no_effect_when_judged_many_times_then_luck_is_seldom_called_skill() -> None:
    found = [judged(*surges(seed, 0.0), [Searched])[0]["p_value"] for seed in range(24)]
    assert sum(p <= 0.1 for p in found) <= 6  # 2.4 expected
    assert 0.3 < sum(found) / len(found) < 0.75


def test_given_two_parameters_when_judged_then_each_window_uses_what_was_better_before_it() -> None:
    closes, zs = surges(5, 0.03)
    for values in zs.values():
        noise = np.random.default_rng(1).random(COUNT) < 0.1
        values[:] = [1.5 if at_noise and not z else z for at_noise, z in zip(noise, values, strict=True)]
    [row] = judged(closes, zs, [Searched])
    assert row["variants"] == 2
    assert {one["params"]["least"] for one in row["splits"]} == {2.0}, "the default of 1.5 lets noise in"


def test_given_a_bad_last_window_when_judged_then_its_parameters_are_those_learned_before_it() -> None:
    closes, zs = surges(5, 0.03)
    whole = judged(closes, zs, [Searched])[0]
    start = sessions(COUNT).index(next(d for d in sessions(COUNT) if str(d) == whole["splits"][-1]["test_from"]))
    for values in closes.values():
        values[start:] = [values[start - 1] * 0.9 ** (at + 1) for at in range(COUNT - start)]
    fallen = judged(closes, zs, [Searched])[0]
    assert [one["params"] for one in fallen["splits"]] == [one["params"] for one in whole["splits"]]
    assert fallen["splits"][-1]["precision"] == 0 < whole["splits"][-1]["precision"]
    assert fallen["splits"][:-2] == whole["splits"][:-2]


def test_given_always_in_when_judged_then_it_is_no_better_than_the_baseline() -> None:
    [row] = judged(walking(1, COUNT), None, [EveryBar])
    assert row["precision"] == pytest.approx(row["baseline_precision"], abs=0.1)
    assert row["p_value"] > 0.1
    assert row["symbols"] == 2
    assert row["overlapping"] > row["signals"]


def test_given_strategies_that_raise_or_never_signal_when_judged_then_nulls_say_so_and_the_rest_goes_on() -> None:
    zs: dict[str, list[float | None]] = {"005930": [0.0] * COUNT}
    found = {row["strategy"]: row for row in judged(walking(1, COUNT), zs, [Raiser, Searched, EveryBar])}
    assert found["raiser"]["error"] == "it raised ZeroDivisionError: by design"
    for name in ("raiser", "searched"):
        row = found[name]
        assert row["signals"] == 0
        assert [row[key] for key in ("precision", "baseline_precision", "p_value", "p_value_holm")] == [None] * 4
        assert [row[key] for key in ("mean_return_bps", "cost_bps", "precision_low", "hit_rate")] == [None] * 4
    assert found["searched"]["verdict"].startswith("no signals")
    assert found["searched"]["symbols"] == 1
    assert found["every_bar"]["signals"] > 0
    assert found["every_bar"]["p_value_holm"] == found["every_bar"]["p_value"], "only one p-value was asked for"


def test_given_too_few_sessions_when_judged_then_it_is_said_instead_of_a_figure() -> None:
    [row] = judged(walking(1, 55), None, [EveryBar])
    assert "54 sessions" in row["verdict"]
    assert row["signals"] == 0


def test_given_attention_known_in_part_of_the_time_when_judged_then_windows_lie_in_that_part() -> None:
    closes, zs = surges(5, 0.03)
    for values in zs.values():
        values[300:] = [None] * (COUNT - 300)
    [row] = judged(closes, zs, [Searched])
    assert row["sessions"] == 299
    assert row["splits"][-1]["test_to"] == str(sessions(COUNT)[299])


def test_given_a_strategy_that_remembers_earlier_walks_when_judged_then_it_is_not() -> None:
    class Remembers(EveryBar):
        """Knows from its first life what the next session brings: the sets of parameters are tried one by one."""

        NAME: ClassVar[str] = "remembers"
        closes: ClassVar[dict[tuple[str, date], int]] = {}
        PARAMS: ClassVar[tuple[Param, ...]] = (Param("hold", 1, 1, 60, "sessions", sweep=(1, 2)),)

        def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
            self.closes[bar.symbol, kst_date(bar.start)] = bar.close
            coming = self.closes.get((bar.symbol, day.trading_date), 0)
            return super().on_bar(bar, scene, day) if coming > bar.close * 1.01 else ()

    row, other = judged(walking(3, 200), None, [Remembers, EveryBar])
    assert "not the same when it lives through the data again" in row["error"]
    assert (row["signals"], row["precision"], row["p_value"]) == (0, None, None)
    assert not other["error"]


def test_given_equal_input_when_judged_twice_then_the_answers_are_equal_to_the_byte() -> None:
    first, second = (json.dumps(judged(*surges(5, 0.03), [Searched, EveryBar])) for _ in range(2))
    assert first == second


def test_given_a_series_multiplied_by_a_constant_when_judged_then_nothing_changes() -> None:
    draw = np.random.default_rng(11)
    days = [FIRST - LAG + timedelta(days=at) for at in range(COUNT * 3 // 2 + 200)]
    values = np.exp(draw.normal(0, 0.3, len(days)) + 2.0 * (np.arange(len(days)) % 60 < 5))
    panel = a_panel(walking(9, COUNT, spread=0.03))
    rows = []
    for factor in (1.0, 0.25, 4096.0):
        points = tuple(TrendPoint(day.isoformat(), v * factor) for day, v in zip(days, values.tolist(), strict=True))
        pairing = Pairing({"가": "005930"}, {"005930": (Series("가", "", DAILY, points),)})
        measures = measure(pairing, panel.sessions)
        rules = SignalConfig(agree=2, most_against=2)
        kinds = (AttentionDrift, AttentionReversion, PriceDrift)
        rows.append(evaluate(Bars(panel, None), measures, kinds, signals=rules, commission_ppm=150, known={}))
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0]["signals"] > 0


def test_given_attention_drift_when_judged_then_prices_alone_are_judged_beside_it_where_attention_was_known() -> None:
    closes, zs = surges(5, 0.03)
    for values in zs.values():
        values[300:] = [None] * (COUNT - 300)
    measures = {code: [measured(code, z) for z in values] for code, values in zs.items()}
    bars = Bars(a_panel(closes | walking(8, COUNT, ("000660",))), None)
    known = {"price_drift": PriceDrift}
    [row] = evaluate(bars, measures, [AttentionDrift], signals=NO_RULES, commission_ppm=150, known=known)
    control = row["control"]
    assert control["strategy"] == "price_drift"
    assert control["signals"] > row["signals"]
    assert set(control["by_symbol"]) <= set(CODES)
    assert [one["test_to"] for one in control["splits"]] == [one["test_to"] for one in row["splits"]]


@pytest.mark.parametrize(("count", "said"), [(1, "1 signal is too few to tell"), (8, "8 signals are too few to tell")])
def test_given_few_signals_when_told_then_that_they_are_too_few_is_all_that_is_said(count: int, said: str) -> None:
    few = Judgement("s", figures=Figures(count, 0.25, 0.0, 0.59, mean_return_bps=-372.0, baseline_return_bps=-96.0))
    assert verdict(few, 0.91) == verdict(few, 0.001) == said


def test_given_enough_signals_when_told_then_luck_return_and_target_are_named() -> None:
    enough = Judgement("s", figures=Figures(FEW, 0.25, 0.1, 0.59, mean_return_bps=-372.0, baseline_return_bps=-96.0))
    told = verdict(enough, 0.91)
    assert told.startswith("not distinguishable from luck; lost 372 bps a signal after costs, always being in lost 96")
    assert told.endswith("below the precision aimed at (70%)")
