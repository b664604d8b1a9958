"""The way between the event loop and the thread of the control: jobs over, events back, nobody blocked.

A job that is given up before it began never runs; one that runs while it is given up is told apart (`Started`), for an
order must know. The control's thread never waits for the loop: events are queued and the loop is woken once for many.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from broker_win.control import Control, Event
from domain.errors import BrokerUnavailable

T = TypeVar("T")


class ControlHung(BrokerUnavailable):
    """The control's thread did not take the job in time, or did not end it.

    `started` is False when the job never began and never will; True when it may still take effect.
    """

    def __init__(self, text: str, *, started: bool) -> None:
        """Keep whether the job began."""
        super().__init__(text)
        self.started = started


class Bridge(Protocol):
    """The loop's end."""

    async def run(self, job: Callable[[Control], T], timeout_s: float = 5.0) -> T:
        """Run a job on the control's thread and give its result. Raises ControlHung, and what the job raised."""

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        """Hear events on the loop, in the order in which the slots made them, many at a time. Set once, before any."""

    @property
    def beat_age_s(self) -> float:
        """Give how long ago the control's thread showed a sign of life (its timer)."""
