"""`hantrade orders`: list, show, submit, modify, cancel."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeVar

import typer

from broker.translate.values import KIND, TIME_IN_FORCE, VENUE
from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source, desk_of
from cli.names import labelled, symbol_of
from cli.output import emit_json, krw, kst_clocks, note, plain, show_table
from domain.errors import ConfigError, RequestRefused
from domain.order_terms import in_words
from domain.types import OrderKind, TimeInForce, Venue
from hantrade.v1 import desk_pb2, types_pb2

app = typer.Typer(no_args_is_help=True, help="Orders: list, show, and by hand submit, modify, cancel.")

MAX_QUANTITY, MAX_PRICE_KRW = 1_000_000_000, 1_000_000_000  # beyond this a number is a slip of the hand
SIDES = {"buy": types_pb2.SIDE_BUY, "sell": types_pb2.SIDE_SELL}
KINDS = {kind.lower().replace("_", "-"): KIND.write(kind) for kind in OrderKind}
TIMES_IN_FORCE = {force.lower(): TIME_IN_FORCE.write(force) for force in TimeInForce}
VENUES = {venue.lower(): VENUE.write(venue) for venue in Venue}
C = TypeVar("C")
COLUMNS = [
    ("order", "left"),
    ("time", "left"),
    ("symbol", "left"),
    ("side", "left"),
    ("quantity", "right"),
    ("filled", "right"),
    ("open", "right"),
    ("limit", "right"),
    ("terms", "left"),
    ("status", "left"),
    ("why", "left"),
]


def status_word(order: types_pb2.Order) -> str:
    """Give the state of an order as a word."""
    return types_pb2.OrderStatus.Name(order.status).removeprefix("ORDER_STATUS_")


def side_word(side: int) -> str:
    """Give BUY or SELL."""
    return types_pb2.Side.Name(side).removeprefix("SIDE_")


def _prices(order: types_pb2.Order) -> str:
    """Give the limit, or those of the live numbers where a partial modify left two."""
    prices = {leg.limit_price_krw: None for leg in order.legs if leg.can_trade and leg.HasField("limit_price_krw")}
    if len(prices) > 1:
        return " / ".join(krw(price) for price in prices)
    if order.HasField("limit_price_krw"):
        return krw(order.limit_price_krw)
    return "market" if order.kind == types_pb2.ORDER_KIND_MARKET else ""


def _terms(order: types_pb2.Order) -> str:
    """Give what sets an order apart from a plain limit or market order for the day at KRX; empty when nothing does."""
    kind = KIND.read_or(order.kind, "kind", OrderKind.LIMIT)
    force = TIME_IN_FORCE.read_or(order.time_in_force, "time_in_force", TimeInForce.DAY)
    venue = VENUE.read_or(order.venue, "venue", Venue.KRX)
    words = [
        "" if kind in (OrderKind.LIMIT, OrderKind.MARKET) else in_words(kind),
        f"stop {krw(order.stop_price_krw)}" if order.HasField("stop_price_krw") else "",
        "" if force is TimeInForce.DAY else force.value,
        "" if venue is Venue.KRX else venue.value,
    ]
    return " ".join(filter(None, words))


def _row(order: types_pb2.Order, decided: str) -> list[str]:
    return [
        order.client_order_id,
        decided,
        labelled(order.symbol),
        side_word(order.side),
        krw(order.quantity),
        krw(order.filled_qty),
        krw(order.leaves_qty),
        _prices(order),
        _terms(order),
        status_word(order),
        order.reason or order.rationale,
    ]


def show_orders(title: str, orders: list[types_pb2.Order]) -> None:
    """Print orders as a table."""
    times = kst_clocks([order.decided_at for order in orders])
    show_table(title, COLUMNS, [_row(order, at) for order, at in zip(orders, times, strict=True)], "no orders")


@app.command("list")
def list_orders(
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that are not closed.")] = False,
    symbol: Annotated[str, typer.Option(help="Only this code or Korean name.")] = "",
    limit: Annotated[int, typer.Option(help="Most orders shown.", min=1)] = 100,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """List orders, newest first.

    Example: hantrade orders list --open --symbol 코오롱인더
    """
    wanted = symbol_of(symbol) if symbol else ""
    request = desk_pb2.ListOrdersRequest(open_only=open_only, symbol=wanted, limit=limit)
    orders = list(Source(home, log).orders(request).orders)
    if json:
        emit_json(plain(order) for order in orders)
    else:
        show_orders(f"{len(orders)} orders, newest first", orders)


@app.command("show")
def show_order(
    order_id: Annotated[str, typer.Argument(help="Client order id.")],
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Show one order with its fills.

    Example: hantrade orders show 3f2a9c01d4-1234
    """
    answer = Source(home, log).order(order_id)
    if json:
        emit_json([{**plain(answer.order), "fills": [plain(fill) for fill in answer.fills]}])
        return
    show_orders(f"order {order_id}", [answer.order])
    right = "right"
    legs = [
        [
            leg.venue_order_id,
            krw(leg.leaves_qty),
            krw(leg.limit_price_krw or None),
            "live" if leg.can_trade else "ended",
        ]
        for leg in answer.order.legs
    ]
    show_table("venue orders", [("number", "left"), ("open", right), ("limit", right), ("", "left")], legs, "none yet")
    rows = [
        [at, f.trade_id, krw(f.last_qty), krw(f.last_px_krw), krw(f.commission_krw), krw(f.tax_krw)]
        for f, at in zip(answer.fills, kst_clocks([fill.fill_time for fill in answer.fills]), strict=True)
    ]
    headings = [("time", "left"), ("trade", "left"), ("shares", right), ("price", right)]
    show_table("fills", [*headings, ("commission", right), ("tax", right)], rows, "no fills")


