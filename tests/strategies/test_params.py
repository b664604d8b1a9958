"""Parameters: each kind, ranges, what older runs meant, texts, declarations that contradict themselves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.config import ParamValue, StrategyConfig
from domain.errors import ConfigError
from strategies.base import Param, Strategy, resolve
from strategies.params import read_all
from strategies.registry import STRATEGIES, build

WHOLE = Param("bars", 5, 1, 60, "minute bars")
REAL = Param("least", 0.5, 0.1, 2.0, "log units", before=0.25)
SWITCH = Param("confirm", True, meaning="ask more", before=False)
CHOICE = Param("attention", "optional", choices=("ignored", "optional"), meaning="use of it", before="ignored")
ALL = (WHOLE, REAL, SWITCH, CHOICE)


class Owl(Strategy):
    """Has a parameter of every kind."""

    NAME = "owl"
    PARAMS = ALL


def test_given_nothing_when_resolved_then_every_parameter_has_its_default() -> None:
    assert resolve("owl", ALL, {}) == {"bars": 5, "least": 0.5, "confirm": True, "attention": "optional"}


def test_given_an_older_run_when_resolved_then_what_it_did_not_name_means_what_it_meant() -> None:
    before = {"bars": 5, "least": 0.25, "confirm": False, "attention": "ignored"}
    assert resolve("owl", ALL, {}, before=True) == before
    assert resolve("owl", ALL, {"least": 1.0, "confirm": True}, before=True) == before | {"least": 1.0, "confirm": True}
    known = {"owl": Owl}
    assert build(StrategyConfig("owl"), known).params == before
    assert build(StrategyConfig("owl", code="hantrade 0.6.0"), known).params == resolve("owl", ALL, {})


@pytest.mark.parametrize(
    ("name", "value", "is_now"),
    [
        ("bars", 1, 1),
        ("bars", 60.0, 60),
        ("least", 1, 1.0),
        ("least", 0.1, 0.1),
        ("confirm", False, False),
        ("attention", "ignored", "ignored"),
    ],
)
def test_given_an_allowed_value_when_resolved_then_it_has_the_type_of_the_parameter(
    name: str, value: ParamValue, is_now: ParamValue
) -> None:
    found = resolve("owl", ALL, {name: value})[name]
    assert (found, type(found)) == (is_now, type(is_now))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("bars", 0, "expected a whole number from 1 to 60 (minute bars), was 0"),
        ("bars", 61, "was 61"),
        ("bars", 1.5, "was 1.5"),
        ("bars", True, "was True"),
        ("bars", "5", "was '5'"),
        ("bars", float("nan"), "was nan"),
        ("bars", float("inf"), "was inf"),
        ("bars", None, "was None"),
        ("least", 0.09, "expected a number from 0.1 to 2.0 (log units), was 0.09"),
        ("least", float("nan"), "was nan"),
        ("least", False, "was False"),
        ("confirm", 1, "expected true or false (ask more), was 1"),
        ("confirm", "true", "was 'true'"),
        ("attention", "high", "expected one of ignored, optional (use of it), was 'high'"),
        ("attention", True, "was True"),
        ("attention", ["ignored"], "was ['ignored']"),
    ],
)
def test_given_a_value_that_is_not_allowed_when_resolved_then_one_line_says_what_is(
    name: str, value: Any, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve("owl", ALL, {name: value})
    assert str(caught.value).startswith(f"strategy owl parameter {name} expected ")
    assert str(caught.value).endswith(says)


def test_given_an_unknown_parameter_when_resolved_then_the_known_ones_are_named() -> None:
    with pytest.raises(ConfigError, match="strategy owl parameter bar=5 is unknown, allowed: bars, least, confirm"):
        resolve("owl", ALL, {"bar": 5})
    with pytest.raises(ConfigError, match="unknown, allowed: none"):
        resolve("bare", (), {"bar": 5})


@pytest.mark.parametrize(
    "declared",
    [
        {"name": "Bars", "default": 1, "least": 0, "most": 2},
        {"name": "symbols", "default": 1, "least": 0, "most": 2},  # settings say that beside parameters
        {"name": "", "default": 1, "least": 0, "most": 2},
        {"name": "bars", "default": 3, "least": 0, "most": 2},
        {"name": "bars", "default": 1},
        {"name": "bars", "default": 1, "least": 2, "most": 0},
        {"name": "bars", "default": 1, "least": 0, "most": float("inf")},
        {"name": "bars", "default": 1, "least": 0, "most": 2, "before": 3},
        {"name": "bars", "default": 1, "least": 0, "most": 2, "sweep": (1, 3)},
        {"name": "bars", "default": 1, "least": 0, "most": 2, "sweep": (1, 1.5)},
        {"name": "confirm", "default": True, "before": 0},
        {"name": "attention", "default": "high"},
        {"name": "attention", "default": "high", "choices": ("low",)},
        {"name": "attention", "default": "high", "choices": ("high",), "sweep": ("low",)},
    ],
)
def test_given_a_declaration_that_contradicts_itself_when_made_then_it_is_refused(declared: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="parameter"):
        Param(**declared)


@pytest.mark.parametrize(
    ("name", "text", "is_now"),
    [
        ("bars", "7", 7),
        ("bars", "1_0", 10),
        ("bars", "7.0", 7.0),
        ("least", "0.5", 0.5),
        ("confirm", "true", True),
        ("confirm", "False", False),
        ("attention", "ignored", "ignored"),
        ("bars", "soon", "soon"),  # means nothing here: `resolve` refuses it
        ("confirm", "yes", "yes"),
        ("other", "7", "7"),
    ],
)
def test_given_a_text_when_read_then_it_means_what_the_parameter_takes(
    name: str, text: str, is_now: ParamValue
) -> None:
    found = read_all(ALL, {name: text})[name]
    assert (found, type(found)) == (is_now, type(is_now))


@given(st.sampled_from(ALL), st.data())
def test_for_any_allowed_value_its_text_is_read_as_the_same(param: Param, data: st.DataObject) -> None:
    values: dict[str, Any] = {
        "int": st.integers(1, 60),
        "float": st.floats(0.1, 2.0),
        "bool": st.booleans(),
        "choice": st.sampled_from(param.choices or ("",)),
    }
    value = data.draw(values[param.kind])
    assert resolve("owl", ALL, read_all(ALL, {param.name: str(value)}))[param.name] == value


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_given_a_built_in_when_looked_at_then_every_parameter_says_what_it_means_and_what_to_try_is_allowed(
    name: str,
) -> None:
    kind = STRATEGIES[name]
    assert kind.__doc__
    for param in kind.PARAMS:
        assert param.meaning, f"{name}.{param.name} has no meaning"
        assert len(set(param.sweep)) == len(param.sweep)
        for value in param.sweep:
            assert resolve(name, kind.PARAMS, {param.name: value})[param.name] == value
    for older in (True, False):
        assert set(resolve(name, kind.PARAMS, {}, before=older)) == {param.name for param in kind.PARAMS}
