"""`hantrade trends show`: the series kept of one instrument, as a plot in a terminal and as figures elsewhere."""

import math
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.names import labelled, name_of, symbol_of
from cli.output import emit_json, note, show_table
from cli.trend_reasons import quality_and_reason
from cli.trends_fetch import iso
from domain.attention import WINDOW_DAYS, attention
from domain.config import KeywordSet
from domain.errors import ConfigError
from domain.messages.market import TrendPoint
from domain.types import UnixNanos

if TYPE_CHECKING:
    from pathlib import Path

    from trends.store import Answer, SeriesStore

MOST_WIDE, LEAST_WIDE = 120, 40  # columns
SERIES_LINES, Z_LINES = 14, 9
TICKS = 6  # dates below the plot
LABEL = 6  # columns to the right of the newest day


def show(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name.", metavar="SYMBOL")],
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="Days shown, the newest last.")] = 90,
    source: Annotated[str, typer.Option("--source", help="naver or google; default: fetched last.")] = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> int:
    """Show the search series kept of an instrument with its abnormal attention (asvi) and robust z, day by day.

    Nothing is asked of anybody: it shows what was fetched and is kept ([trends] cache_hours). Exit code 1 when there is
    nothing, with the reason.

    Example: hantrade trends show 120110 --days 60
    """
    from cli.settings import load
    from cli.trend_sources import store_of

    code = symbol_of(symbol)
    settings, watchlist = load(home)
    store = store_of(settings.trends, home)
    listed = [item.keyword_set() for item in watchlist.instrument if item.symbol == code]
    answers = _answers(store, code, source, [words.version for words in listed])
    if not answers:
        note(_nothing(store, home, code, source, listed))
        return Exit.REFUSED
    try:
        store.check(listed)
    except ConfigError as error:
        note(f"what is shown is of the words before: {error}")
    rows = _rows(answers, days)
    if json:
        emit_json(rows)
    elif sys.stdout.isatty():
        _plot(rows, answers[0])
    else:
        _table(rows, answers[0])
    return Exit.DONE


def _answers(store: "SeriesStore", symbol: str, source: str, wanted: Sequence[int]) -> "tuple[Answer, ...]":
    """Give what is kept under the version of the watch list, of any version for others; the newest days first."""
    now = UnixNanos(time.time_ns())
    for name, version in store.sources(symbol):
        if source in ("", name) and (not wanted or version in wanted):
            found = store.as_known_at(symbol, version, name, now)
            return tuple(sorted(found, key=lambda one: (one.window.last, one.received.fetched_at), reverse=True))
    return ()


def _nothing(store: "SeriesStore", home: "Path", symbol: str, source: str, listed: Sequence[KeywordSet]) -> str:
    from cli.settings import WATCHLIST_FILE

    what = f"of {labelled(symbol)}" + (f" from {source}" if source else "")
    fetched = f"`hantrade trends fetch {symbol}` {'gets it' if store.hours else 'shows figures'}"
    if not any(words.keywords for words in listed):
        lacks = f"{'has no words' if listed else 'is not'} in {home / WATCHLIST_FILE}"
        return f"no series {what} is kept; it {lacks}: `hantrade trends suggest {symbol}` writes words, then {fetched}"
    if not store.hours:
        return f"no series {what}: [trends] cache_hours = 0 keeps none; {fetched}"
    return f"no series {what} with words version {listed[0].version} is kept; {fetched}"


