"""The order of events: number, hand on, number what follows, depth first.

Pure and single-threaded, so that live trading, back-test and replay run the very same code. For each message all its
hearers `evolve` first (so the sequence is the order in which states changed, and recovery can fold it), then each
`decide`s in the fixed order of roles; every output is numbered and followed to its end before the next.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from actors.core.role import Role
from actors.core.state import dump, load
from domain.errors import InvariantError, LogError
from domain.messages import Message, Stamp
from domain.messages.finite import refuse_non_finite
from domain.messages.operator import ResumeRequested
from domain.messages.run import InputRefused, RoleFailed, RoleState, RunStarted, StateCarried
from domain.messages.trading import GateChanged, NoticeRaised
from domain.types import Gate, Severity, UnixNanos

MAX_FOLLOW_UPS = 100_000  # of one input; more is a loop between roles
MAX_DEPTH = 200  # of one chain of consequences; a sound chain is about a dozen long
MAX_REPORTS = 20  # failures of one role that are told; a role that fails on every quote must not flood the log
CORE = "core"  # who says what the kernel itself says
NOTED = frozenset({RoleFailed, RunStarted, ResumeRequested, StateCarried})  # what the kernel itself follows
INPUT = 0  # causation of a message that came through the door


class Numbered(NamedTuple):
    """A message with its place in the log."""

    stamp: Stamp
    message: Message
    causation_seq: int  # 0 for an input
    role: str  # role that said it, or the edge an input came from


class KernelState(NamedTuple):
    """Everything a kernel knows behind one event of the log: what a snapshot holds."""

    last_seq: int
    roles: dict[str, RoleState]
    benched: dict[str, str]
    told: dict[str, list[str]]


class Kernel:
    """Roles in a fixed order, and the numbering."""

    def __init__(self, roles: Sequence[Role], log_id: str, last_seq: int = 0) -> None:
        """Take the roles in the order in which they decide. Raises ValueError when two share a name."""
        self.roles = tuple(roles)
        self.log_id = log_id
        self.last_seq = last_seq
        self.benched: dict[str, str] = {}  # role that raised while evolving -> error; its state is not trusted
        self._told: dict[str, list[str]] = {}  # role -> errors reported since a run began or a person resumed
        self._by_name = {role.NAME: role for role in self.roles}
        if len(self._by_name) != len(self.roles):
            raise ValueError("two roles share a name")
        self._hearers: dict[type[Message], tuple[Role, ...]] = {}
        self._evolvers: dict[tuple[type[Message], str], tuple[Role, ...]] = {}

    def role(self, name: str) -> Role:
        """Give a role by name. Raises KeyError."""
        return self._by_name[name]

    def dump(self) -> KernelState:
        """Give the state behind the last event. Raises InvariantError when a role's state is no plain one."""
        roles = {role.NAME: dump(role) for role in self.roles}
        return KernelState(self.last_seq, roles, dict(self.benched), {name: list(e) for name, e in self._told.items()})

    def restore(self, state: KernelState) -> None:
        """Take a state that a kernel of the same roles gave. For a fresh kernel only.

        Raises LogError when a role is missing, of another version or does not fit; the kernel is then of no use.
        """
        self._load(state.roles)
        self.last_seq = state.last_seq
        self.benched, self._told = dict(state.benched), {name: list(e) for name, e in state.told.items()}

    def _load(self, states: Mapping[str, RoleState]) -> None:
        if states.keys() != self._by_name.keys():
            odd = ", ".join(sorted(states.keys() ^ self._by_name.keys()))
            raise LogError(f"the saved state expected the roles {', '.join(self._by_name)}, differs in {odd}")
        for name, state in states.items():
            load(self._by_name[name], state)

    def handle(self, message: Message, system_time: UnixNanos, source: str) -> list[Numbered]:
        """Number one input and everything that follows from it.

        An input with a NaN or an infinity is left out; InputRefused stands in its place. Raises InvariantError when
        roles answer each other without end; the kernel is of no use after that. Raises LogError as `restore` does for
        a StateCarried that does not fit.
        """
        numbered: list[Numbered] = []
        try:
            refuse_non_finite(message)
        except ValueError as refused:
            message, source = InputRefused(source, type(message).__name__, str(refused)), CORE
        self._follow(message, system_time, INPUT, source, numbered, 0)
        if isinstance(message, RunStarted):  # a role the fold benched again must not go unnoticed in a new run
            for name, error in tuple(self.benched.items()):
                self._report(name, error, numbered[0].stamp, numbered, 0)
        return numbered

    def fold(self, message: Message, stamp: Stamp, said_by: str) -> None:
        """Evolve over one message of the past; nobody decides. A role that raises is benched, as it was then."""
        self.last_seq = stamp.seq
        if type(message) in NOTED:
            self._note(message)
        self._evolve(message, stamp, said_by)

    def _note(self, message: Message) -> None:
        if isinstance(message, RoleFailed):
            self._told.setdefault(message.role_name, []).append(message.error)
        elif isinstance(message, RunStarted | ResumeRequested):
            self._told.clear()
        elif isinstance(message, StateCarried):
            self._load(message.states)

    def _hearing(self, kind: type[Message]) -> tuple[Role, ...]:
        """Give who hears a type, in the order of roles. Looked up once: this is asked for every message."""
        hearers = self._hearers.get(kind)
        if hearers is None:
            hearers = self._hearers[kind] = tuple(role for role in self.roles if kind in role.HEARS)
        return hearers

    def _evolving(self, kind: type[Message], said_by: str) -> tuple[Role, ...]:
        """Give who evolves over a message: its speaker, also when it does not hear the type, then who hears it."""
        hearers = self._evolvers.get((kind, said_by))
        if hearers is None:
            hearing, speaker = self._hearing(kind), self._by_name.get(said_by)
            is_apart = speaker is not None and kind not in speaker.HEARS
            hearers = (speaker, *hearing) if speaker is not None and is_apart else hearing
            self._evolvers[kind, said_by] = hearers
        return hearers

    def _evolve(self, message: Message, stamp: Stamp, said_by: str) -> list[str]:
        """Let all evolve; give those who raised. They are benched: a state half changed is not trusted."""
        failed: list[str] = []
        for role in self._evolving(type(message), said_by):
            if role.NAME in self.benched:
                continue
            try:
                role.evolve(message, stamp)
            except Exception as error:  # noqa: BLE001  # one role's bug must not take the others down
                self.benched[role.NAME] = _describe(error, "evolving over", message)
                failed.append(role.NAME)
        return failed

    def _follow(
        self,
        message: Message,
        system_time: UnixNanos,
        causation: int,
        said_by: str,
        numbered: list[Numbered],
        depth: int,
    ) -> None:
        if depth > MAX_DEPTH or len(numbered) >= MAX_FOLLOW_UPS:
            raise InvariantError(f"{type(message).__name__} by {said_by}: roles answer each other without end")
        self.last_seq += 1
        stamp = Stamp(self.last_seq, system_time, self.log_id)
        numbered.append(Numbered(stamp, message, causation, said_by))
        if type(message) in NOTED:
            self._note(message)
        for name in self._evolve(message, stamp, said_by):  # told before anybody decides on it
            self._report(name, self.benched[name], stamp, numbered, depth)
        for role in self._hearing(type(message)):
            name = role.NAME
            if name in self.benched:
                continue
            try:
                outputs = tuple(role.decide(message, stamp))
                for output in outputs:
                    refuse_non_finite(output)
            except Exception as error:  # noqa: BLE001  # as above; decide changed nothing
                self._report(name, _describe(error, "deciding on", message), stamp, numbered, depth)
                continue
            for output in outputs:
                self._follow(output, system_time, stamp.seq, name, numbered, depth + 1)

    def _report(self, name: str, error: str, stamp: Stamp, numbered: list[Numbered], depth: int) -> None:
        told = self._told.get(name, [])
        if error in told or len(told) >= MAX_REPORTS:
            return
        outputs: list[Message] = [RoleFailed(name, stamp.seq, error, name in self.benched)]
        if name == "trading_day":  # nobody else can close the gate
            outputs.append(GateChanged(Gate.CANCELS_ONLY, f"trading_day failed: {error}"))
        if name == "notifier":  # nobody else can tell a person
            text = f"Role notifier failed at event {stamp.seq}: {error}. Other notices may not come: stop and start the"
            outputs.append(NoticeRaised(Severity.ALERT, "role/notifier", f"{text} trader, watch `hantrade status`."))
        for output in outputs:
            self._follow(output, stamp.system_time, stamp.seq, CORE, numbered, depth + 1)


def _describe(error: Exception, doing: str, message: Message) -> str:
    return f"{type(error).__name__}: {error} ({doing} {type(message).__name__})"
