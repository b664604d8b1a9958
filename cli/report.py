"""`hantrade report`: what a day, a week, a month or a year brought; the yearly file for the tax office."""

import os
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption
from cli.home import Home
from cli.output import emit_json, note
from domain.errors import ConfigError, RequestRefused
from domain.time import KST
from domain.wording import counted

if TYPE_CHECKING:
    from persistence.codec import MessageCodec
    from reports.model import Report

ACCOUNTS = ("paper", "mock", "live", "backtest", "demo")
FIRST_YEAR, LAST_YEAR = 2015, 2100  # that can be reported
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set counts (POSIX)

app = typer.Typer(
    no_args_is_help=True,
    help="What a day, a week, a month or a year of trading brought, from event logs. Nothing here promises a profit.",
)

DateOption = Annotated[
    str, typer.Option("--date", help="A date of the period: YYYY-MM-DD, today, yesterday; default: the newest traded.")
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the page: one file, for a browser or a printer.")
]
CsvOption = Annotated[
    Path | None, typer.Option("--csv", metavar="FOLDER", help="Write trades, days, events, targets and more as CSV.")
]
LangOption = Annotated[str, typer.Option("--lang", help="Language of words: en or ko; default: that of the locale.")]
ModeOption = Annotated[
    str, typer.Option("--mode", help=f"Account: {', '.join(ACCOUNTS)}; default: that of the newest run.")
]
LogsOption = Annotated[
    list[Path] | None, typer.Option("--log", help="Event log to read; repeat for several. Default: those of the home.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace files that are there.")]


@app.command()
def day(
    on: DateOption = "",
    html: HtmlOption = None,
    csv: CsvOption = None,
    lang: LangOption = "",
    mode: ModeOption = "",
    log: LogsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Report one trading date. Exit 1 when nothing was traded on it.

    Example: hantrade report day --date 2026-01-13 --html day.html
    """
    _report("day", on, html, csv, lang, mode, log, force, json, home)


@app.command()
def week(
    on: DateOption = "",
    html: HtmlOption = None,
    csv: CsvOption = None,
    lang: LangOption = "",
    mode: ModeOption = "",
    log: LogsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Report the week, Monday to Sunday, that a date is in.

    Example: hantrade report week --lang ko --html week.html
    """
    _report("week", on, html, csv, lang, mode, log, force, json, home)


@app.command()
def month(
    on: DateOption = "",
    html: HtmlOption = None,
    csv: CsvOption = None,
    lang: LangOption = "",
    mode: ModeOption = "",
    log: LogsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Report the month that a date is in.

    Example: hantrade report month --date 2026-01-13 --csv january
    """
    _report("month", on, html, csv, lang, mode, log, force, json, home)


@app.command()
def year(
    on: DateOption = "",
    html: HtmlOption = None,
    csv: CsvOption = None,
    lang: LangOption = "",
    mode: ModeOption = "",
    log: LogsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Report the year that a date is in.

    Example: hantrade report year --date 2026-12-30 --json
    """
    _report("year", on, html, csv, lang, mode, log, force, json, home)


def _report(
    kind: str,
    on: str,
    html: Path | None,
    csv: Path | None,
    lang: str,
    mode: str,
    log: list[Path] | None,
    force: bool,
    json: bool,
    home: Path,
) -> None:
    from reports.words import Words

    words = Words(lang or language(os.environ))
    found = _built(kind, on, mode, logs_of(home, log))
    if html is not None:
        _write_page(found, html, words.lang, force)
    if csv is not None:
        from reports.csv_files import write_folder

        for path, rows in write_folder(found, csv, force=force):
            note(f"{path}: {counted(rows, 'row')}")
    if json:
        from reports.objects import objects

        emit_json(objects(found))
        return
    from cli.report_tables import show

    show(found, words, html, csv)


def language(environment: "os._Environ[str] | dict[str, str]") -> str:
    """Give the language of a person's locale: ko for Korean, else en."""
    told = next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), "")
    return "ko" if told.lower().startswith("ko") else "en"


def logs_of(home: Path, given: Iterable[Path] | None) -> list[Path]:
    """Give the logs to read: those given, else all of the home. Raises ConfigError, RequestRefused (none is there)."""
    if given:
        for path in given:
            if not path.is_file():
                raise ConfigError(f"--log expected an event log, {str(path)!r} is not a file")
        return list(given)
    found = sorted(Home(home).logs.glob("*.db"))
    if not found:
        raise RequestRefused("NO_LOGS", f"no event log in {Home(home).logs}; `hantrade demo` or `start` writes one")
    return found


def _built(kind: str, on: str, mode: str, logs: list[Path]) -> "Report":
    from cli.compose import codec
    from reports.assembly import build_report

    account = account_option(mode)
    read = codec()
    chosen = day_of(on, datetime.now(KST).date()) or _newest(logs, read, account)
    found = build_report(logs, read, kind, chosen, account)
    if not found.days:
        span = f"on {found.first}" if found.first == found.last else f"from {found.first} to {found.last}"
        newest = _newest(logs, read, account)
        raise RequestRefused("NO_TRADING", f"no {found.mode} log tells of trading {span}; the newest date is {newest}")
    return found


def account_option(named: str) -> str | None:
    """Give the account a person named, None for that of the newest run. Raises ConfigError."""
    if named and named not in ACCOUNTS:
        raise ConfigError(f"--mode expected one of {', '.join(ACCOUNTS)}, was {named!r}")
    return named or None


def day_of(text: str, today: date) -> date | None:
    """Give the date a person named, None for the newest. Raises ConfigError."""
    if not text:
        return None
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    try:
        named = date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--date expected YYYY-MM-DD, today or yesterday, was {text!r}") from None
    if not FIRST_YEAR <= named.year <= LAST_YEAR:  # periods beside the ends of the calendar cannot be counted
        raise ConfigError(f"--date expected a year from {FIRST_YEAR} to {LAST_YEAR}, was {text!r}")
    return named


def _newest(logs: list[Path], read: "MessageCodec", account: str | None) -> date:
    from reports.logs import account_of

    heads = account_of(logs, read, account).heads
    return max(stretch.day for head in heads for stretch in head.stretches)


def _write_page(found: "Report", path: Path, lang: str, force: bool) -> None:
    from hantrade import __version__
    from persistence.tables import appearing
    from reports.page import page

    if path.is_file() and not force:
        raise ConfigError(f"--html expected a file that is not there yet, {str(path)!r} is; --force replaces it")
    with appearing(path, force=force, option="--html") as part:
        part.write_text(page(found, lang, __version__), encoding="utf-8")
    note(f"{path}: {path.stat().st_size:,} bytes")
