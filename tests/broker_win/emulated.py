"""The whole Windows process but for its own processes: Qt, pykiwoom, the emulated control and servers in this process.

Qt's loop runs in the main thread, as it does in the host; the body of a test runs in another meanwhile (`conftest.py`),
as gRPC callers do.
"""

import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from broker.journal import OrderJournal
from broker_win.backend import WinBackend
from broker_win.bridge import ThreadBridge
from broker_win.clock import Clock
from broker_win.config import LimitsConfig, WinConfig
from broker_win.emulator.engine import KiwoomEngine
from broker_win.emulator.plan import EmulatorPlan, TrPlan
from broker_win.emulator.sim_house import SimHouse
from domain.instruments import Instrument
from domain.types import UnixNanos

T = TypeVar("T")
WAIT_S = 10.0
GENEROUS = TrPlan(per_second=1_000, per_minute=10_000, per_hour=100_000, orders_per_second=1_000)
QUICK = LimitsConfig(per_second=100, per_minute=1_000, per_hour=10_000, orders_per_second=50)


class NoDesktop:
    """A screen on which no dialog may stand: a test that opens one has its own."""

    def open(self, title: str, text: str) -> str:
        raise AssertionError(f"a dialog opened: {title}: {text}")

    def is_open(self, dialog_id: str) -> bool:
        return False


class MainThread:
    """Runs jobs on the thread of Qt; `run` is that thread, until `leave`."""

    def __init__(self) -> None:
        from PyQt5.QtCore import QObject, Qt, pyqtSignal

        class Mail(QObject):
            job = pyqtSignal(object)

        self._mail = Mail()
        self._mail.job.connect(lambda job: job(), Qt.ConnectionType.QueuedConnection)

    def post(self, job: Callable[[], None]) -> None:
        self._mail.job.emit(job)

    def do(self, job: Callable[[], T]) -> T:
        """Do it there and give its result; from another thread."""
        done = threading.Event()
        found: list[Any] = []

        def run() -> None:
            try:
                found.append((job(), None))
            except BaseException as error:  # noqa: BLE001  # raised where it is waited for
                found.append((None, error))
            done.set()

        self.post(run)
        assert done.wait(WAIT_S), "Qt's thread did not take a job"
        result, error = found[0]
        if error is not None:
            raise error
        return result


class EmulatedPc:
    """A PC with the emulated control; its servers, account and journal outlive what is opened on it."""

    def __init__(
        self,
        folder: Path,
        main: MainThread,
        instruments: Iterable[Instrument],
        answer_timeout_s: float = 5.0,
        **plan: Any,
    ) -> None:
        self.folder, self.main = folder, main
        self.plan = EmulatorPlan(**({"trs": GENEROUS} | plan))
        self.config = WinConfig(journal=folder / "win.db", limits=QUICK, answer_timeout_s=answer_timeout_s)
        self._instruments = list(instruments)
        self.house: SimHouse | None = None
        self.engine: KiwoomEngine | None = None

    def let(self, happen: Callable[[SimHouse], T]) -> T:
        """Let something happen at the servers, on the control's thread."""
        house = self.house
        assert house is not None
        return self.main.do(lambda: happen(house))

    @asynccontextmanager
    async def opened(self, begin: Callable[[SimHouse], None] = lambda _: None) -> AsyncIterator[WinBackend]:
        """Open the process's parts on the running loop; the venue goes on where it was."""
        import asyncio

        loop = asyncio.get_running_loop()
        control, bridge = await loop.run_in_executor(None, self.main.do, lambda: self._plug_in(begin))
        clock = Clock(self._venue_time, lambda: UnixNanos(time.time_ns()), time.monotonic_ns, asyncio.sleep)
        backend = WinBackend(self.config, bridge, clock, OrderJournal(self.config.journal, durable=False))
        await backend.start()
        await backend.login()
        try:
            yield backend
        finally:
            await backend.close()
            await loop.run_in_executor(None, self.main.do, lambda: self._pull_out(control))

    def _venue_time(self) -> UnixNanos:
        assert self.house is not None
        return self.house.now()

    def _plug_in(self, begin: Callable[[SimHouse], None]) -> tuple[Any, ThreadBridge]:
        from broker_win.emulator.inject import install
        from broker_win.ocx import KiwoomControl

        self.house = house = SimHouse.opened(self.folder / "venue.db", self._instruments)
        begin(house)
        made: list[ThreadBridge] = []

        def engine() -> KiwoomEngine:
            self.engine = KiwoomEngine(house, self.plan, time.monotonic_ns, self.folder / "OpenAPI", NoDesktop())
            return self.engine

        install(engine)
        control = KiwoomControl(lambda event: made[0].deliver(event))
        made.append(ThreadBridge(self.main.post, control, time.monotonic_ns))
        return control, made[0]

    def _pull_out(self, control: Any) -> None:
        control.ocx.clear()
        house, self.house = self.house, None
        assert house is not None
        house.close()
