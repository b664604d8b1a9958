"""Real processes for tests: a broker, a trader, the command line, and what their books say afterwards.

Polls with generous deadlines instead of sleeping; every process is killed when its `Place` is left.
"""

import contextlib
import io
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from unittest import mock

import structlog

from broker.translate.facts import decode_fact
from cli.compose import codec
from cli.context import desk_of
from cli.home import Home, Running
from cli.main import run as run_command
from cli.replay import replay_here
from domain.messages.orders import OrderFilled, SubmitOrder
from hantrade.v1 import desk_pb2
from persistence.reader import LogReader
from persistence.verify import verify

DEADLINE_S = 60.0  # two busy cores; what takes longer is stuck
POLL_S = 0.05
SYMBOLS = "120110,001430"
LOOSE = {  # limits that would refuse what these tests send, out of the way
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
    "HANTRADE_EXECUTION__ENTRY_PATIENCE_MS": "86400000",
    "HANTRADE_LINK__BACKOFF_MAX_MS": "500",
}


def wait_until(found: Callable[[], Any], what: str, timeout_s: float = DEADLINE_S) -> Any:
    """Ask until the answer is true; give it. Fails the test with `what` when it never is."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s for {what}"
        time.sleep(POLL_S)


def free_port() -> int:
    """Give a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Said:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Give the last line of stdout as an object."""
        return self.rows[-1]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give all lines of stdout as objects; fails the test when the command failed."""
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Place:
    """A home, a broker's port, and the processes of one test."""

    root: Path
    port: int = field(default_factory=free_port)
    orders_at_broker: bool = False
    children: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    sinks: list[IO[bytes]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """Give the home folder."""
        return self.root / "home"

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables all commands of this place run with."""
        endpoint = f"127.0.0.1:{self.port}"
        here = {"HANTRADE_HOME": str(self.home), "HANTRADE_BROKER__QUOTES": endpoint, "HANTRADE_DESK__PORT": "0"}
        orders = {"HANTRADE_BROKER__ORDERS": endpoint} if self.orders_at_broker else {}
        return LOOSE | here | orders

    def spawn(self, name: str, *args: str, module: str = "cli.main", **extra: str) -> "subprocess.Popen[bytes]":
        """Start a process; its output goes to `name`.out."""
        sink = (self.root / f"{name}.out").open("ab")
        child = subprocess.Popen(
            [sys.executable, "-m", module, *args],
            env=os.environ | self.environment | extra,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
        self.children.append(child)
        self.sinks.append(sink)
        return child

    def said(self, name: str) -> str:
        """Give what a process has written so far."""
        return (self.root / f"{name}.out").read_text(errors="replace")

    def broker(self, speed: float = 60, module: str = "cli.main") -> "subprocess.Popen[bytes]":
        """Start the simulated broker and wait until it listens."""
        known = self.said("broker").count("listens on") if (self.root / "broker.out").exists() else 0
        serve = ("broker", "serve", "sim", "--port", str(self.port), "--symbols", SYMBOLS, "--speed", str(speed))
        child = self.spawn("broker", *serve, module=module)
        wait_until(lambda: self.said("broker").count("listens on") > known or child.poll() is not None, "the broker")
        assert child.poll() is None, self.said("broker")
        return child

    def trader(self, *args: str, module: str = "cli.main", **extra: str) -> "subprocess.Popen[bytes]":
        """Start a trader in the foreground and wait until its desk listens."""
        child = self.spawn("trader", "start", *args, module=module, **extra)
        wait_until(lambda: self.runs(child) or child.poll() is not None, "the trader")
        assert child.poll() is None, self.said("trader")
        return child

    def runs(self, child: "subprocess.Popen[bytes]") -> Running | None:
        """Give the trader's note when this process wrote it."""
        found = Home(self.home).running("trader")
        return found if found is not None and found.pid == child.pid else None

    def ask(self, method: str, **fields: Any) -> Any:
        """Call one RPC of the desk."""
        request = REQUESTS.get(method, f"{method}Request")
        with desk_of(self.home) as desk:
            return desk.call(method, getattr(desk_pb2, request)(**fields))

    def status(self) -> desk_pb2.TraderStatus:
        """Give the status."""
        status: desk_pb2.TraderStatus = self.ask("GetStatus").status
        return status

    def until(self, connection: str = "READY", day: str = "TRADING") -> desk_pb2.TraderStatus:
        """Wait until the trader trades (or is in another state)."""

        states: list[desk_pb2.TraderStatus] = []

        def there() -> bool:
            states.append(self.status())
            return (states[-1].connection, states[-1].day) == (connection, day)

        wait_until(there, f"{connection} and {day}")
        return states[-1]

    def order(self, order_id: str) -> str:
        """Give the state of an order as a word."""
        return str(self.run("orders", "show", order_id, "--json").json["status"])

    def until_order(self, order_id: str, *states: str) -> None:
        """Wait until an order is in one of the states."""
        wait_until(lambda: self.order(order_id) in states, f"order {order_id} in {states}")

    def submit(self, *args: str) -> str:
        """Submit an order by hand, once its instrument has traded in this run; give its id."""
        said: list[Said] = []

        def judged() -> bool:
            said.append(self.run("orders", "submit", *args, "--json"))
            return "DATA_AGE" not in said[-1].err

        wait_until(judged, f"a quote to submit {args} on")
        return str(said[-1].json["client_order_id"])

    def run(self, *args: str, **extra: str) -> Said:
        """Run a command of this place inside the test's process."""
        out, err = io.StringIO(), io.StringIO()
        code = 0
        logging_before = structlog.get_config()
        with (
            mock.patch.dict(os.environ, self.environment | extra),
            mock.patch.object(sys, "argv", ["hantrade", *args]),
            mock.patch("cli.main.set_up_logging"),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                run_command()
            except SystemExit as ended:
                code = int(ended.code or 0)
        structlog.configure(**logging_before)
        return Said(code, out.getvalue(), err.getvalue())

    def clean_up(self) -> None:
        """Kill what still runs."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.wait(DEADLINE_S)
        for sink in self.sinks:
            sink.close()


REQUESTS = {"ListFills": "DeskServiceListFillsRequest", "ListPositions": "DeskServiceListPositionsRequest"}


@contextlib.contextmanager
def a_place(root: Path, *, orders_at_broker: bool = False) -> Iterator[Place]:
    """Give a place; nothing of it runs afterwards."""
    place = Place(root, orders_at_broker=orders_at_broker)
    try:
        yield place
    finally:
        place.clean_up()


def killed(child: "subprocess.Popen[bytes]") -> None:
    """Kill a process at once, as a power cut would."""
    child.send_signal(signal.SIGKILL)
    child.wait(DEADLINE_S)


def stopped(place: Place, child: "subprocess.Popen[bytes]") -> None:
    """Stop a trader in order."""
    said = place.run("stop")
    assert said.code == 0, said
    assert child.wait(DEADLINE_S) == 0, place.said("trader")


def the_log(place: Place) -> Path:
    """Give the one event log of a place."""
    [path] = (place.home / "logs").glob("paper-*.db")
    return path


def the_journal(place: Place) -> Path:
    """Give the journal orders went to."""
    own = place.home / "broker_sim" / f"journal-{place.port}.db"
    return own if place.orders_at_broker else place.home / "paper" / "journal.db"


def assert_books_agree(place: Place) -> None:
    """Compare the venue's journal with the trader's log: nothing lost, nothing twice, every cause known."""
    log_path, journal_path = the_log(place), the_journal(place)
    with LogReader(log_path, codec()) as reader:
        messages = [message for _, message in reader.messages()]
    filled = [m for m in messages if isinstance(m, OrderFilled)]
    sent = [m.client_order_id for m in messages if isinstance(m, SubmitOrder)]
    with contextlib.closing(sqlite3.connect(f"file:{journal_path}?mode=ro", uri=True)) as journal:
        payloads = journal.execute("SELECT payload FROM events ORDER BY seq").fetchall()
        requests = dict(journal.execute("SELECT request_id, outcome FROM requests"))
    facts = [decode_fact(payload, "") for (payload,) in payloads]
    venue_fills = [fact for fact in facts if isinstance(fact, OrderFilled)]
    assert sorted(map(fill_row, venue_fills)) == sorted(map(fill_row, filled))
    assert len({fill.trade_id for fill in filled}) == len(filled)
    assert len(set(sent)) == len(sent), "an order was sent twice"
    assert all(order_id in requests for order_id in sent), "an order is neither at the venue nor written off"
    assert {fact.client_order_id for fact in facts} - {""} <= set(sent), "the venue knows orders the trader never sent"
    report = verify(log_path)
    assert report.ok, report
    replayed = replay_here(log_path)
    assert replayed.identical, replayed
    shares = sum(f.last_qty if f.side.value == "BUY" else -f.last_qty for f in filled)
    positions = place.run("positions", "--json").out.splitlines()
    assert sum(json.loads(line)["quantity"] for line in positions) == shares


def fill_row(fill: OrderFilled) -> tuple[Any, ...]:
    """Give what both books must say of one execution."""
    return (
        fill.event_seq,
        fill.client_order_id,
        fill.trade_id,
        fill.symbol,
        fill.side.value,
        fill.last_qty,
        fill.last_px,
    )
