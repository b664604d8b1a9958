"""The way between the event loop and the thread of the control: jobs over, events back, nobody blocked.

A job that is given up before it began never runs; one that runs while it is given up is told apart
(`ControlHung.started`), for an order must know. The control's thread never waits for the loop: events are queued and
the loop is woken once for many.
"""

import asyncio
import enum
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from broker_win.control import Control, Event, RealData
from domain.errors import BrokerUnavailable

T = TypeVar("T")
LOG = logging.getLogger(__name__)
MOST_WAITING: Final = 100_000  # real-time events; about 60 MB of the 2 GB a 32-bit process has
AT_ONCE: Final = 2_048  # events per turn of the loop, so that a burst of quotes does not hold up an order


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


class _State(enum.Enum):
    PENDING = enum.auto()  # handed over, not begun
    RUNNING = enum.auto()  # begun on the control's thread
    DONE = enum.auto()  # ended; what came of it is on its way
    TAKEN_BACK = enum.auto()  # given up before it began: never runs
    ABANDONED = enum.auto()  # given up while it ran: may still take effect


_GIVEN_UP: Final = {_State.PENDING: _State.TAKEN_BACK, _State.RUNNING: _State.ABANDONED}


class Ticket:
    """One job's way. Two threads take the steps, each at once (one lock).

    begin       pending → running
    end         running → done
    give_up     pending → taken back, running → abandoned
    """

    def __init__(self) -> None:
        """Start pending."""
        self._state = _State.PENDING
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Begin, on the control's thread. False: it was taken back and must not run."""
        return self._step(_State.PENDING, _State.RUNNING)

    def end(self) -> bool:
        """End, on the control's thread. False: it was abandoned, nobody waits for what came of it."""
        return self._step(_State.RUNNING, _State.DONE)

    def give_up(self) -> bool | None:
        """Stop waiting, on the loop. Gives whether the job had begun, None when it has ended: its answer is on its way.

        Asked again it says the same.
        """
        with self._lock:
            self._state = _GIVEN_UP.get(self._state, self._state)
            return None if self._state is _State.DONE else self._state is _State.ABANDONED

    def _step(self, start: _State, to: _State) -> bool:
        with self._lock:
            if self._state is not start:
                return False
            self._state = to
            return True


