"""`hantrade start` and what steers a running trader: stop, status, pause, resume, halt, flatten."""

import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, JsonOption, LogOption, Source, desk_of
from cli.home import Home, Running
from cli.krx_hours import HOURS_FILE
from cli.names import labelled, symbol_of
from cli.orders import _caller as caller
from cli.output import emit_json, krw, kst_clock, note, plain, show_table, signed
from cli.uptime import uptime_words
from domain.errors import BrokerUnavailable, ConfigError, HantradeError
from hantrade.v1 import desk_pb2, types_pb2

POLL_S = 0.1
MOST_NAMED = 3  # instruments in one line of the status
DETACHED_START_S = 30.0
STOP_S = 40.0
FLATTEN_S = 60.0  # on top: what selling out may take


def start(
    paper: Annotated[bool, typer.Option("--paper", help="Simulated orders on incoming quotes (the default).")] = False,
    mock: Annotated[bool, typer.Option("--mock", help="Orders to Kiwoom's mock server (모의투자).")] = False,
    live: Annotated[bool, typer.Option("--live", help="Real money: asks for the account, see README.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running and return.")] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for READY; exit 3 when it is not.")] = 0,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Start the trader. Works without `init`; Ctrl-C stops it in order.

    Example: hantrade start --paper --detach --wait 20
    """
    if paper + mock + live > 1:
        raise ConfigError("choose one of --paper, --mock, --live")
    if wait < 0:
        raise ConfigError(f"--wait must be 0 or more seconds, was {wait}")
    mode, consent = "mock" if mock else "paper", ""
    if live:
        from cli.consents import require_consents

        mode, consent = "live", require_consents(home)
    if detach:
        raise typer.Exit(_detach(home, mode, wait, consent))
    from cli.trader_process import run_trader

    raise typer.Exit(run_trader(Home(home), mode, wait))


def _detach(home: Path, mode: str, wait: float, consent: str) -> int:
    place = Home(home)
    already = place.running("trader")
    if already is not None:
        raise ConfigError(f"a trader already runs in {home} (pid {already.pid}); `hantrade stop` ends it")
    place.logs.mkdir(parents=True, exist_ok=True)
    output = place.logs / "trader.out"
    command = [sys.executable, "-m", "cli.main", "start", f"--{mode}", "--home", str(home)]
    with output.open("ab") as sink:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=sink, stderr=sink, start_new_session=True, cwd=Path.cwd()
        )
    _hand_over(child, consent)
    deadline = time.monotonic() + DETACHED_START_S
    while time.monotonic() < deadline:
        running = place.running("trader")
        if running is not None and running.pid == child.pid:
            note(f"trader started: pid {running.pid}, desk {running.address}, log {running.log_path}, output {output}")
            return _await_ready(home, wait)
        if child.poll() is not None:
            tail = output.read_text(errors="replace").strip().splitlines()[-1:]
            note(f"the trader did not start: {tail[0] if tail else 'no output'} (all of it in {output})")
            return child.returncode or Exit.REFUSED
        time.sleep(POLL_S)
    note(f"the trader did not come up in {DETACHED_START_S:.0f} s; see {output}")
    return Exit.UNAVAILABLE


def _hand_over(child: "subprocess.Popen[bytes]", consent: str) -> None:
    """Give the child what a person typed, and nothing to read behind it."""
    if child.stdin is None:
        return
    with suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(f"{consent}\n".encode() if consent else b"")


def _await_ready(home: Path, wait: float) -> int:
    if wait <= 0:
        return Exit.DONE
    deadline = time.monotonic() + wait
    status = None
    while time.monotonic() < deadline:
        with desk_of(home) as desk:
            status = desk.call("GetStatus", desk_pb2.GetStatusRequest()).status
        if status.connection == "READY":
            note("READY")
            return Exit.DONE
        time.sleep(POLL_S)
    state = status.connection if status else "unknown"
    tries = "a link FAILED for good" if state == "FAILED" else "the trader goes on trying"
    note(f"not READY after {wait:g} s: {state}; {tries}, its output says why; `hantrade stop` ends it")
    return Exit.UNAVAILABLE


def stop(
    sell: Annotated[bool, typer.Option("--flatten", help="Sell every holding before stopping.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Stop the trader in order: no new orders, cancels, confirmed, stop.

    Example: hantrade stop --flatten
    """
    running = Home(home).running("trader")
    if running is None:
        raise BrokerUnavailable(f"no trader runs in {home}")
    with desk_of(home) as desk:
        desk.call("Stop", desk_pb2.StopRequest(caller=caller(), flatten=sell))
    _await_end(running, STOP_S + (FLATTEN_S if sell else 0))
    note(f"stopped; log {running.log_path}{_head(running.log_path)}")


def _head(log_path: str) -> str:
    """Give the end of a log for a person to keep elsewhere; empty when it cannot be read."""
    from persistence.files import read_log_file

    try:
        log = read_log_file(Path(log_path))
    except HantradeError:
        return ""
    return f": {krw(log.last_seq)} events, head {log.head_hash}"


def _await_end(running: Running, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while running.alive:
        if time.monotonic() > deadline:
            raise BrokerUnavailable(
                f"pid {running.pid} still runs after {patience_s:.0f} s; its log is {running.log_path}"
            )
        time.sleep(POLL_S)


def status(
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the trader stops or Ctrl-C.")] = False,
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
        ["open orders / positions", f"{status.orders_open} / {status.positions}"],
        ["equity", f"{krw(status.equity_krw)} KRW ({signed(status.day_pnl_krw)} today, positions at mark)"],
        ["realised / costs", f"{signed(status.realized_pnl_krw)} / {krw(status.costs_krw)} KRW"],
        ["links up", uptime_words(status)],
        *([["not up because", why]] if running and why else []),
        *_notable(status),
        ["log", f"{status.log_path} at {krw(status.log_seq)}"],
    ]
    show_table("trader", [("what", "left"), ("state", "left")], rows, "")


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
        ["quality", verdicts],
        ["books compared", compared],
    ]
    return [row for row in rows if row[1]]


def _some(why: Mapping[str, str]) -> str:
    """Name the first few instruments with the reason, and count the rest."""
    named = [f"{labelled(symbol)}: {reason}" for symbol, reason in sorted(why.items())]
    rest = len(named) - MOST_NAMED
    return "; ".join(named[:MOST_NAMED]) + (f"; and {rest} more (--json names all)" if rest > 0 else "")


NoteOption = Annotated[str, typer.Option("--note", help="Why; kept in the log.")]


def pause(note_text: NoteOption = "", home: HomeOption = DEFAULT_HOME) -> None:
    """Let no new entry pass; exits and cancels go on.

    Example: hantrade pause --note "lunch"
    """
    with desk_of(home) as desk:
        answer = desk.call("Pause", desk_pb2.PauseRequest(caller=caller(), note=note_text))
    note(f"paused; gate {gate_word(answer.gate)}")


def resume(note_text: NoteOption = "", home: HomeOption = DEFAULT_HOME) -> None:
    """End a pause, or a halt when --note says why it is safe.

    Example: hantrade resume --note "checked the positions"
    """
    with desk_of(home) as desk:
        answer = desk.call("Resume", desk_pb2.ResumeRequest(caller=caller(), note=note_text))
    note(f"resumed; gate {gate_word(answer.gate)}")


def halt(note_text: NoteOption = "", home: HomeOption = DEFAULT_HOME) -> None:
    """Let only cancels pass and cancel everything open. Lifted by `resume --note`.

    Example: hantrade halt --note "something is wrong"
    """
    with desk_of(home) as desk:
        answer = desk.call("Halt", desk_pb2.HaltRequest(caller=caller(), note=note_text))
    note(f"halted; gate {gate_word(answer.gate)}, {answer.cancels} open orders are being cancelled")
    if answer.unconfirmed:
        note(f"in force here; not confirmed by the broker: {answer.unconfirmed}")


def flatten(
    symbol: Annotated[str, typer.Argument(help="Only this code or Korean name; none means all.")] = "",
    note_text: NoteOption = "",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Let no new entry pass, cancel open orders and sell holdings at market.

    Example: hantrade flatten 120110
    """
    wanted = symbol_of(symbol) if symbol else ""
    with desk_of(home) as desk:
        answer = desk.call("Flatten", desk_pb2.FlattenRequest(symbol=wanted, caller=caller(), note=note_text))
    note(f"flattening: {answer.cancels} orders are being cancelled, {answer.exits} holdings are being sold")


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write commented hantrade.toml, watchlist.toml and krx.toml into the home folder.

    A krx.toml that is there stays, also with --force: what it says of holidays was found out by a person.

    Example: hantrade init --home ~/.hantrade
    """
    home.mkdir(parents=True, exist_ok=True)
    for name in ("hantrade.toml", "watchlist.toml"):
        path = home / name
        if path.exists() and not force:
            raise ConfigError(f"{path} exists; --force overwrites it")
    for name in ("hantrade.toml", "watchlist.toml"):
        _write_template(home / name)
    if not (home / HOURS_FILE).exists():
        _write_template(home / HOURS_FILE)


def _write_template(path: Path) -> None:
    from importlib.resources import files

    path.write_text(files("cli").joinpath("templates", path.name).read_text(encoding="utf-8"), encoding="utf-8")
    note(f"wrote {path}")
