"""A trader as a process: pick the log, start, wait, stop in order."""

import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import structlog

from actors.recovery import recover
from actors.roles.executor import Executor
from actors.roles.trading_day import TradingDay
from cli.compose import SERVER_KINDS, Trader, codec, compose_trader
from cli.context import Exit
from cli.home import Home, Running, changed_at, new_log
from cli.settings import load, resolve
from domain.errors import LogError
from domain.messages.operator import StopRequested
from persistence.reader import LogReader

STOP_GRACE_S = 30.0
logger = structlog.get_logger("trader")


def pick_log(home: Home, mode: str) -> Path:
    """Continue the mode's newest log unless its day is over and nothing is carried; then give a new path.

    Halts, the day's starting equity and unresolved orders live in the log, so a log is left only when its session is
    over, no order is open and no halt is in force. Raises LogError when the newest log cannot be read.
    """
    logs = sorted(home.logs.glob(f"{mode}-*.db"), key=changed_at)
    if not logs:
        return new_log(home, mode)
    try:
        with LogReader(logs[-1], codec()) as reader:
            kernel = recover(reader, reader.log_id)
    except LogError as error:
        said = str(error)
        raise error if str(logs[-1]) in said else type(error)(f"{logs[-1]}: {said}") from None
    day, executor = kernel.role("trading_day"), kernel.role("executor")
    if not isinstance(day, TradingDay) or not isinstance(executor, Executor):
        raise TypeError("the roster lacks trading_day or executor")
    over = day.plan is not None and day.ended_date == day.plan.trading_date
    return new_log(home, mode) if over and not executor.open and not day.locked else logs[-1]


def run_trader(home: Home, mode: str, wait_s: float) -> int:
    """Run until asked to stop. Gives the exit code; raises ConfigError, LogError before it runs."""
    settings, watchlist = load(home.root)
    config = resolve(settings, watchlist, mode, SERVER_KINDS[mode].value)
    with home.claim("trader"):
        path = pick_log(home, mode)
        trader = compose_trader(config, path, home.paper, (settings.desk.host, settings.desk.port))
        asked = StopSignal(trader)
        home.announce("trader", Running(os.getpid(), trader.desk_address, str(path), trader.system.run_id, config.mode))
        logger.info("trader runs", mode=mode, desk=trader.desk_address, log=str(path), quotes=config.quotes_endpoint)
        late = Exit.DONE
        if wait_s > 0 and not await_ready(trader, wait_s):
            logger.error("not READY in time; stopping", seconds=wait_s)
            late = Exit.UNAVAILABLE
            asked.ask("not READY in time")
        return finish(trader) or late


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
    trader.close()
    if failure is not None:
        logger.error("the core failed; the log tells the rest", error=f"{type(failure).__name__}: {failure}")
        return Exit.REFUSED
    logger.info("stopped in order")
    return Exit.DONE


def stop_in_order(trader: Trader, reason: str, timeout_s: float = STOP_GRACE_S) -> bool:
    """Ask for the orderly stop and wait for it; False when it did not come in time."""
    request: Any = StopRequested("demo-stop", "demo", reason)
    trader.system.core.post(request, source="process", urgent=True)
    done: threading.Event = trader.system.stopped
    return done.wait(timeout_s)