class _Job(Generic[T]):
    """A job with the future that waits for it. Everything but `run` belongs to the loop."""

    def __init__(self, work: Callable[[Control], T], loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.loop = loop
        self.ticket = Ticket()
        self.answer: asyncio.Future[T] = loop.create_future()

    def run(self, control: Control) -> None:
        """Do it, on the control's thread, unless it was given up. What it raises goes to the loop."""
        if not self.ticket.begin():
            return
        try:
            result = self.work(control)
        except Exception as error:  # noqa: BLE001  # raised again where the job is waited for
            self._tell(self._fail, error)
        except BaseException:  # Ctrl-C reached the control's thread here
            self._tell(self._fail, ControlHung("The control's thread was stopped during the job.", started=True))
            raise
        else:
            self._tell(self._succeed, result)

    def give_up(self, timeout_s: float) -> None:
        """Let the waiting end: the time is over."""
        started = self.ticket.give_up()
        if started is not None and not self.answer.done():
            what = "did not end a job" if started else "did not take a job"
            self.answer.set_exception(ControlHung(f"The control's thread {what} in {timeout_s:g} s.", started=started))

    def _tell(self, how: Callable[[Any], None], value: object) -> None:
        if not self.ticket.end():
            LOG.warning("a job that was given up ended with %r", value)
            return
        try:
            self.loop.call_soon_threadsafe(how, value)
        except RuntimeError:  # the loop is closed: nobody is there to hear
            LOG.debug("a job ended behind the loop's end")

    def _succeed(self, result: T) -> None:
        if not self.answer.done():
            self.answer.set_result(result)

    def _fail(self, error: Exception) -> None:
        if self.answer.done():
            return
        if isinstance(error, StopIteration):  # a future cannot carry it
            error = RuntimeError(f"the job raised {error!r}")
        self.answer.set_exception(error)


class _Queue:
    """Events on their way to the loop, in their order. Real-time data is bounded: the oldest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._count = 0
        self._market: deque[tuple[int, Event]] = deque()  # with their place in the order of all
        self._others: deque[tuple[int, Event]] = deque()  # never dropped
        self.dropped = 0

    def put(self, event: Event) -> None:
        with self._lock:
            self._count += 1
            if isinstance(event, RealData):
                if len(self._market) >= self._most:
                    self._market.popleft()
                    self.dropped += 1
                self._market.append((self._count, event))
            else:
                self._others.append((self._count, event))

    def take(self, most: int) -> list[Event]:
        """Give the oldest, in order."""
        with self._lock:
            market, others = self._market, self._others
            if not others:  # nearly always
                return [market.popleft()[1] for _ in range(min(most, len(market)))]
            taken: list[Event] = []
            while len(taken) < most and (market or others):
                older = market if market and (not others or market[0][0] < others[0][0]) else others
                taken.append(older.popleft()[1])
            return taken

    def clear(self) -> None:
        with self._lock:
            self._market.clear()
            self._others.clear()

    def __len__(self) -> int:
        return len(self._market) + len(self._others)


class ThreadBridge:
    """A Bridge to the thread of the control.

    `deliver` and `beat` belong to the control's thread, all else to the loop. Events that come before somebody hears
    wait. When the loop is closed, jobs' ends and events are dropped without a word.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        control: Control,
        monotonic: Callable[[], int],
        *,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """Take the way to the control's thread: `post` runs something there, soon, in the order of its calls."""
        self._post = post
        self._control = control
        self._monotonic = monotonic
        self._queue = _Queue(most_waiting)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hear: Callable[[Sequence[Event]], None] = lambda _events: None
        self._woken = False  # a wake is on its way to the loop and has not begun
        self._closed = False
        self._beat_at = monotonic()

    # ---- the loop's end ------------------------------------------------------------------------------------------

    async def run(self, job: Callable[[Control], T], timeout_s: float = 5.0) -> T:
        """Run a job on the control's thread and give its result. Raises ControlHung, and what the job raised.

        Who is cancelled while waiting takes the job back if it has not begun; one that has begun goes on unheard.
        """
        loop = asyncio.get_running_loop()
        one = _Job(job, loop)
        try:
            self._post(lambda: one.run(self._control))
        except RuntimeError as error:  # Qt's objects are gone
            one.ticket.give_up()
            raise ControlHung(f"The control's thread has ended: {error}.", started=False) from error
        timer = loop.call_later(timeout_s, one.give_up, timeout_s)
        try:
            return await one.answer
        except asyncio.CancelledError:
            one.ticket.give_up()
            raise
        finally:
            timer.cancel()

    def on_events(self, hear: Callable[[Sequence[Event]], None]) -> None:
        """Hear events on the running loop, in the order in which the slots made them, many at a time. Set once."""
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._wake()

    @property
    def beat_age_s(self) -> float:
        """Give how long ago the control's thread showed a sign of life (its timer)."""
        return (self._monotonic() - self._beat_at) / 1e9

    @property
    def dropped(self) -> int:
        """Give how many real-time events were dropped because the loop did not keep up."""
        return self._queue.dropped

    @property
    def waiting(self) -> int:
        """Give how many events wait for the loop."""
        return len(self._queue)

    def _drain(self) -> None:
        # Before taking: an event put after the last `take` then finds no wake on its way and sends one.
        self._woken = False
        events = self._queue.take(AT_ONCE)
        if not events:
            return
        try:
            self._hear(events)
        except Exception:
            LOG.exception("hearing %d events of the control failed", len(events))
        if self._queue:
            self._wake()

    # ---- the control's end ---------------------------------------------------------------------------------------

    def deliver(self, event: Event) -> None:
        """Hand an event to the loop; returns at once."""
        if self._closed:
            return
        self._queue.put(event)
        if not self._woken:
            self._wake()

    def beat(self) -> None:
        """Show a sign of life."""
        self._beat_at = self._monotonic()

    def _wake(self) -> None:
        if self._loop is None:
            return
        self._woken = True
        try:
            self._loop.call_soon_threadsafe(self._drain)
        except RuntimeError:  # the loop is closed
            self._closed = True
            self._queue.clear()
