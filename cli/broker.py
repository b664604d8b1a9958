"""`hantrade broker serve`: a broker as a long-lived process."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import structlog
import typer

from broker.port import BrokerBackend
from broker.security.guard import Security
from broker.server import serve as serve_broker
from broker_sim.action_table import read_actions
from broker_sim.backend import SimBackend
from broker_sim.data_file import DataKind
from broker_sim.recording import Recording
from cli.compose import running
from cli.context import DEFAULT_HOME, HomeOption
from cli.faults import FaultsOption, load_faults, misbehaving, show_faults
from cli.home import Home, Running
from cli.names import symbol_of
from cli.protection import security_of
from cli.sample import sample_path
from cli.settings import configured
from domain.errors import ConfigError, DataError
from domain.krx.calendar import NO_OVERRIDES, Overrides

app = typer.Typer(no_args_is_help=True, help="Run a broker service, or look at what one has.")
app.command("faults")(show_faults)
logger = structlog.get_logger("broker")

KINDS = {"sim": "built", "win": "built", "rest": "not built yet (the REST broker)"}
DataOption = Annotated[
    Path | None, typer.Option("--data", help="Minute bars, ticks or order books, parquet or csv.gz, or a folder.")
]
DayOption = Annotated[str, typer.Option("--day", help="Trading date YYYY-MM-DD; default: the last in the file.")]
SymbolsOption = Annotated[str, typer.Option("--symbols", help="Codes or names, comma separated; default: all.")]


def load_recording(data: Path | None, day: str, symbols: str, overrides: Overrides = NO_OVERRIDES) -> Recording:
    """Read what was recorded of one day, the sample's last by default. Raises DataError, ConfigError.

    Daily bars are refused: what trades inside a day made up from four prices tells nothing of a session.
    """
    wanted = tuple(symbol_of(text.strip()) for text in symbols.split(",") if text.strip()) or None
    if symbols and wanted is None:
        raise ConfigError(f"--symbols: codes or names, comma separated, are expected, was {symbols!r}")
    recording = Recording.load(data or sample_path(), parse_day(day), wanted, overrides)
    if recording.kind is DataKind.DAILY:
        raise DataError(
            f"{recording.path}: data expected minute bars, ticks or order books, was daily bars (no column time); "
            "a back-test takes them"
        )
    return recording


def parse_day(text: str) -> date | None:
    """Read a day, None for an empty text. Raises ConfigError."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"--day must be YYYY-MM-DD, was {text!r}") from None


def _given(name: str, value: Path | str | None) -> tuple[str, ...]:
    return (name, str(value.absolute() if isinstance(value, Path) else value)) if value else ()


def _refuse_for_win(**options: object) -> None:
    for name, value in options.items():
        if value:
            raise ConfigError(f"--{name.replace('_', '-')} belongs to `broker serve sim`; Kiwoom has no such knob")


@app.command("serve")
def serve(  # noqa: PLR0917  # an option each
    kind: Annotated[str, typer.Argument(help="sim, win or rest.")],
    data: DataOption = None,
    day: DayOption = "",
    symbols: SymbolsOption = "",
    speed: Annotated[float, typer.Option(help="Venue seconds per second; 0 as fast as possible.", min=0)] = 1,
    host: Annotated[str, typer.Option(help="Address to listen on; off loopback with TLS and tokens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65_535)] = 50051,
    start_now: Annotated[bool, typer.Option("--start-now", help="Do not wait for the first subscriber.")] = False,
    actions: Annotated[
        Path | None, typer.Option("--actions", help="Splits and dividends, TOML or CSV; see docs/corporate-actions.md.")
    ] = None,
    faults: FaultsOption = None,
    orders_per_second: Annotated[
        int,
        typer.Option(help="More requests wait their turn, cancels first; 0: none waits. Kiwoom lets 5 pass.", min=0),
    ] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin the day anew with a fresh account.")] = False,
    emulator: Annotated[
        bool, typer.Option("--emulator", help="win: with an emulated Kiwoom, on any system; see docs/emulator.md.")
    ] = False,
    journal_path: Annotated[Path | None, typer.Option("--journal", hidden=True)] = None,
    until_stdin_ends: Annotated[bool, typer.Option("--until-stdin-ends", hidden=True)] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve a broker until Ctrl-C. `sim` replays a recorded day and trades against it; `win` is Kiwoom's OpenAPI+.

    Example: hantrade broker serve sim --speed 60
    """
    if kind not in KINDS:
        raise ConfigError(f"kind must be one of {', '.join(KINDS)}, was {kind!r}")
    if KINDS[kind] != "built":
        raise ConfigError(f"broker {kind} is {KINDS[kind]}; use sim")
    if kind == "win":
        from cli.serve_win import Asked, serve_win

        _refuse_for_win(start_now=start_now, actions=actions, orders_per_second=orders_per_second)
        load_recording(data, day, symbols)  # what is wrong with it is told here, by this process
        venue = (*_given("--data", data), *_given("--day", day), *_given("--symbols", symbols), "--speed", str(speed))
        code = serve_win(home, Asked(host, port, emulator, faults, venue, speed, fresh))
        raise typer.Exit(code)
    if emulator:
        raise ConfigError("--emulator belongs to `broker serve win`")
    settings, config = configured(home, "paper", "SIMULATED")
    security = security_of(home, settings, "broker")
    recording = load_recording(data, day, symbols, config.session_overrides)
    table = None if actions is None else read_actions(actions, config.session_overrides)
    plan = None if faults is None else load_faults(faults)
    place = Home(home)
    with place.claim(f"broker-{port}" if port else f"broker-{os.getpid()}"):
        journal = journal_path or place.broker_sim / f"journal-{port or os.getpid()}.db"
        journal.parent.mkdir(parents=True, exist_ok=True)
        if fresh:
            from broker_sim.set_aside import set_aside

            set_aside(journal)

        def make() -> SimBackend:
            return SimBackend.recorded(
                recording,
                journal,
                cash=config.cash,
                commission_ppm=config.costs.commission_ppm,
                speed=speed,
                seed=config.seed,
                start_now=start_now,
                overrides=config.session_overrides,
                actions=table,
                sim=config.sim,
                orders_per_second=orders_per_second if plan is None else 0,
            )

        told = journal.with_name(f"told-{journal.name}")
        with_faults = partial(misbehaving, plan=plan, journal=told, orders_per_second=orders_per_second)
        asyncio.run(_serve(make, with_faults, host, port, place, security, until_stdin_ends))


async def _serve(
    make: Callable[[], SimBackend],
    with_faults: Callable[[SimBackend], AbstractAsyncContextManager[BrokerBackend]],
    host: str,
    port: int,
    place: Home,
    security: Security,
    until_stdin_ends: bool,
) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if until_stdin_ends:
        loop.add_reader(0, lambda: None if os.read(0, 4_096) else ended.set())
    async with running(make) as venue, with_faults(venue) as backend:
        server = await serve_broker(backend, host, port, security)
        session = await backend.session()
        running_as = Running(os.getpid(), server.address, "", session.run_id, "sim")
        place.announce(f"broker-{port}" if port else f"broker-{os.getpid()}", running_as)
        print(f"broker sim listens on {server.address}", flush=True)  # the one line a parent process waits for
        logger.info("broker sim serves", address=server.address, run=session.run_id)
        await ended.wait()
        await server.stop()
    logger.info("broker sim stopped")
