"""Short codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigError
from domain.krx.codes import LETTERS, check_code, is_code


@pytest.mark.parametrize("code", ["005930", "0155E0", "0080Y0", "00781K", "36328K", "900030", "500067"])
def test_given_a_listed_code_when_checked_then_it_is_kept_as_text(code: str) -> None:
    assert is_code(code)
    assert check_code(code) == code


@pytest.mark.parametrize(
    "code",
    ["", "5930", "0059300", "A05930", "0155I0", "0155O0", "0155U0", "0155e0", "00593 ", "005930\n"],
)
def test_given_another_text_when_checked_then_it_is_refused_with_the_form(code: str) -> None:
    assert not is_code(code)
    with pytest.raises(ConfigError, match="six characters"):
        check_code(code)


@given(st.from_regex(rf"[0-9][0-9{LETTERS}]{{5}}", fullmatch=True))
def test_for_any_digit_and_five_characters_it_is_a_code(code: str) -> None:
    assert check_code(code) == code
