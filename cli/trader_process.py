"""A trader as a process: pick the log, start, wait, stop in order."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import structlog

from actors.edges.shadow_watch import SnapshotPlan
from actors.recovery import recover_fully, recover_quickly
from cli.compose import SERVER_KINDS, Trader, compose_trader
from cli.context import Exit
from cli.home import Home, Running
from cli.log_choice import choose_log
from cli.names import labelled
from cli.output import krw, note, signed
from cli.protection import protection_of
from cli.settings import configured
from cli.signals import accuracy_lines
from cli.trend_sources import trend_source
from domain.errors import ConfigError
from domain.messages.operator import StopRequested
from domain.signal_views import ScoresQuery
from domain.status import DayQuery, OrdersQuery
from domain.views import CashQuery, FillsQuery, PositionsQuery

STOP_GRACE_S = 30.0
ALL = 1_000_000
logger = structlog.get_logger("trader")


def run_trader(home: Home, mode: str, wait_s: float) -> int:
    """Run until asked to stop. Gives the exit code; raises ConfigError, LogError before it runs."""
    settings, config = configured(home.root, mode, SERVER_KINDS[mode].value)
    with home.claim("trader"):
        plan = SnapshotPlan(settings.log.snapshot_events, settings.log.snapshot_s) if settings.log.snapshots else None
        choice = choose_log(home, mode, recover_fully if plan is None else recover_quickly)
        path, desk = choice.path, (settings.desk.host, settings.desk.port)
        trader = compose_trader(
            config,
            path,
            home.paper,
            desk,
            recovered=choice.recovered,
            snapshots=plan,
            protection=protection_of(home.root, settings),
            trends=trend_source(settings, home.root, config),
        )
        asked = StopSignal(trader)
        home.announce("trader", Running(os.getpid(), trader.desk_address, str(path), trader.system.run_id, config.mode))
        logger.info("trader runs", mode=mode, desk=trader.desk_address, log=str(path), quotes=config.quotes_endpoint)
        with _metrics(trader, settings.metrics.port):
            late = Exit.DONE
            if wait_s > 0 and not await_ready(trader, wait_s):
                logger.error("not READY in time; stopping", seconds=wait_s)
                late = Exit.UNAVAILABLE
                asked.ask("not READY in time")
            return finish(trader) or late


@contextmanager
def _metrics(trader: Trader, port: int) -> Iterator[None]:
    """Serve figures while the trader runs. A port that is taken is told and stops nothing."""
    if port == 0:  # prometheus_client takes 50 ms to import
        yield
        return
    from cli.metrics import serving

    with ExitStack() as stack:
        try:
            stack.enter_context(serving(trader.reader.status, port))
            logger.info("metrics", at=f"http://127.0.0.1:{port}/metrics")
        except ConfigError as error:
            logger.error("no metrics", error=str(error))
        yield


class StopSignal:
    """Ctrl-C and SIGTERM ask for an orderly stop; the second one ends the process at once."""

    def __init__(self, trader: Trader) -> None:
        """Take over both signals."""
        self._trader = trader
        self._asked = False
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def ask(self, reason: str) -> None:
        """Ask once."""
        if not self._asked:
            self._asked = True
            request = StopRequested(f"stop-{os.getpid()}", "process", reason)
            self._trader.system.core.post(request, source="process", urgent=True)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self._asked:
            os._exit(128 + number)
        self.ask(signal.Signals(number).name)


def await_ready(trader: Trader, wait_s: float) -> bool:
    """Wait until both links are READY."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline and not trader.system.stopped.is_set():
        if trader.reader.status().connection == "READY":
            return True
        time.sleep(0.05)
    return False


def finish(trader: Trader) -> int:
    """Wait for the stop to be ready, end everything, tell how it went."""
    system = trader.system
    while not system.stopped.wait(0.5):
        pass
    failure = system.failure
    system.stop(str(failure) if failure else "stopped in order")
    summary = [] if failure is not None else day_summary(trader)
    trader.close()
    if failure is not None:
        logger.error("the core failed; the log tells the rest", error=f"{type(failure).__name__}: {failure}")
        return Exit.REFUSED
    logger.info("stopped in order")
    for line in summary:  # past the process log, which would black out digits of a hash
        note(line)
    return Exit.DONE


def day_summary(trader: Trader) -> list[str]:
    """Tell the day in figures, and the head of the log to be kept elsewhere. For a trader whose core has stopped."""
    kernel, log = trader.system.kernel, trader.log
    lines = [f"log {trader.reader.facts.log_path}: {log.last_seq:,} events, head {log.last_hash.hex()}"]
    if kernel.benched:
        return [f"no figures: {', '.join(kernel.benched)} failed", *lines]
    day, cash = kernel.role("trading_day").view(DayQuery()), kernel.role("portfolio").view(CashQuery())
    fills = kernel.role("portfolio").view(FillsQuery(limit=ALL))
    orders = kernel.role("executor").view(OrdersQuery(open_only=True, limit=ALL))
    figures = (
        f"{day.trading_date or 'no session yet'}: realised {signed(cash.realized_pnl)} KRW,"
        f" costs {krw(cash.commission + cash.tax)} KRW, equity {krw(cash.equity)} KRW,"
        f" {len(fills)} fills, {len(orders)} orders open, {_held(kernel)}"
    )
    return [figures, *accuracy_lines(kernel.role("scorekeeper").view(ScoresQuery())), *lines]


def _held(kernel: Any) -> str:
    held = [labelled(view.symbol) for view in kernel.role("portfolio").view(PositionsQuery()) if view.quantity]
    return f"still held: {', '.join(held)}" if held else "nothing held"


def stop_in_order(trader: Trader, reason: str, timeout_s: float = STOP_GRACE_S) -> bool:
    """Ask for the orderly stop and wait for it; False when it did not come in time."""
    request: Any = StopRequested("demo-stop", "demo", reason)
    trader.system.core.post(request, source="process", urgent=True)
    done: threading.Event = trader.system.stopped
    return done.wait(timeout_s)
