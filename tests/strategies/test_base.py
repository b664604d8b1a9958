"""The contract: parameters, arguments, registry."""

from enum import StrEnum
from typing import Any

import pytest

from domain.config import ParamValue, StrategyConfig
from domain.errors import ConfigError
from domain.messages.trading import SignalInput
from domain.types import Krw, Purpose, Side
from strategies.attention_momentum import AttentionMomentum
from strategies.base import Argument, Fill, Strategy
from strategies.registry import STRATEGIES, build
from tests.strategies.builders import DAY, a_bar, a_quote, a_scene, measured

GOOD: dict[str, Any] = {
    "symbol": "120110", "side": Side.BUY, "purpose": Purpose.ENTRY, "strength": 1.0, "confidence": 0.5,
    "horizon_s": 60, "limit_price": Krw(1), "attention": "unknown", "inputs": (), "rationale": "",
}  # fmt: skip


def test_given_nothing_when_built_then_every_parameter_has_its_default() -> None:
    for name in STRATEGIES:
        strategy = build(StrategyConfig(name, code="hantrade 0.6.0"))
        assert strategy.params == {param.name: param.default for param in strategy.PARAMS}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"hold_s": 59}, ["attention_momentum", "hold_s", "59", "60 to 23400"]),
        ({"hold_s": 60.5}, ["hold_s", "60.5", "whole number"]),
        ({"volume_min": float("nan")}, ["volume_min", "nan", "0.1 to 20.0"]),
        ({"momentum_bars": True}, ["momentum_bars", "True"]),
        ({"hold": 60}, ["attention_momentum", "hold=60", "allowed", "hold_s"]),
    ],
)
def test_given_a_bad_parameter_when_built_then_the_error_names_it_and_what_is_allowed(
    params: dict[str, ParamValue], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        build(StrategyConfig("attention_momentum", params))
    assert all(word in str(caught.value) for word in words)


def test_given_an_unknown_name_when_built_then_the_error_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"attention_momentum.*was 'moon'"):
        build(StrategyConfig("moon"))


def test_given_whole_values_as_floats_when_built_then_they_are_whole() -> None:
    assert AttentionMomentum({"hold_s": 600.0}).params["hold_s"] == 600


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": float("nan")},
        {"strength": 1.01},
        {"limit_price": Krw(0)},
        {"horizon_s": -1},
        {"inputs": (SignalInput("x", float("inf"), "for"),)},
        {"inputs": (SignalInput("x", 1.0, "for"),) * 101},
        {"horizon_s": 10**30},
        {"horizon_s": 10**9 + 1},
        {"horizon_sessions": 2_521},
        {"limit_price": Krw(2**70)},
        {"rationale": "x" * 2_001},
        {"regime": None},
    ],
)
def test_given_a_number_the_log_could_not_keep_when_argued_then_it_is_refused(change: dict[str, Any]) -> None:
    Argument(**GOOD)
    with pytest.raises(ValueError, match="expected"):
        Argument(**{**GOOD, **change})


@pytest.mark.parametrize(
    "item",
    [
        "z",
        SignalInput(5, 1.0, "for"),  # type: ignore[arg-type]
        SignalInput("x", 1.0, "yes"),
        SignalInput("x", 1.0, "for", None),  # type: ignore[arg-type]
        SignalInput("x", True, "for"),
        SignalInput("x", "1", "for"),  # type: ignore[arg-type]
    ],
)
def test_given_an_input_the_log_could_not_keep_when_argued_then_it_is_refused(item: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        Argument(**{**GOOD, "inputs": (item,)})


@pytest.mark.parametrize("change", [{"rationale": "\ud800"}, {"inputs": (SignalInput("\ud800", 1.0, "for"),)}])
def test_given_half_a_character_when_argued_then_it_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        Argument(**{**GOOD, **change})


def test_given_whole_numbers_where_the_log_keeps_floats_when_argued_then_they_are_floats() -> None:
    """A log read back has floats there: what was made of whole numbers would differ from what is replayed."""
    inputs = (SignalInput("falls", 4, "for"), SignalInput("z", None, "unknown"))
    made = Argument(**{**GOOD, "strength": 1, "confidence": 0, "inputs": inputs})
    assert [type(value) for value in (made.strength, made.confidence, made.inputs[0].value)] == [float] * 3
    assert made.inputs == (SignalInput("falls", 4.0, "for"), SignalInput("z", None, "unknown"))


class Volatility(StrEnum):
    """Names of one's own."""

    CALM = "calm"


class Price(int):
    """A number of one's own."""


class Text(str):
    """A text of one's own."""


class Input(SignalInput):
    """An input of one's own."""


def test_given_values_of_classes_of_ones_own_when_argued_then_they_are_those_the_log_gives_back() -> None:
    """The log cannot keep some of them, and gives the others back as what they are made of."""
    inputs = (Input(Text("z"), 1.0, Text("for"), Volatility.CALM),)
    told = {"symbol": Text("120110"), "rationale": Text("it rises"), "regime": Volatility.CALM, "inputs": inputs}
    made = Argument(**{**GOOD, **told, "limit_price": Price(10), "horizon_s": Price(60)})
    assert made == Argument(**{**GOOD, "rationale": "it rises", "regime": "calm", "limit_price": Krw(10),
                               "inputs": (SignalInput("z", 1.0, "for", "calm"),)})  # fmt: skip
    [item] = made.inputs
    kinds = [type(getattr(made, name)) for name in ("symbol", "rationale", "regime", "limit_price", "horizon_s")]
    assert kinds == [str, str, str, int, int]
    assert [type(value) for value in (item, item.name, item.verdict, item.quality)] == [SignalInput, str, str, str]


def test_given_a_strategy_without_hooks_when_called_then_it_argues_for_nothing() -> None:
    class Silent(Strategy):
        NAME = "silent"

    silent, scene = Silent({}), a_scene()
    silent.on_day(DAY)
    silent.on_trend(measured(1.0), scene)
    silent.on_fill(Fill("120110", Side.BUY, 1, None, DAY.open_time), scene)
    assert silent.warm_up == {}
    silent.on_reset("120110", 60)
    assert not [*silent.on_bar(a_bar(1), scene, DAY), *silent.on_quote(a_quote(1), scene, DAY)]
    assert not [*silent.on_clock(DAY.open_time, {"120110": scene}, DAY)]
