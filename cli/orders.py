"""`hantrade orders`: list, show, submit, modify, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source, desk_of
from cli.names import labelled, symbol_of
from cli.output import emit_json, krw, kst_clock, plain, show_table
from domain.errors import ConfigError, RequestRefused
from hantrade.v1 import desk_pb2, types_pb2

app = typer.Typer(no_args_is_help=True, help="Orders: list, show, and by hand submit, modify, cancel.")

MAX_QUANTITY, MAX_PRICE_KRW = 1_000_000_000, 1_000_000_000  # beyond this a number is a slip of the hand
SIDES = {"buy": types_pb2.SIDE_BUY, "sell": types_pb2.SIDE_SELL}
COLUMNS = [
    ("order", "left"),
    ("time", "left"),
    ("symbol", "left"),
    ("side", "left"),
    ("quantity", "right"),
    ("filled", "right"),
    ("open", "right"),
    ("limit", "right"),
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
    return krw(order.limit_price_krw) if order.HasField("limit_price_krw") else "market"


def _row(order: types_pb2.Order) -> list[str]:
    return [
        order.client_order_id,
        kst_clock(order.decided_at),
        labelled(order.symbol),
        side_word(order.side),
        krw(order.quantity),
        krw(order.filled_qty),
        krw(order.leaves_qty),
        _prices(order),
        status_word(order),
        order.reason or order.rationale,
    ]


def show_orders(title: str, orders: list[types_pb2.Order]) -> None:
    """Print orders as a table."""
    show_table(title, COLUMNS, [_row(order) for order in orders], "no orders")


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
        [kst_clock(f.fill_time), f.trade_id, krw(f.last_qty), krw(f.last_px_krw), krw(f.commission_krw), krw(f.tax_krw)]
        for f in answer.fills
    ]
    headings = [("time", "left"), ("trade", "left"), ("shares", right), ("price", right)]
    show_table("fills", [*headings, ("commission", right), ("tax", right)], rows, "no fills")


@app.command("submit")
def submit(
    side: Annotated[str, typer.Argument(help="buy or sell.")],
    symbol: Annotated[str, typer.Argument(help="Code or Korean name.")],
    quantity: Annotated[int, typer.Argument(help="Shares.")],
    price: Annotated[int | None, typer.Option(help="Limit in KRW; leave out for a market order.")] = None,
    note: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Submit an order by hand; the risk manager judges it like any other.

    Example: hantrade orders submit buy 120110 10 --price 47300 --note "my own view"
    """
    if side.lower() not in SIDES:
        raise ConfigError(f"side must be buy or sell, was {side!r}")
    _check("quantity", quantity, MAX_QUANTITY)
    _check("--price", price, MAX_PRICE_KRW)
    request = desk_pb2.SubmitManualOrderRequest(
        symbol=symbol_of(symbol),
        side=SIDES[side.lower()],
        kind=types_pb2.ORDER_KIND_MARKET if price is None else types_pb2.ORDER_KIND_LIMIT,
        quantity=quantity,
        limit_price_krw=price,
        caller=_caller(),
        note=note,
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

    Example: hantrade orders cancel 3f2a9c01d4-1234
    """
    request = desk_pb2.CancelManualOrderRequest(client_order_id=order_id, caller=_caller())
    with desk_of(home) as desk, _about(order_id):
        _tell(desk.call("CancelManualOrder", request).order, json)


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


def _caller() -> str:
    import getpass

    return f"cli:{getpass.getuser()}"


def _tell(order: types_pb2.Order, as_json: bool) -> None:
    if as_json:
        emit_json([plain(order)])
    else:
        show_orders("order", [order])
