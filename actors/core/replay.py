"""Replay: feed the recorded inputs to fresh roles and hold every output against the recorded one, both ways."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from actors.core.core import to_record
from actors.core.kernel import INPUT, Kernel, Numbered
from actors.core.role import Role
from domain.messages import Message
from domain.types import UnixNanos
from persistence.codec import MessageCodec, UnknownEvent
from persistence.record import Record


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found."""

    events: int
    outputs: int
    identical: bool
    first_difference_seq: int | None
    recorded: str  # the differing event as recorded; empty when identical or missing there
    replayed: str  # the same place in the replay; empty when missing there


def replay(
    entries: Iterable[tuple[Record, Message | UnknownEvent]],
    make_roles: Callable[[], Sequence[Role]],
    codec: MessageCodec,
    log_id: str,
) -> ReplayReport:
    """Run the roles over the recorded inputs and compare. A log without outputs is not identical.

    Runs that followed a crash continue the same roles: recovery is the fold, which is where the replay stands too.
    """
    kernel: Kernel | None = None
    expected: list[Numbered] = []  # replayed and not yet met in the record
    events = outputs = 0
    run_id = ""  # of the input that is being followed; its outputs belong to the same run
    for record, message in entries:
        events += 1
        if isinstance(message, UnknownEvent):  # written by a newer version: these roles cannot decide it again
            return _differs(events, outputs, record, None, record.run_id, codec)
        if kernel is None:
            kernel = Kernel(make_roles(), log_id, record.seq - 1)
        if record.causation_seq == INPUT:
            if expected:
                return _differs(events, outputs, None, expected[-1], record.run_id, codec)
            if kernel.last_seq != record.seq - 1:
                return _differs(events, outputs, record, None, record.run_id, codec)
            run_id = record.run_id
            expected = kernel.handle(message, UnixNanos(record.recorded_at), record.role)
            expected.reverse()
            expected.pop()  # the input itself
            continue
        outputs += 1
        if not expected:
            return _differs(events, outputs, record, None, record.run_id, codec)
        again = expected.pop()
        if to_record(again, run_id, codec) != record:
            return _differs(events, outputs, record, again, run_id, codec)
    if expected:
        return _differs(events, outputs, None, expected[-1], run_id, codec)
    return ReplayReport(events, outputs, outputs > 0, None, "", "")


def _differs(
    events: int, outputs: int, recorded: Record | None, again: Numbered | None, run_id: str, codec: MessageCodec
) -> ReplayReport:
    seq = recorded.seq if recorded is not None else (again.stamp.seq if again is not None else None)
    mine = to_record(again, run_id, codec) if again is not None else None
    return ReplayReport(events, outputs, False, seq, _text(recorded), _text(mine))


def _text(record: Record | None) -> str:
    if record is None:
        return ""
    return f"{record.type} {record.stream} by {record.role} from {record.causation_seq}: {record.payload.decode()}"
