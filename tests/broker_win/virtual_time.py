"""An event loop whose time jumps to the next timer as soon as nothing else is to be done: no test ever waits."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import date
from typing import Any, TypeVar

from broker_win.clock import Clock
from domain.time import from_kst
from domain.types import NANOS_PER_SECOND, UnixNanos

T = TypeVar("T")
DAY = date(2026, 11, 23)  # a Monday


class _Jumping(selectors.SelectSelector):
    """Never waits: what it should have waited for is added to the time instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everything waits, and nothing is under way")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


class VirtualClock(Clock):
    """Clocks that agree with the loop; the venue's starts at a moment of choice (UTC ns)."""

    def __init__(self, start: int | None = None) -> None:
        begin = from_kst(DAY, 10, 0) if start is None else start

        def monotonic() -> int:
            return round(asyncio.get_running_loop().time() * NANOS_PER_SECOND)

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(max(seconds, 1e-6))  # below its resolution the loop would not move on

        super().__init__(
            venue=lambda: UnixNanos(begin + monotonic()),
            system=lambda: UnixNanos(begin + monotonic()),
            monotonic=monotonic,
            sleep=sleep,
        )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; raises AssertionError when it never comes, and when a task is left over."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(work)
        left = asyncio.all_tasks(loop)
        assert not left, f"tasks left over: {left}"
        return result
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.close()
