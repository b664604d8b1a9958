"""A limit of so many a second, as Kiwoom counts: over any second of system time; one too many is refused."""

from broker.pacer import Window


class Rate:
    """Counts what passed in the last second."""

    def __init__(self, per_second: int, penalty_ns: int = 0) -> None:
        """Let `per_second` pass (0: all); one too many shuts the way for the penalty."""
        self._window = Window(per_second)
        self._penalty = penalty_ns
        self._shut_until = 0

    def passes(self, now: int) -> bool:
        """Tell whether one more passes at a system time (ns); it is counted if it does."""
        if not self._window.per_second:
            return True
        if now < self._shut_until:
            return False
        if self._window.free_at(now) > now:
            self._shut_until = now + self._penalty
            return False
        self._window.passed(now)
        return True
