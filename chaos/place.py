"""One home with its brokers, wires and trader: real processes, each in a group of its own, gone when it is left."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from chaos.control import Control
from chaos.faulty_link import FaultyLink
from cli.home import Home, Running

DEADLINE_S = 90.0  # two busy cores; what takes longer is stuck
POLL_S = 0.01
PORTS = range(20_000, 32_000)  # below those that outgoing connections are given
SYMBOLS = "120110,001430,085910,069540"
CASH = 1_000_000_000
LOOSE = {  # limits that would deny what the person sends, and waits that would only make the run longer
    "HANTRADE_PAPER__CASH": str(CASH),
    "HANTRADE_RISK__MAX_POSITION_PCT": "100",
    "HANTRADE_RISK__MAX_ORDER_KRW": "1000000000",
    "HANTRADE_RISK__DAILY_LOSS_PCT": "100",
    "HANTRADE_ACCOUNT__DRAWDOWN_PCT": "100",
    "HANTRADE_RISK__MAX_DATA_AGE_MS": "3600000",
    "HANTRADE_RISK__PRICE_COLLAR_PCT": "50",
    "HANTRADE_RISK__DUPLICATE_WINDOW_MS": "0",
    # Storms of orders in no time are the point here; what paces them has tests of its own.
    "HANTRADE_RISK__QUIET_OPEN_S": "0",
    "HANTRADE_RISK__QUIET_CLOSE_S": "0",
    "HANTRADE_RISK__COOL_DOWN_S": "0",
    "HANTRADE_RISK__MAX_LOSING_STREAK": "0",
    "HANTRADE_RISK__REENTRY_BLOCK_S": "0",
    "HANTRADE_RISK__MAX_ORDERS_PER_S": "0",
    "HANTRADE_RISK__MAX_ORDERS_PER_DAY": "0",
    "HANTRADE_RISK__MAX_CANCELS_PER_DAY": "0",
    "HANTRADE_RISK__MAX_ADV_PCT": "0",
    "HANTRADE_RISK__COLLAR_TICKS": "0",
    "HANTRADE_RISK__MAX_SIGNAL_AGE_MS": "0",
    "HANTRADE_RISK__MAX_OPEN_ORDERS": "200",
    "HANTRADE_LINK__HEARTBEAT_TIMEOUT_MS": "2500",
    "HANTRADE_LINK__CALL_TIMEOUT_MS": "2000",
    "HANTRADE_LINK__BACKOFF_MAX_MS": "1000",
    "HANTRADE_LINK__FAILOVER_AFTER_MS": "1000",
    "HANTRADE_LINK__FAILBACK_AFTER_MS": "2000",
    "HANTRADE_LINK__PROBE_MS": "500",
    "HANTRADE_RECONCILE__AUDIT_MS": "2000",  # so that faults meet audits too
    "HANTRADE_RECONCILE__SETTLE_MS": "3000",
    "HANTRADE_RECONCILE__HOURLY_READS": "100000",
    # A strategy that trades often: it asks for little and lets go soon.
    "HANTRADE_STRATEGIES": (
        '{"attention_momentum": {"momentum_bars": 1, "momentum_min": 0.0005, "volume_bars": 5, "volume_min": 0.1,'
        ' "target_ppm": 1000, "stop_ppm": 1000, "trail_ppm": 1000, "hold_s": 120, "cool_down_s": 0,'
        ' "open_quiet_s": 0}}'
    ),
}


class Stuck(Exception):
    """Something that must come about did not."""


@dataclass
class Child:
    """One process of a place."""

    name: str  # trader, quotes, orders
    process: "subprocess.Popen[bytes]"

    @property
    def runs(self) -> bool:
        """Tell whether it lives."""
        return self.process.poll() is None


@dataclass
class Place:
    """A home. `layout` is paper (orders to the simulator in the trader), one (broker), two (brokers) or spare.

    With spare the broker that takes orders is the second source of quotes too.
    """

    root: Path
    layout: str
    speed: float  # venue seconds per second
    faults: Path | None = None  # plan of the broker that takes orders
    extra: dict[str, str] = field(default_factory=dict)
    orders_per_second: int = 0  # limit of the broker that takes orders; 0: none
    ports: dict[str, int] = field(default_factory=dict)
    links: dict[str, FaultyLink] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    past: list[Child] = field(default_factory=list)
    controls: dict[str, Control] = field(default_factory=dict)
    _sinks: dict[str, IO[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose ports and make the wires."""
        self.home.mkdir(parents=True)
        for name in self.brokers:
            self.ports[name] = free_port(set(self.ports.values()))
        for link, broker in (("quotes", "quotes"), ("orders", self.orders_broker)):
            if broker:
                self.links[link] = FaultyLink(f"127.0.0.1:{self.ports[broker]}")
        for name in (*self.brokers, "trader"):
            self.controls[name] = Control.make(self.root / f"{name}.control")

    @property
    def home(self) -> Path:
        """Give the home folder."""
        return self.root / "home"

    @property
    def brokers(self) -> tuple[str, ...]:
        """Name the broker processes."""
        return ("quotes", "orders") if self.layout in ("two", "spare") else ("quotes",)

    @property
    def orders_broker(self) -> str:
        """Name the process orders go to; empty for the simulator in the trader."""
        return {"paper": "", "one": "quotes", "two": "orders", "spare": "orders"}[self.layout]

    @property
    def journal(self) -> Path:
        """Give the venue's own journal: what is true."""
        if not self.orders_broker:
            return self.home / "paper" / "journal.db"
        return self.home / "broker_sim" / f"journal-{self.ports[self.orders_broker]}.db"

    @property
    def told_journal(self) -> Path | None:
        """Give the journal of a broker that misbehaves: what it was told. None for one that does not."""
        return None if self.faults is None else self.journal.with_name(f"told-{self.journal.name}")

    @property
    def log(self) -> Path | None:
        """Give the event log; None before there is one."""
        logs = sorted((self.home / "logs").glob("paper-*.db"))
        return logs[-1] if logs else None

    # ---- processes ---------------------------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Start processes side by side and wait until each listens. Raises Stuck."""
        waits = [(self._begin(name), name) for name in names]
        for there, name in waits:
            child = self.children[name]
            until(lambda there=there, child=child: there() or not child.runs, f"the start of {name}")  # type: ignore[misc]
            if not child.runs:
                raise Stuck(f"{name} ended while it started, exit {child.process.returncode}")

    def _begin(self, name: str) -> Callable[[], bool]:
        """Start one process; give what tells whether it listens."""
        if name == "trader":
            self._spawn(name, "start")
            return lambda: self.desk is not None
        port = self.ports[name]
        known = self.said(name).count("listens on")
        serve = ["broker", "serve", "sim", "--port", str(port), "--symbols", SYMBOLS, "--speed", str(self.speed)]
        serve += ["--start-now"] * (len(self.brokers) > 1)
        if self.faults is not None and name == self.orders_broker:
            serve += ["--faults", str(self.faults)]
        if name == self.orders_broker:
            serve += ["--orders-per-second", str(self.orders_per_second)]
        self._spawn(name, *serve)
        return lambda: self.said(name).count("listens on") > known

    @property
    def desk(self) -> str | None:
        """Give where the desk of the running trader listens, None when there is none."""
        child, found = self.children.get("trader"), self.running
        return found.address if child and found and found.pid == child.process.pid else None

    @property
    def running(self) -> Running | None:
        """Give the note of the trader that runs."""
        return Home(self.home).running("trader")

    def kill(self, name: str) -> None:
        """Kill -9 the process alone, what it started beside it goes on; returns when it is gone."""
        child = self.children.pop(name)
        self.past.append(child)
        child.process.kill()
        child.process.wait(DEADLINE_S)

    def ask_to_stop(self, name: str) -> int:
        """Stop a process in order; give its exit code. Raises Stuck."""
        child = self.children.pop(name)
        self.past.append(child)
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
        try:
            return child.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            raise Stuck(f"{name} did not stop within {DEADLINE_S:.0f} s of SIGTERM") from None

    def bury(self) -> list[Child]:
        """Take out the processes that ended by themselves; give them."""
        dead = [child for child in self.children.values() if not child.runs]
        for child in dead:
            del self.children[child.name]
            self.past.append(child)
        return dead

    def said(self, name: str) -> str:
        """Give what the processes of a name have written so far."""
        path = self.root / f"{name}.out"
        return path.read_text(errors="replace") if path.exists() else ""

    def mend(self) -> None:
        """Make every wire and disk whole, and every clock right: nothing reaches a broker whose clock is ahead."""
        for link in self.links.values():
            link.mend()
        for control in self.controls.values():
            control.disk_full, control.clock_ns = False, 0

    def leave(self) -> None:
        """Kill what still runs; nothing of it is left."""
        for child in self.children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
        for child in [*self.children.values(), *self.past]:
            child.process.wait(DEADLINE_S)
        self._end_leftovers()
        for sink in self._sinks.values():
            sink.close()
        for link in self.links.values():
            link.close()
        for control in self.controls.values():
            control.close()

    def _end_leftovers(self) -> None:
        """Kill what processes that are gone left behind, by this place in the command line.

        Where there is no /proc it ends by itself: its pipe to the trader is closed.
        """
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.root).encode() in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)

    def _spawn(self, name: str, *args: str) -> Child:
        if name not in self._sinks:
            self._sinks[name] = (self.root / f"{name}.out").open("ab")
        sink = self._sinks[name]
        command = [sys.executable, "-m", "chaos.child", str(self.controls[name].path), *args]
        child = subprocess.Popen(
            command,
            env=os.environ | LOOSE | self._where() | self.extra,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,  # Ctrl-C is for us, and what it forks off goes with it
        )
        self.children[name] = Child(name, child)
        return self.children[name]

    def _where(self) -> dict[str, str]:
        here = {
            "HANTRADE_HOME": str(self.home),
            "HANTRADE_BROKER__QUOTES": self.links["quotes"].address,
            "HANTRADE_DESK__PORT": "0",
        }
        if self.orders_broker:
            here["HANTRADE_BROKER__ORDERS"] = self.links["orders"].address
        if self.layout == "spare":
            here["HANTRADE_BROKER__QUOTES_BACKUPS"] = json.dumps([f"127.0.0.1:{self.ports['orders']}"])
        return here


def until(holds: Callable[[], Any], what: str, timeout_s: float = DEADLINE_S) -> Any:
    """Ask until the answer is true; give it. Raises Stuck with `what` when it never is."""
    deadline = time.monotonic() + timeout_s
    while not (answer := holds()):
        if time.monotonic() > deadline:
            raise Stuck(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(POLL_S)
    return answer


def free_port(taken: set[int]) -> int:
    """Give a port of loopback that nobody listens on and that no outgoing connection is given."""
    draw = random.SystemRandom()
    while True:
        port = draw.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in taken:
                return port


@contextlib.contextmanager
def a_place(
    root: Path, layout: str, speed: float, faults: Path | None, *, orders_per_second: int = 0, **extra: str
) -> Iterator[Place]:
    """Give a place; nothing of it runs afterwards."""
    place = Place(root, layout, speed, faults, extra, orders_per_second=orders_per_second)
    try:
        yield place
    finally:
        place.leave()
