"""Judges one strategy: what it would have claimed in windows it had not seen, and whether that was more than luck."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from backtest.judging.claims import Scored
from backtest.judging.luck import Interval, Placed, interval_of_mean, interval_of_share, p_value
from backtest.judging.outcomes import Outcomes
from backtest.judging.scoring import OutcomesOf, one_at_a_time, score
from backtest.judging.splits import WINDOWS, Split, splits_of
from backtest.judging.training import Params, best, calibrator, candidates, learnable
from backtest.judging.walk import Walked
from domain.scoring.calibration import Bin, calibration
from domain.types import Side
from domain.wording import counted
from strategies.base import Strategy

TARGET: Final = 0.7  # precision aimed at
PPM_PER_BP: Final = 100

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """How a group of claims turned out. None where there is nothing to say it from."""

    signals: int = 0  # with a score
    precision: float | None = None  # share that earned more than its costs
    precision_low: float | None = None  # of the 95 % interval
    precision_high: float | None = None
    hit_rate: float | None = None  # share whose direction was right
    mean_return_bps: float | None = None  # after costs
    mean_return_low_bps: float | None = None
    mean_return_high_bps: float | None = None
    cost_bps: float | None = None
    baseline_precision: float | None = None  # always in: same symbols, points in time, horizon
    baseline_return_bps: float | None = None  # after costs
    unscored: Mapping[str, int] = field(default_factory=dict)  # reason -> claims


@dataclass(frozen=True, slots=True)
class Window:
    """One step of the walk forward."""

    split: Split
    params: Params  # chosen before the window
    learned: int  # claims they were chosen by
    learned_precision: float | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that is known of a strategy on one set of data."""

    strategy: str
    error: str = ""  # why it could not be judged; empty: it was
    points: int = 0  # sessions in which it could have claimed something
    codes: tuple[str, ...] = ()  # it was shown
    variants: int = 0  # sets of parameters tried in the past of each window
    figures: Figures = Figures()  # of all windows
    p_value: float | None = None
    windows: tuple[Window, ...] = ()
    by_symbol: Mapping[str, Figures] = field(default_factory=dict)
    by_regime: Mapping[str, Figures] = field(default_factory=dict)
    calibration: tuple[Bin, ...] = ()  # of what confidence was worth in the past, against what came
    # With the default parameters, in all of the data: claims made while an earlier one of the symbol was open, and
    # entries that did not pass the agreement rule.
    overlapping: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Bench:
    """What strategies are judged on: made for days, or for minutes."""

    codes: tuple[str, ...]  # columns of every grid
    blocks: Sequence[str]  # month or week of every point in time, which the bootstrap draws as a whole
    outcomes_of: OutcomesOf
    walk: Callable[[type[Strategy], Params], Walked]
    mask: Mask  # where a strategy that needs attention could have claimed something; all True for the others
    step: int = 1  # points in time that make a session: claims are moved by whole sessions


@dataclass(frozen=True, slots=True)
class Told:
    """A scored claim of a window, with what its confidence was worth in the past."""

    scored: Scored
    worth: float


