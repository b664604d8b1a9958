"""`hantrade krx session` and `krx kinds`: the hours of a day, and which orders its phases take."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption
from cli.krx_answers import DateOption, JsonOption, day_of, market_of, one_line_errors, say
from cli.krx_hours import HoursNow, hours_of
from domain.errors import ConfigError
from domain.krx.calendar import next_session, previous_session
from domain.krx.hours_table import HoursEntry
from domain.krx.order_kinds import kinds_taken, mark_of
from domain.krx.order_phases import BY_CLOCK, OrderPhase, PhaseSpan, order_day
from domain.krx.sessions import FIRST_DAY_HOURS, latest_cross, phases, regular_hours, regular_session
from domain.krx.trade_types import CODES_BY_KIND
from domain.time import from_kst, kst_text
from domain.types import Market, OrderKind, TimeInForce, Venue

_AUCTIONS = ("opening_auction", "closing_auction")


def session(
    on: Annotated[str, typer.Argument(help="Day, YYYY-MM-DD. Default: today in Korea.", metavar="DATE")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show the hours of a day on both venues, in Korean time.

    The calendar is corrected by krx.toml in the home folder, read anew each time, and by [sessions] of hantrade.toml.

    Example: hantrade krx session 2026-11-19
    """
    with one_line_errors():
        day = day_of(on)
        now = hours_of(home)
        overrides = now.overrides
        hours = regular_session(day, overrides)
        origin = _origin(now, day)
        found = phases(day, overrides, announced=None if origin is None else origin["confirmed"])
    answer = {
        "date": day.isoformat(),
        "is_session": hours is not None,
        "open": clock(hours.open) if hours else None,
        "close": clock(hours.close) if hours else None,
        "phases": [
            {
                "name": phase.name,
                "start": clock(phase.start),
                "end": clock(phase.end),
                "venue": phase.venue,
                "latest_end": clock(latest_cross(phase.end) if phase.name in _AUCTIONS else phase.end),
                "confirmed": phase.confirmed,
            }
            for phase in found
        ],
        "late": hours.late if hours else False,
        "exception": origin,
    }
    if hours is None:
        before, after = previous_session(day, overrides), next_session(day, overrides)
        lines = [f"{day}: closed. Session before: {before}, next: {after}"]
    else:
        late = ", late opening" if hours.late else ""
        lines = [f"{day}: regular session {clock(hours.open)}-{clock(hours.close)} KST{late}"]
    if origin is not None:
        lines.append(_origin_text(origin))
    for phase in found:
        doubt = "" if phase.confirmed else "  (derived, not confirmed)"
        random_end = f"  crosses by {clock(latest_cross(phase.end))}" if phase.name in _AUCTIONS else ""
        lines.append(f"  {clock(phase.start):8} {clock(phase.end):8} {phase.venue}  {phase.name}{random_end}{doubt}")
    say(answer, as_json, lines)


def kinds(
    on: DateOption = "",
    at: Annotated[str, typer.Option("--at", help="Time of day in Korea, HH:MM. Default: all phases of the day.")] = "",
    venue: Annotated[str, typer.Option("--venue", help="krx, nxt or sor (both).")] = "sor",
    market: Annotated[str, typer.Option("--market", help="kospi, kosdaq, konex, etf or etn.")] = "kospi",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show which kinds of order each phase of a day takes, with Kiwoom's codes; ? marks what is not confirmed.

    Example: hantrade krx kinds --date 2026-11-20 --at 16:30 --venue krx
    """
    with one_line_errors():
        day, place, board = day_of(on), _venue(venue), market_of(market)
        spans = order_day(day, hours_of(home).overrides).spans
        moment = from_kst(day, *_time(at)) if at else None
    chosen = [
        span
        for span in spans
        if place in (Venue.SOR, span.venue) and (moment is None or span.start <= moment < span.end)
    ]
    answer = {
        "date": day.isoformat(),
        "at": at or None,
        "venue": place.value,
        "market": board.value,
        "phases": [_phase(span, day, board) for span in chosen],
    }
    where = f"{day}{' ' + at if at else ''}, {place.value}, {board.value}"
    lines = [where if chosen else f"{where}: no orders are taken"]
    for span in chosen:
        lines.append(f"  {clock(span.start):8} {clock(span.end):8} {span.venue.value}  {_name_of(span.phase)}")
        lines.append(f"    {', '.join(_kinds_text(span, day, board)) or 'none for this market'}")
    if chosen:
        lines.append("kind and time in force as `orders submit` takes them (Kiwoom's code); ? is not confirmed")
    say(answer, as_json, lines)


def clock(nanos: int) -> str:
    """Give the Korean time of day of a moment (UTC ns), seconds only where they are not zero."""
    text = kst_text(nanos)
    return text.removesuffix(":00") if text.count(":") == 2 else text


def _origin(now: HoursNow, day: date) -> dict[str, Any] | None:
    """Say which exception holds on a day, if one does."""
    key = day.isoformat()
    if key in now.settings:
        return {"from": "hantrade.toml [sessions]", "note": "", "source": "", "confirmed": True}
    entry = now.table.days.get(day)
    if entry is None and regular_hours(day, now.overrides) == FIRST_DAY_HOURS:
        entry = now.table.first_session
    return None if entry is None else _entry(entry)


def _entry(entry: HoursEntry) -> dict[str, Any]:
    return {"from": entry.origin, "note": entry.note, "source": entry.source, "confirmed": entry.confirmed}


def _origin_text(origin: dict[str, Any]) -> str:
    parts = [part for part in (origin["note"], origin["source"] and f"source: {origin['source']}") if part]
    doubt = "" if origin["confirmed"] else ", not confirmed by the exchange"
    return f"  by {origin['from']}{doubt}{': ' if parts else ''}{'; '.join(parts)}"


def _venue(text: str) -> Venue:
    try:
        return Venue(text.upper())
    except ValueError:
        raise ConfigError(f"venue expected one of krx, nxt, sor, was {text!r}") from None


def _time(text: str) -> tuple[int, int]:
    hours, sep, minutes = text.partition(":")
    digits = text.isascii() and hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2
    if sep and digits and int(hours) < 24 and int(minutes) < 60:
        return int(hours), int(minutes)
    raise ConfigError(f"at expected HH:MM, was {text!r}")


def _taken(span: PhaseSpan, day: date, market: Market) -> list[tuple[OrderKind, TimeInForce]]:
    return kinds_taken(span.venue, span.phase, day, market=market)


def _phase(span: PhaseSpan, day: date, market: Market) -> dict[str, Any]:
    return {
        "phase": span.phase.value,
        "name": _name_of(span.phase),
        "venue": span.venue.value,
        "start": clock(span.start),
        "end": clock(span.end),
        "kinds": [
            {
                "kind": kind.value,
                "time_in_force": force.value,
                "trde_tp": CODES_BY_KIND[kind, force],
                "confirmed": mark_of(kind, force, span.phase).is_confirmed,
            }
            for kind, force in _taken(span, day, market)
        ],
    }


def _name_of(phase: OrderPhase) -> str:
    """Give the name `krx session` has for a phase."""
    return next(name for (_, name), known in BY_CLOCK.items() if known is phase)


def _kinds_text(span: PhaseSpan, day: date, market: Market) -> Iterator[str]:
    for kind, force in _taken(span, day, market):
        doubt = "" if mark_of(kind, force, span.phase).is_confirmed else " ?"
        tif = "" if force is TimeInForce.DAY else f" {force.lower()}"
        yield f"{kind.lower().replace('_', '-')}{tif} ({CODES_BY_KIND[kind, force]}){doubt}"
