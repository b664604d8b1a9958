"""Tax withheld from dividends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvariantError
from domain.krx.dividends import dividend_tax


@pytest.mark.parametrize(
    ("gross", "tax"),
    [
        (0, 0),
        (7_142, 0),  # 14 % are 999 won
        (7_143, 1_100),  # 1,000 and 100
        (36_100, 5_550),  # 5,054 cut to 5,050, a tenth cut to 500
        (100_000, 15_400),
        (1_000_000, 154_000),
    ],
)
def test_given_a_dividend_when_taxed_then_both_taxes_are_cut_at_ten_won(gross: int, tax: int) -> None:
    assert dividend_tax(gross) == tax


def test_given_less_than_nothing_when_taxed_then_it_is_our_bug() -> None:
    with pytest.raises(InvariantError, match=">= 0"):
        dividend_tax(-1)


@given(st.integers(0, 10**12))
def test_for_any_dividend_the_tax_is_within_twenty_won_of_the_rate_or_nothing(gross: int) -> None:
    tax = dividend_tax(gross)
    assert tax % 10 == 0
    assert tax == 0 or gross * 154 // 1000 - 21 < tax <= gross * 154 // 1000
    assert (tax == 0) == (gross * 14 // 100 < 1_000)
