"""`hantrade positions`: holdings at mark, what their stops are and how far, the limits of the account; also live."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source
from cli.limits import limit_words
from cli.names import labelled
from cli.output import console, emit_json, krw, kst_clock, plain, show_table, signed
from cli.risk import remarks, until
from hantrade.v1 import desk_pb2, types_pb2

EVERY_MS = 1_000
Held = tuple[types_pb2.Position, desk_pb2.HoldingStop]


def positions(
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the trader stops or Ctrl-C.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Show holdings at mark with their stops, today's result of what was sold, and how far limits are.

    Example: hantrade positions --follow

    Example: hantrade positions --json
    """
    source = Source(home, log)
    answers = source.watch(EVERY_MS) if follow else iter([source.status()])
    for status in answers:
        held = list(_held(source, status))
        if json:
            emit_json(_object(position, stop) for position, stop in held)
        else:
            _show(status, held, clear=follow)


def _held(source: Source, status: desk_pb2.TraderStatus) -> Iterator[Held]:
    stops = {stop.symbol: stop for stop in status.stops}
    for position in source.positions().positions:
        yield position, stops.get(position.symbol, desk_pb2.HoldingStop())


def _object(position: types_pb2.Position, stop: desk_pb2.HoldingStop) -> dict[str, Any]:
    keys = ("symbol", "quantity")  # both tell them
    return plain(position) | {key: value for key, value in plain(stop).items() if key not in keys}


def _show(status: desk_pb2.TraderStatus, held: list[Held], *, clear: bool) -> None:
    out = console()
    if clear and out.is_terminal:
        out.clear()
    right = "right"
    columns = [("symbol", "left"), ("shares", right), ("average", right), ("mark", right), ("unrealised", right)]
    columns += [("realised today", right), ("sellable", right), ("stop", right), ("trailing", right)]
    columns += [("target", right), ("until", "left"), ("remarks", "left")]
    show_table("positions; KRW", columns, [_row(position, stop) for position, stop in held], "no positions")
    at = f"{kst_clock(status.venue_time)} " if status.HasField("venue_time") else ""
    out.print(f"{at}equity {krw(status.equity_krw)} KRW, {signed(status.day_pnl_krw)} today")
    for limit in status.limits:
        out.print(limit_words(limit))
    for cause in status.reducing:
        out.print(f"only exits pass, {cause.code}: {cause.text}")


def _row(position: types_pb2.Position, stop: desk_pb2.HoldingStop) -> list[str]:
    average = position.cost_basis_krw // position.quantity if position.quantity else None
    return [
        labelled(position.symbol),
        krw(position.quantity),
        krw(average),
        krw(position.mark_price_krw if position.HasField("mark_price_krw") else None),
        signed(position.unrealized_pnl_krw) if position.HasField("unrealized_pnl_krw") else "-",
        signed(position.realized_pnl_krw),
        krw(position.sellable_qty),
        *(_away(stop, name) for name in ("stop_price_krw", "trailing_price_krw", "target_price_krw")),
        until(stop),
        remarks(stop),
    ]


def _away(stop: desk_pb2.HoldingStop, name: str) -> str:
    """Give the price of a stop, and how far the price it can be sold at is from it."""
    if not stop.HasField(name):
        return "-"
    level, now = getattr(stop, name), stop.sellable_price_krw
    if not stop.HasField("sellable_price_krw") or now <= 0:
        return krw(level)
    return f"{krw(level)} ({100 * (level - now) / now:+.2f} %)"
