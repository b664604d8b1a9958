"""Strategies over sessions: what makes them enter, and how long they hold."""

import math
import pickle
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.state import check_plain
from domain.bars import DAY_S, Bar
from domain.config import ParamValue
from domain.indicators import FOR, UNKNOWN
from domain.messages.market import AttentionMeasured
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.attention_drift import AttentionDrift
from strategies.attention_reversion import AttentionReversion
from strategies.base import Argument, Day, Fill, Scene, Strategy
from strategies.price_drift import PriceDrift
from strategies.registry import STRATEGIES
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, S, a_quote, a_scene, measured

DAILY = (PriceDrift, AttentionDrift, AttentionReversion)
CALM = [10_000 + 10 * (at % 3) for at in range(60)]
SURGE = [10_200, 10_400, 10_700, 11_000, 11_300]  # 12 % in five sessions


def day_of(at: int) -> Day:
    """Give the hours of the session `at` days after DAY."""
    shift = at * 86_400 * S
    times = (UnixNanos(moment + shift) for moment in DAY[1:])
    return Day(DAY.trading_date + timedelta(days=at), *times)


def a_session(at: int, close: int, volume: int = 1_000) -> Bar:
    return Bar(CODE, OPEN + at * 86_400 * S, close, close + 20, close - 20, close, volume, DAY_S)


def lived(
    strategy: Strategy,
    closes: Sequence[int],
    zs: Sequence[float | None] = (),
    volumes: Sequence[int] = (),
    scene: Scene | None = None,
) -> list[tuple[int, Argument]]:
    """Let a strategy see sessions; give what it argued for and when."""
    scene = scene or a_scene()
    found = []
    for at, close in enumerate(closes):
        day = day_of(at + 1)
        strategy.on_day(day)
        z = zs[at] if zs else None
        scene.attention = measured(z, "naver") if z is not None else None
        scene.quote = a_quote(0, close)._replace(venue_time=day.open_time)
        scene.instrument = replace(scene.instrument, base_price=Krw(close), lower_limit=Krw(1), upper_limit=Krw(10**8))
        volume = volumes[at] if volumes else 1_000 + at % 7
        found += [(at, argument) for argument in strategy.on_bar(a_session(at, close, volume), scene, day)]
    return found


def surging(kind: type[Strategy], z: float | None, params: dict[str, ParamValue] | None = None) -> list[Argument]:
    closes = [*CALM, *SURGE]
    zs = [0.0] * len(CALM) + [z] * len(SURGE)
    volumes = [1_000 + at % 7 for at in range(len(closes) - 1)] + [20_000]
    return [argument for at, argument in lived(kind(params or {}), closes, zs, volumes) if at == len(closes) - 1]


def test_given_indicators_that_agree_when_a_session_ends_then_price_drift_enters_for_two_weeks() -> None:
    [argument] = surging(PriceDrift, None)
    assert (argument.side, argument.purpose, argument.limit_price) == (Side.BUY, Purpose.ENTRY, 11_300)
    assert (argument.horizon_sessions, argument.horizon_s) == (10, 0)
    assert (argument.attention, argument.regime) == (UNKNOWN, "wild")
    speaking = {item.name for item in argument.inputs if item.verdict == FOR}
    assert speaking == {"momentum_5", "momentum_20", "volume_surprise"}
    assert argument.confidence == pytest.approx(0.55)
    assert "momentum_5" in argument.rationale
    assert not [item for item in argument.inputs if item.name == "attention"]


def test_given_fewer_indicators_than_asked_for_when_a_session_ends_then_there_is_no_entry() -> None:
    assert not [argument for _, argument in lived(PriceDrift({}), CALM)]
    assert surging(PriceDrift, None, {"confirm_min": 3})
    assert not surging(PriceDrift, None, {"confirm_min": 3, "long_min": 0.5})
    assert not surging(PriceDrift, None, {"against_max": 0}), "a wild market speaks against it"


@pytest.mark.parametrize(("z", "enters"), [(None, False), (1.9, False), (2.0, True), (9.0, True), (-3.0, False)])
def test_given_attention_when_prices_confirm_then_drift_enters_on_a_surge_only(z: float | None, enters: bool) -> None:
    found = surging(AttentionDrift, z)
    assert bool(found) == enters
    if found:
        assert found[0].attention == "naver"
        assert found[0].inputs[0].name == "attention"
        assert found[0].confidence == pytest.approx(0.55 if (z or 0) < 4 else 0.6)


def test_given_a_surge_that_prices_do_not_confirm_when_a_session_ends_then_drift_does_not_enter() -> None:
    assert not lived(AttentionDrift({}), CALM, [9.0] * len(CALM))


