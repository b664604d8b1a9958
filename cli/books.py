"""`hantrade fills`, `positions`, `cash`, `quotes`: what the trader holds and sees."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from actors.edges.desk_reader import ALL
from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source
from cli.names import labelled, name_of, symbol_of
from cli.orders import side_word
from cli.output import emit_json, krw, kst_clocks, note, plain, show_table, signed
from domain.time import kst_text
from domain.types import UnixNanos
from domain.wording import counted
from hantrade.v1 import types_pb2

FILL_COLUMNS = (
    *("fill_time", "symbol", "name", "side", "last_qty", "last_px_krw", "notional_krw", "commission_krw", "tax_krw"),
    *("realized_pnl_krw", "client_order_id", "venue_order_id", "trade_id"),
)

fills_app = typer.Typer(no_args_is_help=True, help="Executions.")

SymbolOption = Annotated[str, typer.Option("--symbol", help="Only this code or Korean name.")]
LimitOption = Annotated[int, typer.Option("--limit", help="Most rows shown.", min=1)]


@fills_app.command("list")
def list_fills(
    symbol: SymbolOption = "",
    limit: LimitOption = 100,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all of them, oldest first, as CSV for Excel.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """List the executions of the trading day, newest first.

    Of all days of a log: `hantrade log export --view fills`; trades of a period: `hantrade report --csv`.

    Example: hantrade fills list --symbol 120110
    """
    chosen = symbol_of(symbol) if symbol else ""
    fills = list(Source(home, log).fills(chosen, ALL if csv else limit).fills)
    if csv is not None:
        _write_fills(csv, reversed(fills), force)
    if json:
        emit_json(plain(fill) for fill in fills)
        return
    rows = [
        [
            at,
            labelled(fill.symbol),
            side_word(fill.side),
            krw(fill.last_qty),
            krw(fill.last_px_krw),
            krw(fill.notional_krw),
            krw(fill.commission_krw),
            krw(fill.tax_krw),
            signed(fill.realized_pnl_krw) if side_word(fill.side) == "SELL" else "",
            fill.client_order_id,
        ]
        for fill, at in zip(fills, kst_clocks([fill.fill_time for fill in fills]), strict=True)
    ]
    left, right = "left", "right"
    columns = [("time", left), ("symbol", left), ("side", left), ("shares", right), ("price", right)]
    columns += [("notional", right), ("commission", right), ("tax", right), ("realised", right), ("order", left)]
    if csv is None:
        show_table(f"{len(fills)} fills of the day, newest first; KRW", columns, rows, "no fills")


def _write_fills(path: Path, fills: Iterable[types_pb2.Fill], force: bool) -> None:
    from reports.csv_files import write_csv

    told = ({**plain(fill), "name": name_of(fill.symbol)} for fill in fills)
    count = write_csv(path, FILL_COLUMNS, ([fill[name] for name in FILL_COLUMNS] for fill in told), force=force)
    note(f"{path}: {counted(count, 'fill')}")


def cash(json: JsonOption = False, home: HomeOption = DEFAULT_HOME, log: LogOption = None) -> None:
    """Show cash and when it settles, equity, costs and results of the day.

    What is settled and may be withdrawn is shown where the orders broker tells it, as of the trader's last talk to it.
    Example: hantrade cash
    """
    answer = Source(home, log).cash()
    if json:
        emit_json([plain(answer)])
        return
    labels = [
        ("cash, settled or not (D+2 deposit)", answer.cash_krw),
        ("orderable cash", answer.orderable_cash_krw),
        *settled_rows(answer),
        ("equity at mark", answer.equity_krw),
        ("equity at the day's start", answer.start_equity_krw),
        ("commission today", answer.commission_krw),
        ("transaction tax today", answer.tax_krw),
        ("realised today, costs included", answer.realized_pnl_krw),
        ("dividends and the like today, tax taken off", answer.income_krw),
        ("not realised", answer.unrealized_pnl_krw),
    ]
    show_table("cash; KRW", [("what", "left"), ("KRW", "right")], [[name, krw(v)] for name, v in labels], "")


def settled_rows(answer: Any) -> list[tuple[str, int]]:
    """Give a row for each figure of settled cash that the broker told."""
    rows = (
        ("deposit, settled today", "deposit_krw"),
        ("settled on the next session (D+1)", "d1_deposit_krw"),
        ("may be withdrawn today", "withdrawable_krw"),
    )
    return [(label, getattr(answer, name)) for label, name in rows if answer.HasField(name)]


def quotes(
    symbols: Annotated[list[str] | None, typer.Argument(help="Codes or Korean names; none means all.")] = None,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Show the latest quotes as the trader judged them.

    Example: hantrade quotes 120110 000050
    """
    wanted = tuple(symbol_of(text) for text in symbols or ())
    watched = list(Source(home, log).quotes(wanted).quotes)
    if json:
        emit_json({**plain(item.quote), **{k: v for k, v in plain(item).items() if k != "quote"}} for item in watched)
        return
    rows = [
        [
            labelled(item.quote.symbol),
            kst_text(UnixNanos(item.quote.venue_time_unix_ns)),
            krw(item.quote.price_krw),
            krw(item.quote.bid_price_krw),
            krw(item.quote.ask_price_krw),
            krw(item.quote.cumulative_volume),
            item.quality,
            krw(item.refused),
        ]
        for item in watched
    ]
    right = "right"
    columns = [("symbol", "left"), ("time", "left"), ("price", right), ("bid", right), ("ask", right)]
    show_table("quotes; KRW", [*columns, ("volume", right), ("quality", "left"), ("refused", right)], rows, "no quotes")
