"""What stands behind the emulated control: calls in, events out. All of it on the thread that made the control.

While `send` runs, the slots of the control's owner run, and they call back: then, and only then, the getters of that
event give its data (kiwoom.md 1.0 rule 4). Outside an event they give what the real control gives: "" or 0.
Until the slots have returned `due` is not called: an event loop nested in a slot waits in vain, as it does on Windows.
"""

from collections.abc import Callable
from typing import Any, Protocol

from broker_win.control import Value
from broker_win.emulator.parts import Emission


class EnginePort(Protocol):
    """The emulated Kiwoom without Qt."""

    def bind(self, send: Callable[[Emission], None], wake: Callable[[], None]) -> None:
        """Take the way out, once, before any call.

        `send` hands over one event and returns when every slot has run. `wake` says that `next_at` has changed. It may
        be called from any place and any thread, `send` included: it never calls back, it only has `next_at` asked soon.
        """

    def call(self, method: str, arguments: tuple[Value, ...]) -> Any:
        """Call one method with as many arguments as it takes, texts and integers.

        Gives a str, an int, for GetCommDataEx a list of lists of str, or None for a method that gives nothing. A
        method the engine does not play raises KeyError, which the control makes the None of an unknown method.
        """

    def due(self) -> None:
        """Send everything that is due when it is called, in order, by `send`."""

    def next_at(self) -> int | None:
        """Give when something is due next (monotonic ns), None when nothing waits."""

    def close(self) -> None:
        """Hang up: nothing is sent from here on."""
