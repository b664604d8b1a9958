"""`hantrade broker serve win`: the Windows broker, on Windows; anywhere with an emulated Kiwoom.

With `--emulator` three kinds of processes run: this one watches (the parent of broker_win), a host with the emulated
control, which may die at any time, and a simulated exchange, which stands for Kiwoom's servers and outlives every host.
Whatever happens to this process, the two others hear the end of their stdin and end as well.
"""

import importlib.util
import logging
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog

from broker_win import config_file
from broker_win.beats import Beat
from broker_win.config_file import FILE_NAME, HostSettings, Protection, WinSettings
from broker_win.dialogs import RULES
from broker_win.serving import Surroundings, serve
from broker_win.toml_text import table_of, text_of
from cli.home import Home, Running
from cli.protection import tls_files
from cli.settings import SETTINGS_FILE, configured
from domain.errors import BrokerUnavailable, ConfigError
from domain.types import ServerKind

VENUE_ENDS_WITHIN_S: Final = 10.0
LISTENS: Final = "broker sim listens on "
TELLS: Final = ("broker_win", "host")  # loggers
NOT_THE_VENUES: Final = ("security", "broker", "desk", "metrics", "link")  # tables of settings that are this home's own
logger = structlog.get_logger("broker")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    host: str
    port: int
    emulator: bool
    faults: Path | None
    venue: tuple[str, ...]  # arguments for the simulated exchange
    speed: float
    fresh: bool


def serve_win(home: Path, asked: Asked) -> int:
    """Run until Ctrl-C or SIGTERM; give the exit code. Raises ConfigError."""
    for name in TELLS:
        logging.getLogger(name).setLevel(logging.INFO)  # each decision of the parent, and what the host says
    place = Home(home)
    with place.claim(f"broker-{asked.port}" if asked.port else f"broker-{os.getpid()}"):
        if asked.port:
            _require_free(asked.host, asked.port)
        if not asked.emulator:
            return _serve_real(place, asked)
        return _serve_emulated(place, asked)


def _serve_real(place: Home, asked: Asked) -> int:
    if sys.platform != "win32":
        raise ConfigError(
            "broker win must run on Windows, beside Kiwoom's OpenAPI+ (docs/windows.md), was started on "
            f"{sys.platform}; --emulator plays Kiwoom here"
        )
    settings = config_file.load(place.root / FILE_NAME)
    settings = replace(settings, broker=replace(settings.broker, host=asked.host, port=asked.port or free_port()))
    return serve(settings, Surroundings(on_beat=Announcer(place, asked.port)))


def _serve_emulated(place: Home, asked: Asked) -> int:
    folder = place.root / "broker_win"
    folder.mkdir(parents=True, exist_ok=True)
    plan = _plan_of(asked.faults)
    settings = _settings(place, asked, folder, plan)
    if asked.fresh:
        from broker_sim.set_aside import set_aside

        for journal in (settings.broker.journal, folder / "venue.db"):
            if journal.exists():
                set_aside(journal)
    settings.path.write_text(_text_of(settings), encoding="utf-8")
    config_file.load(settings.path)  # what was written must be what a host can read
    with Venue(place, folder, asked.venue) as venue:
        from broker_win.emulator.desktop import WINDOWS, FolderDesktop

        openapi = folder / "openapi"
        clock = ToldClock(asked.speed)
        announce = Announcer(place, asked.port)

        def on_beat(beat: Beat) -> None:
            clock.hear(beat)
            announce(beat)

        arguments: tuple[str, ...] = ("--emulator", venue.address, "--openapi", str(openapi))
        if asked.faults is not None:
            arguments = (*arguments, "--faults", str(asked.faults.absolute()))
        around = Surroundings(
            arguments,
            {"QT_QPA_PLATFORM": "offscreen"},
            lambda: FolderDesktop(openapi / WINDOWS),
            clock.now,
            on_beat,
        )
        return serve(settings, around)


def _plan_of(faults: Path | None) -> Any:
    """Read how the emulated Kiwoom behaves. Raises ConfigError, also where a package is missing that it needs."""
    from broker_win.emulator.inject import REMEDY
    from broker_win.emulator.plan import EmulatorPlan
    from broker_win.emulator.plan_file import load_plan

    for package in ("PyQt5", "pykiwoom"):
        if importlib.util.find_spec(package) is None:
            raise ConfigError(f"the emulator expected the package {package}, was not installed: {REMEDY}")
    return EmulatorPlan() if faults is None else load_plan(faults)


