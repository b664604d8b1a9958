"""Bars of minutes and of sessions."""

from hypothesis import given
from hypothesis import strategies as st

from domain.bars import DAY_S, MINUTE_NS, Bar, MinuteBars, SessionBar
from domain.quotes import Quote, QuoteKind

S = 1_000_000_000
TRADE, BOOK = int(QuoteKind.TRADE), int(QuoteKind.BOOK)


def a_row(second: int, price: int, qty: int, volume: int, kind: int = TRADE) -> Quote:
    return Quote("120110", second * S, price, qty, volume, price - 10, price + 10, 5, 5, kind)


def test_given_trades_of_a_minute_when_the_next_minute_begins_then_the_bar_is_given() -> None:
    bars = MinuteBars("120110")
    rows = [a_row(60, 100, 5, 5), a_row(70, 120, 5, 10), a_row(119, 90, 2, 12), a_row(119, 110, 1, 13)]
    assert [bars.add(row) for row in rows] == [None] * 4
    assert bars.add(a_row(120, 115, 1, 14)) == Bar("120110", 60 * S, 100, 120, 90, 110, 13)


def test_given_an_open_bar_when_a_book_row_of_a_later_minute_comes_then_it_ends_the_bar_and_opens_none() -> None:
    bars = MinuteBars("120110")
    bars.add(a_row(60, 100, 5, 5))
    assert bars.add(a_row(125, 500, 0, 5, BOOK)) == Bar("120110", 60 * S, 100, 100, 100, 100, 5)
    assert bars.add(a_row(300, 500, 0, 5, BOOK)) is None


def test_given_conflated_trades_when_a_bar_ends_then_its_volume_still_counts_them() -> None:
    bars = MinuteBars("120110")
    bars.add(a_row(60, 100, 5, 5))
    bars.add(a_row(120, 100, 5, 50))  # 40 shares of the second minute were never seen
    assert bars.add(a_row(180, 100, 1, 51)) == Bar("120110", 120 * S, 100, 100, 100, 100, 45)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 999), st.integers(1, 50)), min_size=1, max_size=60))
def test_for_any_trades_bars_hold_every_share_once_and_prices_in_order(steps: list[tuple[int, int, int]]) -> None:
    bars, second, volume, found = MinuteBars("120110"), 60, 0, []
    for wait, price, qty in steps:
        second, volume = second + wait, volume + qty
        found.append(bars.add(a_row(second, price, qty, volume)))
    found.append(bars.add(a_row(second + 60, 1, 0, volume, BOOK)))
    done = [bar for bar in found if bar]
    assert sum(bar.volume for bar in done) == volume
    assert [bar.start for bar in done] == sorted({bar.start for bar in done})
    assert all(bar.low <= min(bar.open, bar.close) and max(bar.open, bar.close) <= bar.high for bar in done)
    assert all(bar.start % MINUTE_NS == 0 for bar in done)


# ---- bars of a session ------------------------------------------------------------------------------------------


def the_session(rows: list[Quote]) -> Bar | None:
    """Give the bar of a session whose rows these are, as the strategist makes it: of its minutes."""
    minutes, session = MinuteBars("120110"), SessionBar()
    for row in rows:
        done = minutes.add(row)
        if done is not None:
            session.add(done)
    last = minutes.end()
    if last is not None:
        session.add(last)
    return session.end("120110", 0, minutes.volume)


def test_given_the_print_of_the_closing_auction_when_the_session_ends_then_it_is_the_close() -> None:
    at_the_end = Quote("120110", 23_405 * S, 95, 500, 1_000, 90, 100, 5, 5, int(QuoteKind.AUCTION_TRADE))
    rows = [a_row(60, 100, 5, 5), a_row(70, 120, 5, 10), a_row(22_700, 110, 0, 10, BOOK), at_the_end]
    assert the_session(rows) == Bar("120110", 0, 100, 120, 95, 95, 1_000, DAY_S)


def test_given_no_trade_when_the_session_ends_then_there_is_no_bar() -> None:
    assert the_session([a_row(60, 100, 0, 0, BOOK)]) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000), st.integers(1, 999), st.integers(1, 50), st.sampled_from([TRADE, TRADE, BOOK])
        ),
        max_size=40,
    )
)
def test_for_any_rows_the_bar_of_a_session_is_that_of_its_trades(steps: list[tuple[int, int, int, int]]) -> None:
    second, volume, rows = 0, 0, list[Quote]()
    for wait, price, qty, kind in steps:
        second, volume = second + wait, volume + (qty if kind == TRADE else 0)
        rows.append(a_row(second, price, qty if kind == TRADE else 0, volume, kind))
    prices = [row.price for row in rows if row.kind == TRADE]
    expected = (prices[0], max(prices), min(prices), prices[-1], volume) if prices else None
    found = the_session(rows)
    assert (None if found is None else found[2:7]) == expected
