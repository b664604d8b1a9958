"""Screens of orders in flight: one each, until the order's number is known. Its events need none from then on."""

from collections.abc import Callable, Collection
from typing import Final, Protocol

from domain.errors import RequestRefused

POOL: Final = "orders"


class ScreenPool(Protocol):
    """Where screen numbers come from: broker_win.screens.Screens."""

    def take(self, pool: str) -> str:
        """Give a screen. Raises RequestRefused when there is none."""

    def give_back(self, screen: str) -> None:
        """Free a screen."""


class OrderScreens:
    """Which request of this process holds which screen."""

    def __init__(self, pool: ScreenPool) -> None:
        """Take them from a pool."""
        self._pool = pool
        self._taken: dict[str, str] = {}  # request -> screen

    def take(self, request_id: str, avoid: Collection[str]) -> str:
        """Give a request a screen, none on which another order may still answer (of an earlier process, too).

        Where there is none any more, the order that waits longest shares its own: requests that nothing ever answered
        must not keep a cancel from going. Raises RequestRefused when others hold them all.
        """
        skipped: list[str] = []
        try:
            while (screen := self._pool.take(POOL)) in avoid:
                skipped.append(screen)
        except RequestRefused:
            if not skipped and not self._taken:
                raise
            screen = self._longest_waiting(skipped)
        finally:
            for other in skipped:
                self._pool.give_back(other)
        self._taken[request_id] = screen
        return screen

    def _longest_waiting(self, earlier: list[str]) -> str:
        """Give a screen of an earlier process's order, else that of our oldest."""
        if earlier:
            return earlier.pop(0)
        return self._taken.pop(next(iter(self._taken)))

    def free(self, is_open: Callable[[str], bool]) -> None:
        """Give back the screens of requests whose number is no longer waited for."""
        for request_id in [name for name in self._taken if not is_open(name)]:
            self._pool.give_back(self._taken.pop(request_id))
