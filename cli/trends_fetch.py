"""`hantrade trends fetch`: ask a source for series now, and say what attention they show."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption
from cli.names import labelled, name_of
from cli.output import emit_json, note
from cli.trend_reasons import quality_and_reason
from domain.attention import Attention, attention
from domain.errors import ConfigError, HantradeError
from domain.messages.market import TrendReceived, TrendsMissing
from domain.time import KST, kst_datetime
from domain.types import UnixNanos
from domain.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from cli.trends_settings import TrendsSection

ASKABLE = ("naver", "google")
INTERRUPTED = 130  # as a shell says it: 128 + SIGINT
SymbolsArgument = Annotated[list[str] | None, typer.Argument(help="Codes or Korean names; none: the watch list.")]
AllOption = Annotated[
    bool, typer.Option("--all", help="Every listed stock, with suggested words where there are none.")
]


def fetch(
    ctx: typer.Context,
    symbols: SymbolsArgument = None,
    source: Annotated[str, typer.Option("--source", help="naver or google; default: the first of [trends].")] = "",
    first: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD; default: what attention needs.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD; default: yesterday.")] = "",
    everything: AllOption = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> int:
    """Fetch search series and show the attention behind them. What is kept and new enough is not asked again.

    Exit code 0: there are series; 1: there are none, and trying again does not help (words, keys, quota); 2: settings;
    3: the source cannot be reached or has trouble, later may help; 130: interrupted, what came is shown and kept.

    Example: hantrade trends fetch 120110
    """
    from cli.trend_sources import source_named, store_of, today
    from cli.trend_terms import tell_terms, terms
    from cli.trend_words import words_of

    settings, wanted, sets = words_of(home, symbols or (), everything)
    section = settings.trends
    name = _source_name(source, section)
    window = _window(first, last, today())
    store = store_of(section, home)
    store.check([sets[symbol] for symbol in wanted if symbol in sets])
    is_verbose = bool(ctx.find_root().params.get("verbose"))
    tell_terms(store, terms(section.cache_hours, section.cache_mb, section.keep_series), always=is_verbose)
    begin, end = window
    asked = source_named(name, section, home, tuple(sets.values()), None if begin is None else (end - begin).days + 1)
    now = UnixNanos(time.time_ns())
    found, later = 0, False
    try:
        for answer in asked.fetch(wanted, end + timedelta(days=1), now):
            if isinstance(answer, TrendReceived):
                found += 1
                _show(_received(answer, begin, end), json)
            else:
                later = later or answer.again
                for row in _missing(answer):
                    _show(row, json)
    except KeyboardInterrupt:
        came = f"interrupted: {found:,} series of {counted(len(wanted), 'instrument')} came"
        note("; ".join(filter(None, (came, _quota_left(section, home) if name == "naver" else ""))))
        return INTERRUPTED
    if name == "naver" and (left := _quota_left(section, home)):
        note(left)
    if found:
        return Exit.DONE
    return Exit.UNAVAILABLE if later else Exit.REFUSED


def _source_name(text: str, section: "TrendsSection") -> str:
    if not text:
        found = next((name for name in section.sources if name in ASKABLE), "")
        if not found:
            allowed = f"{' or '.join(ASKABLE)} among them, or --source {'|'.join(ASKABLE)}"
            raise ConfigError(f"[trends] sources expected {allowed}, was {list(section.sources)}")
        return found
    if text not in ASKABLE:
        raise ConfigError(f"--source expected {' or '.join(ASKABLE)}, was {text!r}")
    return text


def _window(first: str, last: str, today: date) -> tuple[date | None, date]:
    end = day_of("--to", last) if last else today - timedelta(days=1)
    if end >= today:
        raise ConfigError(f"--to expected {today - timedelta(days=1)} or earlier, a day that is over, was {last!r}")
    begin = day_of("--from", first) if first else None
    if begin is not None and begin > end:
        raise ConfigError(f"--from expected {end} or earlier, was {first!r}")
    return begin, end


def day_of(option: str, text: str) -> date:
    """Read a day. Raises ConfigError naming the option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} expected a day YYYY-MM-DD, was {text!r}") from None


def iso(nanos: int) -> str:
    """Give a moment (UTC ns) as ISO text in KST, to the second."""
    return kst_datetime(nanos).astimezone(KST).isoformat(timespec="seconds")


def _received(answer: TrendReceived, begin: date | None, end: date) -> dict[str, Any]:
    measured: Attention = attention(answer.points, end + timedelta(days=1))
    low = "" if begin is None else begin.isoformat()
    days = [point.day for point in answer.points if low <= point.day]
    quality, reason = quality_and_reason(measured, answer.points, end)
    return {
        "symbol": answer.symbol,
        "name": name_of(answer.symbol),
        "source": answer.source,
        "keyword_version": answer.keyword_version,
        "days": len(days),
        "first_day": days[0] if days else None,
        "newest_day": days[-1] if days else None,
        "asvi": measured.asvi,
        "z": measured.z,
        "quality": quality,
        "reason": reason,
        "again": not days or days[-1] < end.isoformat(),
        "fetched_at": iso(answer.fetched_at),
    }


def _missing(answer: TrendsMissing) -> Iterator[dict[str, Any]]:
    for symbol in answer.symbols:
        yield {
            "symbol": symbol,
            "name": name_of(symbol),
            "source": answer.source,
            "keyword_version": None,
            "days": 0,
            "first_day": None,
            "newest_day": None,
            "asvi": None,
            "z": None,
            "quality": "unknown",
            "reason": answer.reason,
            "again": answer.again,
            "fetched_at": None,
        }


def _show(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit_json([row])
        return
    parts = [labelled(row["symbol"]), row["source"]]
    if row["days"]:
        at = row["fetched_at"][:16].replace("T", " ")
        parts.append(f"{counted(row['days'], 'day')} to {row['newest_day']}, fetched {at} KST")
        parts.append(f"asvi {_figure(row['asvi'])} z {_figure(row['z'])}, words version {row['keyword_version']}")
    if row["reason"]:
        again = "; run this again later" if row["again"] else ""
        parts.append(f"unknown: {row['reason']}{again}")
    elif row["quality"] != "ok":
        parts.append(row["quality"])
    print(" | ".join(parts), flush=True)


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:+.2f}"


def _quota_left(section: "TrendsSection", home: "Path") -> str:
    """Say what is left of the quota; nothing where there are no keys."""
    from cli.trend_sources import naver_keys, quota_of

    try:
        quota = quota_of(section, home, naver_keys().client_id)
        return f"naver: {quota.left():,} of {quota.a_day:,} calls left today"
    except HantradeError:
        return ""
