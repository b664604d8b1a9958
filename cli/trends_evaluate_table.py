"""Prints what `trends evaluate` found, for people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.names import labelled
from cli.output import console, show_table

if TYPE_CHECKING:
    from backtest.judging.prices import Panel

WARNING = (
    "No profit is promised: these are figures of the past, on the symbols that happen to be in these files, with costs "
    "assumed. What was not distinguishable from luck is not skill."
)
INTERVAL = ("95 % interval", "right")
CHANCES = (("p", "right"), ("p (Holm)", "right"))  # of a whole strategy only
COLUMNS = (
    ("strategy", "left"),
    ("n", "right"),
    ("precision", "right"),
    INTERVAL,
    ("always in", "right"),
    *CHANCES,
    ("after costs", "right"),
    ("cost", "right"),
    ("figure", "left"),
)
SHOWN = 12  # symbols of a strategy


def show(rows: Sequence[Mapping[str, Any]], panel: "Panel") -> None:
    """Print strategies, their windows, symbols and calibration, then a warning."""
    from domain.wording import counted

    span = f"{panel.sessions[0]} to {panel.sessions[-1]}, {counted(len(panel.codes), 'symbol')}"
    lines = []
    for row in rows:
        lines.append([row["strategy"], *_cells(row), row["verdict"]])
        if control := row["control"]:
            text = f"control: what prices alone do where {row['strategy']} was judged"
            lines.append([f"  {control['strategy']}", *_cells(control), text])
    show_table(f"Test windows of {span}; precision aimed at: 70 %", COLUMNS, lines, "no strategy fits these bars")
    for row in rows:
        _show_one(row)
    console().print(WARNING)


def _show_one(row: Mapping[str, Any]) -> None:
    steps = [[f"{one['test_from']} to {one['test_to']}", *_part(one), _params(row, one)] for one in row["splits"]]
    if steps:
        show_table(f"{row['strategy']} by window; what was chosen before it", _parts("test window"), steps, "")
    symbols = sorted(row["by_symbol"].items(), key=lambda item: (-item[1]["signals"], item[0]))
    if symbols:
        lines = [[labelled(code), *_part(one)] for code, one in symbols[:SHOWN]]
        more = f", the first {SHOWN} of {len(symbols)}" if len(symbols) > SHOWN else ""
        show_table(f"{row['strategy']} by symbol{more}", _parts("symbol")[:-1], lines, "")
    regimes = [[regime, *_part(one)] for regime, one in row["by_regime"].items()]
    if regimes:
        show_table(f"{row['strategy']} by volatility", _parts("regime")[:-1], regimes, "")
    bins = [
        [
            f"{one['from_confidence']:.1f} to {one['to_confidence']:.1f}",
            str(one["signals"]),
            _share(one["mean_confidence"]),
            _share(one["precision"]),
            f"{_share(one['precision_low'])} to {_share(one['precision_high'])}",
        ]
        for one in row["calibration"]
    ]
    if bins:
        columns = (("confidence", "left"), ("n", "right"), ("promised", "right"), ("won", "right"), INTERVAL)
        show_table(f"{row['strategy']}: confidence as calibrated before each window", columns, bins, "")


def _parts(heading: str) -> tuple[tuple[str, str], ...]:
    return ((heading, "left"), *(column for column in COLUMNS[1:] if column not in CHANCES))


def _part(one: Mapping[str, Any]) -> list[str]:
    cells = _cells(one)
    return [*cells[:4], *cells[6:]]


def _cells(one: Mapping[str, Any]) -> list[str]:
    low, high = one["precision_low"], one["precision_high"]
    return [
        str(one["signals"]),
        _share(one["precision"]),
        "-" if low is None else f"{_share(low)} to {_share(high)}",
        _share(one["baseline_precision"]),
        _chance(one.get("p_value")),
        _chance(one.get("p_value_holm")),
        _bps(one["mean_return_bps"]),
        _bps(one["cost_bps"]),
    ]


def _params(row: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """Name the parameters that windows chose differently, or that were swept at all."""
    swept = [name for name in step["params"] if len({str(one["params"][name]) for one in row["splits"]}) > 1]
    chosen = ", ".join(f"{name}={step['params'][name]}" for name in swept)
    return chosen or ("same as in every window" if row["variants"] > 1 else "")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _chance(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _bps(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f} bps"
