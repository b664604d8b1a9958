"""Rules that end a holding: the exact won at which each has a reason, and each of them as a strategy."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.types import PPM, Krw, Purpose, Side, UnixNanos
from strategies.base import Argument, Day, Scene, Sees
from strategies.exit_strategies import EXITS, ExitClose, ExitFading, ExitStop, ExitTarget, ExitTime, ExitTrailing
from strategies.exits import (
    AttentionFading,
    BeforeClose,
    Held,
    Rule,
    Stop,
    Target,
    TimeLimit,
    Trailing,
    first_reason,
)
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, S, a_fill, a_quote, a_scene, measured

ENTERED = OPEN + 60 * MINUTE


def a_holding(cost: int = 1_000_000, quantity: int = 100, z: float | None = None) -> tuple[Held, Scene]:
    scene, held = a_scene(quantity, cost, z), Held()
    held.begin(ENTERED, scene)
    return held, scene


def reason(rule: Rule, price: int = 10_000, minute: float = 61, **holding: Any) -> str:
    held, scene = a_holding(**holding)
    held.see(price)
    return rule.reason(held, price, OPEN + int(minute * MINUTE), DAY, scene)


@pytest.mark.parametrize(
    ("rule", "price", "says"),
    [
        (Target(30_000), 10_299, ""),
        (Target(30_000), 10_300, "target: 10300 is 3 % or more above cost"),
        (Stop(15_000), 9_851, ""),
        (Stop(15_000), 9_850, "stop: 9850 is 1.5 % or more below cost"),
        (Stop(12_345), 9_876, "stop: 9876 is 1.2345 % or more below cost"),
        (Trailing(15_000), 9_851, ""),
        (Trailing(15_000), 9_850, "trailing: 9850 is 1.5 % or more below the peak 10000"),
    ],
)
def test_given_a_price_when_it_reaches_the_won_of_a_rule_then_there_is_a_reason(
    rule: Rule, price: int, says: str
) -> None:
    assert reason(rule, price) == says


@pytest.mark.parametrize(
    ("rule", "minute", "says"),
    [
        (TimeLimit(1_800), 89.99, ""),
        (TimeLimit(1_800), 90, "time: held for 1800 s"),
        (BeforeClose(600), 369.99, ""),
        (BeforeClose(600), 370, "close: flat before the closing auction"),
    ],
)
def test_given_a_time_when_it_is_reached_then_there_is_a_reason(rule: Rule, minute: float, says: str) -> None:
    assert reason(rule, minute=minute) == says


def test_given_a_peak_when_the_price_falls_from_it_then_the_trail_is_measured_there() -> None:
    held, scene = a_holding()
    held.see(10_500)
    held.see(10_400)
    at = OPEN + 61 * MINUTE
    assert not Trailing(10_000).reason(held, 10_396, at, DAY, scene)
    assert Trailing(10_000).reason(held, 10_395, at, DAY, scene).endswith("below the peak 10500")
    held.peak = 0
    assert not Trailing(10_000).reason(held, 1, at, DAY, scene), "no peak is known"


@pytest.mark.parametrize(
    ("bought_at", "now", "source", "says"),
    [
        (2.0, 1.0, "shifted-demo", ""),
        (2.0, 0.99, "shifted-demo", "attention: z fell from +2.00 at the entry to +0.99, below 50% of it"),
        (2.0, -1.0, "shifted-demo", "attention: z fell from +2.00 at the entry to -1.00, below 50% of it"),
        (1.4, 0.1, "shifted-demo", ""),  # was not high
        (2.0, None, "shifted-demo", ""),  # unknown is not fading
        (None, -3.0, "shifted-demo", ""),
        (2.0, 0.1, "naver", ""),  # another source has another norm
    ],
)
def test_given_attention_when_it_falls_then_it_fades_only_if_it_was_high_and_is_known(
    bought_at: float | None, now: float | None, source: str, says: str
) -> None:
    held, scene = a_holding(z=bought_at)
    scene.attention = measured(now, source)
    assert AttentionFading(1.5, 0.5).reason(held, 10_000, ENTERED, DAY, scene) == says


def test_given_sources_that_contradict_when_attention_falls_then_it_is_no_fading() -> None:
    held, scene = a_holding(z=2.0)
    now = measured(0.1)
    scene.attention = type(now)(now.symbol, now.source, now.as_of, now.asvi, now.z, "", quality="contradicted")
    assert not AttentionFading(1.5, 0.5).reason(held, 10_000, ENTERED, DAY, scene)
    scene.attention = None
    assert not AttentionFading(1.5, 0.5).reason(held, 10_000, ENTERED, DAY, scene)


def test_given_two_rules_with_a_reason_when_asked_then_the_first_is_told() -> None:
    held, scene = a_holding()
    at = OPEN + 380 * MINUTE
    assert first_reason((BeforeClose(600), Target(1_000)), held, 12_000, at, DAY, scene).startswith("close")
    assert first_reason((Target(1_000), BeforeClose(600)), held, 12_000, at, DAY, scene).startswith("target")
    assert first_reason((), held, 12_000, at, DAY, scene) == ""


@given(st.integers(1, 10**7), st.integers(1, 10**6), st.integers(-3, 3), st.integers(1, 900_000))
def test_for_any_cost_target_and_stop_are_exact_to_the_won(unit: int, quantity: int, odd: int, ppm: int) -> None:
    """The least price at which a rule speaks is the exact bound rounded up, the greatest for a stop rounded down."""
    cost = max(unit * quantity + odd, 1)
    least = -(-cost * (PPM + ppm) // (PPM * quantity))
    most = cost * (PPM - ppm) // (PPM * quantity)
    for price, gains, loses in (
        (least, True, None),
        (least - 1, False, None),
        (most, None, True),
        (most + 1, None, False),
    ):
        if price > 0 and gains is not None:
            assert bool(reason(Target(ppm), price, cost=cost, quantity=quantity)) is gains
        if price > 0 and loses is not None:
            assert bool(reason(Stop(ppm), price, cost=cost, quantity=quantity)) is loses


# ---- as strategies ---------------------------------------------------------------------------------------------


def told(kind: type[Any], params: dict[str, Any], *at: tuple[float, int], z: float | None = None) -> list[Argument]:
    """Buy 100 shares at 10,000 at minute 60, then show quotes (minute, bid); give what is argued for at the last."""
    strategy, scene = kind(params), a_scene(100, 1_000_000, z)
    strategy.on_day(DAY)
    strategy.on_fill(a_fill(ENTERED), scene)
    found: list[Argument] = []
    for minute, bid in at:
        found = list(strategy.on_quote(a_quote(minute, bid + 10), scene, DAY))
    return found


@pytest.mark.parametrize(
    ("kind", "params", "silent", "speaks"),
    [
        (ExitTarget, {"target_ppm": 30_000}, (61, 10_290), (61, 10_300)),
        (ExitStop, {"stop_ppm": 15_000}, (61, 9_860), (61, 9_850)),
        (ExitTrailing, {"trail_ppm": 15_000}, (61, 9_860), (61, 9_850)),
        (ExitTime, {"hold_s": 3_600}, (119.9, 10_000), (120, 10_000)),
        (ExitClose, {"flat_before_s": 600}, (369.9, 10_000), (370, 10_000)),
    ],
)
def test_given_a_holding_of_another_strategy_when_a_rule_has_a_reason_then_its_strategy_argues_for_the_sale(
    kind: type[Any], params: dict[str, Any], silent: tuple[float, int], speaks: tuple[float, int]
) -> None:
    assert kind.SEES is Sees.EVERY_HOLDING
    assert not told(kind, params, silent)
    [argument] = told(kind, params, speaks)
    assert (argument.side, argument.purpose, argument.limit_price) == (Side.SELL, Purpose.EXIT, speaks[1])
    assert argument.attention == "unknown", "none was used"
    assert argument.horizon_s == kind({}).params["claim_s"] > 0
    assert [item.name for item in argument.inputs] == ["gain", "peak"]
    assert told(kind, {**params, "claim_s": 0}, speaks)[0].horizon_s == 0


def test_given_attention_that_fades_when_a_quote_comes_then_the_sale_says_whose_attention() -> None:
    strategy, scene = ExitFading({}), a_scene(100, 1_000_000, z=2.0)
    strategy.on_fill(a_fill(ENTERED), scene)
    assert not strategy.on_quote(a_quote(61, 10_010), scene, DAY)
    scene.attention = measured(0.2)
    [argument] = strategy.on_quote(a_quote(62, 10_010), scene, DAY)
    assert (argument.attention, argument.inputs[-1].name, argument.inputs[-1].value) == (
        "shifted-demo",
        "attention",
        0.2,
    )


def test_given_a_holding_nobody_told_of_when_a_quote_comes_then_its_clock_begins_there() -> None:
    strategy, scene = ExitTime({"hold_s": 60}), a_scene(100, 1_000_000)
    assert not strategy.on_quote(a_quote(200, 10_000), scene, DAY)
    assert not strategy.on_quote(a_quote(200.9, 10_000), scene, DAY)
    assert strategy.on_quote(a_quote(201, 10_000), scene, DAY)


def test_given_a_night_when_the_next_day_begins_then_peak_and_clock_go_on() -> None:
    strategy, scene = ExitTrailing({"trail_ppm": 15_000}), a_scene(100, 1_000_000)
    strategy.on_fill(a_fill(ENTERED), scene)
    assert not strategy.on_quote(a_quote(300, 11_010), scene, DAY)
    night = 86_400 * S
    times = (UnixNanos(at + night) for at in (DAY.open_time, DAY.close_auction_time, DAY.close_time))
    day = Day(DAY.trading_date.replace(day=14), *times)
    strategy.on_day(day)
    [argument] = strategy.on_quote(a_quote(1_441, 10_810), scene, day)
    assert "below the peak 11000" in argument.rationale


@pytest.mark.parametrize("told_by", ["on_reset", "on_fill"])
def test_given_a_split_of_what_is_held_when_prices_are_of_another_scale_then_the_peak_is_not_the_old_one(
    told_by: str,
) -> None:
    strategy, scene = ExitTrailing({"trail_ppm": 15_000}), a_scene(100, 1_000_000)
    strategy.on_fill(a_fill(ENTERED), scene)
    assert not strategy.on_quote(a_quote(100, 10_010), scene, DAY)
    scene.quantity = 500
    if told_by == "on_reset":
        strategy.on_reset(CODE, 60)
    else:
        strategy.on_fill(a_fill(OPEN + 101 * MINUTE, 400)._replace(last_px=None), scene)
    assert not strategy.on_quote(a_quote(102, 2_010), scene, DAY)
    assert strategy.on_quote(a_quote(103, 1_975), scene, DAY)


def test_given_a_sale_when_it_is_bought_again_then_the_clock_begins_anew() -> None:
    strategy, scene = ExitTime({"hold_s": 600}), a_scene(100, 1_000_000)
    strategy.on_fill(a_fill(ENTERED), scene)
    scene.quantity, scene.cost_basis = 0, Krw(0)
    strategy.on_fill(a_fill(OPEN + 65 * MINUTE), scene)
    assert not strategy.on_quote(a_quote(75, 10_000), scene, DAY)
    scene.quantity, scene.cost_basis = 100, Krw(1_000_000)
    strategy.on_fill(a_fill(OPEN + 80 * MINUTE), scene)
    assert not strategy.on_quote(a_quote(89, 10_000), scene, DAY)
    assert strategy.on_quote(a_quote(90, 10_000), scene, DAY)


@pytest.mark.parametrize("kind", EXITS)
def test_given_two_holdings_when_one_is_sold_then_the_other_goes_on(kind: type[Any]) -> None:
    """What an exit strategy remembers is by symbol: nothing of one holding shows at another."""
    strategy, one, other = kind({}), a_scene(100, 1_000_000, 2.0), a_scene(10, 500_000, 2.0)
    strategy.on_fill(a_fill(ENTERED), one)
    strategy.on_fill(a_fill(ENTERED)._replace(symbol="000660"), other)
    one.quantity = 0
    strategy.on_fill(a_fill(OPEN + 61 * MINUTE), one)
    assert list(strategy._held) == ["000660"]
    assert strategy._held["000660"].peak == 50_000
