"""The order of events: number, hand on, number what follows, depth first.

Pure and single-threaded, so that live trading, back-test and replay run the very same code. For each message all its
hearers `evolve` first (so the sequence is the order in which states changed, and recovery can fold it), then each
`decide`s in the fixed order of roles; every output is numbered and followed to its end before the next.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from actors.core.role import Role
from domain.messages import Message, Stamp
from domain.messages.run import RoleFailed
from domain.messages.trading import GateChanged
from domain.types import Gate, UnixNanos

MAX_FOLLOW_UPS = 100_000  # of one input; more is a loop between roles
INPUT = 0  # causation of a message that came through the door


class Numbered(NamedTuple):
    """A message with its place in the log."""

    stamp: Stamp
    message: Message
    causation_seq: int  # 0 for an input
    role: str  # role that said it, or the edge an input came from


class Kernel:
    """Roles in a fixed order, and the numbering."""

    def __init__(self, roles: Sequence[Role], log_id: str, last_seq: int = 0) -> None:
        """Take the roles in the order in which they decide. Raises ValueError when two share a name."""
        self.roles = tuple(roles)
        self.log_id = log_id
        self.last_seq = last_seq
        self.benched: dict[str, str] = {}  # role that raised while evolving -> error; its state is not trusted
        self._by_name = {role.NAME: role for role in self.roles}
        if len(self._by_name) != len(self.roles):
            raise ValueError("two roles share a name")
        self._hearers: dict[type[Message], tuple[Role, ...]] = {}

    def role(self, name: str) -> Role:
        """Give a role by name. Raises KeyError."""
        return self._by_name[name]

    def handle(self, message: Message, system_time: UnixNanos, source: str) -> list[Numbered]:
        """Number one input and everything that follows from it."""
        numbered: list[Numbered] = []
        self._follow(message, system_time, INPUT, source, None, numbered)
        return numbered

    def fold(self, message: Message, stamp: Stamp, said_by: str) -> None:
        """Evolve over one message of the past; nobody decides. A role that raises is benched, as it was then."""
        self.last_seq = stamp.seq
        for role in self._evolvers(message, self._by_name.get(said_by)):
            if role.NAME in self.benched:
                continue
            try:
                role.evolve(message, stamp)
            except Exception as error:  # noqa: BLE001  # the role is benched; the log already tells of it
                self.benched[role.NAME] = _describe(error)

    def _hearing(self, kind: type[Message]) -> tuple[Role, ...]:
        hearers = self._hearers.get(kind)
        if hearers is None:
            hearers = self._hearers[kind] = tuple(role for role in self.roles if kind in role.HEARS)
        return hearers

    def _evolvers(self, message: Message, speaker: Role | None) -> Iterable[Role]:
        hearers = self._hearing(type(message))
        if speaker is None or speaker in hearers:
            return hearers
        return (speaker, *hearers)

    def _follow(
        self,
        message: Message,
        system_time: UnixNanos,
        causation: int,
        said_by: str,
        speaker: Role | None,
        numbered: list[Numbered],
    ) -> None:
        if len(numbered) >= MAX_FOLLOW_UPS:
            raise RuntimeError(f"more than {MAX_FOLLOW_UPS} messages follow from one input: roles answer each other")
        self.last_seq += 1
        stamp = Stamp(self.last_seq, system_time, self.log_id)
        numbered.append(Numbered(stamp, message, causation, said_by))
        failures: list[tuple[Role, str]] = []
        for role in self._evolvers(message, speaker):
            if role.NAME in self.benched:
                continue
            try:
                role.evolve(message, stamp)
            except Exception as error:  # noqa: BLE001  # one role's bug must not take the others down
                self.benched[role.NAME] = _describe(error)
                failures.append((role, _describe(error)))
        for role in self._hearing(type(message)):
            if role.NAME in self.benched:
                continue
            try:
                outputs = tuple(role.decide(message, stamp))
            except Exception as error:  # noqa: BLE001  # as above; decide changed nothing
                failures.append((role, _describe(error)))
                continue
            for output in outputs:
                self._follow(output, system_time, stamp.seq, role.NAME, role, numbered)
        for role, error_text in failures:
            self._report(role, error_text, stamp, numbered)

    def _report(self, role: Role, error: str, stamp: Stamp, numbered: list[Numbered]) -> None:
        failed = RoleFailed(role.NAME, stamp.seq, error)
        self._follow(failed, stamp.system_time, stamp.seq, "core", None, numbered)
        if role.NAME == "trading_day":  # nobody else can close the gate
            shut = GateChanged(Gate.CANCELS_ONLY, f"trading_day failed: {error}")
            self._follow(shut, stamp.system_time, stamp.seq, "core", None, numbered)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