def test_given_sources_that_contradict_each_other_when_a_session_ends_then_attention_counts_as_unknown() -> None:
    strategy, scene = AttentionDrift({}), a_scene()
    lived(strategy, [*CALM, *SURGE[:-1]], scene=scene)
    day = day_of(70)
    told = AttentionMeasured(CODE, "naver", "2026-01-12", 3.0, 3.0, "", "contradicted")
    scene.attention, scene.quote = told, a_quote(0, SURGE[-1])
    assert not tuple(strategy.on_bar(a_session(70, SURGE[-1], 20_000), scene, day))
    scene.attention = replace(told, quality="ok")
    assert tuple(strategy.on_bar(a_session(71, SURGE[-1], 20_000), scene, day))


def fallen(zs: Sequence[float | None], closes: Sequence[int] = (9_600, 9_300, 9_000, 9_100)) -> list[Argument]:
    """Let attention be calm but for the last sessions, while the price falls and turns."""
    series = [*CALM, *closes]
    attention = [0.0] * (len(series) - len(zs)) + list(zs)
    found = lived(AttentionReversion({}), series, attention)
    return [argument for at, argument in found if at == len(series) - 1]


def test_given_a_spike_that_fades_and_a_fall_that_turns_when_a_session_ends_then_reversion_buys_the_rebound() -> None:
    [argument] = fallen([4.0, 3.0, 2.0, 1.2, 0.5])
    assert (argument.horizon_sessions, argument.attention) == (5, "naver")
    values = {item.name: item.value for item in argument.inputs}
    assert values["spike"] == 4.0
    assert values["fall_since"] == pytest.approx(math.log(9_100 / CALM[-1]))
    assert values["fading"] == 0.5
    assert (values["turn"] or 0) > 0
    assert [item.verdict for item in argument.inputs[:4]] == [FOR] * 4


@pytest.mark.parametrize(
    ("zs", "closes"),
    [
        ([2.9, 2.0, 2.0, 1.2, 0.5], (9_600, 9_300, 9_000, 9_100)),  # no spike
        ([4.0, 3.0, 2.0, 1.2, 1.1], (9_600, 9_300, 9_000, 9_100)),  # not fading
        ([4.0, 3.0, 2.0, 1.2, None], (9_600, 9_300, 9_000, 9_100)),  # not known to be fading
        ([4.0, 3.0, 2.0, 1.2, 0.5], (9_600, 9_300, 9_100, 9_000)),  # still falling
        ([4.0, 3.0, 2.0, 1.2, 0.5], (9_900, 9_800, 9_700, 9_750)),  # hardly fallen
        ([4.0, *[0.0] * 12], (*[9_300] * 11, 9_000, 9_100)),  # long ago
    ],
)
def test_given_one_condition_missing_when_a_session_ends_then_reversion_does_not_enter(
    zs: Sequence[float | None], closes: Sequence[int]
) -> None:
    assert not fallen(zs, closes)


@pytest.mark.parametrize("kind", DAILY)
def test_given_a_history_when_received_then_nothing_is_argued_and_the_next_session_may_enter(
    kind: type[Strategy],
) -> None:
    strategy, scene = kind({}), a_scene(z=9.0)
    for at, close in enumerate([*CALM, *SURGE]):
        assert not tuple(strategy.on_bar(a_session(at, close), scene, DAY)), "there is no quote to enter at"
    strategy.on_reset(CODE, DAY_S)
    assert not tuple(lived(strategy, [11_500], [9.0]))


def test_given_spikes_of_a_history_when_the_session_comes_then_they_are_not_attention_that_was_known() -> None:
    strategy, scene = AttentionReversion({}), a_scene(z=9.0)
    for at, close in enumerate([*CALM, 9_600, 9_300, 9_000]):
        tuple(strategy.on_bar(a_session(at, close), scene, DAY))
    assert not lived(strategy, [9_100], [0.5])


def test_given_no_ask_a_limit_price_or_an_untradable_symbol_when_all_agree_then_there_is_no_entry() -> None:
    strategy, scene = PriceDrift({}), a_scene()
    lived(strategy, [*CALM, *SURGE], scene=scene)
    instrument, quote = scene.instrument, a_quote(0, 11_600)
    for at, (shown, row, quantity) in enumerate(
        [
            (instrument, quote._replace(ask_price=0), 0),
            (replace(instrument, upper_limit=Krw(11_600)), quote, 0),
            (replace(instrument, tradable=False), quote, 0),
            (instrument, quote, 5),
            (instrument, quote, 0),
        ]
    ):
        scene.instrument, scene.quote, scene.quantity = shown, row, quantity
        found = tuple(strategy.on_bar(a_session(70 + at, 11_600 + 300 * at, 20_000), scene, day_of(71 + at)))
        assert bool(found) == (at == 4)


def held(strategy: Strategy, z: float = 3.0) -> Scene:
    """Let a strategy hold 100 shares bought at 10,000 in the session of DAY."""
    scene = a_scene(100, 1_000_000, z=z)
    strategy.on_day(DAY)
    strategy.on_fill(Fill(CODE, Side.BUY, 100, Krw(10_000), UnixNanos(OPEN + MINUTE)), scene)
    return scene


