"""Jobs that count as queries have their turns here and are sent, one at a time. Lives on the event loop.

One at a time, because two under way could reach Kiwoom in one burst when the control's thread was busy meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from broker_win.bridge import Bridge
from broker_win.clock import Clock
from broker_win.config import LimitsConfig
from broker_win.control import Answer, Control
from broker_win.requests.answers import PAUSED, no_room
from broker_win.requests.queue import Budget, RequestQueue, Weight
from domain.errors import BrokerUnavailable
from domain.types import NANOS_PER_SECOND

Job = Callable[[Control], Answer]
STOPPING: Final = "the process is stopping: Kiwoom is asked nothing more"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Turn:
    """A job that waits for its turn, and who waits for it."""

    job: Job
    what: str
    done: asyncio.Future[Answer]


class Turns:
    """The way to the control for all that counts as a query."""

    def __init__(self, bridge: Bridge, clock: Clock, limits: LimitsConfig) -> None:
        """Send within `limits`."""
        self._bridge, self._clock = bridge, clock
        self._queue: RequestQueue[_Turn] = RequestQueue(limits)
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._number = 0
        self._closed = False

    async def send(self, job: Job, weight: Weight, what: str) -> Answer:
        """Let a job have its turn and give what it gave; a caller that is cancelled leaves nothing behind.

        Raises RequestRefused TOO_MANY_CALLS when it must make room for others, BrokerUnavailable once closed, and what
        `Bridge.run` raises.
        """
        if self._closed:
            raise BrokerUnavailable(STOPPING)
        self._number += 1
        key = str(self._number)
        turn = _Turn(job, what, asyncio.get_running_loop().create_future())
        out = self._queue.put(key, weight, turn)
        if out is not None:
            _give(out.item.done, no_room(out.item.what, self.budget()))
        self._changed.set()
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._run())
        try:
            return await turn.done
        finally:
            if self._queue.drop(key):
                self._changed.set()

    def budget(self) -> Budget:
        """Give what may still be asked."""
        return self._queue.budget(self._clock.monotonic())

    @property
    def relogin_wanted(self) -> bool:
        """Tell whether Kiwoom wants another log-in before it takes anything again."""
        return self._queue.relogin_wanted

    async def close(self) -> None:
        """Stop; whoever waits gets BrokerUnavailable."""
        self._closed = True
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        for waiting in self._queue:
            self._queue.drop(waiting.key)
            _give(waiting.item.done, BrokerUnavailable(STOPPING))

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            now = self._clock.monotonic()
            at = self._queue.next_at(now)
            if at is None:
                return
            if (waiting := self._queue.take(now)) is not None:
                await self._send(waiting.item)
            else:
                await self._pause((at - now) / NANOS_PER_SECOND)

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until something else waits: it may go sooner."""
        until = asyncio.ensure_future(self._clock.sleep(seconds))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({until, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            until.cancel()
            changed.cancel()

    async def _send(self, turn: _Turn) -> None:
        try:
            gave = await self._bridge.run(turn.job)
        except asyncio.CancelledError:
            _give(turn.done, BrokerUnavailable(STOPPING))
            raise
        except Exception as error:  # noqa: BLE001 - whatever the job raised belongs to whoever asked
            self._queue.went_out(self._clock.monotonic())
            _give(turn.done, error)
            return
        now = self._clock.monotonic()
        self._queue.went_out(now)
        if gave in PAUSED:
            self._refused(now, gave)
        else:
            self._queue.went_well()
        if not turn.done.done():
            turn.done.set_result(gave)

    def _refused(self, now: int, gave: Answer) -> None:
        wait = self._queue.refused(now)
        _log.warning("Kiwoom gave %s: nothing is asked for %d s", gave, wait // NANOS_PER_SECOND)


def _give(done: asyncio.Future[Answer], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