def _rows(answers: "Sequence[Answer]", days: int) -> list[dict[str, Any]]:
    """Give one row a day up to the newest one known; a day without a ratio is unknown."""
    from trends.history import as_one_series

    points = as_one_series(answers)
    of = answers[0].received
    end = date.fromisoformat(answers[0].window.last)
    first = max(date.fromisoformat(points[0].day), end - timedelta(days=days - 1))
    ratios = {point.day: point.ratio for point in points}
    rows = []
    for day in (first + timedelta(days=n) for n in range((end - first).days + 1)):
        near = _before(points, day)
        measured = attention(near, day + timedelta(days=1))
        quality, reason = quality_and_reason(measured, near, day)
        rows.append(
            {
                "symbol": of.symbol,
                "name": name_of(of.symbol),
                "day": day.isoformat(),
                "ratio": ratios.get(day.isoformat()),
                "asvi": measured.asvi,
                "z": measured.z,
                "quality": quality,
                "reason": reason,
                "source": of.source,
                "keyword_version": of.keyword_version,
                "fetched_at": iso(of.fetched_at),
            }
        )
    return rows


def _before(points: Sequence[TrendPoint], day: date) -> list[TrendPoint]:
    low, high = (day - timedelta(days=WINDOW_DAYS)).isoformat(), day.isoformat()
    return [point for point in points if low <= point.day <= high]


def _heading(rows: Sequence[dict[str, Any]], answer: "Answer") -> str:
    of, last = answer.received, rows[-1]
    at = iso(of.fetched_at)[:16].replace("T", " ")
    head = f"{labelled(of.symbol)}: {of.source}, words version {of.keyword_version}, fetched {at} KST"
    if last["asvi"] is None:
        return f"{head}; {last['day']}: unknown: {last['reason']}"
    z = f"z {last['z']:+.2f}" if last["z"] is not None else f"z unknown: {last['reason']}"
    return f"{head}; {last['day']}: asvi {last['asvi']:+.2f}, {z}"


def _table(rows: Sequence[dict[str, Any]], answer: "Answer") -> None:
    columns = [("day", "left"), ("ratio", "right"), ("asvi", "right"), ("z", "right"), ("reason", "left")]
    table = [
        [row["day"], _figure(row["ratio"], ".4f"), _figure(row["asvi"]), _figure(row["z"]), row["reason"]]
        for row in rows
    ]
    print(_heading(rows, answer))
    show_table("days (KST)", columns, table, "")


def _figure(value: float | None, form: str = "+.2f") -> str:
    return "-" if value is None else format(value, form)


def _plot(rows: Sequence[dict[str, Any]], answer: "Answer") -> None:
    import shutil

    width = max(LEAST_WIDE, min(MOST_WIDE, shutil.get_terminal_size().columns))
    print(_heading(rows, answer))
    for name, title, lines in (("ratio", "searches (1: the anchor's mean)", SERIES_LINES), ("z", "robust z", Z_LINES)):
        print(
            drawn(rows, name, title if name == "z" or answer.received.source == "naver" else "searches", width, lines)
        )


def drawn(rows: Sequence[dict[str, Any]], name: str, title: str, width: int, lines: int) -> str:
    """Draw one column of rows, with gaps where it is unknown; without colours."""
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, lines)
    plotext.title(title)
    for places in _runs([row[name] is not None for row in rows]):
        plotext.plot(list(places), [rows[place][name] for place in places], marker="braille")
    newest = max(1, len(rows) - 1)
    plotext.xlim(0, newest * (1 + LABEL / width))  # room for half of the last date, or it would be drawn further left
    step = max(1, math.ceil((len(rows) - 1) / (TICKS - 1)))
    ticks = range((len(rows) - 1) % step, len(rows), step)  # as many days apart each, the newest day last
    plotext.xticks(list(ticks), [rows[place]["day"][5:] for place in ticks])
    text = str(plotext.uncolorize(plotext.build()))
    plotext.clear_figure()
    return "\n".join(line.rstrip() for line in text.rstrip("\n").split("\n"))


def _runs(known: Sequence[bool]) -> list[range]:
    """Give the stretches that are known."""
    found: list[range] = []
    begin = None
    for place, is_known in enumerate([*known, False]):
        if is_known and begin is None:
            begin = place
        elif not is_known and begin is not None:
            found.append(range(begin, place))
            begin = None
    return found
