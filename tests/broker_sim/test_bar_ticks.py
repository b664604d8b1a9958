"""Bars become ticks."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from broker_sim.bar_ticks import BarTicks, ticks_of
from broker_sim.recording import Bar, Recording
from domain.krx.sessions import regular_session
from domain.krx.ticks import is_on_tick
from domain.quotes import Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, Market
from tests.broker_sim.builders import DAY, SYMBOL, a_day, a_file, an_instrument, at

SESSION = regular_session(DAY)
assert SESSION is not None
MINUTE = 60 * NANOS_PER_SECOND


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    """Any bar inside the daily limits of base 10,000, half ticks and prices off the grid included."""
    low, high = sorted((draw(st.integers(7_000, 13_000)), draw(st.integers(7_000, 13_000))))
    inside = st.integers(low, high)
    assert SESSION is not None
    minute = draw(st.integers(1, 379))
    return Bar(SESSION.open + minute * MINUTE, draw(inside), high, low, draw(inside), draw(st.integers(1, 10**9)))


def rows_of(bar: Bar, seed: int = 1, bar_seconds: int = 60) -> list[Quote]:
    assert SESSION is not None
    return BarTicks(an_instrument(), SESSION, bar_seconds, seed).rows(bar)


@given(bars(), st.integers(0, 2**63))
def test_for_any_bar_prints_stay_inside_it_and_sum_to_it(bar: Bar, seed: int) -> None:
    rows = rows_of(bar, seed)

    assert sum(row.last_qty for row in rows) == bar.volume == rows[-1].cumulative_volume
    assert all(row.last_qty > 0 for row in rows)
    assert all(bar.low <= row.price <= bar.high for row in rows)
    assert rows[-1].price == bar.close
    times = [row.venue_time for row in rows]
    assert bar.start <= times[0] and times[-1] < bar.start + MINUTE
    assert all(earlier < later for earlier, later in pairwise(times))
    if bar.volume >= 4:
        assert rows[0].price == bar.open
        assert {bar.low, bar.high} <= {row.price for row in rows}
        recorded = {bar.open, bar.high, bar.low, bar.close}
        assert all(is_on_tick(row.price, Market.KOSPI, DAY) for row in rows if row.price not in recorded)
    assert len(rows) <= 8


@given(bars(), st.integers(0, 2**63))
def test_for_any_bar_the_book_surrounds_each_print_within_the_limits(bar: Bar, seed: int) -> None:
    instrument = an_instrument()

    for row in rows_of(bar, seed):
        assert row.bid_price <= row.price <= (row.ask_price or row.price)
        assert row.bid_price != row.ask_price
        for price, size in ((row.bid_price, row.bid_qty), (row.ask_price, row.ask_qty)):
            assert (price > 0) == (size > 0)
            if price:
                assert instrument.lower_limit and instrument.upper_limit
                assert instrument.lower_limit <= price <= instrument.upper_limit
                assert is_on_tick(price, Market.KOSPI, DAY)


@given(st.lists(bars(), min_size=2, max_size=4, unique_by=lambda bar: bar.start))
def test_for_any_day_what_was_shown_does_not_depend_on_later_bars(day: list[Bar]) -> None:
    assert SESSION is not None
    ordered = sorted(day)
    maker, other = (BarTicks(an_instrument(), SESSION, 60, 7) for _ in range(2))
    changed = ordered[-1]._replace(volume=ordered[-1].volume + 1, close=ordered[-1].high)

    first = [row for bar in ordered[:-1] for row in maker.rows(bar)]
    again = [row for bar in ordered[:-1] for row in other.rows(bar)]
    other.rows(changed)

    assert first == again


def test_given_a_bar_at_the_limit_when_made_then_the_side_beyond_it_is_empty() -> None:
    bar = Bar(at(10, 0), 13_000, 13_000, 13_000, 13_000, 100)

    rows = rows_of(bar, seed=3)

    assert {row.ask_price for row in rows} <= {0, 13_000}
    assert any(row.ask_price == 0 and row.ask_qty == 0 for row in rows_of(bar, seed=3) + rows_of(bar, seed=4))


def test_given_a_half_tick_print_when_made_then_bid_and_ask_lie_around_it() -> None:
    [row] = rows_of(Bar(at(10, 0), 10_005, 10_005, 10_005, 10_005, 1))

    assert (row.bid_price, row.price, row.ask_price) == (10_000, 10_005, 10_010)


def test_given_a_bar_without_volume_when_made_then_only_the_book_moves() -> None:
    [row] = rows_of(Bar(at(10, 0), 10_000, 10_000, 10_000, 10_000, 0))

    assert (row.kind, row.last_qty, row.price, row.cumulative_volume) == (QuoteKind.BOOK, 0, 0, 0)
    assert row.bid_price in (9_990, 10_000)


def test_given_the_first_and_the_last_bar_when_made_then_they_hold_the_auctions() -> None:
    opening = rows_of(Bar(at(9, 0), 10_000, 10_050, 9_990, 10_020, 800))
    closing = rows_of(Bar(at(15, 30), 10_000, 10_050, 9_990, 10_020, 800))

    assert [row.kind == QuoteKind.AUCTION_TRADE for row in opening] == [True] + [False] * (len(opening) - 1)
    assert at(9, 0) <= opening[0].venue_time <= at(9, 0, 30)
    [cross] = closing
    assert (cross.kind, cross.last_qty, cross.price) == (QuoteKind.AUCTION_TRADE, 800, 10_020)
    assert at(15, 30) < cross.venue_time <= at(15, 30, 30)


def test_given_a_long_bar_into_the_closing_auction_when_made_then_its_prints_end_before_it() -> None:
    rows = rows_of(Bar(at(15, 0), 10_000, 10_050, 9_990, 10_020, 800), bar_seconds=3_600)

    assert all(row.venue_time < at(15, 20) for row in rows)


def test_given_a_recording_when_replayed_then_rows_come_in_order_with_the_days_volume(tmp_path: Path) -> None:
    recording = Recording.load(a_file(tmp_path, a_day() + a_day("000660")))

    rows = list(ticks_of(recording, seed=1))

    assert [row.venue_time for row in rows] == sorted(row.venue_time for row in rows)
    for code, held in recording.bars.items():
        own = [row for row in rows if row.symbol == code]
        assert own[-1].cumulative_volume == sum(bar.volume for bar in held)


def test_given_fewer_symbols_when_replayed_then_each_symbols_rows_are_the_same(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_day() + a_day("000660"))

    both = list(ticks_of(Recording.load(path), seed=1))
    alone = list(ticks_of(Recording.load(path, symbols=(SYMBOL,)), seed=1))

    assert [row for row in both if row.symbol == SYMBOL] == alone
    assert alone != list(ticks_of(Recording.load(path, symbols=(SYMBOL,)), seed=2))


def test_given_another_hash_seed_when_replayed_then_the_rows_are_the_same(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_day() + a_day("000660"))
    code = (
        "import pathlib, sys, hashlib; from broker_sim.bar_ticks import ticks_of;"
        "from broker_sim.recording import Recording;"
        "rows = list(ticks_of(Recording.load(pathlib.Path(sys.argv[1])), 1));"
        "print(hashlib.sha256(repr(rows).encode()).hexdigest())"
    )
    root = str(Path(__file__).parents[2])

    digests = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
