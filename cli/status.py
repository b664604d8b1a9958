"""`hantrade status`: how the trader is, in one table or one object."""

from collections.abc import Mapping
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, HomeOption, JsonOption, LogOption, Source
from cli.limits import limit_rows, show_checks
from cli.names import labelled
from cli.output import emit_json, krw, kst_clock, plain, show_table, signed
from cli.uptime import uptime_words
from domain.scoring.accuracy import TARGET
from hantrade.v1 import desk_pb2, types_pb2

MOST_NAMED = 3  # instruments in one line


def status(
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the trader stops or Ctrl-C.")] = False,
    checks: Annotated[
        bool, typer.Option("--checks", help="Every check before an order, its limit, what is left.")
    ] = False,
    json: JsonOption = False,
    home: HomeOption = DEFAULT_HOME,
    log: LogOption = None,
) -> None:
    """Tell how the trader is.

    Example: hantrade status --json
    """
    source = Source(home, log)
    answers = source.watch(1000) if follow else iter([source.status()])
    for answer in answers:
        if json:
            emit_json([status_json(answer, source.live)])
        else:
            show_status(answer, source.live)
        if checks and not json:
            show_checks(answer)


def status_json(status: desk_pb2.TraderStatus, running: bool) -> dict[str, object]:
    """Give the stable keys first, then everything else."""
    age = status.feed_age
    stable = {
        "mode": status.mode,
        "connection": status.connection if running else "STOPPED",
        "day": status.day,
        "gate": gate_word(status.gate),
        "feed_age_ms": age.seconds * 1000 + age.nanos // 1_000_000 if running and status.HasField("feed_age") else None,
        "orders_open": status.orders_open,
        "positions": status.positions,
        "equity_krw": status.equity_krw,
        "day_pnl_krw": status.day_pnl_krw,
        "uptime_pct": round(status.uptime_ppm / 10_000, 4),
        "running": running,
    }
    return stable | {key: value for key, value in plain(status).items() if key not in stable and key != "uptime_ppm"}


def gate_word(gate: int) -> str:
    """Give the gate as a word."""
    return types_pb2.Gate.Name(gate).removeprefix("GATE_")


def show_status(status: desk_pb2.TraderStatus, running: bool) -> None:
    """Print the status for people."""
    links = f"quotes {status.quotes_link}, orders {status.orders_link}" if running else "not running"
    why = "; ".join(f"{link}: {reason}" for link, reason in sorted(status.link_reasons.items()))
    gate = gate_word(status.gate) + (f" ({status.gate_reason})" if status.gate_reason else "")
    if running and status.connection != "READY":
        gate += "; risk denies orders while a link is not READY"
    rows = [
        ["mode", status.mode],
        ["connection", f"{status.connection} ({links})" if running else "STOPPED (no trader runs)"],
        ["day", f"{status.day} {status.trading_date}"],
        ["gate", gate],
        ["venue time", kst_clock(status.venue_time) if status.HasField("venue_time") else "-"],
        ["quotes", f"{krw(status.quotes)} judged, {krw(status.quotes_refused)} refused, {status.symbols} instruments"],
        ["limits unknown", krw(status.limits_unknown)],
        ["signals / denied / fills", f"{krw(status.signals)} / {krw(status.denied)} / {krw(status.fills)}"],
        ["attention", _attention(status)],
        ["open orders / positions", f"{status.orders_open} / {status.positions}"],
        ["equity", _equity(status)],
        ["realised / costs", f"{signed(status.realized_pnl_krw)} / {krw(status.costs_krw)} KRW"],
        ["links up", uptime_words(status)],
        *([["not up because", why]] if running and why else []),
        *[row for row in limit_rows(status) if row[1]],
        *_notable(status),
        ["log", f"{status.log_path} at {krw(status.log_seq)}"],
    ]
    show_table("trader", [("what", "left"), ("state", "left")], rows, "")


def _equity(status: desk_pb2.TraderStatus) -> str:
    """Say what equity is, and what is left of it once positions are sold."""
    left = status.equity_krw - status.exit_costs_krw
    net = f"; {krw(left)} after costs of selling all" if status.exit_costs_krw else ""
    return f"{krw(status.equity_krw)} KRW ({signed(status.day_pnl_krw)} today, positions at mark){net}"


def _notable(status: desk_pb2.TraderStatus) -> list[list[str]]:
    """Give the rows that stand only where there is something to say."""
    source = f"{status.quotes_source} (a backup)" if status.on_backup else ""
    halted = "; ".join(f"{labelled(symbol)}: {why}" for symbol, why in sorted(status.halted_symbols.items()))
    unproved = _some(status.unproved_symbols)
    verdicts = ", ".join(f"{rule} {krw(count)}" for rule, count in sorted(status.quality_verdicts.items()))
    compared = kst_clock(status.reconciled_at) if status.HasField("reconciled_at") else ""
    rows = [
        ["stopping", status.stop],
        ["quotes from", source],
        ["maintenance", status.maintenance],
        ["no new orders in", halted],
        ["no quote yet", unproved],
        ["fate unknown", f"{status.orders_unknown} orders" if status.orders_unknown else ""],
        ["orders not ours", f"{status.external_orders} open" if status.external_orders else ""],
        ["strategies left out", _some_text(status.benched_strategies)],
        ["signals right", _right(status)],
        ["quality", verdicts],
        ["books compared", compared],
    ]
    return [row for row in rows if row[1]]


def _attention(status: desk_pb2.TraderStatus) -> str:
    contradicted = f", sources disagree on {status.attention_contradicted}" if status.attention_contradicted else ""
    return f"known of {status.attention_known} of {status.symbols} instruments{contradicted}"


def _some_text(why: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {error}" for name, error in sorted(why.items()))


def _right(status: desk_pb2.TraderStatus) -> str:
    """Say how many entries were right, and what that is worth."""
    if not status.signals_scored:
        return ""
    share = status.signals_right / status.signals_scored
    return f"{share:.0%} of {krw(status.signals_scored)} entries (target {TARGET:.0%}); `hantrade signals --score`"


def _some(why: Mapping[str, str]) -> str:
    """Name the first few instruments with the reason, and count the rest."""
    named = [f"{labelled(symbol)}: {reason}" for symbol, reason in sorted(why.items())]
    rest = len(named) - MOST_NAMED
    return "; ".join(named[:MOST_NAMED]) + (f"; and {rest} more (--json names all)" if rest > 0 else "")