def _settings(place: Home, asked: Asked, folder: Path, plan: Any) -> WinSettings:
    """Give what holds for the emulated broker: the home's broker_win.toml where there is one, and the command line."""
    own = place.root / FILE_NAME
    path = folder / "emulator.toml"
    settings = config_file.load(own) if own.exists() else WinSettings(path)
    trader, config = configured(place.root, "paper", "SIMULATED")
    files = tls_files(place.root.absolute(), trader.security, "broker")
    guard = Protection(tokens=str(place.root.absolute() / "tokens.toml"))
    if files is not None:
        guard = replace(guard, ca=str(files.ca), cert=str(files.cert), key=str(files.key))
    broker = settings.broker
    if not own.exists():
        kind = ServerKind.MOCK if plan.server.kind == "mock" else ServerKind.REAL
        broker = replace(broker, server_kind=kind, commission_ppm=config.costs.commission_ppm)
    accounts = plan.server.accounts
    port = asked.port or free_port()
    broker = replace(
        broker,
        account=broker.account or (accounts[0] if len(accounts) > 1 else ""),
        host=asked.host,
        port=port,  # a host that is started again must be found where the last one was
        journal=(folder / f"orders-{asked.port or os.getpid()}.db").absolute(),
    )
    return replace(settings, path=path, broker=broker, protection=guard, host=HostSettings(log=""))


def _text_of(settings: WinSettings) -> str:
    broker = settings.broker
    rules = [table_of(rule) for rule in settings.rules]
    built_in = len(RULES)
    return text_of(
        {
            "broker": table_of(broker, config_file.NOT_IN_FILE),
            "limits": table_of(broker.limits),
            "unknowns": table_of(broker.unknowns),
            "security": table_of(settings.protection),
            "host": table_of(settings.host),
            "rest": {"windows": broker.rest_windows},
            "watch": table_of(settings.watch),
            "dialogs": rules[: len(rules) - built_in] or None,
        }
    )


class ToldClock:
    """The venue's clock as hosts told it last; it runs on between their beats and while none runs."""

    def __init__(self, speed: float, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        """Take venue seconds per second, 0 counting as 1. Before the first beat it says 09:00 KST of 1970-01-01."""
        self._per_mille, self._monotonic = round((speed or 1) * 1_000), monotonic
        self._told: tuple[int, int] | None = None

    def hear(self, beat: Beat) -> None:
        """Take what a beat says."""
        if beat.venue_time is not None and beat.logged_in:
            self._told = (beat.venue_time, self._monotonic())

    def now(self) -> int:
        """Give the time, UTC ns."""
        if self._told is None:
            return 0
        venue, at = self._told
        return venue + (self._monotonic() - at) * self._per_mille // 1_000


class Announcer:
    """Says once where the broker listens: to the parent process by a line, to this home's commands by a note."""

    def __init__(self, place: Home, port: int) -> None:
        """Say nothing yet."""
        self._place, self._port = place, port
        self._said = False

    def __call__(self, beat: Beat) -> None:
        """Take a beat."""
        if self._said or not beat.address:
            return
        self._said = True
        running = Running(os.getpid(), beat.address, "", beat.run_id, "win")
        self._place.announce(f"broker-{self._port}" if self._port else f"broker-{os.getpid()}", running)
        print(f"broker win listens on {beat.address}", flush=True)  # the one line a parent process waits for
        logger.info("broker win serves", address=beat.address, host=beat.pid)


class Venue(AbstractContextManager["Venue"]):
    """Kiwoom's servers: `broker serve sim` in a process of its own, with a home of its own."""

    def __init__(self, place: Home, folder: Path, arguments: tuple[str, ...], port: int = 0) -> None:
        """Start it and wait until it listens; port 0 picks a free one. Raises BrokerUnavailable, ConfigError."""
        self._home = folder / "venue"
        self._home.mkdir(parents=True, exist_ok=True)
        (self._home / SETTINGS_FILE).write_text(_venue_settings(place.root / SETTINGS_FILE), encoding="utf-8")
        command = [sys.executable, "-m", "cli.main", "broker", "serve", "sim", "--port", str(port)]
        command += ["--home", str(self._home), "--journal", str(folder / "venue.db"), "--until-stdin-ends", *arguments]
        out_of_reach = ("HANTRADE_HOME", "HANTRADE_SECURITY__", "HANTRADE_BROKER__", "HANTRADE_TOKEN")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(out_of_reach)}
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is this process's; the servers end after the host
        )
        self.address = self._wait_for_address()

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._child.stdin is not None
        with suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(VENUE_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _wait_for_address(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline().decode("utf-8", "replace").strip()  # or its end, when it cannot start
        if line.startswith(LISTENS):
            return line.removeprefix(LISTENS)
        self._child.kill()
        code = self._child.wait(VENUE_ENDS_WITHIN_S)
        if code == 2:
            raise ConfigError("the simulated exchange behind the emulator cannot be started; why stands above")
        raise BrokerUnavailable(f"the simulated exchange behind the emulator ended with {code}; why stands above")


def _venue_settings(own: Path) -> str:
    """Give this home's settings for the exchange: cash, costs and sessions, but none of who may connect."""
    if not own.exists():
        return ""
    data = tomllib.loads(own.read_text(encoding="utf-8"))
    return text_of({key: value for key, value in data.items() if key not in NOT_THE_VENUES})


def _require_free(host: str, port: int) -> None:
    """Refuse a port somebody listens on, before anything is started. Raises ConfigError.

    A host whose port is taken would be started again and again; whoever holds it may be another broker of this PC.
    """
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if sys.platform != "win32":  # there the option would let two listen
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(f"--port must be free on {host}, was {port}: {error.strerror or error}") from None


def free_port() -> int:
    """Give a port of loopback that nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
