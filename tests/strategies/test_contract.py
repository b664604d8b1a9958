"""What of the contract can be told of a class before it runs."""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.errors import ConfigError
from strategies.base import Param, Strategy
from strategies.contract import checked, first_line
from strategies.registry import STRATEGIES


def a_kind(**changes: Any) -> type[Strategy]:
    return type("Owl", (Strategy,), {"NAME": "owl", **changes})


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_given_a_built_in_when_checked_then_it_keeps_the_contract(name: str) -> None:
    assert checked(STRATEGIES[name], name) is STRATEGIES[name]


def test_given_a_class_of_others_that_keeps_the_contract_when_checked_then_it_is_given_back() -> None:
    kind = a_kind(PARAMS=(Param("bars", 5, 1, 60),), INTERVALS=(60, 86_400), LEVELS={"for": 1.0})
    assert checked(kind, "owl") is kind


class NoInit(Strategy):
    """Forgets its base."""

    NAME = "owl"

    def __init__(self, params: Mapping[str, Any]) -> None:
        pass


TWICE = (Param("bars", 5, 1, 60), Param("bars", 6, 1, 60))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (5, "expected a subclass of strategies.base.Strategy, was 5"),
        (dict, "subclass of strategies.base.Strategy"),
        (Strategy, "subclass of strategies.base.Strategy"),
        (type("Owl", (Strategy,), {}), "NAME expected small letters, digits and _, was None"),
        (a_kind(NAME="Owl"), "NAME expected small letters"),
        (a_kind(NAME=5), "NAME expected small letters"),
        (a_kind(NAME="eagle"), "NAME expected 'owl' as its entry point says, was 'eagle'"),
        (a_kind(PARAMS=[]), "PARAMS expected a tuple of Param"),
        (a_kind(PARAMS=(("bars", 5),)), "PARAMS expected a tuple of Param"),
        (a_kind(PARAMS=TWICE), "PARAMS expected each name once, bars is there twice"),
        (a_kind(INTERVALS=(61,)), "INTERVALS expected a tuple of 60, 86400 (s), was (61,)"),
        (a_kind(INTERVALS=60), "INTERVALS expected"),
        (a_kind(SEARCHES="optional"), "SEARCHES, SEES expected Searches, Sees"),
        (a_kind(SEES="watched"), "SEARCHES, SEES expected"),
        (a_kind(runs={}), "class attribute runs expected to be made in on_day or __init__, to be state"),
        (a_kind(seen=[]), "class attribute seen expected"),
        (NoInit, "__init__ expected to call that of Strategy"),
        (a_kind(warm_up=5), "warm_up expected bars (0 or more) by length 60 or 86400 (s), was 5"),
        (a_kind(warm_up={61: 1}), "warm_up expected"),
        (a_kind(warm_up={60: -1}), "warm_up expected"),
        (a_kind(warm_up={60: 1.5}), "warm_up expected"),
    ],
)
def test_given_a_class_that_breaks_the_contract_when_checked_then_one_line_says_how(kind: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked(kind, "owl")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_given_an_error_of_many_lines_when_told_then_it_is_one_short_line() -> None:
    assert first_line(ValueError("a\n  b")) == "ValueError: a b"
    assert first_line(KeyError()) == "KeyError"
    assert len(first_line(ValueError("x" * 1_000))) == 200
    assert first_line(ValueError("\ud800")) == "ValueError: ?"


def test_given_an_error_that_cannot_say_itself_when_told_then_its_name_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert first_line(Mute()) == "Mute: (it raises when asked what it says)"
