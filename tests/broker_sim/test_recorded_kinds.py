"""Days recorded as ticks, order books and daily bars, alone and together; base prices from the session before."""

import gzip
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_sim.bar_file import Bar
from broker_sim.bar_ticks import ticks_of
from broker_sim.daily_ticks import daily_rows
from broker_sim.data_file import DataKind
from broker_sim.recording import Recording, days_in
from domain.errors import DataError
from domain.krx.sessions import regular_session
from domain.krx.ticks import is_on_tick
from domain.quotes import Depth, Quote, QuoteKind
from domain.types import NANOS_PER_SECOND, Market
from tests.broker_sim.builders import DAY, SYMBOL, a_bar, a_day, a_file, an_instrument, at

TRADE, BOOK, AUCTION = int(QuoteKind.TRADE), int(QuoteKind.BOOK), int(QuoteKind.AUCTION_TRADE)
SESSION = regular_session(DAY)


def a_tick(time: str = "10:00:00", price: float = 10_000, volume: int = 5, **changes: Any) -> dict[str, Any]:
    return {"code": SYMBOL, "date": "2026-01-13", "time": time, "price": price, "volume": volume} | changes


def a_full_tick(time: str = "10:00:00", price: int = 10_000, volume: int = 5, **changes: Any) -> dict[str, Any]:
    best = {"cumulative_volume": 100, "bid": price - 10, "ask": price, "bid_qty": 3, "ask_qty": 4, "kind": "trade"}
    return a_tick(time, price, volume) | best | changes


def a_book(time: str = "10:00:00", bid: int = 9_990, ask: int = 10_000, **changes: Any) -> dict[str, Any]:
    levels: dict[str, Any] = {}
    for n in (1, 2):
        levels |= {f"bid{n}": bid - 10 * (n - 1), f"bid_qty{n}": 10 * n}
        levels |= {f"ask{n}": ask + 10 * (n - 1), f"ask_qty{n}": 20 * n}
    return {"code": SYMBOL, "date": "2026-01-13", "time": time} | levels | changes


def rows_of(folder: Path, ticks: list[dict[str, Any]]) -> list[Quote]:
    return list(ticks_of(Recording.load(a_file(folder, ticks)), 1))


def test_given_full_ticks_when_loaded_then_rows_are_as_recorded(tmp_path: Path) -> None:
    ticks = [
        a_full_tick("09:00:01.5", kind="auction", cumulative_volume=50, volume=50),
        a_full_tick("10:00:00.000001", 10_010, cumulative_volume=55),
        a_full_tick("10:00:00.000001", 10_020, 7, cumulative_volume=62),
        a_full_tick("10:00:02", 10_020, 0, cumulative_volume=62, kind="book", ask=0, ask_qty=0),
    ]

    recording = Recording.load(a_file(tmp_path, ticks))

    assert (recording.kind, recording.refused, recording.bar_seconds) == (DataKind.TICKS, {}, 60)
    assert list(ticks_of(recording, 1)) == [
        Quote(SYMBOL, at(9, 0, 1) + 500_000_000, 10_000, 50, 50, 9_990, 10_000, 3, 4, AUCTION),
        Quote(SYMBOL, at(10, 0) + 1_000, 10_010, 5, 55, 10_000, 10_010, 3, 4, TRADE),
        Quote(SYMBOL, at(10, 0) + 1_000, 10_020, 7, 62, 10_010, 10_020, 3, 4, TRADE),
        Quote(SYMBOL, at(10, 0, 2), 10_020, 0, 62, 10_010, 0, 3, 0, BOOK),
    ]
    assert recording.bars[SYMBOL] == [
        Bar(at(9, 0), 10_000, 10_000, 10_000, 10_000, 50),
        Bar(at(10, 0), 10_010, 10_020, 10_010, 10_020, 12),
    ]
    assert recording.first == at(9, 0, 1) + 500_000_000
    assert list(recording.depths()) == []


def test_given_bare_ticks_when_loaded_then_kinds_volumes_and_best_prices_are_worked_out_and_said_so(
    tmp_path: Path,
) -> None:
    ticks = [a_tick("09:00:08", volume=10), a_tick("09:00:09"), a_tick("15:30:12", volume=7)]

    recording = Recording.load(a_file(tmp_path, ticks))
    rows = list(ticks_of(recording, 1))

    assert [(row.kind, row.cumulative_volume) for row in rows] == [(AUCTION, 10), (TRADE, 15), (AUCTION, 22)]
    assert all(row.bid_price < row.ask_price and row.price in (row.bid_price, row.ask_price) for row in rows)
    assert [text for text in recording.warnings if "made up" in text]
    assert [text for text in recording.warnings if "column kind" in text]
    assert rows == list(ticks_of(recording, 1)) != list(ticks_of(recording, 2))


