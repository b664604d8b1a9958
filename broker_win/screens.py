"""Screen numbers: how requests, orders and registrations are told apart in Kiwoom's events.

At most 200 distinct screens may be in use in one process; beyond that data mixes up (facts: kiwoom.md 1.2). The pools
together are no more, so the limit holds even if Kiwoom never forgets a screen it has seen.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final

from domain.errors import InvariantError, RequestRefused

MOST_SCREENS: Final = 200
POOLS: Final[Mapping[str, range]] = {
    "queries": range(1000, 1040),
    "orders": range(2000, 2050),  # one per order in flight: 5 a second, 5 s until one is given up, twice that
    "real": range(3000, 3100),  # 100 codes each
    "conditions": range(4000, 4010),  # 10 conditions may run in real time
}


class Screens:
    """Who has which screen. Pure: used on the event loop."""

    def __init__(self, pools: Mapping[str, range] = POOLS) -> None:
        """Start with every screen free."""
        self._free = {pool: deque(f"{number:04d}" for number in numbers) for pool, numbers in pools.items()}
        self._taken: dict[str, str] = {}  # screen -> pool

    def take(self, pool: str) -> str:
        """Give the screen of a pool that has been free the longest: events of its last use have long come.

        Raises RequestRefused NO_SCREEN when all are in use, InvariantError for another pool.
        """
        free = self._free.get(pool)
        if free is None:
            raise InvariantError(f"pool of screens expected one of {', '.join(self._free)}, was {pool!r}")
        if not free:
            count = len(self._pool(pool))
            raise RequestRefused(
                "NO_SCREEN",
                f"all {count} screens for {pool} are in use",
                field="screens",
                value=pool,
                allowed=f"at most {count} at once",
            )
        screen = free.popleft()
        self._taken[screen] = pool
        return screen

    def give_back(self, screen: str) -> None:
        """Free a screen. Raises InvariantError when it is not in use."""
        pool = self._taken.pop(screen, None)
        if pool is None:
            raise InvariantError(f"screen given back expected to be in use, was {screen!r}")
        self._free[pool].append(screen)

    def in_use(self) -> dict[str, tuple[str, ...]]:
        """Give the screens in use by pool, in the order in which they were taken; a pool without any is there, too."""
        return {pool: self._pool(pool) for pool in self._free}

    def _pool(self, pool: str) -> tuple[str, ...]:
        return tuple(screen for screen, its in self._taken.items() if its == pool)
