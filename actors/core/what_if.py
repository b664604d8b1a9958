"""What other settings would have decided: `decide` runs again at every recorded event, from the state that really was.

The roles of a sandbox fold the log with the settings of RunStarted replaced. Each time, just where a role decided then,
it decides again, and what it says is held against what the log says it said. Then the sandbox folds what the log says,
not what it said itself. So each decision is judged by itself, one step ahead; what would have come of another decision
(an order that was not sent then has no answer of the venue in the log) is not guessed.

Beside it a second set of roles folds the log with the recorded settings. What these too decide otherwise than the log
is owed to another version of the code, not to the settings: it is counted, not told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actors.core.kernel import INPUT, Kernel
from actors.core.role import Role
from domain.config import RunConfig
from domain.errors import LogError
from domain.messages import MESSAGES, Message, Stamp
from domain.messages.finite import refuse_non_finite
from domain.messages.run import RoleFailed, RunStarted
from domain.types import UnixNanos
from persistence.codec import MessageCodec, UnknownEvent
from persistence.record import Record

Row = tuple[Record, Message | UnknownEvent]
Said = tuple[Message, ...] | str  # a text is the error a role raised


@dataclass(frozen=True, slots=True)
class Change:
    """One decision that the other settings would have made otherwise."""

    seq: int  # event that was decided upon
    role: str
    venue_time: int | None  # UTC ns, of the decision or, without one, of the last event before it that has one
    recorded_seq: int | None  # None when the log says nothing there
    recorded: Message | None
    would: Message | None
    error: str = ""  # the role raised this under the other settings


class WhatIf:
    """One pass over a log with other settings. Writes nothing; no effect leaves."""

    def __init__(
        self,
        make_roles: Callable[[], Sequence[Role]],
        codec: MessageCodec,
        log_id: str,
        change: Callable[[RunConfig], RunConfig],
    ) -> None:
        """Take what makes fresh roles, and what the settings of every run become."""
        self._codec = codec
        self._log_id = log_id
        self._change = change
        self._then = Kernel(make_roles(), log_id)  # with the recorded settings
        self._other = Kernel(make_roles(), log_id)  # with the other ones
        self._hearers: dict[type[Message], tuple[str, ...]] = {}
        self._venue_time: int | None = None
        self._group: list[Row] = []  # an input and all that came of it
        self._children: dict[int, list[int]] = {}  # sequence -> places in the group of what it led to at once
        self._told: set[str] = set()  # roles that are benched under the other settings alone
        self.events = 0
        self.unknown = 0  # events of a newer version, passed over as a start does
        self.recorded: Counter[str] = Counter()  # outputs in the log, by type
        self.code = 0  # decisions that differ with the recorded settings too

    def run(self, rows: Iterable[Row]) -> Iterator[Change]:
        """Give the differing decisions in order. Raises LogError when the log cannot be folded."""
        for row in rows:
            if row[0].causation_seq == INPUT:
                yield from self._follow()
            self._children.setdefault(row[0].causation_seq, []).append(len(self._group))
            self._group.append(row)
        yield from self._follow()

    def _follow(self) -> Iterator[Change]:
        if self._group:  # in the order of the log: a role decides everything at once before the first of it is followed
            yield from sorted(self._walk(0), key=lambda change: change.recorded_seq or change.seq)
        self._group, self._children = [], {}

    def _walk(self, place: int) -> Iterator[Change]:
        """Fold one event, let everybody decide at the place where they did, go down into what the log says came."""
        record, message = self._group[place]
        self.events += 1
        if record.causation_seq != INPUT:
            self.recorded[record.type] += 1
        if record.venue_time is not None:
            self._venue_time = record.venue_time
        led_to = self._children.get(record.seq, [])
        at = 0
        for name, message_now, stamp in self._turns(record, message):
            while at < len(led_to) and not self._speaker(led_to[at], message):  # by the core, before the next decides
                yield from self._walk(led_to[at])
                at += 1
            own = [row for row in map(self._group.__getitem__, led_to) if row[0].role == name]
            yield from self._held(name, message, message_now, stamp, own)
            while at < len(led_to) and self._speaker(led_to[at], message) == name:
                yield from self._walk(led_to[at])
                at += 1
        for rest in led_to[at:]:
            yield from self._walk(rest)

    def _turns(self, record: Record, message: Any) -> Iterator[tuple[str, Message, Stamp]]:
        """Fold an event, then give who decides on it, in their order, each when it is its turn."""
        stamp = Stamp(record.seq, UnixNanos(record.recorded_at), self._log_id)
        if isinstance(message, UnknownEvent):
            if message.type in MESSAGES:
                raise LogError(f"log: event {record.seq}, a {message.type}, cannot be read: {message.reason}")
            self.unknown += 1
            return
        now = message
        if isinstance(message, RunStarted):
            now = replace(message, config=self._change(message.config))
        self._then.fold(message, stamp, record.role)
        self._other.fold(now, stamp, record.role)
        for name in self._hearing(type(message)):
            if name not in self._then.benched:
                yield name, now, stamp

    def _hearing(self, kind: type[Message]) -> tuple[str, ...]:
        hearers = self._hearers.get(kind)
        if hearers is None:
            hearers = self._hearers[kind] = tuple(role.NAME for role in self._then.roles if kind in role.HEARS)
        return hearers

    def _speaker(self, place: int, heard: Any) -> str:
        """Give the role in whose turn this was said, empty for none; a failure to decide stands in for the decision."""
        record, message = self._group[place]
        name = record.role
        if isinstance(message, RoleFailed) and not message.benched:
            name = message.role_name
        return name if name in self._hearing(type(heard)) else ""

    def _held(self, name: str, message: Any, now: Message, stamp: Stamp, own: list[Row]) -> Iterator[Change]:
        """Hold what a role says under the other settings against what it said."""
        if name in self._other.benched:
            if name not in self._told:
                self._told.add(name)
                yield Change(stamp.seq, name, self._venue_time, None, None, None, self._other.benched[name])
            return
        said = self._decide(self._other.role(name), now, stamp)
        if not isinstance(said, str) and self._is_same(said, own):
            return
        if self._are_same(said, self._decide(self._then.role(name), message, stamp)):
            self.code += isinstance(said, tuple)  # one that raised then raises again: nothing differs
            return
        if isinstance(said, str):
            yield Change(stamp.seq, name, self._venue_time, None, None, None, said)
            return
        for row, would in self._pairs(own, list(said)):
            recorded = row[1] if row is not None and isinstance(row[1], Message) else None
            when = row[0].venue_time if row is not None else would.when() if would is not None else None
            recorded_seq = row[0].seq if row is not None else None
            yield Change(stamp.seq, name, when or self._venue_time, recorded_seq, recorded, would)

    def _decide(self, role: Role, message: Message, stamp: Stamp) -> Said:
        try:
            said = tuple(role.decide(message, stamp))
            for output in said:
                refuse_non_finite(output)
        except Exception as error:  # noqa: BLE001  # reported; the others go on, as in the core
            return f"{type(error).__name__}: {error} (deciding on {type(message).__name__})"
        return said

    def _is_same(self, said: tuple[Message, ...], own: list[Row]) -> bool:
        if len(said) != len(own):
            return False
        return all(self._says(row, mine) for mine, row in zip(said, own, strict=True))

    def _says(self, row: Row, mine: Message) -> bool:
        """Tell whether the log says the same; fields of a later version that it lacks count with their defaults."""
        (record, recorded), key = row, self._key(mine)
        if key == (record.type, record.payload):
            return True
        return type(recorded) is type(mine) and isinstance(recorded, Message) and self._key(recorded) == key

    def _are_same(self, one: Said, two: Said) -> bool:
        if isinstance(one, str) or isinstance(two, str):
            return one == two
        return list(map(self._key, one)) == list(map(self._key, two))

    def _key(self, message: Message) -> tuple[str, bytes]:
        return type(message).__name__, self._codec.encode(message)[0]

    def _pairs(self, own: list[Row], said: list[Message]) -> list[tuple[Row | None, Message | None]]:
        """Put what was said beside what would have been: the same subject in one pair, equal ones left out."""
        rows, would = list(own), list(said)
        for row in own:
            same = next((one for one in would if self._says(row, one)), None)
            if same is not None:
                rows.remove(row)
                would.remove(same)
        if not rows and not would:  # the order alone differs
            return [(row, mine) for row, mine in zip(own, said, strict=True) if not self._says(row, mine)]
        pairs: list[tuple[Row | None, Message | None]] = []
        for row in rows:
            beside = next((one for one in would if one.stream() == row[0].stream), None)
            if beside is not None:
                would.remove(beside)
            pairs.append((row, beside))
        return [*pairs, *((None, one) for one in would)]
