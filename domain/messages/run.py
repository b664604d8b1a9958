"""Begin, end and clock of a run."""

from typing import ClassVar

from domain.config import RunConfig
from domain.messages.base import Message, message
from domain.types import UnixNanos


@message
class RunStarted(Message):
    """First message of every run: who runs, with which resolved configuration. Roles learn settings only here."""

    STREAM: ClassVar[str] = "run/{run_id}"
    run_id: str
    version: str  # of hantrade
    config: RunConfig


@message
class RunEnded(Message):
    """Last message of a run that stopped in order; a run without one was cut off."""

    STREAM: ClassVar[str] = "run/{run_id}"
    run_id: str
    reason: str


@message
class ClockTicked(Message):
    """The system clock, about twice a second. Deadlines and heartbeats are judged by it."""

    STREAM: ClassVar[str] = "clock"
    system_time: UnixNanos
    stepped_back: bool  # True when the clock went backwards since the tick before


@message
class RoleFailed(Message):
    """A role raised; trading stops until a person looks. Said by the core in the role's place."""

    STREAM: ClassVar[str] = "role/{role_name}"
    role_name: str
    at_seq: int  # message that did it
    error: str
    benched: bool = False  # True: its state is not trusted, it is left out until a new run folds the log


@message
class LogSpaceLow(Message):
    """The disk is full; the reserve was freed so that halts and cancels still fit. Trading halts."""

    STREAM: ClassVar[str] = "log"
    error: str
