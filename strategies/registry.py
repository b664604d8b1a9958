"""Strategies by name."""

from collections.abc import Mapping

from domain.config import StrategyConfig
from domain.errors import ConfigError
from strategies.attention_drift import AttentionDrift
from strategies.attention_momentum import AttentionMomentum
from strategies.attention_reversion import AttentionReversion
from strategies.base import Strategy, resolve
from strategies.exit_strategies import EXITS
from strategies.opening_range import OpeningRange
from strategies.price_drift import PriceDrift

BUILT_IN: tuple[type[Strategy], ...] = (
    AttentionMomentum,
    OpeningRange,
    AttentionDrift,
    AttentionReversion,
    PriceDrift,
    *EXITS,
)
STRATEGIES: Mapping[str, type[Strategy]] = {kind.NAME: kind for kind in BUILT_IN}


def build(config: StrategyConfig, known: Mapping[str, type[Strategy]] = STRATEGIES) -> Strategy:
    """Make a strategy with its parameters. Raises ConfigError on an unknown name, parameter or value."""
    if config.name not in known:
        raise ConfigError(f"strategy expected one of {', '.join(sorted(known))}, was {config.name!r}")
    kind = known[config.name]
    return kind(resolve(kind.NAME, kind.PARAMS, config.params, before=not config.code))
