"""`hantrade krx check FILE`: whether recorded prices keep the daily limits, each exception with its reason."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer

from cli.context import Exit
from cli.krx_answers import JsonOption, market_of, one_line_errors
from cli.krx_bars import BarFile, Listing, Lists, bad_codes, bad_codes_text, dates_of, histories, read_bars, read_list
from cli.output import emit_json, note
from domain.krx.limit_check import Finding, LimitReason, check_history
from domain.types import Market

# lists looked for beside the file: pattern and what it is
BESIDE: Final = MappingProxyType(
    {"defects": "*defects.csv.gz", "instruments": "instruments_*.csv.gz", "delisted": "delisted*.csv.gz"}
)
PACKAGED_ON: Final = date(2026, 8, 21)  # the day of the packaged list of instruments
_NEEDED: Final = MappingProxyType(
    {"defects": ("code", "date"), "instruments": ("code", "list_date"), "delisted": ("code",)}
)


def check(
    file: Annotated[Path, typer.Argument(help="Daily or minute bars, .parquet or .csv.gz.", metavar="FILE")],
    market: Annotated[
        str, typer.Option("--market", help="For codes no list knows: kospi, kosdaq, konex, etf or etn.")
    ] = "kospi",
    defects: Annotated[
        Path | None, typer.Option("--defects", help="Known defects: csv.gz with code, date, issue and file.")
    ] = None,
    instruments: Annotated[
        Path | None, typer.Option("--instruments", help="Listed instruments: csv.gz with code, list_date, kind.")
    ] = None,
    delisted: Annotated[Path | None, typer.Option("--delisted", help="Delisted codes: csv.gz with code.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check every traded row of FILE against its daily limits and say why a row lies outside.

    Daily bars need unadjusted prices and `change` (base = close - change) or `prev_close`; minute bars need
    `prev_close`. Lists beside FILE are used when they are there (*defects, instruments_*, delisted*.csv.gz). Exit 0
    when every exception has a reason, 1 when one has none.

    Example: hantrade krx check daily.parquet --json
    """
    with one_line_errors():
        fallback = market_of(market)
        bars = read_bars(file)
        paths = _lists_beside(file, {"defects": defects, "instruments": instruments, "delisted": delisted})
        lists = _lists(file, paths)
        findings, counts = _judged(bars, lists, fallback)
    if "market" not in bars.rows.columns:
        guessed = [code for code in bars.rows["code"].unique().sort().to_list() if code not in lists.listing]
        if guessed:
            note(f"{file}: market {fallback.value} assumed for {len(guessed)} codes no list knows, as {guessed[0]}")
    odd = bad_codes(bars)
    if odd:
        note(f"{file}: {bad_codes_text(odd)}")
    summary = _summary(bars, paths, findings, counts)
    if as_json:
        emit_json([*(_row(found) for found in findings), summary])
    else:
        typer.echo("\n".join(_text(findings, summary)))
    if summary["unexplained"]:
        raise typer.Exit(Exit.REFUSED)


def _judged(bars: BarFile, lists: Lists, fallback: Market) -> tuple[list[Finding], Counter[str]]:
    findings: list[Finding] = []
    counts: Counter[str] = Counter()
    for history in histories(bars, lists, fallback):
        counts["codes"] += 1
        counts["days"] += len(history.bars)
        counts["traded"] += sum(bar.is_traded for bar in history.bars)
        findings += check_history(history)
    return findings, counts


def _lists_beside(file: Path, given: dict[str, Path | None]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, path in given.items():
        beside = sorted(file.parent.glob(BESIDE[name])) if path is None else [path]
        # of several the last by name: the names carry dates; a list of defects of minute bars has another form
        beside = [one for one in beside if path is not None or not one.name.startswith("intraday")]
        if beside:
            found[name] = beside[-1]
    return found


def _lists(file: Path, paths: dict[str, Path]) -> Lists:
    rows = {name: read_list(path, _NEEDED[name]) for name, path in paths.items()}
    listed_on, listing = {}, dict(_packaged())
    for code, day, row in dates_of(rows.get("instruments", []), paths.get("instruments", file), "list_date"):
        listed_on[code] = day
        found = _listed(row)
        if found is not None:
            listing[code] = found
    known: dict[str, dict[date, str]] = {}
    for code, day, row in dates_of(rows.get("defects", []), paths.get("defects", file), "date"):
        if str(row.get("file") or file.name) == file.name:
            known.setdefault(code, {})[day] = str(row.get("issue") or "no issue named")
    gone = frozenset(str(row["code"]) for row in rows.get("delisted", []))
    return Lists(listing, listed_on, gone, PACKAGED_ON, known)


def _packaged() -> Listing:
    from broker_sim.listing import listing

    return listing()


def _listed(row: dict[str, Any]) -> tuple[str, Market] | None:
    """Name and market of a list's row, None when it does not say them in words we know."""
    kind, board = str(row.get("kind") or ""), str(row.get("market") or "").split()
    try:
        market = Market(kind) if kind in (Market.ETF, Market.ETN) else Market(board[0])
    except (ValueError, IndexError):
        return None
    return str(row.get("name") or ""), market


def _row(found: Finding) -> dict[str, Any]:
    bar = found.bar
    return {
        "code": found.code,
        "name": found.name,
        "market": found.market.value,
        "date": bar.day.isoformat(),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "base": bar.base,
        "lower": found.lower,
        "upper": found.upper,
        "reason": found.reason.value,
        "explanation": found.text,
    }


def _summary(bars: BarFile, paths: dict[str, Path], findings: list[Finding], counts: Counter[str]) -> dict[str, Any]:
    reasons = Counter(found.reason.value for found in findings)
    unexplained = reasons[LimitReason.UNEXPLAINED]
    return {
        "file": str(bars.path),
        "bars": "minute" if bars.is_minute else "daily",
        "from": bars.days[0].isoformat(),
        "to": bars.days[1].isoformat(),
        "codes": counts["codes"],
        "rows": bars.bars,
        "days": counts["days"],
        "traded": counts["traded"],
        "within": counts["traded"] - len(findings),
        "exceptions": len(findings),
        "explained": len(findings) - unexplained,
        "unexplained": unexplained,
        "reasons": dict(sorted(reasons.items())),
        "lists": {name: str(path) for name, path in paths.items()},
        "ok": not unexplained,
    }


def _text(findings: list[Finding], summary: dict[str, Any]) -> Iterator[str]:
    for found in sorted(findings, key=lambda one: (one.reason.value, one.code, one.bar.day)):
        bar = found.bar
        span = "no limits" if found.lower is None else f"limits {found.lower:,} to {found.upper:,}"
        yield (
            f"{bar.day} {found.code} {found.name} ({found.market.value}): low {bar.low:,} high {bar.high:,}, {span}: "
            f"{found.reason.value}: {found.text}"
        )
    yield (
        f"{summary['file']}: {summary['codes']:,} codes, {summary['from']} to {summary['to']}, {summary['rows']:,} "
        f"{summary['bars']} rows, {summary['traded']:,} traded days: {summary['within']:,} within their limits, "
        f"{summary['exceptions']:,} exceptions, {summary['explained']:,} explained, {summary['unexplained']:,} not"
    )
    for name, path in summary["lists"].items():
        yield f"list of {name}: {path}"
    yield "ok" if summary["ok"] else "not ok: some rows lie outside their limits without a reason"
