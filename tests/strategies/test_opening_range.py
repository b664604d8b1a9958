"""Opening-range breakout: what makes a range, what is a breakout, attention, exits."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.bars import Bar
from domain.errors import ConfigError
from domain.quotes import QuoteKind
from domain.types import Krw, Purpose, Side, UnixNanos
from strategies.base import Argument, Day, Scene
from strategies.opening_range import OpeningRange
from tests.strategies.builders import CODE, DAY, MINUTE, OPEN, S, a_fill, a_quote, a_scene

HOUR = 60
LATE = DAY._replace(
    open_time=UnixNanos(DAY.open_time + HOUR * MINUTE),
    close_auction_time=UnixNanos(DAY.close_auction_time + HOUR * MINUTE),
    close_time=UnixNanos(DAY.close_time + HOUR * MINUTE),
)


def a_bar(minute: float, close: int, volume: int = 100, low: int = 0, high: int = 0) -> Bar:
    return Bar(CODE, OPEN + int(minute * MINUTE), close, high or close, low or close, close, volume)


def heard(
    strategy: OpeningRange, scene: Scene, bar: Bar, seen: int | None = None, day: Day = DAY, **row: Any
) -> list[Argument]:
    """Let a bar end with the first row of the next minute; `seen` is the cumulative volume before it."""
    minute = (bar.start - OPEN) / MINUTE + 1
    volume = (0 if seen is None else seen) + 100
    scene.quote = a_quote(minute, bar.close, 100, volume)._replace(**row)
    return list(strategy.on_bar(bar, scene, day))


def a_ranged(
    minutes: range = range(15), scene: Scene | None = None, day: Day = DAY, **params: Any
) -> tuple[OpeningRange, Scene]:
    """A strategy that saw these minutes between 9,900 and 10,000 won, 100 shares each."""
    strategy, scene = OpeningRange(params), scene or a_scene()
    strategy.on_day(day)
    for minute in minutes:
        assert not heard(strategy, scene, a_bar(minute, 9_950, low=9_900, high=10_000), day=day)
    return strategy, scene


def test_given_a_range_when_a_minute_closes_above_it_on_volume_then_it_is_bought_once() -> None:
    strategy, scene = a_ranged()
    assert not heard(strategy, scene, a_bar(15, 10_010, 200)), "less than the margin above"
    [entry] = heard(strategy, scene, a_bar(16, 10_020, 200))
    assert (entry.side, entry.purpose, entry.limit_price, entry.horizon_s) == (Side.BUY, Purpose.ENTRY, 10_020, 3_600)
    assert [(item.name, item.verdict) for item in entry.inputs] == [
        ("breakout", "for"),
        ("volume_times", "for"),
        ("range_width", "neutral"),
        ("attention", "unknown"),
    ]
    assert "above the top 10000 of the first 15 minutes on 2.0 times their volume" in entry.rationale
    assert not heard(strategy, scene, a_bar(17, 10_100, 300)), "one entry a day"


@pytest.mark.parametrize(
    ("close", "volume"),
    [(10_019, 200), (10_020, 149), (9_880, 500)],  # too low, too quiet, downwards
)
def test_given_a_range_when_a_minute_is_no_breakout_then_the_next_may_be(close: int, volume: int) -> None:
    strategy, scene = a_ranged()
    assert not heard(strategy, scene, a_bar(15, close, volume))
    assert len(heard(strategy, scene, a_bar(16, 10_100, 200))) == 1


@pytest.mark.parametrize(
    ("minutes", "entries"),
    [
        (range(15), 1),
        (range(10, 15), 1),  # trades late, but in enough minutes
        (range(11, 15), 0),  # too thin
        (range(0), 0),  # first trades after the range
        (range(-20, 0), 0),  # before the open
    ],
)
def test_given_missing_first_bars_when_it_breaks_out_then_a_range_needs_enough_minutes(
    minutes: range, entries: int
) -> None:
    strategy, scene = a_ranged(minutes)
    assert len(heard(strategy, scene, a_bar(15, 10_100, 200))) == entries


@pytest.mark.parametrize(("seen", "entries"), [(3_400, 1), (3_401, 0)])  # 1,500 + 200 shares were seen
def test_given_a_feed_that_began_late_when_it_breaks_out_then_there_is_no_range(seen: int, entries: int) -> None:
    strategy, scene = a_ranged()
    assert len(heard(strategy, scene, a_bar(15, 10_100, 200), seen=seen)) == entries
    assert not heard(strategy, scene, a_bar(16, 10_200, 200)), "it is judged once"


def test_given_a_session_that_opens_at_ten_when_it_breaks_out_then_the_range_is_from_ten_on() -> None:
    strategy, scene = a_ranged(range(60, 75), day=LATE)
    assert len(heard(strategy, scene, a_bar(75, 10_100, 200), day=LATE)) == 1
    strategy, scene = a_ranged(range(15), day=LATE)
    assert not heard(strategy, scene, a_bar(75, 10_100, 200), day=LATE), "nothing before ten is part of it"


def test_given_an_open_that_is_put_off_when_it_is_told_then_the_range_begins_anew() -> None:
    strategy, scene = a_ranged(range(15))
    strategy.on_day(LATE)
    for minute in range(60, 75):
        assert not heard(strategy, scene, a_bar(minute, 10_500), day=LATE)
    assert not heard(strategy, scene, a_bar(75, 10_100, 200), day=LATE)
    assert len(heard(strategy, scene, a_bar(76, 10_600, 200), day=LATE)) == 1


def test_given_another_date_when_it_begins_then_there_is_another_range_and_another_entry() -> None:
    strategy, scene = a_ranged()
    assert heard(strategy, scene, a_bar(15, 10_100, 200))
    night = 86_400 * S
    day = Day(
        DAY.trading_date.replace(day=14),
        *(UnixNanos(at + night) for at in (DAY.open_time, DAY.close_auction_time, DAY.close_time)),
    )
    strategy.on_day(day)
    for minute in range(1440, 1455):
        assert not heard(strategy, scene, a_bar(minute, 11_000), day=day)
    assert len(heard(strategy, scene, a_bar(1455, 11_100, 200), day=day)) == 1


@pytest.mark.parametrize(
    ("row", "params"),
    [
        ({"kind": int(QuoteKind.AUCTION_TRADE)}, {}),
        ({"bid_price": 0}, {}),
        ({"bid_price": 9_900}, {}),  # a wide spread
        ({"ask_price": 13_000, "bid_price": 12_990}, {}),  # the upper limit
        ({"venue_time": OPEN + 17 * MINUTE}, {}),  # news of long ago
        ({}, {"widest_ppm": 10_000}),  # too wide a range
        ({}, {"until_s": 600}),  # too late
    ],
)
def test_given_a_moment_that_allows_no_entry_when_it_breaks_out_then_nothing_is_argued(
    row: dict[str, Any], params: dict[str, Any]
) -> None:
    strategy, scene = a_ranged(**params)
    assert not heard(strategy, scene, a_bar(15, 10_100, 200), **row)


def test_given_a_holding_or_an_untradable_symbol_when_it_breaks_out_then_nothing_is_argued() -> None:
    strategy, scene = a_ranged(scene=a_scene(quantity=1, cost=10_000))
    assert not heard(strategy, scene, a_bar(15, 10_100, 200))
    strategy, scene = a_ranged()
    scene.instrument = replace(scene.instrument, tradable=False)
    assert not heard(strategy, scene, a_bar(15, 10_100, 200))


@pytest.mark.parametrize(
    ("attention", "z", "confidence", "source"),
    [
        ("optional", None, 0.55, "unknown"),
        ("optional", 2.0, 0.7, "shifted-demo"),
        ("optional", -2.0, 0.4, "shifted-demo"),
        ("required", 2.0, 0.7, "shifted-demo"),
        ("required", 0.5, None, ""),
        ("required", None, None, ""),
        ("ignored", -2.0, 0.55, "unknown"),
    ],
)
def test_given_attention_when_it_breaks_out_then_it_does_what_the_parameter_says(
    attention: str, z: float | None, confidence: float | None, source: str
) -> None:
    strategy, scene = a_ranged(scene=a_scene(z=z), attention=attention)
    found = heard(strategy, scene, a_bar(15, 10_100, 200))
    assert [(item.confidence, item.attention) for item in found] == ([(confidence, source)] if confidence else [])
    assert all(any(i.name == "attention" for i in item.inputs) == (attention != "ignored") for item in found)


def held(**params: Any) -> tuple[OpeningRange, Scene]:
    """100 shares bought at 10,100 at minute 20, above a range that ends at 10,000."""
    strategy, scene = a_ranged(**params)
    scene.quantity, scene.cost_basis = 100, Krw(1_010_000)
    strategy.on_fill(a_fill(OPEN + 20 * MINUTE, price=10_100), scene)
    return strategy, scene


@pytest.mark.parametrize(
    ("minute", "bid", "reason"),
    [
        (21, 10_100, []),
        (21, 9_960, []),
        (21, 9_950, ["range"]),
        (21, 9_940, ["stop"]),  # 1.5 % below cost outweighs the range
        (21, 10_410, ["target"]),
        (79.9, 10_100, []),
        (80, 10_100, ["time"]),
        (370, 10_100, ["close"]),
    ],
)
def test_given_a_holding_when_a_quote_comes_then_it_is_sold_for_a_reason(
    minute: float, bid: int, reason: list[str]
) -> None:
    strategy, scene = held()
    found = list(strategy.on_quote(a_quote(minute, bid + 10), scene, DAY))
    assert [item.rationale.split(":")[0] for item in found] == reason
    assert all((item.purpose, item.limit_price, item.horizon_s) == (Purpose.EXIT, bid, 1_800) for item in found)


def test_given_more_minutes_asked_for_than_the_range_has_when_made_then_it_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"range_bars_min expected at most range_min \(10 minutes\), was 11"):
        OpeningRange({"range_min": 10, "range_bars_min": 11})


def test_given_prices_of_another_scale_when_told_then_the_day_is_given_up_for_the_symbol() -> None:
    strategy, scene = a_ranged()
    strategy.on_reset(CODE, 60)
    assert not heard(strategy, scene, a_bar(15, 10_100, 200))


@given(st.lists(st.tuples(st.integers(8_000, 12_000), st.integers(0, 1_000)), min_size=20, max_size=120))
def test_for_any_day_there_is_at_most_one_entry_and_it_is_above_the_range(prices: list[tuple[int, int]]) -> None:
    strategy, scene, entries = OpeningRange({}), a_scene(), []
    strategy.on_day(DAY)
    top = max(price for price, _ in prices[:15])
    for minute, (price, volume) in enumerate(prices):
        entries += [(minute, price) for _ in heard(strategy, scene, a_bar(minute, price, volume))]
    assert len(entries) <= 1
    assert all(minute >= 15 and price > top for minute, price in entries)
