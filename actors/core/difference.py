"""What a replay found to differ, in words: where, which kind, what led there; and where two states part."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from actors.core.kernel import Kernel, KernelState
from actors.core.role import Role
from actors.core.state import TAG, canonical, dump
from domain.errors import InvariantError
from domain.messages import MESSAGES
from domain.messages.run import RoleState
from persistence.record import Record


class Kind(Enum):
    """How an event of the log and the replay differ."""

    FIELDS = "fields"  # the same decision with other contents
    DECISION = "decision"  # something else was decided
    ROLE = "role"  # the same, said by another role
    CAUSE = "cause"  # the same, in answer to another event
    ORDER = "order"  # the same outputs in another order
    MISSING = "missing"  # the log lacks an output
    EXTRA = "extra"  # the log holds an output that the roles do not say
    GAP = "gap"  # the log lacks an input
    UNKNOWN = "unknown"  # written by a newer version, or not readable: nothing can be said about decisions
    ENDLESS = "endless"  # the roles answer each other without end
    STATE = "state"  # all outputs agree, but a role's state is not the fold of the log


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where log and replay part."""

    seq: int
    kind: Kind
    text: str
    recorded: Record | None = None  # None when it is not in the log
    replayed: Record | None = None  # None when the roles do not say it
    causes: tuple[Record, ...] = ()  # recorded, from the input on; the replay agreed with each of them
    replayed_causes: tuple[Record, ...] = ()  # of the replay's event, where the chain is another


@dataclass(frozen=True, slots=True)
class StateDifference:
    """One attribute of a role that the replay left otherwise than the fold of the log does."""

    role: str
    attribute: str  # path of the first difference in it, e.g. `state.holds['L-7'].quantity`
    replayed: Any  # JSON value there, behind `decide` and `evolve`
    folded: Any  # JSON value there, behind `evolve` alone

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.role}.{self.attribute}: {_brief(self.replayed)} in the replay, {_brief(self.folded)} in the fold"


def explain(recorded: Sequence[Record], replayed: Sequence[Record], group: Sequence[Record]) -> Difference:
    """Say how the rest of one input's outputs differ; the first of each is where they part, one may be empty.

    `group` is the input and its outputs up to there, as recorded.
    """
    mine, theirs = (replayed[0] if replayed else None), (recorded[0] if recorded else None)
    kind, text = _kind(recorded, replayed)
    if kind is Kind.MISSING:
        theirs = None
    elif kind is Kind.EXTRA:
        mine = None
    seq = min(record.seq for record in (mine, theirs) if record is not None)
    chain = causes((theirs or mine), group)
    other = causes(mine, group) if mine is not None and theirs is not None else chain
    return Difference(seq, kind, text, theirs, mine, chain, other if other != chain else ())


def causes(record: Record | None, group: Sequence[Record]) -> tuple[Record, ...]:
    """Give what led to a record, the input first. All of it stands in the group of that input."""
    chain: list[Record] = []
    place = {one.seq: one for one in group}
    while record is not None and record.causation_seq < record.seq:
        record = place.get(record.causation_seq)
        if record is not None:
            chain.append(record)
    return tuple(reversed(chain))


def _kind(recorded: Sequence[Record], replayed: Sequence[Record]) -> tuple[Kind, str]:
    if not recorded:
        return Kind.MISSING, _missing(replayed[0])
    theirs = recorded[0]
    if theirs.type not in MESSAGES:
        return Kind.UNKNOWN, f"this version does not know the type {theirs.type}; replay with the one that wrote it"
    if not replayed:
        return Kind.EXTRA, _extra(theirs)
    mine = replayed[0]
    if _said(theirs) == _said(mine):
        return _place(theirs, mine)
    if _said(theirs)[1:] == _said(mine)[1:]:
        return Kind.ROLE, f"the log says that {theirs.role} said this {theirs.type}, in the replay {mine.role} says it"
    later = _said(theirs) in map(_said, replayed[1:]), _said(mine) in map(_said, recorded[1:])
    if later == (True, True):
        return Kind.ORDER, "the outputs are the same in another order"
    if later == (True, False):
        return Kind.MISSING, _missing(mine)
    if later == (False, True):
        return Kind.EXTRA, _extra(theirs)
    if (theirs.type, theirs.role) == (mine.type, mine.role):
        return Kind.FIELDS, f"{theirs.role} says this {theirs.type} with other contents"
    return Kind.DECISION, f"{theirs.role} said {theirs.type}, in the replay {mine.role} says {mine.type} there"