def exits(strategy: Strategy, scene: Scene, sessions: int, minute: float, price: int = 10_000) -> list[str]:
    """Give the reasons to sell at a minute of the session so many days on."""
    day = day_of(sessions)
    strategy.on_day(day)
    row = a_quote(minute, price + 10)._replace(bid_price=price, venue_time=day.open_time + int(minute * MINUTE))
    return [argument.rationale.split(":")[0] for argument in strategy.on_quote(row, scene, day)]


@pytest.mark.parametrize("kind", DAILY)
def test_given_a_holding_when_its_sessions_pass_then_it_is_kept_over_nights_and_sold_before_the_last_close(
    kind: type[Strategy],
) -> None:
    strategy = kind({"hold_sessions": 3})
    scene = held(strategy)
    for session in range(3):
        assert exits(strategy, scene, session, 379) == []
    assert exits(strategy, scene, 3, 369.9) == []
    assert exits(strategy, scene, 3, 370) == ["time"]
    assert exits(strategy, scene, 4, 1) == ["time"], "the moment was missed"


@pytest.mark.parametrize("kind", DAILY)
def test_given_a_loss_when_it_reaches_the_stop_then_the_holding_is_sold_at_once(kind: type[Strategy]) -> None:
    strategy = kind({})
    scene = held(strategy)
    assert exits(strategy, scene, 0, 5, 9_010) == []
    assert exits(strategy, scene, 0, 6, 9_000) == ["stop"]
    sold = a_scene()
    strategy.on_fill(Fill(CODE, Side.SELL, 100, Krw(9_000), UnixNanos(OPEN + 7 * MINUTE)), sold)
    assert exits(strategy, sold, 0, 8, 9_000) == []


def test_given_attention_that_is_gone_when_a_later_session_comes_then_drift_sells_and_its_control_does_not() -> None:
    for kind, reasons in ((AttentionDrift, ["attention"]), (PriceDrift, [])):
        strategy = kind({})
        scene = held(strategy)
        scene.attention = measured(-0.1, "shifted-demo")
        assert exits(strategy, scene, 0, 5) == [], "not on the day it was bought"
        assert exits(strategy, scene, 1, 5) == reasons
        scene.attention = None
        assert exits(strategy, scene, 1, 6) == [], "unknown attention says nothing"


def test_given_the_same_date_told_twice_when_sessions_are_counted_then_it_counts_once() -> None:
    strategy = PriceDrift({"hold_sessions": 1})
    scene = held(strategy)
    strategy.on_day(DAY)
    assert exits(strategy, scene, 0, 379) == []


@pytest.mark.parametrize("kind", DAILY)
def test_given_a_strategy_that_saw_much_and_holds_when_its_state_is_kept_then_it_comes_back(
    kind: type[Strategy],
) -> None:
    strategy = kind({})
    lived(strategy, [*CALM, *SURGE], [1.0] * 64 + [None])
    held(strategy)
    check_plain(strategy, kind.NAME)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(DAILY), st.integers(0, 64), st.integers(0, 1_000))
def test_for_any_moment_a_snapshot_goes_on_as_if_nothing_happened(kind: type[Strategy], cut: int, seed: int) -> None:
    closes = [close + (at * seed) % 300 for at, close in enumerate([*CALM, *SURGE])]
    zs: list[float | None] = [float((at * seed) % 5) for at in range(len(closes))]
    whole = lived(kind({}), closes, zs)
    first = kind({})
    early = lived(first, closes[:cut], zs[:cut])
    second = pickle.loads(pickle.dumps(first))
    for at in range(cut, len(closes)):
        early += [(at, argument) for _, argument in _one(second, at, closes[at], zs[at])]
    assert [at for at, _ in early] == [at for at, _ in whole]


def _one(strategy: Strategy, at: int, close: int, z: float | None) -> list[tuple[int, Argument]]:
    scene, day = a_scene(), day_of(at + 1)
    strategy.on_day(day)
    scene.attention = measured(z, "naver") if z is not None else None
    scene.quote = a_quote(0, close)._replace(venue_time=day.open_time)
    scene.instrument = replace(scene.instrument, base_price=Krw(close), lower_limit=Krw(1), upper_limit=Krw(10**8))
    return [(at, found) for found in strategy.on_bar(a_session(at, close, 1_000 + at % 7), scene, day)]


def test_given_the_registry_when_read_then_the_three_are_there_and_their_sweeps_hold_the_default() -> None:
    for kind in DAILY:
        assert STRATEGIES[kind.NAME] is kind
        swept = [param for param in kind.PARAMS if param.sweep]
        assert swept
        assert all(param.default in param.sweep for param in swept)
