"""How deep equity fell."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from domain.performance.drawdown import max_drawdown
from domain.types import PPM, Krw


def marks(*values: int) -> list[tuple[int, Krw]]:
    return [(index, Krw(value)) for index, value in enumerate(values)]


def test_given_equity_when_it_falls_twice_then_the_deepest_fall_counts_in_won_and_in_share_of_its_peak() -> None:
    assert max_drawdown(marks(1_000, 800, 10_000, 9_500, 9_900)) == (500, 200_000)
    assert max_drawdown(marks(5)) == (0, 0)
    assert max_drawdown([]) == (0, 0)
    assert max_drawdown(marks(-5, -9)) == (4, 0), "no share of a peak below nothing"


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
def test_for_any_equity_the_drawdown_is_that_of_a_naive_search(values: list[int]) -> None:
    naive = max((values[i] - values[j] for i in range(len(values)) for j in range(i, len(values))), default=0)
    won, ppm = max_drawdown(marks(*values))
    assert won == naive
    peaks = list(accumulate(values, max))
    assert ppm == max((peak - value) * PPM // peak for peak, value in zip(peaks, values, strict=True))
