"""One recorded day through a trader, with a display that moves."""

import sys
import time
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pykka
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from broker_sim.recording import Recording
from cli.compose import Trader, compose_trader
from cli.context import Exit
from cli.output import krw, kst_clock, nanos_of, note, signed
from cli.settings import configured
from cli.status import gate_word
from cli.trader_process import stop_in_order
from cli.trends_settings import of_recordings
from domain.messages.trading import NoticeRaised
from domain.status import DayQuery
from domain.types import Severity
from hantrade.v1 import desk_pb2
from trends.recorded import packaged_trends

if TYPE_CHECKING:
    from cli.demo import BrokerProcess

REFRESH_S = 0.25
PLAIN_EVERY_S = 5.0  # lines on a terminal that cannot redraw
SHOWN_NOTICES = 6
INTERRUPTED = 130  # as a shell says it: 128 + SIGINT


@dataclass(frozen=True, slots=True)
class Finished:
    """How the day ended."""

    reason: str
    in_order: bool
    exit_code: int = Exit.DONE  # what the reason alone deserves


def run_day(
    recording: Recording, broker: "BrokerProcess", folder: Path, log_path: Path, speed: float, *, as_json: bool
) -> Finished:
    """Trade until the venue's day is over, then stop in order. Raises ConfigError, LogError, BrokerUnavailable."""
    _, config = configured(folder, "paper", "SIMULATED")  # the environment only: a demo's own home has no files
    trends = of_recordings(config.trends)
    config = replace(config, quotes_endpoint=broker.address, orders_endpoint="", trends=trends)
    display = Display(recording, speed, quiet=as_json)
    paper, desk, sources = folder / "paper", ("127.0.0.1", 0), (packaged_trends(),)
    trader = compose_trader(config, log_path, paper, desk, show_notice=display.notice, trends=sources)
    finished = Finished("interrupted", in_order=False, exit_code=INTERRUPTED)
    try:
        finished = _until_over(trader, broker, display)
    except KeyboardInterrupt:
        finished = Finished("interrupted", in_order=False, exit_code=INTERRUPTED)
    finally:
        in_order = stop_in_order(trader, finished.reason)
        trader.system.stop(finished.reason if in_order else f"{finished.reason}; the orderly stop did not finish")
        trader.close()
    failure = trader.system.failure
    if failure is not None:
        return Finished(f"the trader failed: {type(failure).__name__}: {failure}", False, Exit.REFUSED)
    return replace(finished, in_order=in_order)


def _until_over(trader: Trader, broker: "BrokerProcess", display: "Display") -> Finished:
    opened = False
    with display:
        while not trader.system.stopped.wait(REFRESH_S):
            try:
                status, day = trader.reader.status(), trader.system.ask("trading_day", DayQuery())
            except (pykka.Timeout, pykka.ActorDeadError):
                continue  # busy; or the core failed, which ends the loop
            display.update(status)
            opened = opened or day.state != "CLOSED"
            if day.state == "CLOSED" and (opened or day.data_ended):  # a fast day may pass between two looks
                return Finished("the venue's day is over", in_order=True)
            if not broker.alive:
                return Finished("the broker process ended", in_order=False, exit_code=Exit.UNAVAILABLE)
            if status.connection == "FAILED":
                return Finished("the connection failed for good", in_order=False, exit_code=Exit.UNAVAILABLE)
    return Finished("the trader stopped by itself", in_order=False, exit_code=Exit.REFUSED)


