"""The wire gate on our side: set on the core's thread as part of the release, read at the last step before the wire.

It is in force here when it is set. At the broker it is in force once the receipt came back: whoever promises that to a
person waits for it here, on a thread of their own, so that the core waits for nobody.
"""

import threading

from domain.types import Gate, Purpose

NOT_TOLD = 0  # number of a level that is not the newest any more


class WireGate:
    """Holds one level, and which of the levels so far the broker has confirmed. Any thread may call."""

    def __init__(self, level: Gate = Gate.CANCELS_ONLY) -> None:
        """Start shut; the log's last level opens it."""
        self.stalled = False  # the core does not move: nobody decides what goes out, so only cancels do
        self._level = level
        self._number = 1  # of the level in force, counted from the first
        self._confirmed = NOT_TOLD  # newest number the broker has in force
        self._is_told = False  # an order session is open, and the broker was told
        self._changed = threading.Condition()

    @property
    def level(self) -> Gate:
        """Give the level in force here."""
        return self._level

    @level.setter
    def level(self, level: Gate) -> None:
        with self._changed:
            self._level = level  # one assignment: it is read without the lock
            self._number += 1

    def passes(self, purpose: Purpose) -> bool:
        """Tell whether a new or changed order of this purpose may go out now."""
        return (Gate.CANCELS_ONLY if self.stalled else self._level).passes(purpose)

    # ---- at the broker -----------------------------------------------------------------------------------------

    def tells(self, level: Gate) -> int:
        """Note that the broker is told a level; give the number it is to confirm, NOT_TOLD for one of the past."""
        with self._changed:
            self._is_told = True
            return self._number if level is self._level else NOT_TOLD

    def confirms(self, number: int) -> None:
        """Note that the broker has a level in force."""
        with self._changed:
            self._confirmed = max(self._confirmed, number)
            self._changed.notify_all()

    def unhears(self) -> None:
        """Note that the order session is over: what was not confirmed will not be, and what was may not last."""
        with self._changed:
            self._is_told, self._confirmed = False, NOT_TOLD
            self._changed.notify_all()

    def await_broker(self, timeout_s: float) -> str:
        """Wait until the broker has the level that is in force here now, too. Give why that is not known; else empty.

        While no order session is open nobody is waited for: the broker is told when one opens, before anything else.
        """
        with self._changed:
            wanted = self._number
            self._changed.wait_for(lambda: self._confirmed >= wanted or not self._is_told, timeout_s)
            if self._confirmed >= wanted:
                return ""
            if not self._is_told:
                return "the orders link is down: it is in force here, the broker is told when the link is back"
            return f"it is in force here, the broker did not confirm it within {timeout_s:g} s"
