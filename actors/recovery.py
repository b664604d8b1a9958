"""Recovery: the state of every role is the fold of the log. `decide` never runs over the past.

A snapshot shortens the fold and is never believed against the log: whatever does not fit, the log is folded from its
first event. A log that follows another begins with the states carried over; a role whose state has another version now
is folded again from the file before.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pykka

from actors.core.kernel import Kernel, KernelState
from actors.core.role import Role
from actors.core.state import load
from actors.roster import make_roles
from domain.errors import HantradeError, LogError
from domain.messages import MESSAGES, Stamp
from domain.messages.run import RoleState, StateCarried
from domain.types import UnixNanos
from persistence import snapshots
from persistence.codec import UnknownEvent
from persistence.reader import LogReader
from persistence.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Recovered:
    """A kernel at the end of its log, and how it came there. Its roles are not started as actors."""

    kernel: Kernel
    began_at: int = 0  # sequence of the snapshot that was used; 0 when everything was folded
    snapshot: bytes = b""  # that snapshot as it stood on the disk, for the shadow to check
    problem: str = ""  # why a snapshot that was there was not used


def start_roles(roles: list[Role]) -> list[Role]:
    """Register roles as Pykka actors so that they can be asked; they get no thread."""
    for role in roles:
        pykka.ActorRegistry.register(role.actor_ref)
        role._start_actor_loop()
    return roles


def recover(reader: LogReader | None, log_id: str, snapshot: Snapshot | None = None) -> Kernel:
    """Fold a log, or a snapshot and what came after it, into fresh roles and start them as actors.

    Raises LogError when a message is out of order or cannot be read: the state would be wrong. A type this version
    does not know is left out: no role of it hears such a message. A snapshot that does not load is left aside.
    """
    found = snapshots.Found(snapshot)
    kernel = Kernel(make_roles(), log_id) if reader is None else _recovered(reader, found).kernel
    start_roles(list(kernel.roles))
    return kernel


def recover_quickly(reader: LogReader) -> Recovered:
    """Recover from the snapshot beside the log where it fits, else from the log alone. Raises LogError as `recover`."""
    return _recovered(reader, snapshots.find(reader))


def recover_fully(reader: LogReader) -> Recovered:
    """Recover from the log alone. Raises LogError as `recover`."""
    return _recovered(reader, snapshots.Found())


def _recovered(reader: LogReader, found: snapshots.Found) -> Recovered:
    problem = found.problem
    if found.snapshot is not None:
        try:
            kernel = restored(found.snapshot)
        except LogError as error:
            problem = f"{snapshots.path_of(reader.path)}: {error}"
        else:
            fold(kernel, reader)
            if not kernel.benched:
                return Recovered(kernel, found.snapshot.last_seq, found.data)
            # It may have been given a wrong state, or its bug was mended meanwhile: only the whole log tells.
            names = ", ".join(kernel.benched)
            problem = f"{snapshots.path_of(reader.path)}: {names} failed in it or on what came after"
    kernel = Kernel(make_roles(), reader.log_id)
    fold(kernel, reader)
    return Recovered(kernel, problem=problem)


def restored(snapshot: Snapshot) -> Kernel:
    """Put a snapshot into fresh roles. Raises LogError when a role is missing, of another version or does not fit."""
    kernel = Kernel(make_roles(), snapshot.log_id)
    try:
        kernel.restore(KernelState(snapshot.last_seq, snapshot.roles, snapshot.benched, snapshot.told))
    except LogError:
        raise
    except Exception as error:  # whatever values out of a foreign file do to a role: the log is folded instead
        raise LogError(f"its states cannot be loaded: {type(error).__name__}: {error}") from error
    return kernel


def snapshot_of(kernel: Kernel, commit_hash: str) -> Snapshot:
    """Give the snapshot of a kernel that stands at the end of a commit. Raises InvariantError as `Kernel.dump`."""
    state = kernel.dump()
    return Snapshot(kernel.log_id, state.last_seq, commit_hash, state.roles, state.benched, state.told)


def fold(kernel: Kernel, reader: LogReader, to_seq: int | None = None, *, strict: bool = False) -> None:
    """Fold what comes after a kernel's last event, up to one or to the end.

    Raises LogError as `recover`; with `strict` for a type of a newer version, too.
    """
    with _without_collector():
        _fold(kernel, reader, to_seq, strict)


def _fold(kernel: Kernel, reader: LogReader, to_seq: int | None, strict: bool) -> None:
    for first_seq, seq, recorded_at, role, message in reader.folding(kernel.last_seq + 1, to_seq):
        if first_seq != kernel.last_seq + 1:
            raise LogError(f"log: expected sequence {kernel.last_seq + 1}, found {first_seq}")
        if isinstance(message, UnknownEvent):
            if strict or message.type in MESSAGES:
                raise LogError(f"log: event {seq}, a {message.type}, cannot be read: {message.reason}")
            kernel.last_seq = seq  # of a newer version: kept in the log, unknown to these roles
            continue
        known = carried(message, reader) if isinstance(message, StateCarried) else message
        kernel.fold(known, Stamp(seq, UnixNanos(recorded_at), kernel.log_id), role)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let the garbage collector rest: a fold makes millions of tuples and no circles, which it would go through."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# ---- a log that follows another --------------------------------------------------------------------------------


def carried(message: StateCarried, reader: LogReader) -> StateCarried:
    """Give carried states that the roles of this version can load.

    A role that has another state version than the one carried, or is new, gets its state from a fold of the file
    before, which must stand in the same folder. Raises LogError naming the file that is needed.
    """
    roles = {role.NAME: role for role in make_roles()}
    reasons = {name: _why_not(role, message.states.get(name)) for name, role in roles.items()}
    stale = [name for name, reason in reasons.items() if reason]
    if not stale and message.states.keys() == roles.keys():
        return message
    states = {name: state for name, state in message.states.items() if name in roles}
    if stale:
        with _previous(message, reader, reasons[stale[0]]) as before:
            kernel = Kernel(make_roles(), before.log_id)
            fold(kernel, before, message.previous_seq)
        folded = kernel.dump()
        spoilt = [name for name in stale if name in folded.benched]
        if spoilt:
            name = spoilt[0]
            raise LogError(f"{before.path}: {name} fails on the fold of it, {folded.benched[name]}")
        states |= {name: folded.roles[name] for name in stale}
    return replace(message, states=states)


def _why_not(role: Role, state: RoleState | None) -> str:
    if state is None:
        return f"no state of {role.NAME} was carried over"
    try:
        load(role, state)
    except LogError as error:
        return str(error)
    return ""


@contextmanager
def _previous(message: StateCarried, reader: LogReader, reason: str) -> Iterator[LogReader]:
    """Open the file before, proven to be the one by the hash of its commit."""
    for path in sorted(reader.path.parent.glob("*.db")):
        if path == reader.path:
            continue
        try:
            before = reader.beside(path)
        except (HantradeError, OSError):
            continue  # not a log, or broken: not the one
        try:
            commit = snapshots.commit_at(before, message.previous_seq)
            wanted = (message.previous_seq, message.previous_hash)
            if before.log_id == message.previous_log_id and commit is not None and tuple(commit) == wanted:
                yield before
                return
        finally:
            before.close()
    raise LogError(
        f"{reader.path} follows log {message.previous_log_id} (its event {message.previous_seq}, head"
        f" {message.previous_hash[:12]}…), which is needed beside it: {reason}"
    )


def beginning_of(reader: LogReader) -> StateCarried | None:
    """Give what was carried into a log; None when it follows no other. Raises LogError."""
    record = reader.record(1)
    message = reader.decode(record) if record is not None and record.type == StateCarried.__name__ else None
    if isinstance(message, UnknownEvent):
        raise LogError(f"{reader.path}: event 1, a {message.type}, cannot be read: {message.reason}")
    return message if isinstance(message, StateCarried) else None
