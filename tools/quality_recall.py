"""Count which named defects of recorded bars are found, and false alarms on clean days.

`python tools/quality_recall.py DIR`: DIR holds intraday_1m.parquet, intraday_1m_index.csv.gz and
intraday_1m_defects.parquet. Prints two tables; docs/data-quality.md keeps them.
"""

import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from broker_sim.bar_file import check_bars, collect_bars  # noqa: E402  the script runs without an installed package
from broker_sim.data_check import Report, check_day  # noqa: E402
from broker_sim.data_file import DataFile, as_date  # noqa: E402
from broker_sim.findings import Findings, Verdict  # noqa: E402
from broker_sim.verdicts import REFUSED_BY_READERS  # noqa: E402
from domain.krx.sessions import regular_session  # noqa: E402
from domain.time import from_kst  # noqa: E402

COLUMNS = ("code", "date", "time", "open", "high", "low", "close", "volume")
BASE = "intraday_1m.parquet"
ADJUSTED = 0.5  # share of off-grid bars above which a day's prices were adjusted
MIXED = frozenset(
    {("406820", "2025-12-26"), ("406820", "2025-12-29"), ("406820", "2025-12-30"), ("417840", "2025-12-29")}
)


class Found(NamedTuple):
    """One line of the recall table: `rows` named, `found` of them, `by` which rules how often."""

    defect: str
    rows: int
    found: int
    by: dict[str, int]


class Alarms(NamedTuple):
    """Verdicts on clean symbol-days."""

    symbol_days: int
    rows: int
    rules: dict[str, int]

    @property
    def per_10000(self) -> float:
        """Give verdicts in 10,000 rows."""
        return sum(self.rules.values()) * 10_000 / self.rows if self.rows else 0.0


class _Every(Findings):
    """Keeps the place of every finding: rule -> (code, day)."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Counter[tuple[str, str]]] = {}

    def add(self, rule: str, verdict: Verdict, explanation: str, example: str, count: int = 1) -> None:
        super().add(rule, verdict, explanation, example, count)
        code, _, rest = example.partition(" ")
        self.places.setdefault(rule, Counter())[code, rest[:10]] += count


def refused_rows(folder: Path) -> list[Found]:
    """Feed the rows kept aside back into their days, one kind at a time: which does the reader refuse, and why?"""
    base = pl.scan_parquet(folder / BASE).select(COLUMNS)
    aside = pl.read_parquet(folder / "intraday_1m_defects.parquet").filter(~pl.col("kept"))
    return [_fed(kind, base, aside.filter(pl.col("reason") == kind)) for kind in sorted(set(aside["reason"]))]


def _fed(kind: str, base: pl.LazyFrame, aside: pl.DataFrame) -> Found:
    found, by = 0, Counter[str]()
    for (day,), rows in sorted(aside.group_by("date"), key=lambda one: str(one[0])):
        named = rows.select(COLUMNS).with_columns(named=pl.lit(True))
        codes = named["code"].unique().to_list()
        held = base.filter((pl.col("date") == day) & pl.col("code").is_in(codes)).collect()
        # The rows aside come last, as a second download does.
        both = pl.concat([held.with_columns(named=pl.lit(False)), named], how="vertical_relaxed")
        kept, reasons = _read(both, date.fromisoformat(str(day)))
        # A named row is found when the reader refused it: nothing of it is among the rows it kept.
        found += named.height - kept
        by.update(reasons)
    return Found(kind, aside.height, found, dict(by))


def _read(rows: pl.DataFrame, day: date) -> tuple[int, dict[str, int]]:
    """Give how many named rows the reader keeps, and what it refuses, by rule and its own words."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / BASE
        rows.drop("named").write_parquet(path)
        read = DataFile.open(path).day(day).with_columns(rows["named"])
    usable, refused = check_bars(read)
    session = regular_session(day)
    assert session is not None
    bars, dropped = collect_bars(usable, rows["code"].unique().to_list(), session, 60)
    starts = {(code, bar.start) for code, held in bars.items() for bar in held}
    midnight = from_kst(day, 0, 0)
    named = usable.filter(pl.col("named")).select("code", "nanos").iter_rows()
    kept = sum((code, midnight + nanos) in starts for code, nanos in named)
    by = {f"{REFUSED_BY_READERS[why]} ({why})": count for why, count in (Counter(refused) + Counter(dropped)).items()}
    return kept, by


