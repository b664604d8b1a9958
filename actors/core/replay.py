"""Replay: feed the recorded inputs to fresh roles and hold everything that follows against the log, both ways.

Two sets of roles go through the log side by side. One decides again, and every output must be the recorded one, byte
for byte; only fields that a later version added, at their defaults, may be missing in the log. The other only folds, as
a start does. Behind the last event both must hold the same states: a role that changes while it decides would be
another one after a restart. Before them a third set goes through the beginning and is thrown away, so that nothing kept
outside the roles (in a module, in a class) is as it was when the log was written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice, takewhile
from math import isqrt

from actors.core.core import to_record
from actors.core.difference import (
    Difference,
    Kind,
    StateDifference,
    differing_states,
    explain,
    state_differences,
    states_of,
)
from actors.core.kernel import INPUT, Kernel, KernelState, Numbered
from actors.core.role import Role
from domain.errors import InvariantError
from domain.messages import MESSAGES, Message
from domain.messages.run import StateCarried
from domain.types import UnixNanos
from persistence.codec import MessageCodec, UnknownEvent
from persistence.record import Record

WARM_UP = 500  # events
Entry = tuple[Record, Message | UnknownEvent | None]  # None: an output that was not decoded, its bytes are enough
MakeRoles = Callable[[], Sequence[Role]]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found."""

    events: int
    outputs: int  # compared
    identical: bool  # every output and every state; False when there was nothing to compare
    first_difference_seq: int | None
    difference: Difference | None = None
    states: tuple[StateDifference, ...] = ()  # behind the last event, when all outputs agree
    left: KernelState | None = None  # the states there, when somebody else folds the log and compares

    def compared(self, fold: KernelState) -> "ReplayReport":
        """Hold the states that were left against those of a fold."""
        if self.left is None:
            return self
        states = differing_states(self.left, fold)
        if not states:
            return replace(self, left=None)
        seq = self.left.last_seq
        found = Difference(seq, Kind.STATE, f"all outputs agree, but behind them {states[0]}")
        return ReplayReport(self.events, self.outputs, False, seq, found, states)


def undecoded(records: Iterable[Record], decode: Callable[[Record], Message | UnknownEvent]) -> Iterator[Entry]:
    """Give records with the messages of the inputs alone."""
    for record in records:
        yield record, decode(record) if record.causation_seq == INPUT else None


def replay(
    entries: Iterable[Entry],
    make_roles: MakeRoles,
    codec: MessageCodec,
    log_id: str,
    until: int | None = None,
    *,
    fold: bool = True,
) -> ReplayReport:
    """Run the roles over the recorded inputs and compare. A log without outputs is not identical.

    Runs that followed a crash continue the same roles: recovery is the fold, which is where the replay stands too.
    With `until`, the input that holds this sequence is the last. Without `fold` the states are left in the report for
    another process that folds the log. Raises LogError for carried states that do not fit.
    """
    return _Replayer(make_roles, codec, log_id, fold).run(entries, until)


def first_drift(
    entries: Callable[[], Iterable[Entry]],
    make_roles: MakeRoles,
    codec: MessageCodec,
    log_id: str,
    report: ReplayReport,
) -> int | None:
    """Give the input behind which the states of a report first part; two more passes over the log.

    Comparing states is slow, so the first pass looks now and then, the second at each input of the stretch it found.
    """
    roles = frozenset(difference.role for difference in report.states)
    if not roles:
        return None
    stride = isqrt(report.events) + 1
    good, _ = _Replayer(make_roles, codec, log_id).drift(entries(), roles, 0, stride)
    return _Replayer(make_roles, codec, log_id).drift(entries(), roles, good, 1)[1]


