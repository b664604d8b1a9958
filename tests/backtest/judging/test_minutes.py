"""Strategies over minutes: entered at the next bar's open, left inside the session."""

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from backtest.judging.claims import BROKEN
from backtest.judging.evaluation import evaluate
from backtest.judging.minute_bench import MinuteOutcomes, MinuteStage, minute_bench
from backtest.judging.minutes import SLOTS, daily_of
from backtest.judging.prices import Bars, panel_of
from backtest.judging.scoring import score
from domain.bars import MINUTE_S, Bar
from domain.messages.trading import SignalInput
from domain.quotes import Quote
from domain.types import Krw, Purpose, Side
from strategies.base import Argument, Day, Param, Scene, Searches, Strategy
from tests.backtest.judging.builders import NO_RULES, measured
from tests.backtest.judging.builders import sessions as from_new_year

CODE = "005930"
Minute = tuple[str, date, int, float, float, int]  # code, day, minute of the day, open, close, volume


def sessions(count: int) -> list[date]:
    """Give sessions that open at 09:00: the first of a year opens late."""
    return from_new_year(count + 1)[1:]


class EveryMinute(Strategy):
    """Claims after every bar on more than usual volume, for three minutes."""

    NAME: ClassVar[str] = "every_minute"
    PARAMS: ClassVar[tuple[Param, ...]] = (Param("least", 1, 1, 10_000, "shares"),)
    SEARCHES: ClassVar[Searches] = Searches.OPTIONAL
    seen: ClassVar[list[tuple[Bar, Quote, Day, Any]]] = []

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        assert scene.quote is not None
        self.seen.append((bar, scene.quote, day, scene.attention))
        if bar.volume < int(self.params["least"]):
            return ()
        said = (SignalInput("volume", 1.0, "for"),)
        price = Krw(scene.quote.ask_price)
        return (Argument(bar.symbol, Side.BUY, Purpose.ENTRY, 1.0, 0.6, 180, price, "unknown", said, "made"),)


def bars_of(minutes: list[Minute]) -> Bars:
    frame = pl.DataFrame(
        [
            {"code": code, "date": day, "minute": minute, "open": float(opened), "high": float(max(opened, close)),
             "low": float(min(opened, close)), "close": float(close), "volume": float(volume)}
            for code, day, minute, opened, close, volume in minutes
        ]
    ).sort("code", "date", "minute")  # fmt: skip
    return Bars(panel_of("made", daily_of(frame)), frame)


def a_stage(minutes: list[Minute], attention: Any = None) -> MinuteStage:
    bars = bars_of(minutes)
    assert bars.minutes is not None
    return MinuteStage(bars.panel, bars.minutes, attention or {}, NO_RULES)


def test_given_minutes_when_walked_then_a_bar_is_shown_at_the_open_of_the_next_and_the_last_never() -> None:
    EveryMinute.seen.clear()
    first, second = sessions(2)
    stage = a_stage(
        [
            (CODE, first, 540, 100, 101, 10),
            (CODE, first, 545, 103, 104, 20),
            (CODE, second, 540, 200, 201, 30),
            (CODE, second, 541, 202, 203, 40),
            (CODE, second, 990, 210, 211, 50),  # after the close
        ],
        {CODE: [None, measured(CODE, 2.0)]},
    )
    done = stage.walk(EveryMinute, {}, [CODE])
    assert not done.error
    (bar, quote, day, attention), (later, later_quote, _, known) = EveryMinute.seen
    assert (bar.open, bar.close, bar.volume, bar.interval_s) == (100, 101, 10, MINUTE_S)
    assert (quote.price, quote.cumulative_volume, attention) == (103, 10, None)
    assert quote.venue_time == day.open_time + 300 * 10**9 > bar.start == day.open_time
    assert (later.open, later_quote.price, known) == (200, 202, measured(CODE, 2.0))
    assert [claim.at for claim in done.claims] == [5, SLOTS + 1]


