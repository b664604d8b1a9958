"""`hantrade stops`, `claim`, `manual`, `checkin`: what a person tells the risk manager."""

from datetime import datetime
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, NoteOption, Source, desk_of
from cli.names import labelled, symbol_of
from cli.orders import _caller as caller
from cli.output import emit_json, krw, note, plain, show_table
from domain.errors import ConfigError
from domain.time import KST
from hantrade.v1 import desk_pb2

PPM_PER_PERCENT = 10_000
stops_app = typer.Typer(no_args_is_help=True, help="Stops of positions: list, set, clear.")


@stops_app.command("list")
def list_stops(json: JsonOption = False, home: HomeOption = DEFAULT_HOME, log: LogOption = None) -> None:
    """List positions with what would make the trader sell them.

    Example: hantrade stops list
    """
    held = list(Source(home, log).status().stops)
    if json:
        emit_json(plain(stop) for stop in held)
        return
    columns = [("symbol", "left"), ("shares", "right"), ("ours", "right"), ("sells at", "right")]
    columns += [(name, "right") for name in ("stop", "trailing", "target")]
    columns += [("until", "left"), ("why", "left")]
    show_table("stops; KRW a share", columns, [_row(stop) for stop in held], "no positions")


def _row(stop: desk_pb2.HoldingStop) -> list[str]:
    return [
        labelled(stop.symbol),
        krw(stop.quantity),
        krw(stop.ours),
        *(_price(stop, name) for name in ("sellable_price_krw", "stop_price_krw", "trailing_price_krw")),
        _price(stop, "target_price_krw"),
        until(stop),
        remarks(stop),
    ]


def _price(stop: desk_pb2.HoldingStop, name: str) -> str:
    return krw(getattr(stop, name)) if stop.HasField(name) else "-"


def until(stop: desk_pb2.HoldingStop) -> str:
    """Say when a position was held long enough, in KST; a dash when nothing ends it."""
    if not stop.HasField("sell_at"):
        return "-"
    at: datetime = stop.sell_at.ToDatetime(tzinfo=KST)
    return at.strftime("%Y-%m-%d %H:%M:%S")


def remarks(stop: desk_pb2.HoldingStop) -> str:
    """Say what is special about a position."""
    foreign = stop.quantity - stop.ours
    parts = [
        "never sold (settings)" if stop.never_sell else "",
        f"{krw(foreign)} not ours" if foreign > 0 and not stop.never_sell else "",
        "stops of its own" if stop.own_terms else "",
        f"stuck: {stop.stuck}" if stop.stuck else "",
    ]
    return "; ".join(filter(None, parts))


@stops_app.command("set")
def set_stops(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name of a position.")],
    stop_loss: Annotated[
        float | None, typer.Option(help="Loss on cost that is cut, percent; 0: off.", min=0, max=99.9999)
    ] = None,
    take_profit: Annotated[
        float | None, typer.Option(help="Gain on cost that is taken, percent; 0: off.", min=0)
    ] = None,
    trailing: Annotated[float | None, typer.Option(help="Fall from the highest price, percent; 0: off.", min=0)] = None,
    hold: Annotated[
        int | None, typer.Option(help="Longest holding since its first fill, s; 0: no limit.", min=0)
    ] = None,
    note_text: NoteOption = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Give a position stops of its own until it is closed; what is not named is off.

    Example: hantrade stops set 120110 --stop-loss 3 --trailing 2 --note "news in the evening"
    """
    if all(given is None for given in (stop_loss, take_profit, trailing, hold)):
        raise ConfigError(
            "stops expected --stop-loss, --take-profit, --trailing or --hold; --stop-loss 0 alone takes all off"
        )
    terms = desk_pb2.StopTerms(
        stop_loss_ppm=_ppm("--stop-loss", stop_loss or 0),
        take_profit_ppm=_ppm("--take-profit", take_profit or 0),
        trailing_ppm=_ppm("--trailing", trailing or 0),
        hold_s=hold or 0,
    )
    _send(symbol, terms, note_text, json, home)


@stops_app.command("clear")
def clear_stops(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name of a position.")],
    note_text: NoteOption = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Let the stops of the settings hold for a position again.

    Example: hantrade stops clear 120110
    """
    _send(symbol, None, note_text, json, home)


def _send(symbol: str, terms: desk_pb2.StopTerms | None, text: str, json: bool, home: HomeOption) -> None:
    request = desk_pb2.SetStopsRequest(symbol=symbol_of(symbol), terms=terms, caller=caller(), note=text)
    with desk_of(home) as desk:
        stop = desk.call("SetStops", request).stop
    if json:
        emit_json([plain(stop)])
        return
    prices = {"stop": "stop_price_krw", "trailing": "trailing_price_krw", "target": "target_price_krw"}
    told = [f"{name} {krw(getattr(stop, field))} KRW" for name, field in prices.items() if stop.HasField(field)]
    told += [f"sold at {until(stop)}"] if stop.HasField("sell_at") else []
    note(f"{labelled(stop.symbol)}, {krw(stop.ours)} shares: {', '.join(told) or 'no stop is on'}")


def _ppm(option: str, percent: float) -> int:
    ppm = round(percent * PPM_PER_PERCENT)
    if abs(ppm - percent * PPM_PER_PERCENT) > 1e-6:
        raise ConfigError(f"{option} expected percent with at most four decimals, was {percent}")
    return ppm


def claim(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name of a holding.")],
    quantity: Annotated[int | None, typer.Option(help="Shares to be ours; default all, 0 none.", min=0)] = None,
    note_text: NoteOption = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Put shares the trader did not buy under its care: strategies, stops and flatten may sell them from then on.

    Example: hantrade claim 120110 --note "bought by phone, to be managed"
    """
    if not note_text.strip():
        raise ConfigError("--note must say why, was empty; it stands in the log")
    request = desk_pb2.ClaimHoldingRequest(symbol=symbol_of(symbol), quantity=quantity, caller=caller(), note=note_text)
    with desk_of(home) as desk:
        ours = desk.call("ClaimHolding", request).ours
    if json:
        emit_json([{"symbol": request.symbol, "ours": ours}])
    else:
        note(f"{labelled(request.symbol)}: {krw(ours)} shares are ours")


def manual(
    switch: Annotated[str, typer.Argument(help="on: only a person enters; off: strategies enter again.")],
    note_text: NoteOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Trade alone, or let strategies enter again. Their exits, stops and limits go on either way.

    Example: hantrade manual on --note "earnings day"
    """
    if switch not in ("on", "off"):
        raise ConfigError(f"SWITCH must be on or off, was {switch!r}")
    request = desk_pb2.SetManualModeRequest(manual=switch == "on", caller=caller(), note=note_text)
    with desk_of(home) as desk:
        is_on = desk.call("SetManualMode", request).manual
    note("only a person enters; exits and stops go on" if is_on else "strategies enter again")


def checkin(home: HomeOption = DEFAULT_HOME) -> None:
    """Say that you are there: starts the time of the dead-man rule anew, as every other command does.

    Example: hantrade checkin
    """
    with desk_of(home) as desk:
        desk.call("ReportPresence", desk_pb2.ReportPresenceRequest(caller=caller()))
    note("heard")