def test_given_a_first_trade_long_after_the_open_when_kinds_are_missing_then_it_is_no_cross(tmp_path: Path) -> None:
    assert [row.kind for row in rows_of(tmp_path, [a_tick("09:00:36"), a_tick("09:01:00", volume=0)])] == [TRADE, BOOK]


def test_given_half_a_won_when_loaded_then_it_is_cut(tmp_path: Path) -> None:
    assert [row.price for row in rows_of(tmp_path, [a_tick(price=2_032.5), a_tick("10:00:01", 2_030)])] == [
        2_032,
        2_030,
    ]


def test_given_ticks_as_text_when_loaded_then_they_are_the_same(tmp_path: Path) -> None:
    ticks = [a_full_tick(), a_full_tick("10:00:01", cumulative_volume=105, bid=None, bid_qty=None)]
    packed = tmp_path / "ticks.csv.gz"
    packed.write_bytes(gzip.compress(pl.DataFrame(ticks).write_csv().encode()))

    assert list(ticks_of(Recording.load(packed), 1)) == rows_of(tmp_path, ticks)


@pytest.mark.parametrize(
    ("tick", "reason"),
    [
        (a_full_tick(kind="odd"), "kind not trade, auction or book"),
        (a_full_tick(time="10:61:00"), "time not HH:MM:SS"),
        (a_full_tick(time="10:00:00.x"), "time not HH:MM:SS"),
        (a_full_tick(code=""), "no code"),
        (a_full_tick(price=0), "price <= 0"),
        (a_full_tick(volume=-1), "volume < 0"),
        (a_full_tick(cumulative_volume=-1), "cumulative_volume not a whole number >= 0"),
        (a_full_tick(bid=-5), "bid not a whole number >= 0"),
        (a_full_tick(time="07:30:00"), "outside the regular session and the after-market"),
        (a_full_tick(time="16:30:00"), "outside the regular session and the after-market"),
        (a_full_tick(time="08:45:00"), "a trade before the open"),
        (a_full_tick(time="15:25:00"), "a trade in the closing auction"),
        (a_full_tick(time="09:30:00"), "same trade twice"),
    ],
)
def test_given_a_tick_that_cannot_be_when_loaded_then_it_is_refused_and_counted(
    tmp_path: Path, tick: dict[str, Any], reason: str
) -> None:
    good = a_full_tick("09:30:00")

    recording = Recording.load(a_file(tmp_path, [good, tick]))

    assert recording.refused == {reason: 1}
    assert [row.venue_time for row in ticks_of(recording, 1)] == [at(9, 30)]


def test_given_the_after_market_when_loaded_then_its_ticks_are_kept_and_are_not_the_close(tmp_path: Path) -> None:
    day = {"date": "2026-09-14"}
    ticks = [
        a_full_tick("15:30:10", kind="auction") | day,
        a_full_tick("17:00:00", 11_000, cumulative_volume=105) | day,
    ]
    late = [a_full_tick("10:00:00", date="2026-09-15"), *ticks]

    assert len(list(ticks_of(Recording.load(a_file(tmp_path, late), date(2026, 9, 14)), 1))) == 2
    assert Recording.load(a_file(tmp_path, late)).instruments[SYMBOL].base_price == 10_000


def test_given_ticks_out_of_order_when_loaded_then_they_are_put_in_order_and_it_is_said(tmp_path: Path) -> None:
    ticks = [a_full_tick("10:00:05", cumulative_volume=110), a_full_tick("10:00:01", cumulative_volume=105)]

    recording = Recording.load(a_file(tmp_path, ticks))

    assert [row.cumulative_volume for row in ticks_of(recording, 1)] == [105, 110]
    assert any("1 ticks are older" in text for text in recording.warnings)


