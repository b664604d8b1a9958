"""How an edge talks to the core."""

from collections.abc import Callable
from typing import Protocol

from domain.messages import Message


class Post(Protocol):
    """Lets an input in, from any thread."""

    def __call__(
        self, message: Message, *, source: str, urgent: bool = False, on_committed: Callable[[], None] | None = None
    ) -> None:
        """Put the message at the door; `on_committed` runs on the core's thread once it is durable."""
