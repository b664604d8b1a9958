"""The first strategy with further indicators: inputs, vetoes, confidence, regime, exits that can be scored."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.messages.trading import SignalInput
from domain.types import Krw, Side, UnixNanos
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Argument, Scene
from strategies.price_view import balance
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, a_bar, a_fill, a_quote, a_scene, measured

FURTHER = ("momentum_20", "volatility_regime", "vi_distance", "limit_distance", "spread")


def a_warm_strategy(minutes: int = 21, **params: Any) -> AttentionMomentum:
    """A strategy that saw flat minutes up to minute 59."""
    strategy = AttentionMomentum(params)
    strategy.on_day(DAY)
    for minute in range(60 - minutes, 60):
        scene = a_scene()
        scene.quote = a_quote(minute + 1)
        assert not strategy.on_bar(a_bar(minute, volume=90 + minute % 20), scene, DAY)
    return strategy


def risen(strategy: AttentionMomentum, scene: Scene | None = None, close: int = 10_300) -> list[Argument]:
    scene = scene or a_scene()
    scene.quote = a_quote(61, close)
    return list(strategy.on_bar(a_bar(60, close, 1_000), scene, DAY))


def said(argument: Argument) -> dict[str, str]:
    return {item.name: item.verdict for item in argument.inputs}


def test_given_a_short_history_when_it_rises_then_what_is_not_known_says_so_and_moves_nothing() -> None:
    [entry] = risen(a_warm_strategy())
    assert [item.name for item in entry.inputs] == ["momentum", "volume_surprise", "attention", *FURTHER]
    assert said(entry)["volatility_regime"] == "unknown"
    assert {item.name: item.quality for item in entry.inputs}["volatility_regime"] == "warming up: 22 of 41 bars"
    assert said(entry)["momentum_20"] == "for"
    assert entry.regime == "unknown"


def test_given_a_long_history_when_it_rises_then_the_regime_is_told_and_the_confidence_weighs_both_sides() -> None:
    [entry] = risen(a_warm_strategy(50))
    assert entry.regime == "wild"  # flat for long, then 3 %
    words = said(entry)
    assert (words["momentum_20"], words["volatility_regime"]) == ("for", "against")
    assert entry.confidence == 0.55, "one for, one against: nothing is moved"
    assert "confirmed by momentum_20, against it volatility_regime" in entry.rationale


@pytest.mark.parametrize(("most", "entries"), [(0, 0), (1, 1)])
def test_given_an_indicator_against_it_when_it_rises_then_the_parameter_says_how_many_may_be(
    most: int, entries: int
) -> None:
    assert len(risen(a_warm_strategy(50, most_against=most))) == entries


def test_given_all_that_is_known_for_it_when_it_rises_then_the_confidence_is_higher() -> None:
    [entry] = risen(a_warm_strategy(agreement_weight=0.2))
    known = [word for name, word in said(entry).items() if name in FURTHER and word != "unknown"]
    assert entry.confidence == pytest.approx(0.55 + 0.2 / len(known))


def test_given_a_price_near_the_interruption_and_the_limit_when_it_rises_then_both_speak_against_it() -> None:
    scene = a_scene()
    scene.instrument = replace(scene.instrument, base_price=Krw(9_400), upper_limit=Krw(10_350))
    assert not risen(a_warm_strategy(), scene)
    scene = a_scene()
    scene.instrument = replace(scene.instrument, base_price=Krw(9_400), upper_limit=Krw(10_350))
    [entry] = risen(a_warm_strategy(most_against=2), scene)
    assert (said(entry)["vi_distance"], said(entry)["limit_distance"]) == ("against", "against")


def test_given_low_attention_when_everything_else_is_for_it_then_the_confidence_stays_below_the_floor_of_risk() -> None:
    [entry] = risen(a_warm_strategy(), a_scene(z=-2.0))
    assert entry.confidence < 0.5


def test_given_no_confirmation_when_it_rises_then_only_momentum_volume_and_attention_are_told() -> None:
    [entry] = risen(a_warm_strategy(50, confirm=False))
    assert [item.name for item in entry.inputs] == ["momentum", "volume_surprise", "attention"]
    assert (entry.confidence, entry.regime) == (0.55, "")


def test_given_prices_of_another_scale_when_told_then_the_bars_begin_anew() -> None:
    strategy = a_warm_strategy()
    strategy.on_reset(CODE, 60)
    assert not risen(strategy)


def test_given_a_holding_when_it_is_sold_then_the_exit_claims_for_a_time() -> None:
    strategy, scene = a_warm_strategy(exit_claim_s=900), a_scene(100, 1_000_000)
    strategy.on_fill(a_fill(OPEN + 61 * MINUTE), scene)
    [argument] = strategy.on_quote(a_quote(62, 9_800), scene, DAY)
    assert (argument.side, argument.horizon_s, argument.rationale.split(":")[0]) == (Side.SELL, 900, "stop")


def test_given_high_attention_at_the_entry_when_it_fades_then_the_holding_is_sold() -> None:
    strategy, scene = a_warm_strategy(), a_scene(100, 1_000_000, z=2.0)
    strategy.on_fill(a_fill(OPEN + 61 * MINUTE), scene)
    scene.attention = measured(0.6)
    assert not strategy.on_quote(a_quote(62, 10_010), scene, DAY)
    scene.attention = measured(0.4)
    [argument] = strategy.on_quote(a_quote(63, 10_010), scene, DAY)
    assert argument.rationale.startswith("attention: z fell from +2.00")
    assert argument.attention == "shifted-demo"


def test_given_a_new_date_when_a_holding_is_left_then_the_attention_of_its_entry_is_kept() -> None:
    strategy, scene = a_warm_strategy(), a_scene(100, 1_000_000, z=2.0)
    strategy.on_fill(a_fill(OPEN + 61 * MINUTE), scene)
    strategy.on_day(DAY._replace(trading_date=DAY.trading_date.replace(day=14), close_auction_time=UnixNanos(2**62)))
    scene.attention = measured(-1.0)
    [argument] = strategy.on_quote(a_quote(90, 10_010), scene, DAY)
    assert argument.rationale.startswith("attention")


WORDS = st.sampled_from(["for", "against", "neutral", "unknown"])


@given(st.lists(WORDS, max_size=8))
def test_for_any_inputs_their_balance_is_fair_and_unknown_counts_for_neither(words: list[str]) -> None:
    found = balance([SignalInput("x", None, word) for word in words])
    assert -1 <= found <= 1
    assert found == balance([SignalInput("x", None, word) for word in [*words, "unknown"]])
    turned = [{"for": "against", "against": "for"}.get(word, word) for word in words]
    assert found == -balance([SignalInput("x", None, word) for word in turned])
