"""The same kernel without threads: back-tests and tests drive it message by message."""

from collections.abc import Callable

from actors.core.kernel import Kernel, Numbered
from domain.messages import Message
from domain.types import UnixNanos


class InlineCore:
    """Handles inputs at once and keeps what followed."""

    def __init__(self, kernel: Kernel, now: Callable[[], UnixNanos]) -> None:
        """Take a kernel and a clock (venue time in a back-test, a fake clock in tests)."""
        self.kernel = kernel
        self.history: list[Numbered] = []
        self._now = now

    def post(self, message: Message, source: str = "test") -> list[Message]:
        """Handle one input; give all that followed, the input left out."""
        numbered = self.kernel.handle(message, self._now(), source)
        self.history += numbered
        return [item.message for item in numbered[1:]]
