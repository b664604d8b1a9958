"""A role that must be caught: it speaks in the order of a set. Run as a process: `record`, or `replay` from stdin."""

import json
import sys
from collections.abc import Iterable
from typing import Any

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


class SetOrder(Role):
    """Says its words in whatever order a set gives them."""

    NAME = "set_order"
    HEARS = (ClockTicked,)
    SAYS = (NoticeRaised,)

    def decide(self, message: Any, stamp: Stamp) -> Iterable[Message]:
        return [NoticeRaised(Severity.INFO, "word", word) for word in set(WORDS)]


def main(task: str) -> None:
    """Record one message and what follows, or replay it."""
    codec = a_codec()
    if task == "record":
        house = House(SetOrder())
        house.hear(ClockTicked(UnixNanos(1), False))
        rows = [to_record(item, "r", codec) for item in house.core.history]
        print(json.dumps([[*row[:8], row.payload.decode()] for row in rows]))  # noqa: T201
        return
    records = [Record(*row[:8], row[8].encode()) for row in json.load(sys.stdin)]
    entries = [(record, codec.decode(record)) for record in records]
    report = replay(entries, lambda: [SetOrder()], codec, "L")
    print(json.dumps([report.identical, report.first_difference_seq]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
