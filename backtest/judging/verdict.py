"""What figures mean in plain words, without promising anything."""

from typing import Final

from backtest.judging.judge import TARGET, Judgement
from domain.wording import counted

LEVEL: Final = 0.05  # chance of calling luck skill, over all strategies together
FEW: Final = 30  # signals; with fewer nothing is said of luck or the precision aimed at


def verdict(found: Judgement, p_holm: float | None) -> str:
    """Say what the figures of a strategy mean."""
    if found.error:
        return f"not judged: {found.error}"
    figures = found.figures
    if not figures.signals or figures.precision is None:
        missed = sum(figures.unscored.values())
        return "no signals: nothing can be said" + (f"; {missed} could not be scored" if missed else "")
    if figures.signals < FEW:
        return f"{counted(figures.signals, 'signal')} {'is' if figures.signals == 1 else 'are'} too few to tell"
    said = [_luck(found, p_holm)]
    beside = f", always being in {_bps(figures.baseline_return_bps)}" if figures.baseline_return_bps is not None else ""
    said.append(f"{_bps(figures.mean_return_bps or 0.0)} a signal after costs{beside}")
    said.append(_target(figures.precision_low or 0.0, figures.precision_high or 1.0))
    return "; ".join(said)


def _luck(found: Judgement, p_holm: float | None) -> str:
    if p_holm is None:
        return "luck cannot be ruled out: nothing to compare with"
    if p_holm > LEVEL:
        return "not distinguishable from luck"
    base = found.figures.baseline_precision
    if base is not None and (found.figures.precision or 0.0) <= base:
        return "better timed than by chance, yet no better than always being in"
    return "more often right than random entries of the same frequency"


def _target(low: float, high: float) -> str:
    if low >= TARGET:
        return f"precision of {TARGET:.0%} reached"
    if high < TARGET:
        return f"below the precision aimed at ({TARGET:.0%})"
    return f"whether it reaches {TARGET:.0%} is open"


def _bps(value: float) -> str:
    return f"{'earned' if value > 0 else 'lost'} {abs(value):.0f} bps"
