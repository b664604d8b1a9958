"""What a role is: a deterministic Pykka actor that shares the core's thread."""

from collections.abc import Iterable
from typing import Any, ClassVar

from actors.core.actor import CoreActor
from domain.messages import Message, Stamp


class Role(CoreActor):
    """Private state and two methods. No clock, I/O, threads, randomness, settings or made-up ids inside.

    `evolve` is the only change of state: for what the role hears, and for its own outputs once they are numbered.
    `decide` follows it for what the role hears and changes nothing. Recovery calls `evolve` only.
    """

    NAME: ClassVar[str]  # as in the log
    HEARS: ClassVar[tuple[type[Message], ...]]
    SAYS: ClassVar[tuple[type[Message], ...]]
    STATE_VERSION: ClassVar[int] = 1  # raised when the meaning of the state changes; keys snapshots
    GIVEN: ClassVar[frozenset[str]] = frozenset()  # attributes set by the constructor for good: no part of the state

    def evolve(self, message: Any, stamp: Stamp) -> None:
        """Fold one message into the state."""

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        """Answer one heard message. Changes no state."""
        return ()

    def view(self, query: Any) -> Any:
        """Answer a question about the state, for `ask` from outside. Changes no state."""
        raise TypeError(f"{self.NAME} cannot answer {type(query).__name__}")

    def on_receive(self, message: Any) -> Any:
        """Answer questions asked through Pykka; messages of the core do not come this way."""
        return self.view(message)
