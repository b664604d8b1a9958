"""Rows become batches by count and venue time, and never within one moment."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backtest.batches import batches, batches_at
from backtest.plan import Pace
from domain.quotes import Quote
from tests.backtest.builders import at
from tests.broker_sim.builders import a_quote

MS = 1_000_000


def rows_at(*milliseconds: int) -> list[Quote]:
    return [a_quote(when=at(0) + ms * MS) for ms in milliseconds]


def times(cut: list[list[Quote]]) -> list[list[int]]:
    return [[(row.venue_time - at(0)) // MS for row in batch] for batch in cut]


def test_given_rows_when_cut_by_count_then_rows_of_one_moment_stay_together() -> None:
    pace = Pace(batch_rows=2, batch_ms=600_000)
    assert times(list(batches(rows_at(1, 2, 2, 2, 3), pace))) == [[1, 2, 2, 2], [3]]


def test_given_rows_when_cut_by_time_then_no_batch_spans_it() -> None:
    assert times(list(batches(rows_at(0, 999, 1_000, 1_500, 5_000), Pace()))) == [[0, 999], [1_000, 1_500], [5_000]]


def test_given_no_span_when_cut_then_each_moment_is_a_batch() -> None:
    assert times(list(batches(rows_at(0, 0, 1, 2, 2), Pace(batch_ms=0)))) == [[0, 0], [1], [2, 2]]


def test_given_the_ends_of_another_run_when_cut_then_batches_end_there() -> None:
    ends = [at(0) + ms * MS for ms in (2, 3, 7, 8)]
    assert times(list(batches_at(rows_at(1, 2, 3, 9, 10), ends))) == [[1, 2], [3], [9, 10]]
    assert list(batches_at([], ends)) == []


@given(st.lists(st.integers(0, 3_000), max_size=60), st.integers(1, 9), st.integers(0, 1_500))
def test_for_any_rows_batches_hold_each_row_once_in_order_within_their_bounds(
    milliseconds: list[int], most: int, span: int
) -> None:
    rows = rows_at(*sorted(milliseconds))
    cut = list(batches(rows, Pace(batch_rows=most, batch_ms=span)))
    assert [row for batch in cut for row in batch] == rows
    for batch in cut:
        first, last = batch[0].venue_time, batch[-1].venue_time
        assert last == first or last - first < span * MS
        assert len([row for row in batch if row.venue_time < last]) < most
    for one, other in pairwise(cut):
        assert one[-1].venue_time < other[0].venue_time