def test_given_books_when_loaded_then_they_are_depths_and_rows_of_the_best(tmp_path: Path) -> None:
    books = [a_book(), a_book("10:00:01", ask2=None, ask_qty2=None), a_book("10:00:02", bid1=0, bid_qty1=0, bid2=0)]

    recording = Recording.load(a_file(tmp_path, books))

    assert recording.kind is DataKind.BOOKS
    assert list(recording.depths()) == [
        Depth(SYMBOL, at(10, 0), ((9_990, 10), (9_980, 20)), ((10_000, 20), (10_010, 40))),
        Depth(SYMBOL, at(10, 0, 1), ((9_990, 10), (9_980, 20)), ((10_000, 20),)),
        Depth(SYMBOL, at(10, 0, 2), (), ((10_000, 20), (10_010, 40))),
    ]
    assert next(ticks_of(recording, 1)) == Quote(SYMBOL, at(10, 0), 0, 0, 0, 9_990, 10_000, 10, 20, BOOK)


@pytest.mark.parametrize(
    ("book", "reason"),
    [
        (a_book(bid2=9_990), "levels not in order of price"),
        (a_book(ask1=0, ask_qty1=0), "levels not in order of price"),
        (a_book(bid_qty1=-1), "level price or shares < 0"),
        (a_book(time="noon"), "time not HH:MM:SS"),
        (a_book(time="20:30:00"), "outside the regular session and the after-market"),
    ],
)
def test_given_a_book_that_cannot_be_when_loaded_then_it_is_refused(
    tmp_path: Path, book: dict[str, Any], reason: str
) -> None:
    assert Recording.load(a_file(tmp_path, [a_book("09:30:00"), book])).refused == {reason: 1}


def test_given_ticks_and_books_of_a_day_when_loaded_as_a_folder_then_ticks_get_the_best_of_the_books(
    tmp_path: Path,
) -> None:
    a_file(tmp_path, [a_book("10:00:00"), a_book("10:00:02", 10_000, 10_010)], "books.parquet")
    a_file(tmp_path, [a_tick("09:59:59"), a_tick("10:00:01"), a_tick("10:00:03", 10_010)], "ticks.parquet")

    recording = Recording.load(tmp_path)

    assert [
        (row.kind, row.price, row.cumulative_volume, row.bid_price, row.ask_qty) for row in ticks_of(recording, 1)
    ] == [
        (TRADE, 10_000, 5, 0, 0),
        (BOOK, 10_000, 5, 9_990, 20),
        (TRADE, 10_000, 10, 9_990, 20),
        (BOOK, 10_000, 10, 10_000, 20),
        (TRADE, 10_010, 15, 10_000, 20),
    ]
    assert len(list(recording.depths())) == 2
    assert not any("made up" in text for text in recording.warnings)


def test_given_ticks_and_bars_of_a_day_when_loaded_as_a_folder_then_ticks_are_used_and_it_is_said(
    tmp_path: Path,
) -> None:
    a_file(tmp_path, a_day(), "bars.parquet")
    a_file(tmp_path, [a_full_tick()], "ticks.parquet")

    recording = Recording.load(tmp_path)

    assert recording.kind is DataKind.TICKS
    assert any("bars of 2026-01-13 not used" in text for text in recording.warnings)


def test_given_an_empty_folder_when_loaded_then_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folder expected at least one file"):
        Recording.load(tmp_path)


def test_given_a_book_level_without_sizes_when_loaded_then_the_column_is_named(tmp_path: Path) -> None:
    book = a_book()
    del book["ask_qty2"]
    with pytest.raises(DataError, match="missing ask_qty2"):
        Recording.load(a_file(tmp_path, [book]))


def test_given_only_refused_ticks_when_loaded_then_one_line_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows expected at least one for 2026-01-13, none left \(volume < 0: 1\)"):
        Recording.load(a_file(tmp_path, [a_full_tick(volume=-1)]))


# ---- base prices ------------------------------------------------------------------------------------------------


def on(day: str, **changes: Any) -> list[dict[str, Any]]:
    return [bar | {"date": day} | changes for bar in a_day()]


def test_given_the_session_before_in_the_file_when_loaded_then_its_closing_auction_is_the_base(tmp_path: Path) -> None:
    friday = [bar | ({"close": 10_010} if bar["time"] == "15:30:00" else {}) for bar in on("2026-01-09")]
    after = a_bar(time="16:00:00", date="2026-01-09", close=10_050)
    path = a_file(tmp_path, [*friday, after, *on("2026-01-12")])

    recording = Recording.load(path, date(2026, 1, 12))

    assert recording.instruments[SYMBOL].base_price == 10_010
    assert recording.warnings == ()
    assert days_in(path) == [date(2026, 1, 9), date(2026, 1, 12)]


