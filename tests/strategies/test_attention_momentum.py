"""The first strategy as it was before 0.6.0: entries, exits, what attention does, when it stays silent."""

from dataclasses import replace

import pytest

from domain.quotes import Quote, QuoteKind
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Argument, Scene, resolve
from tests.strategies.builders import DAY, MINUTE, OPEN, S, a_bar, a_fill, a_quote, a_scene

PLAIN = {"cool_down_s": 900, "hold_s": 1800, "target_ppm": 30_000, "stop_ppm": 15_000, "trail_ppm": 15_000}


def as_before(**params: int) -> AttentionMomentum:
    """A strategy that decides as runs before 0.6.0 did."""
    return AttentionMomentum(resolve(AttentionMomentum.NAME, AttentionMomentum.PARAMS, params, before=True))


def a_warm_strategy(first: int = 9) -> AttentionMomentum:
    """A strategy that saw 21 flat minutes from minute `first` on."""
    strategy = as_before(**PLAIN)
    strategy.on_day(DAY)
    for minute in range(first, first + 21):
        scene = a_scene()
        scene.quote = a_quote(minute + 1)
        assert not strategy.on_bar(a_bar(minute, volume=90 + minute % 20), scene, DAY)
    return strategy


def after_bar(
    strategy: AttentionMomentum, scene: Scene, minute: int, close: int = 10_300, volume: int = 1_000
) -> list[Argument]:
    scene.quote = scene.quote or a_quote(minute + 1, close)
    return list(strategy.on_bar(a_bar(minute, close, volume), scene, DAY))


def a_held_strategy() -> tuple[AttentionMomentum, Scene]:
    """100 shares bought at 10,000 at minute 60."""
    strategy, scene = a_warm_strategy(), a_scene(quantity=100, cost=1_000_000, z=2.0)
    strategy.on_fill(a_fill(OPEN + 60 * MINUTE), scene)
    return strategy, scene


def exits(strategy: AttentionMomentum, scene: Scene, minute: float, bid: int) -> list[str]:
    found = strategy.on_quote(a_quote(minute, bid + 10), scene, DAY)
    assert all((a.side, a.purpose, a.limit_price) == (Side.SELL, Purpose.EXIT, bid) for a in found)
    assert all(a.attention == "unknown" for a in found)  # none was used
    return [argument.rationale.split(":")[0] for argument in found]


@pytest.mark.parametrize(
    ("z", "confidence", "attention", "says"),
    [
        (None, 0.55, "unknown", "unknown"),
        (0.0, 0.6, "shifted-demo", "neutral"),
        (2.0, 0.75, "shifted-demo", "for"),
        (-2.0, 0.4, "shifted-demo", "against"),
    ],
)
def test_given_a_rise_on_volume_when_a_bar_ends_then_attention_sets_the_confidence(
    z: float | None, confidence: float, attention: str, says: str
) -> None:
    [entry] = after_bar(a_warm_strategy(), a_scene(z=z), 30)
    assert (entry.side, entry.purpose, entry.limit_price) == (Side.BUY, Purpose.ENTRY, 10_300)
    assert (entry.confidence, entry.attention) == (confidence, attention)
    assert [(i.name, i.verdict) for i in entry.inputs] == [
        ("momentum", "for"),
        ("volume_surprise", "for"),
        ("attention", says),
    ]
    assert entry.inputs[2].value == z


@pytest.mark.parametrize(("z", "entries"), [(None, 0), (0.0, 0), (2.0, 1)])
def test_given_a_smaller_rise_when_a_bar_ends_then_only_high_attention_enters(z: float | None, entries: int) -> None:
    assert len(after_bar(a_warm_strategy(), a_scene(z=z), 30, close=10_100)) == entries


@pytest.mark.parametrize(("close", "volume"), [(10_300, 100), (10_000, 1_000), (9_700, 1_000)])
def test_given_only_one_of_price_and_volume_when_a_bar_ends_then_nothing_is_argued(close: int, volume: int) -> None:
    assert not after_bar(a_warm_strategy(), a_scene(), 30, close, volume)