def judged_days(folder: Path) -> tuple[list[Found], Alarms]:
    """Check every day of the bars as they are: named symbol-days found by which rules, and verdicts on clean ones."""
    table = pl.read_csv(folder / "intraday_1m_index.csv.gz", infer_schema_length=0)
    index: dict[tuple[str, str], dict[str, Any]] = {(row["code"], row["date"]): row for row in table.to_dicts()}
    grid = pl.read_parquet(folder / BASE, columns=["code", "date", "price_grid"])
    dirty = set(grid.filter(pl.col("price_grid") == "off").select("code", "date").unique().iter_rows())
    findings = _Every()
    clean = {key for key, row in index.items() if row["complete"].lower() == "true"} - dirty - MIXED
    rules, rows = Counter[str](), 0
    spoken: dict[str, Counter[tuple[str, str]]] = {}
    judged: Counter[tuple[str, str]] = Counter(
        {(code, day): count for code, day, count in grid.group_by("code", "date").len().iter_rows()}
    )
    for text in sorted({day for _, day in index}):
        day = as_date(text.replace("-", ""))
        assert day is not None
        report = Report(findings=findings)
        check_day(report, folder / BASE, day, None, None)
        for (rule, code), count in report.tally.symbols.items():
            spoken.setdefault(rule, Counter())[code, text] += count
            if (code, text) in clean:
                rules[rule] += count
    rows = sum(judged[key] for key in clean)
    both = {**findings.places, **spoken}
    late = {key for key in index if key[1] in ("2025-11-13", "2026-01-02")}
    cut = {key for key, row in index.items() if row["last_time"] < "153000"}
    begun = {key for key, row in index.items() if row["first_time"] > "090300"} - late
    adjusted = {key for key, row in index.items() if float(row["offgrid_share"] or 0) > ADJUSTED}
    apart = {
        key
        for key, row in index.items()
        if row["last_close"] and row["daily_close"]
        and abs(float(row["last_close"]) - float(row["daily_close"])) > 0.05 * float(row["daily_close"])
    }  # fmt: skip
    falling = findings.places.get("amount_decreasing", Counter())
    named = [
        _days("scales mixed (symbol-days)", MIXED & set(index), both, ("scale_mix", "price_jump", "off_tick")),
        _days("prices adjusted off the grid (symbol-days)", adjusted, both, ("off_tick", "off_grid")),
        Found("turnover falls (bars)", _falls(folder), falling.total(), {"amount_decreasing": falling.total()}),
        _days("recording cut before the close (symbol-days)", cut, both, ("ends_early",)),
        _days("recording begins late (symbol-days)", begun, both, ("starts_late",)),
        _days("last close more than 5 % off the daily close", apart, both, ("ends_early",)),
        _days("open at 10:00 (symbol-days; nothing to find)", late, both, ("outside_session",)),
    ]
    return named, Alarms(len(clean), rows, dict(rules))


def _falls(folder: Path) -> int:
    bars = pl.scan_parquet(folder / BASE).sort("code", "date", "time")
    return int(bars.filter(pl.col("amount") < pl.col("amount").shift().over("code", "date")).collect().height)


def _days(
    what: str, keys: frozenset[tuple[str, str]] | set[tuple[str, str]], places: dict[str, Counter[tuple[str, str]]],
    rules: tuple[str, ...],
) -> Found:  # fmt: skip
    by = {rule: len(keys & set(places.get(rule, ()))) for rule in rules}
    found = {key for rule in rules for key in places.get(rule, ())} & keys
    return Found(what, len(keys), len(found), {rule: count for rule, count in by.items() if count})


def main(folder: Path) -> None:
    """Print both tables."""
    named, alarms = judged_days(folder)
    print("| defect | named | found | by |\n|---|---|---|---|")
    for one in (*refused_rows(folder), *named):
        by = ", ".join(f"`{rule}` {count:,}" for rule, count in one.by.items()) or "-"
        print(f"| {one.defect} | {one.rows:,} | {one.found:,} | {by} |")
    told = ", ".join(f"{rule} {count}" for rule, count in sorted(alarms.rules.items())) or "none"
    print(f"\nclean: {alarms.symbol_days:,} symbol-days, {alarms.rows:,} rows; verdicts {told}: ", end="")
    print(f"{alarms.per_10000:.3f} in 10,000")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
