"""Makes the registry's calls on the control's thread, one by one and with pauses, and again when one failed."""

import asyncio
import logging
from collections.abc import Iterable
from functools import partial
from typing import Final

from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.control import Control
from broker_win.realtime.registry import Call, Register, Registry
from domain.errors import BrokerUnavailable, HantradeError, InvariantError
from domain.types import NANOS_PER_SECOND

# Between two calls. One of 100 codes takes the control's thread for long, and orders pass through the same thread:
# 2,700 symbols are registered in 7 s, with most of the thread's time left at the open, too.
SPACING_S: Final = 0.25
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
OK: Final = (0, "0")

_log = logging.getLogger(__name__)


class Registrar:
    """One task at most, which runs while the registry has calls to make. Lives on the event loop."""

    def __init__(self, bridge: Bridge, clock: Clock, registry: Registry) -> None:
        """Make no call yet."""
        self._bridge = bridge
        self._clock = clock
        self._registry = registry
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._last_call_at: int | None = None  # monotonic ns
        self._closed = False
        self._is_ready = False  # a log-in was made: before it nothing can be registered
        self.failures = 0

    def want(self, symbols: Iterable[str]) -> None:
        """Add a reader, without waiting. Raises RequestRefused NO_SCREEN."""
        self._registry.want(symbols)
        self._start()

    def release(self, symbols: Iterable[str]) -> None:
        """Take a reader off, without waiting."""
        self._registry.release(symbols)
        self._start()

    def watch(self) -> None:
        """Add a reader of the indices, without waiting; before a log-in they wait for it. Raises as `want`."""
        self._registry.watch()
        if self._is_ready:
            self._start()

    def unwatch(self) -> None:
        """Take a reader of the indices off, without waiting."""
        self._registry.unwatch()
        if self._is_ready:
            self._start()

    async def keep(self, symbols: Iterable[str]) -> None:
        """Want symbols for good, and wait until they are registered.

        Raises RequestRefused NO_SCREEN; BrokerUnavailable when a call failed, which is tried again all the same.
        """
        self._registry.keep(symbols)
        await self._settled()

    async def restore(self) -> None:
        """Register everything anew behind a log-in, and wait for it. Raises as `keep`."""
        self._registry.restore()
        self._is_ready = True
        if self._task is not None:
            self._task.cancel()  # it may be waiting to try again what belongs to the session before
            self._task = None
        await self._settled()

    async def close(self) -> None:
        """Make no further call."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._settle(BrokerUnavailable("the broker is closing"))

    async def _settled(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._start()
        await future

    def _start(self) -> None:
        if not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._make_calls())
            self._task.add_done_callback(self._ended)

    async def _make_calls(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._registry.is_complete:
            await self._pause()
            call = self._registry.next_call()
            if call is None:  # nobody wants it any more
                break
            try:
                await self._bridge.run(partial(_make, call))
            except BrokerUnavailable as error:
                self.failures += 1
                self._registry.failed(call)
                self._settle(error)
                _log.warning("%s; tried again in %.0f s", error, retry_s)
                await self._clock.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)
            else:
                self._registry.done(call)
                retry_s = FIRST_RETRY_S
        self._settle(None)

    async def _pause(self) -> None:
        last, self._last_call_at = self._last_call_at, None
        if last is not None:
            left = SPACING_S - (self._clock.monotonic() - last) / NANOS_PER_SECOND
            if left > 0:
                await self._clock.sleep(left)
        self._last_call_at = self._clock.monotonic()

    def _settle(self, error: HantradeError | None) -> None:
        """Tell those who wait for their registrations how it went."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.critical("registrations ended by an error", exc_info=error)
            self._settle(InvariantError(f"registrations ended by {error!r}"))


def _make(call: Call, control: Control) -> None:
    """Make one call. Raises BrokerUnavailable when the control did not take it."""
    if not isinstance(call, Register):
        control.call("SetRealRemove", *call.arguments)  # gives nothing
        return
    answer = control.call("SetRealReg", *call.arguments)
    if answer not in OK:
        raise BrokerUnavailable(
            f"SetRealReg of {len(call.codes)} codes on screen {call.screen} expected 0, was {answer!r}"
        )
