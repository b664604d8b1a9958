"""Indicators: values against the plain formula, verdicts, warm-up."""

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.indicators import Momentum, Reading, VolumeSurprise, verdict

UNKNOWN = Reading(None, "unknown")


def test_given_too_few_bars_when_asked_then_both_are_unknown() -> None:
    momentum, volume = Momentum(3, 0.01), VolumeSurprise(3, 2.0)
    assert [momentum.add(100) for _ in range(3)] == [UNKNOWN] * 3
    assert [volume.add(100) for _ in range(3)] == [UNKNOWN] * 3
    assert momentum.add(100).value == 0.0
    assert volume.add(100).value == 0.0


@pytest.mark.parametrize(
    ("value", "said"), [(None, "unknown"), (2.0, "for"), (1.99, "neutral"), (-1.99, "neutral"), (-2.0, "against")]
)
def test_given_a_value_when_judged_then_the_verdict_follows_the_threshold(value: float | None, said: str) -> None:
    assert verdict(value, 2.0) == said


@given(st.lists(st.integers(1, 10**6), min_size=6, max_size=30))
def test_for_any_closes_momentum_is_the_log_return_over_five_bars(closes: list[int]) -> None:
    momentum = Momentum(5, 0.01)
    got = [momentum.add(close).value for close in closes][5:]
    assert got == [math.log(now / then) for then, now in zip(closes, closes[5:], strict=False)]


@given(st.lists(st.integers(0, 10**6), min_size=6, max_size=30))
def test_for_any_volumes_the_surprise_uses_only_the_bars_before(volumes: list[int]) -> None:
    indicator = VolumeSurprise(5, 2.0)
    got = [indicator.add(volume).value for volume in volumes][5:]
    logs = [math.log1p(volume) for volume in volumes]
    for index, value in enumerate(got, start=5):
        norm = logs[index - 5 : index]
        spread = max(1.4826 * median(abs(x - median(norm)) for x in norm), 0.1)
        assert value == (logs[index] - median(norm)) / spread