def _place(theirs: Record, mine: Record) -> tuple[Kind, str]:
    if theirs.seq != mine.seq:
        return Kind.GAP, f"expected sequence {mine.seq} next, the log goes on with {theirs.seq}"
    if theirs.causation_seq != mine.causation_seq:
        text = f"{mine.role} says this {mine.type} in answer to {mine.causation_seq}"
        return Kind.CAUSE, f"{text}, the log says in answer to {theirs.causation_seq}"
    return Kind.FIELDS, f"the same {theirs.type}, but the log has other times, stream or run for it"


def _said(record: Record) -> tuple[Any, ...]:
    return record.role, record.type, record.stream, record.payload


def _missing(mine: Record) -> str:
    return f"{mine.role} says {mine.type} in the replay, the log does not hold it"


def _extra(theirs: Record) -> str:
    return f"the log holds a {theirs.type} by {theirs.role}, in the replay nobody says it"


def states_of(kernel: Kernel, only: frozenset[str] | None = None) -> KernelState:
    """Give the states of all roles, or of those named. Raises InvariantError naming the role with no plain one."""
    roles = {role.NAME: _dumped(role) for role in kernel.roles if only is None or role.NAME in only}
    return KernelState(kernel.last_seq, roles, dict(kernel.benched), {})


def state_differences(mine: Kernel, fold: Kernel, only: frozenset[str] | None = None) -> tuple[StateDifference, ...]:
    """Compare every role (or those named) of a replay with those of a pure fold of the same events."""
    return differing_states(states_of(mine, only), states_of(fold, only))


def differing_states(mine: KernelState, fold: KernelState) -> tuple[StateDifference, ...]:
    """Compare the states of a replay, or some of them, with those of a pure fold of the same events."""
    found: list[StateDifference] = []
    for name, state in mine.roles.items():
        other = fold.roles[name]
        if mine.benched.get(name) != fold.benched.get(name):
            found.append(StateDifference(name, "(benched)", mine.benched.get(name), fold.benched.get(name)))
            continue
        if canonical(state) == canonical(other):
            continue
        for attribute in dict.fromkeys((*state.state, *other.state)):
            path, one, two = _inside(state.state.get(attribute), other.state.get(attribute), attribute)
            if path:
                found.append(StateDifference(name, path, one, two))
    return tuple(found)


def _dumped(role: Role) -> RoleState:
    try:
        return dump(role)
    except InvariantError as error:
        raise InvariantError(f"the state of {role.NAME} cannot be compared: {error}") from error


def _inside(one: Any, two: Any, path: str) -> tuple[str, Any, Any]:
    """Find the first place inside two JSON values where they differ; an empty path when they do not."""
    if type(one) is type(two) and isinstance(one, dict) and one.get(TAG) == two.get(TAG):
        for key in dict.fromkeys((*one, *two)):
            if key not in one or key not in two:
                return _step(path, key), one.get(key), two.get(key)
            found = _inside(one[key], two[key], _step(path, key))
            if found[0]:
                return found
        return ("", None, None) if list(one) == list(two) else (f"{path} (order)", list(one), list(two))
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for at, (first, second) in enumerate(zip(one, two, strict=True)):
            found = _inside(first, second, f"{path}[{at}]")
            if found[0]:
                return found
        return "", None, None
    return ("", None, None) if type(one) is type(two) and one == two else (path, one, two)


def _step(path: str, key: str) -> str:
    return path if key == "v" else f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]"


def _brief(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:119] + "…"
