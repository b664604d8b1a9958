"""A small engine for tests of the Qt side: it says what it is told to say."""

from collections.abc import Callable
from typing import Any

from broker_win.control import Value
from broker_win.emulator.parts import Emission

GETTERS = {"GetCommData", "GetRepeatCnt", "GetCommDataEx", "GetCommRealData", "GetChejanData"}


class FakeEngine:
    """`answers` by method, values or functions of the arguments; while an event lasts, its data answers the getters."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[Any, ...]] = []
        self.queue: list[Emission] = []
        self.closed = False
        self._now: dict[str, Any] = {}

    def bind(self, send: Callable[[Emission], None], wake: Callable[[], None]) -> None:
        self._send, self.wake = send, wake

    def call(self, method: str, arguments: tuple[Value, ...]) -> Any:
        self.calls.append((method, *arguments))
        answer = self._now.get(method, "") if method in GETTERS else self.answers[method]
        return answer(*arguments) if callable(answer) else answer

    def say(self, signal: str, *arguments: Value, **getters: Any) -> None:
        """Send an event soon; `getters` by name of the method, values or functions, answer while it lasts."""
        self.queue.append(Emission(signal, arguments, getters))
        self.wake()

    def due(self) -> None:
        queue, self.queue = self.queue, []
        for emission in queue:
            self._now = emission.data  # type: ignore[assignment]  # what `say` put there
            try:
                self._send(emission)
            finally:
                self._now = {}

    def next_at(self) -> int | None:
        return 0 if self.queue else None

    def close(self) -> None:
        self.closed = True
