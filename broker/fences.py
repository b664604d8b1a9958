"""Which order session of a caller is the newest. An older one may only cancel and close the gate.

A message of an old session may still float in a half-open connection when its caller has long reconnected, resolved
what it sent and set the gate anew. Whatever it asks for would then be news to everybody.
"""

import asyncio
from weakref import WeakValueDictionary

from domain.types import Gate

_OPENNESS = {Gate.CANCELS_ONLY: 0, Gate.EXITS_ONLY: 1, Gate.OPEN: 2}


class _Caller:
    def __init__(self) -> None:
        self.newest = 0


class Entry:
    """One session's place among those of its caller. A caller without a name is a stranger to everybody."""

    def __init__(self, caller: _Caller) -> None:
        """Become the newest."""
        self._caller = caller
        caller.newest += 1
        self._number = caller.newest

    @property
    def is_stale(self) -> bool:
        """Tell whether a newer session of the same caller was opened."""
        return self._number != self._caller.newest


class Fences:
    """All sessions of one server. Lives on its event loop."""

    def __init__(self) -> None:
        """Start without a session."""
        # A caller is remembered as long as a session of it, or a request of such a session, is about.
        self._callers: WeakValueDictionary[str, _Caller] = WeakValueDictionary()
        self.gate_lock = asyncio.Lock()  # a gate is compared and set in one piece

    def enter(self, client_name: str) -> Entry:
        """Note a session that opens: it fences off older ones of the same name."""
        caller = (self._callers.get(client_name) if client_name else None) or _Caller()
        if client_name:
            self._callers[client_name] = caller
        return Entry(caller)


def opens(now: Gate, wanted: Gate) -> bool:
    """Tell whether a level lets more pass than the one in force."""
    return _OPENNESS[wanted] > _OPENNESS[now]
