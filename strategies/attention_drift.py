"""Buy what people search for far more than usual once prices confirm it, and hold it about two weeks.

Source: Da, Engelberg, Gao, In Search of Attention, Journal of Finance 2011 (high abnormal search volume goes with
higher prices in the next two weeks); Ban, Kim, Cheon 2016 for Korea and Naver (higher return in the next week). The
effect is small, and prices confirm nothing that everybody has not seen: no profit is promised.
"""

from collections.abc import Mapping
from typing import ClassVar

from domain.config import ParamValue
from domain.indicators import verdict
from domain.messages.trading import SignalInput
from strategies.base import Param, Scene, Searches
from strategies.exits import AttentionFading, attention_of
from strategies.price_drift import PriceDrift

GREAT = 2  # times the least surge that adds confidence


class AttentionDrift(PriceDrift):
    """Buy at the first row of a session what is searched far more than usual while momentum and volume speak for it.

    It is `price_drift` that enters only on a surge of attention, and leaves when attention is gone.
    """

    NAME: ClassVar[str] = "attention_drift"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("attention_min", 2.0, 0.1, 10.0, "robust z of abnormal searches that is a surge", sweep=(1.0, 2.0, 3.0)),
        Param("fade_share", 0.0, -1.0, 1.0, "share of the z at the entry below which attention is gone"),
        *PriceDrift.PARAMS,
    )
    SEARCHES: ClassVar[Searches] = Searches.REQUIRED

    def __init__(self, params: Mapping[str, ParamValue]) -> None:
        """Resolve the parameters. Raises ConfigError."""
        super().__init__(params)
        self._fading = (AttentionFading(self._real["attention_min"], self._real["fade_share"]),)

    def _searched(self, scene: Scene) -> tuple[SignalInput, ...]:
        z, _ = attention_of(scene)
        return (SignalInput("attention", z, verdict(z, self._real["attention_min"])),)

    def _surplus(self, scene: Scene) -> int:
        return int((attention_of(scene)[0] or 0.0) >= GREAT * self._real["attention_min"])
