"""Search series of a file: by keyword, daily or weekly, scale unknown.

A period that is absent, or has no ratio, is unknown, never zero.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backtest.judging.table import Table
from domain.errors import DataError
from domain.messages.market import TrendPoint

if TYPE_CHECKING:
    import polars as pl

MOST_RATIO: Final = 1e12
DAILY, WEEKLY = 1, 7  # days of a period


@dataclass(frozen=True, slots=True)
class Series:
    """One keyword's search ratios."""

    keyword: str
    owner: str  # code as the file says; empty when it does not
    step: int  # days of a period: DAILY or WEEKLY
    points: tuple[TrendPoint, ...]  # oldest first; of a week the first day
    trouble: str = ""  # why it cannot be used, in one line; empty: it can


def read_series(path: Path) -> tuple[dict[str, Series], Mapping[str, int]]:
    """Read a file of search series: by keyword, and what was odd -> rows. Raises DataError.

    A keyword that cannot be used says so itself (`check_usable`): nobody may want it.
    """
    import polars as pl

    table = Table(path, ("keyword", "period", "ratio"), ("listed_owner_code",))
    columns = [table.text("keyword"), table.dates("period"), table.numbers("ratio", MOST_RATIO, "a number from 0 up")]
    if "listed_owner_code" in table.frame.columns:
        owners = table.text("listed_owner_code", empty=True).fill_null("")
        wrong = (~owners.str.contains(r"^([0-9A-Z]{6})?$")).arg_true()
        if len(wrong):
            at = int(wrong[0])
            raise table.bad(at, "listed_owner_code", owners[at], "a code of six digits or capitals, or nothing")
        columns.append(owners)
    rows = pl.DataFrame(columns)
    remarks: Counter[str] = Counter()
    known = rows.filter(pl.col("ratio").is_not_null())
    remarks["without a ratio, taken as unknown"] = rows.height - known.height
    same = known.unique(["keyword", "period", "ratio"], maintain_order=True)
    once = same.filter(pl.struct("keyword", "period").is_unique())
    remarks["of a keyword and period told twice with different ratios, taken as unknown"] = same.height - once.height
    remarks["repeated"] = known.height - same.height
    found = {}
    for (keyword,), part in once.sort("period").group_by(["keyword"], maintain_order=True):
        found[str(keyword)] = _series(path, str(keyword), part)
    if not found:
        raise DataError(f"{path}: column ratio expected a number in at least one row, found none")
    return dict(sorted(found.items())), +remarks


def check_usable(series: Iterable[Series]) -> None:
    """Refuse series that cannot be used. Raises DataError."""
    if trouble := next((one.trouble for one in series if one.trouble), ""):
        raise DataError(trouble)


def _series(path: Path, keyword: str, part: "pl.DataFrame") -> Series:
    days: list[date] = part["period"].to_list()
    owners = sorted(set(part["listed_owner_code"]) - {""}) if "listed_owner_code" in part.columns else []
    step, wrong = _step(days)
    if len(owners) > 1:
        wrong = f"expected one listed_owner_code, has {', '.join(owners)}"
    points = tuple(TrendPoint(day.isoformat(), ratio) for day, ratio in zip(days, part["ratio"].to_list(), strict=True))
    trouble = f"{path}: keyword {keyword!r} {wrong}" if wrong else ""
    return Series(keyword, owners[0] if owners else "", step, points, trouble)


def _step(days: list[date]) -> tuple[int, str]:
    """Tell days from weeks by the commonest distance, and what is wrong; a single period counts as a day."""
    gaps = Counter((late - early).days for early, late in pairwise(days))
    gap = min(gaps, key=lambda days: (-gaps[days], days), default=DAILY)
    if gap < WEEKLY:
        return DAILY, ""
    if gap > WEEKLY:
        return DAILY, f"expected periods a day or a week apart, are {gap} days apart"
    odd = next((day for day in days if (day - days[0]).days % WEEKLY), None)
    return WEEKLY, "" if odd is None else f"expected weeks from {days[0]:%A} on, has one from {odd} on"
