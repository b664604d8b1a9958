"""The host: one process, two threads, Kiwoom's control in it. Made to be ended at any time.

The main thread belongs to the control (COM wants one thread with a message loop), a second one to asyncio with backend
and server. A third writes a beat a second to stdout, a fourth reads stdin: `stop` ends the process in order, its end
means that the parent is gone, and a host without a parent ends too. Whatever does not end in time is cut off: nothing
in here is worth waiting for, what counts stands in the journal.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from broker.journal import OrderJournal
from broker.server import serve
from broker_win.backend import WinBackend
from broker_win.beats import Beat, line_of
from broker_win.bridge import ThreadBridge
from broker_win.clock import Clock
from broker_win.config_file import WinSettings
from broker_win.control import Control, Event
from broker_win.exit_codes import ExitCode
from broker_win.memory import rss_mb
from broker_win.timers import ask_for_fine_timers
from domain.errors import ConfigError, LogError
from domain.types import UnixNanos

PULSE_S: Final = 0.2  # the loop looks at itself
BEAT_S: Final = 1.0
STDIN: Final = 0
logger = logging.getLogger("broker_win.host")


class Loop(Protocol):
    """The thread of the control (`ocx.ControlLoop`)."""

    @property
    def control(self) -> Control:
        """Give the control; used on its thread only."""

    def post(self, job: Callable[[], None]) -> None:
        """Run something there, soon."""

    def run(self) -> int:
        """Run until `quit`."""

    def quit(self, code: int = 0) -> None:
        """Let `run` return."""


@dataclass(frozen=True, slots=True)
class Kiwoom:
    """What differs between the real Kiwoom and the emulated one: how the control comes about, and the venue's clock."""

    make: Callable[[Callable[[Event], None], Callable[[], None], bool], Loop]  # hear, on_beat, split_real_data
    venue: Callable[[], UnixNanos] = lambda: UnixNanos(time.time_ns())
    speed_milli: Callable[[], int | None] = lambda: None
    close: Callable[[], None] = lambda: None


