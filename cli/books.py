"""`hantrade fills`, `positions`, `cash`, `quotes`: what the trader holds and sees."""

from typing import Annotated, Any

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source
from cli.names import labelled, symbol_of
from cli.orders import side_word
from cli.output import emit_json, krw, kst_clocks, plain, show_table, signed
from domain.time import kst_text
from domain.types import UnixNanos

fills_app = typer.Typer(no_args_is_help=True, help="Executions.")

SymbolOption = Annotated[str, typer.Option("--symbol", help="Only this code or Korean name.")]
LimitOption = Annotated[int, typer.Option("--limit", help="Most rows shown.", min=1)]


@fills_app.command("list")
def list_fills(
    symbol: SymbolOption = "",
    limit: LimitOption = 100,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """List the executions of the trading day, newest first.

    Of all days of a log: `hantrade log export --view fills`.

    Example: hantrade fills list --symbol 120110
    """
    fills = list(Source(home, log).fills(symbol_of(symbol) if symbol else "", limit).fills)
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
    show_table(f"{len(fills)} fills of the day, newest first; KRW", columns, rows, "no fills")


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
