"""`hantrade trends plan`: which calls a sweep takes, when they go out, and what is left of the quota."""

import time
from typing import TYPE_CHECKING, Any

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.output import emit_json, note, show_table
from cli.trends_fetch import AllOption, SymbolsArgument, iso
from domain.config import KeywordSet
from domain.errors import ConfigError, HantradeError
from domain.types import UnixNanos
from domain.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from cli.trends_settings import TrendsSection
    from trends.plan import Schedule


def plan(
    symbols: SymbolsArgument = None,
    everything: AllOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> int:
    """Show the schedule of a sweep over instruments, without asking anything.

    Four instruments and the anchor go into a call; what is kept already is counted as asked. The last line sums up;
    with --json its `kind` is "sweep", that of the lines before "day". Exit code 1 when no instrument has words.

    Example: hantrade trends plan --all
    """
    from cli.trend_words import words_of
    from trends.naver.source import ANCHOR
    from trends.plan import batches, sweep_schedule

    settings, wanted, sets = words_of(home, symbols or (), everything)
    section = settings.trends
    asked = [sets[symbol] for symbol in wanted if symbol in sets]
    calls = len(batches(asked, KeywordSet(ANCHOR, 1, section.anchor), first=wanted))
    left, left_month = _left(section, home)
    schedule = sweep_schedule(
        calls,
        left,
        section.daily_quota,
        section.per_second,
        UnixNanos(time.time_ns()),
        left_this_month=left_month,
        a_month=section.monthly_quota or None,
    )
    summary = {
        "kind": "sweep",
        "symbols": len(wanted),
        "without_words": len(wanted) - len(asked),
        "calls": calls,
        "days": len(schedule.parts),
        "per_second": section.per_second,
        "daily_quota": section.daily_quota,
        "left_today": left,
        "left_this_month": left_month,
        "fits_today": calls <= left,
        "ends": iso(schedule.parts[-1].ends) if schedule.parts else None,
    }
    _show(schedule, summary, json)
    return Exit.DONE if calls else Exit.REFUSED


def _left(section: "TrendsSection", home: "Path") -> tuple[int, int | None]:
    """Give the calls left today and this month; without keys those of an application that made none."""
    from cli.trend_sources import naver_keys, quota_of

    try:
        quota = quota_of(section, home, naver_keys().client_id)
        return quota.left(), quota.left_this_month()
    except ConfigError:
        note("no keys of Naver are set: the whole quota is taken as left")
        return section.daily_quota, section.monthly_quota or None
    except HantradeError as error:
        note(f"{error}: the whole quota is taken as left")
        return section.daily_quota, section.monthly_quota or None


def _show(schedule: "Schedule", summary: dict[str, Any], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "kind": "day",
            "day": part.day.isoformat(),
            "calls": part.calls,
            "first_call": part.first + 1,
            "starts": iso(part.starts),
            "ends": iso(part.ends),
            "left": part.left,
        }
        for part in schedule.parts
    ]
    if as_json:
        emit_json([*rows, summary])
        return
    titles = (("day", "left"), ("calls", "right"), ("from call", "right"), ("starts", "left"), ("ends", "left"))
    table = [[row["day"], *_cells(row)] for row in rows]
    show_table("sweep (KST)", [*titles, ("left of the day", "right")], table, "nothing to ask: no words")
    fit, take = ("it fits", "it takes") if summary["calls"] == 1 else ("they fit", "they take")
    wordless = f", {summary['without_words']:,} of them without words" if summary["without_words"] else ""
    today = f"{fit} into today" if summary["fits_today"] else f"{take} {counted(summary['days'], 'day')}"
    print(
        f"{counted(summary['symbols'], 'instrument')}{wordless}: {counted(summary['calls'], 'call')}, "
        f"{summary['per_second']} a second; "
        f"{summary['left_today']:,} of {summary['daily_quota']:,} are left today: {today}"
    )


def _cells(row: dict[str, Any]) -> list[str]:
    clocks = [row["starts"][11:19], row["ends"][11:19]]
    return [f"{row['calls']:,}", f"{row['first_call']:,}", *clocks, f"{row['left']:,}"]
