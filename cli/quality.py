"""`hantrade quality`: what is wrong with a file of recorded data, and whether the simulator's prints fit it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.broker import parse_day
from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.names import symbol_of
from cli.output import console, emit_json, show_table
from domain.errors import ConfigError, DataError


def quality(
    file: Annotated[Path, typer.Argument(help="Bars, ticks or order books, parquet or csv.gz, or a folder of them.")],
    day: Annotated[str, typer.Option("--day", help="One day, YYYY-MM-DD; default: every day of the file.")] = "",
    symbols: Annotated[str, typer.Option("--symbols", help="Codes or names, comma separated; default: all.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the simulated prints that are checked.", min=0)] = 1,
    as_json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> int:
    """Read a data file, say what is refused or doubtful, and check the prints simulated from its bars against them.

    Exit code 1 when rows are refused or a simulated print contradicts a bar; flags alone are 0.
    Example: hantrade quality intraday.parquet --day 2026-01-13
    """
    from broker_sim.data_check import Report, check_day
    from broker_sim.recording import days_in
    from cli.krx_hours import hours_of

    wanted = tuple(symbol_of(text.strip()) for text in symbols.split(",") if text.strip()) or None
    if symbols and wanted is None:
        raise ConfigError(f"--symbols: codes or names, comma separated, are expected, was {symbols!r}")
    overrides = hours_of(home).overrides
    days = days_in(file)
    chosen = parse_day(day)
    if chosen is not None and chosen not in days:
        span = f"one of {len(days)} from {days[0]} to {days[-1]}" if len(days) > 1 else str(days[0])
        raise DataError(f"{file}: day expected {span}, was {chosen}")
    report = Report()
    held = _days_with(file, wanted, days) if wanted else dict.fromkeys(days)
    for number, one in enumerate([chosen] if chosen else list(held), start=1):
        if sys.stderr.isatty():
            print(f"\r{number} of {1 if chosen else len(held)} days", end="", file=sys.stderr, flush=True)
        check_day(report, file, one, held.get(one), seed, overrides)
    if sys.stderr.isatty():
        print("\r" + " " * 24 + "\r", end="", file=sys.stderr, flush=True)
    if as_json:
        emit_json([*_rules(report), _summary(report, file)])
    else:
        _show(report, file)
    return Exit.DONE if report.ok else Exit.REFUSED


def _days_with(file: Path, wanted: tuple[str, ...], days: list[Any]) -> dict[Any, tuple[str, ...]]:
    """Give the days on which some of the symbols were recorded, and which of them. Raises DataError for one unknown."""
    from broker_sim.data_file import data_files

    found: dict[Any, set[str]] = {}
    for one in data_files(file):
        for day, codes in one.codes().items():
            found.setdefault(day, set()).update(set(wanted) & codes)
    if missing := sorted(set(wanted) - set().union(*found.values())):
        raise DataError(f"{file}: symbols expected among those of the file, unknown {', '.join(missing)}")
    return {day: tuple(sorted(found[day])) for day in days if found.get(day)}


def _rules(report: Any) -> list[dict[str, Any]]:
    return [
        {
            "rule": one.rule,
            "verdict": one.verdict.value,
            "count": one.count,
            "explanation": one.explanation,
            "examples": one.examples,
        }
        for one in report.findings.all()
    ]


def _summary(report: Any, file: Path) -> dict[str, Any]:
    from broker_sim.findings import Verdict

    count = report.count
    return {
        "file": str(file),
        "kinds": sorted(report.kinds),
        "days": report.days,
        "symbols": len(report.symbols),
        "symbol_days": report.symbol_days,
        "rows": report.rows,
        "refused": report.findings.total(Verdict.REFUSED),
        "flagged": report.findings.total(Verdict.FLAGGED),
        "failed": report.findings.total(Verdict.FAILED),
        "prints": count.prints,
        "recorded_volume": count.recorded_volume,
        "printed_volume": count.volume,
        "interruption_crosses": count.crosses,
        "late_opens": count.late_opens,
        "judged": report.tally.judged,
        "verdicts": dict(_most(report)),
        "verdicts_per_10000": {rule: round(report.tally.per_10000(rule), 3) for rule, _ in _most(report)},
        "worst_symbols": {rule: report.tally.worst(rule) for rule, _ in _most(report)},
        "ok": report.ok,
    }


def _most(report: Any) -> list[tuple[str, int]]:
    rules: list[tuple[str, int]] = report.tally.rules.most_common()
    return rules


def _show(report: Any, file: Path) -> None:
    told = _summary(report, file)
    out = console()
    kinds = ", ".join(told["kinds"]) or "nothing usable"
    out.print(
        escape(
            f"{file}: {kinds}; {told['days']} days, {told['symbols']} symbols, {told['symbol_days']:,} symbol-days, "
        )
        + f"{told['rows']:,} rows used"
    )
    rows = [
        [one.verdict.value, one.rule, f"{one.count:,}", one.explanation + "".join(f"\n{text}" for text in one.examples)]
        for one in report.findings.all()
    ]
    show_table(
        "findings", [("verdict", "left"), ("rule", "left"), ("count", "right"), ("why", "left")], rows, "nothing"
    )
    _show_verdicts(report)
    if told["prints"]:
        out.print(
            f"simulated prints: {told['prints']:,}; {told['printed_volume']:,} shares of {told['recorded_volume']:,} "
            f"recorded; {told['interruption_crosses']} single prices behind interruptions, of these "
            f"{told['late_opens']} delayed opens; {told['failed']} contradictions"
        )


def _show_verdicts(report: Any) -> None:
    from domain.quality import EXPLANATIONS

    tally = report.tally
    rows = [
        [
            rule,
            f"{count:,}",
            f"{tally.per_10000(rule):,.2f}",
            ", ".join(f"{symbol} {found:,}" for symbol, found in tally.worst(rule).items()) or "told by the reader",
            EXPLANATIONS[rule],
        ]
        for rule, count in _most(report)
    ]
    columns = [
        ("rule", "left"), ("rows", "right"), ("in 10,000", "right"), ("most of", "left"), ("why", "left")
    ]  # fmt: skip
    clean = f"rules for live quotes: {tally.judged:,} rows judged, no verdict"
    show_table(f"rules for live quotes, {tally.judged:,} rows judged", columns, rows, clean)
