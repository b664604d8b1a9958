"""The book made up behind the best prices."""

import itertools
import subprocess
import sys
from datetime import date
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from broker_sim.depth_model import BUCKET_MINUTES, DepthModel
from domain.instruments import Instrument
from domain.krx.ticks import is_on_tick, round_down, round_up
from domain.quotes import Depth, Quote
from domain.time import NANOS_PER_MINUTE
from domain.types import Market
from tests.broker_sim.builders import DAY, a_quote, an_instrument, at


def a_row(bid: int = 9_990, ask: int = 10_000, when: int | None = None, volume: int = 100_000, qty: int = 30) -> Quote:
    return a_quote(
        when=when, bid_price=bid, ask_price=ask, cumulative_volume=volume, bid_qty=qty * (bid > 0), ask_qty=qty
    )


def check(depth: Depth, row: Quote, instrument: Instrument, levels: int, day: date) -> None:
    lower, upper = instrument.lower_limit or 1, instrument.upper_limit or 10**15
    for side, best, qty, way in (
        (depth.bids, row.bid_price, row.bid_qty, -1),
        (depth.asks, row.ask_price, row.ask_qty, 1),
    ):
        assert (side == ()) == (best == 0)
        if not side:
            continue
        assert side[0][0] == best
        assert side[0][1] == qty or (qty == 0 and side[0][1] > 0)
        assert len(side) <= max(levels, 1)
        prices = [price for price, _ in side]
        assert prices == sorted(set(prices), reverse=way < 0)
        for price, shares in side[1:]:
            assert lower <= price <= upper
            assert is_on_tick(price, instrument.market, day)
            assert shares > 0


ROWS = st.builds(
    lambda best, spread, bid, ask, bid_qty, ask_qty, volume, minute: a_quote(
        price=best,
        when=at(9, 0) + minute * NANOS_PER_MINUTE,
        bid_price=best if bid else 0,
        ask_price=best + spread if ask else 0,
        bid_qty=bid_qty if bid else 0,
        ask_qty=ask_qty if ask else 0,
        cumulative_volume=volume,
    ),
    st.integers(1, 2_000_000),
    st.integers(1, 5_000),
    st.booleans(),
    st.booleans(),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.one_of(st.integers(0, 300), st.integers(0, 10**9)),
    st.integers(0, 660),
)


@given(ROWS, st.integers(1, 12), st.sampled_from(list(Market)), st.integers(0, 3), st.booleans())
def test_for_any_row_the_book_keeps_the_best_and_goes_on_in_order_inside_the_limits(
    row: Quote, levels: int, market: Market, seed: int, limited: bool
) -> None:
    base = max(int(round_down(row.price, market, DAY)), 100)
    instrument = an_instrument(base=base if limited else None, market=market)
    depth = DepthModel(seed, levels).of(row, instrument, DAY)
    check(depth, row, instrument, levels, DAY)
    assert (depth.symbol, depth.venue_time) == (row.symbol, row.venue_time)


@given(st.lists(ROWS, min_size=1, max_size=8), st.integers(0, 3))
def test_for_any_rows_what_was_asked_before_changes_nothing(rows: list[Quote], seed: int) -> None:
    instrument, used = an_instrument(base=None), DepthModel(seed, 10)
    for row in [*rows, *rows]:
        assert used.of(row, instrument, DAY) == DepthModel(seed, 10).of(row, instrument, DAY)


def test_given_other_limits_for_the_same_symbol_when_asked_again_then_the_new_ones_hold() -> None:
    model, row = DepthModel(1, 10), a_row()
    assert len(model.of(row, an_instrument(), DAY).asks) == 10
    assert model.of(row, an_instrument(base=7_700), DAY).asks == (
        (10_000, 30),
        *model.of(row, an_instrument(), DAY).asks[1:2],
    )


def test_given_a_side_at_its_limit_when_asked_then_nothing_lies_beyond() -> None:
    depth = DepthModel(1, 10).of(a_row(bid=12_990, ask=13_000), an_instrument(), DAY)
    assert depth.asks == ((13_000, 30),)
    assert len(depth.bids) == 10