class Host:
    """One life of the process."""

    def __init__(self, settings: WinSettings, kiwoom: Kiwoom, beats: int) -> None:
        """Take what was configured, and the file descriptor beats go to."""
        self._settings, self._kiwoom, self._beats = settings, kiwoom, beats
        self._lock = threading.Lock()
        self._code: ExitCode | None = None  # why it ends, once it does
        self._ended = threading.Event()
        self._nudge = threading.Event()  # something worth a beat of its own happened
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._bridge: ThreadBridge | None = None
        self._health: dict[str, Any] = {}
        self._address = ""
        self._loop_at = time.monotonic_ns()

    # ---- the main thread ----------------------------------------------------------------------------------------

    def run(self) -> int:
        """Run until something ends it; give the exit code. Raises ConfigError when there is no control."""
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda *_: self.end(ExitCode.ENDED, "asked by a signal"))
        threading.Thread(target=self._listen, name="parent", daemon=True).start()
        threading.Thread(target=self._beat, name="beats", daemon=True).start()
        control_loop = self._kiwoom.make(self._deliver, self._show_life, self._settings.broker.unknowns.split_real_data)
        self._bridge = ThreadBridge(control_loop.post, control_loop.control, time.monotonic_ns)
        worker = threading.Thread(target=self._work, args=(control_loop,), name="loop", daemon=True)
        worker.start()
        control_loop.run()
        self.end(ExitCode.BUG, "the control's thread ended by itself")
        worker.join(self._settings.watch.end_grace_s)
        self._kiwoom.close()
        return int(self._code if self._code is not None else ExitCode.BUG)

    def end(self, code: ExitCode, why: str) -> None:
        """End the process; the first reason counts. From any thread, also from a signal handler."""
        if not self._lock.acquire(blocking=False):
            return  # this moment somebody else, or the code this signal interrupted, ends it
        try:
            if self._code is not None:
                return
            self._code = code
        finally:
            self._lock.release()
        logger.info("ends (%s): %s", code.name, why)
        timer = threading.Timer(self._settings.watch.end_grace_s, self._cut_off)
        timer.daemon = True
        timer.start()
        self._ended.set()
        self._nudge.set()
        if self._loop is not None and self._over is not None:
            try:
                self._loop.call_soon_threadsafe(self._over.set)
            except RuntimeError:
                return  # the loop is closed already

    def _cut_off(self) -> None:
        logger.error("a thread did not end in time; cut off")
        os._exit(ExitCode.STUCK if self._code is ExitCode.ENDED else int(self._code or ExitCode.STUCK))

    def _deliver(self, event: Event) -> None:
        if self._bridge is not None:
            self._bridge.deliver(event)

    def _show_life(self) -> None:
        if self._bridge is not None:
            self._bridge.beat()

    # ---- the thread of the loop ---------------------------------------------------------------------------------

    def _work(self, control_loop: Loop) -> None:
        try:
            asyncio.run(self._serve())
        except ConfigError as error:
            logger.error("%s", error)
            self.end(ExitCode.CONFIG, "configuration")
        except LogError as error:
            logger.error("%s", error)
            self.end(ExitCode.BUSY, "the order journal")
        except Exception:
            logger.exception("the event loop failed")
            self.end(ExitCode.BUG, "an error nobody expected")
        finally:
            self.end(ExitCode.BUG, "the event loop ended by itself")
            control_loop.quit(0)

    async def _serve(self) -> None:
        assert self._bridge is not None
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        config, kiwoom = self._settings.broker, self._kiwoom
        security = self._settings.security()
        config.journal.parent.mkdir(parents=True, exist_ok=True)
        # Not monotonic_ns: on Windows it moves in steps of 16 ms, and five orders in a second could be six.
        clock = Clock(kiwoom.venue, lambda: UnixNanos(time.time_ns()), time.perf_counter_ns, asyncio.sleep)
        journal = OrderJournal(config.journal)
        backend = WinBackend(
            config,
            self._bridge,
            clock,
            journal,
            on_lost=self._line_lost,
            on_broken=lambda why: self.end(ExitCode.BUG, why),
            speed_milli=kiwoom.speed_milli,
            read_definition=_read_definition,
        )
        pulse = self._loop.create_task(self._pulse(backend))
        try:
            try:
                server = await serve(backend, config.host, config.port, security)
            except ConfigError as error:  # the files were read above, so what is left is the port
                logger.error("%s", error)
                self.end(ExitCode.BUSY, "the port")
                return
            # Not before the port is ours: a second log-in with the same name ends that of whoever has it.
            await backend.start()
            self._address = server.address
            logger.info("serves on %s", server.address)
            if not self._ended.is_set():
                await self._over.wait()
            await server.stop()
        finally:
            pulse.cancel()
            await asyncio.gather(pulse, return_exceptions=True)
            await backend.close()

    def _line_lost(self, code: int) -> None:
        self.end(ExitCode.LINE_LOST, f"the line to Kiwoom is lost ({code})")

    async def _pulse(self, backend: WinBackend) -> None:
        """Show that the loop turns, and look at the backend where that is allowed: on its own loop."""
        now: tuple[object, str] = (None, "")
        while True:
            self._loop_at = time.monotonic_ns()
            self._health = backend.health()
            shown, now = now, (self._health.get("logged_in"), self._address)
            if shown != now:
                self._nudge.set()
            await asyncio.sleep(PULSE_S)

    # ---- the parent ---------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Read stdin without Python's buffers: a thread that waits in those breaks the interpreter's end."""
        kept = b""
        while True:
            try:
                read = os.read(STDIN, 4_096)
            except OSError:
                read = b""
            if not read:
                self.end(ExitCode.PARENT_GONE, "stdin was closed: the parent is gone")
                return
            kept = (kept + read)[-4_096:]
            if any(line.strip() == b"stop" for line in kept.splitlines()):
                self.end(ExitCode.ENDED, "asked by the parent")
                return

    def _beat(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            try:
                os.write(self._beats, f"{line_of(self._picture(number))}\n".encode())
            except OSError:
                self.end(ExitCode.PARENT_GONE, "stdout was closed: the parent is gone")
                return
            self._nudge.wait(BEAT_S)
            self._nudge.clear()

    def _picture(self, number: int) -> Beat:
        health, bridge, now = self._health, self._bridge, time.monotonic_ns()
        return Beat(
            number,
            os.getpid(),
            address=self._address,
            qt_age_ms=None if bridge is None else int(bridge.beat_age_s * 1_000),
            loop_age_ms=(now - self._loop_at) // 1_000_000,
            logged_in=bool(health.get("logged_in")),
            state=str(health.get("state", "")),
            trouble=str(health.get("trouble", "")),
            in_market=bool(health.get("in_market")),
            last_event_age_ms=_whole(health.get("last_event_age_ms")),
            waiting=_whole(health.get("waiting")) or 0,
            screens=_whole(health.get("screens")) or 0,
            rss_mb=rss_mb(),
            venue_time=self._kiwoom.venue(),
        )


def real_kiwoom() -> Kiwoom:
    """Give the control of this PC. Raises ConfigError where its packages are missing."""
    return Kiwoom(_make_control_loop)


def _make_control_loop(hear: Callable[[Event], None], on_beat: Callable[[], None], split_real_data: bool) -> Loop:
    try:
        from broker_win.ocx import ControlLoop
    except ImportError as error:
        raise ConfigError(
            f"PyQt5 and pykiwoom are expected in this Python, {error.name or error} is missing; "
            "`pip install --require-hashes -r requirements/windows.lock` brings them (docs/windows.md)"
        ) from None
    made: Loop = ControlLoop(hear, split_real_data=split_real_data, on_beat=on_beat)
    return made


def _read_definition(trcode: str, folder: str) -> Mapping[str, Any]:
    from broker_win.ocx import read_tr_definition

    return read_tr_definition(trcode, folder)


def run(settings: WinSettings, kiwoom: Kiwoom) -> int:
    """Run a host in this process and give its exit code. Errors are logged."""
    ask_for_fine_timers()
    beats = os.dup(1)
    os.dup2(2, 1)  # beats have the pipe for themselves, whatever else prints
    try:
        return Host(settings, kiwoom, beats).run()
    except ConfigError as error:
        logger.error("%s", error)
        return ExitCode.CONFIG
    except Exception:
        logger.exception("the host failed")
        return ExitCode.BUG


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
