"""What the parts of the emulated control share. All of it lives on the thread of the control."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from broker_win.control import Value


@dataclass(frozen=True, slots=True)
class Emission:
    """One event of the control: its signal, the arguments, and what the getters may read while it lasts."""

    signal: str  # OnReceiveTrData …
    arguments: tuple[Value, ...]
    data: object = None


@dataclass(frozen=True, slots=True)
class TrData:
    """What the getters read of one answer (OnReceiveTrData): the single record, and the rows of the multi record.

    Strings as the control gives them; for an order the single field 주문번호. Chejan and real data: Mapping[int, str].
    """

    single: Mapping[str, str]
    rows: Sequence[Sequence[str]] = ()
    columns: Sequence[str] = ()


class Emitter(Protocol):
    """Sends events in the order of their times; none while a modal dialog stands open (they come when it is closed)."""

    @property
    def now(self) -> int:
        """Give monotonic time in ns."""

    def emit(self, emission: Emission, after_ms: int = 0) -> None:
        """Send an event so much later."""

    def later(self, after_ms: int, act: Callable[[], None]) -> None:
        """Do something so much later, on this thread."""