def test_given_claims_of_minutes_when_scored_then_they_end_at_their_horizon_or_with_the_session() -> None:
    [day] = sessions(1)
    prices = [(540, 10_000, 10_000), (541, 10_100, 10_200), (543, 10_300, 10_300), (545, 10_500, 10_400)]
    stage = a_stage([(CODE, day, minute, opened, close, 10) for minute, opened, close in prices])
    outcomes = MinuteOutcomes(stage, 150)
    found = score(stage.walk(EveryMinute, {}, [CODE]).claims, outcomes.of)
    assert [(one.claim.at, one.due) for one in found] == [(1, 5), (3, 5), (5, 5)]
    assert [one.gross_ppm for one in found] == [
        (10_500 - 10_100) * 1_000_000 // 10_100,  # the first bar at or after three minutes, its open
        (10_400 - 10_300) * 1_000_000 // 10_300,  # the session ends before: its last close
        (10_400 - 10_500) * 1_000_000 // 10_500,
    ]
    assert found[0].cost_ppm == 2 * 150 + 2_300 - (-50 * 1_000_000 // 10_100)


def test_given_a_file_that_mixes_two_scales_in_a_session_when_scored_then_claims_across_them_have_no_score() -> None:
    [day] = sessions(1)
    prices = [(540, 10_000), (541, 10_000), (542, 40_000), (545, 40_000), (546, 40_000)]
    stage = a_stage([(CODE, day, minute, price, price, 10) for minute, price in prices])
    found = score(stage.walk(EveryMinute, {}, [CODE]).claims, MinuteOutcomes(stage, 150).of)
    assert [one.reason for one in found] == [BROKEN, "", "", ""]


def test_given_trades_before_and_after_the_session_when_put_together_then_the_day_is_the_regular_one() -> None:
    [day] = sessions(1)
    regular: list[Minute] = [(CODE, day, 540, 10_000, 10_100, 5), (CODE, day, 930, 10_200, 10_200, 7)]
    panel = bars_of([(CODE, day, 480, 9_000, 9_100, 3), *regular, (CODE, day, 950, 11_000, 11_000, 9)]).panel
    grids = (panel.open, panel.high, panel.low, panel.close, panel.volume)
    assert [grid.tolist() for grid in grids] == [[[10_000]], [[10_200]], [[10_000]], [[10_200]], [[12]]]


def lively(seed: int, effect: float, days: int = 70, minutes: int = 40) -> list[Minute]:
    """Give random walks in which a burst of volume moves the next three minutes by `effect` each."""
    draw, found = np.random.default_rng(seed), list[Minute]()
    for code in (CODE, "120110", "0000D0"):
        for day in sessions(days):
            burst = draw.random(minutes) < 0.05
            moves = draw.normal(0, 0.002, minutes) + sum(np.roll(burst, back) * effect for back in (1, 2, 3))
            closes = np.round(50_000 * np.exp(np.cumsum(moves))).tolist()
            opens = [50_000.0, *closes[:-1]]
            found += [
                (code, day, 540 + at, opens[at], closes[at], 5_000 if burst[at] else 100) for at in range(minutes)
            ]
    return found


class Bursts(EveryMinute):
    """Claims after bursts of volume."""

    NAME: ClassVar[str] = "bursts"
    PARAMS: ClassVar[tuple[Param, ...]] = (Param("least", 1_000, 1, 10_000, "shares"),)


@pytest.mark.parametrize(("effect", "least", "most"), [(0.006, 0.0, 0.05), (0.0, 0.06, 1.0)])
def test_given_an_effect_within_sessions_or_none_when_judged_then_the_p_value_tells_them_apart(
    effect: float, least: float, most: float
) -> None:
    EveryMinute.seen.clear()
    [row] = evaluate(bars_of(lively(3, effect)), {}, [Bursts], signals=NO_RULES, commission_ppm=150)
    EveryMinute.seen.clear()
    assert not row["error"]
    assert row["signals"] > 40
    assert least <= row["p_value"] <= most
    assert row["sessions"] == 70
    assert [one["test_from"] for one in row["splits"]] == [str(sessions(70)[46])]


def test_given_attention_that_is_needed_when_judged_by_minute_then_only_known_sessions_count() -> None:
    class Needy(Bursts):
        SEARCHES: ClassVar[Searches] = Searches.REQUIRED

    EveryMinute.seen.clear()
    stage = a_stage(lively(3, 0.0, days=3), {CODE: [measured(CODE, 1.0), measured(CODE, None), measured(CODE, 1.0)]})
    bench = minute_bench(stage, MinuteOutcomes(stage, 150), Needy)
    EveryMinute.seen.clear()
    column = stage.panel.codes.index(CODE)
    assert bench.mask[:, column].reshape(3, SLOTS).all(axis=1).tolist() == [True, False, True]
    assert bench.mask.sum() == 2 * SLOTS
    assert np.flatnonzero(bench.walk(Needy, {}).shown.any(axis=0)).tolist() == [column]


def test_given_a_daily_file_when_a_minute_strategy_is_asked_for_then_it_says_what_it_needs() -> None:
    bars = bars_of(lively(3, 0.0, days=2))
    [row] = evaluate(Bars(bars.panel, None), {}, [Bursts], signals=NO_RULES, commission_ppm=150)
    assert row["error"] == "bars of minutes are needed"


def test_given_more_minutes_than_fit_when_judged_then_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backtest.judging.evaluation.MOST_CELLS", 100)
    [row] = evaluate(bars_of(lively(3, 0.0, days=2)), {}, [Bursts], signals=NO_RULES, commission_ppm=150)
    assert "more than the 100 that are judged" in row["verdict"]
