"""The PC's clock as the Windows process sees it. Injected everywhere: tests and the emulator bring their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.types import UnixNanos


@dataclass(frozen=True, slots=True)
class Clock:
    """Three clocks of one machine."""

    venue: Callable[[], UnixNanos]  # UTC ns; dates and times of the venue. The PC's own clock, the emulator's with one
    system: Callable[[], UnixNanos]  # UTC ns; deadlines of requests
    monotonic: Callable[[], int]  # ns, only goes forward; windows and time-outs
    sleep: Callable[[float], Awaitable[object]]  # seconds of `monotonic`