@pytest.mark.parametrize(
    "before",
    [
        on("2026-01-08"),  # a session lies between
        [bar for bar in on("2026-01-09") if bar["time"] < "15:30:00"],  # the recording was cut
    ],
)
def test_given_no_close_of_the_session_before_when_loaded_then_the_base_is_unknown_and_it_is_said(
    tmp_path: Path, before: list[dict[str, Any]]
) -> None:
    recording = Recording.load(a_file(tmp_path, [*before, *on("2026-01-12")]), date(2026, 1, 12))

    assert recording.instruments[SYMBOL].base_price is None
    assert any("are unknown" in text for text in recording.warnings)


def test_given_a_split_between_the_days_when_loaded_then_the_old_close_is_not_the_base(tmp_path: Path) -> None:
    old = on("2026-01-09", open=40_000, high=40_050, low=39_950, close=40_000)
    recording = Recording.load(a_file(tmp_path, [*old, *on("2026-01-12")]))

    assert recording.instruments[SYMBOL].base_price is None
    assert any("does not fit" in text for text in recording.warnings)
    assert len(recording.bars[SYMBOL]) == len(a_day())


def test_given_a_few_bars_of_another_scale_when_loaded_then_they_are_refused(tmp_path: Path) -> None:
    odd = a_bar(time="09:11:00", open=40_000, high=40_000, low=40_000, close=40_000)
    recording = Recording.load(a_file(tmp_path, [bar | {"prev_close": 10_000} for bar in [*a_day(), odd]]))

    assert recording.refused == {"outside the daily limits": 1}
    assert max(bar.high for bar in recording.bars[SYMBOL]) == 10_050


def test_given_only_an_after_market_bar_behind_the_close_when_loaded_then_it_is_no_closing_print(
    tmp_path: Path,
) -> None:
    bars = [bar | {"date": "2026-09-15"} for bar in a_day(until="15:10")]
    recording = Recording.load(a_file(tmp_path, [*bars, a_bar(time="16:00:00", date="2026-09-15")]))

    assert recording.refused == {"after the closing print": 1}


# ---- daily bars -------------------------------------------------------------------------------------------------


def a_daily(day: str = "2026-01-13", **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (a_bar(volume=5_000) | {"date": day} | changes).items() if key != "time"}


def test_given_daily_bars_when_loaded_then_they_are_accepted_with_a_warning_and_the_day_before_is_the_base(
    tmp_path: Path,
) -> None:
    recording = Recording.load(a_file(tmp_path, [a_daily("2026-01-12"), a_daily()]))

    assert recording.kind is DataKind.DAILY
    assert recording.instruments[SYMBOL].base_price == 10_020
    assert any("made up between open, high, low, close" in text for text in recording.warnings)
    rows = list(ticks_of(recording, 1))
    assert (rows[0].kind, rows[0].price, rows[-1].kind, rows[-1].price) == (AUCTION, 10_000, AUCTION, 10_020)
    assert rows[-1].venue_time > at(15, 30)


@given(
    st.integers(7_000, 13_000),
    st.lists(st.integers(7_000, 13_000), min_size=3, max_size=3),
    st.integers(0, 10**7),
    st.integers(0, 99),
)
def test_for_any_daily_bar_prints_stay_inside_it_and_sum_to_it(
    first: int, others: list[int], volume: int, seed: int
) -> None:
    assert SESSION is not None
    low, high = min(first, *others), max(first, *others)
    bar = Bar(SESSION.open, first, high, low, others[0], volume)
    rows = list(daily_rows(bar, an_instrument(), SESSION, seed))

    assert sum(row.last_qty for row in rows) == volume == rows[-1].cumulative_volume
    assert all(earlier.venue_time < later.venue_time for earlier, later in pairwise(rows))
    assert not [row for row in rows if SESSION.close_auction <= row.venue_time < SESSION.close]
    if not volume:
        assert [row.kind for row in rows] == [BOOK]
        return
    prices = [row.price for row in rows]
    assert low <= min(prices) and max(prices) <= high
    assert prices[-1] == bar.close
    assert SESSION.close < rows[-1].venue_time <= SESSION.close + 30 * NANOS_PER_SECOND
    if volume >= 4:
        assert prices[0] == bar.open
        assert {low, high} <= set(prices)
        known = {bar.open, low, high, bar.close}
        assert all(is_on_tick(price, Market.KOSPI, DAY) for price in prices if price not in known)
