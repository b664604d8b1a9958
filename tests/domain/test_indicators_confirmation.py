"""Price confirmation: each indicator against its plain formula, halts left out, unknown says why, state survives."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from statistics import median
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.core.role import Role
from actors.core.state import canonical, dump, load
from domain.bars import DAY_S, MINUTE_NS, MINUTE_S, Bar
from domain.errors import ConfigError, InvariantError
from domain.indicators.confirmation import Confirmation, ConfirmationSettings
from domain.indicators.volatility_regime import VolatilityRegime
from domain.instruments import Instrument
from domain.messages.run import RoleState
from domain.messages.trading import SignalInput
from domain.quotes import Quote, QuoteKind
from domain.time import from_kst
from domain.types import InstrumentFlag, Krw, Market, Symbol

ON = date(2026, 1, 13)
NINE = from_kst(ON, 9, 0)
KOLON = Instrument(Symbol("120110"), "코오롱인더", Market.KOSPI, Krw(50_000), Krw(35_000), Krw(65_000), True)
SMALL = ConfirmationSettings(
    momentum=((2, 0.01), (5, 0.02)), volume_bars=4, volatility_short=3, volatility_long=4, vi_min_ppm=10_000
)
NAMES = ("momentum_2", "momentum_5", "volume_surprise", "volatility_regime", "vi_distance", "limit_distance", "spread")
FROM_BARS = NAMES[:4]


def a_bar(number: int, close: int, volume: int, interval_s: int = MINUTE_S, open_: int | None = None) -> Bar:
    first = close if open_ is None else open_
    return Bar("120110", NINE + number * MINUTE_NS, first, close, close, close, volume, interval_s)


def a_row(price: int = 50_000, kind: QuoteKind = QuoteKind.TRADE, at: int = NINE) -> Quote:
    return Quote("120110", at, price, 1, 100, price - 100, price, 5, 5, int(kind))


def fed(bars: Sequence[Bar], wanted: ConfirmationSettings = SMALL) -> Confirmation:
    confirmation = Confirmation(wanted)
    for bar in bars:
        confirmation.add(bar)
    return confirmation


def of_bars(confirmation: Confirmation) -> dict[str, SignalInput]:
    return {item.name: item for item in confirmation.inputs(None, KOLON, ON) if item.name in FROM_BARS}


def vi_of(confirmation: Confirmation, row: Quote, on: date = ON) -> SignalInput:
    [found] = [item for item in confirmation.inputs(row, KOLON, on) if item.name == "vi_distance"]
    return found


BARS = st.lists(st.tuples(st.integers(1_000, 100_000), st.integers(1, 10**6)), min_size=8, max_size=25)


@given(BARS)
def test_for_any_bars_every_indicator_is_its_plain_formula(rows: list[tuple[int, int]]) -> None:
    found = of_bars(fed([a_bar(number, close, volume) for number, (close, volume) in enumerate(rows)]))
    closes, logs = [close for close, _ in rows], [math.log1p(volume) for _, volume in rows]
    assert found["momentum_2"].value == math.log(closes[-1] / closes[-3])
    assert found["momentum_5"].value == math.log(closes[-1] / closes[-6])
    before = logs[-5:-1]
    deviation = max(1.4826 * median(abs(value - median(before)) for value in before), 0.1)
    assert found["volume_surprise"].value == (logs[-1] - median(before)) / deviation
    moves = [math.log(now / then) for then, now in pairwise(closes)]
    short, long = moves[-3:], moves[-7:-3]
    norm = math.sqrt(math.fsum(move * move for move in long) / 4)
    quotient = math.sqrt(math.fsum(move * move for move in short) / 3) / max(norm, 1e-4)
    assert found["volatility_regime"].value == pytest.approx(quotient, rel=1e-12)


def test_given_a_rise_on_volume_when_asked_then_each_speaks_for_itself_and_in_a_fixed_order() -> None:
    # as lively before as at the end, where the price also goes somewhere and volume comes
    closes = [50_000, 50_600, 50_000, 50_600, 50_000, 50_600, 51_200, 51_800]
    bars = [a_bar(number, close, 100 + number) for number, close in enumerate(closes[:-1])]
    confirmation = fed([*bars, a_bar(7, closes[-1], 10_000)])
    found = confirmation.inputs(a_row(51_800), KOLON, ON)
    assert tuple(item.name for item in found) == NAMES
    assert [item.verdict for item in found] == ["for", "for", "for", "neutral", "neutral", "neutral", "neutral"]
    assert confirmation.regime == "normal"
    assert confirmation.inputs(a_row(51_800), KOLON, ON) == found


@pytest.mark.parametrize(
    ("late", "regime", "verdict"),
    [((0, 0, 0), "calm", "neutral"), ((90, -90, 90), "normal", "neutral"), ((300, -300, 300), "wild", "against")],
)
def test_given_moves_when_compared_with_those_before_then_only_wild_speaks_against(
    late: tuple[int, ...], regime: str, verdict: str
) -> None:
    closes = [50_000]
    for move in (100, -100, 100, -100, *late):
        closes.append(closes[-1] + move)
    confirmation = fed([a_bar(number, close, 10) for number, close in enumerate(closes)])
    assert confirmation.regime == regime
    assert of_bars(confirmation)["volatility_regime"].verdict == verdict


def test_given_a_price_that_stood_still_when_it_ticks_then_that_is_measured_against_a_least_volatility() -> None:
    regime = VolatilityRegime(2, 3, 0.5, 2.0)
    readings = [regime.add(close) for close in (10**6, 10**6, 10**6, 10**6, 10**6, 10**6, 1_000_010)]
    assert [reading.value for reading in readings[:5]] == [None] * 5
    assert (readings[5].value, readings[5].verdict) == (0.0, "neutral")
    assert readings[6].value == pytest.approx(1e-5 / math.sqrt(2) / 1e-4, rel=1e-4)
    assert regime.regime == "calm"


def test_given_too_few_bars_when_asked_then_each_says_how_many_it_needs() -> None:
    assert {item.quality for item in of_bars(Confirmation(SMALL)).values()} == {"no bar yet"}
    found = of_bars(fed([a_bar(number, 50_000, 10) for number in range(3)]))
    assert found["momentum_2"].quality == "ok"
    assert (found["momentum_5"].value, found["momentum_5"].verdict) == (None, "unknown")
    assert found["momentum_5"].quality == "warming up: 3 of 6 bars"
    assert found["volume_surprise"].quality == "warming up: 3 of 5 bars"
    assert found["volatility_regime"].quality == "warming up: 3 of 8 bars"


@pytest.mark.parametrize(
    "wanted", [SMALL, ConfirmationSettings(), ConfirmationSettings(momentum=()), replace(SMALL, volume_bars=30)]
)
def test_given_settings_when_as_many_bars_came_as_the_warm_up_says_then_nothing_is_unknown(
    wanted: ConfirmationSettings,
) -> None:
    confirmation = Confirmation(wanted)
    for number in range(confirmation.warm_up):
        unknown = [item for item in confirmation.inputs(a_row(), KOLON, ON) if item.verdict == "unknown"]
        assert unknown
        confirmation.add(a_bar(number, 50_000 + 10 * number, 10))
    assert all(item.verdict != "unknown" for item in confirmation.inputs(a_row(), KOLON, ON))


SESSIONS = st.lists(
    st.tuples(st.integers(1_000, 100_000), st.integers(1, 10**6), st.sampled_from(["", "", "halted", "no volume"])),
    min_size=1,
    max_size=25,
)


@given(SESSIONS)
def test_for_any_sessions_those_without_a_trade_move_nothing(rows: list[tuple[int, int, str]]) -> None:
    bars = [
        a_bar(number, close, 0 if odd else volume, DAY_S, open_=0 if odd == "halted" else close)
        for number, (close, volume, odd) in enumerate(rows)
    ]
    whole, traded = fed(bars), fed([bar for bar in bars if bar.volume])
    if rows[-1][2]:
        assert {(item.value, item.verdict, item.quality) for item in of_bars(whole).values()} == {
            (None, "unknown", "nothing traded in the last bar")
        }
        assert whole.regime == "unknown"
        for confirmation in (whole, traded):
            confirmation.add(a_bar(99, 5_000, 77, DAY_S))
    assert of_bars(whole) == of_bars(traded)
    assert whole.regime == traded.regime


def test_given_a_halt_of_many_sessions_when_trading_resumes_then_its_volume_is_no_surprise_over_nothing() -> None:
    lively = [a_bar(number, 50_000 + 10 * (number % 3), 1_000 + number, DAY_S) for number in range(9)]
    halt = [a_bar(9 + number, 50_000, 0, DAY_S, open_=0) for number in range(20)]
    found = of_bars(fed([*lively, *halt, a_bar(40, 50_010, 1_004, DAY_S)]))
    assert abs(found["volume_surprise"].value or 9) < 1
    assert abs(found["momentum_5"].value or 0) < 0.001


def test_given_a_minute_without_volume_when_asked_then_the_price_counts_and_the_volume_is_unknown() -> None:
    bars = [a_bar(number, 50_000 + 100 * number, 10 + number) for number in range(8)]
    found = of_bars(fed([*bars, a_bar(8, 51_000, 0)]))
    assert found["momentum_2"].value == math.log(51_000 / 50_600)
    assert (found["volume_surprise"].value, found["volume_surprise"].quality) == (None, "the last bar has no volume")
    skipped = of_bars(fed([*bars, a_bar(8, 51_000, 0), a_bar(9, 51_000, 12)]))
    assert skipped["volume_surprise"] == of_bars(fed([*bars, a_bar(9, 51_000, 12)]))["volume_surprise"]


def test_given_bars_of_another_length_when_added_then_it_refuses_to_mix_them() -> None:
    confirmation = fed([a_bar(0, 50_000, 10)])
    with pytest.raises(InvariantError, match="60 s, was 86400 s"):
        confirmation.add(a_bar(1, 50_000, 10, DAY_S))


def test_given_an_auction_price_when_seen_then_the_next_static_interruption_is_measured_from_it() -> None:
    row, confirmation = a_row(54_000), Confirmation(SMALL)
    from_base = vi_of(confirmation, row)
    assert from_base.value == (55_000 - 54_000) * 1_000_000 / 54_000
    assert "base price" in from_base.quality
    confirmation.on_quote(a_row(53_000, QuoteKind.AUCTION_TRADE))
    confirmation.on_quote(a_row(53_500))  # an ordinary trade is no reference
    assert vi_of(confirmation, row).value == (57_240 - 54_000) * 1_000_000 / 54_000  # the dynamic one: 6 % of the last
    assert vi_of(confirmation, row).quality == "ok"
    confirmation.on_quote(a_row(49_500, QuoteKind.AUCTION_TRADE, NINE + MINUTE_NS))
    assert vi_of(confirmation, row).value == (54_450 - 54_000) * 1_000_000 / 54_000
    assert vi_of(confirmation, row, date(2026, 1, 14)) == from_base  # another day's auction is no reference
    assert vi_of(Confirmation(SMALL), a_row(53_000, QuoteKind.AUCTION_TRADE)).quality == "ok"  # the row itself is one


def test_given_a_base_of_the_caller_or_none_when_asked_then_it_is_used_or_the_distance_is_unknown() -> None:
    confirmation, row = Confirmation(SMALL), a_row(54_000)
    nothing = replace(KOLON, base_price=None, lower_limit=None, upper_limit=None)
    by_name = {item.name: item for item in confirmation.inputs(row, nothing, ON)}
    assert (by_name["vi_distance"].value, by_name["vi_distance"].quality) == (None, "no base price")
    assert (by_name["limit_distance"].value, by_name["limit_distance"].quality) == (None, "no daily limits")
    given_one = {item.name: item for item in confirmation.inputs(row, nothing, ON, 50_000)}
    assert given_one["vi_distance"] == vi_of(confirmation, row)
    ending = replace(KOLON, flags=(InstrumentFlag.LIQUIDATION,))
    odd = {item.name: item for item in confirmation.inputs(row, ending, ON)}["vi_distance"]
    assert (odd.value, odd.quality) == (None, "liquidation trading knows no interruptions")


def test_given_settings_that_make_no_sense_when_made_then_they_are_refused_and_named() -> None:
    odd: dict[str, Any] = {
        "momentum": ((5, 0.1), (5, 0.2)),
        "volume_bars": 0,
        "volatility_long": 0,
        "calm": 2.0,
        "vi_min_ppm": -1,
    }
    for name, value in odd.items():
        with pytest.raises(ConfigError, match=name):
            ConfirmationSettings(**{name: value})


class Keeper(Role):
    """Keeps the confirmation of two symbols."""

    NAME = "keeper"
    HEARS: ClassVar[tuple[Any, ...]] = ()
    SAYS: ClassVar[tuple[Any, ...]] = ()

    def __init__(self, kept: dict[str, Confirmation] | None = None) -> None:
        super().__init__()
        self.kept = kept or {}


def carried(kept: dict[str, Confirmation]) -> dict[str, Confirmation]:
    again = Keeper()
    load(again, msgspec.json.decode(canonical(dump(Keeper(kept))), type=RoleState))
    return again.kept


@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 10))
@settings(max_examples=25, deadline=None)
def test_for_any_moment_a_snapshot_goes_on_as_if_nothing_had_happened(seed: int, before: int, after: int) -> None:
    draw = random.Random(seed)
    rows = [(draw.randrange(45_000, 55_000), draw.randrange(1_000)) for _ in range(before + after)]
    bars = [a_bar(number, close, volume) for number, (close, volume) in enumerate(rows)]
    kept = {"120110": fed(bars[:before]), "005930": fed(bars[:3])}
    kept["120110"].on_quote(a_row(52_000, QuoteKind.AUCTION_TRADE))
    again = carried(kept)
    for bar in bars[before:]:
        kept["120110"].add(bar)
        again["120110"].add(bar)
    for symbol, confirmation in kept.items():
        assert again[symbol].inputs(a_row(), KOLON, ON) == confirmation.inputs(a_row(), KOLON, ON)
        assert (again[symbol].regime, again[symbol].warm_up) == (confirmation.regime, confirmation.warm_up)
    assert canonical(dump(Keeper(again))) == canonical(dump(Keeper(kept)))
