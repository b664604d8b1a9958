"""`hantrade krx`: ask the market's rules. Needs no broker, no log and no network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Final

import typer

from domain.config import CostConfig
from domain.errors import ConfigError
from domain.krx.calendar import is_session, next_session, previous_session, settlement_date
from domain.krx.costs import fill_costs
from domain.krx.limits import limit_percent, price_limits
from domain.krx.sessions import HOURS_KNOWN_FROM, phases, regular_session
from domain.krx.ticks import is_half_tick, is_on_tick, step, tick_size
from domain.time import KST, kst_text
from domain.types import Market, Side

app = typer.Typer(
    help="Ask the rules of the Korean market: ticks, limits, hours, costs. Example: hantrade krx tick 71300",
    no_args_is_help=True,
)

_BIGGEST: Final = 10**12  # won or shares
_LAST_DAY: Final = date(2099, 12, 31)  # lunar holidays are computed up to there
_PLAIN: Final = {"ignore_unknown_options": True}  # so that -5 is judged as a price, not as an option

DateOption = Annotated[
    str, typer.Option("--date", help="Day whose rules hold, YYYY-MM-DD. Default: today in Korea.", show_default=False)
]
MarketOption = Annotated[str, typer.Option("--market", help="kospi, kosdaq, konex, etf or etn.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


def _number(field: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 13 and 0 < int(text) <= _BIGGEST:
        return int(text)
    raise ConfigError(f"{field} expected a whole number from 1 to {_BIGGEST}, was {text!r}")


def _day(text: str) -> date:
    if not text:
        return datetime.now(KST).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not HOURS_KNOWN_FROM <= day <= _LAST_DAY:
        allowed = f"YYYY-MM-DD from {HOURS_KNOWN_FROM.isoformat()} to {_LAST_DAY.isoformat()}"
        raise ConfigError(f"date expected {allowed}, was {text!r}")
    return day


def _market(text: str) -> Market:
    try:
        return Market(text.upper())
    except ValueError:
        allowed = ", ".join(market.value.lower() for market in Market)
        raise ConfigError(f"market expected one of {allowed}, was {text!r}") from None


def _side(text: str) -> Side:
    try:
        return Side(text.upper())
    except ValueError:
        raise ConfigError(f"side expected buy or sell, was {text!r}") from None


def _say(answer: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines))


@app.command(context_settings=_PLAIN)
def tick(
    price: Annotated[str, typer.Argument(help="Price in won.", metavar="PRICE")],
    on: DateOption = "",
    market: MarketOption = "kospi",
    as_json: JsonOption = False,
) -> None:
    """Show the tick at PRICE and whether PRICE may be ordered.

    Example: hantrade krx tick 71300 --market kosdaq --date 2026-01-13
    """
    with _one_line_errors():
        won, board, day = _number("price", price), _market(market), _day(on)
        size, valid = tick_size(won, board, day), is_on_tick(won, board, day)
    lines = [f"{won:,} won, {board.value} on {day}: tick {size:,} won, {'valid' if valid else 'not a valid price'}"]
    if not valid:
        below, above = step(won, -1, board, day), step(won, 1, board, day)
        half = "; half a tick, as executions at the mid-point are" if is_half_tick(won, board, day) else ""
        lines.append(f"nearest valid prices: {below:,} and {above:,} won{half}")
    _say({"price": won, "tick": size, "valid": valid}, as_json, lines)


@app.command(context_settings=_PLAIN)
def limits(
    base: Annotated[str, typer.Argument(help="Base price (previous regular close) in won.", metavar="BASE")],
    on: DateOption = "",
    market: MarketOption = "kospi",
    as_json: JsonOption = False,
) -> None:
    """Show the lowest and highest price of a day for a base price.

    Example: hantrade krx limits 239000
    """
    with _one_line_errors():
        won, board, day = _number("base", base), _market(market), _day(on)
        lower, upper = price_limits(won, board, day)
        percent = limit_percent(board, day)
    lines = [f"base {won:,} won, {board.value} on {day}: {lower:,} to {upper:,} won (±{percent} %, both tradable)"]
    if not is_on_tick(won, board, day):
        lines.append(f"note: a base of {won:,} won is not on the tick grid of that day")
    _say({"base": won, "lower": lower, "upper": upper}, as_json, lines)


def _clock(nanos: int) -> str:
    return kst_text(nanos).removesuffix(":00")


@app.command()
def session(
    on: Annotated[str, typer.Argument(help="Day, YYYY-MM-DD. Default: today in Korea.", metavar="DATE")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the hours of a day on both venues, in Korean time.

    Example: hantrade krx session 2026-11-19
    """
    with _one_line_errors():
        day = _day(on)
        hours = regular_session(day)
        found = phases(day)
    answer = {
        "date": day.isoformat(),
        "is_session": hours is not None,
        "open": _clock(hours.open) if hours else None,
        "close": _clock(hours.close) if hours else None,
        "phases": [
            {"name": phase.name, "start": _clock(phase.start), "end": _clock(phase.end), "venue": phase.venue}
            for phase in found
        ],
    }
    if hours is None:
        lines = [f"{day}: closed. Session before: {previous_session(day)}, next: {next_session(day)}"]
    else:
        late = ", late opening" if hours.late else ""
        lines = [f"{day}: regular session {_clock(hours.open)}-{_clock(hours.close)} KST{late}"]
        for phase in found:
            doubt = "" if phase.confirmed else "  (derived, not confirmed for this day)"
            lines.append(f"  {_clock(phase.start):8} {_clock(phase.end):8} {phase.venue}  {phase.name}{doubt}")
    _say(answer, as_json, lines)


@app.command()
def cost(
    side: Annotated[str, typer.Option("--side", help="buy or sell.")],
    price: Annotated[str, typer.Option("--price", help="Price in won.")],
    quantity: Annotated[str, typer.Option("--quantity", help="Shares.")],
    on: Annotated[
        str, typer.Option("--date", help="Day of the trade. Default: today or the next session.", show_default=False)
    ] = "",
    market: MarketOption = "kospi",
    commission_ppm: Annotated[
        str, typer.Option("--commission-ppm", help="Broker's rate per side in parts per million; 150 is 0.015 %.")
    ] = str(CostConfig().commission_ppm),
    as_json: JsonOption = False,
) -> None:
    """Show what one fill costs, with the tax of the year it settles in.

    Example: hantrade krx cost --side sell --price 50000 --quantity 10 --date 2025-12-29
    """
    with _one_line_errors():
        way, board, day = _side(side), _market(market), _trade_day(on)
        notional = _number("price", price) * _number("quantity", quantity)
        costs = fill_costs(way, notional, board, day, _rate(commission_ppm))
        settled = settlement_date(day)
    answer = {
        "notional_krw": notional,
        "commission_krw": costs.commission,
        "tax_krw": costs.tax,
        "settlement_date": settled.isoformat(),
    }
    lines = [
        f"{way.value.lower()} for {notional:,} won, {board.value} on {day}, settled {settled}:",
        f"  commission {costs.commission:,} won, tax {costs.tax:,} won, together {costs.total:,} won",
    ]
    _say(answer, as_json, lines)


def _trade_day(text: str) -> date:
    day = _day(text)
    if is_session(day):
        return day
    if not text:
        return next_session(day)
    allowed = f"a trading day such as {previous_session(day)} or {next_session(day)}"
    raise ConfigError(f"date expected {allowed}, was {text!r} (closed)")


def _rate(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 6:
        return int(text)
    raise ConfigError(f"commission-ppm expected a whole number from 0 to 999999, was {text!r}")