class Display:
    """Progress on stderr: a live panel on a terminal, now and then a line elsewhere."""

    def __init__(self, recording: Recording, speed: float, *, quiet: bool) -> None:
        """Take what is replayed; `quiet` leaves lines out but not the panel of a terminal."""
        self._console = Console(stderr=True)
        self._recording = recording
        self._speed = speed
        self._quiet = quiet
        self._notices: deque[str] = deque(maxlen=SHOWN_NOTICES)
        self._live: Any = Live(console=self._console, refresh_per_second=8) if sys.stderr.isatty() else nullcontext()
        self._last_line = 0.0
        self._unsaid: str | None = None  # the newest picture, as long as no line has told it
        self._rate = 0.0
        self._seen = (time.monotonic(), 0)

    def __enter__(self) -> "Display":
        """Begin to draw."""
        names = len(self._recording.instruments)
        pace = "as fast as possible" if self._speed == 0 else f"{self._speed:g} venue seconds a second"
        note(f"replaying {self._recording.day} with {names} instruments, {pace}; Ctrl-C stops in order")
        self._live.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        """Leave the last picture standing; a fast day may end between two lines."""
        self._live.__exit__(*details)
        if self._unsaid is not None:
            note(self._unsaid)

    def notice(self, notice: NoticeRaised) -> None:
        """Take a notice to show."""
        mark = {Severity.INFO: " ", Severity.WARNING: "!", Severity.ALERT: "‼"}[notice.severity]
        self._notices.append(f"{mark} {notice.text}")
        if not isinstance(self._live, Live) and not self._quiet:
            note(f"{mark} {notice.text}")

    def update(self, status: desk_pb2.TraderStatus) -> None:
        """Show the status."""
        self._measure(status.quotes)
        if isinstance(self._live, Live):
            self._live.update(self._panel(status))
        elif not self._quiet:
            self._unsaid = self._line(status)
            if time.monotonic() - self._last_line >= PLAIN_EVERY_S:
                self._last_line = time.monotonic()
                note(self._unsaid)
                self._unsaid = None

    def _measure(self, quotes: int) -> None:
        at, before = self._seen
        now = time.monotonic()
        if now - at >= 1.0:
            self._rate = (quotes - before) / (now - at)
            self._seen = (now, quotes)

    def _line(self, status: desk_pb2.TraderStatus) -> str:
        clock = kst_clock(status.venue_time) if status.HasField("venue_time") else "--:--:--"
        return (
            f"{clock}  {status.connection}  {status.day}  gate {gate_word(status.gate)}  "
            f"{self._rate:,.0f} quotes/s  signals {status.signals}  denied {status.denied}  fills {status.fills}  "
            f"open orders {status.orders_open}  positions {status.positions}  "
            f"equity {krw(status.equity_krw)} ({signed(status.day_pnl_krw)})"
        )

    def _panel(self, status: desk_pb2.TraderStatus) -> Group:
        clock = kst_clock(status.venue_time) if status.HasField("venue_time") else "--:--:--"
        grid = Table.grid(padding=(0, 2))
        for _ in range(6):
            grid.add_column()
        color = "green" if status.connection == "READY" else "yellow"
        grid.add_row("connection", Text(status.connection, color), "day", status.day, "gate", gate_word(status.gate))
        grid.add_row(
            "quotes/s", f"{self._rate:,.0f}", "judged", krw(status.quotes), "refused", krw(status.quotes_refused)
        )
        grid.add_row("signals", krw(status.signals), "denied", krw(status.denied), "fills", krw(status.fills))
        pnl = Text(signed(status.day_pnl_krw), "green" if status.day_pnl_krw >= 0 else "red")
        grid.add_row("open orders", krw(status.orders_open), "positions", krw(status.positions), "", "")
        grid.add_row("equity KRW", krw(status.equity_krw), "today", pnl, "costs", krw(status.costs_krw))
        notices = Text("\n".join(self._notices), style="dim")
        title = f"{self._recording.day} {clock} KST"
        return Group(Panel(Group(grid, self._bar(status), notices), title=title, title_align="left"))

    def _bar(self, status: desk_pb2.TraderStatus) -> ProgressBar:
        session = self._recording.session
        total = session.close - session.open
        done = nanos_of(status.venue_time) - session.open if status.HasField("venue_time") else 0
        return ProgressBar(total=total, completed=max(0, min(done, total)))
