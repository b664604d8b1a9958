"""What a message is: a frozen, slotted dataclass with a stream, known by its class name in the log."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform

from domain.types import UnixNanos

MESSAGES: dict[str, type["Message"]] = {}  # type name in the log -> class


class Stamp(NamedTuple):
    """Where and when a message stands in the log; the same on replay."""

    seq: int  # place in the log, from 1
    system_time: UnixNanos  # when the input that led here came through the door
    log_id: str  # identity of the log; ids derive from it


class Message:
    """Anything that goes through the core."""

    __slots__ = ()
    STREAM: ClassVar[str] = "misc"  # subject, `{field}` is filled in from the message
    IS_EFFECT: ClassVar[bool] = False  # handed to an edge after the commit
    SENDS_ORDER: ClassVar[bool] = False  # its commit must be on the disk before it is released

    def stream(self) -> str:
        """Give the subject this message is about, e.g. `order/…`."""
        kind: Any = type(self)
        prefix, field = _subject(kind)
        return f"{prefix}{getattr(self, field)}" if field else prefix

    def when(self) -> UnixNanos | None:
        """Give the venue time of what happened, None when it has none."""
        return getattr(self, "venue_time", None) or None  # 0 before the first quote: not a time


@cache
def _subject(kind: Any) -> tuple[str, str]:
    """Split STREAM into its fixed beginning and the field behind it, empty when there is none."""
    prefix, _, field = kind.STREAM.partition("{")
    return prefix, field.removesuffix("}")


M = TypeVar("M", bound=type[Message])


@dataclass_transform(frozen_default=True)
def message(cls: M) -> M:
    """Make a message class: frozen, slotted, registered under its name. Raises ValueError on a name used twice."""
    made = dataclass(frozen=True, slots=True)(cls)
    if made.__name__ in MESSAGES:
        raise ValueError(f"two messages are called {made.__name__}")
    if made.STREAM.count("{") > 1 or ("{" in made.STREAM and not made.STREAM.endswith("}")):
        raise ValueError(f"{made.__name__} expected a stream with at most one field, at its end, was {made.STREAM!r}")
    MESSAGES[made.__name__] = made
    return made  # type: ignore[return-value]  # dataclass(slots=True) gives a new class of the same type
