"""What strategies are shown when they are judged: nothing that was not known then."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.judging.claims import NOT_DUE
from backtest.judging.outcomes import DailyOutcomes
from backtest.judging.prices import Panel
from backtest.judging.scoring import score
from backtest.judging.walk import Stage
from domain.bars import Bar
from domain.config import SignalConfig
from domain.messages.market import AttentionMeasured
from domain.quotes import Quote
from domain.time import from_kst
from strategies.attention_drift import AttentionDrift
from strategies.attention_reversion import AttentionReversion
from strategies.base import Argument, Day, Scene, Strategy
from strategies.price_drift import PriceDrift
from tests.backtest.judging.builders import (
    CODES,
    EveryBar,
    Searched,
    a_panel,
    a_stage,
    an_argument,
    measured,
    sessions,
    walking,
)

MOST = 90
LOOSE = {"confirm_min": 1, "short_min": 0.005, "long_min": 0.005, "long_bars": 6, "short_bars": 3, "volume_bars": 5}


class Watcher(EveryBar):
    """Notes what it is shown."""

    NAME = "watcher"
    seen: ClassVar[list[tuple[Bar, Quote, Day, AttentionMeasured | None]]] = []

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        assert scene.quote is not None
        self.seen.append((bar, scene.quote, day, scene.attention))
        return ()


class Raiser(EveryBar):
    """Raises."""

    NAME = "raiser"

    def on_bar(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        raise ZeroDivisionError("by design")


def test_given_a_session_when_shown_then_the_bar_is_of_the_session_before_and_the_row_of_its_own_open() -> None:
    Watcher.seen = []
    panel = a_panel({"005930": [10_000, 10_100, 10_300]})
    measures = {"005930": [None, measured("005930", 1.0), measured("005930", 2.0)]}
    a_stage(panel, measures).walk(Watcher, {}, panel.codes)
    [first, second] = Watcher.seen
    bar, quote, day, attention = second
    assert (bar.open, bar.close, bar.interval_s) == (10_000, 10_100, 86_400)
    assert day.trading_date == panel.sessions[2] == sessions(3)[2]
    assert (quote.price, quote.bid_price, quote.ask_price) == (10_100, 10_100, 10_150)
    assert bar.start == from_kst(panel.sessions[1], 0, 0)
    assert quote.venue_time == day.open_time
    assert attention == measures["005930"][2]
    assert first[0].close == 10_000


def test_given_a_halted_session_when_walked_then_it_is_no_bar_and_a_claim_for_it_is_counted() -> None:
    panel = a_panel({"005930": [10_000, 10_100, 0, 10_300, 10_300]})
    done = a_stage(panel).walk(EveryBar, {"hold": 1}, panel.codes)
    assert [claim.at for claim in done.claims] == [1, 2, 4]
    scored = score(done.claims, DailyOutcomes(panel, 150).of)
    assert [one.reason for one in scored] == [
        "no price to leave at",
        "no price to enter at",
        "the horizon ends after the data",
    ]


def test_given_arguments_that_do_not_agree_or_are_unsure_when_walked_then_they_are_withheld() -> None:
    panel = a_panel(walking(1, 10))
    for rules, withheld in (
        (SignalConfig(agree=3), 18),
        (SignalConfig(agree=2), 0),
        (SignalConfig(min_confidence_ppm=600_001), 18),
        (SignalConfig(min_confidence_ppm=600_000), 0),
    ):
        done = Stage(panel, {}, rules).walk(EveryBar, {}, panel.codes)
        assert (done.withheld, len(done.claims)) == (withheld, 18 - withheld)


def test_given_a_strategy_that_raises_when_walked_then_it_is_told_and_nothing_else_ends() -> None:
    panel = a_panel(walking(1, 10))
    assert a_stage(panel).walk(Raiser, {}, panel.codes).error == "ZeroDivisionError: by design"


class Confused(EveryBar):
    """Argues for another symbol than it was shown."""

    NAME = "confused"

    def claims(self, bar: Bar, scene: Scene, day: Day) -> Iterable[Argument]:
        return (replace(an_argument(scene, 1), symbol="000000"),)


def test_given_an_argument_about_another_symbol_when_walked_then_it_is_no_claim() -> None:
    panel = a_panel(walking(1, 10))
    assert not a_stage(panel).walk(Confused, {}, panel.codes).claims


def cut(panel_closes: dict[str, list[float]], zs: dict[str, list[float]], count: int) -> tuple[Panel, Stage]:
    panel = a_panel({code: values[:count] for code, values in panel_closes.items()})
    measures = {code: [measured(code, z) for z in values[:count]] for code, values in zs.items()}
    return panel, Stage(panel, measures, SignalConfig(agree=2, most_against=2))


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kept=st.integers(50, MOST - 1),
    kind=st.sampled_from([PriceDrift, AttentionDrift, AttentionReversion, Searched]),
)
def test_for_any_future_appended_no_earlier_claim_or_score_changes(seed: int, kept: int, kind: type[Strategy]) -> None:
    closes = walking(seed, MOST, spread=0.04)
    draw = walking(seed + 1, MOST, spread=1.0)
    zs = {code: [float(value % 7) - 2 for value in values] for code, values in draw.items()}
    params = LOOSE if issubclass(kind, PriceDrift) else {}
    found = []
    for count in (kept, MOST):
        panel, stage = cut(closes, zs, count)
        done = stage.walk(kind, params, CODES)
        assert not done.error
        found.append(score(done.claims, DailyOutcomes(panel, 150).of))
    short, long = found
    assert [one.claim for one in short] == [one.claim for one in long if one.claim.at < kept]
    for early, late in zip(short, long, strict=False):
        assert early == late or (early.reason == NOT_DUE and early.due >= kept)


def test_given_claims_to_check_when_walked_then_each_kind_makes_some() -> None:
    """Guard the property above against being about nothing."""
    closes, draw = walking(3, MOST, spread=0.04), walking(4, MOST, spread=1.0)
    zs = {code: [float(value % 7) - 2 for value in values] for code, values in draw.items()}
    _, stage = cut(closes, zs, MOST)
    kinds: Sequence[type[Strategy]] = (PriceDrift, AttentionDrift, AttentionReversion, Searched)
    assert all(stage.walk(kind, LOOSE if issubclass(kind, PriceDrift) else {}, CODES).claims for kind in kinds)
