"""Judgements as plain values with stable names, for `--json`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from backtest.judging.judge import TARGET, Figures, Judgement
from backtest.judging.verdict import verdict
from domain.scoring.calibration import Bin

DIGITS = 6  # of shares
BPS_DIGITS = 2


def as_row(found: Judgement, p_holm: float | None, days: Sequence[date], control: Judgement | None) -> dict[str, Any]:
    """Give one strategy; `days` are the KST dates of the points in time of its windows."""
    row: dict[str, Any] = {"strategy": found.strategy, **figures(found.figures)}
    row |= {
        "p_value": _rounded(found.p_value),
        "p_value_holm": _rounded(p_holm),
        "target_precision": TARGET,
        "verdict": verdict(found, p_holm),
        "error": found.error,
        "sessions": found.points,
        "symbols": len(found.codes),
        "variants": found.variants,
        "overlapping": found.overlapping,
        "withheld": found.withheld,
        "splits": [
            {
                "split": one.split.number,
                "train_from": str(days[one.split.train_from]),
                "train_to": str(days[one.split.test_from - 1]),
                "test_from": str(days[one.split.test_from]),
                "test_to": str(days[one.split.test_to - 1]),
                "params": one.params,
                "train_signals": one.learned,
                "train_precision": _rounded(one.learned_precision),
                **figures(one.figures),
            }
            for one in found.windows
        ],
        "by_symbol": {code: figures(one) for code, one in found.by_symbol.items()},
        "by_regime": {regime: figures(one) for regime, one in found.by_regime.items()},
        "calibration": [_bin(one) for one in found.calibration],
    }
    row["control"] = None
    if control is not None:
        kept = ("strategy", "p_value", "verdict", "splits", "by_symbol", "symbols", *figures(control.figures))
        row["control"] = {name: value for name, value in as_row(control, None, days, None).items() if name in kept}
        row["control"].pop("verdict")  # it is not among those the p-values are adjusted over
    return row


def figures(found: Figures) -> dict[str, Any]:
    """Give figures, rounded: shares to a millionth, returns to a hundredth of a basis point."""
    return {name: _of(name, value) for name, value in asdict(found).items()}


def _of(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return _rounded(value, BPS_DIGITS if name.endswith("_bps") else DIGITS)


def _rounded(value: float | None, digits: int = DIGITS) -> float | int | None:
    return value if value is None or isinstance(value, int) else round(value, digits)


def _bin(one: Bin) -> dict[str, float | int | None]:
    return {name: _rounded(value) for name, value in one._asdict().items()}
