"""`hantrade report tax YEAR`: every fill of a year with costs and taxes, for the tax office."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.output import emit_json, note
from cli.report import FIRST_YEAR, LAST_YEAR, ForceOption, LogsOption, ModeOption, account_option, language, logs_of
from domain.errors import RequestRefused
from domain.wording import counted

if TYPE_CHECKING:
    from reports.tax import TaxRow
    from reports.words import Words

SUMS = (
    *("period", "notional", "cost_average", "commission", "transaction_tax", "rural_tax"),
    *("realized", "realized_fifo"),
)


def tax(
    year: Annotated[int, typer.Argument(min=FIRST_YEAR, max=LAST_YEAR, help="Year of the settlement (T+2).")],
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every fill as CSV.")] = None,
    lang: Annotated[
        str, typer.Option("--lang", help="en or ko; default: the file in Korean, what is printed by the locale.")
    ] = "",
    mode: ModeOption = "",
    log: LogsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Sum up what was sold, what it cost and what was taxed in a year; a trade belongs to the year it is settled in.

    Every log of the account must be readable, also those of years before: what shares cost comes from there. Exit 1
    when nothing was settled in the year. No tax advice: hold it against the broker's own statement.

    Example: hantrade report tax 2026 --csv tax-2026.csv
    """
    from cli.compose import codec
    from reports.tax import TOTAL, tax_rows
    from reports.tax_file import cells, headings, tax_object
    from reports.words import Words

    words, of_file = Words(lang or language(os.environ)), Words(lang or "ko")
    rows = list(tax_rows(logs_of(home, log), codec(), year, account_option(mode)))
    fills = [row for row in rows if row.kind != TOTAL]
    if not fills:
        raise RequestRefused("NO_TRADING", f"no log tells of a trade that was settled in {year}")
    if csv is not None:
        from reports.csv_files import write_csv

        count = write_csv(csv, headings(of_file), (cells(row, of_file) for row in rows), force=force)
        note(f"{csv}: {counted(count, 'row')}")
    if json:
        emit_json(tax_object(row) for row in rows)
        return
    show_sums(year, [row for row in rows if row.kind == TOTAL], len(fills), words)


def show_sums(year: int, sums: "list[TaxRow]", fills: int, words: "Words") -> None:
    """Print the sums of the months and of the year."""
    from cli.output import console
    from cli.report_tables import print_table
    from reports import numbers

    out = console()
    columns = [(words(f"tax.{name}"), "" if name == "period" else "n") for name in SUMS]
    rows = [[row.period, *(numbers.whole(getattr(row, name)) for name in SUMS[1:])] for row in sums]
    print_table(out, words("terminal.tax", year=year, fills=fills), columns, rows)
    out.print(words("terminal.tax_note"), markup=False)
