"""What puts things right: `hantrade reconcile`, `adjust`, `route`, and `orders release`."""

from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption, desk_of
from cli.names import labelled, symbol_of
from cli.orders import _caller as caller
from cli.orders import status_word
from cli.output import emit_json, krw, note, plain, show_table, signed
from domain.errors import ConfigError
from domain.hand_adjustments import KINDS
from hantrade.v1 import desk_pb2

RECONCILE_S = 75.0
NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the log. Must be given.")]


def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell the differences; book nothing.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Compare own books with the broker's now. Exit 1 when a difference is left.

    Without --dry-run a difference makes the orders link reconcile: only cancels pass until it is done, what the
    broker's lists prove is booked, and an instrument whose books still differ takes no new order.

    Example: hantrade reconcile --dry-run
    """
    with desk_of(home) as desk:
        request = desk_pb2.ReconcileRequest(dry_run=dry_run, caller=caller())
        report = desk.call("Reconcile", request, RECONCILE_S).report
    if json:
        emit_json([plain(report)])
    else:
        _show(report)
    if not report.agreed:
        raise typer.Exit(Exit.REFUSED)


def _show(report: desk_pb2.ReconcileReport) -> None:
    took = report.took.seconds + report.took.nanos / 1e9
    rows = [
        ["books", "agree" if report.agreed else "differ"],
        ["open orders", f"{report.open_orders}, of {report.unknown_orders} the fate is unknown"],
        ["the broker lists", f"{report.day_orders} order numbers today, {report.external_orders} open ones not ours"],
        ["booked from the lists", krw(report.inferred)],
        ["no new orders in", ", ".join(map(labelled, report.halted_symbols)) or "-"],
        ["took", f"{took:.3f} s, lists read {report.reads} times"],
    ]
    show_table(f"reconciliation ({report.kind})", [("what", "left"), ("found", "left")], rows, "")
    for difference in report.differences:
        note(f"difference: {difference}")


def release(
    order_id: Annotated[str, typer.Argument(help="Our id of the order, see `hantrade orders list`.")],
    note_text: NoteOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Let an order out of QUARANTINED once you have looked at it in the broker's own program (HTS).

    Example: hantrade orders release 3f2a9c-1702 --note "HTS shows one order only"
    """
    _needs_note(note_text)
    with desk_of(home) as desk:
        request = desk_pb2.ReleaseOrderRequest(client_order_id=order_id, caller=caller(), note=note_text)
        order = desk.call("ReleaseOrder", request).order
    note(f"{order_id} is {status_word(order)} now: {krw(order.filled_qty)} filled, {krw(order.leaves_qty)} open")


def adjust(
    symbol: Annotated[str, typer.Argument(help="Code or Korean name; none when only cash is adjusted.")] = "",
    quantity: Annotated[int, typer.Option("--quantity", help="Shares to add; negative takes them off.")] = 0,
    cost: Annotated[int, typer.Option("--cost", help="KRW of cost basis to add; negative takes off.")] = 0,
    cash: Annotated[int, typer.Option("--cash", help="KRW of cash to add; negative takes off.")] = 0,
    kind: Annotated[str, typer.Option("--kind", help=f"What it is: {', '.join(KINDS)}.")] = "correction",
    note_text: NoteOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Book a difference you have explained. Makes no order; stands in the log with your name and note.

    Deposits and withdrawals are no result of trading: returns and limits on losses leave them out.

    Example: hantrade adjust --cash 1000000 --kind deposit --note "from the bank"

    Example: hantrade adjust 120110 --quantity 10 --cost 470500 --cash -470570 --note "bought by phone"
    """
    _needs_note(note_text)
    if not (quantity or cost or cash):
        raise ConfigError("nothing to adjust: give --quantity, --cost or --cash, each a number other than 0")
    if kind not in KINDS:
        raise ConfigError(f"--kind must be one of {', '.join(KINDS)}, was {kind!r}")
    wanted = symbol_of(symbol) if symbol else ""
    if (quantity or cost) and not wanted:
        raise ConfigError("SYMBOL must be given with --quantity or --cost, was missing")
    with desk_of(home) as desk:
        request = desk_pb2.BookAdjustmentRequest(
            symbol=wanted, quantity=quantity, cost_krw=cost, cash_krw=cash, caller=caller(), note=note_text, kind=kind
        )
        booked = desk.call("BookAdjustment", request)
    held = f"{labelled(wanted)} {signed(quantity)} to {krw(booked.quantity)} shares, " if wanted else ""
    note(f"booked: {held}cash {signed(cash)} to {krw(booked.cash_krw)} KRW")


def route(
    endpoint: Annotated[str, typer.Argument(help="HOST:PORT of the broker; `paper` is the one beside the trader.")],
    note_text: NoteOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Send orders another way. Refused until the way before is closed and its books agree.

    First `hantrade pause` or `halt`, and let open orders end; then this; then `hantrade resume`.

    Example: hantrade route 127.0.0.1:50071 --note "the PC is being updated"
    """
    _needs_note(note_text)
    to = "" if endpoint == "paper" else endpoint
    host, colon, port = to.rpartition(":")
    if to and not (host and colon and port.isdigit() and 0 < int(port) < 65_536):
        raise ConfigError(f"ENDPOINT must be HOST:PORT, for example 127.0.0.1:50051, or `paper`, was {endpoint!r}")
    with desk_of(home) as desk:
        desk.call("SwitchOrders", desk_pb2.SwitchOrdersRequest(endpoint=to, caller=caller(), note=note_text))
    note(f"orders go to {endpoint} from now on; `hantrade status` tells when the link is READY")


def _needs_note(text: str) -> None:
    if not text.strip():
        raise ConfigError("--note must say why, was empty; it stands in the log")