def test_given_best_prices_beyond_the_limits_when_asked_then_deeper_levels_begin_inside() -> None:
    model = DepthModel(1, 3)
    low, high = (model.of(a_row(bid=price, ask=price + 10), an_instrument(), DAY) for price in (5_000, 15_000))
    assert [price for price, _ in low.asks] == [5_010, 7_000, 7_010]
    assert [price for price, _ in high.bids] == [15_000, 13_000, 12_990]
    assert (len(low.bids), len(high.asks)) == (1, 1)


def test_given_one_level_when_asked_then_only_the_best_is_given() -> None:
    depth = DepthModel(1, 1).of(a_row(), an_instrument(), DAY)
    assert (depth.bids, depth.asks) == (((9_990, 30),), ((10_000, 30),))


def test_given_a_price_without_a_size_when_asked_then_a_size_is_made_up() -> None:
    depth = DepthModel(1, 10).of(a_row(qty=0), an_instrument(), DAY)
    assert depth.bids[0][0] == 9_990
    assert depth.bids[0][1] > 1


def test_given_the_best_moves_a_tick_when_asked_then_levels_keep_their_sizes() -> None:
    model, instrument = DepthModel(1, 10), an_instrument()
    before = dict(model.of(a_row(), instrument, DAY).asks[1:])
    after = dict(model.of(a_row(bid=9_980, ask=9_990, when=at(10, 0, 1), volume=100_050), instrument, DAY).asks[1:])
    shared = set(before) & set(after)
    assert len(shared) >= 8
    assert {price: before[price] for price in shared} == {price: after[price] for price in shared}


def test_given_ten_minutes_pass_when_asked_then_each_size_was_drawn_once_more_and_not_all_at_once() -> None:
    model, instrument = DepthModel(1, 10), an_instrument()
    books = [
        dict(model.of(a_row(when=at(10, 0) + minute * NANOS_PER_MINUTE), instrument, DAY).asks[1:])
        for minute in range(BUCKET_MINUTES + 1)
    ]
    changes = [sum(1 for price in old if old[price] != new.get(price)) for old, new in itertools.pairwise(books)]
    assert max(changes) <= 4
    assert 5 <= sum(changes) <= 9  # a draw may come out as before


def test_given_a_growing_volume_when_asked_then_sizes_follow_it_within_the_promised_scale() -> None:
    model, instrument = DepthModel(7, 10), an_instrument()
    for volume in (10_000, 100_000, 3_000_000):
        sizes = [
            size
            for minute in range(0, 300, 20)
            for side in model.of(a_row(when=at(9, 30) + minute * NANOS_PER_MINUTE, volume=volume), instrument, DAY)[2:]
            for _, size in side[1:]
        ]
        assert volume / 256 / 1.5 < median(sizes) < volume / 256 * 1.5


def test_given_few_trades_when_asked_then_the_book_has_gaps_and_ends_early() -> None:
    depth = DepthModel(1, 10).of(a_row(volume=150), an_instrument(), DAY)
    prices = [price for price, _ in depth.asks]
    assert any(int(round_up(low + 1, Market.KOSPI, DAY)) != high for low, high in itertools.pairwise(prices))


def test_given_another_seed_or_symbol_when_asked_then_sizes_differ() -> None:
    row, other = a_row(), a_row()._replace(symbol="000660")
    first = DepthModel(1, 10).of(row, an_instrument(), DAY)
    assert first.asks != DepthModel(2, 10).of(row, an_instrument(), DAY).asks
    assert first.asks != DepthModel(1, 10).of(other, an_instrument("000660"), DAY).asks


def test_given_another_hash_seed_when_asked_then_the_book_is_the_same() -> None:
    code = (
        "from broker_sim.depth_model import DepthModel\n"
        "from tests.broker_sim.test_depth_model import a_row, an_instrument, DAY\n"
        "print(DepthModel(3, 10).of(a_row(), an_instrument(), DAY))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {f"{DepthModel(3, 10).of(a_row(), an_instrument(), DAY)}\n"}
