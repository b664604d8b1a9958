"""Roles that must be caught, each with a pure twin. Run as a process: `record`, or `replay` from stdin; all of them."""

import itertools
import json
import random
import sys
import time
from collections.abc import Iterable
from typing import Any, ClassVar

from actors.core.core import to_record
from actors.core.replay import replay
from actors.core.role import Role
from domain.messages import Message, Stamp
from domain.messages.run import ClockTicked
from domain.messages.trading import NoticeRaised
from domain.types import Severity, UnixNanos
from persistence.record import Record
from tests.actors.builders import House
from tests.persistence.logs import a_codec

WORDS = ("samsung", "hynix", "naver", "kakao", "celltrion", "posco", "hyundai", "kia")
MODULE_COUNT = itertools.count(1)
MODULE_CACHE: dict[str, int] = {}


class Speaker(Role):
    """Counts what it hears and says one text a tick."""

    NAME = "speaker"
    HEARS = (ClockTicked,)
    SAYS = (NoticeRaised,)

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.words: list[str] = []

    def evolve(self, message: Any, stamp: Stamp) -> None:
        self.count += isinstance(message, ClockTicked)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        return [NoticeRaised(Severity.INFO, "word", text) for text in self.texts(stamp)]

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(self.count)]


class SetOrder(Speaker):
    """Speaks in whatever order a set gives."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return set(WORDS)


class Sorted(Speaker):
    """Speaks in the order of the alphabet."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return sorted(set(WORDS))


class Hashed(Speaker):
    """Says the hash of a text."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(hash(WORDS[0]))]


class Length(Speaker):
    """Says the length of a text."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(len(WORDS[0]))]


class WallClock(Speaker):
    """Reads the clock."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(time.time_ns())]


class GivenTime(Speaker):
    """Takes the time from the message."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(stamp.system_time)]


class Dice(Speaker):
    """Throws dice."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(random.random())]


class Drawn(Speaker):
    """Draws from a seed that the message gives."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(random.Random(f"{stamp.log_id}-{stamp.seq}").random())]


class ModuleState(Speaker):
    """Counts in the module while it decides."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(next(MODULE_COUNT))]


class ModuleFold(Speaker):
    """Counts in the module while it evolves."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        if isinstance(message, ClockTicked):
            MODULE_CACHE["ticks"] = MODULE_CACHE.get("ticks", 0) + 1

    def texts(self, stamp: Stamp) -> Iterable[str]:
        return [str(MODULE_CACHE["ticks"])]


class ClassState(Speaker):
    """Keeps what it heard on the class."""

    heard: ClassVar[list[int]] = []

    def texts(self, stamp: Stamp) -> Iterable[str]:
        self.heard.append(stamp.seq)
        return [str(len(self.heard))]


class Counted(Speaker):
    """Counts in its own state."""


class DecidesState(Speaker):
    """Notes what it says while it decides; nobody hears of it before the next start."""

    def texts(self, stamp: Stamp) -> Iterable[str]:
        self.words.append(str(self.count))
        return [str(self.count)]


class EvolvesState(Speaker):
    """Notes what it says when it is numbered."""

    def evolve(self, message: Any, stamp: Stamp) -> None:
        super().evolve(message, stamp)
        if isinstance(message, NoticeRaised):
            self.words.append(message.text)


PAIRS: dict[str, tuple[type[Speaker], type[Speaker]]] = {
    "set": (SetOrder, Sorted),
    "hash": (Hashed, Length),
    "clock": (WallClock, GivenTime),
    "dice": (Dice, Drawn),
    "module": (ModuleState, Counted),
    "module fold": (ModuleFold, Counted),
    "class": (ClassState, Counted),
    "decide": (DecidesState, EvolvesState),
}
ROLES = {kind.__name__: kind for pair in PAIRS.values() for kind in pair}


def recorded(name: str) -> list[Any]:
    """Let a role hear three ticks; give what the log would hold."""
    house = House(ROLES[name]())
    for second in range(1, 4):
        house.hear(ClockTicked(UnixNanos(second), False))
    rows = [to_record(item, "r", a_codec()) for item in house.core.history]
    return [[*row[:8], row.payload.decode()] for row in rows]


def replayed(name: str, rows: list[Any]) -> list[Any]:
    """Replay such a log; give whether it is identical, what kind of difference was found, and its text."""
    codec = a_codec()
    records = [Record(*row[:8], row[8].encode()) for row in rows]
    entries = [(record, codec.decode(record)) for record in records]
    report = replay(entries, lambda: [ROLES[name]()], codec, "L")
    found = report.difference
    return [report.identical, found.kind.value if found else "", found.text if found else ""]


if __name__ == "__main__":
    if sys.argv[1] == "record":
        answer = {name: recorded(name) for name in ROLES}
    else:
        answer = {name: replayed(name, rows) for name, rows in json.load(sys.stdin).items()}
    sys.stdout.write(json.dumps(answer))
