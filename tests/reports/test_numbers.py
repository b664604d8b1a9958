"""Figures as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import numbers
from tests.reports.report_builders import at


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (numbers.whole(1_234_567), "1,234,567"),
        (numbers.whole(-666.7), "-667"),
        (numbers.whole(None), "–"),
        (numbers.signed(1_000), "+1,000"),
        (numbers.signed(-1_000), "-1,000"),
        (numbers.signed(0), "0"),
        (numbers.signed(-0.2), "0"),
        (numbers.share(0.012), "1.20 %"),
        (numbers.share(-0.00001), "0.00 %"),
        (numbers.signed_share(-0.001), "-0.10 %"),
        (numbers.signed_share(0.0), "0.00 %"),
        (numbers.percent(50.0, 1), "50.0 %"),
        (numbers.ppm_share(-36.0), "-0.004 %"),
        (numbers.plain(-0.001), "0.00"),
        (numbers.plain(None), "–"),
        (numbers.chance(0.0004), "< 0.001"),
        (numbers.chance(0.0312), "0.031"),
        (numbers.chance(None), "–"),
        (numbers.span(0.5), "0.5 ms"),
        (numbers.span(41.25), "41.2 ms"),
        (numbers.span(850), "850 ms"),
        (numbers.span(12_340), "12.3 s"),
        (numbers.span(245_000), "4:05 min"),
        (numbers.span(23_400_000), "6:30 h"),
        (numbers.moment(at(9, 5)), "09:05:00"),
        (numbers.moment(at(9, 5), ("a", "b")), "01-13 09:05:00"),
    ],
)
def test_given_a_figure_when_printed_then_it_reads_so(printed: str, expected: str) -> None:
    assert printed == expected


@given(st.floats(-1e9, 1e9))
def test_for_any_figure_a_printed_zero_has_no_minus(value: float) -> None:
    for text in (numbers.share(value), numbers.plain(value), numbers.percent(value), numbers.signed(value)):
        assert not text.startswith("-") or any(digit in text for digit in "123456789")
