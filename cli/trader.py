"""`hantrade start` and what steers a running trader: stop, status, pause, resume, halt, flatten."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli.context import DEFAULT_HOME, Exit, HomeOption, NoteOption, desk_of
from cli.home import Home, Running
from cli.krx_hours import HOURS_FILE
from cli.names import symbol_of
from cli.orders import _caller as caller
from cli.output import krw, note
from cli.risk_settings import SECTORS_FILE
from cli.status import gate_word
from cli.trend_terms import tell_at_init
from domain.errors import BrokerUnavailable, ConfigError, HantradeError
from hantrade.v1 import desk_pb2

POLL_S = 0.1
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

    With --flatten it says at the end which shares were not sold, and why: not ours, never sold by settings, books that
    differ, no time.

    Example: hantrade stop --flatten
    """
    running = Home(home).running("trader")
    if running is None:
        raise BrokerUnavailable(f"no trader runs in {home}")
    with desk_of(home) as desk:
        desk.call("Stop", desk_pb2.StopRequest(caller=caller(), flatten=sell))
    _await_end(running, STOP_S + (FLATTEN_S if sell else 0))
    if sell:
        _tell_unsold(running)
    note(f"stopped; log {running.log_path}{_head(running.log_path)}")


def _tell_unsold(running: Running) -> None:
    from cli.unsold import unsold

    try:
        for line in unsold(Path(running.log_path), running.run_id):
            note(f"not sold: {line}")
    except HantradeError as error:
        note(f"what was not sold is not known: {error}")


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
    denied = f"; entries are denied all the same: {answer.entries_denied}" if answer.entries_denied else ""
    note(f"resumed; gate {gate_word(answer.gate)}{denied}")


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
    """Let no new entry pass, cancel open orders and sell holdings at market; says what is not sold, and why.

    Example: hantrade flatten 120110
    """
    wanted = symbol_of(symbol) if symbol else ""
    with desk_of(home) as desk:
        answer = desk.call("Flatten", desk_pb2.FlattenRequest(symbol=wanted, caller=caller(), note=note_text))
    counts = f"cancelling {answer.cancels} orders, selling {answer.exits} holdings"
    note(f"flattening: {answer.text or counts}")  # a trader of before 0.7.0 gives no words


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write commented hantrade.toml, watchlist.toml, krx.toml and sectors.toml into the home folder.

    A krx.toml or sectors.toml that is there stays, also with --force: what they say was found out by a person.

    Example: hantrade init --home ~/.hantrade
    """
    home.mkdir(parents=True, exist_ok=True)
    for name in ("hantrade.toml", "watchlist.toml"):
        path = home / name
        if path.exists() and not force:
            raise ConfigError(f"{path} exists; --force overwrites it")
    for name in ("hantrade.toml", "watchlist.toml"):
        _write_template(home / name)
    for name in (HOURS_FILE, SECTORS_FILE):
        if not (home / name).exists():
            _write_template(home / name)
    tell_at_init(home)


def _write_template(path: Path) -> None:
    from importlib.resources import files

    path.write_text(files("cli").joinpath("templates", path.name).read_text(encoding="utf-8"), encoding="utf-8")
    note(f"wrote {path}")
