"""Kiwoom's texts: padding, zero fill, signs, letters before codes."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker_win.text import code, hhmmss, number, order_number, price, quantity, yyyymmdd
from domain.time import from_kst

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("      ", None),
        ("0", 0),
        ("  70500 ", 70_500),
        ("+70500", 70_500),
        ("-70500", -70_500),
        ("-00000012345", -12_345),
        ("000000000000", 0),
        ("--1234", -1_234),
        ("  --0001234", -1_234),
        ("-   1234", -1_234),
        ("+   1234", 1_234),
    ],
)
def test_given_a_text_when_read_as_a_number_then_padding_and_signs_are_understood(
    text: str, expected: int | None
) -> None:
    assert number(text) == expected


@pytest.mark.parametrize("text", ["12.5", "abc", "-", "+", "--", "+-5", "---5", "1,000", "5-"])
def test_given_no_number_when_read_then_it_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="number expected") as caught:
        number(text)
    assert repr(text) in str(caught.value)


@given(st.integers(-(10**15), 10**15), st.integers(0, 20), st.integers(0, 5), st.booleans())
def test_for_any_number_padding_fill_and_a_doubled_minus_change_nothing(
    value: int, fill: int, pad: int, doubled: bool
) -> None:
    sign = ("--" if doubled else "-") if value < 0 else ""
    assert number(" " * pad + sign + str(abs(value)).zfill(fill) + " " * pad) == value


@given(st.integers(0, 10**12), st.sampled_from(["+", "-", "", "--"]))
def test_for_any_price_and_quantity_the_sign_is_direction_only(value: int, sign: str) -> None:
    assert price(f"{sign}{value} ") == value
    assert quantity(f"{sign}{value:012d}") == value


def test_given_a_blank_price_or_quantity_when_read_then_it_is_unknown_and_not_zero() -> None:
    assert price("   ") is None
    assert quantity("") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A005930", "005930"),
        ("005930", "005930"),
        ("  A005930   ", "005930"),
        ("Q500001", "500001"),
        ("J57JX01", "57JX01"),
        ("A0155E0", "0155E0"),
        ("00781K", "00781K"),
        ("A00001", "A00001"),  # six characters already: the letter belongs to it
    ],
)
def test_given_a_code_when_read_then_only_the_letter_of_its_kind_goes(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(
    "text", ["", "   ", "5930", "B005930", "AA005930", "005930_NX", "00593 ", "삼성전자아아", "005-30"]
)
def test_given_no_code_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="code expected"):
        code(text)


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.sampled_from(["", ":"]))
def test_for_any_time_of_day_it_is_that_moment_in_seoul(hours: int, minutes: int, seconds: int, colon: str) -> None:
    text = colon.join(f"{part:02d}" for part in (hours, minutes, seconds))
    assert hhmmss(f" {text} ", DAY) == from_kst(DAY, hours, minutes, seconds)


@pytest.mark.parametrize(
    "text", ["", "      ", "240000", "096000", "090060", "888888", "999999", "90105", "09010a", "-90105"]
)
def test_given_no_time_of_day_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time expected"):
        hhmmss(text, DAY)


@given(st.dates(date(1900, 1, 1)))
def test_for_any_day_its_digits_are_read_back(day: date) -> None:
    assert yyyymmdd(f" {day:%Y%m%d} ") == day


@pytest.mark.parametrize("text", ["", "20261", "2026-11-23", "20261301", "20260230", "00000000", "2026112a"])
def test_given_no_day_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        yyyymmdd(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("       ", ""),
        ("0000000", ""),
        ("0", ""),
        ("0000123", "0000123"),
        ("123", "0000123"),
        ("  0012345 ", "0012345"),
        ("000000000012345", "0012345"),
        ("9999999", "9999999"),
    ],
)
def test_given_an_order_number_when_read_then_it_has_seven_digits_or_is_none(text: str, expected: str) -> None:
    assert order_number(text) == expected


@pytest.mark.parametrize("text", ["A123456", "12345678", "-1", "+123", "12 34"])
def test_given_no_order_number_when_read_then_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="order number expected"):
        order_number(text)


@pytest.mark.parametrize("read", [number, price, quantity, code, order_number])
@given(text=st.text(max_size=12))
def test_for_any_text_a_reader_answers_or_refuses_by_value_error(read: Callable[[str], object], text: str) -> None:
    try:
        answer = read(text)
    except ValueError:
        return
    assert answer is None or isinstance(answer, int | str)