def judge(kind: type[Strategy], bench: Bench, windows: int = WINDOWS) -> Judgement:
    """Judge a strategy walk-forward. Raises ConfigError for a sweep that is too wide.

    One that keeps something outside its instances (in its class, its module) or draws at random is not judged.
    """
    tried = candidates(kind.NAME, kind.PARAMS)
    walked = [bench.walk(kind, params) for params in tried]
    failed = next((one.error for one in walked if one.error), "")
    if failed:
        return Judgement(kind.NAME, f"it raised {failed}")
    # What an earlier life taught it, it would know before it happens in the next.
    if bench.walk(kind, tried[0]).claims != walked[0].claims:
        return Judgement(kind.NAME, "what it claims is not the same when it lives through the data again")
    shown = np.logical_or.reduce([one.shown for one in walked]) & bench.mask
    points = np.flatnonzero(shown.any(axis=1)).tolist()
    codes = tuple(bench.codes[at] for at in np.flatnonzero(shown.any(axis=0)))
    splits = _whole_sessions(points, windows, bench.step)
    if not splits:
        count = len({point // bench.step for point in points})
        why = f"{counted(count, 'session')} in which it could have claimed something: too few to test on"
        return Judgement(kind.NAME, why, count, codes, len(tried))
    scored = [
        one_at_a_time(score((c for c in one.claims if bench.mask[c.at, c.column]), bench.outcomes_of)) for one in walked
    ]
    forward = _Forward(bench, shown, [kept for kept, _ in scored])
    steps = [forward.step(split) for split in splits]
    told = forward.together([one for _, claims in steps for one in claims])
    parts = [
        Window(split, tried[choice.index], choice.learned, choice.precision, forward.figures(told, split))
        for split, (choice, _) in zip(splits, steps, strict=True)
    ]
    whole = Split(0, splits[0].train_from, splits[0].test_from, splits[-1].test_to)
    return Judgement(
        strategy=kind.NAME,
        points=len({point // bench.step for point in points}),
        codes=codes,
        variants=len(tried),
        figures=forward.figures(told, whole),
        p_value=forward.p_value(told, whole),
        windows=tuple(parts),
        by_symbol=forward.by_symbol(told, whole),
        by_regime=forward.by_regime(told, whole),
        calibration=calibration((one.worth, one.scored.won) for one in told if not one.scored.reason),
        overlapping=scored[0][1],
        withheld=walked[0].withheld,
    )


def _whole_sessions(points: Sequence[int], windows: int, step: int) -> tuple[Split, ...]:
    """Cut sessions, not minutes, into windows."""
    sessions = sorted({point // step for point in points})
    return tuple(
        Split(one.number, one.train_from * step, one.test_from * step, one.test_to * step)
        for one in splits_of(sessions, windows)
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What was learned before a window."""

    index: int  # of the candidate
    learned: int
    precision: float | None


class _Forward:
    """The test side: claims in windows, with baselines and luck."""

    def __init__(self, bench: Bench, shown: Mask, tried: Sequence[Sequence[Scored]]) -> None:
        self._bench = bench
        self._shown = shown
        self._tried = tried

    def step(self, split: Split) -> tuple[Choice, list[Told]]:
        """Choose before a window; give what was then claimed in it."""
        index = best(self._tried, split)
        past = learnable(self._tried[index], split)
        worth = calibrator(past)
        inside = [one for one in self._tried[index] if split.test_from <= one.claim.at < split.test_to]
        share = sum(one.won for one in past) / len(past) if past else None
        return Choice(index, len(past), share), [Told(one, worth(one.claim.confidence)) for one in inside]

    def together(self, told: Sequence[Told]) -> list[Told]:
        """Join windows whose parameters differ: still one claim a symbol at a time."""
        worth = {(one.scored.claim.at, one.scored.claim.column): one.worth for one in told}
        kept, _ = one_at_a_time(one.scored for one in told)
        return [Told(one, worth[one.claim.at, one.claim.column]) for one in kept]

    def figures(self, told: Sequence[Told], split: Split, column: int | None = None) -> Figures:
        """Sum up the claims of a window, of one symbol if asked."""
        inside = [
            one.scored
            for one in told
            if split.test_from <= one.scored.claim.at < split.test_to and column in (None, one.scored.claim.column)
        ]
        return figures_of(inside, self._bench.blocks, self._baseline(inside, split, column))

    def by_symbol(self, told: Sequence[Told], split: Split) -> dict[str, Figures]:
        """Sum up by code, those with claims only."""
        columns = sorted({one.scored.claim.column for one in told})
        return {self._bench.codes[column]: self.figures(told, split, column) for column in columns}

    def by_regime(self, told: Sequence[Told], split: Split) -> dict[str, Figures]:
        """Sum up by regime of volatility; no baseline is known by regime."""
        regimes = sorted({one.scored.claim.regime for one in told})
        return {
            regime: figures_of(
                [one.scored for one in told if one.scored.claim.regime == regime], self._bench.blocks, (None, None)
            )
            for regime in regimes
        }

    def p_value(self, told: Sequence[Told], split: Split) -> float | None:
        """Give how often random timing does as well, see `luck`."""
        scored = [one.scored for one in told if not one.scored.reason]
        start, end = split.test_from, split.test_to
        groups = []
        for key in sorted({(one.claim.horizon, one.claim.side) for one in scored}):
            own = [one for one in scored if (one.claim.horizon, one.claim.side) == key]
            values = np.where(self._shown[start:end], self._of(key).won[start:end], np.nan)
            rows = np.array([one.claim.at - start for one in own], np.int64)
            columns = np.array([one.claim.column for one in own], np.int64)
            groups.append(Placed(rows, columns, np.full(values.shape[1], end - start, np.int64), values))
        return p_value(groups, end - start, self._bench.step)

    def _of(self, key: tuple[int, Side]) -> Outcomes:
        return self._bench.outcomes_of(*key)

    def _baseline(
        self, scored: Sequence[Scored], split: Split, column: int | None
    ) -> tuple[float | None, float | None]:
        """Give precision and mean return (bps) of always being in, weighted as the claims are by horizon and side."""
        rows = slice(split.test_from, split.test_to)
        columns = slice(None) if column is None else slice(column, column + 1)
        where = self._shown[rows, columns]
        totals = [0.0, 0.0]
        keys = [(one.claim.horizon, one.claim.side) for one in scored if not one.reason]
        for key in sorted(set(keys)):
            made = self._of(key)
            for at, grid in enumerate((made.won, made.net_bps)):
                values = grid[rows, columns][where]
                values = values[~np.isnan(values)]
                totals[at] += keys.count(key) * float(values.mean(dtype=np.float64))  # a claim of its own is among them
        return (totals[0] / len(keys), totals[1] / len(keys)) if keys else (None, None)


def figures_of(scored: Sequence[Scored], blocks: Sequence[str], baseline: tuple[float | None, float | None]) -> Figures:
    """Sum up claims."""
    unscored: dict[str, int] = {}
    for one in scored:
        if one.reason:
            unscored[one.reason] = unscored.get(one.reason, 0) + 1
    known = [one for one in scored if not one.reason]
    count = len(known)
    if not count:
        return Figures(unscored=unscored)
    fallen = [blocks[one.claim.at] for one in known]
    share = interval_of_share(fallen, [one.won for one in known])
    returns = [(one.gross_ppm - one.cost_ppm) / PPM_PER_BP for one in known]
    around: Interval | None = interval_of_mean(fallen, returns)
    return Figures(
        signals=count,
        precision=sum(one.won for one in known) / count,
        precision_low=share.low,
        precision_high=share.high,
        hit_rate=sum(one.gross_ppm > 0 for one in known) / count,
        mean_return_bps=sum(returns) / count,
        mean_return_low_bps=around.low if around else None,
        mean_return_high_bps=around.high if around else None,
        cost_bps=sum(one.cost_ppm for one in known) / count / PPM_PER_BP,
        baseline_precision=baseline[0],
        baseline_return_bps=baseline[1],
        unscored=unscored,
    )