@app.command("submit")
def submit(
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    symbol: Annotated[str, typer.Argument(help="Code or Korean name.")],
    quantity: Annotated[int, typer.Argument(help="Shares.")],
    price: Annotated[int | None, typer.Option(help="Limit in KRW; without it and --kind, a market order.")] = None,
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}; default limit with --price, else market.")] = "",
    tif: Annotated[str, typer.Option(help="How long it may stand: day, ioc or fok.")] = "day",
    venue: Annotated[str, typer.Option(help="Where it goes: krx, nxt or sor.")] = "krx",
    stop_price: Annotated[int | None, typer.Option(help="KRW that wakes a stop-limit order.")] = None,
    note: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    override: Annotated[
        list[str] | None, typer.Option(help="A check it passes all the same, e.g. SECTOR; repeatable, needs --note.")
    ] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Submit an order by hand; the risk manager judges it like any other.

    A denial names the check. Checks of house policy can be overridden one by one with a reason (docs/risk.md says
    which); those of safety and of the venue cannot.

    What the venue does not take in this phase of the day is denied (SESSION_KIND). An order by hand rests where it
    was put until it is filled, cancelled, or the end of the trading day; only strategies' orders are hurried.

    Example: hantrade orders submit buy 120110 10 --price 47300 --note "my own view"

    Example: hantrade orders submit buy 120110 10 --price 47300 --override SECTOR --note "hedged elsewhere"

    Example: hantrade orders submit sell 120110 10 --kind stop-limit --stop-price 46000 --price 45900
    """
    _check("quantity", quantity, MAX_QUANTITY)
    _check("--price", price, MAX_PRICE_KRW)
    _check("--stop-price", stop_price, MAX_PRICE_KRW)
    if override and not note.strip():
        raise ConfigError("--note must say why, was empty: --override is kept in the log with its reason")
    wanted = (kind or ("market" if price is None else "limit")).lower()
    _check_prices(wanted, price, stop_price)
    request = desk_pb2.SubmitManualOrderRequest(
        symbol=symbol_of(symbol),
        side=_one_of(SIDES, "side", side),
        kind=_one_of(KINDS, "--kind", wanted),
        quantity=quantity,
        limit_price_krw=price,
        caller=_caller(),
        note=note,
        time_in_force=_one_of(TIMES_IN_FORCE, "--tif", tif),
        venue=_one_of(VENUES, "--venue", venue),
        stop_price_krw=stop_price,
        overrides=override or [],
    )
    with desk_of(home) as desk:
        _tell(desk.call("SubmitManualOrder", request).order, json)


@app.command("modify")
def modify(
    order_id: Annotated[str, typer.Argument(help="Client order id.")],
    price: Annotated[int | None, typer.Option(help="New limit in KRW.")] = None,
    quantity: Annotated[int | None, typer.Option(help="Shares to move to the new price; default all open.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Change price or quantity of an open order.

    Example: hantrade orders modify 3f2a9c01d4-1234 --price 47200
    """
    if price is None and quantity is None:
        raise ConfigError("nothing to change: give --price, --quantity or both")
    _check("--quantity", quantity, MAX_QUANTITY)
    _check("--price", price, MAX_PRICE_KRW)
    request = desk_pb2.ModifyManualOrderRequest(
        client_order_id=order_id, limit_price_krw=price, quantity=quantity, caller=_caller()
    )
    with desk_of(home) as desk, _about(order_id):
        _tell(desk.call("ModifyManualOrder", request).order, json)