class _Replayer:
    """One pass over a log."""

    def __init__(self, make_roles: MakeRoles, codec: MessageCodec, log_id: str, fold: bool = True) -> None:
        self._folds = fold
        self._make_roles = make_roles
        self._codec = codec
        self._log_id = log_id
        self._mine: Kernel | None = None  # decides again
        self._fold: Kernel | None = None  # evolves only
        self._waiting: list[Numbered] = []  # said in the replay and not yet met in the log; the next one last
        self._group: list[Record] = []  # the input that is being followed and what the log says came of it
        self.events = self.outputs = 0

    def run(self, entries: Iterable[Entry], until: int | None) -> ReplayReport:
        """Compare all of it."""
        every = iter(entries)
        first = list(islice(every, WARM_UP))
        self._warm_up(first)
        rest = chain(first, every)
        for record, message in rest:
            if record.causation_seq == INPUT:
                if until is not None and record.seq > until and not self._waiting:
                    break
                self.events += 1
                found = self._input(record, message)
            else:
                self.events += 1
                self.outputs += 1
                found = None if self._agrees(record) else self._output(record, rest)
            if found is not None:
                return self._differs(found)
        if self._waiting:
            return self._differs(explain((), self._rest(), self._group))
        return self._finished()

    def _warm_up(self, entries: Sequence[Entry]) -> None:
        """Let other roles go first: what a role keeps outside itself is then not as it was when the log was written."""
        kernel: Kernel | None = None
        for record, message in entries:
            if isinstance(message, Message) and record.causation_seq == INPUT:
                kernel = kernel or Kernel(self._make_roles(), self._log_id, record.seq - 1)
                with suppress(InvariantError):  # the replay itself will tell
                    kernel.handle(message, UnixNanos(record.recorded_at), record.role)

    def drift(self, entries: Iterable[Entry], roles: frozenset[str], good: int, stride: int) -> tuple[int, int | None]:
        """Give the last input looked at behind which these roles are as in the fold, and the first where not."""
        before = 0
        for record, message in entries:
            if record.causation_seq != INPUT:
                self._agrees(record)
                continue
            if before >= good + stride:
                if self._drifted(roles):
                    return good, before
                good = before
            self._input(record, message)
            before = record.seq
        return good, before if self._drifted(roles) else None

    def _drifted(self, roles: frozenset[str]) -> bool:
        if self._mine is None or self._fold is None:
            return False
        return bool(state_differences(self._mine, self._fold, roles))

    def _input(self, record: Record, message: Message | UnknownEvent | None) -> Difference | None:
        if self._waiting:
            return explain((), self._rest(), self._group)
        if message is None or isinstance(message, UnknownEvent):
            return Difference(record.seq, Kind.UNKNOWN, _unknown(record, message), record)
        if self._mine is None:
            if record.seq != 1 and not isinstance(message, StateCarried):
                return Difference(record.seq, Kind.GAP, f"the log begins with {record.seq}, not with 1", record)
            self._mine = Kernel(self._make_roles(), self._log_id, record.seq - 1)
            self._fold = Kernel(self._make_roles(), self._log_id, record.seq - 1) if self._folds else None
        if self._mine.last_seq != record.seq - 1:
            text = f"an input is missing: the log goes from {self._mine.last_seq} to {record.seq}"
            return Difference(record.seq, Kind.GAP, text, record)
        self._group = [record]
        try:
            said = self._mine.handle(message, UnixNanos(record.recorded_at), record.role)
        except InvariantError as error:
            return Difference(record.seq, Kind.ENDLESS, str(error), record)
        if self._fold is not None:
            self._fold.fold(said[0].message, said[0].stamp, record.role)
        said.reverse()
        said.pop()  # the input itself
        self._waiting = said
        return None

    def _agrees(self, record: Record) -> bool:
        """Hold one recorded output against the next of the replay: one comparison with what its Record would be."""
        if not self._waiting:
            return False
        stamp, message, causation, role = self._waiting[-1]
        seq, system_time, _ = stamp
        payload, raw = self._codec.encode(message)
        # Not a Record, as `to_record` gives: making one would cost more than the rest.
        run_id, when, name, stream = self._group[0].run_id, message.when(), type(message).__name__, message.stream()
        again: object = (seq, run_id, system_time, when, name, stream, causation, role, payload, raw)
        if again != record and not self._is_grown(record, payload, again):
            return False
        self._waiting.pop()
        self._group.append(record)
        if self._fold is not None:
            self._fold.fold(message, stamp, role)
        return True

    def _is_grown(self, record: Record, payload: bytes, again: object) -> bool:
        """Tell whether a recorded output lacks nothing but fields of a later version, each at its default here."""
        if len(record.payload) >= len(payload) or record._replace(payload=payload) != again:
            return False
        recorded = self._codec.decode(record)
        return isinstance(recorded, Message) and self._codec.encode(recorded)[0] == payload

    def _output(self, record: Record, rest: Iterator[Entry]) -> Difference:
        theirs = [record, *(one for one, _ in takewhile(lambda entry: entry[0].causation_seq != INPUT, rest))]
        mine = self._rest()
        return explain(theirs, mine, self._group)

    def _rest(self) -> list[Record]:
        run_id = self._group[0].run_id
        return [to_record(item, run_id, self._codec) for item in reversed(self._waiting)]

    def _differs(self, difference: Difference) -> ReplayReport:
        return ReplayReport(self.events, self.outputs, False, difference.seq, difference)

    def _finished(self) -> ReplayReport:
        if self._mine is None:
            return ReplayReport(self.events, self.outputs, False, None)
        report = ReplayReport(self.events, self.outputs, self.outputs > 0, None, left=states_of(self._mine))
        return report if self._fold is None else report.compared(states_of(self._fold))


def _unknown(record: Record, message: UnknownEvent | None) -> str:
    if record.type not in MESSAGES:
        return f"this version does not know the type {record.type}; replay with the one that wrote it"
    return f"a {record.type} that cannot be read: {message.reason if message is not None else 'it was not decoded'}"
