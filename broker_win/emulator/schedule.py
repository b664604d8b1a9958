"""The queue of everything still to happen: events of the control, and things to do, in the order of their times.

While a modal dialog stands, events that fall due are kept back and come, in their order, when it is closed; data that
streams is lost meanwhile. Things to do (the servers' side) go on. A slot may run the queue again (a nested event loop).
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

from broker_win.emulator.desktop_port import Desktop
from broker_win.emulator.parts import Emission

NS_PER_MS: Final = 1_000_000
LOOK_EVERY: Final = 50 * NS_PER_MS  # between two looks at a dialog that stands
STREAMED: Final = frozenset({"OnReceiveRealData", "OnReceiveRealCondition"})

Passes = Callable[[Emission], bool]


class Schedule:
    """An Emitter (parts.py)."""

    def __init__(self, monotonic: Callable[[], int], desktop: Desktop, passes: Passes = lambda _: True) -> None:
        """Wait for `bind`. `passes` is asked when an event falls due; one that does not pass never comes."""
        self._monotonic = monotonic
        self._desktop = desktop
        self._passes = passes
        self._heap: list[tuple[int, int, Emission | Callable[[], None]]] = []
        self._held: deque[Emission] = deque()
        self._dialogs: list[tuple[str, Callable[[], None] | None]] = []  # open ones that stop events, and what follows
        self._windows: list[tuple[str, Callable[[], None] | None]] = []  # open ones that do not
        self._number = 0
        self._looked_at = 0
        self._send: Callable[[Emission], None] = lambda _: None
        self._wake: Callable[[], None] = lambda: None
        self._closed = False
        self._open: list[Emission] = []  # events whose slots run now, the innermost last

    def bind(self, send: Callable[[Emission], None], wake: Callable[[], None]) -> None:
        """Take the way out."""
        self._send, self._wake = send, wake

    @property
    def now(self) -> int:
        """Give monotonic time in ns."""
        return self._monotonic()

    @property
    def current(self) -> Emission | None:
        """Give the event whose slots run now, None outside of one."""
        return self._open[-1] if self._open else None

    @property
    def is_stopped(self) -> bool:
        """Tell whether a modal dialog stands, as far as seen."""
        return bool(self._dialogs)

    def emit(self, emission: Emission, after_ms: int = 0) -> None:
        """Send an event so much later."""
        self._push(after_ms, emission)

    def later(self, after_ms: int, act: Callable[[], None]) -> None:
        """Do something so much later."""
        self._push(after_ms, act)

    def open_dialog(self, title: str, text: str, then: Callable[[], None] | None = None, *, stops: bool = True) -> None:
        """Open a dialog; `then` runs once it is closed. While one that `stops` stands, no event is sent."""
        found = (self._desktop.open(title, text), then)
        (self._dialogs if stops else self._windows).append(found)
        self._looked_at = self.now
        self._wake()

    def due(self) -> None:
        """Send everything that is due, in order."""
        if self._closed:
            return
        self._look()
        now = self.now
        while not self._closed:
            if self._held and not self._dialogs:
                self._give(self._held.popleft())
            elif self._heap and self._heap[0][0] <= now:
                self._take(heappop(self._heap)[2])
            else:
                return

    def next_at(self) -> int | None:
        """Give when something is due next (monotonic ns), None when nothing waits."""
        if self._closed:
            return None
        times = [self._heap[0][0]] if self._heap else []
        if self._held and not self._dialogs:
            times.append(self.now)
        if self._dialogs or self._windows:
            times.append(self._looked_at + LOOK_EVERY)
        return min(times, default=None)

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._heap.clear()
        self._held.clear()

    def _push(self, after_ms: int, what: Emission | Callable[[], None]) -> None:
        if self._closed:
            return
        self._number += 1
        heappush(self._heap, (self.now + after_ms * NS_PER_MS, self._number, what))
        if self._heap[0][1] == self._number:
            self._wake()

    def _take(self, what: Emission | Callable[[], None]) -> None:
        if not isinstance(what, Emission):
            what()
        elif not self._dialogs:
            self._give(what)
        elif what.signal not in STREAMED:
            self._held.append(what)

    def _give(self, emission: Emission) -> None:
        if not self._passes(emission):
            return
        self._open.append(emission)
        try:
            self._send(emission)
        finally:
            self._open.pop()

    def _look(self) -> None:
        if not (self._dialogs or self._windows):
            return
        self._looked_at = self.now
        ended: list[Callable[[], None]] = []
        for windows in (self._dialogs, self._windows):
            closed = [one for one in windows if not self._desktop.is_open(one[0])]
            for one in closed:
                windows.remove(one)
            ended += [then for _, then in closed if then is not None]
        for then in ended:
            then()
