"""A code or a Korean name is accepted, both are shown."""

import pytest

from cli.names import labelled, name_of, symbol_of
from domain.errors import ConfigError


@pytest.mark.parametrize(("text", "code"), [("120110", "120110"), ("코오롱인더", "120110"), ("0000j0", "0000J0")])
def test_given_a_code_or_name_when_read_then_the_code_is_given(text: str, code: str) -> None:
    assert symbol_of(text) == code


def test_given_part_of_a_name_when_read_then_near_names_are_offered() -> None:
    with pytest.raises(ConfigError, match=r"코오롱인더 \(120110\)"):
        symbol_of("오롱인")


@pytest.mark.parametrize("text", ["", "12011", "no such company"])
def test_given_something_else_when_read_then_what_is_expected_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="six-character code"):
        symbol_of(text)


def test_given_a_code_when_labelled_then_its_name_stands_beside_it() -> None:
    assert labelled("120110") == "120110 코오롱인더"
    assert (labelled("ZZZZZZ"), name_of("ZZZZZZ")) == ("ZZZZZZ", "")
