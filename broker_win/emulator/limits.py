"""What the real control enforces: how many queries and orders it lets out, and how many screens there are.

Source: kiwoom.md 4.1. The counts of the longer windows are not published, so the plan has them.
"""

from collections import deque
from typing import Final

from domain.types import NANOS_PER_SECOND

TOO_MANY: Final = -200
TOO_MANY_ORDERS: Final = -308
MOST_SCREENS: Final = 200
# The official board: over 5/s once, wait 17 s; 5 times on end, 90 s; 10 times, 180 s. On end means here: without a
# query let out between them.
PENALTIES: Final = ((10, 180), (5, 90), (1, 17))


class Window:
    """A sliding window."""

    def __init__(self, most: int, seconds: int) -> None:
        """Let `most` pass in so many seconds."""
        self._most = most
        self._length = seconds * NANOS_PER_SECOND
        self._times: deque[int] = deque()

    def is_full(self, now: int) -> bool:
        """Tell whether one more is too many."""
        while self._times and self._times[0] <= now - self._length:
            self._times.popleft()
        return len(self._times) >= self._most

    def take(self, now: int) -> None:
        """Count one."""
        self._times.append(now)


class QueryLimit:
    """CommRqData, CommKwRqData and SendCondition together."""

    def __init__(self, per_second: int, per_minute: int, per_hour: int) -> None:
        """Start with empty windows."""
        self._second, self._minute, self._hour = Window(per_second, 1), Window(per_minute, 60), Window(per_hour, 3_600)
        self._refused = 0  # on end
        self._until = 0  # monotonic ns, end of the penalty
        self.login_demanded = False  # the hour was used up: nothing passes until somebody logs in again

    def ask(self, now: int) -> int:
        """Count a query at a monotonic time (ns). Gives 0 or -200."""
        if self.login_demanded:
            return TOO_MANY
        if now < self._until or self._second.is_full(now):
            self._refused += 1
            wait = next(seconds for times, seconds in PENALTIES if self._refused >= times)
            self._until = max(self._until, now + wait * NANOS_PER_SECOND)
            return TOO_MANY
        if self._hour.is_full(now):
            self.login_demanded = True
            return TOO_MANY
        if self._minute.is_full(now):
            return TOO_MANY
        for window in (self._second, self._minute, self._hour):
            window.take(now)
        self._refused = 0
        return 0


class OrderLimit:
    """SendOrder, apart from the queries."""

    def __init__(self, per_second: int) -> None:
        """Start with an empty window."""
        self._second = Window(per_second, 1)

    def ask(self, now: int) -> int:
        """Count an order at a monotonic time (ns). Gives 0 or -308; one refused does not count."""
        if self._second.is_full(now):
            return TOO_MANY_ORDERS
        self._second.take(now)
        return 0


class Screens:
    """The control has room for 200 screens. One more shares the place of another: its data comes under that name.

    A screen is in use from its first request on until DisconnectRealData.
    """

    def __init__(self) -> None:
        """Start with none in use."""
        self._places: dict[str, str] = {}  # screens in use -> under which name their data comes
        self._next = 0

    def use(self, screen: str) -> str:
        """Take a screen into use; give the name under which its answers and real-time data come."""
        found = self._places.get(screen)
        if found is None:
            owners = [name for name, place in self._places.items() if name == place]
            if len(owners) < MOST_SCREENS:
                found = screen
            else:
                found = owners[self._next % MOST_SCREENS]
                self._next += 1
            self._places[screen] = found
        return found

    def release(self, screen: str) -> str:
        """Take a screen out of use; give the name under which its data came."""
        return self._places.pop(screen, screen)

    def shown(self, screen: str) -> str:
        """Give the name under which a screen's data comes, its own when it is not in use."""
        return self._places.get(screen, screen)


def is_screen(screen: str) -> bool:
    """Tell whether it may be used: 4 digits, not 0000."""
    return len(screen) == 4 and screen.isascii() and screen.isdigit() and screen != "0000"
