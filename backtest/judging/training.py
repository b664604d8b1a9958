"""What is learned from the past of a window: which parameters, and what a confidence is worth."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from math import prod
from typing import Final

from backtest.judging.claims import Scored
from backtest.judging.splits import Split
from domain.config import ParamValue
from domain.errors import ConfigError
from domain.scoring.chance import wilson
from strategies.base import Param, resolve

MOST_TOGETHER: Final = 12  # combinations; beyond, one parameter at a time is moved from its default
MOST: Final = 64
WEIGHT: Final = 10  # signals of the average that a level of confidence begins with

Params = dict[str, ParamValue]


def candidates(strategy: str, declared: Sequence[Param]) -> list[Params]:
    """Give the defaults, then what else the declaration calls worth trying. Raises ConfigError when that is too much.

    All combinations when they are few, else one change from the defaults each. Parameters of exits are left alone:
    claims are judged at their horizon.
    """
    default = resolve(strategy, declared, {})
    swept = [(param.name, param.sweep) for param in declared if param.sweep and param.entry]
    values = [[(name, value) for value in dict.fromkeys((default[name], *sweep))] for name, sweep in swept]
    if prod(map(len, values)) <= MOST_TOGETHER:
        changes = [dict(chosen) for chosen in product(*values)]
    else:
        changes = [{}, *({name: value} for name, sweep in swept for value in sweep if value != default[name])]
    if len(changes) > MOST:
        raise ConfigError(f"strategy {strategy} sweeps expected {MOST} variants at most, has {len(changes)}")
    return [default | change for change in changes]


def learnable(scored: Iterable[Scored], split: Split) -> list[Scored]:
    """Give the claims whose outcome was known before the window began."""
    return [one for one in scored if split.train_from <= one.claim.at and one.due < split.test_from and not one.reason]


def best(tried: Sequence[Sequence[Scored]], split: Split) -> int:
    """Choose among candidates by the lower end of the confidence interval of their precision in the past.

    The lower end, so that a few lucky claims do not beat many good ones; the first of equals, which is the default.
    """

    def promise(index: int) -> tuple[float, int]:
        past = learnable(tried[index], split)
        return (wilson(sum(one.won for one in past), len(past))[0] if past else -1.0, -index)

    return max(range(len(tried)), key=promise)


def calibrator(past: Sequence[Scored]) -> Callable[[float], float]:
    """Give what a confidence was worth: the share of wins of its level, drawn to that of all, which is drawn to a half.

        all   = (wins + WEIGHT / 2) / (claims + WEIGHT)
        worth = (wins of the level + WEIGHT · all) / (claims of the level + WEIGHT)

    Three lucky claims are no certainty. Without a past a confidence is taken at its word.
    """
    if not past:
        return lambda confidence: confidence
    share = (sum(one.won for one in past) + WEIGHT / 2) / (len(past) + WEIGHT)
    counts = Counter(level(one.claim.confidence) for one in past)
    wins = Counter(level(one.claim.confidence) for one in past if one.won)
    worth: Mapping[int, float] = {key: (wins[key] + WEIGHT * share) / (count + WEIGHT) for key, count in counts.items()}
    return lambda confidence: worth.get(level(confidence), share)


def level(confidence: float) -> int:
    """Give the level of a confidence, in hundredths."""
    return round(confidence * 100)