@app.command("cancel")
def cancel(
    order_id: Annotated[str, typer.Argument(help="Client order id.")],
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Cancel an open order.

    One that is still on its way to the broker is cancelled as soon as the broker has it; the answer says so.

    Example: hantrade orders cancel 3f2a9c01d4-1234
    """
    request = desk_pb2.CancelManualOrderRequest(client_order_id=order_id, caller=_caller())
    with desk_of(home) as desk, _about(order_id):
        answer = desk.call("CancelManualOrder", request)
    if json:
        emit_json([{**plain(answer.order), "cancels": answer.cancels, "text": answer.text}])
        return
    show_orders("order", [answer.order])
    if answer.text and not answer.cancels:  # a trader of before 0.7.0 gives no words
        note(f"order {order_id}: {answer.text}")


@contextmanager
def _about(order_id: str) -> Iterator[None]:
    """Name the order in a refusal that speaks of it."""
    try:
        yield
    except RequestRefused as refused:
        if order_id in refused.text:
            raise
        raise RequestRefused(refused.code, f"order {order_id!r}: {refused.text}") from None


def _check(field: str, value: int | None, largest: int) -> None:
    if value is not None and not 0 < value <= largest:
        raise ConfigError(f"{field} must be 1 to {largest:,}, was {value}")


def _check_prices(word: str, price: int | None, stop_price: int | None) -> None:
    """Refuse a price that a kind does not take, and one that is missing. Raises ConfigError naming the option."""
    if word not in KINDS:
        return  # told by what reads it
    kind = OrderKind(word.upper().replace("-", "_"))
    given = (("--price", price, kind.has_limit_price), ("--stop-price", stop_price, kind is OrderKind.STOP_LIMIT))
    for option, value, takes_it in given:
        if takes_it and value is None:
            raise ConfigError(f"{option} is expected with --kind {word}")
        if not takes_it and value is not None:
            raise ConfigError(f"{option} does not go with --kind {word}, was {value}")


def _one_of(choices: Mapping[str, C], field: str, text: str) -> C:
    """Give what a word stands for. Raises ConfigError with the words allowed."""
    if text.lower() not in choices:
        raise ConfigError(f"{field} must be {' or '.join(choices)}, was {text!r}")
    return choices[text.lower()]


def _caller() -> str:
    import getpass

    return f"cli:{getpass.getuser()}"


def _tell(order: types_pb2.Order, as_json: bool) -> None:
    if as_json:
        emit_json([plain(order)])
    else:
        show_orders("order", [order])