def test_given_too_few_bars_when_everything_speaks_for_it_then_nothing_is_argued() -> None:
    strategy = as_before()
    assert strategy.warm_up == {60: 21}
    for minute in range(20, 39):
        assert not after_bar(strategy, a_scene(), minute, 10_000, 100)
    assert not after_bar(strategy, a_scene(), 39)


@pytest.mark.parametrize(("bar", "entries"), [(8, 0), (9, 1), (348, 1), (349, 0)])
def test_given_first_minutes_or_the_end_of_the_day_when_a_bar_ends_then_there_is_no_entry(
    bar: int, entries: int
) -> None:
    assert len(after_bar(a_warm_strategy(bar - 21), a_scene(), bar)) == entries


@pytest.mark.parametrize(
    "quote",
    [
        a_quote(31, 10_300)._replace(bid_price=0),
        a_quote(31, 10_300)._replace(ask_price=0),
        a_quote(31, 10_300)._replace(bid_price=10_000),  # a wide spread
        a_quote(31, 13_000),  # the upper limit
        a_quote(31, 10_300)._replace(kind=int(QuoteKind.AUCTION_TRADE)),
        a_quote(33, 10_300),  # news of long ago
    ],
)
def test_given_a_book_that_allows_no_entry_when_a_bar_ends_then_nothing_is_argued(quote: Quote) -> None:
    scene = a_scene()
    scene.quote = quote
    assert not after_bar(a_warm_strategy(), scene, 30)


def test_given_a_holding_or_an_untradable_symbol_when_a_bar_ends_then_there_is_no_entry() -> None:
    scene = a_scene()
    scene.instrument = replace(scene.instrument, tradable=False)
    assert not after_bar(a_warm_strategy(), scene, 30)
    assert not after_bar(a_warm_strategy(), a_scene(quantity=1, cost=10_000), 30)


@pytest.mark.parametrize(
    ("minute", "bid", "reason"),
    [
        (61, 10_000, []),
        (61, 9_860, []),
        (61, 9_850, ["stop"]),
        (61, 10_290, []),
        (61, 10_300, ["target"]),
        (89.9, 10_000, []),
        (90, 10_000, ["time"]),
        (369.9, 10_000, ["time"]),
        (370, 10_000, ["close"]),
    ],
)
def test_given_a_holding_when_a_quote_comes_then_it_is_sold_for_a_reason(
    minute: float, bid: int, reason: list[str]
) -> None:
    strategy, scene = a_held_strategy()
    assert exits(strategy, scene, minute, bid) == reason


def test_given_a_holding_that_rose_when_it_falls_from_its_peak_then_it_is_sold() -> None:
    strategy, scene = a_held_strategy()
    assert exits(strategy, scene, 61, 10_250) == []
    assert exits(strategy, scene, 62, 10_100) == []
    assert exits(strategy, scene, 63, 10_090) == ["trailing"]


def test_given_no_bid_when_the_stop_is_reached_then_the_last_price_is_the_limit() -> None:
    strategy, scene = a_held_strategy()
    [argument] = strategy.on_quote(a_quote(61, 7_000)._replace(bid_price=0), scene, DAY)
    assert argument.limit_price == 7_000


def test_given_an_exit_when_the_cool_down_lasts_then_there_is_no_entry() -> None:
    for sold_at, entries in ((16, 1), (17, 0)):
        strategy = a_warm_strategy()
        strategy.on_fill(a_fill(OPEN + sold_at * MINUTE), a_scene())
        assert len(after_bar(strategy, a_scene(), 30)) == entries


def test_given_more_fills_of_one_entry_when_held_then_the_clock_runs_from_the_first() -> None:
    strategy, scene = a_held_strategy()
    scene.quantity, scene.cost_basis = 200, Krw(2_000_000)
    strategy.on_fill(a_fill(OPEN + 80 * MINUTE), scene)
    assert exits(strategy, scene, 90, 10_000) == ["time"]


def test_given_a_new_date_when_a_holding_is_left_then_only_its_clock_is_kept() -> None:
    strategy, scene = a_held_strategy()
    day = DAY._replace(trading_date=DAY.trading_date.replace(day=14), open_time=UnixNanos(DAY.open_time + 86_400 * S))
    strategy.on_day(day)
    assert exits(strategy, scene, 90, 10_000) == ["time"]
    assert not after_bar(strategy, a_scene(), 100)
