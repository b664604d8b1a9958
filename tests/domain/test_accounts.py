"""Accounts are told apart by their marks, and a mark does not tell the number."""

from hypothesis import given
from hypothesis import strategies as st

from domain.accounts import AccountMark, check_of, mark_of, masked

NUMBERS = st.from_regex(r"[0-9]{10}", fullmatch=True)


@given(NUMBERS)
def test_for_any_account_its_own_mark_fits_and_shows_four_digits_only(number: str) -> None:
    mark = mark_of(number)
    assert masked(number) == "******" + number[-4:]
    assert mark.fits(masked(number), check_of(number))
    assert mark.fits("******" + number[-4:], ""), "a broker that tells no check is no contradiction"
    assert mark.end == number[-4:]
    assert len(mark.check) == 4
    assert number[:6] not in str(mark)


def test_given_two_accounts_that_end_alike_when_compared_then_they_are_told_apart() -> None:
    assert not mark_of("8012345611").fits("******5611", check_of("9912345611"))
    assert not mark_of("8012345611").fits("******5612", check_of("8012345611"))


def test_given_no_account_when_compared_then_any_fits() -> None:
    assert mark_of("") == AccountMark()
    assert AccountMark().fits("SIM-****0001", "")
    assert check_of("") == ""
