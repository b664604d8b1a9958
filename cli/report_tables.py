"""What `hantrade report` prints for people: a screen or two, the rest is on the page."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.output import console
from reports import numbers
from reports.labels import Labels
from reports.model import Report
from reports.notable import notable_events
from reports.page import period_text, suggestions_of
from reports.page_headline import tiles_of
from reports.page_targets import target_rows
from reports.words import Words

MOST_LOSERS, MOST_SUGGESTIONS, MOST_EVENTS, MOST_MISSING, MOST_DAYS = 6, 6, 8, 5, 31
Columns = Sequence[tuple[str, str]]  # heading; n for a figure, w for words, else a name


def show(report: Report, words: Words, html: Path | None, csv: Path | None) -> None:
    """Print a report and where its page and files are."""
    out = console()
    _show_summary(out, report, words)
    if len(report.days) > 1:
        _show_days(out, report, words)
    _show_targets(out, report, words)
    _show_losers(out, report, words)
    _show_suggestions(out, report, words)
    _show_events(out, report, words)
    _show_missing(out, report, words)
    out.print(words("foot.no_promise"))
    if csv is not None:
        out.print(words("terminal.csv", path=csv), soft_wrap=True, markup=False)
    page = words("terminal.page", path=html) if html else words("terminal.no_page")
    out.print(page, soft_wrap=True, markup=False)


def _show_summary(out: Console, report: Report, words: Words) -> None:
    title = words("terminal.summary", period=period_text(report, words), mode=words.name("mode", report.mode))
    rows = [[tile.label, tile.figure, "; ".join(tile.hints)] for tile in tiles_of(report, words)]
    print_table(out, title, (("", ""), (words("column.figure"), "n"), ("", "w")), rows)
    if not report.is_complete:
        out.print(Text(words("head.incomplete"), "bold"))


def _show_days(out: Console, report: Report, words: Words) -> None:
    rows = [
        [
            words.date(day.day),
            numbers.signed(day.end_equity - day.start_equity - day.flow),
            numbers.signed(day.realized),
            numbers.whole(day.commission + day.tax),
            numbers.share(day.lowest_ppm / 1_000_000),
            f"{day.trades:,} / {day.wins:,}",
        ]
        for day in report.days[-MOST_DAYS:]
    ]
    heads = ("result", "realized", "costs", "lowest", "trades_wins")
    columns = [(words("column.date"), ""), *((words(f"column.{head}"), "n") for head in heads)]
    print_table(out, words("caption.days"), columns, rows)


def _show_targets(out: Console, report: Report, words: Words) -> None:
    rows = [
        [
            row.label,
            row.aim if not row.is_wish else f"{words('column.wish')}: {row.aim}",
            row.measured,
            row.interval,
            row.verdict,
            row.counted,
            row.trend,
        ]
        for row in target_rows(report.targets, words)
    ]
    heads = (("target", ""), ("aim", "n"), ("measured", "n"), ("interval", "n"), ("verdict", ""), ("n", "n"))
    columns = [*((words(f"column.{head}"), kind) for head, kind in heads), (words("column.trend"), "")]
    print_table(out, words("terminal.targets"), columns, rows)


def _show_losers(out: Console, report: Report, words: Words) -> None:
    labels = Labels(words, report.names)
    tables = {
        "symbol": report.by_symbol,
        "strategy": report.by_strategy,
        "hour": report.by_hour,
        "weekday": report.by_weekday if len(report.days) > 1 else (),
        "reason": report.by_reason,
    }
    lost = [(kind, line) for kind, lines in tables.items() for line in lines if line.realized < 0]
    lost.sort(key=lambda each: each[1].realized)
    rows = [
        [
            words.name("group", kind),
            labels.of_group(kind, line.key),
            numbers.whole(line.trades),
            numbers.share(line.wins / line.trades, 1),
            numbers.signed(line.realized),
            numbers.chance(line.p_adjusted),
        ]
        for kind, line in lost[:MOST_LOSERS]
    ]
    if not rows:
        out.print(words("terminal.no_losers"))
        return
    heads = (("trades", "n"), ("win_rate", "n"), ("realized", "n"), ("p_adjusted", "n"))
    columns = [(words("terminal.kind"), ""), (words("terminal.key"), "w")]
    columns += [(words(f"column.{head}"), kind) for head, kind in heads]
    print_table(out, words("terminal.losers"), columns, rows)


def _show_suggestions(out: Console, report: Report, words: Words) -> None:
    found = suggestions_of(report, words)
    if not found:
        out.print(words("suggestions.none"))
        return
    out.print(Text(words("terminal.suggestions"), "italic"))
    for number, each in enumerate(found[:MOST_SUGGESTIONS], 1):
        out.print(Text(f"{number}. {each['text']}"))


def _show_events(out: Console, report: Report, words: Words) -> None:
    found, interruptions = notable_events(report)
    if not found:
        out.print(words("events.none"))
    else:
        labels = Labels(words, report.names)
        shown = found[-MOST_EVENTS:]
        rows = [
            [
                numbers.moment(event.at, report.days),
                words.name("event", event.kind),
                " ".join(filter(None, (labels.symbol(event.subject), event.text))),
            ]
            for event in shown
        ]
        title = words("terminal.events", shown=len(shown), all=len(found))
        columns = ((words("column.time"), ""), (words("column.what"), ""), (words("column.text"), "w"))
        print_table(out, title, columns, rows)
    if interruptions:
        out.print(words("events.interruptions", count=interruptions), markup=False)


def _show_missing(out: Console, report: Report, words: Words) -> None:
    if not report.missing:
        return
    out.print(Text(words("section.missing"), "italic"))
    for text in report.missing[:MOST_MISSING]:
        out.print(Text(f"- {words.name('untold', text)}"))
    if len(report.missing) > MOST_MISSING:
        out.print(words("terminal.more", count=len(report.missing) - MOST_MISSING))


def print_table(out: Console, title: str, columns: Columns, rows: Sequence[Sequence[str]]) -> None:
    """Print a table whose figures and names are never broken over lines."""
    table = Table(title=escape(title), title_justify="left", show_header=any(heading for heading, _ in columns))
    for heading, kind in columns:
        table.add_column(escape(heading), justify="right" if kind == "n" else "left", no_wrap=kind != "w")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out.print(table)
