"""Begin, end and clock of a run, and what the core itself says."""

from dataclasses import dataclass
from typing import Any, ClassVar

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
    system_time: UnixNanos  # never back; logs of versions before `stepped_back_ms` may hold steps back
    stepped_back: bool  # True when the machine's clock was put back since the tick before
    stepped_back_ms: int = 0  # by how much; at a start against the newest event of the log


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


@dataclass(frozen=True, slots=True)
class RoleState:
    """State of one role as plain JSON values, see actors/core/state.py."""

    version: int  # STATE_VERSION of the role that made it
    state: dict[str, Any]  # attribute -> value; other than JSON's own types are objects with a `$` that names them


@message
class StateCarried(Message):
    """First message of a log that follows another: where that one ended and every role's state there."""

    STREAM: ClassVar[str] = "log"
    previous_log_id: str
    previous_seq: int
    previous_hash: str  # head of the hash chain there, hex
    states: dict[str, RoleState]  # role -> state
    renewed: str = ""  # why the log before got a new identity here, e.g. restored from a backup; empty: the day rolled


@message
class StateChecked(Message):
    """The snapshot this run started from, against the fold of the log from its first event."""

    STREAM: ClassVar[str] = "snapshot"
    at_seq: int  # of the snapshot
    agreed: bool
    differences: tuple[str, ...]  # the first few, in words; none means they agree


@message
class InputRefused(Message):
    """An input held a number that the log cannot keep (NaN, infinity). Nobody heard it. Said by the core."""

    STREAM: ClassVar[str] = "input/{source}"
    source: str  # edge it came from
    type: str
    error: str
